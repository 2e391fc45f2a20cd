"""What a checkpoint holds, known without reading its data: names, dtypes, shapes and where the bytes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from .. import _dtypes


@attrs.frozen
class ByteRange:
    """Bytes `start` to `stop` (exclusive) of a file."""

    path: Path
    start: int
    stop: int


@attrs.frozen
class TensorHeader:
    """One stored tensor: little-endian, row-major, its bytes in `ranges` one after the other."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    ranges: tuple[ByteRange, ...]

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return _dtypes.itemsize(self.dtype)

    @property
    def nbytes(self) -> int:
        """Bytes of the whole tensor."""
        return sum(part.stop - part.start for part in self.ranges)


@attrs.frozen
class CheckpointHeader:
    """All tensors of a checkpoint by name, in the order of the file.

    `format` is `"safetensors"`, `"ckpt"` or `"sharded"`. `metadata` is what the file says besides tensors:
    the `__metadata__` of safetensors, the strings saved with `append_dict` in a `.ckpt`.
    """

    path: Path
    format: str
    tensors: Mapping[str, TensorHeader]
    metadata: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())


def checked_nbytes(shape: Sequence[int], itemsize: int) -> int | None:
    """Give the bytes of a tensor, or None if an intermediate product leaves 63 bits."""
    total = itemsize
    for size in shape:
        total *= size
        if total >= 1 << 63:
            return None
    return total
