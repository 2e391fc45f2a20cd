"""Exchange by AllReduce alone: on the CPU it is the one collective that works in a part of the ranks.

MindSpore 2.10 sums float32 and float16 there, and nothing else. This body is the reference for the other.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import Tensor, nn, ops

from ..system import Array


class BySums(nn.Cell):
    """A group of ranks that exchange by sums, to which each adds zeros where others have something."""

    def __init__(self, group: str, members: tuple[int, ...], index: int) -> None:
        super().__init__()
        self.parts, self.index = len(members), index
        self.reduce = ops.AllReduce(ops.ReduceOp.SUM, group)
        self.fill, self.everywhere = ops.MaskedFill(), Tensor([True])
        self.zeros = ops.ZerosLike()  # `ops.zeros_like` asks for the dtype, and `x * 0` is nan where `x` is infinite

    def sum(self, x: Tensor) -> Tensor:
        # In a graph nothing is asked of a dtype: what comes out of a named tuple has none yet. There it is a float.
        if ops.isconstant(x) and x.dtype not in (mindspore.float32, mindspore.bfloat16, mindspore.float16):
            return self.sum_bytes(x)
        return self.reduce(x.astype(mindspore.float32)).astype(x.dtype)

    def gather(self, x: Tensor) -> Tensor:
        nothing = self.zeros(x)
        parts: tuple[Tensor, ...] = ()
        for index in range(self.parts):
            parts += (x if index == self.index else nothing,)
        return self.sum(ops.concat(parts, -1))

    def hand_on(self, x: Tensor, sender: int) -> Tensor:
        return self.sum(x if sender == self.index else self.hide(x))

    def hide(self, x: Tensor) -> Tensor:
        return self.fill(x.astype(mindspore.float32), self.everywhere, 0.0).astype(x.dtype)

    def sum_bytes(self, x: Tensor) -> Tensor:
        """Give the sum of what AllReduce does not sum: of all ranks' bytes each is brought here as a float, exactly."""
        own: Array = x.asnumpy()
        rows = np.zeros((self.parts, own.nbytes), np.float32)
        rows[self.index] = np.frombuffer(own.tobytes(), np.uint8)
        found = self.reduce(Tensor(rows)).asnumpy().astype(np.uint8)
        values = found.view(own.dtype).reshape(self.parts, *own.shape)
        total = values.any(0) if own.dtype == bool else values.sum(0, dtype=own.dtype)
        return Tensor(np.asarray(total, own.dtype))
