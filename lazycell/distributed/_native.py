"""Exchange by the collectives that devices have. Nobody has run it: it was written on a machine without any."""

from __future__ import annotations

from mindspore import Tensor, nn, ops


class Native(nn.Cell):
    """A group of ranks on Ascend or GPU: its methods give what those of `BySums` do."""

    def __init__(self, group: str, members: tuple[int, ...], index: int) -> None:
        super().__init__()
        self.parts, self.index = len(members), index
        self.reduce = ops.AllReduce(ops.ReduceOp.SUM, group)
        self.fill, self.everywhere = ops.MaskedFill(), Tensor([True])
        self.all_gather = ops.AllGather(group)
        self.broadcasts = [ops.Broadcast(member, group) for member in members]

    def sum(self, x: Tensor) -> Tensor:
        return self.reduce(x)

    def gather(self, x: Tensor) -> Tensor:
        # AllGather joins along the first dimension.
        return ops.concat(ops.split(self.all_gather(x), x.shape[0], 0), -1)

    def hide(self, x: Tensor) -> Tensor:
        return self.fill(x, self.everywhere, 0.0)

    def hand_on(self, x: Tensor, sender: int) -> Tensor:
        return self.broadcasts[sender]((x,))[0]
