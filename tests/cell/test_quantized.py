"""Quantized checkpoints and nets: codes with their scales, or nothing."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import lazycell
from lazycell import CheckpointMismatchError, ConfigError, LazyCell, Param, child, fused, open_checkpoint, read_tensor
from lazycell.parameters import numpy_values

from ..sources.test_scaled import CASES, GOLDEN


class Matrix(LazyCell):
    weight: Param["normal", (64, 128)]


class Net(LazyCell):
    l: Matrix = child(Matrix)  # noqa: E741


class Halves(LazyCell):
    """Takes a stored weight apart."""

    top: Param["normal", (16, 128)]
    rest: Param["normal", (48, 128)]


def expected(case: str) -> Any:
    return read_tensor(open_checkpoint(GOLDEN / case / "expected.safetensors").tensors["l.weight"])


def bits(parameter: Any) -> Any:
    return numpy_values(parameter).view(np.uint16)


@pytest.mark.parametrize("options", [{}, {"mmap": False}, {"unexpected": "ignore"}])
@pytest.mark.parametrize("case", CASES)
def test_the_weights_are_those_with_scales(case: str, options: dict[str, Any]) -> None:
    """Bit for bit, from the directory, whose config is no obstacle."""
    net = Net.from_pretrained(GOLDEN / case, dtype="bfloat16", **options)
    assert np.array_equal(bits(net.l.weight), expected(case).view(np.uint16))
    report = net.load_checkpoint(GOLDEN / case)
    assert report.cast[0].source.endswith("with scales")
    assert report.ignored == ()
    assert np.array_equal(bits(net.l.weight), expected(case).view(np.uint16))


@pytest.mark.parametrize("case", CASES)
def test_float32_and_float16(case: str, tmp_path: Path) -> None:
    """float32 has the product; another dtype what it becomes when it is rounded once."""
    net, half = Net(), Net(dtype="float16")
    net.load_checkpoint(GOLDEN / case)
    half.load_checkpoint(GOLDEN / case)
    values = net.l.weight.asnumpy()
    assert np.array_equal(values.astype(ml_dtypes.bfloat16), expected(case))
    assert np.array_equal(half.l.weight.asnumpy(), values.astype(np.float16))
    net.save_checkpoint(tmp_path / "saved.safetensors")
    assert [each.dtype for each in open_checkpoint(tmp_path / "saved.safetensors").tensors.values()] == ["float32"]


def test_in_parts_and_in_shards(tmp_path: Path) -> None:
    """A layout works on the weights as they are with their scales; checksums are of what is stored."""
    path = tmp_path / "model.safetensors.index.json"
    lazycell.convert(GOLDEN / "fp8_block", path, max_shard_size=100)
    shutil.copy(GOLDEN / "fp8_block" / "config.json", tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    net = Halves(dtype="bfloat16")
    report = net.load_checkpoint(path, rename={"l.weight": fused(a="top", b="rest")}, verify=True)
    assert [each.source for each in report.cast] == ["float8_e4m3fn with scales"] * 2
    found = np.concatenate([bits(net.top), bits(net.rest)])
    assert np.array_equal(found, expected("fp8_block").view(np.uint16))


def test_without_the_config_nothing_is_loaded(tmp_path: Path) -> None:
    """The size of the blocks is not guessed, and what the net had it has still."""
    path = shutil.copy(GOLDEN / "fp8_block" / "model.safetensors", tmp_path / "model.safetensors")
    net = Net()
    with pytest.raises(CheckpointMismatchError, match="put the model's config.json beside the file"):
        net.load_checkpoint(path, unexpected="ignore", missing="init")
    assert lazycell.uninitialized(net) == ["l.weight"]


def test_a_config_that_names_another_method(tmp_path: Path) -> None:
    """It is refused before the net is built."""
    shutil.copy(GOLDEN / "fp8_block" / "model.safetensors", tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"quantization_config": {"quant_method": "gptq", "bits": 4}}))
    with pytest.raises(ConfigError, match=r"quantization_config \(gptq\): the weights are stored as codes"):
        Net.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"quantization_config": None}))
    with pytest.raises(CheckpointMismatchError, match="quantized"):
        Net.from_pretrained(tmp_path)


def test_an_overflow_is_told(tmp_path: Path) -> None:
    """Of the products, not of the codes."""
    codes = np.full((64, 128), 448, ml_dtypes.float8_e4m3fn)
    net = Net(dtype="float16")
    with pytest.warns(RuntimeWarning, match=r"l\.weight \(8192\)"):
        net.load_checkpoint({"l.weight": codes, "l.weight_scale": np.float32(1000)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.load_checkpoint({"l.weight": codes, "l.weight_scale": np.float32(0.5)})
    assert (net.l.weight.asnumpy() == 224).all()
