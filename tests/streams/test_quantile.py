"""The quantile function of the normal distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.streams._quantile import below, quantile


@given(st.lists(st.floats(1e-300, 1 - 1e-16), min_size=1, max_size=50))
def test_quantiles_are_those_of_the_standard_library(probabilities: list[float]) -> None:
    """Centre and tails, in any mixture."""
    expected = [NormalDist().inv_cdf(each) for each in probabilities]
    assert quantile(np.array(probabilities)).tolist() == pytest.approx(expected, rel=1e-12, abs=1e-15)


@given(st.floats(-37, 8))
def test_quantile_inverts_below(x: float) -> None:
    """As far as a probability near one can tell."""
    tolerance = 1e-9 if x < 5 else 0.1
    assert quantile(np.array([below(x)]))[0] == pytest.approx(x, abs=tolerance)


def test_below_is_exact_where_it_is_tiny() -> None:
    """Against the continued fraction of the tail at ten standard deviations, and at infinity."""
    x, tail = 10.0, 0.0
    for term in range(60, 0, -1):
        tail = term / (x + tail)
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    assert below(-x) == pytest.approx(density / (x + tail), rel=1e-12)
    assert (below(-math.inf), below(0.0), below(math.inf)) == (0.0, 0.5, 1.0)


def test_the_rational_functions_meet() -> None:
    """Fine steps over all of the tail, past where one of them takes over from another."""
    probabilities = [math.exp(-((step / 200) ** 2)) for step in range(170, 5200)]
    expected = [NormalDist().inv_cdf(each) for each in probabilities]
    assert np.allclose(quantile(np.array(probabilities)), expected, rtol=3e-15, atol=1e-15)
