"""The shortest spelling, bare annotations and `Param[…]`: mypy with the plugin accepts it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import lazycell
import mindspore as ms
from lazycell import (
    INDEX,
    Buffer,
    LazyCell,
    Param,
    cells,
    child,
    children,
    derived,
    hyper,
    len_,
    max_,
    param,
    require,
    tie,
    when,
)
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import Normal


class Linear(LazyCell):
    in_features: int
    out_features: int
    use_bias: bool = True

    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)

    def construct(self, x: Tensor) -> Tensor:
        return ops.dense(x, self.weight, self.bias)


class Block(LazyCell):
    width_step: ClassVar[int] = 8

    hidden: int
    index: int = 0
    kind: str = hyper(kw_only=True)
    n_heads: int = hyper(8, doc="attention heads")
    head_dim: int = hidden // n_heads
    scale: Annotated[float, "of the residual"] = 1.0
    window: int = when(index > 0, 128, otherwise=4096)
    inner = max_(4 * hidden, 256)
    require(hidden % n_heads == 0, "hidden must be divisible by n_heads")

    gain: Param[1.0, (hidden,)]
    router: Param[Normal(0.02), (4 * hidden, hidden), ms.float32]
    relative: lazycell.Param["truncated_normal", "2*window-1 n_heads"]
    mean: Buffer["zeros", (hidden,)]
    query: Linear = child(Linear, hidden, n_heads * head_dim, use_bias=False)
    mixer: Linear | nn.Cell = when(
        index % 2 == 0, child(Linear, hidden, inner), otherwise=child(nn.Dense, hidden, inner)
    )


class Net(LazyCell):
    n_layers: int
    hidden: int
    add_pooler: bool = True
    tied: bool = True

    embed: Param["normal", (1000, hidden)]
    layers: list[Block] = children(n_layers, Block, hidden, index=INDEX, kind="gelu")
    grid: list[list[Linear]] = children(2, children(INDEX + 1, Linear, hidden, INDEX.inner + 1))
    steps: nn.SequentialCell = cells(child(Linear, hidden, 3), child(nn.ReLU))
    scales: Any = children(2, param("ones", (INDEX + 1,)))
    norm: Any = child(nn.LayerNorm, [hidden])
    pooler: Linear | None = when(add_pooler, child(Linear, hidden, hidden))
    head: Linear = child(Linear, hidden, 1000, use_bias=False)
    tie_head = when(tied, tie("head.weight", "embed"))


class Wide(Net):
    width: int = 2
    widths: tuple[int, ...] = (2, 3)
    rounded = derived(pow, width, 3)
    here = 2 * widths[INDEX]
    chain: list[Linear] = children(len_(widths), Linear, here, rounded)
    hidden = 64  # no argument any more

    side: Linear = child(Linear, width, 4 * hidden)
    bias: Param["zeros", (n_layers, hidden)]
    pooler = None


class Handmade(LazyCell):
    size: int

    weight: Param["normal", (size,)]

    def __init__(self, text: str) -> None:
        self.__lazy_init__(size=len(text))


class Named(Handmade):
    """Declares no hyperparameter, so that the constructor of its base still fits."""

    bias: Param["zeros", ()]


def build() -> None:
    net = Net(2, hidden=64, dtype=ms.float16)
    wide = Wide(2, False, width=3)
    named = Named("text")
    size: int = net.manifest().nbytes + Net.manifest(n_layers=2, hidden=64).nbytes
    print(size, wide.side.in_features, named.size, net.layers[0].query.out_features)


def load(path: str) -> LazyCell:
    net: Net = Net.from_pretrained(path, n_layers=2).set_train(False)
    print(net.load_checkpoint(path, missing="init").loaded)
    return net
