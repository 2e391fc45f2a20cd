"""Low-rank adapters to be trained: a narrow map beside a layer whose own weight stays as it is (Hu et al. 2021).

`lazycell.swap(net, "*.q_proj", LoRA, rank=8)` puts one beside each layer that the pattern matches, and
`lazycell.save_adapter(directory, net)` writes what was trained, as PEFT reads it.
"""

from __future__ import annotations

import math
from typing import Any

import mindspore
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import HeUniform

from lazycell import LazyCell, Param, derived, freeze, hyper, require

from .gpt2 import Conv1D
from .layers import Embedding, Linear, cast, product

_LINEAR = (Linear, Conv1D, nn.Dense)
_TABLES = (Embedding, nn.Embedding)
# What others call theirs, such as the layers of `mindspore.mint`.
_LIKE_LINEAR = ("weight", "in_features", "out_features")
_LIKE_TABLES = ("weight", "num_embeddings", "embedding_dim")


def _sizes(layer: Any) -> tuple[int, int]:
    """Give how many numbers a linear layer takes and gives; by its own words, as a weight may lie either way round."""
    for names in (("in_features", "out_features"), ("in_channels", "out_channels")):
        if all(isinstance(getattr(layer, name, None), int) for name in names):
            return getattr(layer, names[0]), getattr(layer, names[1])
    rows, columns = layer.weight.shape
    return columns, rows


def _is_like(layer: nn.Cell, names: tuple[str, ...]) -> bool:
    return all(hasattr(layer, name) for name in names) and len(layer.weight.shape) == 2


def _table(layer: Any) -> Any:
    return layer.embedding_table if hasattr(layer, "embedding_table") else layer.weight


class LowRank(LazyCell):
    """What the adapters share: the layer as it was, which is frozen, and how much of the narrow map is added to it.

    The adapter is float32 whatever the layer is, and so is what it computes; the sum has the layer's dtype.
    """

    base_layer: Any
    rank: int = 8
    alpha: Any = hyper(None, doc="the narrow map is multiplied by alpha / rank; None: by 1")
    dropout: float = hyper(0.0, doc="share of what the narrow map gets that is zeroed while training")

    scale = derived(lambda alpha, rank: 1.0 if alpha is None else alpha / rank, alpha, rank)
    require(rank > 0, "rank has to be positive")
    require((dropout >= 0) & (dropout < 1), "dropout has to be at least 0 and less than 1")

    def __post_init__(self) -> None:
        freeze(self.base_layer)

    def added(self, y: Tensor, narrow: Tensor, wide: Tensor) -> Tensor:
        """Give `y` and the narrow map's output: of `narrow` (…, rank), float32, and `wide` (out, rank).

        Args:
            y: what the layer gave, (…, out).
            narrow: (…, rank), float32.
            wide: (out, rank), float32.

        Returns:
            (…, out), of the dtype of `y`.
        """
        return y + cast(product(narrow, wide) * self.scale, y.dtype)


class LoRALinear(LowRank):
    """Beside a linear layer, whose weight may be (out, in) or (in, out): `y + alpha / rank · (x Aᵀ) Bᵀ`.

    A begins as PEFT has it, uniform within 1 / √in, and B with zeros.
    """

    sizes = derived(_sizes, base_layer)
    fan_in_fan_out = derived(lambda layer: isinstance(layer, Conv1D), base_layer)

    lora_A: Param[HeUniform(negative_slope=math.sqrt(5.0)), (rank, sizes[0]), mindspore.float32]
    lora_B: Param["zeros", (sizes[1], rank), mindspore.float32]

    def construct(self, x: Tensor) -> Tensor:
        """Compute what the layer gives, and add the narrow map's output.

        Args:
            x: (…, in), of any floating-point dtype that the layer takes.

        Returns:
            (…, out), in the dtype of the layer's output.
        """
        wide = cast(x, mindspore.float32)
        if self.training and self.dropout > 0:
            wide = ops.dropout(wide, p=self.dropout, training=True)
        return self.added(self.base_layer(x), product(wide, self.lora_A), self.lora_B)


class LoRAEmbedding(LowRank):
    """Beside a table: `table[id] + alpha / rank · B A[:, id]`."""

    sizes = derived(lambda layer: tuple(_table(layer).shape), base_layer)

    lora_embedding_A: Param["zeros", (rank, sizes[0]), mindspore.float32]
    lora_embedding_B: Param["normal", (sizes[1], rank), mindspore.float32]

    def construct(self, ids: Tensor) -> Tensor:
        """Look ids up in the layer's table, and add the narrow map's output.

        Args:
            ids: of any shape, int32 or int64.

        Returns:
            (*shape, width), in the dtype of the table.
        """
        narrow = ops.gather(self.lora_embedding_A, ids.reshape(-1), 1).T.reshape((*ids.shape, self.rank))
        return self.added(self.base_layer(ids), narrow, self.lora_embedding_B)


def LoRA(layer: nn.Cell, rank: int = 8, alpha: float | None = None, dropout: float = 0.0, **options: Any) -> LowRank:
    """Make the adapter of a layer, for `lazycell.swap(net, pattern, LoRA, rank=8)`. The layer is frozen.

    Args:
        layer: a linear layer or an embedding: of the zoo, of MindSpore's (`nn.Dense`, `mint.nn.Linear`, …), or any
            other with a `weight` of two axes that has `in_features` and `out_features`.
        rank: of the narrow map.
        alpha: what it adds is multiplied by alpha / rank; None: by 1.
        dropout: share of what the narrow map gets that is zeroed while training.
        options: further hyperparameters of the cell.

    Returns:
        The cell, a `LoRALinear` or a `LoRAEmbedding`; its matrices have no values yet.

    Raises:
        TypeError: it is a layer of another kind, or one with an activation in it.
    """
    given = dict(rank=rank, alpha=alpha, dropout=dropout, **options)
    if getattr(layer, "activation", None) is not None:  # it would be applied before the sum
        raise TypeError(
            f"LoRA: this {type(layer).__name__} has an activation, which comes after the sum: make it apart"
        )
    if isinstance(layer, _TABLES) or _is_like(layer, _LIKE_TABLES):
        return LoRAEmbedding(layer, **given)
    if isinstance(layer, _LINEAR) or _is_like(layer, _LIKE_LINEAR):
        return LoRALinear(layer, **given)
    raise TypeError(
        f"LoRA adapts linear layers and embeddings, and this is {type(layer).__name__}: take a pattern that matches "
        'those alone, such as "*.q_proj"; a linear layer of your own has `weight`, `in_features` and `out_features`'
    )
