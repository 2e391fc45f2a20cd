"""Write what a rank has of a tensor into a file that several ranks write: each run of bytes to where it belongs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from .. import _dtypes
from .._errors import CheckpointError
from ..mesh import Box
from ..reading import convert_into
from ..system import Array, write_at
from ._linear_crc import contribution, runs_of
from ._output import PIECE, Advance, Lost
from ._writers import Written, cut

Get = Callable[[str], Array]


def part_of(written: Written, get: Get) -> Array:
    """Get a rank's part of a tensor.

    Raises:
        CheckpointError: it has another shape than the rank's place in the tensor.
    """
    array = get(written.content.name)
    if array.shape != written.place.shape:
        raise CheckpointError(
            f"tensor {written.content.name!r}: this rank has {written.place.shape} of {written.content.shape}, and was "
            f"given {array.shape} to save"
        )
    return array


def write_part(descriptor: int, start: int, written: Written, array: Array, lost: Lost, advance: Advance) -> int:
    """Write a part in pieces, of which the next is copied and summed while one is written.

    Args:
        descriptor: of the file, which has its length already.
        start: where the tensor begins in it.
        written: the part.
        array: its values, of any dtype and strides.
        lost: told about values that get lost when they are converted.
        advance: told how many bytes have been written.

    Returns:
        What the part contributes to the tensor's checksum.
    """
    content = written.content
    itemsize = _dtypes.ITEMSIZES[content.dtype]
    total = 0
    with ThreadPoolExecutor(1) as pool:

        def prepared(box: Box, values: Array) -> tuple[Box, memoryview, int]:
            # A copy: a net may train on meanwhile, and what is summed and what is written has to be the same.
            copy = np.empty(values.shape, _dtypes.numpy_dtype(content.dtype))
            count = convert_into(values, copy)
            if count:
                lost(content.name, count)
            data = _dtypes.bytes_of(copy)
            return box, data, contribution(data, content.shape, box, itemsize)

        ready: Future[tuple[Box, memoryview, int]] | None = None
        for box, values in _pieces(written, array, itemsize):
            following = pool.submit(prepared, box, values)
            if ready is not None:
                total ^= _put(descriptor, start, content.shape, itemsize, ready, advance)
            ready = following
        if ready is not None:
            total ^= _put(descriptor, start, content.shape, itemsize, ready, advance)
    return total


def _pieces(written: Written, array: Array, itemsize: int) -> Iterator[tuple[Box, Array]]:
    """Give pieces of a part: the box of each in the whole, and its values."""
    if not array.size:
        return
    for box, inside in written.boxes:
        shift = [first[0] - second[0] for first, second in zip(box, inside, strict=True)]
        for piece in cut(inside, PIECE, itemsize):
            there = tuple((low + by, high + by) for (low, high), by in zip(piece, shift, strict=True))
            yield there, array[tuple(slice(*each) for each in piece)]


def _put(
    descriptor: int,
    start: int,
    shape: tuple[int, ...],
    itemsize: int,
    ready: Future[tuple[Box, memoryview, int]],
    advance: Advance,
) -> int:
    box, data, crc = ready.result()
    counts, run = runs_of(shape, box, itemsize)
    strides = [math.prod(shape[axis + 1 :]) * itemsize for axis in range(len(shape))]
    start += sum(first * stride for (first, _), stride in zip(box, strides, strict=True))
    for number, index in enumerate(np.ndindex(*counts)):
        place = start + sum(at * stride for at, stride in zip(index, strides, strict=False))
        write_all(descriptor, data[number * run : (number + 1) * run], place)
    advance(len(data))
    return crc


def write_all(descriptor: int, data: bytes | memoryview, start: int) -> None:
    """Write bytes to a place of a file, all of them."""
    view = memoryview(data)
    while len(view):
        count = write_at(descriptor, view, start)
        view, start = view[count:], start + count
