"""`lazycell.initial_values`: what a rank that holds a slice begins with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore.common.initializer import Initializer, Normal

import lazycell
from lazycell import DeclarationError, InitializationError, LazyCell, Param, initial_values, normal, orthogonal


class Net(LazyCell):
    """Several ways of being initialized."""

    n: int
    weight: Param[normal, (n, 6)]
    half: Param[Normal(0.5), (n, 2, 3), "bfloat16"]
    turned: Param[orthogonal, (n, 4)]
    one: Param[1.0, ()]


@pytest.fixture(scope="module")
def net() -> Net:
    """Give one with values."""
    made = Net(n=10)
    made.init_parameters_data(seed=7)
    return made


@pytest.mark.parametrize(
    ("name", "initializer"), [("weight", "normal"), ("half", Normal(0.5)), ("turned", "orthogonal"), ("one", 1.0)]
)
def test_whole_tensors_are_those_of_a_net(net: Net, name: str, initializer: Any) -> None:
    """Same seed, same name: same values, same dtype."""
    parameter = getattr(net, name)
    values = initial_values(initializer, parameter.shape, parameter.dtype, name=name, seed=7)
    assert values.shape == parameter.shape
    assert values.tobytes() == lazycell_values(parameter).tobytes()


def lazycell_values(parameter: Any) -> np.ndarray[Any, Any]:
    """Give the values in the parameter's own dtype."""
    from lazycell.parameters._framework import numpy_values

    return numpy_values(parameter)


@settings(deadline=None)
@given(st.data(), st.sampled_from(["normal", "uniform", "orthogonal", 3, "user"]))
def test_any_part_is_that_part_of_the_whole(data: st.DataObject, initializer: Any) -> None:
    """Slices of every axis, from both ends, empty ones and left-out ones included."""
    made = Ramp() if initializer == "user" else initializer
    shape = data.draw(st.sampled_from([(5, 7), (4, 3, 2), (9, 1)]))
    index = data.draw(st.lists(st.slices(7).filter(lambda part: part.step in (None, 1)), max_size=len(shape)))
    whole = initial_values(made, shape, name="w", seed=3)
    part = initial_values(made, shape, name="w", seed=3, index=index)
    np.testing.assert_array_equal(part, whole[tuple(index)])


class Ramp(Initializer):
    """A user's initializer."""

    def _initialize(self, arr: np.ndarray[Any, Any]) -> None:
        arr[...] = np.random.rand(*arr.shape)


def test_a_part_of_what_no_memory_holds() -> None:
    """The last rows of a tensor of four petabytes."""
    values = initial_values("normal", (1 << 40, 1024), name="w", seed=0, index=slice((1 << 40) - 3, None))
    assert values.shape == (3, 1024)
    assert abs(values.std() / 0.01 - 1) < 0.1


def test_what_is_wrong_is_said() -> None:
    """Names, indices, shapes."""
    with pytest.raises(DeclarationError, match="no initializer is registered as 'norml'.*normal"):
        initial_values("norml", (2,), name="w", seed=0)
    with pytest.raises(
        DeclarationError, match=r"the initializer 'sparse' needs sparsity: write `Sparse\(sparsity=…\)`"
    ):
        initial_values("sparse", (2, 2), name="w", seed=0)
    with pytest.raises(TypeError, match="a name, a number, an Initializer or a function, not a list"):
        initial_values([1], (2,), name="w", seed=0)
    with pytest.raises(InitializationError, match=r"'w' \(shape \(2,\), float32\) cannot be initialized by Xavier"):
        initial_values("xavier_uniform", (2,), name="w", seed=0)
    with pytest.raises(IndexError, match=r"index has 2 slices, the shape \(2,\) has 1 axes"):
        initial_values("normal", (2,), name="w", seed=0, index=(slice(1), slice(1)))
    with pytest.raises(TypeError, match="axis 0 was given a int: 3"):
        initial_values("normal", (2,), name="w", seed=0, index=(3,))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="without a step"):
        initial_values("normal", (4,), name="w", seed=0, index=slice(0, 4, 2))


def test_manifests_name_the_streams() -> None:
    """A seed means something only together with their version."""
    from lazycell._stream_version import STREAM_VERSION

    assert Net.manifest(n=2).stream_version == Net(n=2).manifest().stream_version == STREAM_VERSION
    assert lazycell.Manifest("M", ()).stream_version == STREAM_VERSION
