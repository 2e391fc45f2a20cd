"""A tensor of a GGUF file as a tensor of floats, computed from its blocks as it is read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import attrs
import numpy as np

from ..._errors import CheckpointFormatError
from ..._frozen import frozen
from ...system import Array
from .. import _files
from .._computed import Computed
from .._files import FileStamp
from .._header import ByteRange, TensorHeader
from ._decoders import DECODERS
from ._file import GgufFile, GgufTensor
from ._types import PLAIN, Type, named


@frozen
class BlockValues:
    """The numbers of a tensor that is stored in blocks.

    Attributes:
        tensor: its name, for messages.
        path: of the file.
        start: its first byte.
        count: its elements.
        type: of its blocks.
        stamp: the state of the file when its header was read.
    """

    tensor: str
    path: Path
    start: int
    count: int
    type: Type
    stamp: FileStamp | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def step(self) -> int:
        """Elements of a block."""
        return self.type.elements

    @property
    def ranges(self) -> Iterator[ByteRange]:
        """All blocks."""
        yield ByteRange(self.path, self.start, self._place(self.count), self.stamp)

    def fill(self, first: int, out: Array) -> None:
        """Compute the elements from `first` on, the first one of a block, to the last one of a block."""
        kind = self.type
        content = np.frombuffer(self._read(self._place(first), self._place(first + out.size)), np.uint8)
        with np.errstate(all="ignore"):  # an infinite scale is the file's own
            DECODERS[kind.name](content.reshape(-1, kind.nbytes), out.reshape(-1, kind.elements))

    def _place(self, element: int) -> int:
        return self.start + element // self.type.elements * self.type.nbytes

    def _read(self, start: int, stop: int) -> bytes:
        where = f"{self.path}: tensor {self.tensor!r}:"
        try:
            file = _files.open_regular(self.path)
        except FileNotFoundError:
            raise CheckpointFormatError(f"{where} the file has gone since its header was read") from None
        with file:
            content = _files.read_at(file, start, stop - start)
            change = None if self.stamp is None else self.stamp.change_to(FileStamp.of(file.fileno()))
        if change is None and len(content) < stop - start:
            change = f"it ends before byte {stop}"
        if change is not None:
            raise CheckpointFormatError(
                f"{where} the file has changed since its header was read: {change}; load it again when nothing writes "
                "to it any more"
            )
        return content


def header_of(file: GgufFile, tensor: GgufTensor, name: str) -> TensorHeader:
    """Give a tensor of a file as one that is read: as it lies if it is of plain numbers, else computed in float32.

    Of a type that lazycell does not compute it is listed, under the type's name, and cannot be read.

    Args:
        file: that it is in.
        tensor: one of `file.tensors`.
        name: what it is to be called.
    """
    place = ByteRange(file.path, tensor.start, tensor.start + tensor.nbytes, file.stamp)
    if tensor.type in PLAIN:
        return TensorHeader(name, PLAIN[tensor.type], tensor.shape, (place,))
    if tensor.type not in DECODERS:
        return TensorHeader(name, tensor.type, tensor.shape, (place,))
    values = BlockValues(tensor.name, file.path, tensor.start, math.prod(tensor.shape), named(tensor.type), file.stamp)
    return TensorHeader(name, "float32", tensor.shape, (Computed(tensor.shape, values),), f"{tensor.type} blocks")
