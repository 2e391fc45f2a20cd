"""Tests of `lazycell.reading._blocks`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.layout._layout import Operation, Reshape, Slice, Transpose
from lazycell.reading._blocks import Located, locate, slabs

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


@st.composite
def operations(draw: st.DrawFn, shape: tuple[int, ...]) -> list[Operation]:
    """Draw operations that a tensor of a shape can take."""
    found: list[Operation] = []
    for kind in draw(st.lists(st.sampled_from("rts"), max_size=4)):
        if kind == "t":
            axes = tuple(draw(st.permutations(range(len(shape)))))
            found.append(Transpose(axes))
            shape = tuple(shape[axis] for axis in axes)
        elif kind == "s":
            axis = draw(st.integers(0, len(shape) - 1))
            start = draw(st.integers(0, shape[axis] - 1))
            stop = draw(st.integers(start + 1, shape[axis]))
            found.append(Slice(axis, start, stop))
            shape = (*shape[:axis], stop - start, *shape[axis + 1 :])
        else:
            first = draw(st.sampled_from([n for n in range(1, 5) if math.prod(shape) % n == 0]))
            shape = (first, math.prod(shape) // first)
            found.append(Reshape(shape))
    return found


def apply(array: np.ndarray, operations: Sequence[Operation]) -> np.ndarray:
    """Apply operations as the plan means them."""
    for operation in operations:
        array = operation(array)
    return array


def carry(stored: np.ndarray, located: Located, most: int) -> int:
    """Move the box to its target, slab by slab, from the bytes in order; give how many slabs that took."""
    flat, count = stored.reshape(-1), 0
    for slab in slabs(located.shape, [located.box], most):
        inner = located.shape[len(slab.prefix) + 1 :]
        rows = slab.stop - slab.start
        start = slab.offset(located.shape)
        values = flat[start : start + rows * math.prod(inner)].reshape(rows, *inner)
        met = slab.meet(located)
        if met is not None:
            index, target = met
            assert np.shares_memory(target, located.target)
            target[...] = values[index]
        count += 1
    return count


@given(st.data(), SHAPES, st.integers(1, 300))
def test_a_located_block_has_the_values_that_the_operations_give(
    data: st.DataObject, shape: tuple[int, ...], most: int
) -> None:
    """Whatever the operations, and however the tensor is cut into slabs."""
    stored = np.arange(1, math.prod(shape) + 1).reshape(shape)
    chain = data.draw(operations(shape))
    expected = apply(stored, chain)
    target = np.zeros(expected.shape, expected.dtype)
    located = locate(shape, chain, target)
    if located is not None:
        carry(stored, located, most)
        np.testing.assert_array_equal(target, expected)


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [Slice(0, 2, 5)],
        [Slice(1, 2, 5), Transpose((1, 0))],
        [Transpose((1, 0)), Slice(0, 3, 6), Reshape((3, 2, 3))],
        [Reshape((3, 2, 8)), Transpose((2, 0, 1)), Slice(1, 0, 2)],
        [Slice(0, 1, 3), Reshape((16,))],
        [Transpose((1, 0)), Reshape((4, 2, 6))],
    ],
)
def test_what_layouts_give_is_located(chain: list[Operation]) -> None:
    """Cut, turned, given other axes: none of these needs the stored tensor whole."""
    expected = apply(np.arange(48).reshape(6, 8), chain)
    target = np.zeros(expected.shape, int)
    located = locate((6, 8), chain, target)
    assert located is not None
    carry(np.arange(48), located, 8)
    np.testing.assert_array_equal(target, expected)


def test_a_box_that_a_reshape_tears_apart_is_not_located() -> None:
    """Elements 0 to 4 of a turned tensor, in a row, are no box of it."""
    assert locate((6, 8), [Transpose((1, 0)), Reshape((48,)), Slice(0, 0, 5)], np.zeros(5)) is None


def test_a_place_that_cannot_be_reshaped_without_a_copy_is_not_located() -> None:
    """The copy would be filled, and not the parameter."""
    parameter = np.zeros((4, 8))
    assert locate((2, 8), [Transpose((1, 0)), Reshape((4, 4))], parameter[:, :4]) is None


def test_a_block_of_another_shape_is_a_mistake_of_the_plan() -> None:
    """It would fill the wrong elements."""
    with pytest.raises(ValueError, match=r"the operations give \(2, 8\), the block is \(2, 9\)"):
        locate((6, 8), [Slice(0, 0, 2)], np.zeros((2, 9)))


def test_slabs_are_as_long_as_they_may_be() -> None:
    """The bytes between two boxes are read too: fewer, larger reads."""
    found = list(slabs((100, 10), [((20, 30), (0, 10)), ((50, 60), (0, 10))], 200))
    assert [(slab.prefix, slab.start, slab.stop) for slab in found] == [((), 20, 40), ((), 40, 60)]


def test_few_long_rows_are_cut_across() -> None:
    """A first axis of two does not mean two slabs."""
    found = list(slabs((2, 10, 10), [((1, 2), (0, 10), (0, 10))], 50))
    assert [(slab.prefix, slab.start, slab.stop) for slab in found] == [((1,), 0, 5), ((1,), 5, 10)]
