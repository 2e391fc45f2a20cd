"""From what a class body said to declarations: each name sorted, checked, and signed with its class and line."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NoReturn, get_args

import attrs

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import Location, message
from ._annotations import resolve_annotation
from ._cells import with_containers
from ._class_body import ClassBody, Said, is_class_variable, what_was_said
from ._declare import (
    NOTHING,
    Buffer,
    CacheSpec,
    CellsSpec,
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Declared,
    Derived,
    Hyperparameter,
    Param,
    ParameterSpec,
    Requirement,
    Tie,
    is_cell,
)
from ._stored_rule import StoredRule
from ._symbols import is_symbolic, render, symbol

# `self` is the generated constructor's own; INDEX and SELF mean something else in a child's arguments.
_TAKEN = frozenset({"self", "INDEX", "SELF"})


@frozen
class OwnDeclarations:
    """What one class body says by itself, before its bases are looked at."""

    items: Mapping[str, Declared]
    removed: frozenset[str]
    requirements: tuple[Requirement, ...]
    stored: tuple[StoredRule, ...] = ()
    divisions: Mapping[str, Any] = attrs.field(factory=dict)
    undivided: tuple[str, ...] = ()
    """axes along which nothing is divided that bases divide"""


def read_body(
    body: ClassBody, inherited: frozenset[str], reserved: frozenset[str]
) -> tuple[OwnDeclarations, dict[str, Any]]:
    """Sort what a class body says into declarations and ordinary class attributes.

    Args:
        body: the namespace after the body has run.
        inherited: every name that the bases declare.
        reserved: names that the framework uses on every cell.

    Returns:
        The body's own declarations, and the namespace for `type.__new__`: no spec is left on the class.

    Raises:
        DeclarationError: for every mistake that can be seen in one body alone.
    """
    body.check_finished()
    # A child may be called like its class (`LayerNorm: LayerNorm = …`): in annotations the class is meant.
    symbols = {name: symbol(name) for name in body.symbols() if not _is_member(dict.get(body, name))}
    items: dict[str, Declared] = {}
    removed: set[str] = set()
    namespace: dict[str, Any] = {}
    annotations: dict[str, Any] = {}
    for said in what_was_said(body):
        annotation = _annotation_of(said, body, symbols)
        declared = None if said.name.startswith("__") else _classify(said, annotation, body)
        if declared is not None:
            if said.name in reserved or (said.name in _TAKEN and isinstance(declared, (Hyperparameter, Derived))):
                _refuse_reserved(body.class_name, said)
            items[said.name] = _signed(declared, said.name, body.class_name, said.location)
        elif said.value is None and said.name in inherited:
            removed.add(said.name)
        elif said.value is not NOTHING:
            _check_method(said, body.class_name)
            namespace[said.name] = said.value
        if said.annotation is not None:
            annotations[said.name] = annotation
    namespace["__annotations__"] = annotations
    own = OwnDeclarations(
        items,
        frozenset(removed),
        tuple(body.requirements),
        tuple(body.stored.values()),
        body.divisions,
        tuple(body.undivided),
    )
    return own, namespace


def _annotation_of(said: Said, body: ClassBody, symbols: Mapping[str, Any]) -> Any:
    if said.annotation is None or is_class_variable(said.annotation):
        return said.annotation
    return resolve_annotation(said.name, said.annotation, body, symbols, said.location)


def _classify(said: Said, annotation: Any, body: ClassBody) -> Declared | None:
    """Give the declaration that one name makes, or None for an ordinary class attribute."""
    value = said.value
    subject = f"{body.class_name}.{said.name}"
    if isinstance(annotation, ParameterSpec):
        if value is NOTHING:
            return annotation
        if isinstance(value, Conditional) and value.present is NOTHING:
            return attrs.evolve(value, present=annotation)
        _fail(
            subject,
            f"an annotation `Param[…]` takes no value, but `{_brief(value)}` was assigned: "
            "write `= when(condition)` for a parameter that may be absent, or the initializer in the brackets",
            said.location,
        )
    if any(isinstance(part, ParameterSpec) for part in get_args(annotation)):
        _fail(
            subject,
            "`Param[…]` cannot stand inside another annotation: write "
            f"`{said.name}: Param[…] = when(condition)` for a parameter that may be absent",
            said.location,
        )
    if annotation is Param or annotation is Buffer:
        _fail(
            subject,
            f"`{annotation.__name__}` needs an initializer and a shape: "
            f'write `{said.name}: {annotation.__name__}["normal", (out_features, in_features)]`',
            said.location,
        )
    if isinstance(value, Conditional) and value.present is NOTHING:
        _fail(
            subject,
            "`when(condition)` alone does not say what is declared: write "
            '`when(condition, param("zeros", (n,)))`, or annotate with `Param[…]`',
            said.location,
        )
    if isinstance(value, Declared):
        try:
            value = with_containers(value, annotation)
        except ValueError as error:
            _fail(
                subject,
                f"{error}: write `{said.name}: nn.SequentialCell = cells(…)` for cells that are called one after "
                f"another, or `{said.name}: list = cells(…)`",
                said.location,
            )
        if isinstance(value, Hyperparameter) and said.annotation is not None:
            return attrs.evolve(value, type=annotation)
        return value
    _check_value(said, subject)
    if said.annotation is not None and not is_class_variable(said.annotation):
        return Hyperparameter(type=annotation, default=value)
    if is_symbolic(value) or body.fixes(said.name, value):
        return Derived(value=value)
    return None


def _check_value(said: Said, subject: str) -> None:
    """Refuse cells that were built while the class body ran, and lists of cells."""
    value = said.value
    if is_cell(value):
        name = type(value).__name__
        _fail(
            subject,
            f"this {name} is built already, once for all instances: write `{said.name}: {name} = child({name}, …)`",
            said.location,
        )
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    if any(isinstance(part, Declared) or is_cell(part) for part in parts):
        _fail(
            subject,
            f"what is in a plain {type(value).__name__} is not registered, so its parameters would be lost: "
            f"write `{said.name}: list[Block] = children(count, Block, …)`, or `{said.name}: list = "
            "cells(child(…), child(…))` for unlike ones",
            said.location,
        )


def _is_member(value: Any) -> bool:
    return isinstance(value, Declared) and not isinstance(value, Hyperparameter)


def _signed(declared: Declared, name: str, owner: str, location: Location | None) -> Declared:
    """Write name, owner and place on a declaration and on those inside it."""
    declared = attrs.evolve(declared, name=name, owner=owner, location=declared.location or location)
    if isinstance(declared, Conditional):
        present, otherwise = (
            _signed(part, name, owner, declared.location) if isinstance(part, Declared) else part
            for part in (declared.present, declared.otherwise)
        )
        return attrs.evolve(declared, present=present, otherwise=otherwise)
    if isinstance(declared, ChildrenSpec):
        return attrs.evolve(declared, each=_signed(declared.each, name, owner, declared.location))
    if isinstance(declared, CellsSpec):
        parts = ((key, _signed(part, name, owner, declared.location)) for key, part in declared.parts)
        return attrs.evolve(declared, parts=tuple(parts))
    return declared


def _check_method(said: Said, class_name: str) -> None:
    """Refuse symbols that would leak out of the class body in a method's defaults."""
    function = getattr(said.value, "__func__", said.value)  # of a static or class method
    if not inspect.isfunction(function):
        return
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if is_symbolic(default):
            _fail(
                f"{class_name}.{said.name}",
                f"a default of this method is the symbol `{render(default)}`, which has no value in a class "
                "body: write `None` there, and compute it from `self` in the method",
                said.location,
            )


def _refuse_reserved(class_name: str, said: Said) -> NoReturn:
    owner = "lazycell's language" if said.name in _TAKEN else "every cell"
    _fail(
        f"{class_name}.{said.name}",
        f"`{said.name}` is a name that {owner} uses already, so this declaration would break it: "
        f"write `{said.name}_`, or a name that says more",
        said.location,
    )


def _fail(subject: str, problem: str, location: Location | None) -> NoReturn:
    raise DeclarationError(message(subject, problem, location))


_SPELLING = {
    Hyperparameter: "hyper",
    ParameterSpec: "param",
    ChildSpec: "child",
    ChildrenSpec: "children",
    CellsSpec: "cells",
    Conditional: "when",
    Tie: "tie",
    CacheSpec: "key_value_cache",
}


def _brief(value: Any) -> str:
    if isinstance(value, Declared):
        return f"{_SPELLING[type(value)]}(…)"
    text = render(value)
    return text if len(text) <= 40 else text[:37] + "..."
