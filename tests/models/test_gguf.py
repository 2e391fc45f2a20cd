"""Every family that llama.cpp converts, read back: the class, its hyperparameters, its values, and what it computes."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor
from safetensors.numpy import load_file

import lazycell
from lazycell import CheckpointMismatchError, ConfigError, Mesh
from lazycell.manifest import divisions_of
from models.llama import LlamaForCausalLM, LlamaModel
from models.qwen3 import Qwen3ForCausalLM

from ..golden_cases import FAMILIES, GOLDEN, Case
from .converted import converted
from .families import forward, net_of

SOURCES = GOLDEN / "sources" / "gguf_models"
NAMES = ["llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gemma2", "gemma3"]
EACH = pytest.mark.parametrize("case", [FAMILIES[name] for name in NAMES], ids=NAMES)
LLAMA = SOURCES / "llama"
PEFT = GOLDEN / "sources" / "peft"
SIZES: dict[str, Any] = {"vocab_size": 40, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
SIZES |= {"num_attention_heads": 4, "num_key_value_heads": 2}

# All but every sixth layer of a gemma3 has a window, and the case has fewer.
CHANGED = {"gemma3": {"attention.sliding_window_pattern": [True, True, False]}}


def file_of(case: Case, path: Path, type: str = "F32", **also: Any) -> Path:
    """Convert a case's model."""
    file = path / f"{type}.gguf"
    file.write_bytes(converted(case.path, type, **CHANGED.get(case.path.name.removesuffix("-a"), {}), **also))
    return file


def values(net: Any) -> dict[str, np.ndarray]:
    """Give the parameters' values."""
    return {each.name: each.asnumpy() for each in net.get_parameters()}


@EACH
def test_the_model_is_as_before(case: Case, tmp_path: Path):
    """Parameters bit by bit, but for norms that had 1 added, and every output of the reference."""
    net, usual = lazycell.from_pretrained(file_of(case, tmp_path)), net_of(case)
    is_mistral = type(usual).__name__ == "MistralForCausalLM"  # which nothing tells from a Llama
    assert type(net).__name__ == ("LlamaForCausalLM" if is_mistral else type(usual).__name__)
    assert net.load_report.ignored == ()
    assert lazycell.uninitialized(net) == []
    found, expected = values(net), values(usual)
    assert found.keys() == expected.keys()
    for name, array in found.items():
        had_one_added = "gemma" in case.path.name and name.endswith("norm.weight")
        assert np.abs(array - expected[name]).max() <= (6e-8 if had_one_added else 0), name
    assert case.differences(forward(net, case)) == {}
    config = json.loads((case.path / "config.json").read_text())
    assert net.generation_config == {key: config[key] for key in ("bos_token_id", "eos_token_id")}


@pytest.mark.parametrize("name", ["gemma2", "llama", "mistral", "mixtral", "qwen2", "qwen3moe"])
def test_files_that_others_made(name: str):
    """The numbers are those of Hugging Face's floats: that the zoo's Gemma differs by more, it does with those, too."""
    net = lazycell.from_pretrained(SOURCES / name / "f32.gguf")
    expected = load_file(SOURCES / name / "expected.safetensors")
    found = net(Tensor(expected["ids"])).logits.asnumpy()
    assert np.abs(found - expected["logits_f32"]).max() <= (2e-6 if name == "gemma2" else 8e-7)


@pytest.mark.parametrize("name", ["gemma2", "llama", "mixtral"])
def test_blocks_are_where_floats_are(name: str):
    """Rows of heads, experts and all: no number is further from its float than half a step of its block.

    That, and what the step was rounded by to float16.
    """
    floats = values(lazycell.from_pretrained(SOURCES / name / "f32.gguf"))
    blocks = values(lazycell.from_pretrained(SOURCES / name / "q8_0.gguf"))
    assert floats.keys() == blocks.keys()
    exact = 0
    for key, array in floats.items():
        step = np.abs(array.reshape(-1, 32)).max(1, keepdims=True) / 127
        difference = np.abs(array - blocks[key]).reshape(-1, 32)
        assert (difference <= 0.57 * step).all(), key
        exact += not difference.any()
    assert 0 < exact < len(floats)


@pytest.mark.parametrize("type", ["F32", "Q8_0"])
@pytest.mark.parametrize("axes", [{"tp": 2}, {"pp": 2, "ep": 2}], ids=str)
def test_ranks(type: str, axes: dict[str, int], tmp_path: Path):
    """Each has its part of what one has: of rows that are in another order, of blocks, and of stacked experts."""
    path = file_of(FAMILIES["mixtral"], tmp_path, type)
    net = lazycell.from_pretrained(path)
    whole, divisions = values(net), divisions_of(net.manifest())
    for rank in range(math.prod(axes.values())):
        mesh = Mesh(rank=rank, **axes)
        for name, array in values(lazycell.from_pretrained(path, mesh=mesh)).items():
            place = divisions[name].place(mesh)
            assert place is not None
            for where, own in place.boxes():
                box = tuple(slice(*each) for each in where)
                assert np.array_equal(array[tuple(slice(*each) for each in own)], whole[name][box]), name


def test_of_floats_as_they_are(tmp_path: Path):
    """Half precision is rounded once; what is stored so stays so, and of blocks no dtype can stay."""
    for dtype in ("checkpoint", "strict"):
        with pytest.raises(ValueError, match=r"is stored as Q8_0 blocks, which has no float dtype"):
            LlamaForCausalLM(**SIZES).load_checkpoint(LLAMA / "q8_0.gguf", dtype=dtype)
    whole = values(lazycell.from_pretrained(LLAMA / "q8_0.gguf"))
    for name, array in values(lazycell.from_pretrained(LLAMA / "q8_0.gguf", dtype="float16")).items():
        assert array.dtype == np.float16
        assert np.array_equal(array, whole[name].astype(np.float16))
    half = lazycell.from_pretrained(file_of(FAMILIES["llama"], tmp_path, "F16"), dtype="checkpoint")
    dtypes = {each.name: str(each.dtype) for each in half.get_parameters()}
    assert dtypes["model.layers.0.self_attn.q_proj.weight"] == "Float16"
    assert dtypes["model.norm.weight"] == "Float32"


@pytest.mark.parametrize("name", ["llama", "qwen3_moe", "gemma2", "gemma3"])
def test_it_is_saved_as_any_model(name: str, tmp_path: Path):
    """A directory that loads again, whose config says the same."""
    case = FAMILIES[name]
    net = lazycell.from_pretrained(file_of(case, tmp_path))
    net.save_pretrained(tmp_path / "saved")
    again = lazycell.from_pretrained(tmp_path / "saved")
    assert (type(again), again.manifest().digest) == (type(net), net.manifest().digest)
    assert again.manifest().hyperparameters == net.manifest().hyperparameters
    assert again.generation_config == net.generation_config
    saved = load_file(tmp_path / "saved" / "model.safetensors")
    assert all(np.array_equal(saved[name], array) for name, array in values(net).items())


def test_a_directory_as_it_lies_on_the_hub(tmp_path: Path):
    """The only model in it is taken, and says itself what it is; of several one has to be named."""
    shutil.copy(LLAMA / "q8_0.gguf", tmp_path / "model-Q8_0.gguf")
    shutil.copy(LLAMA / "f32.gguf", tmp_path / "mmproj-model-f16.gguf")
    (tmp_path / "README.md").write_text("# A model")
    assert type(lazycell.from_pretrained(tmp_path)) is LlamaForCausalLM
    (tmp_path / "config.json").write_text('{"model_type": "bert", "vocab_size": 7}')
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": 7}')
    net = lazycell.from_pretrained(tmp_path)
    assert (net.vocab_size, net.generation_config["eos_token_id"]) == (40, 2)
    (tmp_path / "config.json").unlink()
    shutil.copy(LLAMA / "f32.gguf", tmp_path / "model-F32.gguf")
    with pytest.raises(ConfigError, match=r"holds model-F32\.gguf, model-Q8_0\.gguf; give the path of the one to load"):
        lazycell.from_pretrained(tmp_path)
    assert type(LlamaModel.from_pretrained(tmp_path / "model-F32.gguf")) is LlamaModel


def test_a_name_that_tells_nothing(tmp_path: Path):
    """As programs keep their downloads: the first bytes tell."""
    shutil.copy(LLAMA / "q8_0.gguf", tmp_path / "sha256-0a1b")
    assert lazycell.from_pretrained(tmp_path / "sha256-0a1b").vocab_size == 40


def test_an_adapter_goes_on_top(tmp_path: Path):
    """It changes the model of before: its modules are in the file by the names that it knows."""
    base, adapter = PEFT / "base_llama", PEFT / "llama_lora" / "adapter"
    for type in ("F32", "Q8_0"):
        path = tmp_path / f"{type}.gguf"
        path.write_bytes(converted(base, type))
        lazycell.from_pretrained(path).save_pretrained(tmp_path / type)
        expected = values(lazycell.from_pretrained(tmp_path / type, adapter=adapter))
        net = lazycell.from_pretrained(path, adapter=adapter)
        assert all(np.array_equal(expected[name], array) for name, array in values(net).items())
        assert ("Q8_0 blocks + adapter -> float32" in str(net.load_report)) is (type == "Q8_0")
    plain = values(lazycell.from_pretrained(path))
    assert not all(np.array_equal(expected[name], array) for name, array in plain.items())


def test_another_class():
    """It is told what the file lacks, as of any checkpoint."""
    with pytest.raises(CheckpointMismatchError, match=r"does not fit Qwen3ForCausalLM: 4 parameters missing"):
        Qwen3ForCausalLM.from_pretrained(LLAMA / "q8_0.gguf")


def test_what_no_class_knows(tmp_path: Path):
    """It is refused by its key, which can be passed over."""
    path = file_of(FAMILIES["llama"], tmp_path, logit_scale=0.5)
    with pytest.raises(ConfigError, match=r"llama\.logit_scale=0\.5: LlamaForCausalLM knows no such option"):
        lazycell.from_pretrained(path)
    net = lazycell.from_pretrained(path, ignore_config=["llama.logit_scale"])
    assert net.load_report.ignored_config == ("llama.logit_scale",)


def test_what_hyperparameters_of_the_user_change():
    """They take precedence over the metadata, as over a config.json."""
    assert lazycell.from_pretrained(LLAMA / "q8_0.gguf", rope_theta=7.0).rope_theta == 7.0


def test_other_architectures(tmp_path: Path):
    """A class of the user's own reads GGUF's names; a config.json beside says the rest."""
    content = (LLAMA / "f32.gguf").read_bytes().replace(b"llama", b"mamba")
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"model\.gguf: its architecture is 'mamba', and the models that GGUF files"):
        lazycell.from_pretrained(path)
    assert "blk.0.attn_q.weight" in lazycell.open_checkpoint(path).tensors
    (tmp_path / "config.json").write_text('{"model_type": "llama", "num_hidden_layers": 1}')
    with pytest.raises(
        CheckpointMismatchError, match=r"does not fit LlamaModel: 11 parameters missing, 22 tensors unex"
    ):
        lazycell.from_pretrained(path)
