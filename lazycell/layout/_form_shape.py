"""The shape of what a form stands for, worked out once for all who ask.

A class body knows how many axes its parameters have, a manifest every size, and whoever infers hyperparameters has an
expression for some: a size may be an int, an expression, or None where it is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from ..declaration import Expanded, Fused, Half, Magnitude, Padded, Reshaped, Squeezed, Transposed, Unary, form_text

Extent = tuple[Any, ...] | None
"""A size for each axis; None where not even their number is known."""


def form_shape(form: Any, of_leaf: Callable[[Any], Extent], *, ranks_only: bool = False) -> Extent:
    """Give the shape of what a form stands for.

    Args:
        form: a tree of forms.
        of_leaf: gives the shape of a leaf.
        ranks_only: whether sizes are still expressions, and only the number of axes is compared: in a class body.

    Raises:
        ValueError: it has none: the message says which operation does not fit what.
    """
    _check_halves(form)
    match form:
        case Fused(axis, sections):
            shapes = [(name, form_shape(part, of_leaf, ranks_only=ranks_only)) for name, part in sections]
            return _joined_ranks(axis, shapes) if ranks_only else _joined(form, shapes)
        case Transposed(inner, axes):
            before = form_shape(inner, of_leaf, ranks_only=ranks_only)
            if before is None:
                return None if axes is None else (None,) * len(axes)
            axes = reversed_axes(len(before)) if axes is None else axes
            if sorted(axes) != list(range(len(before))):
                if ranks_only:
                    has = f"`{form_text(inner)}` has {_axes(len(before))}"
                    raise ValueError(f"axes={axes} orders {len(axes)} axes, and {has}")
                raise ValueError(f"`{form_text(form)}` orders the axes {axes}, and `{form_text(inner)}` is {before}")
            return tuple(before[axis] for axis in axes)
        case Reshaped(inner, shape):
            before = form_shape(inner, of_leaf, ranks_only=ranks_only)
            if ranks_only:
                return (None,) * len(shape)
            if before is not None and _are_known((*before, *shape)) and math.prod(before) != math.prod(shape):
                raise ValueError(
                    f"`{form_text(form)}` has {math.prod(shape)} elements in the shape {shape}, "
                    f"and `{form_text(inner)}` has {math.prod(before)} in {before}"
                )
            return shape
        case Unary(inner):
            return _of_unary(form, form_shape(inner, of_leaf, ranks_only=ranks_only))
    return of_leaf(form)


def reversed_axes(rank: int) -> tuple[int, ...]:
    """Give the axes in reverse order, as `transposed(…)` without `axes` has them."""
    return tuple(reversed(range(rank)))


def unknown_sizes(rank: int | None) -> Extent:
    """Give the shape of what has so many axes, and sizes that nobody knows yet."""
    return None if rank is None else (None,) * rank


def _of_unary(form: Unary, before: Extent) -> Extent:
    """Give the shape of what has axes of length 1 less or more, or of a half of a weight-normed tensor."""
    if before is None:
        return None
    match form:
        case Squeezed(inner, axes):
            _check_axes(form, axes, len(before), f"`{form_text(inner)}` has {_axes(len(before))}")
            for axis in axes:
                if isinstance(before[axis], int) and before[axis] != 1:
                    raise ValueError(
                        f"`{form_text(form)}` leaves out an axis of length 1, and axis {axis} of "
                        f"`{form_text(inner)}` {before} has {before[axis]}"
                    )
            return tuple(size for axis, size in enumerate(before) if axis not in axes)
        case Expanded(inner, axes):
            rank = len(before) + len(axes)
            _check_axes(form, axes, rank, f"`{form_text(inner)}` has {_axes(len(before))}, with these {rank}")
            others = iter(before)
            return tuple(1 if axis in axes else next(others) for axis in range(rank))
        case Padded(inner, axis, first, last):
            _check_axes(form, (axis,), len(before), f"`{form_text(inner)}` has {_axes(len(before))}")
            sizes = (before[axis], first, last)
            return (*before[:axis], sum(sizes) if _are_known(sizes) else None, *before[axis + 1 :])
        case Half(inner, dim):
            if dim is not None:
                _check_axes(form, (dim,), len(before), f"`{form_text(inner)}` has {_axes(len(before))}")
            if isinstance(form, Magnitude):
                return () if dim is None else tuple(size if axis == dim else 1 for axis, size in enumerate(before))
    return before


def _check_axes(form: Unary, axes: Iterable[int], rank: int, has: str) -> None:
    for axis in axes:
        if axis >= rank:
            raise ValueError(f"`{form_text(form)}` has the axis {axis}, counted from 0, and {has}")


def _check_halves(form: Any) -> None:
    """Refuse to change one half of a weight-normed tensor: the weight is known from both together."""
    match form:
        case Fused(_, sections):
            parts = [part for _, part in sections]
        case Transposed(inner) | Reshaped(inner) | Unary(inner):
            parts = [inner]
        case _:
            return
    for part in parts:
        if isinstance(part, Half):
            raise ValueError(
                f"`{form_text(part)}` is one half of a weight-normed tensor, and stands outside of other forms: "
                "change what it is made of"
            )


def _joined(form: Fused, shapes: list[tuple[str, Extent]]) -> Extent:
    axis, known = form.axis, [(name, shape) for name, shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    first, shape = known[0]
    if not 0 <= axis < len(shape):
        raise ValueError(f"`{form_text(form)}` joins along axis {axis}, and `{first}` is {shape}")
    for name, other in known[1:]:
        if len(other) != len(shape) or any(
            mine != theirs
            for each, (mine, theirs) in enumerate(zip(shape, other, strict=True))
            if each != axis and _are_known((mine, theirs))
        ):
            raise ValueError(
                f"`{form_text(form)}` joins `{first}` {shape} and `{name}` {other} along axis {axis}: "
                "they may differ in that axis alone"
            )
    return (*shape[:axis], sum(each[axis] for _, each in known), *shape[axis + 1 :])


def _joined_ranks(axis: int, shapes: list[tuple[str, Extent]]) -> Extent:
    ranks = {name: len(shape) for name, shape in shapes if shape is not None}
    if len(set(ranks.values())) > 1:
        listed = ", ".join(f"`{name}` has {rank}" for name, rank in ranks.items())
        raise ValueError(f"what is joined has the same number of axes, and here {listed}")
    rank = next(iter(ranks.values()), None)
    if rank is not None and axis >= rank:
        raise ValueError(f"axis={axis} is counted from 0, and what is joined has {_axes(rank)}")
    return unknown_sizes(rank)


def _are_known(sizes: Iterable[Any]) -> bool:
    return all(isinstance(size, int) for size in sizes)


def _axes(rank: int) -> str:
    return "1 axis" if rank == 1 else f"{rank} axes"
