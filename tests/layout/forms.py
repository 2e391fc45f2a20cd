"""Random stored tensors: forms of every kind, nested, over whole parameters and blocks of parameters."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from lazycell.declaration._forms import Fused, Reshaped, Transposed
from lazycell.layout._layout import Block, Form, Stored
from lazycell.system._allocate import Array

SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple)


@st.composite
def stored_tensors(draw: st.DrawFn) -> tuple[Stored, dict[str, tuple[int, ...]]]:
    """Give a stored tensor, and the shapes of the parameters that it is made of."""
    shapes: dict[str, tuple[int, ...]] = {}
    return Stored("stored", draw(_forms(draw(SHAPES), 3, shapes))), shapes


@st.composite
def _forms(draw: st.DrawFn, shape: tuple[int, ...], depth: int, shapes: dict[str, tuple[int, ...]]) -> Form:
    """Give a form of a shape; parameters are added to `shapes`."""
    kind = draw(st.sampled_from(["block", "fused", "transposed", "reshaped"] if depth else ["block"]))
    if kind == "transposed":
        axes = tuple(draw(st.permutations(range(len(shape)))))
        inner = tuple(shape[axes.index(axis)] for axis in range(len(shape)))
        return Transposed(draw(_forms(inner, depth - 1, shapes)), axes)
    if kind == "reshaped":
        return Reshaped(draw(_forms(draw(_same_size(shape)), depth - 1, shapes)), shape)
    long = [axis for axis, size in enumerate(shape) if size > 1]
    if kind == "fused" and long:
        axis = draw(st.sampled_from(long))
        ends = sorted({*draw(st.sets(st.integers(1, shape[axis] - 1), min_size=1, max_size=2)), shape[axis]})
        sizes = np.diff([0, *ends]).tolist()
        parts = [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]
        return Fused(axis, tuple((f"s{n}", draw(_forms(part, depth - 1, shapes))) for n, part in enumerate(parts)))
    name = f"p{len(shapes)}"
    if draw(st.booleans()):
        shapes[name] = shape
        return Block(name, shape, "float32")
    margins = [draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in shape]
    shapes[name] = tuple(before + size + after for (before, after), size in zip(margins, shape, strict=True))
    place = tuple((before, before + size) for (before, _), size in zip(margins, shape, strict=True))
    return Block(name, shape, "float32", place)


@st.composite
def _same_size(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Give another shape of as many elements."""
    left, sizes = math.prod(shape), []
    while left > 1 and len(sizes) < 3:
        sizes.append(draw(st.sampled_from([size for size in range(1, left + 1) if left % size == 0])))
        left //= sizes[-1]
    return (*sizes, left)


def numbered(shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    """Give every parameter values that no other element of any parameter has."""
    values, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        values[name] = np.arange(start, start + size, dtype=np.float32).reshape(shape)
        start += size
    return values
