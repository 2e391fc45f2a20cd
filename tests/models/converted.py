"""GGUF files of small models, as llama.cpp's convert_hf_to_gguf.py makes them of Hugging Face's (conversion/*.py)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from safetensors.numpy import load_file

from ..formats.ggufs import Tensor, array, gguf_bytes, scalar, string, strings

ARCHITECTURES = {"mistral": "llama", "mixtral": "llama", "qwen3_moe": "qwen3moe", "gemma3_text": "gemma3"}
"""What llama.cpp calls a family, where that is not its own name."""

GEMMA = ("gemma2", "gemma3")

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
    "block_sparse_moe.gate": "ffn_gate_inp",
    "w1": "ffn_gate_exps",
    "w2": "ffn_down_exps",
    "w3": "ffn_up_exps",
    "gate_proj": "ffn_gate_exps",
    "down_proj": "ffn_down_exps",
    "up_proj": "ffn_up_exps",
}
NAMES_OF_GEMMA = NAMES | {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}


def converted(directory: Path, type: str = "F32", *, without: tuple[str, ...] = (), **also: Any) -> bytes:
    """Give the file of a model.

    Args:
        directory: of the model.
        type: of its matrices; norms and biases stay F32, as do rows that are no whole blocks.
        without: values of the metadata that are left out, as others than this converter did.
        also: more of them, `_` for `.`; or others in their place.
    """
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    architecture = ARCHITECTURES.get(config["model_type"], config["model_type"])
    arrays = weights(load_file(directory / "model.safetensors"), config, architecture)
    values = metadata(config, architecture, len(arrays["token_embd.weight"]))
    values |= {f"{architecture}.{key}" if not key.startswith("tokenizer") else key: each for key, each in also.items()}
    written = {key: value_bytes(each) for key, each in values.items() if key.split(".", 1)[1] not in without}
    return gguf_bytes({name: tensor(each, type) for name, each in arrays.items()}, written)


def metadata(config: Mapping[str, Any], architecture: str, words: int) -> dict[str, Any]:
    """Give the metadata of a model."""
    size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    ropes = config["rope_parameters"]
    rope = ropes.get("full_attention", ropes)
    own: dict[str, Any] = {
        "block_count": config["num_hidden_layers"],
        "context_length": config["max_position_embeddings"],
        "embedding_length": config["hidden_size"],
        "feed_forward_length": config["intermediate_size"],
        "attention.head_count": config["num_attention_heads"],
        "attention.head_count_kv": config["num_key_value_heads"],
        "attention.layer_norm_rms_epsilon": config["rms_norm_eps"],
        "rope.freq_base": float(rope["rope_theta"]),
        "rope.dimension_count": size,
        "vocab_size": words,
    }
    if config.get("head_dim") is not None:
        own |= {"attention.key_length": size, "attention.value_length": size}
    experts = config.get("num_local_experts", 0)
    if experts:
        own |= {"expert_count": experts, "expert_used_count": config["num_experts_per_tok"]}
    if "moe_intermediate_size" in config:
        own["expert_feed_forward_length"] = config["moe_intermediate_size"]
    if architecture in GEMMA:
        own["attention.sliding_window"] = config["sliding_window"]
        caps = ("attn_logit_softcapping", "final_logit_softcapping")
        own |= {key: config[key] for key in caps if config[key] is not None}
    found = {
        "general.architecture": architecture,
        "general.type": "model",
        **{f"{architecture}.{key}": value for key, value in own.items()},
        "general.file_type": 0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [f"t{number}" for number in range(words)],
        "tokenizer.ggml.bos_token_id": config["bos_token_id"],
        "tokenizer.ggml.eos_token_id": config["eos_token_id"],
        "tokenizer.ggml.padding_token_id": config["pad_token_id"],
    }
    return {key: each for key, each in found.items() if each is not None}


def value_bytes(value: Any) -> bytes:
    """Write a value of the metadata with the type that the converter gives it."""
    match value:
        case bool():
            return scalar("?", value)
        case int():
            return scalar("I", value)
        case float():
            return scalar("f", value)
        case str():
            return string(value)
        case [str(), *_]:
            return strings(value)
        case [bool(), *_]:
            return array("?", value)
        case _:
            return array("I", value)


def weights(stored: Mapping[str, np.ndarray], config: Mapping[str, Any], architecture: str) -> dict[str, np.ndarray]:
    """Give the tensors of a model under llama.cpp's names and with its values."""
    names = NAMES_OF_GEMMA if architecture in GEMMA else NAMES
    found: dict[str, Any] = {}
    for name, each in stored.items():
        module, part = name.rsplit(".", 1)
        layer = re.fullmatch(r"model\.layers\.(\d+)\.(.+)", module)
        if layer is None:
            found[f"{names[module]}.{part}"] = plus_one(each, name, architecture)
            continue
        number, what = layer[1], layer[2]
        expert = re.fullmatch(r".+\.experts\.(\d+)\.(\w+)", what)
        if expert is not None:
            found.setdefault(f"blk.{number}.{names[expert[2]]}.{part}", {})[int(expert[1])] = each
            continue
        if architecture == "llama" and what in ("self_attn.q_proj", "self_attn.k_proj"):
            heads = config["num_attention_heads" if what == "self_attn.q_proj" else "num_key_value_heads"]
            each = permuted(each, heads)
        found[f"blk.{number}.{names[what]}.{part}"] = plus_one(each, name, architecture)
    for name, each in found.items():
        if isinstance(each, dict):
            found[name] = np.stack([each[expert] for expert in sorted(each)])
    rope = config["rope_parameters"]
    if rope.get("rope_type") == "llama3":
        found["rope_freqs.weight"] = frequency_factors(rope, config["head_dim"])
    return found


def permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    """Order the rows of queries or keys as conversion/llama.py does (`permute`)."""
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def plus_one(weight: np.ndarray, name: str, architecture: str) -> np.ndarray:
    """Add what conversion/gemma.py adds to norms."""
    return weight + np.float32(1) if architecture in GEMMA and name.endswith("norm.weight") else weight


def frequency_factors(rope: Mapping[str, Any], size: int) -> np.ndarray:
    """Give `rope_freqs` as conversion/llama.py does, one by one."""
    factor, low, high = rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"]
    old = rope["original_max_position_embeddings"]
    factors = []
    for index in range(0, size, 2):
        wave = 2 * math.pi * rope["rope_theta"] ** (index / size)
        if wave < old / high:
            factors.append(1.0)
        elif wave > old / low:
            factors.append(factor)
        else:
            smooth = (old / wave - low) / (high - low)
            factors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(factors, np.float32)


def tensor(weight: np.ndarray, type: str) -> Tensor:
    """Write a tensor in a type, if it is a matrix that can be."""
    if weight.ndim < 2 or (type == "Q8_0" and weight.shape[-1] % 32):
        type = "F32"
    return Tensor(weight.shape, type, CONTENTS[type](weight))


def q8_0(weight: np.ndarray) -> bytes:
    """Write blocks of 32, a scale and as many codes each."""
    blocks = weight.reshape(-1, 32)
    scales = (np.abs(blocks).max(1, keepdims=True) / 127).astype(np.float16)
    codes = np.rint(blocks / np.where(scales, scales, 1).astype(np.float32)).astype(np.int8)
    return np.concatenate((scales.view(np.uint8), codes.view(np.uint8)), 1).tobytes()


CONTENTS = {
    "F32": lambda weight: weight.astype(np.float32).tobytes(),
    "F16": lambda weight: weight.astype(np.float16).tobytes(),
    "BF16": lambda weight: weight.astype(ml_dtypes.bfloat16).tobytes(),
    "Q8_0": q8_0,
}
