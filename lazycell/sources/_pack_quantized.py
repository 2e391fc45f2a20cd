"""compressed-tensors' `pack-quantized`: rows of packed codes, with a scale for the tensor, for each row or group.

`weight_packed` int32 (out, ceil(in * bits / 32)), the lowest bits first along `in`, of codes that are stored with
`2 ** (bits - 1)` added; `weight_shape`; `weight_scale` of the tensor, (out, 1) or (out, groups); `weight_zero_point`
int32, packed likewise, but along `out`. `W = (q - z) * scale`. Read: `pack_quantized.py` of compressed-tensors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._frozen import frozen
from ..formats import ByteRange, TensorHeader
from ..system import Array
from ._column_groups import SCALES, apply_groups, count_of
from ._config_groups import bits_told, is_asymmetric, size_told
from ._elements import read_box, read_elements
from ._floats_view import View
from ._packed_bits import unpacked


@frozen
class PackQuantized:
    """Computes a weight.

    Attributes:
        packed: the codes: rows, and words along the columns.
        scales: one, or for each row as many as it has groups.
        zeros: the zero points: words along the rows, and groups; None: codes are symmetric.
        columns: of the weight.
        bits: of a code.
        size: columns of a group; the last may be short.
    """

    packed: TensorHeader
    scales: TensorHeader
    zeros: TensorHeader | None
    columns: int
    bits: int
    size: int

    @property
    def step(self) -> int:
        """A row."""
        return self.columns

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        for tensor in (self.packed, self.scales, self.zeros):
            if tensor is not None:
                yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some rows."""
        values = out.reshape(-1, self.columns)
        start = first // self.columns
        stop = start + len(values)
        words = read_box(self.packed, (start, stop), (0, self.packed.shape[1]))
        values[...] = unpacked(words, self.bits)[:, : self.columns]
        if self.zeros is None:
            values -= 1 << (self.bits - 1)
        # Zero points are stored with the same number added as the codes.
        zeros = None if self.zeros is None else self._zeros(self.zeros, start, stop)
        apply_groups(values, self._scales(start, stop), zeros, self.size)

    def _scales(self, start: int, stop: int) -> Array:
        if math.prod(self.scales.shape) == 1:
            return np.broadcast_to(read_elements(self.scales, 0, 1).astype(np.float32), (stop - start, 1))
        return read_box(self.scales, (start, stop), (0, self.scales.shape[1])).astype(np.float32)

    def _zeros(self, stored: TensorHeader, start: int, stop: int) -> Array:
        each = 32 // self.bits
        begin = start // each
        words = read_box(stored, (begin, -(-stop // each)), (0, stored.shape[1]))
        numbers = unpacked(np.ascontiguousarray(words.T), self.bits)
        return numbers.T[start - begin * each : stop - begin * each].astype(np.float32)


def pack_quantized(tensors: Mapping[str, TensorHeader], cell: str, quantization: Mapping[str, Any]) -> View | str:
    """Give a weight as floats, or say why it cannot be.

    Args:
        tensors: of the checkpoint.
        cell: what the names of its tensors begin with.
        quantization: what the config says.
    """
    if f"{cell}weight_g_idx" in tensors:
        return f"`{cell}weight_g_idx`: lazycell does not apply `actorder`"
    if f"{cell}weight_global_scale" in tensors:
        return f"`{cell}weight_global_scale`: lazycell applies no scales of scales"
    packed, scales = tensors[f"{cell}weight_packed"], tensors[f"{cell}weight_scale"]
    shape, zeros = tensors.get(f"{cell}weight_shape"), tensors.get(f"{cell}weight_zero_point")
    if packed.dtype != "int32" or len(packed.shape) != 2 or 0 in packed.shape:
        return f"codes of {packed.dtype} {packed.shape} are not compressed-tensors'"
    if scales.dtype not in SCALES:
        return f"lazycell does not apply scales of {scales.dtype}"
    if shape is None or shape.shape != (2,) or shape.dtype not in ("int64", "int32"):
        return f"`{cell}weight_shape` does not tell rows and columns"
    rows, columns = (int(each) for each in read_elements(shape, 0, 2))
    told = bits_told(quantization)
    fitting = [bits for bits in (4, 8) if rows == packed.shape[0] and -(-columns * bits // 32) == packed.shape[1]]
    found = [bits for bits in fitting if not told or bits in told]
    if len(found) != 1 or columns < 1:
        said = f", and the config says {', '.join(map(repr, sorted(told)))}" if told else ""
        return f"words {packed.shape} are not those of a weight of {(rows, columns)}, of 4 or of 8 bits{said}"
    (bits,) = found
    size = _size(scales.shape, rows, columns, quantization)
    if isinstance(size, str):
        return size
    groups = count_of(columns, size)
    if zeros is not None and (zeros.dtype, zeros.shape) != ("int32", (-(-rows * bits // 32), groups)):
        return f"zero points of {zeros.dtype} {zeros.shape} are not those of {rows} rows of {groups} groups"
    if zeros is None and is_asymmetric(quantization):
        return f"the config says that codes are not symmetric, and `{cell}weight_zero_point` is not there"
    how = "" if size == columns else f", groups of {size}"
    values = PackQuantized(packed, scales, zeros, columns, bits, size)
    return View((rows, columns), values, f"compressed-tensors {bits} bit{how}")


def _size(scales: tuple[int, ...], rows: int, columns: int, quantization: Mapping[str, Any]) -> int | str:
    """Give the columns of a group."""
    if math.prod(scales) == 1 or scales == (rows, 1):
        return columns
    if len(scales) == 2 and scales[0] == rows:
        size = size_told(quantization, columns, scales[1])
        if size is not None:
            return size
    return f"scales {scales} are neither one for the tensor nor one for each row or group of {(rows, columns)}"
