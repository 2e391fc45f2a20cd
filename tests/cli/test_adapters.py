"""`--adapter` of the commands, and `lazycell inspect` of an adapter."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import numpy as np
import pytest
import safetensors.numpy

import lazycell as lc
from lazycell.cli._adapter_option import adapters_of
from lazycell.saving import AdapterFacts, write_adapter

from .command import ROOT, lazycell, without

GOLDEN = ROOT / "tests" / "golden" / "sources" / "peft"
BASE, ADAPTER = GOLDEN / "base_llama", GOLDEN / "llama_lora" / "adapter"
MERGED = safetensors.numpy.load_file(GOLDEN / "llama_lora" / "expected_merged_weights.safetensors")


def test_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number behind the last `=` is a weight; a slash makes a name of it."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "a=b", "c=0.5"):
        Path(name).mkdir()
    assert adapters_of([]) is None
    assert adapters_of(["a", "a=0.7", "a=-1e-1", "a=b", "a=b=2", "c=0.5/", "c=0.5=2"]) == [
        *(("a", 1.0), ("a", 0.7), ("a", -0.1), ("a=b", 1.0), ("a=b", 2.0), ("c=0.5/", 1.0), ("c=0.5", 2.0)),
    ]
    for word, message in {
        "b": "there is nothing at b",
        "": "write the directory of an adapter",
        "=0.7": "write the directory of an adapter",
        "c=0.5": "write c=0.5/ if the directory of that name is meant",
        "a=nan": "has to be a finite number",
    }.items():
        with pytest.raises(click.UsageError, match=message):
            adapters_of([word])


def test_convert_writes_merged(tmp_path: Path) -> None:
    """Without MindSpore; in the dtypes of the base, or in another."""
    out = tmp_path / "merged.safetensors"
    done = lazycell("convert", str(BASE), str(out), "--adapter", str(ADAPTER), first=without("mindspore"))
    assert (done.status, done.stderr) == (0, "")
    found, base = (safetensors.numpy.load_file(path) for path in (out, BASE / "model.safetensors"))
    assert found.keys() == base.keys()
    for name, array in found.items():
        if name in MERGED:
            assert np.abs(array - MERGED[name]).max() < 1e-6
        else:
            assert np.array_equal(array, base[name])
    half = GOLDEN / "base_llamabf16"
    adapter = GOLDEN / "llama_bf16" / "adapter"
    lc.convert(half, out, adapter=adapter)
    assert {each.dtype for each in lc.open_checkpoint(out).tensors.values()} == {"bfloat16"}
    expected = lc.open_checkpoint(GOLDEN / "llama_bf16" / "expected_merged_weights.safetensors").tensors
    stored = lc.open_checkpoint(out).tensors
    for name, tensor in expected.items():
        bits, wanted = (lc.read_tensor(each).view(np.uint16) for each in (stored[name], tensor))
        assert np.array_equal(bits, wanted), name
    lc.convert(half, out, adapter=[adapter, (adapter, -1.0)], dtype="float32")
    undone = lc.open_checkpoint(out).tensors
    for name, tensor in lc.open_checkpoint(half).tensors.items():
        assert np.allclose(lc.read_tensor(undone[name]), lc.read_tensor(tensor).astype(np.float32), atol=1e-6)


def test_what_convert_refuses(tmp_path: Path) -> None:
    """What was there stays; names of cells go another way."""
    out = tmp_path / "old.safetensors"
    out.write_bytes(b"old")
    write_adapter(tmp_path, {"k.lora_A": np.ones((1, 2)), "k.lora_B": np.ones((2, 1))}, AdapterFacts({}))
    done = lazycell("convert", str(BASE), str(out), "--adapter", str(tmp_path), "--force")
    assert done.status == 2
    assert "does not have: k" in done.stderr
    assert out.read_bytes() == b"old"
    words = ["--to-names", "torch", "--model", "m:f", "--adapter", str(ADAPTER)]
    done = lazycell("convert", str(BASE), str(tmp_path / "new.safetensors"), *words)
    assert done.status == 2
    assert "--adapter does not go with --to-names: merge first" in done.stderr


def test_check(tmp_path: Path) -> None:
    """It says what changes, and no where the adapter is of another model."""
    manifest = tmp_path / "m.json"
    from models.llama import LlamaForCausalLM  # registered by it

    config = json.loads((BASE / "config.json").read_text())
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    sizes = {name: config[name] for name in (*names, "num_key_value_heads")}
    manifest.write_text(LlamaForCausalLM.manifest(**sizes).to_json())
    words = ["check", str(manifest), str(BASE)]
    done = lazycell(*words, "--adapter", f"{ADAPTER}=0.5")
    assert (done.status, done.stderr) == (0, "")
    assert "float32 + adapter" in done.stdout
    assert "adapter default: 6 tensors changed, times 0.5, from llama_lora/adapter\n" in done.stdout
    found = json.loads(lazycell(*words, "--adapter", str(ADAPTER), "--json").stdout)
    (adapter,) = found["plan"]["adapters"]
    assert (adapter["name"], adapter["weight"], {*adapter["tensors"]}) == ("default", 1.0, {*MERGED})
    assert {each["parameter"] for each in found["plan"]["steps"] if each["origin"]} == {*MERGED}
    write_adapter(tmp_path, {"k.lora_A": np.ones((1, 2)), "k.lora_B": np.ones((2, 1))}, AdapterFacts({}))
    done = lazycell(*words, "--adapter", str(tmp_path), "--json")
    assert (done.status, json.loads(done.stdout)["fits"]) == (1, False)
    done = lazycell(*words, "--adapter", str(tmp_path / "nowhere"))
    assert (done.status, done.stdout) == (2, "")


def test_inspect(tmp_path: Path) -> None:
    """It says that it is an adapter, of what, and what is in it; beside a model, it is the model that counts."""
    shutil.copytree(ADAPTER, tmp_path / "a")
    done = lazycell("inspect", str(ADAPTER), first=without("mindspore", "numpy"))
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1:4] == [
        "an adapter of PEFT: LORA, r=4, lora_alpha=8, task_type=CAUSAL_LM",
        "target_modules: down_proj, q_proj, v_proj",
        f"of ../../base_llama, which is {BASE}",
    ]
    found = json.loads(lazycell("inspect", str(tmp_path / "a"), "--json").stdout)
    assert (found["adapter"]["config"]["r"], found["adapter"]["base_directory"]) == (4, None)
    done = lazycell("inspect", str(tmp_path / "a"), "--model", "bert-tiny")
    assert (done.status, done.stdout) == (2, "")
    assert "`lazycell check bert-tiny BASE --adapter DIR` tells whether both fit" in done.stderr
    shutil.copy(BASE / "model.safetensors", tmp_path / "a")
    assert "adapter" not in lazycell("inspect", str(tmp_path / "a")).stdout.splitlines()[1]
