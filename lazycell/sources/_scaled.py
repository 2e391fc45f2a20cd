"""8-bit codes as the floats that they stand for: each times the scale of its tensor, its row or its block.

The layouts are those of DeepSeek's FP8 (`weight_scale_inv`, multiplied in spite of its name; by blocks of the config's
`weight_block_size`, of which the last may be short) and of compressed-tensors (`weight_scale` of a tensor or a row).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from .. import system
from .._frozen import frozen
from ..formats import BoxedRange, ByteRange, CheckpointHeader, StridedRange, TensorHeader
from ..system import Array
from ._elements import read_elements
from ._quantized import Quantized, quantized_tensors

_CODES = frozenset({"float8_e4m3fn", "float8_e5m2", "int8"})
_SCALES = frozenset({"float16", "bfloat16", "float32"})
_EXPONENTS = frozenset({"F8_E8M0", "uint8"})  # a power of two, biased by 127; 255 is NaN

NO_BLOCKS = "the size of their blocks is told by `weight_block_size` in a config.json beside the file"
"""Why scales are not applied, where a config would do."""

_PIECE = 1 << 18  # elements that are computed at once

Blocks = tuple[int, int]
"""Rows and columns that have one scale."""


@frozen(slots=False)
class Scaled:
    """All of a tensor of float32: the products of codes and scales, computed as they are read.

    A product is rounded once, to float32, and once more where it is wanted in another dtype. May be read by several
    threads at once.

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
    def nbytes(self) -> int:
        """Bytes of the floats."""
        return 4 * math.prod(self.codes.shape)

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on.

        Raises:
            CheckpointFormatError: the file has changed since its header was read.
        """
        stop = start + len(target)
        for first in range(start // 4, -(-stop // 4), _PIECE):
            last = min(first + _PIECE, -(-stop // 4))
            values = read_elements(self.codes, first, last).astype(np.float32)
            with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
                self._multiply(values, first)
            low, high = max(start, 4 * first), min(stop, 4 * last)
            target[low - start : high - start] = values.view(np.uint8).data[low - 4 * first : high - 4 * first]

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
        if self.scales.dtype in _EXPONENTS:
            bits = read_elements(self.scales, 0, count)
            values = np.ldexp(np.float32(1), bits.astype(np.int32) - 127)
            flat = np.where(bits == 255, np.float32(np.nan), values)
        else:
            flat = read_elements(self.scales, 0, count).astype(np.float32)
        if count == 1:
            return np.broadcast_to(flat.reshape(1, 1, 1), (self.corner[0] + math.prod(self.codes.shape[:-2]), 1, 1))
        return flat.reshape(-1, *self.scales.shape[-2:])


def with_scales(
    header: CheckpointHeader,
    is_kept: Callable[[str], bool] = lambda name: False,
    quantization: Mapping[str, Any] | None = None,
) -> CheckpointHeader:
    """Give a checkpoint as it would be in floats: codes become float32, and what belongs to them goes.

    Nothing is read but a `config.json` beside the file, where blocks are to be told. What cannot be told, or is of
    another layout, stays as it is.

    Args:
        header: the checkpoint.
        is_kept: whether a stored tensor is wanted as it is; the codes of a scale that is stay as they are, too.
        quantization: what a config says of it; None: that beside the file is asked.
    """
    told = block_size(header, quantization)
    tensors = dict(header.tensors)
    for weight in quantized_tensors(header.tensors):
        blocks = blocks_of(weight, header, told)
        if not isinstance(blocks, str) and not any(map(is_kept, weight.needed)):
            codes, scales = header.tensors[weight.codes], header.tensors[weight.needed[0]]
            part = Scaled(codes, scales, blocks)
            tensors[weight.codes] = TensorHeader(
                weight.name, "float32", codes.shape, (part,), f"{codes.dtype} with scales"
            )
            for name in weight.names[1:]:
                if not is_kept(name):
                    tensors.pop(name, None)  # several weights of one cell may have a scale of activations between them
    return attrs.evolve(header, tensors=tensors, stored=header if header.stored is None else header.stored)


def blocks_of(weight: Quantized, header: CheckpointHeader, told: Blocks | None) -> Blocks | str:
    """Give what has one scale, or say why that cannot be told.

    Args:
        weight: one of the checkpoint's.
        header: the checkpoint.
        told: what its config says, if it says anything.
    """
    codes, scales = header.tensors[weight.codes], header.tensors[weight.needed[0]]
    name = weight.needed[0].removeprefix(weight.codes)
    if name not in ("_scale", "_scale_inv") or codes.dtype not in _CODES or len(codes.shape) < 2:
        return "lazycell does not unpack this layout"
    if len(weight.needed) > 1:
        return "lazycell applies scales, and no zero points or scales of scales"
    if scales.dtype not in _SCALES and not (scales.dtype in _EXPONENTS and name == "_scale_inv"):
        return f"lazycell does not apply scales of {scales.dtype}"
    *matrices, rows, columns = codes.shape
    if math.prod(scales.shape) == 1:
        return max(rows, 1), max(columns, 1)
    if len(scales.shape) == len(codes.shape) and scales.shape[:-2] == (*matrices,):
        counts = scales.shape[-2:]
        if name == "_scale" and counts in ((rows, 1), (1, 1)):
            return (1 if counts[0] == rows else rows), max(columns, 1)
        if name == "_scale_inv" and told is not None:
            if counts == (-(-rows // told[0]), -(-columns // told[1])):
                return told
            return f"scales {scales.shape} are not those of blocks of {told}"
        if name == "_scale_inv":
            return NO_BLOCKS
    return f"scales {scales.shape} are neither one for the tensor nor one for each row"


def block_size(header: CheckpointHeader, quantization: Mapping[str, Any] | None = None) -> Blocks | None:
    """Give the `weight_block_size` of the `config.json` beside a checkpoint; None if that says nothing of the kind."""
    if quantization is None:
        quantization = _beside(header)
    match quantization.get("weight_block_size"):
        case [int(rows), int(columns)] if rows > 0 and columns > 0:
            return rows, columns
    return None


def _beside(header: CheckpointHeader) -> Mapping[str, Any]:
    if header.format == "dict":
        return {}
    try:
        config: Any = json.loads(system.read_bounded(header.path.parent / "config.json"))
    except (OSError, ValueError):
        return {}
    quantization = config.get("quantization_config") if isinstance(config, Mapping) else None
    return quantization if isinstance(quantization, Mapping) else {}
