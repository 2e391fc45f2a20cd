"""Tests of `lazycell.sources._dequantized`: what becomes floats, and what stays as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lazycell
from lazycell import CheckpointError, CheckpointFormatError
from lazycell._dtypes import bytes_of
from lazycell.formats import open_checkpoint
from lazycell.reading._read import read_tensor
from lazycell.saving._convert import convert
from lazycell.sources._dequantized import dequantized

from ..loading.models import stored
from .checkpoints import GOLDEN, checkpoint, write_config
from .layouts import F32, LAYOUTS
from .test_gptq import made

ORIGINS = {
    "awq4": "awq 4 bit, groups of 32",
    "bnb_fp4_double": "fp4 blocks of 64, scales in 8 bit",
    "bnb_int8": "bitsandbytes int8",
    "bnb_nf4": "nf4 blocks of 64",
    "ct_int8_channel": "int8 with scales",
    "ct_pack4": "compressed-tensors 4 bit, groups of 32",
    "ct_pack8": "compressed-tensors 8 bit, groups of 32",
    "fp8_block": "float8_e4m3fn with scales",
    "fp8_channel": "float8_e4m3fn with scales",
    "fp8_tensor": "float8_e4m3fn with scales",
    "gptq2": "gptq 2 bit, groups of 32",
    "gptq4_v2": "gptq 4 bit, groups of 128",
    "gptq8_sym": "gptq 8 bit, groups of 32",
    "mxfp4_gptoss": "mxfp4 blocks of 32",
}


@pytest.mark.parametrize("case", ORIGINS)
def test_reference_values(case: str, tmp_path: Path) -> None:
    """Bit for bit, converted to the dtype that they are published in; nothing of the codes is left."""
    expected = open_checkpoint(GOLDEN / case / "expected.safetensors").tensors
    (dtype,) = {each.dtype for each in expected.values()}
    report = convert(GOLDEN / case, tmp_path / "out.safetensors", dtype=dtype)
    found = open_checkpoint(tmp_path / "out.safetensors").tensors
    assert found.keys() == expected.keys()
    assert report.tensors == len(expected)
    for name, tensor in expected.items():
        assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape)
        assert bytes_of(read_tensor(found[name])) == bytes_of(read_tensor(tensor))
    header = dequantized(open_checkpoint(GOLDEN / case))
    assert [each.origin for each in header.tensors.values() if each.origin] == [ORIGINS[case]]


def test_what_is_said_of_a_file_alone(tmp_path: Path) -> None:
    """The argument takes the place of a config, and goes before one."""
    arrays, weight = made(16, 32, 4, 8, "in order", 1)
    config = {"quant_method": "gptq", "bits": 4, "group_size": 8}
    header = checkpoint(arrays, tmp_path)
    assert dequantized(header) is header
    write_config(tmp_path, {**config, "group_size": 16})
    assert dequantized(header) is header
    for found in (dequantized(header, quantization=config), dequantized(open_checkpoint(arrays), quantization=config)):
        assert np.array_equal(read_tensor(found.tensors["l.weight"]), weight)
    write_config(tmp_path, config)
    assert np.array_equal(read_tensor(dequantized(header).tensors["l.weight"]), weight)
    lazycell.convert(arrays, tmp_path / "a.safetensors", dtype="float32", quantization=config)
    assert np.array_equal(read_tensor(open_checkpoint(tmp_path / "a.safetensors").tensors["l.weight"]), weight)
    with pytest.raises(ValueError, match="lazycell knows no such quant_method"):
        lazycell.convert(arrays, tmp_path / "b.safetensors", quantization={"quant_method": "gtpq"})


def test_a_conversion_that_cannot_be(tmp_path: Path) -> None:
    """Nothing is written, and it says what would do."""
    arrays, _ = made(16, 32, 4, 8, "in order", 1)
    with pytest.raises(CheckpointError, match=r"GPTQ or AWQ.*is told by the quantization_config in a config\.json"):
        lazycell.convert(arrays, tmp_path / "a.safetensors", dtype="float32")
    assert not (tmp_path / "a.safetensors").exists()
    lazycell.convert(arrays, tmp_path / "a.safetensors")
    assert open_checkpoint(tmp_path / "a.safetensors").tensors.keys() == arrays.keys()


def test_the_order_of_the_file_stays() -> None:
    arrays, _ = made(8, 16, 4, 8, "in order", 1)
    zero = np.zeros(2, np.float32)
    header = dequantized(
        checkpoint({"a": zero, **arrays, "l.bias": zero, "z": zero}),
        quantization={"quant_method": "gptq", "bits": 4, "group_size": 8},
    )
    assert list(header.tensors) == ["a", "l.weight", "l.bias", "z"]
    assert header.tensors["l.weight"].name == "l.weight"


def test_a_model_that_has_the_codes_itself() -> None:
    """Codes that it wants as they are, or scales, leave both alone."""
    arrays, _ = made(8, 16, 4, 8, "in order", 1)
    config = {"quant_method": "gptq", "bits": 4, "group_size": 8}
    header = checkpoint(arrays)
    for kept in ("l.qweight", "l.scales", "l.g_idx"):
        assert dequantized(header, lambda name, kept=kept: name == kept, config) is header  # type: ignore[misc]
    assert dequantized(header, lambda name: name == "l.weight", config) is not header


@pytest.mark.parametrize(
    "layout", ["w8a8", "w8a8, one scale", "hqq", "quanto", "aqlm", "mlx", "uint8", "int8, zero points"]
)
def test_what_stays_as_it_is(layout: str) -> None:
    """An offset or a zero point beside a scale is not passed over."""
    _, needed, others = LAYOUTS[layout]
    header = stored({**needed, **others, "l.bias": ((64,), F32)})
    assert dequantized(header) is header


def test_a_file_that_changes(tmp_path: Path) -> None:
    """What is read by columns, too, is what it was when its header was read."""
    arrays, _ = made(64, 32, 4, 8, "in order", 1)
    config = {"quant_method": "gptq", "bits": 4, "group_size": 8}
    header = dequantized(checkpoint(arrays, tmp_path), quantization=config)
    path = header.path
    path.write_bytes(path.read_bytes() + b"0")
    with pytest.raises(CheckpointFormatError, match="the file has changed since its header was read"):
        read_tensor(header.tensors["l.weight"])
