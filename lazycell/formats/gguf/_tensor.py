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

_STEP = 1 << 17
"""Elements that are computed at once, about: what is needed meanwhile stays in a core's cache, and is not given back to
the system each time."""


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
        kind, where = self.type, f"{self.path}: tensor {self.tensor!r}:"
        rows, position = out.reshape(-1, kind.elements), self._place(first)
        step = max(1, _STEP // kind.elements)
        try:
            file = _files.open_regular(self.path)
        except FileNotFoundError:
            raise CheckpointFormatError(f"{where} the file has gone since its header was read") from None
        change = None
        with file, np.errstate(all="ignore"):  # an infinite scale is the file's own
            for begin in range(0, len(rows), step):
                some = rows[begin : begin + step]
                content = _files.read_at(file, position, len(some) * kind.nbytes)
                position += len(some) * kind.nbytes
                if len(content) < len(some) * kind.nbytes:
                    change = f"it ends before byte {position}"
                    break
                DECODERS[kind.name](np.frombuffer(content, np.uint8).reshape(len(some), -1), some)
            if self.stamp is not None:
                change = self.stamp.change_to(FileStamp.of(file.fileno())) or change
        if change is not None:
            raise CheckpointFormatError(
                f"{where} the file has changed since its header was read: {change}; load it again when nothing writes "
                "to it any more"
            )

    def _place(self, element: int) -> int:
        return self.start + element // self.type.elements * self.type.nbytes


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
