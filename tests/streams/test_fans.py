"""Fans and gains."""

from __future__ import annotations

import math

import pytest

from lazycell.streams import fan, fans, gain


@pytest.mark.parametrize(("shape", "expected"), [((5, 3), (3, 5)), ((5, 3, 2), (6, 10)), ((8, 4, 3, 3), (36, 72))])
def test_fans_count_inputs_and_outputs(shape: tuple[int, ...], expected: tuple[int, int]) -> None:
    """A weight is (out, in, *kernel)."""
    assert fans(shape) == expected
    assert (fan(shape, "fan_in"), fan(shape, "FAN_OUT")) == expected


@pytest.mark.parametrize("shape", [(), (5,)])
def test_a_vector_has_no_fans(shape: tuple[int, ...]) -> None:
    """The message says what there should be."""
    with pytest.raises(ValueError, match=r"at least two dimensions, \(out, in, …\), and the shape is \("):
        fan(shape, "fan_in")


def test_modes_and_nonlinearities_are_checked() -> None:
    """Each message lists what there is."""
    with pytest.raises(ValueError, match="mode='avg': it is 'fan_in' or 'fan_out'"):
        fan((2, 3), "avg")
    with pytest.raises(ValueError, match="nonlinearity='gelu': it is 'leaky_relu', 'relu', 'tanh'"):
        gain("gelu")


def test_gains() -> None:
    """A leaky ReLU lies between a linear map and a ReLU."""
    assert gain("linear") == gain("sigmoid") == gain("conv_transpose2d") == gain("leaky_relu", 1.0) == 1
    assert gain("relu") == gain("leaky_relu", 0.0) == math.sqrt(2)
    assert gain("tanh") == pytest.approx(5 / 3)
