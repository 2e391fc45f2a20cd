"""Tests of `lazycell.formats._header`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell._errors import CheckpointFormatError, CheckpointMismatchError
from lazycell.formats import ByteRange, CheckpointHeader, TensorHeader
from lazycell.formats._header import checked_nbytes
from lazycell.reading._read import read_tensor

from ..loading.models import declared, make_plan, manifest


def test_sizes_add_up_over_ranges_and_tensors() -> None:
    """`nbytes` counts every range of every tensor."""
    path = Path("a.ckpt")
    split = TensorHeader("w", "bfloat16", (6,), (ByteRange(path, 10, 18), ByteRange(path, 30, 34)))
    one = TensorHeader("b", "float32", (1,), (ByteRange(path, 40, 44),))
    assert (split.itemsize, split.nbytes) == (2, 12)
    assert CheckpointHeader(path, "ckpt", {"w": split, "b": one}).nbytes == 16


def test_dtypes_that_no_tensor_of_mindspore_has() -> None:
    """They can be listed and left out of a load; a parameter cannot be filled from them."""
    path = Path("net.safetensors")
    tensors = {
        "w": TensorHeader("w", "float32", (2, 3), (ByteRange(path, 0, 24),)),
        "scale": TensorHeader("scale", "F8_E8M0", (4,), (ByteRange(path, 24, 28),)),
    }
    header = CheckpointHeader(path, "safetensors", tensors)
    assert [tensor.is_readable for tensor in tensors.values()] == [True, False]
    assert header.nbytes == 28
    with pytest.raises(CheckpointFormatError, match="tensor 'scale': lazycell does not read its dtype F8_E8M0"):
        tensors["scale"].itemsize
    with pytest.raises(CheckpointFormatError, match="tensor 'scale': lazycell does not read its dtype F8_E8M0"):
        read_tensor(tensors["scale"])
    plan = make_plan(manifest(declared("w")), header, unexpected="ignore")
    assert plan.ignored == ("scale",)
    for dtype in ("cast", "strict", "checkpoint"):
        with pytest.raises(
            CheckpointMismatchError, match="scale: the checkpoint has F8_E8M0, the model float32.*no MindSpore"
        ):
            make_plan(manifest(declared("w"), declared("scale", (4,))), header, dtype=dtype)


def test_products_are_checked() -> None:
    """No product leaves 63 bits, not even on the way to zero."""
    assert checked_nbytes([2, 3], 4) == 24
    assert checked_nbytes([], 8) == 8
    assert checked_nbytes([2**60], 8) is None
    assert checked_nbytes([2**62, 2**62, 0], 1) is None


def test_what_may_be_quantized() -> None:
    """Any dtype but those of weights and counters, unknown ones included."""
    for dtype, may in (("float32", False), ("bfloat16", False), ("int64", False), ("bool", False)):
        assert CheckpointHeader(Path("a"), "x", {"a": TensorHeader("a", dtype, (), ())}).may_have_codes is may
    for dtype in ("float8_e4m3fn", "int8", "uint8", "int32", "F8_E8M0", "Int4"):
        tensors = {"b": TensorHeader("b", "float32", (), ()), "a": TensorHeader("a", dtype, (), ())}
        assert CheckpointHeader(Path("a"), "x", tensors).may_have_codes
    assert not CheckpointHeader(Path("a"), "x", {}).may_have_codes
