"""Tests of `lazycell.checkpoint._cast`."""

from __future__ import annotations

import tracemalloc

import ml_dtypes
import numpy as np
import pytest

from lazycell._dtypes import FLOATING, numpy_dtype
from lazycell.checkpoint import castable, convert
from lazycell.checkpoint._cast import CHUNK, same_kind


def test_which_dtypes_may_become_which() -> None:
    """Floats any float; integers only integers that hold all their values; bool only itself."""
    assert castable("float32", "bfloat16")
    assert castable("float8_e5m2", "float64")
    assert castable("int8", "int64")
    assert castable("uint8", "int16")
    assert castable("bool", "bool")
    assert not castable("int64", "int32")
    assert not castable("int8", "uint8")
    assert not castable("uint64", "int64")
    assert not castable("float32", "int32")
    assert not castable("int32", "float64")
    assert not castable("bool", "uint8")
    assert not castable("uint8", "bool")
    assert not castable("complex64", "float32")


def test_kinds() -> None:
    """Floats are of one kind, integers of another."""
    assert same_kind("float32", "bfloat16")
    assert same_kind("int64", "uint8")
    assert same_kind("bool", "bool")
    assert not same_kind("bool", "uint8")
    assert not same_kind("float32", "int32")


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("target", sorted(FLOATING))
@pytest.mark.parametrize("source", ["float16", "bfloat16"])
def test_all_patterns_of_sixteen_bits(source: str, target: str) -> None:
    """Every bit pattern, NaNs and infinities included, converts as `astype` does."""
    values = np.arange(1 << 16, dtype=np.uint16).view(numpy_dtype(source))
    with np.errstate(all="ignore"):
        expected = values.astype(numpy_dtype(target))
    assert convert(values, target).tobytes() == expected.tobytes()


def test_rounding_to_bfloat16() -> None:
    """To nearest, ties to even; overflow to infinity."""
    values = np.array([1.0, 1.00390625, 1.01171875, 3.4e38, -0.0, np.nan], np.float32)
    converted = convert(values, "bfloat16")
    assert converted.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(converted.astype(np.float32), [1.0, 1.0, 1.015625, np.inf, -0.0, np.nan])


def test_overflow_to_float16_warns() -> None:
    """A value that becomes infinite is not passed over in silence."""
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert np.isinf(convert(np.array([1e6], np.float32), "float16")[0])


def test_same_dtype_is_the_same_array() -> None:
    """Nothing is copied that need not be."""
    values = np.ones(3, np.float32)
    assert convert(values, "float32") is values


@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (3, CHUNK // 2)])
def test_shapes(shape: tuple[int, ...]) -> None:
    """Scalars, empty arrays, and arrays of several chunks keep shape and values."""
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    converted = convert(values, "float64")
    assert converted.shape == shape
    np.testing.assert_array_equal(converted, values.astype(np.float64))


def test_memory_is_the_result() -> None:
    """No temporary of the tensor's size is made."""
    values = np.ones(16 * CHUNK, np.float32)
    tracemalloc.start()
    result = convert(values, "bfloat16")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < result.nbytes + (1 << 20)
