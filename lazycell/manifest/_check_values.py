"""What a value has to be to be a shape, a section, a count or a dtype. It was evaluated before: here it is judged."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np

from .._dtypes import dtype_name
from .._errors import DeclarationError
from ..declaration import ChildrenSpec, ParameterSpec, render, with_values

_MOST_DIMENSIONS = 32  # numpy's, before 2.0
_MOST_ELEMENTS = 1 << 60  # of eight bytes each: what a signed number of 64 bits counts
_MOST_CHILDREN = 100_000  # a config may come from anywhere; the deepest model that is published has some hundreds


def checked_shape(spec: ParameterSpec, shape: Iterable[Any], values: Mapping[str, Any]) -> tuple[int, ...]:
    """Give a parameter's shape in ints; `values` are those that it was computed with, for the message.

    Raises:
        DeclarationError: a size is no whole number, or less than 1; or there are more of them, or of elements, than any
            array can have.
    """
    sizes = tuple(shape)
    for position, size in enumerate(sizes):
        if not _is_size(size):
            _refuse_size(spec, position, size, values)
    if len(sizes) > _MOST_DIMENSIONS:
        spec.complain(
            f"the shape `{render(spec.shape)}` has {len(sizes)} dimensions{with_values(spec.shape, values)}: an "
            f"array has at most {_MOST_DIMENSIONS}"
        )
    plain = tuple(map(int, sizes))  # first: what is divided goes along with a product, at some cost
    if math.prod(plain) >= _MOST_ELEMENTS:
        spec.complain(
            f"the shape `{render(spec.shape)}` is {sizes}{with_values(spec.shape, values)}: no memory can have 2^60 "
            "elements or more"
        )
    return plain


def checked_sections(
    spec: ParameterSpec, axis: int, named: Iterable[tuple[str, Any, Any]], values: Mapping[str, Any]
) -> tuple[tuple[str, int], ...]:
    """Give name and size of the sections of one axis.

    Args:
        spec: the parameter.
        axis: counted from 0.
        named: for each section its name, its size as written, and the value of that.
        values: that the sizes were computed with, for the message.

    Raises:
        DeclarationError: a size is no whole number, or less than 1.
    """
    sections: list[tuple[str, int]] = []
    for name, written, size in named:
        if not _is_size(size):
            spec.complain(
                f"the section `{name}` of dimension {axis} is {size!r}{with_values(written, values)}: "
                "a size is a whole number, at least 1"
            )
        sections.append((name, int(size)))
    return tuple(sections)


def checked_dtype(spec: ParameterSpec, asked: Any, default: str, values: Mapping[str, Any]) -> str:
    """Give the canonical name of a parameter's dtype; None stands for the cell's, `default`.

    Raises:
        DeclarationError: it is no dtype.
    """
    if asked is None:
        return default
    try:
        return dtype_name(asked)
    except TypeError as error:
        spec.complain(f"the dtype `{render(spec.dtype)}`{with_values(spec.dtype, values)}: {error}")


def checked_count(spec: ChildrenSpec, count: Any, values: Mapping[str, Any]) -> int:
    """Give the length of a list of cells.

    Raises:
        DeclarationError: it is no whole number, less than 0, or so large that building would not end.
    """
    if not (_is_whole(count) and count >= 0):
        spec.complain(
            f"the count `{render(spec.count)}` is {count!r}{with_values(spec.count, values)}: "
            "it is a whole number, 0 or more"
        )
    if count > _MOST_CHILDREN:
        spec.complain(
            f"the count `{render(spec.count)}` is {count}{with_values(spec.count, values)}: more than "
            f"{_MOST_CHILDREN:,} cells in a list are not built"
        )
    return int(count)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and bool(value > 0)


def _is_whole(value: Any) -> bool:
    """Tell whether `value` counts something: numpy's integers do, truth values and floats do not."""
    if type(value) is int:  # nearly all are
        return True
    if isinstance(value, (bool, np.bool_)):
        return False
    try:
        operator.index(value)
    except (TypeError, DeclarationError):
        return False
    return True


def _refuse_size(spec: ParameterSpec, position: int, size: Any, values: Mapping[str, Any]) -> NoReturn:
    part = spec.shape[position]
    found = f"dimension {position} of the shape `{render(spec.shape)}` is {size!r}{with_values(part, values)}"
    if isinstance(size, float):
        spec.complain(f"{found}: a size is a whole number. Write `//` instead of `/`")
    if _is_whole(size):
        spec.complain(f"{found}: a size is at least 1. Write `when(…)` for a parameter that may be absent")
    spec.complain(f"{found}, a {type(size).__name__}: a size is a whole number")
