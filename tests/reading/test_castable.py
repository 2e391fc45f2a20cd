"""Tests of `lazycell.reading._castable`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lazycell._dtypes import INTEGERS, numpy_dtype
from lazycell.reading._castable import castable, same_kind


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


@pytest.mark.parametrize(("source", "target"), [*itertools.product(sorted(INTEGERS), repeat=2)])
def test_integers_are_cast_as_numpy_casts_them_safely(source: str, target: str) -> None:
    """Where no value can be lost, and nowhere else."""
    assert castable(source, target) == np.can_cast(numpy_dtype(source), numpy_dtype(target), "safe")


def test_a_dtype_of_a_format_alone_becomes_nothing() -> None:
    """What no MindSpore tensor can hold is like itself, and like nothing else."""
    assert not same_kind("F4", "float32")
    assert not same_kind("F4", "F4")
    assert not castable("F8_E8M0", "uint8")
