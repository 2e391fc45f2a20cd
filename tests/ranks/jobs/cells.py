"""Values and gradients of the cells that join ranks, against numpy: 2 ranks, each way in which MindSpore computes."""

from __future__ import annotations

import copy
import pickle
from typing import Any, NamedTuple

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from lazycell.distributed import Enter, Gather, HandOn, Leave, communicator_of, reduce_gradients
from lazycell.mesh import Mesh
from tests.ranks.job import run, start
from tests.versions import VERSION

rank, ranks = start()
TP = Mesh(tp=2)
DRAWN = np.random.default_rng(0)
X = [DRAWN.standard_normal((2, 3, 4)).astype(np.float32) for _ in range(ranks)]
"""What each rank puts in."""
W = [DRAWN.standard_normal((2, 3, 8)).astype(np.float32) for _ in range(ranks)]
"""What comes out is weighted with, where the ranks differ."""


class Pair(NamedTuple):
    one: Tensor
    other: Tensor


NARROW = [each[..., :4] for each in W]
CASES: tuple[tuple[Any, int | None, Any, Any, Any], ...] = (
    (Enter, None, NARROW[rank], X[rank], NARROW[0] + NARROW[1]),
    (Leave, None, NARROW[0], X[0] + X[1], NARROW[0]),
    (Gather, None, W[0], np.concatenate(X, -1), W[0][..., 4 * rank : 4 * rank + 4]),
    (HandOn, 0, NARROW[rank], X[0], (NARROW[0] + NARROW[1]) * (rank == 0)),
    (HandOn, 1, NARROW[0], X[1], NARROW[0] * (rank == 1)),
)
"""Cell, stage, weights, what comes out, and the gradient of its weighted sum."""


class Each(nn.Cell):
    """What each of some cells gives of an input of its own. One graph, as each takes a second to compile."""

    def __init__(self, cases: Any, in_pairs: bool) -> None:
        super().__init__()
        self.cells_ = nn.CellList([kind("tp") for kind, *_ in cases])
        self.stages = tuple(stage for _, stage, *_ in cases)
        self.in_pairs = in_pairs

    def construct(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        found = ()
        for cell, stage, x in zip(self.cells_, self.stages, inputs):  # noqa: B905 - not in graphs
            if self.in_pairs:  # a graph does not know the dtype then, nor ever a gradient
                x = Pair(x * 1, x).one
            found += (cell(x) if stage is None else cell(x, stage),)
        return found


class Weighted(nn.Cell):
    """The sum of all of them, weighted."""

    def __init__(self, cases: Any) -> None:
        super().__init__()
        self.each = Each(cases, False)
        self.weights = [Tensor(weights) for _, _, weights, *_ in cases]

    def construct(self, *inputs: Tensor) -> Tensor:
        total = 0
        for y, weights in zip(self.each(*inputs), self.weights):  # noqa: B905
            total = total + (y.astype(ms.float32) * weights).sum()
        return total


def check_cells() -> None:
    """Each way in which MindSpore computes. Of HandOn a rank's graph is its own, so what is handed on has one order."""
    dtypes = {ms.float32: 1e-6, ms.float16: 3e-3}
    # Before 2.9 the CPU has no product of bfloat16, and with NumPy 2 MindSpore's own operators take it for an error.
    if VERSION >= (2, 9) and np.lib.NumpyVersion(np.__version__) < "2.0.0":
        dtypes[ms.bfloat16] = 3e-2
    for dtype, most in dtypes.items():
        compared("pynative", dtype, most, CASES)
        if dtype != ms.float16:
            compared("graph", dtype, most, CASES[:3])
    for case in CASES[3:]:
        compared("graph", ms.float32, 1e-6, [case])
    compared("jit", ms.float32, 1e-6, CASES[:3])


def compared(how: str, dtype: Any, most: float, cases: Any) -> None:
    with TP:
        each, weighted = Each(cases, True), Weighted(cases)
    ms.set_context(mode=ms.GRAPH_MODE if how == "graph" else ms.PYNATIVE_MODE)
    inputs = [Tensor(X[rank]).astype(dtype) for _ in cases]
    outputs = each(*inputs) if how != "jit" else ()
    for y, (kind, stage, _, expected, _) in zip(outputs, cases, strict=how != "jit"):
        assert y.dtype == dtype
        close(y, expected, most, f"{kind.__name__} {stage} {how} {dtype}")
    of_all = ms.value_and_grad(weighted, tuple(range(len(cases))))
    value, gradients = (ms.jit(of_all) if how == "jit" else of_all)(*inputs)
    ms.set_context(mode=ms.PYNATIVE_MODE)
    close(value, sum((expected * weights).sum() for _, _, weights, expected, _ in cases), most * 30, f"{how} {dtype}")
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for found, (kind, stage, _, _, gradient) in zip(gradients, cases, strict=True):
        assert found.dtype == dtype
        close(found, gradient, most, f"gradient of {kind.__name__} {stage} {how} {dtype}")
    for cell in weighted.each.cells_:
        assert (cell.parts, cell.index, cell.active, cell.axis) == (2, rank, True, "tp")


def close(found: Tensor, expected: Any, most: float, what: str) -> None:
    difference = np.abs(found.astype(ms.float32).asnumpy() - expected).max()
    assert difference <= most * max(1, np.abs(expected).max()), (what, difference)


def check_zeros_hide_what_is_not_finite() -> None:
    with TP:
        cell = HandOn("tp")
    mine = np.full((2,), np.inf if rank else 3, np.float32)
    assert cell(Tensor(mine), 0).asnumpy().tolist() == [3, 3]


def check_other_dtypes() -> None:
    """What AllReduce refuses is summed as exactly as numpy sums it."""
    together = communicator_of(TP, (0, 1))
    for values in (
        [np.array([2**31 - 1, -5, 70000], np.int32), np.array([-3, -(2**31) + 5, 7], np.int32)],
        [np.array([2**62 + 1, -1]), np.array([-(2**40) - 3, 2])],
        [np.array([1 + 2**-50, -1e300]), np.array([3.0, 2.5e299])],
        [np.array([True, False, True, False]), np.array([True, True, False, False])],
        [np.array([200, 3], np.uint8), np.array([5, 4], np.uint8)],
    ):
        total = together.sum(Tensor(values[rank])).asnumpy()
        assert total.dtype == values[0].dtype
        assert total.tolist() == (values[0] + values[1]).tolist(), total
        joined = together.gather(Tensor(values[rank])).asnumpy()
        assert joined.tolist() == np.concatenate(values).tolist()


class Divided(nn.Cell):
    """Two layers, of the first its rows divided, of the second its columns; a norm of the middle that is whole."""

    def __init__(self, up: Any, down: Any, norm: Any, axis: str) -> None:
        super().__init__()
        self.enter, self.leave, self.gather = Enter(axis), Leave(axis), Gather(axis)
        self.up, self.down = Parameter(Tensor(up), name="up"), Parameter(Tensor(down), name="down")
        self.norm = Parameter(Tensor(norm), name="norm")

    def construct(self, x: Tensor) -> Tensor:
        middle = ops.tanh(ops.dense(self.enter(x), self.up))
        middle = middle * ops.tile(self.norm, (middle.shape[-1] // 4,))
        return (self.leave(ops.dense(middle, self.down)) ** 2).mean() + (self.gather(middle) ** 3).mean()


def check_layers() -> None:
    """Parts of layers give the loss and the gradients that whole ones give on one rank."""
    up, down = (DRAWN.standard_normal(shape).astype(np.float32) for shape in ((8, 4), (4, 8)))
    norm = DRAWN.standard_normal(4).astype(np.float32)
    whole = Divided(up, down, norm, "tp")
    own = slice(4 * rank, 4 * rank + 4)
    with TP:
        part = Divided(up[own], down[:, own], norm, "tp")
    part.norm.__dict__["_lazycell_partial"] = "tp"
    x = Tensor(X[0])
    for mode in (ms.PYNATIVE_MODE, ms.GRAPH_MODE):
        ms.set_context(mode=mode)
        loss, grads = ms.value_and_grad(whole, None, whole.trainable_params())(x)
        mine, parts = ms.value_and_grad(part, None, part.trainable_params())(x)
        ms.set_context(mode=ms.PYNATIVE_MODE)
        parts = reduce_gradients(part, parts)
        expected = [grads[0].asnumpy()[own], grads[1].asnumpy()[:, own], grads[2].asnumpy()]
        close(mine, loss.asnumpy(), 1e-6, f"loss {mode}")
        for found, each in zip(parts, expected, strict=True):
            close(found, each, 1e-5, f"layers {mode}")


class Stages(nn.Cell):
    """Layers of which each rank has some, in a pipeline."""

    def __init__(self, embedding: Any, layers: dict[int, Any], at_first: bool) -> None:
        super().__init__()
        self.enter, self.hand_on = Enter("pp"), HandOn("pp")
        self.at_first = at_first
        self.embedding = Parameter(Tensor(embedding), name="embedding") if not at_first or 0 in layers else None
        self.layers = ms.ParameterTuple([Parameter(Tensor(w), name=f"layers.{at}") for at, w in layers.items()])

    def construct(self, ids: Tensor) -> Tensor:
        if self.embedding is None:
            x = ops.zeros((*ids.shape, 4), ms.float32) + self.layers[0][0] * 0
        else:
            x = ops.gather(self.embedding, ids, 0)
        if not self.at_first:
            x = self.enter(x)
        for stage in range(self.hand_on.parts):
            if stage == self.hand_on.index:
                for weight in self.layers:
                    x = ops.tanh(ops.dense(x, weight))
            x = self.hand_on(x, stage)
        return (x**2).mean()


def check_pipeline() -> None:
    """3 layers on 2 stages; embeddings on both, and on the first alone."""
    embedding, *weights = (DRAWN.standard_normal(shape).astype(np.float32) for shape in ((5, 4), *[(4, 4)] * 3))
    layers = dict(enumerate(weights))
    own = [0] if rank == 0 else [1, 2]
    ids = Tensor(np.array([[0, 3, 1], [4, 4, 2]]))
    whole = Stages(embedding, layers, False)
    for mode in (ms.PYNATIVE_MODE, ms.GRAPH_MODE):
        for at_first in (False, True):
            with Mesh(pp=2):
                part = Stages(embedding, {at: layers[at] for at in own}, at_first)
            ms.set_context(mode=mode)
            names = [each.name for each in whole.trainable_params()]
            loss, grads = ms.value_and_grad(whole, None, whole.trainable_params())(ids)
            mine, parts = ms.value_and_grad(part, None, part.trainable_params())(ids)
            ms.set_context(mode=ms.PYNATIVE_MODE)
            parts = reduce_gradients(part, parts)  # nothing is to be reduced
            close(mine, loss.asnumpy(), 1e-6, f"loss {mode} {at_first}")
            expected = dict(zip(names, grads, strict=True))
            for parameter, found in zip(part.trainable_params(), parts, strict=True):
                close(found, expected[parameter.name].asnumpy(), 1e-5, f"{parameter.name} {mode} {at_first}")


def check_copies() -> None:
    """A copy and what a pickle gives exchange as the original does; neither carries a group of this process."""
    with TP:
        leave = Leave("tp")
    x = Tensor(X[rank])
    expected = leave(x).asnumpy()
    for other in (copy.deepcopy(leave), pickle.loads(pickle.dumps(leave)), copy.copy(leave)):
        assert "communicator" not in other.__dict__
        assert (other.axis, other.parts, other.index, other.active, other.mesh) == ("tp", 2, rank, True, TP)
        assert np.array_equal(other(x).asnumpy(), expected)
    assert "communicator" in leave.__dict__
    assert [*leave.cells()] == []


def check_gradients() -> None:
    """The mean along dp, and the sum of what ranks share; None stays."""
    net = nn.Dense(4, 4)
    net.__dict__["_lazycell_mesh"] = Mesh(dp=2)
    grads = (Tensor(X[rank]), None)
    mean, none = reduce_gradients(net, grads)
    close(mean, (X[0] + X[1]) / 2, 1e-6, "dp")
    assert none is None
    net.__dict__["_lazycell_mesh"] = TP
    net.bias.__dict__["_lazycell_copies"] = (("tp", (0, 1)),)
    own, total = reduce_gradients(net, (Tensor(X[rank]), Tensor(X[rank])))
    close(own, X[rank], 0, "a whole weight, whose gradient all ranks have")
    close(total, X[0] + X[1], 1e-6, "shared")
    (only,) = reduce_gradients(net, [Tensor(X[rank])], parameters=[net.bias])
    close(only, X[0] + X[1], 1e-6, "chosen")
    half = reduce_gradients(net, [Tensor(X[rank]).astype(ms.float16)], parameters=[net.bias])[0]
    assert half.dtype == ms.float16


run(
    check_cells,
    check_zeros_hide_what_is_not_finite,
    check_other_dtypes,
    check_layers,
    check_pipeline,
    check_copies,
    check_gradients,
)
