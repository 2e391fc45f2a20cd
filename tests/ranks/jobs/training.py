"""Training on 4 ranks against training on one: groups of two ranks along two axes, and heads that ranks share."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from lazycell import LazyCell, Param, divide, param, place_of, reduce_gradients, shared
from lazycell.distributed import Enter, Leave
from lazycell.mesh import Mesh
from tests.ranks.job import run, start

rank, ranks = start()


class Heads(LazyCell):
    """Each head of queries times the one of the keys that it shares with others, which are normalized by one weight."""

    width: int
    heads: int
    key_heads: int
    divide(tp=(heads, shared(key_heads)))

    query: Param["normal", (heads * 4, width)]
    key: Param["normal", (key_heads * 4, width)]
    norm = param("ones", (4,), partial="tp")
    out: Param["normal", (width, heads * 4)]
    bias: Param["zeros", (width,)]

    def __post_init__(self) -> None:
        self.enter, self.leave = Enter("tp"), Leave("tp")

    def construct(self: Any, x: Tensor) -> Tensor:
        x = self.enter(x)
        query = ops.dense(x, self.query).reshape(*x.shape[:-1], self.heads, 4)
        key = ops.dense(x, self.key).reshape(*x.shape[:-1], self.key_heads, 4) * self.norm
        mixed = ops.tanh(query * ops.repeat_interleave(key, self.heads // self.key_heads, -2))
        mixed = mixed.reshape(*x.shape[:-1], self.heads * 4)
        return self.leave(ops.dense(mixed, self.out)) + self.bias


DRAWN = np.random.default_rng(3)
BATCH, ANSWERS = (DRAWN.standard_normal((4, 3, 6)).astype(np.float32) for _ in range(2))
WHOLE = Heads(6, 4, 2)
VALUES = {each.name: DRAWN.standard_normal(each.shape).astype(np.float32) for each in WHOLE.get_parameters()}


def filled(net: Any) -> Any:
    for each in net.get_parameters():
        each.set_data(Tensor(VALUES[each.name][tuple(slice(*range_) for range_ in place_of(each))]))
    return net


def trained(net: Any, batch: Any, answers: Any, graph: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the first gradients, and the parameters after 3 steps of Adam."""

    def loss(x: Tensor, y: Tensor) -> Tensor:
        return ((net(x) - y) ** 2).mean()

    optimizer = nn.Adam(net.trainable_params(), 1e-2)
    step, first = ms.value_and_grad(loss, None, optimizer.parameters), {}
    if graph:
        step = ms.jit(step)
    for _ in range(3):
        _, grads = step(Tensor(batch), Tensor(answers))
        grads = reduce_gradients(net, grads, parameters=optimizer.parameters)
        first = first or {each.name: grad.asnumpy() for each, grad in zip(optimizer.parameters, grads, strict=True)}
        optimizer(grads)
    return first, {each.name: each.asnumpy() for each in optimizer.parameters}


def compare(mesh: Mesh, graph: bool = False) -> None:
    whole = trained(filled(Heads(6, 4, 2)), BATCH, ANSWERS, False)
    with mesh:
        net = filled(Heads(6, 4, 2))
    own = np.split(np.arange(4), mesh.size("dp"))[mesh.index("dp")]
    part = trained(net, BATCH[own], ANSWERS[own], graph)
    for what, found, expected in zip(("gradient", "parameter"), part, whole, strict=True):
        for each in net.get_parameters():
            place = tuple(slice(*range_) for range_ in place_of(each))
            reference = expected[each.name]
            difference = np.abs(found[each.name] - reference[place]).max() / np.abs(reference).max()
            assert difference < 2e-5, (what, each.name, mesh, difference)


def check_data_and_tensor() -> None:
    compare(Mesh(dp=2, tp=2))


def check_the_other_order() -> None:
    compare(Mesh(tp=2, dp=2))


def check_data_alone() -> None:
    compare(Mesh(dp=4))


def check_shared_heads() -> None:
    compare(Mesh(tp=4))


def check_graph() -> None:
    compare(Mesh(dp=2, tp=2), graph=True)


run(check_data_and_tensor, check_the_other_order, check_data_alone, check_shared_heads, check_graph)
