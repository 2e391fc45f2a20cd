"""Which classes the cells of a model are of, known without building it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..declaration._declaration import declaration_of
from ..declaration._declare import is_cell
from ._calls import complete
from ._outline import bind, built_already
from ._resolve import Resolved, ResolvedChild, resolve

PlainCells = Callable[[ResolvedChild, str], Mapping[str, type]]
"""How to look into a cell that declares nothing: the declared cells in it, by path. Takes the child and a dtype."""


def no_cells(child: ResolvedChild, dtype: str) -> Mapping[str, type]:
    """Look into nothing: for models all of whose cells are declared."""
    del child, dtype
    return {}


def cells_of_class(
    cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any], plain: PlainCells = no_cells
) -> dict[str, type]:
    """Give the class of every declared cell of `cls(*args, **kwargs)`, by its path; the model itself has the path "".

    Args:
        cls: a class with a declaration, whose constructor is the generated one.
        args: what the constructor would be given.
        kwargs: likewise.
        plain: looks into cells that declare nothing.

    Raises:
        TypeError: the arguments do not fit the constructor.
        DeclarationError: as when an instance is built.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    return _cells(cls, resolve(declaration, *bind(cls, args, kwargs)), plain)


def _cells(cls: type, resolved: Resolved, plain: PlainCells) -> dict[str, type]:
    found = {"": cls}
    given = {name: built_already(value) for name, value in resolved.values.items() if is_cell(value)}
    for name, child in {**given, **resolved.children}.items():
        seen: dict[int, Mapping[str, type]] = {}  # layers that are alike are looked into once
        for position, one in enumerate(child) if isinstance(child, tuple) else ((None, child),):
            if id(one) not in seen:
                seen[id(one)] = _below(one, resolved.dtype, plain)
            own = name if position is None else f"{name}.{position}"
            found.update({f"{own}.{path}" if path else own: each for path, each in seen[id(one)].items()})
    return found


def _below(child: ResolvedChild, dtype: str, plain: PlainCells) -> Mapping[str, type]:
    declaration = declaration_of(child.factory) if isinstance(child.factory, type) else None
    if declaration is None or declaration.own_init:
        return plain(child, dtype)
    values, own = bind(child.factory, child.args, complete(child, dtype))
    return _cells(child.factory, resolve(declaration, values, own), plain)
