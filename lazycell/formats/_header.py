"""What a checkpoint holds, known without reading its data: names, dtypes, shapes and where the bytes are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import attrs

from .. import _dtypes
from .._errors import CheckpointFormatError
from .._frozen import frozen
from . import _files
from ._files import FileStamp


class Part(Protocol):
    """Where some bytes of a tensor are. `ByteRange` is read fastest; a format of a third party may bring its own."""

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on; may be called by several threads at once.

        Args:
            target: as many bytes as are wanted.
            start: the first of them, counted from the part's own.

        Raises:
            CheckpointFormatError: the bytes are not there any more.
        """


@frozen
class ByteRange:
    """Bytes `start` to `stop` (exclusive) of a file.

    `stamp` is the state of the file when its header was read: a `Reader` refuses any other.
    """

    path: Path
    start: int
    stop: int
    stamp: FileStamp | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return self.stop - self.start

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on. A `Reader` keeps the file open between calls instead.

        Args:
            target: as many bytes as are wanted.
            start: the first of them, counted from the part's own.

        Raises:
            CheckpointFormatError: the file has changed since its header was read, or become shorter.
            OSError: it cannot be opened or read.
        """
        with _files.open_regular(self.path) as file:
            content = _files.read_at(file, self.start + start, len(target))
            change = None if self.stamp is None else self.stamp.change_to(FileStamp.of(file.fileno()))
        if change is not None:
            raise CheckpointFormatError(f"{self.path}: the file has changed since its header was read: {change}")
        if len(content) < len(target):
            raise CheckpointFormatError(
                f"{self.path}: the file has become shorter since its header was read: "
                f"{self.start + start + len(target)} bytes needed, {self.start + start + len(content)} left"
            )
        target[:] = content


@frozen
class MemoryRange:
    """Bytes in memory: of a dict of arrays, or of a file that had to be decrypted."""

    content: memoryview = attrs.field(repr=False)

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return self.content.nbytes

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on.

        Args:
            target: as many bytes as are wanted.
            start: the first of them, counted from the part's own.
        """
        target[:] = self.content[start : start + len(target)]


@frozen
class TensorHeader:
    """One stored tensor: little-endian, row-major, its bytes in `ranges` one after the other.

    `dtype` is a canonical name; that of a tensor which no MindSpore tensor can hold is the format's own (`F8_E8M0` of
    safetensors, `Int4` of a `.ckpt`): such a tensor can be listed, and ignored, but not read.

    `origin` says what is stored where that is something else, from which these bytes are computed as they are read.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    ranges: tuple[Part, ...]
    origin: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether lazycell reads the dtype."""
        return self.dtype in _dtypes.ITEMSIZES

    @property
    def itemsize(self) -> int:
        """Bytes of one element.

        Raises:
            CheckpointFormatError: the dtype is one that lazycell does not read.
        """
        try:
            return _dtypes.ITEMSIZES[self.dtype]
        except KeyError:
            raise CheckpointFormatError(
                f"tensor {self.name!r}: lazycell does not read its dtype {self.dtype}"
            ) from None

    @property
    def nbytes(self) -> int:
        """Bytes of the whole tensor."""
        return sum(part.nbytes for part in self.ranges)

    @property
    def byte_ranges(self) -> Iterator[ByteRange]:
        """The bytes in files that its parts are, or are gathered from."""
        for part in self.ranges:
            if type(part) is ByteRange:
                yield part
            else:
                yield from getattr(part, "ranges", ())

    @property
    def piece(self) -> int:
        """How many elements are best read at once, where its parts are computed and say so; 0: any."""
        return max((getattr(part, "piece", 0) for part in self.ranges), default=0)


@frozen
class CheckpointHeader:
    """All tensors of a checkpoint by name, in the order of the file.

    `format` is `"safetensors"`, `"ckpt"`, `"sharded"`, `"ranks"`, `"dict"` (`path` is `<dict>` then) or that of a
    third party.
    `metadata` is what the file says besides tensors: the `__metadata__` of safetensors, the strings saved with
    `append_dict` in a `.ckpt`.
    `notes` are sentences for whoever loads it: what is not wrong, and may not be meant.
    `stored` is that of what the files hold, where this one is a view of it: checksums are of that.
    """

    path: Path
    format: str
    tensors: Mapping[str, TensorHeader]
    metadata: Mapping[str, str] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()
    stored: CheckpointHeader | None = attrs.field(default=None, repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    @property
    def may_have_codes(self) -> bool:
        """Whether a dtype is none that weights are stored in as they are, so that something may be quantized."""
        return not _dtypes.OF_WEIGHTS.issuperset({tensor.dtype for tensor in self.tensors.values()})


def checked_nbytes(shape: Sequence[int], itemsize: int) -> int | None:
    """Give the bytes of a tensor, or None if an intermediate product leaves 63 bits."""
    total = itemsize
    for size in shape:
        total *= size
        if total >= 1 << 63:
            return None
    return total
