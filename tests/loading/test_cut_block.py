"""Tests of `lazycell.loading._cut_block`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lazycell.formats import MemoryRange, TensorHeader
from lazycell.layout._layout import Operation, Reshape, Slice, Transpose
from lazycell.loading._cut_block import CutBlock, cut_block
from lazycell.mesh import Box
from lazycell.reading._blocks import locate
from lazycell.system._allocate import Array

from ..reading.test_blocks import SHAPES, apply, operations


def stored(shape: tuple[int, ...]) -> tuple[TensorHeader, Array]:
    """Give a tensor in memory, of numbers that are all different."""
    array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    return TensorHeader("w", "float32", shape, (MemoryRange(array.reshape(-1).view(np.uint8).data),)), array


def values(cut: CutBlock) -> Array:
    """Carry out the operations, on what the cut says is stored."""
    content = b"".join(bytes(part.content) for part in cut.tensor.ranges if isinstance(part, MemoryRange))
    return apply(np.frombuffer(content, np.float32).reshape(cut.tensor.shape), cut.operations)


def cut(shape: tuple[int, ...], chain: Sequence[Operation], box: Box) -> list[CutBlock]:
    """Cut a block of a tensor, and hold the parts against numpy's."""
    tensor, array = stored(shape)
    block = apply(array, chain)
    found = cut_block(tensor, chain, block.shape, box)
    expected, result = block[tuple(slice(*each) for each in box)], np.full(block.shape, -1, np.float32)
    for each in found:
        where = tuple(slice(*ends) for ends in each.box)
        assert (result[where] == -1).all()
        result[where] = values(each)
    np.testing.assert_array_equal(result[tuple(slice(*each) for each in box)], expected)
    assert (result != -1).sum() == expected.size
    return found


@given(st.data(), SHAPES)
def test_the_parts_are_those_of_the_block(data: st.DataObject, shape: tuple[int, ...]) -> None:
    """Whatever the operations and the box; every element once."""
    chain = data.draw(operations(shape))
    block = apply(stored(shape)[1], chain).shape
    ends = [data.draw(st.tuples(st.integers(0, size), st.integers(0, size))) for size in block]
    cut(shape, chain, tuple((min(each), max(each)) for each in ends))


def boxes(found: Sequence[CutBlock]) -> bool:
    """Whether all parts can be read as boxes of their tensors."""
    shapes = [tuple(stop - start for start, stop in each.box) for each in found]
    return all(
        locate(each.tensor.shape, each.operations, np.empty(shape)) is not None
        for each, shape in zip(found, shapes, strict=True)
    )


def test_heads_are_found_where_they_are_stored() -> None:
    """Fused head by head as GPT-NeoX has it: two heads' queries are one box, though a reshape comes last."""
    heads, width, hidden = 4, 5, 3
    chain = [Reshape((heads, 3, width, hidden)), Slice(1, 0, 1), Reshape((heads * width, hidden))]
    (part,) = cut((3 * heads * width, hidden), chain, ((width, 3 * width), (0, hidden)))
    assert part.operations[:3] == (Reshape((heads, 3, width, hidden)), Slice(0, 1, 3), Slice(1, 0, 1))
    assert boxes([part])


def test_what_was_turned_before_it_was_reshaped() -> None:
    """Some heads of a turned matrix are columns of it: never is all of it read."""
    (part,) = cut((3, 4 * 5), [Transpose((1, 0)), Reshape((4, 5, 3))], ((1, 3), (0, 5), (0, 3)))
    assert boxes([part])
    assert part.operations[:2] == (Reshape((3, 4, 5)), Slice(1, 1, 3))


def test_a_range_that_crosses_heads_is_several_boxes() -> None:
    """The end of one head, whole ones, the beginning of another."""
    heads, width = 4, 5
    chain = [Reshape((heads, 2, width)), Slice(1, 1, 2), Reshape((heads * width,))]
    found = cut((heads * 2 * width,), chain, ((3, 17),))
    assert [part.box for part in found] == [((3, 5),), ((5, 15),), ((15, 17),)]
    assert boxes(found)


def test_a_run_of_bytes_has_any_shape() -> None:
    """Two of four rows are six numbers, and three rows of two."""
    (part,) = cut((4, 3), [Slice(0, 1, 3), Reshape((3, 2))], ((0, 3), (1, 2)))
    assert (part.tensor.name, part.tensor.shape) == ("w[1:3]", (6,))
    assert boxes([part])


def test_what_is_no_box_is_read_whole() -> None:
    """Three rows of two numbers, of two columns of three: numbers from all over the tensor."""
    (part,) = cut((2, 3), [Transpose((1, 0)), Reshape((2, 3))], ((0, 1), (0, 2)))
    assert not boxes([part])


def test_what_was_cut_across_what_it_is_reshaped_to_is_read_whole() -> None:
    """Four of five columns, the first left out, are not two pairs of the file's columns."""
    (part,) = cut((2, 5), [Slice(1, 1, 5), Reshape((2, 2, 2))], ((0, 2), (1, 2), (0, 2)))
    assert not boxes([part])
