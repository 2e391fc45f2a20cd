"""Bring a tensor's bytes into memory: a view of a private map where that is sound, else one read."""

from __future__ import annotations

import io
import mmap as _mmap
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from .. import _dtypes
from .._errors import CheckpointFormatError
from . import _files
from ._cast import CHUNK, Array, convert_into
from ._header import TensorHeader


class Reader:
    """Reads the tensors of one load: each file is opened once, and mapped once.

    Arrays outlive the reader: a view keeps its map. Not for several threads at once.

    With `mmap=True` the views are writable and private (copy on write): the file never changes. But a file
    that is truncated or overwritten in place while a view lives pulls the ground from under it; replacing it
    by rename is harmless. With `mmap=False` nothing refers to the file after `read`.
    """

    def __init__(self, *, mmap: bool = True) -> None:
        self._mmap = mmap
        self._files: dict[Path, tuple[io.FileIO, int]] = {}
        self._maps: dict[Path, _mmap.mmap] = {}

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files. Maps go when the last array that views them goes."""
        for file, _ in self._files.values():
            file.close()
        self._files.clear()
        self._maps.clear()

    def read(self, header: TensorHeader, dtype: str | None = None) -> Array:
        """Give a tensor as a writable, contiguous array, aligned to its element size.

        Args:
            header: which tensor.
            dtype: convert to this dtype while reading, a chunk at a time; None keeps the file's.

        Raises:
            CheckpointFormatError: a file has become shorter than its header said, or has gone.
        """
        if dtype is not None and dtype != header.dtype:
            return self._converted(header, dtype)
        if self._mmap and self._can_view(header):
            return self._view(header)
        array = np.empty(header.shape, _dtypes.numpy_dtype(header.dtype))
        self._fill(_bytes_of(array), header, 0)
        return array

    def chunks(self, header: TensorHeader, nbytes: int) -> Iterator[memoryview]:
        """Give the tensor's bytes in pieces of `nbytes`, each valid until the next is asked for."""
        buffer = memoryview(bytearray(min(nbytes, header.nbytes)))
        for start in range(0, header.nbytes, nbytes):
            piece = buffer[: min(nbytes, header.nbytes - start)]
            self._fill(piece, header, start)
            yield piece

    def _can_view(self, header: TensorHeader) -> bool:
        # MindSpore crashes on data that is not aligned to its element size. Maps begin at a page.
        return len(header.ranges) == 1 and header.ranges[0].start % header.itemsize == 0 and header.nbytes > 0

    def _view(self, header: TensorHeader) -> Array:
        place = header.ranges[0]
        view = self._maps.get(place.path)
        if view is None:
            file, size = self._open(place.path, header)
            if size < place.stop:
                raise _truncated(header, place.path, place.stop, size)
            view = self._maps[place.path] = _mmap.mmap(file.fileno(), 0, access=_mmap.ACCESS_COPY)
        if len(view) < place.stop:
            raise _truncated(header, place.path, place.stop, len(view))
        return np.ndarray(header.shape, _dtypes.numpy_dtype(header.dtype), buffer=view, offset=place.start)

    def _converted(self, header: TensorHeader, dtype: str) -> Array:
        # Not from the map: its pages would count as the process's, and a buffer that stays in cache is as
        # fast.
        result = np.empty(header.shape, _dtypes.numpy_dtype(dtype))
        flat, source = result.reshape(-1), _dtypes.numpy_dtype(header.dtype)
        start = 0
        for piece in self.chunks(header, CHUNK * header.itemsize):
            values = np.frombuffer(piece, source)
            convert_into(values, flat[start : start + values.size])
            start += values.size
        return result

    def _fill(self, target: memoryview, header: TensorHeader, start: int) -> None:
        """Fill `target` with the tensor's bytes from `start`, straight from the file's ranges."""
        for place in header.ranges:
            length = place.stop - place.start
            if start < length and len(target):
                count = min(length - start, len(target))
                file, _ = self._open(place.path, header)
                _read_into(file, target[:count], place.start + start, header, place.path)
                target = target[count:]
                start += count
            start -= length

    def _open(self, path: Path, header: TensorHeader) -> tuple[io.FileIO, int]:
        known = self._files.get(path)
        if known is None:
            try:
                file = _files.open_regular(path)
            except FileNotFoundError:
                raise CheckpointFormatError(
                    f"{path}: tensor {header.name!r}: the file has gone since its header was read"
                ) from None
            known = self._files[path] = file, _files.size_of(file)
        return known


def read_tensor(header: TensorHeader, *, mmap: bool = True) -> Array:
    """Read one tensor as a numpy array (ml_dtypes' for bfloat16 and float8), writable and aligned.

    With `mmap=True` it is a view of a private (copy-on-write) map where the bytes are in one piece and
    aligned, which costs nothing until they are touched; otherwise, and with `mmap=False`, a fresh array. See
    `Reader`, which reads many.

    Raises:
        CheckpointFormatError: the file has become shorter than its header said, or has gone.
    """
    with Reader(mmap=mmap) as reader:
        return reader.read(header)


def _bytes_of(array: Array) -> memoryview:
    # Through uint8: numpy gives no buffer of ml_dtypes' types.
    return array.reshape(-1).view(np.uint8).data


def _read_into(file: io.FileIO, target: memoryview, start: int, header: TensorHeader, path: Path) -> None:
    while len(target):
        count = os.preadv(file.fileno(), [target], start)
        if count == 0:
            raise _truncated(header, path, start + len(target), _files.size_of(file))
        target = target[count:]
        start += count


def _truncated(header: TensorHeader, path: Path, needed: int, size: int) -> CheckpointFormatError:
    return CheckpointFormatError(
        f"{path}: tensor {header.name!r}: the file has become shorter since its header was read: "
        f"{needed} bytes needed, {size} left"
    )
