"""Tests of `lazycell.layout._layout`."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given

from lazycell._dtypes import numpy_dtype
from lazycell.declaration._forms import Fused, Reshaped, Transposed
from lazycell.layout._layout import Block, Reshape, Slice, Stored, Transpose, shape_of, with_dtypes
from lazycell.system._allocate import Array

from .forms import numbered, stored_tensors

Q, K = Block("q", (2, 3), "float32"), Block("k", (4, 3), "float32")


def apply(stored: Array, operations: tuple[Reshape | Transpose | Slice, ...]) -> Array:
    """Apply operations one after the other."""
    for operation in operations:
        stored = operation(stored)
    return stored


@given(stored_tensors())
def test_what_was_assembled_is_taken_apart(made: tuple[Stored, dict[str, tuple[int, ...]]]) -> None:
    """Each block comes back, whatever the form."""
    stored, shapes = made
    parameters = numbered(shapes)
    tensor = stored.assemble(parameters.__getitem__)
    assert tensor.shape == stored.shape
    assert [block.parameter for block, _ in stored.blocks] == list(stored.parameters)
    for block, operations in stored.blocks:
        np.testing.assert_array_equal(apply(tensor, operations), block.take(parameters[block.parameter]))


@given(stored_tensors())
def test_what_was_taken_apart_is_assembled(made: tuple[Stored, dict[str, tuple[int, ...]]]) -> None:
    """The tensor comes back, whatever the form."""
    stored, shapes = made
    tensor = numbered({"stored": stored.shape})["stored"]
    parameters: dict[str, Array] = {name: np.full(shape, -1, np.float32) for name, shape in shapes.items()}
    for block, operations in stored.blocks:
        block.take(parameters[block.parameter])[...] = apply(tensor, operations)
    np.testing.assert_array_equal(stored.assemble(parameters.__getitem__), tensor)


def test_gpt2_stores_query_and_key_as_one_turned_round() -> None:
    """Rows of the parameters are columns of the tensor."""
    stored = Stored("c_attn.weight", Transposed(Fused(0, (("q", Q), ("k", K))), (1, 0)))
    q, k = np.arange(6.0).reshape(2, 3), np.arange(6.0, 18.0).reshape(4, 3)
    tensor = stored.assemble({"q": q, "k": k}.__getitem__)
    assert stored.shape == tensor.shape == (3, 6)
    np.testing.assert_array_equal(tensor[:, :2], q.T)
    assert [operations for _, operations in stored.blocks] == [
        (Transpose((1, 0)), Slice(0, 0, 2)),
        (Transpose((1, 0)), Slice(0, 2, 6)),
    ]


def test_a_block_is_taken_without_a_copy() -> None:
    """Saving a section costs nothing before it is written."""
    parameter = np.zeros((6, 3))
    block = Block("qkv", (2, 3), "float32", ((4, 6), (0, 3)), "v")
    assert np.shares_memory(block.take(parameter), parameter)
    assert str(block) == "qkv[v]"


def test_the_dtype_holds_all_of_the_parameters() -> None:
    """One dtype where they agree, else the smallest that loses nothing."""
    assert Stored("s", Fused(0, (("q", Q), ("k", K)))).dtype == "float32"
    mixed = with_dtypes(Fused(0, (("q", Q), ("k", K))), {"q": "bfloat16", "k": "float16"}.__getitem__)
    assert Stored("s", mixed).dtype == "float32"
    parts = {"q": np.ones((2, 3), numpy_dtype("bfloat16")), "k": np.ones((4, 3), np.float16)}
    assert Stored("s", mixed).assemble(parts.__getitem__).dtype == np.float32
    same = with_dtypes(Fused(0, (("q", Q), ("k", K))), lambda name: "bfloat16")
    assert Stored("s", same).dtype == "bfloat16"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (
            Fused(1, (("q", Q), ("k", K))),
            "`fused(axis=1, q=q, k=k)` joins `q` (2, 3) and `k` (4, 3) along axis 1: they may differ in that axis "
            "alone",
        ),
        (Fused(2, (("q", Q), ("k", Q))), "`fused(axis=2, q=q, k=q)` joins along axis 2, and `q` is (2, 3)"),
        (Transposed(Q, (0,)), "`transposed(q, (0,))` orders the axes (0,), and `q` is (2, 3)"),
        (
            Reshaped(Q, (4, 2)),
            "`reshaped(q, (4, 2))` has 8 elements in the shape (4, 2), and `q` has 6 in (2, 3)",
        ),
    ],
)
def test_forms_that_have_no_shape(form: Fused | Transposed | Reshaped, message: str) -> None:
    """The message names the operation and what it does not fit."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        shape_of(form)
