"""What a part begins with: what the whole has there, bit for bit, however it is initialized."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn
from mindspore.common import initializer as ms_initializers
from mindspore.common.initializer import Initializer

import lazycell
from lazycell import InitializationError
from lazycell.mesh import Division, Mesh, Share
from lazycell.parameters import _seed
from lazycell.parameters._buffer import declare_buffer
from lazycell.parameters._declared import DeferredParameter, new_declared
from lazycell.parameters._foreign import ComputedTable
from lazycell.parameters._part import mark_part

from .parts import BOTH, COLUMNS, FUSED, KERNELS, ROWS, bits, cut, declared, net_of, place, whole_net

MESHES = [Mesh(tp=2, rank=1), Mesh(tp=4, rank=2), Mesh(ep=2, tp=4, rank=7), Mesh(dp=3, rank=1)]


class Rising(Initializer):  # type: ignore[misc]
    """Written by a user."""

    def _initialize(self, arr: Any) -> None:
        arr[...] = np.sort(np.random.rand(arr.size)).reshape(arr.shape)


def table(shape: tuple[int, ...], dtype: Any) -> Any:
    """Give values that follow from the whole shape."""
    return (np.arange(np.prod(shape)) / shape[0]).reshape(shape).astype(dtype)


MATRICES = [
    *(ms_initializers.Zero(), ms_initializers.One(), ms_initializers.Constant(0.1)),
    *(ms_initializers.Normal(0.02), ms_initializers.TruncatedNormal(0.02), ms_initializers.Uniform(0.07)),
    *(ms_initializers.XavierUniform(), ms_initializers.XavierNormal()),
    *(ms_initializers.HeUniform(), ms_initializers.HeNormal(mode="fan_out")),
    *(ms_initializers.VarianceScaling(), ms_initializers.Orthogonal(), ms_initializers.Sparse(0.3)),
    *(ms_initializers.Identity(), Rising(), ComputedTable(table)),
]


@pytest.mark.parametrize("dtype", [ms.float32, ms.float16, ms.bfloat16], ids=str)
@pytest.mark.parametrize("initializer", MATRICES, ids=lambda each: type(each).__name__)
def test_a_part_is_bit_equal_to_the_whole_s(initializer: Initializer, dtype: Any) -> None:
    for division in (ROWS, COLUMNS, FUSED, BOTH):
        whole = declared(initializer, division.shape, dtype)
        lazycell.init_parameters_data(whole, seed=3)
        for mesh in MESHES:
            part = place(division, mesh)
            cell = declared(initializer, division.shape, dtype, part)
            lazycell.init_parameters_data(cell, seed=3)
            assert cell.w.shape == part.shape
            assert bits(cell.w) == cut(whole.w, part).tobytes(), (division, mesh)


@pytest.mark.parametrize(
    "initializer", [ms_initializers.Dirac(), ms_initializers.HeNormal()], ids=lambda each: type(each).__name__
)
def test_so_are_parts_of_kernels(initializer: Initializer) -> None:
    whole = declared(initializer, KERNELS.shape, ms.float32)
    lazycell.init_parameters_data(whole, seed=3)
    for rank in range(8):
        part = place(KERNELS, Mesh(tp=4, ep=2, rank=rank))
        cell = declared(initializer, KERNELS.shape, ms.float32, part)
        lazycell.init_parameters_data(cell, seed=3)
        assert bits(cell.w) == cut(whole.w, part).tobytes()


def by_running(net: Any) -> None:
    """Run it."""
    net(ms.mint.ones((16,)))


def by_deferred_framework(net: Any) -> None:
    """Have MindSpore do it."""
    nn.Cell.init_parameters_data(net)


WAYS = {
    "method": lambda net: net.init_parameters_data(),
    "function": lambda net: lazycell.init_parameters_data(net),
    "first run": by_running,
    "MindSpore's": by_deferred_framework,
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_asked_for(way: str) -> None:
    found = []
    for net in (whole_net(), net_of(Mesh(tp=2, rank=1))):
        ms.set_seed(5)
        WAYS[way](net)
        found.append(net)
    whole, part = found
    assert bits(part.up) == cut(whole.up, place(ROWS, Mesh(tp=2, rank=1))).tobytes()
    assert bits(part.down) == cut(whole.down, place(COLUMNS, Mesh(tp=2, rank=1))).tobytes()
    assert bits(part.norm) == bits(whole.norm)


def test_so_does_initial_values() -> None:
    part = place(COLUMNS, Mesh(tp=4, rank=1))
    cell = declared(ms_initializers.HeUniform(), COLUMNS.shape, ms.float32, part)
    lazycell.init_parameters_data(cell, seed=9)
    index = [slice(*ranges[0]) for ranges in part.ranges]
    values = lazycell.initial_values(ms_initializers.HeUniform(), (24, 16), name="w", seed=9, index=index)
    assert bits(cell.w) == values.tobytes()


def test_values_are_rounded_to_the_declared_dtype_before_they_are_converted() -> None:
    whole, part = whole_net(), net_of(Mesh(tp=2, rank=0))
    for net in (whole, part):
        net.to_float(ms.float16)
        for each in net.get_parameters():
            each.set_dtype(ms.float16)
        net.init_parameters_data(seed=1)
    assert part.up.dtype == ms.float16
    assert bits(part.up) == cut(whole.up, place(ROWS, Mesh(tp=2, rank=0))).tobytes()


def test_what_draws_from_numpy_s_generator_draws_the_whole_and_keeps_the_part() -> None:
    """A state that an optimizer clones with a random start, which is no parameter of a LazyCell."""
    part = place(ROWS, Mesh(tp=4, rank=3))
    found = []
    for shape in (part.shape, part.whole):
        state = new_declared(
            DeferredParameter, ms_initializers.HeNormal(), shape, ms.float32, name="s", requires_grad=False
        )
        if shape == part.shape:
            mark_part(state, part)
        ms.set_seed(2)
        state.init_data()
        found.append(state)
    assert bits(found[0]) == cut(found[1], part).tobytes()


@pytest.mark.parametrize("way", [lambda each: each, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_computed_buffer_may_be_a_part(way: Any) -> None:
    part = place(ROWS, Mesh(tp=4, rank=2))
    buffer = declare_buffer(ComputedTable(table), part.shape, ms.float32)
    mark_part(buffer, part)
    expected = table(part.whole, np.float32)[slice(*part.ranges[0][0])]
    assert way(buffer).asnumpy().tobytes() == expected.tobytes()


def test_an_initializer_that_fails_names_the_whole_shape() -> None:
    part = place(ROWS, Mesh(tp=2, rank=0))
    cell = declared(ms_initializers.Dirac(), ROWS.shape, ms.float32, part)
    with pytest.raises(InitializationError, match=r"\(24, 16\)"):
        lazycell.init_parameters_data(cell)


def test_no_memory_of_the_whole_s_size_is_taken() -> None:
    """Columns of 32 MB, of which a rank has 4."""
    division = Division((2048, 4096), ((Share(2048),), (Share(4096, ("tp",)),)))
    cell = declared(ms_initializers.Normal(), division.shape, ms.float32, place(division, Mesh(tp=8, rank=5)))
    lazycell.init_parameters_data(declared(ms_initializers.Normal(), (4, 4), ms.float32))
    tracemalloc.start()
    lazycell.init_parameters_data(cell, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 << 20


# ------------------------------------------------------------------------------------------ seeds


@pytest.fixture
def no_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have MindSpore know none, as in a new process."""
    monkeypatch.setattr(_seed, "get_seed", lambda: None)


@pytest.mark.usefixtures("no_seed")
def test_without_a_seed_parts_are_not_drawn() -> None:
    words = r"without a seed each rank would draw values of another model.*init_parameters_data\(seed=…\).*set_seed"
    net = net_of(Mesh(tp=2, rank=0))
    for draw in (net.init_parameters_data, lambda: by_running(net), net.up.init_data):
        with pytest.raises(InitializationError, match=words):
            draw()
    assert {each.state for each in lazycell.status(net).values()} == {"declared"}
    net.init_parameters_data(seed=1)


@pytest.mark.usefixtures("no_seed")
def test_nor_is_what_every_rank_has_all_of() -> None:
    net = whole_net()
    net.__dict__["_lazycell_mesh"] = Mesh(dp=2, rank=1)
    with pytest.raises(InitializationError, match="SequentialCell is on 2 ranks, and without a seed"):
        lazycell.init_parameters_data(nn.SequentialCell(net))
    with pytest.raises(InitializationError, match="Net is on 2 ranks, and without a seed"):
        net.init_parameters_data()
    net.__dict__["_lazycell_mesh"] = Mesh(dp=1, rank=0)
    net.init_parameters_data()


@pytest.mark.usefixtures("no_seed")
def test_constants_need_no_seed() -> None:
    cell = declared(ms_initializers.One(), ROWS.shape, ms.float32, place(ROWS, Mesh(tp=2, rank=0)))
    lazycell.init_parameters_data(cell)
    assert cell.w.asnumpy().all()
