"""What is to be written, and the file that it is written to: once, in large pieces, with its CRC-32 on the way."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

import attrs
import numpy as np

from .. import _dtypes
from .._frozen import frozen
from ..reading import CHUNK, convert_into
from ..system import Array, write_at

if TYPE_CHECKING:
    from ..formats import TensorHeader
    from ..reading import Reader

PIECE = 4 << 20
"""Bytes: so large that a call costs nothing, so small that what one core has just read is near for the other."""

_BUFFERED = 1 << 18  # bytes: less than this is gathered, so that tiny tensors are not a call each

Advance = Callable[[int], None]
Lost = Callable[[str, int], None]
"""Called with a tensor's name, and how many of its finite values its dtype cannot hold."""


@frozen(eq=False)
class Content:
    """One tensor that is to be written.

    Attributes:
        name: in the new file.
        dtype: in the new file (canonical).
        shape: its dimensions.
        pieces: gives its bytes, little-endian and row-major, one after the other; each is valid until the next.
        nbytes: bytes of the whole tensor.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    pieces: Callable[[], Iterator[memoryview]] = attrs.field(repr=False)
    nbytes: int = attrs.field(init=False)

    @nbytes.default
    def _count(self) -> int:
        return math.prod(self.shape) * _dtypes.ITEMSIZES[self.dtype]


def content_of_array(name: str, dtype: str, shape: tuple[int, ...], get: Callable[[], Array], lost: Lost) -> Content:
    """Describe a tensor in memory.

    Args:
        name: in the new file.
        dtype: in the new file (canonical).
        shape: its dimensions.
        get: gives it when its turn has come, of any dtype and strides.
        lost: told about values that get lost when it is converted.
    """

    def pieces() -> Iterator[memoryview]:
        for block in _blocks(get()):
            yield from _converted(block.reshape(-1), name, dtype, lost)

    return Content(name, dtype, shape, pieces)


def content_of_stored(tensor: TensorHeader, reader: Reader, name: str, dtype: str, lost: Lost) -> Content:
    """Describe a tensor of another checkpoint, of which no more than a piece is ever in memory."""
    source = _dtypes.numpy_dtype(tensor.dtype)

    def pieces() -> Iterator[memoryview]:
        if dtype == tensor.dtype:
            yield from reader.chunks(tensor, max(PIECE, tensor.piece * source.itemsize))
            return
        for chunk in reader.chunks(tensor, max(CHUNK, tensor.piece) * source.itemsize):
            yield from _converted(np.frombuffer(chunk, source), name, dtype, lost)

    return Content(name, dtype, tensor.shape, pieces)


def _blocks(array: Array) -> Iterator[Array]:
    """Cut an array that is not contiguous into contiguous copies of some of its rows."""
    if array.flags.c_contiguous:
        yield array
        return
    step = max(1, CHUNK // max(1, array[0].size))
    for start in range(0, len(array), step):
        yield np.ascontiguousarray(array[start : start + step])


def _converted(flat: Array, name: str, target: str, lost: Lost) -> Iterator[memoryview]:
    dtype = _dtypes.numpy_dtype(target)
    if flat.dtype == dtype:
        yield _dtypes.bytes_of(flat)
        return
    buffer = np.empty(min(CHUNK, flat.size), dtype)
    for start in range(0, flat.size, CHUNK):
        chunk = flat[start : start + CHUNK]
        result = buffer[: chunk.size]
        count = convert_into(chunk, result)
        if count:
            lost(name, count)
        yield _dtypes.bytes_of(result)


class Output:
    """A file that is written from beginning to end; context manager.

    Args:
        descriptor: of the file, empty.
        advance: told how many bytes have been written.
    """

    def __init__(self, descriptor: int, advance: Advance) -> None:
        self._descriptor = descriptor
        self._advance = advance
        self._buffer = bytearray()
        self._pool = ThreadPoolExecutor(1)
        self._places: dict[int, Array] = {}

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def write(self, data: bytes | memoryview, crc: int = 0) -> int:
        """Write bytes, and give their CRC-32, going on from `crc`."""
        if len(data) < _BUFFERED:
            taken = bytes(data)
            self._buffer += taken
            if len(self._buffer) >= PIECE:
                self.flush()
            return zlib.crc32(taken, crc)
        self.flush()
        view = memoryview(data).cast("B")
        starts = range(0, len(view), PIECE)
        # A net may train on meanwhile, or a file that is read change: what is summed and what is written is one copy.
        # zlib, numpy and write let other threads run: the next piece is copied and summed while one is written.
        copied = self._pool.submit(self._copy, view[:PIECE], 0, crc)
        for count, start in enumerate(starts, 1):
            piece, crc = copied.result()
            if start != starts[-1]:
                copied = self._pool.submit(self._copy, view[start + PIECE : start + 2 * PIECE], count % 2, crc)
            self._put(piece)
        return crc

    def _copy(self, data: memoryview, which: int, crc: int) -> tuple[memoryview, int]:
        """Copy a piece into one of the two places, and give it and the checksum so far."""
        place = self._places.get(which)
        if place is None:
            place = self._places[which] = np.empty(PIECE, np.uint8)
        copy = place[: len(data)]
        copy[:] = np.frombuffer(data, np.uint8)
        piece = _dtypes.bytes_of(copy)
        return piece, zlib.crc32(piece, crc)

    def flush(self) -> None:
        """Hand over what has been gathered."""
        if self._buffer:
            gathered, self._buffer = self._buffer, bytearray()
            self._put(memoryview(gathered))

    def overwrite(self, start: int, data: bytes) -> None:
        """Write bytes in place of as many that were written before."""
        self.flush()
        while data:
            count = write_at(self._descriptor, data, start)
            data, start = data[count:], start + count

    def _put(self, data: memoryview) -> None:
        while data:
            count = os.write(self._descriptor, data)
            data = data[count:]
            self._advance(count)
