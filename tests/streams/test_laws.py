"""The laws that initial values follow."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._dtypes import numpy_dtype
from lazycell.streams import (
    Dirac,
    Identity,
    Law,
    Normal,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
    stream_key,
    values,
)
from lazycell.streams._words import BLOCK, Stream

from .laws import DTYPES, ELEMENTWISE, RANDOM, tensor

KEY = stream_key(3, "weight")
MANY = 200_000
# Of float32; of float64 it is twice the end of a block.
MEETING = 2 * BLOCK


@cache
def whole(law: Law, dtype: str) -> Any:
    """Give a tensor of more than one block, flattened."""
    size = MEETING + 400
    return values(law, KEY, dtype, 0, size)


def draw(law: Law, shape: tuple[int, ...], dtype: str = "float32", key: int = KEY) -> Any:
    """Give a tensor."""
    return tensor(law, key, shape, dtype)


PLACES = st.one_of(st.integers(0, 300), st.integers(BLOCK - 300, BLOCK + 300), st.integers(MEETING - 300, MEETING))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("law", ELEMENTWISE, ids=str)
@given(place=PLACES, size=st.integers(0, 400))
def test_a_slice_is_that_of_the_whole_tensor(law: Law, dtype: str, place: int, size: int) -> None:
    """Bit for bit: from and to odd elements, of one and of none, across blocks."""
    piece = values(law, KEY, dtype, place, place + size)
    assert piece.shape == (size,)
    assert piece.dtype.name == dtype
    assert piece.tobytes() == whole(law, dtype)[place : place + size].tobytes()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("law", RANDOM, ids=str)
def test_16_bit_values_are_the_rounded_float32_values(law: Law, dtype: str) -> None:
    """To nearest even, as numpy rounds."""
    rounded = whole(law, "float32").astype(numpy_dtype(dtype))
    assert whole(law, dtype).tobytes() == rounded.tobytes()


@pytest.mark.parametrize("law", RANDOM, ids=str)
def test_other_keys_give_other_values(law: Law) -> None:
    """Of fifty values few can agree by chance."""
    here, there = draw(law, (50,)), draw(law, (50,), key=KEY + 1)
    assert (here != there).mean() > 0.9


# --------------------------------------------------------------------------------------------------------- uniform


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(limit=st.floats(1e-30, 1e30))
def test_uniform_values_lie_between_limits_the_upper_excluded(dtype: str, limit: float) -> None:
    """Of the symmetric laws, which are those that initializers follow."""
    drawn = draw(Uniform(-limit, limit), (1000,), dtype)
    bound = drawn.dtype.type(limit)
    assert (drawn >= -bound).all()
    assert (drawn < bound).all()


@pytest.mark.parametrize(
    ("dtype", "words"),
    [("float32", [0x80000000_7FFFFFFF]), ("float64", [0x7FFFFFFF_FFFFFFFF, 0x80000000_00000000])],
)
@pytest.mark.parametrize("limit", [1.0, 0.7, 1e-3, 1 + 2.0**-23])
def test_the_greatest_integer_stays_below_the_limit_and_the_least_reaches_it(
    limit: float, dtype: str, words: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few tensors have either."""
    monkeypatch.setattr(Stream, "words", lambda self, start, count: np.array(words, np.uint64))
    greatest, least = draw(Uniform(-limit, limit), (2,), dtype)
    bound = np.dtype(dtype).type(limit)
    assert least == -bound
    assert bound * 0.999999 < greatest < bound


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (2.0, 5.0)])
def test_uniform_values_fill_the_interval_evenly(low: float, high: float, dtype: str) -> None:
    """In each tenth of it lies a tenth of them, within five standard deviations."""
    counts, _ = np.histogram(draw(Uniform(low, high), (MANY,), dtype), 10, (low, high))
    assert counts.sum() == MANY
    assert (np.abs(counts - MANY / 10) < 5 * math.sqrt(MANY * 0.09)).all()


# ---------------------------------------------------------------------------------------------------------- normal


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (-2.0, 0.5)])
def test_normal_values_are_distributed_normally(mean: float, sigma: float, dtype: str) -> None:
    """Between its deciles lies a tenth of them, within five standard deviations."""
    law = NormalDist(mean, sigma)
    edges = [-math.inf, *law.quantiles(10), math.inf]
    counts, _ = np.histogram(draw(Normal(mean, sigma), (MANY,), dtype), edges)
    assert (np.abs(counts - MANY / 10) < 5 * math.sqrt(MANY * 0.09)).all()


def test_neighbours_are_not_correlated() -> None:
    """The two of a pair come from one radius, and are independent all the same: so are their squares."""
    drawn = draw(Normal(0.0, 1.0), (MANY,)).astype(float)
    for each in (drawn, drawn**2 - 1):
        for lag in (1, 2, 3):
            assert abs(np.mean(each[:-lag] * each[lag:])) < 5 * each.var() / math.sqrt(MANY)


@pytest.mark.parametrize("law", [Normal(0.25, 0.0), TruncatedNormal(0.25, 0.0, -1.0, 1.0)], ids=str)
def test_without_deviation_every_value_is_the_mean(law: Law) -> None:
    """A sigma of 0 is allowed."""
    assert (draw(law, (7,)) == 0.25).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_sigma_too_large_for_the_dtype_gives_infinities(dtype: str) -> None:
    """As an eager build does, and nobody is warned from a thread: pytest would make an error of it."""
    with np.errstate(all="raise"):
        drawn = draw(Normal(0.0, 1e38), (100,), dtype).astype(float)
    assert np.isinf(drawn).any() == (dtype == "float16")
    assert not np.isnan(drawn).any()


# ------------------------------------------------------------------------------------------------ truncated normal

BOUNDS = [
    (-2.0, 2.0),
    (0.5, 0.6),
    (5.0, 6.0),
    (-6.0, -5.0),
    (30.0, 31.0),
    (1.0, math.inf),
    (-math.inf, -1.0),
    (-math.inf, 1.0),
    (-8.0, 0.1),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_truncated_values_lie_between_the_bounds(low: float, high: float, dtype: str) -> None:
    """In bounds far out, and on one side alone; a bound is rounded as the values are."""
    drawn = draw(TruncatedNormal(0.0, 1.0, low, high), (10_000,), dtype)
    kind = drawn.dtype.type
    assert np.isfinite(drawn).all()
    assert (drawn >= kind(low)).all()
    assert (drawn <= kind(high)).all()
    assert len(set(drawn.tolist())) > 5000


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_truncated_values_are_distributed_as_the_part_between_the_bounds(low: float, high: float) -> None:
    """In each tenth of its probability lies a tenth of them, within five standard deviations."""
    mirrored = low > 0
    a, b = (-high, -low) if mirrored else (low, high)
    first, last = (math.erfc(-bound / math.sqrt(2)) / 2 for bound in (a, b))
    inner = [NormalDist().inv_cdf(first + (last - first) * tenth / 10) for tenth in range(1, 10)]
    drawn = draw(TruncatedNormal(0.0, 1.0, low, high), (MANY,), "float64")
    counts, _ = np.histogram(-drawn if mirrored else drawn, [-math.inf, *inner, math.inf])
    assert (np.abs(counts - MANY / 10) < 5 * math.sqrt(MANY * 0.09)).all()


@pytest.mark.parametrize(("low", "high"), [(100.0, 101.0), (-101.0, -100.0)])
def test_bounds_without_any_probability_give_the_nearer_one(low: float, high: float) -> None:
    """A hundred standard deviations out."""
    assert set(draw(TruncatedNormal(0.0, 1.0, low, high), (100,)).tolist()) == {min(low, high, key=abs)}


def test_bounds_out_of_reach_change_nothing() -> None:
    """As those of MindSpore's default, which are 200 standard deviations away."""
    law = TruncatedNormal(0.0, 0.01, -2.0, 2.0)
    assert draw(law, (999,)).tobytes() == draw(Normal(0.0, 0.01), (999,)).tobytes()


def test_bounds_and_mean_are_values_not_deviations() -> None:
    """The law with another mean and sigma is the standard one moved and stretched."""
    standard = draw(TruncatedNormal(0.0, 1.0, -1.0, 2.0), (999,), "float64")
    moved = draw(TruncatedNormal(3.0, 0.5, 2.5, 4.0), (999,), "float64")
    assert np.allclose(moved, 3 + 0.5 * standard, rtol=1e-12)


def test_a_mean_out_of_bounds_without_deviation_is_the_bound() -> None:
    """There is no other value nearby."""
    assert (draw(TruncatedNormal(5.0, 0.0, -1.0, 1.0), (3,)) == 1).all()


# ------------------------------------------------------------------------------------------------ whole tensors


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(20, 20), (8, 30), (30, 8), (6, 2, 3, 3), (1, 5), (5, 1)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape: tuple[int, ...], dtype: str) -> None:
    """Whichever are fewer, times the gain."""
    matrix = draw(Orthogonal(2.0), shape, dtype).reshape(shape[0], -1) / 2
    product = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
    assert np.allclose(product, np.eye(len(product)), atol=1e-6 if dtype == "float32" else 1e-14)


def test_orthogonal_matrices_are_not_all_of_one_sign() -> None:
    """LAPACK's Q has a diagonal of one sign; a uniform one is as often of the other."""
    corners = [draw(Orthogonal(1.0), (3, 3), key=stream_key(0, str(index)))[0, 0] for index in range(100)]
    assert 25 < sum(corner > 0 for corner in corners) < 75


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("sparsity", "zeros"), [(0.0, 0), (0.1, 1), (0.35, 4), (1.0, 10)])
def test_a_sparse_column_has_its_share_of_zeros(sparsity: float, zeros: int, dtype: str) -> None:
    """Rounded up, in each column alone."""
    matrix = draw(Sparse(sparsity, 1.0), (10, 7), dtype)
    assert ((matrix == 0).sum(axis=0) == zeros).all()


def test_what_is_left_in_a_sparse_matrix_is_normal() -> None:
    """The values of `Normal` at these places."""
    sparse, normal = draw(Sparse(0.5, 0.3), (40, 9)), draw(Normal(0.0, 0.3), (40, 9))
    assert np.array_equal(sparse[sparse != 0], normal[sparse != 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sparse_columns_are_drawn_one_after_the_other(dtype: str) -> None:
    """Each from the words of its own, as the page says, however many there are."""
    rows, columns = 101, 1001
    first = (rows * columns + 1) // 2 * (2 if dtype == "float64" else 1)
    zeros = draw(Sparse(0.3, 1.0), (rows, columns), dtype) == 0
    for column in (0, 1, 322, 323, 324, 325, 999, 1000):
        words = Stream(KEY).words(first + column * rows, rows)
        assert set(np.flatnonzero(zeros[:, column])) == set(np.argsort(words)[:31])


def test_every_row_of_a_sparse_matrix_can_be_zero() -> None:
    """Each as often as any other, within five standard deviations; columns differ."""
    zeros = draw(Sparse(0.5, 1.0), (8, 4000)) == 0
    assert (np.abs(zeros.sum(axis=1) - 2000) < 5 * math.sqrt(4000 / 4)).all()
    assert len({column.tobytes() for column in zeros.T}) == math.comb(8, 4)


def test_whole_laws_in_16_bits_are_rounded_float32_values() -> None:
    """Orthogonal and Sparse are computed in float32; what float16 cannot hold is infinite, without a warning."""
    for law in (Orthogonal(1.0), Sparse(0.5, 1.0)):
        assert draw(law, (6, 4), "float16").tolist() == draw(law, (6, 4)).astype(np.float16).tolist()
    for law in (Orthogonal(1e6), Sparse(0.5, 1e6)):
        with np.errstate(all="raise"):
            assert np.isinf(draw(law, (6, 4), "float16")).any()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "bool"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (1, 4), (4, 1)])
def test_identity(shape: tuple[int, int], dtype: str) -> None:
    """numpy's `eye`, in any dtype."""
    assert draw(Identity(), shape, dtype).tolist() == np.eye(*shape).tolist()


@pytest.mark.parametrize("shape", [(6, 6, 3), (6, 2, 3, 5), (4, 6, 1, 1), (6, 2, 2, 3, 4)])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_dirac_convolution_passes_its_inputs_on(shape: tuple[int, ...], groups: int) -> None:
    """In each group output i is input i, as far as there are both; all else is zero."""
    weight = draw(Dirac(groups), shape)
    each = shape[0] // groups
    for out in range(shape[0]):
        channel = out % each
        expected = {(channel, *(size // 2 for size in shape[2:]))} if channel < shape[1] else set()
        assert {tuple(place) for place in np.argwhere(weight[out]).tolist()} == expected
    assert set(weight.reshape(-1).tolist()) <= {0.0, 1.0}
