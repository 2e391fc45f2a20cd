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
from mindspore import Tensor, nn

import lazycell
import models  # noqa: F401
from lazycell import CheckpointMismatchError, ConfigError, LazyCell, Param, child, fused, open_checkpoint, read_tensor
from lazycell._dtypes import numpy_dtype
from lazycell.parameters import numpy_values

from ..sources.checkpoints import GOLDEN
from ..sources.test_dequantized import ORIGINS

CASES = [case for case in ORIGINS if case.startswith(("fp8", "ct_int8"))]
MODELS = GOLDEN.parent / "quant_models"


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
    with pytest.raises(CheckpointMismatchError, match="says gptq, and these are tensors of another layout"):
        Net.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"quantization_config": {"quant_method": "hqq"}}))
    with pytest.raises(ConfigError, match=r"quantization_config \(hqq\): lazycell does not unpack the codes of HQQ"):
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


# ------------------------------------------------------------------------------------------ layouts of packed words


class Layer(LazyCell):
    weight: Param["normal", (64, 128)]
    bias: Param["zeros", (64,)]


class Biased(LazyCell):
    l: Layer = child(Layer)  # noqa: E741


class HalvesOfThree(Halves):
    bias: Param["zeros", (64,)]


@pytest.mark.parametrize("case", ["awq4", "gptq8_sym"])
def test_a_layout_and_several_threads(case: str) -> None:
    """Sections of a weight whose rows are columns of what is stored; and of the file alone, with what it is."""
    net = HalvesOfThree(dtype="float16")
    rename = {"l.weight": fused(a="top", b="rest"), "l.bias": "bias"}
    config = json.loads((GOLDEN / case / "config.json").read_text())["quantization_config"]
    stored = open_checkpoint(GOLDEN / case / "model.safetensors")
    arrays = {name: read_tensor(tensor) for name, tensor in stored.tensors.items()}
    for given, options in ((GOLDEN / case / "model.safetensors", {}), (arrays, {"quantization": config})):
        net = HalvesOfThree(dtype="float16")
        net.load_checkpoint(given, rename=rename, **options)
        found = np.concatenate([net.top.asnumpy(), net.rest.asnumpy()])
        assert found.tobytes() == expected(case).tobytes()


def test_a_net_of_plain_cells() -> None:
    """With the names of PyTorch."""

    class Plain(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.l = nn.Dense(128, 64)

    net = Plain()
    report = lazycell.load_checkpoint(net, GOLDEN / "gptq2")
    assert "l.weight  gptq 2 bit, groups of 32 -> float32" in str(report)
    assert np.array_equal(net.l.weight.asnumpy().astype(np.float16), expected("gptq2"))


@pytest.mark.parametrize("case", sorted(each.name for each in MODELS.iterdir()))
def test_whole_models(case: str, tmp_path: Path) -> None:
    """They compute what the weights do that were written out in the dtype of the config."""
    net = lazycell.from_pretrained(MODELS / case, dtype="float32")
    known = {
        name: read_tensor(each)
        for name, each in open_checkpoint(MODELS / case / "expected.safetensors").tensors.items()
    }
    dtype = json.loads((MODELS / case / "config.json").read_text())["dtype"]
    lazycell.convert(MODELS / case, tmp_path / "a.safetensors", dtype=dtype)
    names = [*open_checkpoint(tmp_path / "a.safetensors").tensors]
    assert sorted(names) == sorted(name for name, _ in net.parameters_and_names())
    mine = numpy_values(net.model.layers[0].mlp.down_proj.weight)
    net.load_checkpoint(tmp_path / "a.safetensors")
    written = numpy_values(net.model.layers[0].mlp.down_proj.weight)
    assert np.array_equal(mine.astype(numpy_dtype(dtype)).astype(np.float32), written)
    logits = net(Tensor(known["ids"].astype(np.int32)))[0].asnumpy()
    np.testing.assert_allclose(logits, known["logits_float32"], atol=1e-5)


def test_no_dtype_of_the_file() -> None:
    """Codes have none; the net is as it was."""
    net = Biased()
    for policy in ("strict", "checkpoint"):
        with pytest.raises(ValueError, match=r"`l\.weight` is stored as gptq 2 bit.*give the dtype of the model"):
            net.load_checkpoint(GOLDEN / "gptq2", dtype=policy)
    assert lazycell.uninitialized(net) == ["l.weight", "l.bias"]
    with pytest.raises(ValueError, match=r"`l\.weight` is stored as nf4 blocks of 64"):
        Net.from_pretrained(GOLDEN / "bnb_nf4", dtype="checkpoint")


def test_what_is_said_of_the_file() -> None:
    """Checked before anything is read."""
    net = Biased()
    for adapter in (None, "nowhere"):
        with pytest.raises(TypeError, match="quantization='gptq' is no mapping"):
            net.load_checkpoint(GOLDEN / "gptq2", quantization="gptq", adapter=adapter)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"quantization \(hqq\): lazycell does not unpack the codes of HQQ"):
        net.load_checkpoint(GOLDEN / "gptq2", quantization={"quant_method": "hqq"})
    floats = {"l.weight": np.zeros((64, 128), np.float32), "l.bias": np.zeros(64, np.float32)}
    with pytest.raises(ValueError, match=r"<dict> has none that are: leave it out"):
        net.load_checkpoint(floats, quantization={"quant_method": "gptq", "bits": 4, "group_size": 128})
    with pytest.raises(CheckpointMismatchError, match="are not those of AWQ's version gemm"):
        net.load_checkpoint(GOLDEN / "gptq2", quantization={"quant_method": "awq", "bits": 4, "group_size": 32})
    assert lazycell.uninitialized(net) == ["l.weight", "l.bias"]


def test_a_state_that_is_not_there() -> None:
    """Of bitsandbytes' bytes nothing but that is said: no size of the model would make them fit."""
    stored = open_checkpoint(GOLDEN / "bnb_nf4" / "model.safetensors").tensors
    arrays = {name: read_tensor(each) for name, each in stored.items() if "quant_state" not in name}
    with pytest.raises(CheckpointMismatchError) as caught:
        Sized(128).load_checkpoint(arrays)
    assert "l.weight.quant_state.bitsandbytes__nf4" in str(caught.value)
    assert "take the float original" in str(caught.value)
    assert "would be right" not in str(caught.value)
    assert "width" not in str(caught.value)


class SizedMatrix(LazyCell):
    width: int
    weight: Param["normal", (64, width)]


class Sized(LazyCell):
    width: int
    l: SizedMatrix = child(SizedMatrix, width)  # noqa: E741


def test_the_size_that_a_quantized_weight_tells() -> None:
    """What the codes are the floats of has the shape, not they."""
    for case in ("bnb_nf4", "ct_pack4", "fp8_block"):
        assert dict(Sized.infer(GOLDEN / case)) == {"width": 128}
    assert Sized.infer(GOLDEN / "bnb_nf4").dtype is None


class Packed(LazyCell):
    """Computes with codes itself."""

    weight: Param["zeros", (64, 128), "int8"]
    weight_scale: Param["ones", (64, 1), "bfloat16"]


class OfPacked(LazyCell):
    l: Packed = child(Packed)  # noqa: E741


def test_a_model_that_computes_with_codes() -> None:
    """It gets them as they are, whatever the dtypes are to be."""
    for policy in ("cast", "strict", "checkpoint"):
        net = OfPacked()
        report = net.load_checkpoint(GOLDEN / "ct_int8_channel", dtype=policy)
        assert report.cast == ()
    stored = open_checkpoint(GOLDEN / "ct_int8_channel" / "model.safetensors").tensors["l.weight"]
    assert np.array_equal(net.l.weight.asnumpy(), read_tensor(stored))


def test_an_adapter_of_a_quantized_model(tmp_path: Path) -> None:
    """It is added to the floats that the codes are; switched off, these are there again."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(4, 64)).astype(np.float32), random.normal(size=(64, 4)).astype(np.float32)
    name = "model.layers.0.self_attn.q_proj"
    lazycell.save_adapter(tmp_path / "a", {f"{name}.lora_A": a, f"{name}.lora_B": b}, alpha=8)
    net = lazycell.from_pretrained(MODELS / "llama_bnb_nf4", dtype="float32")
    weight = net.model.layers[0].self_attn.q_proj.weight
    before = weight.asnumpy().copy()
    merged = lazycell.from_pretrained(MODELS / "llama_bnb_nf4", dtype="float32", adapter=tmp_path / "a")
    assert "nf4 blocks of 64, scales in 8 bit + adapter -> float32" in str(merged.load_report)
    net.load_adapter(tmp_path / "a")
    np.testing.assert_allclose(weight.asnumpy(), before + 2 * (b @ a), atol=1e-5)
    assert np.array_equal(weight.asnumpy(), merged.model.layers[0].self_attn.q_proj.weight.asnumpy())
    net.set_adapter(None)
    assert np.array_equal(weight.asnumpy(), before)
