"""What a rank's net begins with: what the whole model has in its place, bit for bit."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore.common.initializer import Normal, Orthogonal

import lazycell
from lazycell import (
    INDEX,
    InitializationError,
    LazyCell,
    Mesh,
    Param,
    buffer,
    children,
    divide,
    fused,
    on,
    param,
    shared,
    when,
    whole,
)
from lazycell.parameters import part_of
from lazycell.parameters._framework import numpy_values
from lazycell.parameters._part import cut


def slopes_of(shape: tuple[int, ...], dtype: Any, count: int) -> Any:
    """Give one for each head, of a row that depends on how many there are."""
    return (np.arange(1, shape[0] + 1) / count).astype(dtype)


class Block(LazyCell):
    hidden: int
    inner: int
    heads: int
    keys: int
    index: int
    divide(tp=(inner, heads, shared(keys)))

    qkv: Param["he_normal", (fused(q=heads * 4, k=keys * 4, v=keys * 4), hidden)]
    out: Param["xavier_uniform", (hidden, heads * 4)]
    up: Param[Normal(0.02), (inner, hidden), ms.float16]
    turned: Param[Orthogonal(), (inner, hidden)]
    scale: Param[Normal(1 / inner), (inner,)]
    router: Param["normal", (whole(inner), hidden)]
    norm: Param["ones", (hidden,)]
    slopes: Any = buffer(slopes_of, (heads,), persistent=False, count=heads)


class Model(LazyCell):
    words: int = 64
    inner: int = 24
    depth: int = 3
    divide(tp=words, pp=depth)

    table: Any = when(on(pp=0), param("normal", (words, 16)))
    blocks: list[Block] = children(depth, Block, 16, inner, 8, 2, INDEX)


MESHES = [{"tp": 2}, {"tp": 4}, {"pp": 2, "tp": 2}, {"dp": 2, "pp": 3}, {"tp": 8}]


def everything(net: Any) -> dict[str, Any]:
    """Give parameters and computed buffers."""
    buffers = {f"{path}.{name}": each for path, cell in net.cells_and_names() for name, each in cell._buffers.items()}
    return {**dict(net.parameters_and_names()), **buffers}


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """The whole."""
    net = Model()
    net.init_parameters_data(seed=11)
    return everything(net)


@pytest.mark.parametrize("axes", MESHES, ids=str)
def test_all_ranks_have_the_whole_s_values(axes: dict[str, int], expected: dict[str, Any]) -> None:
    for rank in range(Mesh(**axes, rank=0).ranks):
        with Mesh(**axes, rank=rank):
            net = Model()
        again, other = copy.deepcopy(net), pickle.loads(pickle.dumps(net))
        for each in (net, again, other):
            each.init_parameters_data(seed=11)
        found = everything(net)
        assert found.keys() <= expected.keys()
        for name, each in found.items():
            part = part_of(each)
            values = numpy_values(expected[name])
            values = values if part is None else cut(values, part)
            assert each.shape == values.shape, name
            assert numpy_values(each).tobytes() == values.tobytes(), name
        for made in (again, other):
            for name, each in everything(made).items():
                assert numpy_values(each).tobytes() == numpy_values(found[name]).tobytes(), name


def test_without_a_seed_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lazycell.parameters._seed.get_seed", lambda: None)
    with Mesh(tp=2, rank=1):
        net = Model()
    with pytest.raises(InitializationError, match="Model is on 2 ranks, and without a seed"):
        net.init_parameters_data()
    assert {each.state for each in lazycell.status(net).values()} == {"declared"}


def test_status_of_a_rank() -> None:
    with Mesh(tp=2, rank=1):
        net = Model()
    status = lazycell.status(net)
    assert (status["table"].shape, status["table"].whole) == ((32, 16), (64, 16))
    assert status["blocks.0.slopes"].whole == (8,)
    assert status["blocks.0.router"].whole is None
    assert "(32, 16) of (64, 16)" in str(status)
