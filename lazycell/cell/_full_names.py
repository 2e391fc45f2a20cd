"""The full names of a net's parameters: given when it is built, and to what is attached to a part of it later.

MindSpore puts a prefix before a name each time that a cell is attached to another: only what is attached from the
inside out gets whole names. So each LazyCell knows its prefix, and a part that comes later gets it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from mindspore import nn

from .._collector import collector_paused
from ..parameters import LazyParameter, parameters_of

_PREFIX = "_lazycell_prefix"

_ENOUGH = 64
"""Parameters that are asked for their names, to tell the prefix of a cell."""


def name_all(net: nn.Cell, prefix: str = "") -> None:
    """Give every parameter below a cell its full name, and every LazyCell its prefix: `prefix` and the path."""
    seen: set[int] = set()
    for path, cell in net.cells_and_names():
        start = f"{prefix}{path}." if path else prefix
        attributes = cell.__dict__
        if "_lazycell_values" in attributes:
            attributes[_PREFIX] = start
        for name, parameter in parameters_of(cell).items():
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                parameter.name = start + name


def is_named(cell: nn.Cell) -> bool:
    """Tell whether a LazyCell is built, and all of the net that it is a part of."""
    return _PREFIX in cell.__dict__


@contextmanager
def renaming(cell: nn.Cell, prefix: str) -> Iterator[None]:
    """Note that MindSpore gives the parameters below a LazyCell other names, which begin with this."""
    known = cell.__dict__.pop(_PREFIX, None)  # while it does, names are neither read nor completed
    try:
        yield
        known = None if known is None else prefix
        _note_prefix(cell, prefix)
    finally:
        if known is not None:
            cell.__dict__[_PREFIX] = known


def _note_prefix(cell: nn.Cell, prefix: str) -> None:
    for path, each in cell.cells_and_names():
        if _PREFIX in each.__dict__:
            each.__dict__[_PREFIX] = f"{prefix}{path}." if path else prefix


@contextmanager
def names_kept_on_failure(net: nn.Cell) -> Iterator[None]:
    """If what is done inside fails, give every parameter below a cell the name that it had, and every LazyCell."""
    named = [(parameter, parameter.name) for _, parameter in net.parameters_and_names()]
    prefixes = [(cell, cell.__dict__.get(_PREFIX)) for _, cell in net.cells_and_names()]
    try:
        yield
    except BaseException:
        for parameter, name in named:
            parameter.name = name
        for cell, prefix in prefixes:
            if prefix is not None:
                cell.__dict__[_PREFIX] = prefix
        raise


def common_prefix(net: nn.Cell) -> str:
    """Give what most parameters below any cell have before their paths in their names."""
    votes = Counter(
        parameter.name.removesuffix(path)
        for path, parameter in net.parameters_and_names()
        if f".{parameter.name}".endswith(f".{path}")
    )
    return votes.most_common(1)[0][0] if votes else ""


def prefix_of(cell: nn.Cell) -> str:
    """Give what the full names of the parameters below a LazyCell begin with."""
    return _prefix(cell, islice(nn.Cell.parameters_and_names(cell), _ENOUGH))


def name_attached(cell: nn.Cell, prefix: str, name: str, value: Any) -> None:
    """Give its full name to what was attached to a LazyCell, a cell or a parameter, which MindSpore named from here.

    Args:
        cell: the LazyCell.
        prefix: of the cell, as it was before.
        name: of the attribute.
        value: what was attached.
    """
    if isinstance(value, nn.Cell):
        if cell._auto_prefix:
            with collector_paused():
                value.update_parameters_name(f"{prefix}{name}.")
                _note_prefix(value, f"{prefix}{name}.")
    elif prefix and "." not in value.name and not isinstance(value, LazyParameter):  # else it has a place, and its name
        value.name = prefix + name


def complete_names(cell: nn.Cell, named: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Give the parameters of a LazyCell, and their full names to those that lack the beginning or have another's.

    Those were attached to a plain cell below. Any other name, which somebody has given, is left as it is.

    Args:
        cell: the LazyCell.
        named: its parameters, by path.
    """
    found = list(named)
    prefix = cell.__dict__[_PREFIX]
    if all(parameter.name == prefix + path for path, parameter in found):
        return found
    prefix = cell.__dict__[_PREFIX] = _prefix(cell, found)
    times = Counter(parameter.name for _, parameter in found)
    for path, parameter in found:
        full, name = prefix + path, parameter.name
        if name != full and (times[name] > 1 or full.endswith(f".{name}")):
            parameter.name = full
    return found


def _prefix(cell: nn.Cell, named: Iterable[tuple[str, Any]]) -> str:
    """Tell a cell's prefix from the names that its parameters have: it may have been attached to others since."""
    known: str = cell.__dict__[_PREFIX]
    votes: Counter[str] = Counter()
    for path, parameter in named:
        name = parameter.name
        if name == known + path:
            return known
        if name.endswith(f".{path}"):
            votes[name[: -len(path)]] += 1
    return votes.most_common(1)[0][0] if votes else known
