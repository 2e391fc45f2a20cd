"""The `config.json` that the model in a GGUF file had, from the file's metadata: transformers' keys, in the style of 4.

What the metadata does not say is told by the tensors, or is what llama.cpp computes with (llama-model.cpp):

- `model_type`: `llama` is Llama, and Mistral, which computes the same; Mixtral where it has experts, Mistral where it
  has a window.
- The frequencies of Llama 3: `rope_freqs.weight` has by what each is divided. Its parameters are those of Llama 3.1 to
  3.3 with the largest of them as the factor, where they give the same.
- Which layers have a window: every second of gemma2, all but every sixth of gemma3.
- By what scores are divided: the root of the size of a head, but of `hidden_size / heads` for gemma2 of 46 layers and
  gemma3 of 62, which are the 27B ones.
- Whether the head is tied to the table: it is where the file has none; biases, likewise.

Every value under the name of the architecture is one that is known here, or off, or goes into the config under its own
key, which no class knows: so it is refused, by its name, unless the user passes over it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._errors import CheckpointFormatError
from ._architectures import KNOWN, Architecture, architecture_of, name_of
from ._file import GgufFile
from ._regrouped import read_floats
from ._tensor import header_of
from ._told import Told, as_written

_CLASSES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "mixtral": "MixtralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen3_moe": "Qwen3MoeForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3_text": "Gemma3ForCausalLM",
    "phi3": "Phi3ForCausalLM",
}

_TOKENS = {"bos_token_id": "bos_token_id", "pad_token_id": "padding_token_id"}
_ENDS = ("eos_token_id", "eot_token_id", "eom_token_id")
"""llama.cpp stops at each of them: the end of a text, of a turn, of a message."""

_FREQUENCIES = "rope_freqs.weight"
_FACTORS = ("rope_factors_long.weight", "rope_factors_short.weight")

# What describes a file, or says what is always so.
_PASSED_OVER = ("rope.scaling.finetuned", "tensor_data_layout", "vocab_size")
_ALWAYS: dict[str, tuple[Any, ...]] = {
    "attention.causal": (True,),
    "expert_gating_func": (1, 0),  # softmax
    "expert_group_count": (1, 0),
    "expert_group_used_count": (1, 0),
    "expert_weights_scale": (1, 0),
    "rope.scaling.attn_factor": (1, 0),
    "rope.scaling.yarn_attn_factor": (1,),
    "rope.scaling.yarn_ext_factor": (1, -1),
}


def config_of(file: GgufFile) -> dict[str, Any] | None:
    """Give the config of the model in a file; None: its architecture is none that is known.

    Raises:
        CheckpointFormatError: the metadata lacks a value that it has to have, or contradicts the tensors.
    """
    architecture = architecture_of(file)
    if architecture is None:
        return None
    told = Told(file)
    layers, hidden = told.layers(), told.count("embedding_length")
    heads = told.count("attention.head_count")
    size = _head_size(file, told, hidden, heads)
    config: dict[str, Any] = {
        "model_type": architecture.model_type,
        "vocab_size": _rows(file, told),
        "hidden_size": hidden,
        "intermediate_size": told.count("feed_forward_length", told.get("expert_feed_forward_length")),
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": told.count("attention.head_count_kv", heads),
        "head_dim": size,
        "max_position_embeddings": told.count("context_length"),
        "rms_norm_eps": told.number("attention.layer_norm_rms_epsilon"),
        "tie_word_embeddings": "output.weight" not in file.tensors,
        "rope_theta": told.number("rope.freq_base", 10000.0),
    }
    if architecture.adds_one:
        _gemma(told, config, layers)
    else:
        config["hidden_act"] = "silu"
        _window(told, config)
    _biases(file, architecture, config)
    _experts(file, told, architecture, config, layers)
    _rope(file, told, config)
    for key in _PASSED_OVER:
        told.get(key)
    for key, (usual, *others) in _ALWAYS.items():
        if told.get(key, usual) not in (usual, *others):
            config[told.prefix + key] = f"{told.get(key)} instead of {usual}"
    config.update(told.rest())
    config["architectures"] = [_CLASSES[config["model_type"]]]
    return config | _tokens(file)


def why_no_config(file: GgufFile) -> str:
    """Say what is not known of a file that has no config here."""
    name = name_of(file)
    what = f"its architecture is {name!r}" if name else "its metadata has no general.architecture"
    return (
        f"{what}, and the models that GGUF files are read as are {', '.join(KNOWN)}; what it holds has names and "
        "values of GGUF's own"
    )


def _rows(file: GgufFile, told: Told) -> int:
    """Give how many words the table has, which may be fewer than the model had: gemma3's is cut to those there are."""
    table = file.tensors.get("token_embd.weight")
    if table is None or len(table.shape) != 2:
        raise CheckpointFormatError(f"{told.path}: there is no matrix token_embd.weight, so this is no whole model")
    return table.shape[0]


def _head_size(file: GgufFile, told: Told, hidden: int, heads: int) -> int:
    """Give the size of a head: as it is said, else by the tensors."""
    query = file.tensors.get("blk.0.attn_q.weight")
    usual = query.shape[0] // heads if query is not None and query.shape and heads else hidden // max(heads, 1)
    size = told.count("attention.key_length", usual)
    for key in ("attention.value_length", "rope.dimension_count"):
        other = told.count(key, size)
        if other != size:
            what = f"{told.prefix}{key}={other} in its metadata"
            raise CheckpointFormatError(
                f"{told.path}: {what}, and heads of {size}: only the same is implemented, of keys, of values, and of "
                "what positions turn"
            )
    return size


def _window(told: Told, config: dict[str, Any]) -> None:
    """Take the window of Mistral; what is seen anyway is none, and of others it is not known in which layers it is."""
    window = told.count("attention.sliding_window", 0)
    if config["model_type"] in ("llama", "mixtral", "phi3"):
        config["sliding_window"] = window or None
        if window and config["model_type"] == "llama":
            config["model_type"] = "mistral"
        elif config["model_type"] == "llama":
            del config["sliding_window"]
    elif window and window < config["max_position_embeddings"]:
        config[f"{told.prefix}attention.sliding_window"] = window


def _gemma(told: Told, config: dict[str, Any], layers: int) -> None:
    config["hidden_activation"] = "gelu_pytorch_tanh"
    third = config["model_type"] == "gemma3_text"
    for key in ("attn_logit_softcapping", "final_logit_softcapping"):
        if told.get(key) is not None:
            config[key] = told.number(key) or None
    window = told.count("attention.sliding_window", 0)
    if window:
        config["sliding_window"] = window
    pattern = told.get("attention.sliding_window_pattern")
    if isinstance(pattern, list | bool):
        slides = [bool(each) for each in pattern] if isinstance(pattern, list) else [pattern] * layers
    else:
        every = told.count("attention.sliding_window_pattern", 6 if third else 2)
        if third and not window:  # written only where some layers have one; gemma2's first files lack it, and have
            every = 0
        slides = [bool(every) and (layer + 1) % every != 0 for layer in range(layers)]
    config["layer_types"] = ["sliding_attention" if each else "full_attention" for each in slides]
    large = layers == (62 if third else 46)
    scale = config["hidden_size"] // max(config["num_attention_heads"], 1) if large else config["head_dim"]
    config["query_pre_attn_scalar"] = scale
    if third:
        config["rope_local_base_freq"] = told.number("rope.freq_base_swa", 10000.0)


def _biases(file: GgufFile, architecture: Architecture, config: dict[str, Any]) -> None:
    if architecture.model_type in ("llama", "qwen3", "qwen3_moe"):
        config["attention_bias"] = "blk.0.attn_q.bias" in file.tensors
    if config["model_type"] == "llama":
        config["mlp_bias"] = "blk.0.ffn_up.bias" in file.tensors


def _experts(file: GgufFile, told: Told, architecture: Architecture, config: dict[str, Any], layers: int) -> None:
    if not architecture.experts:
        return
    config["num_experts_per_tok"] = told.count("expert_used_count")
    if architecture.model_type == "mixtral":
        config["num_local_experts"] = told.count("expert_count")
        if told.get("expert_weights_norm", True) is not True:
            config[f"{told.prefix}expert_weights_norm"] = "false"
        return
    config["num_experts"] = told.count("expert_count")
    config["moe_intermediate_size"] = told.count("expert_feed_forward_length")
    config["norm_topk_prob"] = bool(told.get("expert_weights_norm", True))
    config["decoder_sparse_step"] = 1
    config["mlp_only_layers"] = [layer for layer in range(layers) if f"blk.{layer}.ffn_gate.weight" in file.tensors]


def _rope(file: GgufFile, told: Told, config: dict[str, Any]) -> None:
    """Add how positions are stretched over longer texts."""
    kind = told.get("rope.scaling.type", "linear")
    factor = told.number("rope.scaling.factor", told.get("rope.scale_linear", 0.0))
    original = told.count("rope.scaling.original_context_length", 0)
    beta = {key: told.get(f"rope.scaling.yarn_{key}") for key in ("beta_fast", "beta_slow")}
    if kind == "linear" and factor not in (0, 1):
        config["rope_scaling"] = {"rope_type": "linear", "factor": factor}
    elif kind == "yarn":
        config["rope_scaling"] = {"rope_type": "yarn", "factor": factor or 1.0}
        if original:
            config["rope_scaling"]["original_max_position_embeddings"] = original
        config["rope_scaling"].update({key: value for key, value in beta.items() if value is not None})
    elif kind not in ("linear", "none"):
        config[f"{told.prefix}rope.scaling.type"] = kind
    for name in _FACTORS:
        if name in file.tensors:
            config[name] = "factors of frequencies, which lazycell does not read"
    if _FREQUENCIES in file.tensors:
        _divided(file, config)


def _divided(file: GgufFile, config: dict[str, Any]) -> None:
    """Tell what frequencies are divided by in the words of Llama 3; else leave it under the tensor's name."""
    tensor = file.tensors[_FREQUENCIES]
    header = header_of(file, tensor, _FREQUENCIES)
    size = config["head_dim"]
    if config["model_type"] not in ("llama", "mistral", "mixtral") or math.prod(tensor.shape) != size // 2:
        config[_FREQUENCIES] = f"factors of shape {tensor.shape}"
        return
    if not header.is_readable:
        config[_FREQUENCIES] = f"factors in {tensor.type}, which lazycell does not read"
        return
    factors = read_floats(header, 0, size // 2).astype(np.float64)
    if np.allclose(factors, 1, rtol=1e-6, atol=0):
        return
    told = {
        "rope_type": "llama3",
        "factor": as_written(float(factors.max())),
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    with np.errstate(all="ignore"):
        same = np.allclose(factors, llama3_factors(told, config["rope_theta"], size), rtol=1e-5, atol=0)
    if not same or "rope_scaling" in config:
        config[_FREQUENCIES] = f"up to {told['factor']}, which are not those of Llama 3"
        return
    config["rope_scaling"] = told


def llama3_factors(scaling: Mapping[str, Any], theta: float, size: int) -> Any:
    """Give by what each frequency is divided (Llama 3.1; conversion/llama.py has the same).

    Args:
        scaling: the `rope_scaling` of a config.
        theta: of the rotation.
        size: of a head.
    """
    frequencies = theta ** -(np.arange(0, size, 2, dtype=np.float64) / size)
    turns = scaling["original_max_position_embeddings"] * frequencies / (2 * math.pi)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    blend = np.clip((turns - low) / (high - low), 0, 1)
    return 1 / ((1 - blend) / scaling["factor"] + blend)


def _tokens(file: GgufFile) -> dict[str, Any]:
    """Give what a text begins and ends with."""
    values = {key: file.metadata.get(f"tokenizer.ggml.{key}") for key in (*_TOKENS.values(), *_ENDS)}
    found: dict[str, Any] = {key: values[name] for key, name in _TOKENS.items() if isinstance(values[name], int)}
    ends = [*dict.fromkeys(value for key in _ENDS if isinstance(value := values[key], int))]
    if ends:
        found["eos_token_id"] = ends[0] if len(ends) == 1 else ends
    return found
