"""A class's declaration: everything its body and its bases' bodies say, checked as soon as the class is defined."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import attrs

from ._annotations import resolve_annotation
from ._class_body import ClassBody, Said, is_class_variable, what_was_said
from ._declare import (
    NOTHING,
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Declared,
    Derived,
    Hyperparameter,
    ParameterSpec,
    Requirement,
    Tie,
)
from ._errors import DeclarationError
from ._location import Location, did_you_mean, message
from ._symbols import is_symbolic, names_in, render, symbol


@attrs.frozen
class OwnDeclarations:
    """What one class body says by itself, before its bases are looked at."""

    items: Mapping[str, Declared]
    removed: frozenset[str]
    requirements: tuple[Requirement, ...]


@attrs.frozen
class Declaration:
    """All that a class declares, inherited declarations included, in order of declaration."""

    name: str
    module: str
    hyperparameters: tuple[Hyperparameter, ...]
    derived: tuple[Derived, ...]
    requirements: tuple[Requirement, ...]
    members: tuple[Declared, ...]
    ties: tuple[Declared, ...]
    removed: frozenset[str]
    evaluation_order: tuple[str, ...]
    """Names of hyperparameters and derived values, each after those that its default or formula uses."""
    own_init: bool
    """Whether the class writes its own `__init__` (and calls `__lazy_init__`), so that its arguments are its own."""


# Facts about a class live here, not in attributes on the user's class.
_OWN: WeakKeyDictionary[type, OwnDeclarations] = WeakKeyDictionary()
_DECLARATIONS: WeakKeyDictionary[type, Declaration] = WeakKeyDictionary()


def declaration_of(cls: type) -> Declaration | None:
    """Give the declaration of a class, or None for one that has none."""
    return _DECLARATIONS.get(cls)


def symbols_of(bases: tuple[type, ...]) -> frozenset[str]:
    """Give the names of the hyperparameters and derived values that a class with these bases inherits."""
    declarations = [_DECLARATIONS[base] for base in bases if base in _DECLARATIONS]
    return frozenset(item.name for each in declarations for item in (*each.hyperparameters, *each.derived))


def names_of(bases: tuple[type, ...]) -> frozenset[str]:
    """Give every name that a class with these bases inherits a declaration for."""
    declarations = [_DECLARATIONS[base] for base in bases if base in _DECLARATIONS]
    return symbols_of(bases) | {item.name for each in declarations for item in (*each.members, *each.ties)}


def same(cls: type) -> dict[str, Any]:
    """Give the hyperparameters of `cls` under their own names, to hand them on: `child(Bert, **same(BertOptions))`.

    Args:
        cls: a LazyCell class whose hyperparameters the class being defined has too.
    """
    declaration = declaration_of(cls)
    if declaration is None:
        raise DeclarationError(f"same() takes a LazyCell class, and {render(cls)} is none")
    return {item.name: symbol(item.name) for item in declaration.hyperparameters}


# ---------------------------------------------------------------------------------------------------- one class body


def read_body(
    body: ClassBody, bases: tuple[type, ...], reserved: frozenset[str]
) -> tuple[OwnDeclarations, dict[str, Any]]:
    """Sort what a class body says into declarations and ordinary class attributes.

    Args:
        body: the namespace after the body has run.
        bases: the bases of the class.
        reserved: names that the framework uses on every cell.

    Returns:
        The body's own declarations, and the namespace for `type.__new__`: no spec is left on the class.

    Raises:
        DeclarationError: for every mistake that can be seen in one body alone.
    """
    inherited = names_of(bases)
    # A child may be called like its class (`LayerNorm: LayerNorm = …`): in annotations the class is meant.
    symbols = {name: symbol(name) for name in body.symbols() if not _is_member(dict.get(body, name))}
    items: dict[str, Declared] = {}
    removed: set[str] = set()
    namespace: dict[str, Any] = {}
    annotations: dict[str, Any] = {}
    for said in what_was_said(body):
        annotation = _annotation_of(said, body, symbols)
        declared = None if said.name.startswith("__") else _classify(said, annotation, body, inherited)
        if declared is not None:
            if said.name in reserved or (said.name == "self" and isinstance(declared, Hyperparameter)):
                _refuse_reserved(body.class_name, said)
            items[said.name] = _signed(declared, said.name, body.class_name, said.location)
        elif said.value is not NOTHING:
            _check_plain(said, body.class_name)
            namespace[said.name] = said.value
            if said.name in inherited:
                removed.add(said.name)
        if said.annotation is not None:
            annotations[said.name] = annotation
    namespace["__annotations__"] = annotations
    return OwnDeclarations(items, frozenset(removed), tuple(body.requirements)), namespace


def _annotation_of(said: Said, body: ClassBody, symbols: Mapping[str, Any]) -> Any:
    if said.annotation is None or is_class_variable(said.annotation):
        return said.annotation
    return resolve_annotation(said.annotation, body, symbols, said.location)


def _classify(said: Said, annotation: Any, body: ClassBody, inherited: frozenset[str]) -> Declared | None:
    """Give the declaration that one name makes, or None for an ordinary class attribute."""
    value = said.value
    subject = f"{body.class_name}.{said.name}"
    if isinstance(annotation, ParameterSpec):
        if value is NOTHING:
            return annotation
        if isinstance(value, Conditional) and value.present is None:
            return attrs.evolve(value, present=annotation)
        _fail(
            subject,
            f"an annotation `Param[…]` takes no value, but `{_brief(value)}` was assigned: "
            "write `= when(condition)` for a parameter that may be absent, or the initializer in the brackets",
            said.location,
        )
    if isinstance(value, Conditional) and value.present is None:
        _fail(
            subject,
            "`when(condition)` alone does not say what is declared: write "
            '`when(condition, param("zeros", (n,)))`, or annotate with `Param[…]`',
            said.location,
        )
    if isinstance(value, Declared):
        if isinstance(value, Hyperparameter) and said.annotation is not None:
            return attrs.evolve(value, type=annotation)
        return value
    if isinstance(value, (list, tuple)) and any(isinstance(item, Declared) for item in value):
        _fail(
            subject,
            "a plain list or tuple of cells is not registered, so its parameters would be lost: write "
            f"`{said.name}: list[Block] = children(count, Block, …)`",
            said.location,
        )
    if said.annotation is not None and not is_class_variable(said.annotation):
        return Hyperparameter(type=annotation, default=value)
    if is_symbolic(value):
        return Derived(value=value)
    if said.name in inherited and said.name in body.inherited and value is not None and not _is_code(value):
        return Derived(value=value)  # a subclass that fixes a hyperparameter
    return None


def _is_member(value: Any) -> bool:
    return isinstance(value, Declared) and not isinstance(value, Hyperparameter)


def _is_code(value: Any) -> bool:
    return inspect.isfunction(value) or isinstance(value, (property, classmethod, staticmethod))


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
    return declared


def _check_plain(said: Said, class_name: str) -> None:
    """Refuse symbols that would leak out of the class body in a method's defaults."""
    if inspect.isfunction(said.value):
        for default in (*(said.value.__defaults__ or ()), *(said.value.__kwdefaults__ or {}).values()):
            if is_symbolic(default):
                _fail(
                    f"{class_name}.{said.name}",
                    f"a default of this method is the symbol `{render(default)}`, which has no value in a class "
                    f"body: write `None` there, and `self.{render(default)}` in the method",
                    said.location,
                )


def _refuse_reserved(class_name: str, said: Said) -> NoReturn:
    _fail(
        f"{class_name}.{said.name}",
        f"`{said.name}` is an attribute of every cell, so a declaration of that name would break the cell: "
        f"write `{said.name}_`, or a name that says more",
        said.location,
    )


def _fail(subject: str, problem: str, location: Location | None) -> NoReturn:
    raise DeclarationError(message(subject, problem, location))


def _brief(value: Any) -> str:
    text = type(value).__name__ if isinstance(value, Declared) else render(value)
    return text if len(text) <= 40 else text[:37] + "..."


# ------------------------------------------------------------------------------------------------- with its ancestors


def assemble(cls: type, own: OwnDeclarations, own_init: bool) -> Declaration:
    """Join a class's own declarations with those of its ancestors, check the whole, and remember it.

    Args:
        cls: the class, of which no declaration is known yet.
        own: what its body says.
        own_init: whether its `__init__` is written by hand.

    Raises:
        DeclarationError: for mistakes that only the whole shows: names nobody declares, circles, order.
    """
    _OWN[cls] = own
    items: dict[str, Declared] = {}
    requirements: list[Requirement] = []
    removed: set[str] = set()
    for ancestor in reversed(cls.__mro__):
        said = _OWN.get(ancestor)
        if said is None:
            continue
        for name in said.removed:
            items.pop(name, None)
        items.update(said.items)
        removed = (removed | said.removed) - said.items.keys()
        requirements.extend(said.requirements)
    hyperparameters = tuple(item for item in items.values() if isinstance(item, Hyperparameter))
    derived = tuple(item for item in items.values() if isinstance(item, Derived))
    rest = [item for item in items.values() if not isinstance(item, (Hyperparameter, Derived))]
    _check_names(cls, items, requirements, removed)
    _check_order(hyperparameters, cls.__name__)
    declaration = Declaration(
        name=cls.__name__,
        module=cls.__module__,
        hyperparameters=hyperparameters,
        derived=derived,
        requirements=tuple(requirements),
        members=tuple(item for item in rest if not _is_tie(item)),
        ties=tuple(item for item in rest if _is_tie(item)),
        removed=frozenset(removed),
        evaluation_order=_evaluation_order({item.name: item for item in (*hyperparameters, *derived)}),
        own_init=own_init,
    )
    _DECLARATIONS[cls] = declaration
    return declaration


def _is_tie(item: Declared) -> bool:
    return isinstance(item, Tie) or (isinstance(item, Conditional) and isinstance(item.present, Tie))


_NOWHERE: frozenset[str] = frozenset()
_IN_CHILD = frozenset({"SELF"})
_IN_CHILDREN = frozenset({"SELF", "INDEX"})


def expressions_of(item: Declared, special: frozenset[str] = _NOWHERE) -> Iterator[tuple[Any, frozenset[str]]]:
    """Give each symbolic value of a declaration, and the special symbols that may be used in it."""
    match item:
        case Hyperparameter():
            yield item.default, _NOWHERE
        case Derived():
            yield item.value, _NOWHERE
        case Requirement():
            yield item.condition, _NOWHERE
        case ParameterSpec():
            yield from ((value, _NOWHERE) for value in (item.initializer, item.shape, item.dtype))
        case ChildSpec():
            yield from ((value, special | _IN_CHILD) for value in (item.factory, item.args, item.kwargs))
        case ChildrenSpec():
            yield item.count, _NOWHERE
            yield from expressions_of(item.each, _IN_CHILDREN)
        case Conditional():
            yield item.condition, special
            for part in (item.present, item.otherwise):
                if isinstance(part, Declared):
                    yield from expressions_of(part, special)


def _check_names(
    cls: type, items: Mapping[str, Declared], requirements: list[Requirement], removed: set[str]
) -> None:
    known = {name for name, item in items.items() if isinstance(item, (Hyperparameter, Derived))}
    for item in (*items.values(), *requirements):
        for value, special in expressions_of(item):
            for name in sorted(names_in(value) - known - special):
                subject = f"{item.owner}.{item.name}"
                text = f"`{render(value)}`"
                if name in _IN_CHILDREN:
                    where = "children(…)" if name == "INDEX" else "child(…) and children(…)"
                    problem = f"{text} uses {name}, which is only known in the arguments of {where}"
                elif name in items:
                    problem = (
                        f"{text} uses `{name}`, which is declared as a parameter or a cell: only hyperparameters "
                        "and values derived from them are known here"
                    )
                elif name in removed:
                    problem = f"{text} uses `{name}`, which {cls.__name__} removed: remove or override this as well"
                else:
                    problem = f"{text} uses `{name}`, which nothing declares{did_you_mean(name, known)}"
                _fail(subject, problem, item.location)


def _check_order(hyperparameters: tuple[Hyperparameter, ...], class_name: str) -> None:
    defaulted: Hyperparameter | None = None
    for item in hyperparameters:
        if item.default is not NOTHING:
            defaulted = defaulted or item
        elif defaulted is not None:
            where = f", inherited from {defaulted.owner}," if defaulted.owner != class_name else ""
            item.complain(
                f"`{item.name}` has no default, but stands after `{defaulted.name}`{where} which has one "
                f"({render(defaulted.default)}): give `{item.name}` a default, or declare it first"
            )


def _evaluation_order(items: Mapping[str, Declared]) -> tuple[str, ...]:
    order: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            items[name].complain(f"the value of `{name}` depends on itself: {circle}")
        if name in order:
            return
        item = items[name]
        value = item.default if isinstance(item, Hyperparameter) else item.value  # type: ignore[attr-defined]
        for needed in sorted(names_in(value)):
            visit(needed, (*path, name))
        order[name] = None

    for name in items:
        visit(name, ())
    return tuple(order)


def parameter_specs(declaration: Declaration) -> Iterator[ParameterSpec]:
    """Give every parameter that a class may have, whatever the conditions."""

    def inside(item: Any) -> Iterator[ParameterSpec]:
        if isinstance(item, ParameterSpec):
            yield item
        elif isinstance(item, Conditional):
            yield from inside(item.present)
            yield from inside(item.otherwise)

    for member in declaration.members:
        yield from inside(member)
