"""A buffer's function with further arguments, and `functools.partial` with symbols."""

import functools
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor
from mindspore.common.initializer import Normal

from lazycell import Buffer, DeclarationError, LazyCell, Param, buffer, children, hyper, status
from tests.words import live


def frequencies(shape: tuple[int, ...], dtype: Any, *, theta: float, scale: float = 1.0) -> Any:
    """Rotary frequencies."""
    return (scale * theta ** -np.linspace(0, 1, shape[0])).astype(dtype)


class Rotary(LazyCell):
    size: int
    theta: float = 100.0
    function: Any = frequencies

    table: Tensor = buffer(frequencies, (size // 2,), theta=theta, scale=size / 4)
    fixed: Tensor = buffer(frequencies, (size,), persistent=False, theta=10.0)
    chosen: Tensor = buffer(function, (size,), theta=theta)
    partial: Buffer[functools.partial(frequencies, theta=theta + 1), (size,)]
    weight: Param[functools.partial(frequencies, theta=2.0), (size,)]


class Net(LazyCell):
    size: int = 8
    rotary: list[Rotary] = children(2, Rotary, size)


def test_life(tmp_path: Any) -> None:
    """The function is called with what the instance says, when values are needed."""
    net = live(Net, tmp_path)
    rotary = net.rotary[1]
    np.testing.assert_allclose(rotary.table.asnumpy(), 2.0 * 100.0 ** -np.linspace(0, 1, 4), rtol=1e-6)
    np.testing.assert_allclose(rotary.fixed.asnumpy(), 10.0 ** -np.linspace(0, 1, 8), rtol=1e-6)
    np.testing.assert_allclose(rotary.partial.asnumpy(), 101.0 ** -np.linspace(0, 1, 8), rtol=1e-6)
    assert Rotary(4, theta=7.0).manifest()["table"].initializer == f"{__name__}.frequencies(theta=7.0, scale=1.0)"
    assert "frequencies(theta=2.0)" in str(status(net)["rotary.0.weight"].origin)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: buffer(frequencies, (3,), theat=1.0), r"does not fit: .*did you mean `theta`"),
        (lambda: buffer(frequencies, (3,), theta=1.0, presistent=False), "did you mean `persistent`"),
        (lambda: buffer(frequencies, (3,), scale=1.0), "missing a required (keyword-only )?argument: 'theta'"),
        (lambda: buffer("zeros", (3,), presistent=False), "the initializer 'zeros' is none.*did you mean `persistent`"),
        (lambda: buffer(Normal(0.1), (3,), theta=2), "arguments of a function, and the initializer Normal"),
    ],
)
def test_mistakes(make: Any, problem: str) -> None:
    """What the function does not take is refused where it is written."""
    with pytest.raises(DeclarationError, match=problem):
        make()


def test_a_shape_that_does_not_fit_names_the_function(tmp_path: Any) -> None:
    """As one writes it."""

    class Wrong(LazyCell):
        n: int = hyper(3)
        table: Tensor = buffer(lambda shape, dtype, k: np.zeros(k, dtype), (n,), k=2)

    with pytest.raises(Exception, match=r"<lambda>\(k=2\) returned an array of shape \(2,\)"):
        Wrong().init_parameters_data()
