"""The short spelling without a plugin: initializer names imported, hyperparameters as `= hyper()`."""

from typing import Any

import mindspore as ms
from lazycell import INDEX, Buffer, LazyCell, Param, child, children, hyper, param, when
from lazycell import he_uniform, normal, zeros
from mindspore import Tensor, ops


class Linear(LazyCell):
    in_features: int = hyper()
    out_features: int = hyper()
    use_bias: bool = True

    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)

    def construct(self, x: Tensor) -> Tensor:
        return ops.dense(x, self.weight, self.bias)


class Block(LazyCell):
    hidden: int = hyper()
    index: int = 0
    n_heads: int = hyper(8, doc="attention heads")
    head_dim: int = hidden // n_heads

    gain: Param[normal, (hidden,), ms.float32]
    table: Param["normal", "n_heads 2*hidden"]
    scale: ms.Parameter = param(1.0, (hidden,))
    mean: Buffer["zeros", (4 * hidden,)]
    query: Linear = child(Linear, hidden, n_heads * head_dim, use_bias=False)


class Net(LazyCell):
    n_layers: int = hyper()
    hidden: int = hyper()

    layers: list[Block] = children(n_layers, Block, hidden, index=INDEX)
    head: Any = when(n_layers > 1, child(Linear, hidden, 10))


def build() -> None:
    net = Net(2, hidden=64, dtype=ms.float16)
    print(net.manifest().nbytes, net.layers[0].query.in_features)
