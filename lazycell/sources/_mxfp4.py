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
_LOW, _HIGH = _FP4[np.arange(256) & 15], _FP4[np.arange(256) >> 4]
"""What the two halves of each byte are."""

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
        scales = powers(read_box(self.scales, rows, (begin, end))).T
        at_once = max(1, AT_ONCE // (_BLOCK * self.outputs))
        for left in range(begin, end, at_once):
            right = min(left + at_once, end)
            turned = np.ascontiguousarray(stored[:, 16 * (left - begin) : 16 * (right - begin)].T)
            block = np.empty((right - left, 16, 2, self.outputs), np.float32)
            block[:, :, 0] = np.take(_LOW, turned, mode="clip").reshape(-1, 16, self.outputs)
            block[:, :, 1] = np.take(_HIGH, turned, mode="clip").reshape(-1, 16, self.outputs)
            low, high = max(start, left * _BLOCK), min(stop, right * _BLOCK)
            with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
                block *= scales[left - begin : right - begin, np.newaxis, np.newaxis]
            flat = block.reshape(-1, self.outputs)
            values[low - start : high - start] = flat[low - left * _BLOCK : high - left * _BLOCK]


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
