"""What `repr(net)` says of each cell that is declared: what it was built with, what it holds, and how much that is."""

from __future__ import annotations

from typing import Any

from mindspore import nn

from .. import show
from .._collector import collector_paused
from .._dtypes import ITEMSIZES, dtype_name
from ..declaration import NOTHING, brief, declaration_of
from ..manifest import DEFAULT_DTYPE
from ..parameters import cells_of, parameters_of, part_of
from ._blueprint import is_plain


def sizes_text(net: nn.Cell) -> str:
    """Give one line about a cell: hyperparameters that differ from their defaults, parameters and shapes, the total.

    No value is read. What a plain cell holds is in the total alone.
    """
    with collector_paused():
        parts = [", ".join(_hyperparameters(net)), ", ".join(_parameters(net))]
        if cells_of(net):
            held = [(each.size, ITEMSIZES[dtype_name(each.dtype)]) for each in net.get_parameters()]
            count = sum(size for size, _ in held)
            nbytes = show.format_bytes(sum(size * width for size, width in held))
            parts.append(f"{count:,} elements, {nbytes}" if count else "")
    return "; ".join(part for part in parts if part)


def _hyperparameters(net: Any) -> list[str]:
    declaration = declaration_of(type(net))
    values = net.__dict__.get("_lazycell_values")
    if declaration is None or values is None:
        return []
    computed = net.__dict__.get("_lazycell_computed", ())
    said = []
    for item in declaration.hyperparameters:
        value = values[item.name]
        if item.name in computed or isinstance(value, nn.Cell):
            continue  # it follows from the others, or is a part and shown as such
        if item.default is NOTHING or not _is_same(value, item.default):
            said.append(f"{item.name}={_short(value)}")
    return said


def _is_same(value: Any, default: Any) -> bool:
    plain = type(value) is type(default) and is_plain(value) and is_plain(default)
    return value is default or (plain and value == default)


def _short(value: Any) -> str:
    """Give the text of a value, and of an object with a long one its class."""
    text = brief(value)
    return text if len(text) <= _MOST else f"{type(value).__name__}(…)"


_MOST = 40


def _parameters(net: nn.Cell) -> list[str]:
    said = []
    for name, each in parameters_of(net).items():
        if each is not None:
            dtype, place = dtype_name(each.dtype), part_of(each)
            shapes = f"{tuple(each.shape)}" if place is None else f"{place.shape} of {place.whole}"
            said.append(f"{name} {shapes}" + ("" if dtype == DEFAULT_DTYPE else f" {dtype}"))
    return said
