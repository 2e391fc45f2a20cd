"""Initializers that are run as they are: their values depend on key, shape and dtype, and on nothing else."""

from __future__ import annotations

import threading
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from mindspore.common.initializer import Constant, HeUniform, Initializer, Normal, Orthogonal, TruncatedNormal, Zero

from lazycell.parameters._foreign import ComputedTable, describe, draw
from lazycell.streams import stream_key


def test_draws_repeat_and_differ_by_key() -> None:
    """The same key gives the same values; another one, others."""
    first, again, other = (draw(Normal(), (50,), "float32", key) for key in (7, 7, 8))
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_draw_leaves_numpys_global_state_alone() -> None:
    """Who draws from numpy.random sees no difference, also when an initializer fails."""

    class Broken(Initializer):
        def _initialize(self, arr: Any) -> None:
            np.random.rand()
            raise ValueError("broken")

    np.random.seed(1)
    expected = np.random.rand(2).tolist()
    np.random.seed(1)
    seen = [np.random.rand()]
    draw(Normal(), (3,), "float32", 5)
    with pytest.raises(ValueError, match="broken"):
        draw(Broken(), (3,), "float32", 5)
    seen.append(np.random.rand())
    assert seen == expected


def test_an_initializer_may_read_its_seed() -> None:
    """Initializers have a `seed`: it comes from the key during the draw, and is as before afterwards."""

    class Seeded(Initializer):
        def _initialize(self, arr: Any) -> None:
            arr[...] = np.random.default_rng(self.seed[0]).random(arr.shape)

    initializer = Seeded()
    first, again, other = (draw(initializer, (5,), "float32", key) for key in (7, 7, 8))
    assert first.tolist() == again.tolist() != other.tolist()
    assert initializer._seed is None


@pytest.mark.parametrize("initializer", [Normal(0.5), HeUniform(), TruncatedNormal(), Orthogonal()])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_16_bit_values_are_the_rounded_float32_values(initializer: Initializer, dtype: str) -> None:
    """As MindSpore draws them."""
    half = draw(initializer, (8, 4), dtype, 3)
    assert half.dtype.name == dtype
    assert half.tolist() == draw(initializer, (8, 4), "float32", 3).astype(half.dtype).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "bool"])
def test_constants_in_every_dtype_and_shape(dtype: str) -> None:
    """Scalars included; results are writable."""
    for shape in ((), (2, 3)):
        assert (draw(Constant(1), shape, dtype, 3) == 1).all()
        zeros = draw(Zero(), shape, dtype, 3)
        assert (zeros == 0).all()
        assert zeros.shape == shape
        assert zeros.flags.writeable


def test_values_are_mindspores() -> None:
    """They are what an initializer gives from a numpy generator that the key's four 32-bit words have seeded."""
    key = stream_key(1, "w")
    np.random.seed(np.frombuffer(key.to_bytes(16, "little"), "<u4"))
    expected = Tensor(shape=(4, 4), dtype=ms.float32, init=Normal()).init_data().asnumpy()
    assert draw(Normal(), (4, 4), "float32", key).tolist() == expected.tolist()


def test_threads_do_not_disturb_each_other() -> None:
    """Concurrent draws give what they give alone."""
    keys = list(range(16))
    alone = [draw(Normal(), (1000,), "float32", key).tolist() for key in keys]
    together: dict[int, list[float]] = {}
    threads = [
        threading.Thread(target=lambda k=key: together.update({k: draw(Normal(), (1000,), "float32", k).tolist()}))
        for key in keys
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[key] for key in keys] == alone


def rotation(shape: tuple[int, ...], dtype: Any) -> Any:
    """A table of the tests."""
    return np.arange(4.0).reshape(2, 2)


def test_tables_are_computed_and_checked() -> None:
    """Arrays, lists and Tensors are taken; another shape than the declared one is refused."""
    assert draw(ComputedTable(rotation), (2, 2), "float16", 0).tolist() == [[0, 1], [2, 3]]
    assert draw(ComputedTable(lambda shape, dtype: [[1, 2]]), (1, 2), "int32", 0).tolist() == [[1, 2]]
    table = ComputedTable(lambda shape, dtype: Tensor([1.0, 2.0], ms.bfloat16))
    assert draw(table, (2,), "float32", 0).tolist() == [1, 2]
    with pytest.raises(
        ValueError, match=r"rotation returned an array of shape \(2, 2\) for a declared shape of \(3,\)"
    ):
        draw(ComputedTable(rotation), (3,), "float32", 0)


def test_initializers_are_described_as_they_are_written() -> None:
    """For the record and the status table."""
    assert describe(Normal(0.02)) == "Normal(sigma=0.02, mean=0.0)"
    assert describe(Zero()) == "Zero()"
    assert describe(ComputedTable(rotation)).endswith("test_foreign.rotation")
