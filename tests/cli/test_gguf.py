"""A GGUF file on the command line: a checkpoint, and a model that says itself which it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from lazycell.cli import main

from ..golden_cases import GOLDEN

LLAMA = GOLDEN / "sources" / "gguf_models" / "llama"
FLOATS, BLOCKS = str(LLAMA / "f32.gguf"), str(LLAMA / "q8_0.gguf")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run a command here; what it takes to import is MindSpore, which these tests have."""
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def test_inspect_asks_the_class_of_the_metadata(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of a file, and of a directory with one; the family alone where nothing is to be imported."""
    status, text = run(capsys, "inspect", BLOCKS)
    assert status == 0
    assert "fits LlamaForCausalLM (models.llama), which the file asks for" in text
    assert "model.layers.{0..1}.self_attn.q_proj.weight" in text
    shutil.copy(BLOCKS, tmp_path / "model.gguf")
    status, text = run(capsys, "inspect", str(tmp_path), "--json")
    assert json.loads(text)["asked"]["class"] == "LlamaForCausalLM"
    status, text = run(capsys, "inspect", BLOCKS, "--no-class")
    assert (status, "asks for" in text) == (0, False)


def test_what_is_not_known(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The architecture is named, with those that are known; what does not fit is told by a command that runs."""
    path = tmp_path / "model.gguf"
    path.write_bytes(Path(FLOATS).read_bytes().replace(b"llama", b"mamba"))
    status, text = run(capsys, "inspect", str(path))
    assert (status, "\nits architecture is 'mamba', and the models that GGUF files" in text) == (0, True)
    for command in (["manifest", str(path)], ["check", "LlamaForCausalLM", BLOCKS, "--config", str(path)]):
        status, text = run(capsys, *command)
        assert (status, f"{path}: its architecture is 'mamba'" in text) == (2, True)
    path.write_bytes(Path(FLOATS).read_bytes().replace(b"llama.context_length", b"llama.context_LENGTH"))
    status, text = run(capsys, "inspect", str(path))
    assert (status, f"{path}: its metadata has no llama.context_length" in text) == (0, True)
    path.write_bytes(Path(FLOATS).read_bytes().replace(b"blk.1.ffn_up", b"blk.1.ffn_UP"))
    status, text = run(capsys, "inspect", str(path))
    assert f"`lazycell check {path} {path}` says why" in text
    status, text = run(capsys, "check", str(path), str(path))
    assert (status, "model.layers.1.mlp.up_proj.weight" in text) == (1, True)


def test_it_is_a_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where a directory with a config.json is one."""
    status, text = run(capsys, "check", BLOCKS, FLOATS)
    assert (status, text.splitlines()[-1]) == (0, f"LlamaForCausalLM fits {FLOATS}")
    status, text = run(capsys, "check", FLOATS, BLOCKS, "--json")
    assert {step["stored_dtype"] for step in json.loads(text)["plan"]["steps"]} == {"float32", "Q8_0 blocks"}
    status, text = run(capsys, "check", "LlamaForCausalLM", BLOCKS, "--config", FLOATS)
    assert status == 0
    status, text = run(capsys, "check", BLOCKS, FLOATS, "--set", "num_hidden_layers=1")
    assert status == 1
    status, text = run(capsys, "plan", BLOCKS, BLOCKS, "--mesh", "tp=2")
    assert (status, "on 2 ranks, mesh tp=2" in text) == (0, True)
    manifest = tmp_path / "manifest.json"
    assert run(capsys, "manifest", BLOCKS, "-o", str(manifest))[0] == 0
    status, text = run(capsys, "diff", str(manifest), BLOCKS)
    assert (status, "no difference" in text) == (0, True)
    shutil.copy(BLOCKS, tmp_path / "model.gguf")
    assert run(capsys, "show", str(tmp_path))[1].splitlines()[1].startswith("LlamaForCausalLM")


def test_it_is_converted_to_what_it_was(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Hugging Face's names, in floats."""
    assert run(capsys, "convert", FLOATS, str(tmp_path / "floats.safetensors"))[0] == 0
    assert run(capsys, "convert", BLOCKS, str(tmp_path / "half.safetensors"), "--dtype", "float16")[0] == 0
    floats, half = load_file(tmp_path / "floats.safetensors"), load_file(tmp_path / "half.safetensors")
    assert floats.keys() == half.keys()
    assert half["model.layers.0.self_attn.q_proj.weight"].dtype == np.float16
    assert all(np.allclose(half[name], array, atol=2e-3) for name, array in floats.items())
    status, text = run(capsys, "diff", str(tmp_path / "floats.safetensors"), FLOATS)
    assert (status, "no difference" in text) == (0, True)


def test_infer(capsys: pytest.CaptureFixture[str]) -> None:
    """Sizes of shapes, as of any checkpoint."""
    status, text = run(capsys, "infer", "LlamaForCausalLM", BLOCKS, "--set", "num_attention_heads=4", "--json")
    found = json.loads(text)
    assert (status, found["solved"]) == (0, True)
