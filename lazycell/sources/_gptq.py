"""GPTQ: columns of the weight in groups, packed along the rows of what is stored, which is the weight turned.

As AutoGPTQ and GPTQModel write it (`qweight` int32 (in * bits / 32, out), `qzeros` int32 (groups, out * bits / 32),
`scales` float16 (groups, out), perhaps `g_idx` (in,)): `W[o, i] = scales[g, o] * (q[i, o] - z[g, o])`, where `z` is one
more than what is stored, but not in the format `gptq_v2`. Read: AutoGPTQ's `qlinear_cuda_old.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._errors import CheckpointFormatError
from .._frozen import frozen
from ..formats import ByteRange, TensorHeader
from ..system import Array
from ._column_groups import AT_ONCE, SCALES, TURNED, apply_groups, apply_index, group_size
from ._elements import read_box, read_elements
from ._floats_view import View
from ._packed_bits import unpacked

_BITS = (2, 4, 8)


@frozen
class GPTQ:
    """Computes a weight.

    Attributes:
        qweight: the codes: words along the columns of the weight, for each of its rows.
        qzeros: the zero points: groups, and words along the rows of the weight.
        scales: groups, and rows of the weight.
        g_idx: the group of each column; None: they lie in order.
        bits: of a code.
        size: columns of a group; the last may be short.
        offset: what is added to the zero points that are stored.
    """

    qweight: TensorHeader
    qzeros: TensorHeader
    scales: TensorHeader
    g_idx: TensorHeader | None
    bits: int
    size: int
    offset: int

    @property
    def step(self) -> int:
        """A row."""
        return self.qweight.shape[0] * 32 // self.bits

    @property
    def piece(self) -> int:
        """Elements that are worth asking for at once."""
        return TURNED

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        for tensor in (self.qweight, self.qzeros, self.scales, self.g_idx):
            if tensor is not None:
                yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some rows."""
        columns = self.step
        start, values = first // columns, out.reshape(-1, columns)
        rows = (start, start + len(values))
        groups = self.scales.shape[0]
        words = read_box(self.qweight, (0, self.qweight.shape[0]), rows)
        scales = read_box(self.scales, (0, groups), rows).T.astype(np.float32, order="C")
        zeros, index = self._zeros(rows), self._index()
        at_once = max(1, AT_ONCE // columns)
        for top in range(0, len(values), at_once):
            few = slice(top, top + at_once)
            values[few] = unpacked(np.ascontiguousarray(words[:, few].T), self.bits)
            if index is None:
                apply_groups(values[few], scales[few], zeros[few], self.size)
            else:
                apply_index(values[few], scales[few], zeros[few], index)

    def _zeros(self, rows: tuple[int, int]) -> Array:
        """Give the zero points of some rows: rows and groups."""
        each = 32 // self.bits
        words = (rows[0] // each, -(-rows[1] // each))
        stored = unpacked(read_box(self.qzeros, (0, self.qzeros.shape[0]), words), self.bits)
        begin = rows[0] - words[0] * each
        zeros: Array = stored[:, begin : begin + rows[1] - rows[0]].T.astype(np.float32, order="C")
        zeros += self.offset
        return zeros

    def _index(self) -> Array | None:
        """Give the group of each column, where they do not lie in order."""
        if self.g_idx is None:
            return None
        index = read_elements(self.g_idx, 0, self.step)
        if np.array_equal(index, np.arange(self.step) // self.size):
            return None
        if index.min() < 0 or index.max() >= self.scales.shape[0]:
            raise CheckpointFormatError(
                f"tensor {self.g_idx.name!r}: groups {index.min()} to {index.max()}, and there are scales of "
                f"{self.scales.shape[0]}"
            )
        return index


def gptq(tensors: Mapping[str, TensorHeader], cell: str, quantization: Mapping[str, Any]) -> View | str:
    """Give a weight as floats, or say why it cannot be.

    Args:
        tensors: of the checkpoint.
        cell: what the names of its tensors begin with.
        quantization: what the config says.
    """
    bits: Any = quantization.get("bits")
    if not isinstance(bits, int) or bits not in _BITS:
        return f"bits={bits!r:.40}: lazycell unpacks GPTQ of 2, 4 and 8 bits"
    found = [tensors.get(f"{cell}{name}") for name in ("qweight", "qzeros", "scales")]
    if None in found:
        return f"`{cell}qzeros` is not there"
    qweight, qzeros, scales = (each for each in found if each is not None)
    g_idx = tensors.get(f"{cell}g_idx")
    if qweight.dtype != "int32" or qzeros.dtype != "int32" or scales.dtype not in SCALES:
        return f"words of {qweight.dtype} and {qzeros.dtype}, and scales of {scales.dtype}, are not GPTQ's"
    if not all(len(each.shape) == 2 and 0 not in each.shape for each in (qweight, qzeros, scales)):
        return f"codes {qweight.shape}, zero points {qzeros.shape} and scales {scales.shape} are no matrices"
    columns, (groups, rows) = qweight.shape[0] * 32 // bits, scales.shape
    if qweight.shape[1] != rows or qzeros.shape[0] != groups or qzeros.shape[1] * 32 != rows * bits:
        return (
            f"codes {qweight.shape}, zero points {qzeros.shape} and scales {scales.shape} are not those of a weight "
            f"of {bits} bits"
        )
    if g_idx is not None and (g_idx.shape != (columns,) or g_idx.dtype not in ("int32", "int64")):
        return f"`{g_idx.name}` of {g_idx.dtype} {g_idx.shape} does not tell the groups of {columns} columns"
    size = group_size(quantization.get("group_size"), columns, groups)
    if isinstance(size, str):
        return size
    offset = 0 if quantization.get("checkpoint_format") == "gptq_v2" else 1
    values = GPTQ(qweight, qzeros, scales, g_idx, bits, size, offset)
    return View((rows, columns), values, f"gptq {bits} bit, groups of {size}")
