"""Tests of `lazycell._dtypes`."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from lazycell._dtypes import FLOATING, ITEMSIZES, dtype_name, numpy_dtype

BYTES = {"bool": 1, "int8": 1, "uint16": 2, "bfloat16": 2, "float16": 2, "float8_e5m2": 1, "float32": 4}


class Printed:
    """Something that prints as a MindSpore dtype does."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        ("float32", "float32"),
        ("Float32", "float32"),
        ("BFloat16", "bfloat16"),
        ("torch.bfloat16", "bfloat16"),
        ("bool_", "bool"),
        (np.float16, "float16"),
        (np.dtype(">i4"), "int32"),
        (ml_dtypes.bfloat16, "bfloat16"),
        (np.dtype(ml_dtypes.float8_e5m2), "float8_e5m2"),
        (bool, "bool"),
        (Printed("Bool"), "bool"),
        (Printed("Float8E4M3FN"), "float8_e4m3fn"),
        (Printed("Int64"), "int64"),
    ],
)
def test_every_spelling_has_one_name(dtype: object, name: str) -> None:
    """MindSpore's, numpy's, torch's and a plain name in any case."""
    assert dtype_name(dtype) == name


@pytest.mark.parametrize("wrong", ["flaot32", "", None, 3, object, str, object()])
def test_what_is_no_dtype_is_refused(wrong: object) -> None:
    """The error shows what was given and what there is."""
    with pytest.raises(TypeError) as caught:
        dtype_name(wrong)
    assert repr(wrong) in str(caught.value)
    assert "bfloat16" in str(caught.value)


@pytest.mark.parametrize("name", BYTES)
def test_sizes_and_numpy_dtypes_agree(name: str) -> None:
    """A name leads to numpy's dtype and back, and to its bytes."""
    assert dtype_name(numpy_dtype(name)) == name
    assert ITEMSIZES[name] == numpy_dtype(name).itemsize == BYTES[name]
    assert name in ITEMSIZES


@pytest.mark.parametrize("name", ["F8_E8M0", "Int4", "Float32", ""])
def test_other_names_are_not_known(name: str) -> None:
    """Neither a format's own names nor another spelling."""
    assert name not in ITEMSIZES


def test_floating_dtypes_have_fractions() -> None:
    """Each floating dtype can hold a half; the others cannot."""
    for name in (*FLOATING, "int32", "uint8", "bool"):
        assert (float(np.array(0.5).astype(numpy_dtype(name))) == 0.5) == (name in FLOATING), name
