"""Tests of `lazycell.loading._composed`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._dtypes import numpy_dtype
from lazycell.declaration._halves import other_spelling
from lazycell.formats import TensorHeader, open_checkpoint
from lazycell.layout import _norms
from lazycell.layout._norms import norms, with_directions
from lazycell.loading import _composed
from lazycell.loading._composed import composed
from lazycell.reading._read import Reader, read_tensor
from lazycell.system._allocate import Array

GOLDEN = open_checkpoint(Path(__file__).parent / "golden" / "weight_norm" / "model.safetensors").tensors
DIMS = {"dim0": 0, "dim2": 2, "dim1": 1, "none": None, "half": 0, "bfloat16": 0, "double": 0}
FLOATS = ["float16", "bfloat16", "float32", "float64"]


def half(name: str, which: str) -> TensorHeader:
    """Find one half under either of its names."""
    other = other_spelling(f"{name}.weight_{which}")
    assert other is not None
    return GOLDEN.get(f"{name}.weight_{which}") or GOLDEN[other]


@pytest.mark.parametrize("name", DIMS)
def test_torch_computes_the_same(name: str) -> None:
    """Along any axis, in any dtype: to a few roundings of the dtype in which it is computed, and of the result."""
    magnitude, direction = half(name, "g"), half(name, "v")
    found = composed(magnitude, direction, DIMS[name])
    expected = read_tensor(GOLDEN[f"{name}.expected"])
    values = read_tensor(found).astype(expected.dtype)
    assert (found.origin, found.shape) == (direction.dtype, direction.shape)
    if name in ("half", "bfloat16"):  # both in float32, and rounded once
        np.testing.assert_array_equal(values, expected)
    else:
        np.testing.assert_allclose(values, expected, rtol=4 * np.finfo(expected.dtype).eps)


def stored(values: Array, dim: int | None, dtype: str) -> tuple[Any, Any]:
    """Give the two halves of a weight, as they are saved and opened again."""
    target = numpy_dtype(dtype)
    with np.errstate(all="ignore"):
        pair = {"g": norms(values, dim, target), "v": with_directions(values, dim, target).astype(target)}
    found = open_checkpoint(pair).tensors
    return found["g"], found["v"]


def same(found: Array, expected: Array) -> None:
    """Compare values of any float dtype, and the signs of all that are numbers."""
    found, expected = (each.astype(np.float64) for each in (found, expected))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found[~np.isnan(found)]), np.signbit(expected[~np.isnan(expected)]))


@st.composite
def weights(draw: st.DrawFn) -> tuple[Array, int | None]:
    """Give a weight, perhaps with slices of zeros and with values that are no numbers, and an axis."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    dim = draw(st.sampled_from([None, *range(len(shape))]))
    values = np.random.default_rng(draw(st.integers(0, 999))).normal(size=shape) * draw(st.sampled_from([1, 1e-7, 1e5]))
    if dim is not None and draw(st.booleans()):
        values[(slice(None),) * dim + (0,)] *= 0  # zeros of both signs
    if draw(st.booleans()):
        values.reshape(-1)[draw(st.integers(0, values.size - 1))] = draw(st.sampled_from([np.nan, np.inf, -0.0]))
    return values, dim


@given(weights(), st.sampled_from(FLOATS))
def test_what_was_taken_apart_is_composed_to_the_bit(case: tuple[Array, int | None], dtype: str) -> None:
    """Rows of zeros, their signs, NaN and infinity included; norms have float32 at least."""
    values, dim = case
    with np.errstate(all="ignore"):
        weight = values.astype(numpy_dtype(dtype))
    magnitude, direction = stored(weight, dim, dtype)
    assert magnitude.dtype == ("float64" if dtype == "float64" else "float32")
    again = read_tensor(composed(magnitude, direction, dim)).astype(weight.dtype)
    same(again, weight)


@given(weights(), st.sampled_from(FLOATS))
def test_norms_are_of_what_is_stored(case: tuple[Array, int | None], dtype: str) -> None:
    """A float32 weight that is saved in fewer bits comes back as it would without a norm: rounded, once."""
    values, dim = case
    weight = values.astype(np.float32)
    with np.errstate(all="ignore"):
        rounded = weight.astype(numpy_dtype(dtype))
    again = read_tensor(composed(*stored(weight, dim, dtype), dim)).astype(rounded.dtype)
    same(again, rounded)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_zeros_are_stored_with_a_direction(dtype: str) -> None:
    """g v / ‖v‖ is 0 for them then, and not 0 / 0: whoever composes as PyTorch does has no NaN."""
    weight = np.array([[0.0, -0.0], [3.0, 4.0]], numpy_dtype(dtype))
    magnitude, direction = (read_tensor(each) for each in stored(weight, 0, dtype))
    np.testing.assert_array_equal(magnitude, [[0], [5]])
    np.testing.assert_array_equal(direction, [[1, -1], [3, 4]])


def test_a_direction_of_zeros() -> None:
    """Zero if its norm is 0 as well; else there is no such weight, and it is NaN, as PyTorch has it."""
    pair = {"g": np.array([[0.0], [2.0]], np.float32), "v": np.zeros((2, 3), np.float32)}
    found = open_checkpoint(pair).tensors
    values = read_tensor(composed(found["g"], found["v"], 0))
    np.testing.assert_array_equal(values[0], 0)
    assert np.isnan(values[1]).all()


@pytest.mark.parametrize("piece", [1, 4, 7, 30, 64])
@pytest.mark.parametrize("dim", [None, 0, 1, 2])
def test_no_more_than_a_piece_is_read_at_once(piece: int, dim: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """However pieces and slices lie, the values are the same, and those that were saved are to the bit."""
    weight = np.random.default_rng(piece).normal(size=(4, 5, 6)).astype(np.float32)
    magnitude = norms(weight, dim, np.dtype(np.float32)) * np.float32(1.5)
    pair = open_checkpoint({"g": magnitude, "v": weight}).tensors
    expected = read_tensor(composed(pair["g"], pair["v"], dim))
    monkeypatch.setattr(_composed, "PIECE", piece)
    monkeypatch.setattr(_norms, "PIECE", piece)
    found = read_tensor(composed(pair["g"], pair["v"], dim))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(read_tensor(composed(*stored(weight, dim, "float32"), dim)), weight)


@given(weights(), st.data())
def test_any_bytes_can_be_read(case: tuple[Array, int | None], data: st.DataObject) -> None:
    """As a load reads them, which cuts where it wants to."""
    values, dim = case
    tensor = composed(*stored(values.astype(np.float32), dim, "float32"), dim)
    start = data.draw(st.integers(0, tensor.nbytes))
    stop = data.draw(st.integers(start, tensor.nbytes))
    target = bytearray(stop - start)
    with Reader() as reader:
        reader.read_into(tensor, memoryview(target), start)
    assert bytes(target) == read_tensor(tensor).tobytes()[start:stop]


def test_a_weight_of_no_elements() -> None:
    """There is nothing to compute, and nothing is divided."""
    pair = open_checkpoint({"g": np.zeros((0, 1), np.float32), "v": np.zeros((0, 3), np.float32)}).tensors
    assert read_tensor(composed(pair["g"], pair["v"], 0)).shape == (0, 3)
    assert math.prod(norms(np.zeros((2, 0)), 0, np.dtype(np.float32)).shape) == 2
