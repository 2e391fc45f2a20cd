"""`cells(…)`: unlike cells in a row, or under names; and which container holds cells, which the annotation says."""

from __future__ import annotations

import re
import types
import typing
from typing import Any

import attrs

from .._location import user_location
from ._declare import CellsSpec, ChildrenSpec, ChildSpec, Conditional, Declared, refuse
from ._symbols import render

SEQUENTIAL, LIST, DICT = "SequentialCell", "CellList", "CellDict"


def cells(*parts: Any, **named: Any) -> Any:
    """Declare unlike cells in a row, `steps: nn.SequentialCell = cells(child(Conv, 3, width), child(nn.ReLU))`.

    The annotation says what holds them: `nn.SequentialCell`, which calls one after another, or a list, `nn.CellList`.
    Under names, `ways: nn.CellDict = cells(up=child(Up), down=child(Down))`, it is an `nn.CellDict`.

    Args:
        parts: each `child(…)`, `children(…)`, `cells(…)`, or `when(…)` with these; one that is absent has no place, and
            those behind it move up.
        named: each `child(…)`, or `when(…)` with these.

    Returns:
        The declaration; in an instance an `nn.SequentialCell`, an `nn.CellList` or an `nn.CellDict`, as the annotation
        says.

    Raises:
        DeclarationError: there are none, or some in a row and some under names, or one is no declaration of cells.
    """
    example = "`cells(child(Conv, 3, 8), child(nn.ReLU))` or `cells(up=child(Up), down=child(Down))`"
    if not parts and not named:
        refuse("cells() declares nothing", example)
    if parts and named:
        refuse("cells(…) has cells in a row or under names, not both", example)
    for part in parts:
        _check_part(part, (ChildSpec, ChildrenSpec, CellsSpec), "`child(…)`, `children(…)` or `cells(…)`")
    for part in named.values():
        _check_part(part, (ChildSpec,), "`child(…)`: MindSpore's CellDict takes no other containers")
    row = tuple(("", part) for part in parts)
    return CellsSpec(parts=tuple(named.items()) or row, kind=DICT if named else "", location=user_location())


def _check_part(part: Any, allowed: tuple[type, ...], instead: str) -> None:
    if isinstance(part, Conditional):
        for each in (part.present, part.otherwise):
            if each is not None:
                _check_part(each, allowed, instead)
    elif isinstance(part, CellsSpec) and part.kind == DICT:
        refuse("cells under names stand by themselves, not among others", "a name of its own for them")
    elif isinstance(part, ChildrenSpec) and part.repeats_parameters:
        refuse("a row of parameters stands by itself, not among cells", "a name of its own for it")
    elif not isinstance(part, allowed):
        what = f"a {type(part).__name__}" if isinstance(part, Declared) else f"`{render(part)}`"
        refuse(f"{what} cannot be a part of cells(…)", instead)


# ---------------------------------------------------------------------------------------------------------- containers


def with_containers(item: Any, annotation: Any) -> Any:
    """Give a declaration with the container that its annotation asks for, and so those inside it.

    `list[nn.SequentialCell]` is about `children(n, cells(…))`; a list of no such kind holds lists.

    Raises:
        ValueError: it holds a row of cells, and the annotation does not say what that is.
    """
    match item:
        case Conditional():
            parts = (with_containers(part, annotation) for part in (item.present, item.otherwise))
            return attrs.evolve(item, **dict(zip(("present", "otherwise"), parts, strict=True)))
        case ChildrenSpec():
            return attrs.evolve(item, each=_inside(item.each, annotation, LIST))
        case CellsSpec(kind=""):
            kind = _container_of(annotation)
            if kind is None:
                raise ValueError("the annotation does not say what holds a row of cells")
            return _filled(item, annotation, kind)
    return item


def _inside(item: Any, annotation: Any, around: str) -> Any:
    """As `with_containers`, for what is in a container of the kind `around`."""
    inner = _item_of(annotation)
    match item:
        case Conditional():
            parts = (_inside(part, annotation, around) for part in (item.present, item.otherwise))
            return attrs.evolve(item, **dict(zip(("present", "otherwise"), parts, strict=True)))
        case ChildrenSpec():
            kind = _container_of(inner) or around
            return attrs.evolve(item, kind=kind, each=_inside(item.each, inner, kind))
        case CellsSpec():
            return _filled(item, inner, _container_of(inner) or around)
    return item


def _filled(item: CellsSpec, annotation: Any, kind: str) -> CellsSpec:
    return attrs.evolve(
        item, kind=kind, parts=tuple((name, _inside(part, annotation, kind)) for name, part in item.parts)
    )


_KINDS = {SEQUENTIAL: SEQUENTIAL, LIST: LIST, "list": LIST, "List": LIST, "Sequence": LIST}


def _container_of(annotation: Any) -> str | None:
    """Tell which container an annotation names; None: none, or `Any`. MindSpore's are known by their names."""
    if isinstance(annotation, str):  # it could not be evaluated
        found = (_KINDS.get(part.strip().split("[")[0].split(".")[-1]) for part in annotation.split("|"))
        return next((each for each in found if each), None)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((each for each in map(_container_of, typing.get_args(annotation)) if each), None)
    origin = typing.get_origin(annotation) or annotation
    names = [base.__name__ for base in getattr(origin, "__mro__", ())] or [getattr(origin, "__name__", "")]
    return next((_KINDS[name] for name in names if name in _KINDS), None)


def _item_of(annotation: Any) -> Any:
    """Give what an annotation says is in a list."""
    if isinstance(annotation, str):
        found = re.search(r"\[(.*)\]", annotation)
        return None if found is None else found[1]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((each for each in map(_item_of, typing.get_args(annotation)) if each is not None), None)
    return next(iter(typing.get_args(annotation)), None)
