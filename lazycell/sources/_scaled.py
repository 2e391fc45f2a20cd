"""8-bit codes as the floats that they stand for: each times the scale of its tensor, its row or its block.

The layouts are those of DeepSeek's FP8 (`weight_scale_inv`, multiplied in spite of its name; by blocks of the config's
`weight_block_size`, of which the last may be short) and of compressed-tensors (`weight_scale` of a tensor or a row).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from .._frozen import frozen
from ..formats import BoxedRange, ByteRange, StridedRange, TensorHeader
from ..system import Array
from ._column_groups import SCALES
from ._config_groups import size_told
from ._elements import read_elements, read_floats
from ._exponents import EXPONENTS, powers
from ._floats_view import View
from ._quantized import NO_BLOCKS, Quantized
from ._scaled_groups import ScaledGroups

_CODES = frozenset({"float8_e4m3fn", "float8_e5m2", "int8"})

Blocks = tuple[int, int]
"""Rows and columns that have one scale."""


@frozen(slots=False)
class Scaled:
    """Computes a weight: the products of codes and scales, rounded once, to float32.

    Attributes:
        codes: the tensor of the codes, of two axes or more: matrices.
        scales: that of the scales: one, or as many matrices, with an element for each block.
        blocks: what has one scale.
        corner: where the codes begin in those that the scales are of: matrix, row and column.
    """

    codes: TensorHeader
    scales: TensorHeader
    blocks: Blocks
    corner: tuple[int, int, int] = (0, 0, 0)

    @property
    def step(self) -> int:
        """Any element may be the first."""
        return 1

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        yield from self.codes.byte_ranges
        yield from self.scales.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some elements."""
        read_floats(self.codes, first, out)
        with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
            self._multiply(out, first)

    def taken(self, sizes: Sequence[int], ranges: Sequence[tuple[int, int]], order: Sequence[int]) -> Scaled | None:
        """Give a box of the tensor, for which no other codes are computed; None where that is none of these.

        Args:
            sizes: of the axes that the box has.
            ranges: start and stop along each.
            order: of these axes in what is given.
        """
        codes = self.codes
        if (*sizes,) != codes.shape or (*order,) != (*range(len(sizes)),) or len(sizes) > 3 or len(codes.ranges) > 1:
            return None
        part = codes.ranges[0]
        if isinstance(part, ByteRange):
            strides = tuple(math.prod(codes.shape[axis + 1 :]) for axis in range(len(sizes)))
            part = StridedRange(part.path, part.start, codes.shape, strides, codes.itemsize, part.stamp)
        if not isinstance(part, StridedRange | BoxedRange):
            return None
        found = part.taken(sizes, ranges, order)
        if found is None:
            return None
        shape = tuple(stop - start for start, stop in ranges)
        starts = (*(0 for _ in range(3 - len(ranges))), *(start for start, _ in ranges))
        matrix, row, column = (mine + start for mine, start in zip(self.corner, starts, strict=True))
        return attrs.evolve(self, codes=attrs.evolve(codes, shape=shape, ranges=(found,)), corner=(matrix, row, column))

    def _multiply(self, values: Array, first: int) -> None:
        """Multiply codes that lie one after the other, from the one at `first`, by their scales."""
        columns = self.codes.shape[-1]
        position, last = first, first + values.size
        while position < last:
            row, column = divmod(position, columns)
            rows = 0 if column else (last - position) // columns
            if rows == 0:  # a part of a row
                stop = min(last, (row + 1) * columns)
                factors = self._factors(row, row + 1)[0]
                values[position - first : stop - first] *= factors[column : column + stop - position]
            else:
                if self._table.shape[-1] > 1:
                    rows = min(rows, self._rows_alike(row))
                stop = position + rows * columns
                block = values[position - first : stop - first].reshape(rows, columns)
                block *= self._factors(row, row + rows)
            position = stop

    def _rows_alike(self, row: int) -> int:
        """Give how many rows from this one on have the same scales."""
        within = row % self.codes.shape[-2]
        return min(self.blocks[0] - (within + self.corner[1]) % self.blocks[0], self.codes.shape[-2] - within)

    def _factors(self, start: int, stop: int) -> Array:
        """Give the scales of some rows: those of each where a row has one, else those of all, of the first's block."""
        columns = self.codes.shape[-1]
        first_matrix, first_row, first_column = self.corner
        if self._table.shape[-1] == 1:
            matrices, within = np.divmod(np.arange(start, stop), self.codes.shape[-2])
            column: Array = self._table[first_matrix + matrices, (first_row + within) // self.blocks[0]]
            return np.broadcast_to(column, (stop - start, columns))
        matrix, row = divmod(start, self.codes.shape[-2])
        line: Array = self._table[first_matrix + matrix, (first_row + row) // self.blocks[0]]
        return np.repeat(line, self.blocks[1])[np.newaxis, first_column : first_column + columns]

    @cached_property
    def _table(self) -> Array:
        """The scales in float32: matrix, row and column of its blocks."""
        count = math.prod(self.scales.shape)
        stored = read_elements(self.scales, 0, count)
        flat = powers(stored) if self.scales.dtype in EXPONENTS else stored.astype(np.float32)
        if count == 1:
            return np.broadcast_to(flat.reshape(1, 1, 1), (self.corner[0] + math.prod(self.codes.shape[:-2]), 1, 1))
        return flat.reshape(-1, *self.scales.shape[-2:])


def scaled(tensors: Mapping[str, TensorHeader], weight: Quantized, quantization: Mapping[str, Any]) -> View | str:
    """Give a weight as floats, or say why it cannot be.

    Args:
        tensors: of the checkpoint.
        weight: its names.
        quantization: what the config says.
    """
    codes, scales = tensors[weight.codes], tensors[weight.needed[0]]
    name = weight.needed[0].removeprefix(weight.codes)
    if name not in ("_scale", "_scale_inv") or codes.dtype not in _CODES or len(codes.shape) < 2:
        return "lazycell does not unpack this layout"
    if len(weight.needed) > 1:
        return "lazycell applies scales, and no zero points or scales of scales"
    if scales.dtype not in SCALES and not (scales.dtype in EXPONENTS and name == "_scale_inv"):
        return f"lazycell does not apply scales of {scales.dtype}"
    origin = f"{codes.dtype} with scales"
    blocks = _blocks(codes.shape, scales.shape, name, quantization)
    if not isinstance(blocks, str):
        return View(codes.shape, Scaled(codes, scales, blocks), origin)
    if name == "_scale" and len(codes.shape) == len(scales.shape) == 2 and codes.shape[0] == scales.shape[0]:
        size = size_told(quantization, codes.shape[1], scales.shape[1])
        if size is not None:
            return View(codes.shape, ScaledGroups(codes, scales, size), f"{origin}, groups of {size}")
    return blocks


def _blocks(
    shape: tuple[int, ...], scales: tuple[int, ...], name: str, quantization: Mapping[str, Any]
) -> Blocks | str:
    """Give what has one scale, or say why that cannot be told."""
    *matrices, rows, columns = shape
    if math.prod(scales) == 1:
        return max(rows, 1), max(columns, 1)
    if len(scales) == len(shape) and scales[:-2] == (*matrices,):
        counts = scales[-2:]
        if name == "_scale" and counts in ((rows, 1), (1, 1)):
            return (1 if counts[0] == rows else rows), max(columns, 1)
        told = block_size(quantization)
        if name == "_scale_inv" and told is not None:
            if counts == (-(-rows // told[0]), -(-columns // told[1])):
                return told
            return f"scales {scales} are not those of blocks of {told}"
        if name == "_scale_inv":
            return NO_BLOCKS
    return f"scales {scales} are neither one for the tensor nor one for each row or group"


def block_size(quantization: Mapping[str, Any]) -> Blocks | None:
    """Give the `weight_block_size` of a config; None if that says nothing of the kind."""
    match quantization.get("weight_block_size"):
        case [int(rows), int(columns)] | (int(rows), int(columns)) if rows > 0 and columns > 0:
            return rows, columns
    return None
