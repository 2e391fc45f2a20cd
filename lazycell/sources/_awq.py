"""AWQ, version `gemm`: columns of the weight in groups, packed along its rows; what is stored is the weight turned.

As AutoAWQ writes it (`qweight` int32 (in, out / 8), `qzeros` int32 (groups, out / 8), `scales` float16 (groups, out)):
row `8 * c + j` of the weight is in column `c` of the words, and its four bits begin at bit `_SHIFTS[j]`;
`W[o, i] = (q[i, o] - z[g, o]) * scales[g, o]`. Read: AutoAWQ's `packing_utils.py` and `gemm.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._frozen import frozen
from ..formats import ByteRange, TensorHeader
from ..system import Array
from ._column_groups import AT_ONCE, SCALES, TURNED, apply_groups, group_size
from ._elements import read_box
from ._floats_view import View

_SHIFTS = (0, 16, 4, 20, 8, 24, 12, 28)


@frozen
class AWQ:
    """Computes a weight.

    Attributes:
        qweight: the codes: columns of the weight, and words along its rows.
        qzeros: the zero points: groups, and words along the rows of the weight.
        scales: groups, and rows of the weight.
        size: columns of a group; the last may be short.
    """

    qweight: TensorHeader
    qzeros: TensorHeader
    scales: TensorHeader
    size: int

    @property
    def step(self) -> int:
        """A row."""
        return self.qweight.shape[0]

    @property
    def piece(self) -> int:
        """Elements that are worth asking for at once."""
        return TURNED

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        for tensor in (self.qweight, self.qzeros, self.scales):
            yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some rows."""
        columns, groups = self.step, self.scales.shape[0]
        start, values = first // columns, out.reshape(-1, columns)
        stop = start + len(values)
        begin, end = start // 8, -(-stop // 8)
        words = read_box(self.qweight, (0, columns), (begin, end))
        scales = read_box(self.scales, (0, groups), (start, stop)).T.astype(np.float32, order="C")
        stored = _rows(read_box(self.qzeros, (0, groups), (begin, end)))
        zeros: Array = stored[start - 8 * begin : stop - 8 * begin].astype(np.float32)
        at_once = max(1, AT_ONCE // (8 * columns))
        for left in range(begin, end, at_once):
            codes = _rows(words[:, left - begin : left - begin + at_once])
            low, high = max(start, 8 * left), min(stop, 8 * left + len(codes))
            few = slice(low - start, high - start)
            values[few] = codes[low - 8 * left : high - 8 * left]
            apply_groups(values[few], scales[few], zeros[few], self.size)


def _rows(words: Array) -> Array:
    """Give the numbers in words, of uint8, with the two axes changed: eight rows for each column of words."""
    height, width = words.shape
    # Byte by byte, which has two numbers: the axes of bytes change places faster than those of numbers.
    turned = np.ascontiguousarray(np.ascontiguousarray(words).view(np.uint8).T).reshape(width, 4, height)
    rows = np.empty((width, 8, height), np.uint8)
    for row, shift in enumerate(_SHIFTS):
        byte, within = divmod(shift, 8)
        if within:
            np.right_shift(turned[:, byte], 4, out=rows[:, row])
        else:
            np.bitwise_and(turned[:, byte], 15, out=rows[:, row])
    return rows.reshape(8 * width, height)


def awq(tensors: Mapping[str, TensorHeader], cell: str, quantization: Mapping[str, Any]) -> View | str:
    """Give a weight as floats, or say why it cannot be.

    Args:
        tensors: of the checkpoint.
        cell: what the names of its tensors begin with.
        quantization: what the config says.
    """
    bits: Any = quantization.get("bits", quantization.get("w_bit"))
    if bits != 4:
        return f"bits={bits!r:.40}: lazycell unpacks AWQ of 4 bits"
    found = [tensors.get(f"{cell}{name}") for name in ("qweight", "qzeros", "scales")]
    if None in found:
        return f"`{cell}qzeros` is not there"
    qweight, qzeros, scales = (each for each in found if each is not None)
    if qweight.dtype != "int32" or qzeros.dtype != "int32" or scales.dtype not in SCALES:
        return f"words of {qweight.dtype} and {qzeros.dtype}, and scales of {scales.dtype}, are not AWQ's"
    if not all(len(each.shape) == 2 and 0 not in each.shape for each in (qweight, qzeros, scales)):
        return f"codes {qweight.shape}, zero points {qzeros.shape} and scales {scales.shape} are no matrices"
    columns, (groups, rows) = qweight.shape[0], scales.shape
    if 8 * qweight.shape[1] != rows or qzeros.shape != (groups, qweight.shape[1]):
        return (
            f"codes {qweight.shape}, zero points {qzeros.shape} and scales {scales.shape} are not those of AWQ's "
            "version gemm"
        )
    size = group_size(quantization.get("group_size", quantization.get("q_group_size")), columns, groups)
    if isinstance(size, str):
        return size
    return View((rows, columns), AWQ(qweight, qzeros, scales, size), f"awq 4 bit, groups of {size}")
