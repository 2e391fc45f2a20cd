"""Layers of which ranks have some each, one stage after the other: along the axis `pp` of the mesh."""

from typing import Any

from mindspore import Tensor, nn, ops

from lazycell import HandOn, Leave


class Stages(nn.Cell):
    """What the stages of a model exchange. The first has the embeddings, the last the norm and the scores of words.

    Attributes:
        parts: how many stages there are.
        index: which one this rank has, from 0.
        counts: how many layers each has.
    """

    def __init__(self, counts: list[int], hand_on: HandOn) -> None:
        super().__init__()
        self.counts, self.parts, self.index = counts, hand_on.parts, hand_on.index
        self.hand_on, self.leave = hand_on, Leave("pp")
        self.nothing = ops.ZerosLike()

    def shown(self, x: Tensor, stage: int) -> Tensor:
        """Give all ranks what one stage has; of the others, the shape and the dtype of `x` count."""
        return self.leave(x if stage == self.index else self.nothing(x))

    def received(self, ids: Tensor, layers: Any, weight: Tensor) -> Tensor:
        """Give what takes the embeddings' place where another stage has them: (batch, sequence, width).

        It is computed from a weight of this stage. MindSpore goes back through nothing that no weight went into, and a
        rank that does not go back through `hand_on` leaves the stage before it waiting for a gradient.

        Args:
            ids: (batch, sequence).
            layers: this stage's.
            weight: one of their norms', (width,).
        """
        start = ops.zeros((*ids.shape, weight.shape[-1]), weight.dtype)
        if ops.isconstant(ids):  # not in a graph, where there is no choice of a weight
            weight = trained(layers, weight)
        return start + weight.reshape(-1)[:1] * 0

    def answered(self, x: Tensor, width: int) -> Tensor:
        """Give what takes the scores' place where another stage has the head: (batch, sequence, width)."""
        return ops.zeros((*x.shape[:-1], width), x.dtype) + x[..., :1] * 0


def trained(layers: Any, weight: Any) -> Any:
    """Give a weight that is trained, if a layer has any: `weight`, or another."""
    if weight.requires_grad:
        return weight
    return next((each for each in layers.get_parameters() if each.requires_grad), weight)


def stages_of(model: Any, layers: Any, count: int) -> Stages | None:
    """Give what the stages of a model exchange; None where each rank has all layers.

    Args:
        model: for messages.
        layers: those that this rank has.
        count: how many the whole model has.

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
    return Stages([count * (stage + 1) // parts - count * stage // parts for stage in range(parts)], hand_on)
