"""From what a declaration calls an initializer to MindSpore's objects."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from mindspore.common.initializer import Constant, Initializer, Normal, Zero, initializer

from lazycell import DeclarationError, LazyCell, Param, param, register_initializer


def made(what, shape=(3, 4), seed=5) -> np.ndarray:
    """Give the values of a parameter declared with `what`."""

    class Net(LazyCell):
        weight: Param[what, shape]

    net = Net()
    net.init_parameters_data(seed)
    return net.weight.asnumpy()


NAMES = "zeros ones normal uniform xavier_uniform he_uniform he_normal truncatedNormal orthogonal identity".split()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_that_mindspore_knows_is_taken(name):
    """A name gives what MindSpore's initializer of that name gives: the same constants, or numbers that vary."""
    values = made(name)
    assert values.shape == (3, 4)
    ours, theirs = len(np.unique(values)), len(np.unique(eager(name)))
    assert ours == theirs


def eager(name: str) -> np.ndarray:
    key = {"he_uniform": "heuniform", "he_normal": "henormal"}.get(name, name)
    return initializer(key, [3, 4], ms.float32).init_data().asnumpy()


def test_an_instance_may_be_built_from_symbols():
    """Normal(sigma) with a symbolic sigma is evaluated for each instance, and the declaration is left alone."""

    class Net(LazyCell):
        width: int
        weight: Param[Normal(width**-0.5), (1000, width)]

    for width in (4, 400):
        net = Net(width)
        net.init_parameters_data(1)
        assert np.std(net.weight.asnumpy()) == pytest.approx(width**-0.5, rel=0.1)
    assert Net.manifest(4)["weight"].initializer == "Normal(sigma=0.5, mean=0.0)"


def test_a_number_fills():
    """A number is a constant, whatever the dtype."""
    np.testing.assert_array_equal(made(1.5), np.full((3, 4), 1.5, np.float32))
    np.testing.assert_array_equal(made(Constant(2)), np.full((3, 4), 2, np.float32))


def test_a_function_computes_the_values():
    """It gets the shape and the numpy dtype, and its array is what the parameter holds."""
    seen = []

    def table(shape, dtype):
        seen.append((shape, dtype))
        return np.arange(12, dtype=dtype).reshape(shape)

    np.testing.assert_array_equal(made(table), np.arange(12, dtype=np.float32).reshape(3, 4))
    assert seen == [((3, 4), np.dtype(np.float32))]


def test_a_users_initializer_runs_as_it_is():
    """A subclass of Initializer is called with the array to fill, and may draw from numpy's generator."""

    class Ramp(Initializer):
        def _initialize(self, arr):
            arr[...] = np.random.rand(*arr.shape)

    np.testing.assert_array_equal(made(Ramp()), made(Ramp()))
    assert not np.array_equal(made(Ramp(), seed=5), made(Ramp(), seed=6))


def test_a_registered_function_has_a_name():
    """@register_initializer adds a name that every declaration may use, in any case."""

    @register_initializer("test_ramp")
    def ramp(shape, dtype):
        return np.linspace(0, 1, shape[-1], dtype=dtype) * np.ones(shape, dtype)

    np.testing.assert_allclose(made("TEST_ramp")[0], np.linspace(0, 1, 4), rtol=1e-6)
    assert register_initializer("test_ramp")(ramp) is ramp


def test_a_registered_class_has_a_name():
    """A subclass of Initializer is built without arguments."""

    @register_initializer("test_blank")
    class Blank(Zero): ...

    np.testing.assert_array_equal(made("test_blank"), np.zeros((3, 4), np.float32))


def test_a_name_that_is_taken_is_refused():
    """Neither MindSpore's names nor somebody else's can be replaced."""
    with pytest.raises(DeclarationError, match="an initializer named 'normal' is registered already"):
        register_initializer("normal")(lambda shape, dtype: np.zeros(shape))


def test_a_name_that_is_not_enough_says_what_to_write():
    """`"sparse"` alone cannot be built: MindSpore's Sparse has a required argument."""
    with pytest.raises(
        DeclarationError, match=r"the initializer 'sparse' needs sparsity: write `Sparse\(sparsity=…\)`"
    ):

        class Net(LazyCell):
            weight: Param["sparse", (3, 4)]


def test_a_name_out_of_a_hyperparameter_is_checked_when_an_instance_is_built():
    """A symbolic initializer is known late, and misspelt ones are still named."""

    class Net(LazyCell):
        init: str = "ones"
        weight: ms.Parameter = param(init, (2,))

    Net()
    with pytest.raises(
        DeclarationError, match=r"Net\.weight: no initializer is registered as 'zerros'; did you mean `zeros`\?"
    ):
        Net("zerros")
