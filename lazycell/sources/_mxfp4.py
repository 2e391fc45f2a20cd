"""MXFP4, as gpt-oss has it: stacked experts whose columns are in blocks of 32, each with a power of two.

`X_blocks` uint8 (experts, out, in / 32, 16), the low half first, `X_scales` uint8 (experts, out, in / 32):
`FP4[q] * 2 ** (scale - 127)`, and `X` is (experts, in, out). Read: transformers' `integrations/mxfp4.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np

from .._frozen import frozen
from ..formats import ByteRange, TensorHeader
from ..system import Array
from ._column_groups import AT_ONCE, TURNED
from ._elements import read_box
from ._exponents import powers
from ._floats_view import View

_FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
_PAIRS = np.stack([_FP4[np.arange(256) & 15], _FP4[np.arange(256) >> 4]], axis=1).view(np.float64).reshape(256)
"""What two numbers in a byte are, the low half first: two floats, in the bytes of one of twice the width."""

_BLOCK = 32


@frozen
class MXFP4:
    """Computes stacked weights.

    Attributes:
        blocks: bytes: a row for each output of each expert, of 16 for each block.
        scales: exponents: a row likewise, and one for each block.
        outputs: of an expert.
    """

    blocks: TensorHeader
    scales: TensorHeader
    outputs: int

    @property
    def step(self) -> int:
        """All outputs of an input."""
        return self.outputs

    @property
    def piece(self) -> int:
        """Elements that are worth asking for at once."""
        return TURNED

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        for tensor in (self.blocks, self.scales):
            yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some rows, of one expert after the other."""
        inputs = self.scales.shape[1] * _BLOCK
        values, start = out.reshape(-1, self.outputs), first // self.outputs
        while len(values):
            expert, row = divmod(start, inputs)
            count = min(len(values), inputs - row)
            self._fill(expert, row, values[:count])
            values, start = values[count:], start + count

    def _fill(self, expert: int, start: int, values: Array) -> None:
        stop = start + len(values)
        begin, end = start // _BLOCK, -(-stop // _BLOCK)
        rows = (expert * self.outputs, (expert + 1) * self.outputs)
        stored = read_box(self.blocks, rows, (16 * begin, 16 * end))
        scales = np.ascontiguousarray(powers(read_box(self.scales, rows, (begin, end))).T)
        at_once = max(1, AT_ONCE // (_BLOCK * self.outputs))
        for left in range(begin, end, at_once):
            right = min(left + at_once, end)
            pairs = _turned(stored[:, 16 * (left - begin) : 16 * (right - begin)])
            low, high = left * _BLOCK - start, right * _BLOCK - start
            inside = low >= 0 and high <= len(values) and self.outputs % 2 == 0
            block = values[low:high] if inside else np.empty((high - low, 2 * pairs.shape[1]), np.float32)
            np.take(_PAIRS, pairs, out=block.view(np.float64), mode="clip")
            by_block = block.reshape(right - left, _BLOCK, -1)[:, :, : self.outputs]
            with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
                by_block *= scales[left - begin : right - begin, np.newaxis]
            if not inside:
                first, last = max(low, 0), min(high, len(values))
                values[first:last] = block[first - low : last - low, : self.outputs]


def _turned(stored: Array) -> Array:
    """Give rows of bytes as columns of them, two numbers a byte again: those of two columns, for which it had two rows.

    Both are then looked up together. If the number of columns is odd, there is one more, of zeros.
    """
    outputs, width = stored.shape
    turned = np.empty((width, outputs + outputs % 2), np.uint8)
    turned[:, :outputs] = stored.T
    turned[:, outputs:] = 0
    of_two = turned.view(np.uint16)
    pairs = np.empty((width, 2, of_two.shape[1]), np.uint8)
    for row, numbers in enumerate((of_two & 0x0F0F, of_two >> 4 & 0x0F0F)):
        numbers |= numbers >> 4
        pairs[:, row] = numbers  # the lower byte of each
    return pairs.reshape(2 * width, -1)


def mxfp4(tensors: Mapping[str, TensorHeader], name: str, quantization: Mapping[str, Any]) -> View | str:
    """Give stacked weights as floats, or say why they cannot be.

    Args:
        tensors: of the checkpoint.
        name: of the weight.
        quantization: what the config says, which is nothing that the tensors do not.
    """
    blocks, scales = tensors[f"{name}_blocks"], tensors[f"{name}_scales"]
    if (
        blocks.dtype != "uint8"
        or scales.dtype not in ("uint8", "F8_E8M0")
        or len(blocks.shape) != 4
        or 0 in blocks.shape
        or blocks.shape != (*scales.shape, 16)
    ):
        return (
            f"blocks of {blocks.dtype} {blocks.shape} and scales of {scales.dtype} {scales.shape} are not those of "
            "stacked experts, (experts, out, in / 32, 16)"
        )
    experts, outputs, groups, _ = blocks.shape
    flat = attrs.evolve(blocks, shape=(experts * outputs, groups * 16))
    exponents = attrs.evolve(scales, dtype="uint8", shape=(experts * outputs, groups))
    return View((experts, groups * _BLOCK, outputs), MXFP4(flat, exponents, outputs), "mxfp4 blocks of 32")
