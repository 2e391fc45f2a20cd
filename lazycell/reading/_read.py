"""Bring a tensor's bytes into memory: a view of a private map where that is sound, else reads."""

from __future__ import annotations

import io
import math
import mmap as _mmap
import threading
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import attrs
import numpy as np

from .. import _dtypes
from .._arguments import check_switch
from .._errors import CheckpointFormatError
from ..formats import ByteRange, FileStamp, MemoryRange, Part, TensorHeader, named, open_regular, size_of
from ..system import Array, available_cores, empty, most_descriptors, read_into_at


@attrs.define(eq=False, repr=False)
class _OpenFile:
    """A file of this load, the state it had when it was opened, and its map once somebody has asked for one."""

    path: Path
    file: io.FileIO
    stamp: FileStamp
    tensor: str  # the first that was asked for
    map: _mmap.mmap | None = None
    mappable: bool = True
    kept: bool = True  # open until the reader is closed; else whoever has opened it closes it

    def check(self, stamp: FileStamp, tensor: str) -> None:
        """Fail if the file is not as `stamp` says."""
        change = stamp.change_to(FileStamp.of(self.file.fileno()))
        if change is not None:
            raise CheckpointFormatError(
                f"{self.path}: tensor {tensor!r}: the file has changed since its header was read: {change}; "
                f"load it again when nothing writes to it any more"
            )


_maps: weakref.WeakSet[_mmap.mmap] = weakref.WeakSet()
"""Those of all readers that live: arrays keep theirs."""


class Reader:
    """Reads the tensors of one load: each file is opened once, and mapped once.

    Arrays outlive the reader: a view keeps its map. Several threads may use one reader at once.

    With `mmap=True` the views are writable and private (copy on write): the file never changes. But a file
    that is truncated or overwritten in place while a view lives pulls the ground from under it; replacing it
    by rename is harmless. With `mmap=False` nothing refers to the file after `read`.

    A map holds a descriptor as long as it lives. No more maps are made in this process, and no more files kept open by
    a reader, than a quarter of the descriptors that it may have: what lies in further files is read, a file at a time.

    Args:
        mmap: give views of the file where its bytes can be used as they lie.
        threads: how many threads `stage` and `check_ties` use, the caller's included; None: one a core, at most 8.
    """

    def __init__(self, *, mmap: bool = True, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads={threads}: at least one is needed")
        self._mmap = mmap
        self._threads = threads
        self._files: dict[Path, _OpenFile] = {}
        self._lock = threading.Lock()

    @property
    def threads(self) -> int:
        """How many threads may read at once."""
        return available_cores() if self._threads is None else self._threads

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files. Maps go when the last array that views them goes."""
        for opened in self._files.values():
            opened.file.close()
        self._files.clear()

    def read(self, header: TensorHeader) -> Array:
        """Give a tensor as a writable, contiguous array, aligned to its element size.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """
        view = self.view(header)
        if view is not None:
            return view
        if math.prod(header.shape) * header.itemsize != header.nbytes:
            raise wrong_length(header)
        try:
            array = empty(header.shape, _dtypes.numpy_dtype(header.dtype))
        except ValueError as error:
            raise _no_array(header, error) from None
        self.read_into(header, _dtypes.bytes_of(array))
        return array

    def view(self, header: TensorHeader) -> Array | None:
        """Give a tensor as a view of a private map of its file; None where that cannot be. No page is touched.

        It can be if the reader may map, and the bytes lie in one range of a file, aligned to the element size:
        MindSpore crashes on data that is not. What is in memory is never viewed: two nets would share it.

        Raises:
            CheckpointFormatError: the file has changed since its header was read, or has gone.
        """
        if not self._mmap or len(header.ranges) != 1:
            return None
        (place,) = header.ranges
        itemsize = header.itemsize
        if type(place) is not ByteRange or place.start % itemsize or place.start == place.stop:
            return None  # maps begin at a page
        if math.prod(header.shape) * itemsize != place.stop - place.start:
            raise wrong_length(header)
        opened = self._files.get(place.path)
        if opened is None:
            if not _may_keep(len(self._files)):
                return None
            opened = self._open(place, header.name)
        if opened.map is None and not self._map(opened):
            return None
        assert opened.map is not None
        if len(opened.map) < place.stop:
            raise _truncated(header.name, place.path, place.stop, len(opened.map))
        dtype = _dtypes.numpy_dtype(header.dtype)
        try:
            array: Array = np.ndarray(header.shape, dtype, buffer=opened.map, offset=place.start)
        except ValueError as error:
            raise _no_array(header, error) from None
        return array

    def read_into(self, header: TensorHeader, target: memoryview, start: int = 0) -> None:
        """Fill `target` (of bytes) with the tensor's bytes from `start`, straight from where they are.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """
        for part in header.ranges:
            length = part.nbytes
            if start < length and len(target):
                count = min(length - start, len(target))
                self._read_part(part, target[:count], start, header.name)
                target = target[count:]
                start += count
            start = max(start - length, 0)
        if len(target):
            raise wrong_length(header)

    def read_runs(self, header: TensorHeader, target: memoryview, starts: Iterable[int], length: int) -> None:
        """Fill `target` with runs of the tensor's bytes, one after the other, and ask the files for nothing between.

        Args:
            header: of the tensor.
            target: of bytes.
            starts: where each run begins in the tensor.
            length: of each.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """
        part = header.ranges[0]
        if len(header.ranges) > 1 or type(part) is not ByteRange:
            for start in starts:
                self.read_into(header, target[:length], start)
                target = target[length:]
            return
        opened = self._files.get(part.path) or self._open(part, header.name)
        try:
            descriptor, begin = opened.file.fileno(), part.start
            for start in starts:
                run, target = target[:length], target[length:]
                if read_into_at(descriptor, run, begin + start) != length:
                    _read_range(opened, part, run, start, header.name)  # once more, to its end, or what is wrong
            opened.check(opened.stamp, header.name)  # once: a run costs little more than this
        except OSError as error:
            raise named(error, opened.file) from None
        finally:
            if not opened.kept:
                opened.file.close()

    def chunks(self, header: TensorHeader, nbytes: int) -> Iterator[memoryview]:
        """Give the tensor's bytes in order, in pieces of `nbytes`.

        Each piece is valid until the next is asked for: all share one buffer. Iterators of several tensors are
        independent of each other, also in several threads.
        """
        buffer = memoryview(bytearray(min(nbytes, header.nbytes)))
        for start in range(0, header.nbytes, nbytes):
            piece = buffer[: min(nbytes, header.nbytes - start)]
            self.read_into(header, piece, start)
            yield piece

    def check_unchanged(self) -> None:
        """Fail if a file is not as it was when its header was read.

        Every read of bytes from a file checks this by itself. For what is viewed, this is the moment to ask: what
        happens later is beyond anybody's help.

        Raises:
            CheckpointFormatError: a file has changed.
        """
        for opened in self._files.values():
            opened.check(opened.stamp, opened.tensor)

    def _read_part(self, part: Part, target: memoryview, start: int, tensor: str) -> None:
        if type(part) is ByteRange:
            opened = self._files.get(part.path) or self._open(part, tensor)
            try:
                _read_range(opened, part, target, start, tensor)
            finally:
                if not opened.kept:
                    opened.file.close()
        elif type(part) is MemoryRange:
            # Through numpy, which lets other threads run meanwhile.
            content = np.frombuffer(part.content, np.uint8)
            np.copyto(np.frombuffer(target, np.uint8), content[start : start + len(target)])
        else:
            part.read_into(target, start)

    def _map(self, opened: _OpenFile) -> bool:
        with self._lock:
            if opened.map is None and opened.mappable:
                if not _may_keep(len(_maps)):
                    opened.mappable = False
                    return False
                try:
                    opened.map = _mmap.mmap(opened.file.fileno(), 0, access=_mmap.ACCESS_COPY)
                    _maps.add(opened.map)
                except (OSError, ValueError):
                    # Not every file system maps, and a limit on address space may forbid it. Reading always works.
                    opened.mappable = False
            return opened.map is not None

    def _open(self, place: ByteRange, tensor: str) -> _OpenFile:
        with self._lock:
            opened = self._files.get(place.path)
            if opened is None:
                try:
                    file = open_regular(place.path)
                except FileNotFoundError:
                    raise CheckpointFormatError(
                        f"{place.path}: tensor {tensor!r}: the file has gone since its header was read"
                    ) from None
                opened = _OpenFile(place.path, file, FileStamp.of(file.fileno()), tensor)
                if place.stamp is not None:
                    try:
                        opened.check(place.stamp, tensor)
                    except CheckpointFormatError:
                        file.close()
                        raise
                opened.kept = _may_keep(len(self._files))
                if opened.kept:
                    self._files[place.path] = opened
            return opened


_FEW = 16
"""Files, or maps, that are never too many: few processes may have less than four times as many descriptors."""


def _may_keep(kept: int) -> bool:
    """Tell whether one file or map may stay open beside as many as there are: a quarter of all descriptors may."""
    return kept < _FEW or kept < most_descriptors() // 4


def _read_range(opened: _OpenFile, part: ByteRange, target: memoryview, start: int, tensor: str) -> None:
    """Fill `target` with the bytes of a part from `start`."""
    position, stop = part.start + start, part.start + start + len(target)
    while len(target):
        try:
            count = read_into_at(opened.file.fileno(), target, position)
        except OSError as error:
            raise named(error, opened.file) from None
        if count == 0:
            raise _truncated(tensor, part.path, stop, size_of(opened.file))
        target = target[count:]
        position += count
    opened.check(opened.stamp, tensor)


def read_tensor(header: TensorHeader, *, mmap: bool = True) -> Array:
    """Read one tensor of a checkpoint as a numpy array, in the dtype and the shape that its header says.

    Args:
        header: one of `open_checkpoint(path).tensors`.
        mmap: give a view of a private (copy-on-write) map of the file where the tensor's bytes lie in one piece and
            aligned, which costs nothing until they are touched; with False, always a fresh array.

    Returns:
        Writable, contiguous, aligned to its element size; of `ml_dtypes`' dtype for bfloat16 and float8.

    Raises:
        CheckpointFormatError: a file has changed since its header was read, or has gone; or the dtype is one that no
            array can have.
        TypeError: `header` is no `TensorHeader`, or `mmap` neither True nor False.
    """
    check_switch(mmap, "mmap")
    if not isinstance(header, TensorHeader):
        raise TypeError(
            f"read_tensor takes a TensorHeader, such as open_checkpoint(path).tensors[name], "
            f"and was given a {type(header).__name__}"
        )
    with Reader(mmap=mmap) as reader:
        return reader.read(header)


def _truncated(tensor: str, path: Path, needed: int, size: int) -> CheckpointFormatError:
    return CheckpointFormatError(
        f"{path}: tensor {tensor!r}: the file has become shorter since its header was read: "
        f"{needed} bytes needed, {size} left"
    )


def _no_array(header: TensorHeader, error: ValueError) -> CheckpointFormatError:
    sizes = ", ".join(map(str, header.shape[:4])) + (", …" if len(header.shape) > 4 else "")
    return CheckpointFormatError(
        f"tensor {header.name!r:.200} has {len(header.shape)} dimensions ({sizes}), and numpy can make no array of "
        f"that shape: {error}"
    )


def wrong_length(header: TensorHeader) -> CheckpointFormatError:
    """Give the error for parts that do not make the tensor."""
    return CheckpointFormatError(
        f"tensor {header.name!r}: its parts hold {header.nbytes} bytes, which are not those of "
        f"{header.dtype} {header.shape}"
    )
