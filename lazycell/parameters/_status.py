"""Where each parameter of a net stands: declared, loaded or initialized, and where its values came from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .. import show
from .._dtypes import ITEMSIZES, dtype_name
from .._frozen import frozen
from ._life import Origin, State, life_of
from ._lifecycle import check_cell, computed_buffers
from ._part import part_of, shapes_text

if TYPE_CHECKING:
    from .._nn_cell import Cell


@frozen
class ParameterStatus:
    """Where one parameter, or computed buffer, of a net stands."""

    name: str
    state: State
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    """of its values, whether it has them or not"""
    origin: Origin | None
    """None while it is declared"""
    computed: bool = False
    """a non-persistent buffer: never in a checkpoint"""
    whole: tuple[int, ...] | None = None
    """shape of the whole, where this rank has a part of it"""


@frozen
class Status(Mapping[str, ParameterStatus]):
    """Where each parameter of a net stands, by path; prints as a table."""

    entries: Mapping[str, ParameterStatus] = attrs.field(repr=False)

    def __getitem__(self, name: str) -> ParameterStatus:
        return self.entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __str__(self) -> str:
        return str(self._report())

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, Status._report)

    def _report(self) -> show.Report:
        rows = [status_row(entry) for entry in self.entries.values()]
        columns = ("parameter", "state", "shape", "dtype", "bytes", "origin")
        return show.Report("", [show.Table(rows, columns=columns, named=True, right=(4,))], summary=status_totals(self))


def status_row(entry: ParameterStatus) -> tuple[str, ...]:
    """Give what is said about one parameter: name, state, shape, dtype, bytes and origin."""
    state = f"{entry.state} (computed)" if entry.computed else entry.state
    origin = "" if entry.origin is None else str(entry.origin)
    return entry.name, state, shapes_text(entry.shape, entry.whole), entry.dtype, f"{entry.nbytes:,}", origin


def status_totals(status: Status) -> str:
    """Say how many parameters are in each state."""
    parts = []
    for state in ("declared", "loaded", "initialized"):
        nbytes = [entry.nbytes for entry in status.values() if entry.state == state]
        if nbytes:
            parts.append(f"{len(nbytes)} {state} ({sum(nbytes):,} bytes)")
    total = sum(entry.nbytes for entry in status.values())
    return f"{len(status)} in all, {total:,} bytes: {', '.join(parts)}" if parts else "no parameters"


def status(net: Cell) -> Status:
    """Tell each parameter's state, shape, dtype, bytes and origin; a parameter at two places is listed once.

    Names are paths in the net, as in its manifest.

    Non-persistent buffers that lazycell computes are listed too, marked as computed.

    Args:
        net: any cell.

    Returns:
        A mapping from names to what is known of each; it prints as a table.

    Raises:
        TypeError: it is no cell.
    """
    check_cell("status", net)
    entries = {}
    for name, parameter in net.parameters_and_names():
        entries[name] = _status_of(name, parameter)
    for name, buffer in computed_buffers(net):
        entries[name] = _status_of(name, buffer, computed=True)
    return Status(entries)


def _status_of(name: str, tensor: Any, *, computed: bool = False) -> ParameterStatus:
    state, origin = life_of(tensor)
    shape, dtype = tuple(tensor.shape), dtype_name(tensor.dtype)
    place = part_of(tensor)
    nbytes = math.prod(shape) * ITEMSIZES[dtype]
    return ParameterStatus(name, state, shape, dtype, nbytes, origin, computed, None if place is None else place.whole)
