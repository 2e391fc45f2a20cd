"""Tests of `lazycell.reading._cast`."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._dtypes import FLOATING, numpy_dtype
from lazycell.reading._cast import convert_into, overflow_text


@pytest.mark.parametrize("target", sorted(FLOATING))
@pytest.mark.parametrize("source", ["float16", "bfloat16"])
def test_all_patterns_of_sixteen_bits(source: str, target: str) -> None:
    """Every bit pattern, NaNs and infinities included, converts as `astype` does."""
    values = np.arange(1 << 16, dtype=np.uint16).view(numpy_dtype(source))
    with np.errstate(all="ignore"):
        expected = values.astype(numpy_dtype(target))
    assert converted(values, target).tobytes() == expected.tobytes()


@pytest.mark.parametrize("target", sorted(FLOATING))
@pytest.mark.parametrize("source", ["float8_e4m3fn", "float8_e5m2"])
def test_all_patterns_of_eight_bits(source: str, target: str) -> None:
    """The same of both float8."""
    values = np.arange(1 << 8, dtype=np.uint8).view(numpy_dtype(source))
    with np.errstate(all="ignore"):
        expected = values.astype(numpy_dtype(target))
    assert converted(values, target).tobytes() == expected.tobytes()


@given(
    st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=20),
    st.sampled_from(sorted(FLOATING)),
)
def test_any_pattern_of_thirty_two_bits(patterns: list[int], target: str) -> None:
    """Also the patterns that make one of a kind: every conversion is numpy's, and every loss is counted."""
    values = np.array(patterns, np.uint32).view(np.float32)
    check(values, target)


@given(
    st.lists(st.floats(width=64), min_size=1, max_size=20),
    st.sampled_from(sorted(FLOATING)),
)
def test_any_float64(numbers: list[float], target: str) -> None:
    """Infinities, NaNs, subnormals."""
    check(np.array(numbers), target)


@pytest.mark.parametrize("target", sorted(FLOATING - {"float64"}))
def test_the_border_to_infinity(target: str) -> None:
    """The last value that is rounded down, the tie, and the first that is lost, of both signs."""
    largest = float(ml_dtypes.finfo(numpy_dtype(target)).max)
    last = numpy_dtype(target).type(largest)
    before = float(np.nextafter(last, numpy_dtype(target).type(0)))
    tie = largest + (largest - before) / 2
    for value in (largest, np.nextafter(tie, 0), tie, np.nextafter(tie, np.inf)):
        check(np.array([1, value]), target)
        check(np.array([1, -value]), target)


def converted(values: np.ndarray, target: str) -> np.ndarray:
    """Give the values in another dtype."""
    result = np.empty(values.shape, numpy_dtype(target))
    convert_into(values, result)
    return result


def check(values: np.ndarray, target: str) -> None:
    """Compare with `astype`, and count what is finite no more."""
    result = np.empty(values.shape, numpy_dtype(target))
    lost = convert_into(values, result)
    with np.errstate(all="ignore"):
        expected = values.astype(numpy_dtype(target))
        assert lost == int(np.sum(np.isfinite(values) & ~np.isfinite(expected)))
        np.testing.assert_array_equal(np.isnan(result)[np.isnan(values)], True)
    assert result.tobytes() == expected.tobytes()


@pytest.mark.parametrize("target", ["float32", "bfloat16", "float64", "float16"])
def test_strides_do_not_matter(target: str) -> None:
    """A block of a turned tensor is converted in place."""
    values = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    result = np.zeros((9, 9), numpy_dtype(target))
    assert convert_into(values.T[1:6, 2:], result[::2, 3:6]) == 0
    np.testing.assert_array_equal(result[::2, 3:6], values.T[1:6, 2:].astype(numpy_dtype(target)))
    assert np.count_nonzero(result) == 15


def test_a_copy_keeps_the_bits() -> None:
    """A signalling NaN of bfloat16, which a conversion would make a quiet one."""
    bits = np.array([0x7F81, 0xFF81, 0x8000], np.uint16)
    result = np.zeros((3, 2), numpy_dtype("bfloat16"))[:, 0]
    assert convert_into(bits.view(numpy_dtype("bfloat16")), result) == 0
    np.testing.assert_array_equal(result.view(np.uint16), bits)


def test_rounding_to_bfloat16() -> None:
    """To nearest, ties to even; overflow to infinity."""
    values = np.array([1.0, 1.00390625, 1.01171875, 3.4e38, -0.0, np.nan], np.float32)
    result = converted(values, "bfloat16")
    assert result.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(result.astype(np.float32), [1.0, 1.0, 1.015625, np.inf, -0.0, np.nan])


def test_overflow_is_told() -> None:
    """How many values were lost, for which dtype, and what they are now."""
    assert overflow_text(1, "float16") == "1 value too large for float16 (at most 65504) became infinite"
    assert overflow_text(2, "float8_e4m3fn") == "2 values too large for float8_e4m3fn (at most 448) became NaN"


@pytest.mark.parametrize("shape", [(), (0, 3), (7,)])
def test_shapes(shape: tuple[int, ...]) -> None:
    """Scalars and empty arrays keep their shape."""
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    np.testing.assert_array_equal(converted(values, "float64"), values.astype(np.float64))
