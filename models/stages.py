"""Layers of which ranks have some each, one stage after the other: along the axis `pp` of the mesh."""

from collections.abc import Sequence
from typing import Any

from mindspore import Tensor, nn, ops

from lazycell import HandOn, Leave


class Stages(nn.Cell):
    """What the stages of a model exchange. The first has the embeddings, the last the norm and the scores of words.

    Attributes:
        parts: how many stages there are.
        index: which one this rank has, from 0.
        counts: how many layers each has.
        routers: how many of each stage's layers have a router.
        experts: of how many each of those chooses some.
    """

    def __init__(self, counts: list[int], routers: list[int], experts: int, hand_on: HandOn) -> None:
        super().__init__()
        self.counts, self.routers, self.experts = counts, routers, experts
        self.hand_on, self.leave, self.parts, self.index = hand_on, Leave("pp"), hand_on.parts, hand_on.index

    def shown(
        self, found: tuple[Tensor, ...], stage: int, count: int, shape: tuple[int, ...], x: Tensor
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Give all ranks the tensors that one stage has `found`, and `x` to go on with.

        They are so many, each of this shape, and of the dtype of `x`. A graph exchanges when it has what it needs: that
        this is done after what gave `x` and before what takes it, on each rank alike, has to be said.

        Args:
            found: the tensors that this stage has, if it is the one.
            stage: which one.
            count: how many they are.
            shape: of each.
            x: of whose dtype they are.

        Returns:
            The tensors, each of `shape`, the same on all ranks, and `x`.
        """
        own = ops.stack(found) if stage == self.index else ops.zeros((count, *shape), x.dtype)
        shown = self.leave(ops.depend(own, x))
        return tuple(ops.unstack(shown)), ops.depend(x, shown)

    def received(self, ids: Tensor, layers: Any, weight: Tensor) -> Tensor:
        """Give what takes the embeddings' place where another stage has them: (batch, sequence, width).

        It is computed from a weight of this stage. MindSpore goes back through nothing that no weight went into, and a
        rank that does not go back through `hand_on` leaves the stage before it waiting for a gradient.

        Args:
            ids: (batch, sequence).
            layers: this stage's.
            weight: one of their norms', (width,).

        Returns:
            (batch, sequence, width), zeros, in the dtype of the weight.
        """
        start = ops.zeros((*ids.shape, weight.shape[-1]), weight.dtype)
        if ops.isconstant(ids):  # not in a graph, where there is no choice of a weight
            weight = trained(layers, weight)
        return start + weight.reshape(-1)[:1] * 0

    def answered(self, x: Tensor, width: int) -> Tensor:
        """Give what takes the scores' place where another stage has the head: (batch, sequence, width).

        Args:
            x: (batch, sequence, hidden).
            width: how many scores there are.

        Returns:
            (batch, sequence, width), zeros, in the dtype of `x`.
        """
        return ops.zeros((*x.shape[:-1], width), x.dtype) + x[..., :1] * 0


def trained(layers: Any, weight: Any) -> Any:
    """Give a weight that is trained, if a layer has any: `weight`, or another.

    Args:
        layers: where to look for another.
        weight: what is given if it is trained, or none is.

    Returns:
        A parameter.
    """
    if weight.requires_grad:
        return weight
    return next((each for each in layers.get_parameters() if each.requires_grad), weight)


def stages_of(model: Any, layers: Any, count: int, routers: Sequence[int] = (), experts: int = 0) -> Stages | None:
    """Give what the stages of a model exchange; None where each rank has all layers.

    Args:
        model: for messages.
        layers: those that this rank has.
        count: how many the whole model has.
        routers: which of them have a router.
        experts: of how many each chooses some.

    Returns:
        The exchange, or None.

    Raises:
        ValueError: a stage would have no layer, or each would have all.
    """
    hand_on = HandOn("pp")
    if not hand_on.active:
        return None
    parts, name = hand_on.parts, type(model).__name__
    if count < parts:
        raise ValueError(f"{name} has {count} layers, too few for pp={parts}: each stage needs one")
    if len(layers) == count:
        raise ValueError(f"{name} has all its layers on each of {parts} stages: leave out pp, or divide them")
    ranges = [range(count * stage // parts, count * (stage + 1) // parts) for stage in range(parts)]
    routed = [len([index for index in routers if index in each]) for each in ranges]
    return Stages([len(each) for each in ranges], routed, experts, hand_on)
