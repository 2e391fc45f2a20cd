"""Tensors of a GGUF file as they were before: names, values in any pieces, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell import CheckpointFormatError, open_checkpoint
from lazycell.formats import CheckpointHeader, TensorHeader

from ...models.converted import permuted, value_bytes
from ...models.converted import tensor as written
from ..ggufs import Tensor, gguf_bytes

Array = np.ndarray[Any, Any]
HEADS = {"attention.head_count": 4, "attention.head_count_kv": 2}


def header(path: Path, tensors: dict[str, Tensor], architecture: str = "llama", **values: Any) -> CheckpointHeader:
    """Open a file with these tensors; `_` in a key stands for `.`."""
    own = {f"{architecture}.{key}": value_bytes(each) for key, each in (HEADS | values).items() if each is not None}
    content = gguf_bytes(tensors, {"general.architecture": value_bytes(architecture), **own})
    (path / "model.gguf").write_bytes(content)
    return open_checkpoint(path / "model.gguf")


def read(tensor: TensorHeader, start: int = 0, stop: int | None = None) -> bytes:
    """Read some bytes of a tensor of one part."""
    (part,) = tensor.ranges
    target = bytearray((tensor.nbytes if stop is None else stop) - start)
    part.read_into(memoryview(target), start)
    return bytes(target)


def random(*shape: int) -> Array:
    """Give numbers."""
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


def one(name: str, path: Path = Path(), **kwargs: Any) -> list[str]:
    """Give the names of a file with one tensor."""
    return [*header(path, {name: Tensor((1, 32), "Q8_0", bytes(34))}, **kwargs).tensors]


@pytest.mark.parametrize(
    ("architecture", "name", "before"),
    [
        ("llama", "output.weight", "lm_head.weight"),
        ("llama", "blk.17.ffn_norm.weight", "model.layers.17.post_attention_layernorm.weight"),
        ("llama", "blk.0.attn_output.bias", "model.layers.0.self_attn.o_proj.bias"),
        ("gemma2", "blk.0.ffn_norm.weight", "model.layers.0.pre_feedforward_layernorm.weight"),
        ("gemma3", "blk.0.attn_q_norm.weight", "model.layers.0.self_attn.q_norm.weight"),
        ("qwen3moe", "blk.0.ffn_gate_inp.weight", "model.layers.0.mlp.gate.weight"),
        ("phi3", "blk.0.ffn_up.weight", "model.layers.0.mlp.gate_up_proj.weight"),
        ("phi3", "blk.0.attn_qkv.weight", "model.layers.0.self_attn.qkv_proj.weight"),
        ("mamba", "blk.0.ffn_norm.weight", "blk.0.ffn_norm.weight"),
        ("llama", "blk.0.attn_sinks.weight", "blk.0.attn_sinks.weight"),
        ("llama", "blk.x.attn_q.weight", "blk.x.attn_q.weight"),
        ("llama", "token_embd", "token_embd"),
    ],
)
def test_names(architecture: str, name: str, before: str, tmp_path: Path) -> None:
    """What is not known keeps its own."""
    assert one(name, tmp_path, architecture=architecture) == [before]


def test_what_is_no_weight(tmp_path: Path) -> None:
    """Factors of frequencies are the config's; those that no config has stay, to be refused."""
    assert one("rope_freqs.weight", tmp_path) == []
    assert one("rope_freqs.weight", tmp_path, architecture="qwen2") == ["rope_freqs.weight"]


def test_experts_one_by_one(tmp_path: Path) -> None:
    """So they are in files of Mixtral from before 2024."""
    found = one("blk.3.ffn_up.5.weight", tmp_path, expert_count=8)
    assert found == ["model.layers.3.block_sparse_moe.experts.5.w3.weight"]


@pytest.mark.parametrize("type", ["F32", "F16", "BF16", "Q8_0"])
def test_heads(type: str, tmp_path: Path) -> None:
    """Rows are where they were, whichever bytes are asked for; what is stored in half precision stays so."""
    weights = {"blk.0.attn_q.weight": random(32, 64), "blk.0.attn_k.weight": random(16, 64)}
    heads = {"blk.0.attn_q.weight": 4, "blk.0.attn_k.weight": 2}
    usual = header(tmp_path, {name: written(each, type) for name, each in weights.items()}, "qwen2").tensors
    plain = {name: read(each) for name, each in usual.items()}
    stored = {name: permuted(each, heads[name]) for name, each in weights.items()}
    turned = header(tmp_path, {name: written(each, type) for name, each in stored.items()}).tensors
    assert turned.keys() == plain.keys()
    for name, tensor in turned.items():
        assert (tensor.dtype, tensor.shape, tensor.origin) == (usual[name].dtype, usual[name].shape, usual[name].origin)
        assert read(tensor) == plain[name]
        for start, stop in ((0, 4), (3, 1001), (777, 779), (tensor.nbytes - 5, tensor.nbytes)):
            assert read(tensor, start, stop) == plain[name][start:stop]


def test_biases_of_heads(tmp_path: Path) -> None:
    """Their numbers are turned as rows are, though no layer of llama.cpp's own has any."""
    bias = random(32)
    found = header(tmp_path, {"blk.0.attn_q.bias": written(permuted(bias, 4), "F32")}).tensors
    assert read(found["model.layers.0.self_attn.q_proj.bias"]) == bias.tobytes()


def test_heads_of_each_layer(tmp_path: Path) -> None:
    """Where layers have different numbers, each is turned by its own; where keys' are not told, they are queries'."""
    weight = random(16, 32)
    for values, heads in (({"attention.head_count_kv": [1, 4]}, 4), ({"attention.head_count_kv": None}, 4)):
        content = {"blk.1.attn_k.weight": written(permuted(weight, heads), "F32")}
        found = header(tmp_path, content, **values).tensors["model.layers.1.self_attn.k_proj.weight"]
        assert read(found) == weight.tobytes()


def test_heads_that_nobody_tells(tmp_path: Path) -> None:
    """Their rows cannot be put back."""
    content = {"blk.0.attn_q.weight": written(random(20, 32), "F32")}
    with pytest.raises(CheckpointFormatError, match=r"its metadata has no llama\.attention\.head_count, in which"):
        header(tmp_path, content, **{"attention.head_count": None})
    with pytest.raises(CheckpointFormatError, match=r"its metadata has 'x' as llama\.attention\.head_count"):
        header(tmp_path, content, **{"attention.head_count": "x"})
    with pytest.raises(
        CheckpointFormatError, match=r"'blk\.0\.attn_q\.weight' of shape \(20, 32\) does not have the rows"
    ):
        header(tmp_path, content)
    assert header(tmp_path, {"blk.0.attn_v.weight": content["blk.0.attn_q.weight"]}, **dict.fromkeys(HEADS)).tensors


@pytest.mark.parametrize("type", ["F32", "F16"])
def test_norms_without_the_one_that_was_added(type: str, tmp_path: Path) -> None:
    """In float32, of any stored dtype; of others they are as they are."""
    weight = np.linspace(0, 2, 64, dtype=np.float32)
    stored = Tensor((64,), type, weight.astype(np.float32 if type == "F32" else np.float16).tobytes())
    kept = weight if type == "F32" else weight.astype(np.float16).astype(np.float32)
    for name in ("output_norm.weight", "blk.0.attn_k_norm.weight", "blk.0.post_ffw_norm.weight"):
        (tensor,) = header(tmp_path, {name: stored}, "gemma3").tensors.values()
        assert (tensor.dtype, tensor.origin) == ("float32", "")
        assert read(tensor) == (kept - np.float32(1)).tobytes()
        assert read(tensor, 6, 131) == (kept - np.float32(1)).tobytes()[6:131]
        assert list(tensor.byte_ranges)
    (tensor,) = header(tmp_path, {"output_norm.weight": stored}, "qwen3").tensors.values()
    assert read(tensor) == stored.content


@pytest.mark.parametrize("type", ["F32", "Q8_0"])
def test_stacked_experts(type: str, tmp_path: Path) -> None:
    """Each is a window of the bytes: whole blocks."""
    weights = random(3, 8, 32)
    stacked = {"blk.2.ffn_down_exps.weight": written(weights, type)}
    found = header(tmp_path, stacked, "qwen3moe").tensors
    assert [*found] == [f"model.layers.2.mlp.experts.{expert}.down_proj.weight" for expert in range(3)]
    contents = [read(each) for each in found.values()]
    places = [list(each.byte_ranges) for each in found.values()]
    assert [each[0].stop for each in places[:-1]] == [each[0].start for each in places[1:]]
    for expert, content in enumerate(contents):
        alone = header(tmp_path, {"blk.2.ffn_down.weight": written(weights[expert], type)}, "qwen3").tensors
        assert content == read(alone["model.layers.2.mlp.down_proj.weight"])


def test_two_of_one_name(tmp_path: Path) -> None:
    """A file has a tensor once."""
    tensors = {
        "blk.0.ffn_up.0.weight": written(random(8, 32), "F32"),
        "blk.0.ffn_up_exps.weight": written(random(1, 8, 32), "F32"),
    }
    with pytest.raises(CheckpointFormatError, match=r"experts\.0\.w3\.weight', and another one is that, too"):
        header(tmp_path, tensors, expert_count=1)


def test_types_that_are_not_read(tmp_path: Path) -> None:
    """They are listed under the names that they had, and nothing is done to them."""
    content = Tensor((16, 256), "IQ2_XXS", bytes(16 * 66))
    (tensor,) = header(tmp_path, {"blk.0.attn_q.weight": content}).tensors.values()
    assert (tensor.name, tensor.dtype, tensor.is_readable) == (
        "model.layers.0.self_attn.q_proj.weight",
        "IQ2_XXS",
        False,
    )


def test_a_file_that_changes(tmp_path: Path) -> None:
    """It is told, and where."""
    tensors = {"blk.0.attn_q.weight": written(random(32, 32), "F32"), "output_norm.weight": written(random(32), "F32")}
    for architecture in ("llama", "gemma2"):
        found = header(tmp_path, tensors, architecture).tensors
        (tmp_path / "model.gguf").write_bytes((tmp_path / "model.gguf").read_bytes() + b"\0")
        name = "model.norm.weight" if architecture == "gemma2" else "model.layers.0.self_attn.q_proj.weight"
        with pytest.raises(CheckpointFormatError, match=r"model\.gguf: the file has changed since its header was read"):
            read(found[name])
