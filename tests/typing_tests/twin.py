"""The spelling for every type checker: `lazycell.typed`, `hyper()`, `param(…)`, `child(…)`."""

from __future__ import annotations

from typing import Any, ClassVar

import mindspore as ms
import numpy as np

from lazycell import Hyperparameters, replace
from lazycell.typed import (
    INDEX,
    SELF,
    LazyCell,
    Parameter,
    Tensor,
    buffer,
    cells,
    child,
    children,
    derived,
    direction,
    each,
    expanded,
    fused,
    hyper,
    in_,
    key_value_cache,
    len_,
    magnitude,
    max_,
    padded,
    param,
    rename,
    require,
    reshaped,
    same,
    shape_of,
    squeezed,
    tie,
    transposed,
    when,
)
from mindspore import nn, ops
from mindspore.common.initializer import Normal


def round_up(number: int, multiple: int = 64) -> int:
    return -(-number // multiple) * multiple


def frequencies(shape: tuple[int, ...], dtype: Any, theta: float) -> Any:
    return theta ** -np.linspace(0, 1, shape[0]).astype(dtype)


class Linear(LazyCell):
    in_features: int = hyper()
    out_features: int = hyper(doc="length of the last axis of the result")
    use_bias: bool = True

    weight: Parameter = param("he_uniform", (out_features, in_features))
    bias: Parameter | None = when(use_bias, param("zeros", (out_features,)))

    def construct(self, x: Tensor) -> Tensor:
        return ops.dense(x, self.weight, self.bias)


class MLP(LazyCell):
    hidden: int = hyper()
    inner: int = 4 * hidden
    activation: str = hyper(default="gelu", doc="name of the activation")
    require(inner >= hidden, "inner must not be smaller than hidden")

    up: Linear = child(Linear, hidden, inner)
    down: Linear = child(Linear, inner, out_features=hidden, use_bias=False)


class Experts(LazyCell):
    hidden: int = hyper()
    count: int = hyper()

    router: Parameter = param(Normal(0.02), (count, hidden), ms.float32, trainable=False, tags=("router",))


class Block(LazyCell):
    width_step: ClassVar[int] = 8

    hidden: int = hyper()
    index: int = 0
    n_heads: int = 8
    head_dim: int = hidden // n_heads
    sparse: bool = False
    window: int = hyper(default=when(sparse, 128, otherwise=4096))
    inner = max_(4 * hidden, 256)
    require(hidden % n_heads == 0, "hidden must be divisible by n_heads")

    gain: Parameter = param(1.0, (hidden,))
    mean: Tensor = buffer("zeros", "hidden 2*hidden", persistent=False)
    table: Tensor = buffer(frequencies, (head_dim,), theta=10000.0)
    query: Linear = child(Linear, hidden, n_heads * head_dim, use_bias=False)
    mlp: MLP = child(MLP, hidden, inner)
    mixer: MLP | Experts = when(sparse & (index > 0), child(Experts, hidden, 4), otherwise=child(MLP, hidden))


class Net(LazyCell):
    n_layers: int = hyper()
    hidden: int = hyper()
    vocabulary: int = 1000
    activation: str = "gelu"
    add_pooler: bool = True
    tied: bool = True
    scaling: float = hyper(kw_only=True)
    rank: int = hyper(default=4, kw_only=True)

    embed: Parameter = param("normal", (vocabulary, hidden))
    layers: list[Block] = children(n_layers, Block, hidden, index=INDEX)
    mixed: list[MLP] = children(n_layers, child(MLP, hidden))
    either: list[MLP | Linear] = children(
        n_layers, when(INDEX > 0, child(MLP, hidden), otherwise=child(Linear, hidden, hidden))
    )
    grid: list[list[Linear]] = children(2, children(INDEX + 1, Linear, hidden, INDEX.inner + 1))
    steps: nn.SequentialCell = cells(child(Linear, hidden, 3), when(tied, child(nn.ReLU)))
    ways: nn.CellDict = cells(up=child(Linear, hidden, 3), down=child(Linear, hidden, 1))
    scales: Any = children(2, param("ones", (INDEX + 1,)))
    mask: Tensor = buffer("ones", shape_of("embed"))
    rows: Parameter = param("ones", (shape_of("embed")[0],))
    norm: Any = child(nn.LayerNorm, [hidden])
    pooler: Linear | None = when(add_pooler & in_(activation, ("gelu", "tanh")), child(Linear, hidden, hidden))
    head: Linear = child(Linear, hidden, vocabulary, use_bias=False)
    tie_head: Any = when(tied, tie("head.weight", "embed"))

    def __post_init__(self) -> None:
        self.scale = self.hidden**-self.scaling

    def construct(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.head(x) * self.scale


class Wide(Net):
    hidden: int = hyper()  # said again, because the body uses it
    width: int = 2
    inner: int = 4 * hidden

    side: Linear = child(Linear, width, hidden)
    mirror: MLP = child(MLP, **same(MLP))
    options: Any = child(nn.Dense, SELF.width, 3)
    widths: tuple[int, ...] = (2, 3)
    rounded: int = derived(round_up, hidden, multiple=8)
    here = derived(round_up, widths[INDEX])
    chain: list[Linear] = children(len_(widths), Linear, here, rounded)
    pooler = None


class Stored(LazyCell):
    hidden: int = hyper()
    kv_hidden: int = hyper(default=hidden // 2)
    width: int = fused(k=kv_hidden, v=kv_hidden)

    qkv: Parameter = param("normal", (fused(q=hidden, k=kv_hidden, v=kv_hidden), hidden))
    first: Linear = child(Linear, hidden, width)
    second: Linear = child(Linear, hidden, width)
    several: list[Linear] = children(2, Linear, hidden, width, use_bias=False)
    patch: Parameter = param("normal", (hidden, 12))
    rows: Parameter = param("normal", (hidden, 12))
    single: Parameter = param("normal", (hidden, 1))
    norm: Parameter = param("normal", (hidden, 3))
    key_values = key_value_cache(2, hidden // 2, window=4)
    rename({"q_proj": "qkv[q]", "k_proj": transposed("qkv[k]"), "v_proj": "qkv[v]"})
    rename(
        {
            "both.weight": transposed(fused(a="first.weight", b="second.weight"), axes=(1, 0)),
            "both.bias": fused(axis=0, a="first.bias", b=reshaped("second.bias", (width,))),
            "rows": padded("rows", after=hidden % 8),
            "several": fused(each(expanded("several.{i}.weight", axis=0))),
            "conv": reshaped("patch", (hidden, 3, 2, 2)),
            "wide": expanded(squeezed("single", axis=1), axis=(1, 2)),
            "norm_g": magnitude("norm"),
            "norm_v": direction("norm", dim=0),
        }
    )


class Fewer(Stored):
    rename({"conv": None})


class Handmade(LazyCell):
    size: int = hyper()

    weight: Parameter = param("normal", (size,))

    def __init__(self, text: str) -> None:
        self.__lazy_init__(size=len(text))


def train(net: nn.Cell) -> None:
    net.set_train()


def build() -> None:
    train(MLP(8))
    net = Net(2, hidden=64, scaling=0.5, dtype=ms.float16)
    wide = Wide(2, 64, activation="relu", width=3, scaling=0.5, rank=2)
    handmade = Handmade("text")
    size: int = net.manifest().nbytes + Net.manifest(n_layers=2, hidden=64, scaling=1.0).nbytes
    names: list[str] = [name for name, _ in wide.parameters_and_names()]
    stored: list[str] = [tensor.name for tensor in Fewer(8).manifest().stored]
    print(size, names, stored, handmade.size, net.layers[0].query.in_features, net.scale)


def again(net: Net) -> Net:
    made: Net = replace(net, hidden=32)
    kept: Hyperparameters = made.hyperparameters
    print(kept["hidden"], len(kept), replace(kept, n_layers=1))
    return made


def load(path: str) -> LazyCell:
    net: Net = Net.from_pretrained(path, n_layers=2).set_train(False)
    report = net.load_checkpoint(path, missing="init")
    print(report.loaded, net.init_parameters_data(seed=1))
    print(nn.Adam(net.trainable_params()), net(ops.zeros((1, 64))))
    return net
