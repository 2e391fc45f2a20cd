"""An option that a family does not implement is refused by its name; one that changes nothing is let pass."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor

import lazycell
from lazycell import CheckpointMismatchError, LazyCellError

from ..golden_cases import FAMILIES, Case

ROTARY = ("llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen3_moe", "gemma2")
REFUSED: list[tuple[str, str, Any]] = [
    # of every family: a switch of transformers, and a key that nobody knows
    *((family, "is_decoder", True) for family in FAMILIES),
    *((family, "add_cross_attention", True) for family in FAMILIES),
    *((family, "some_new_switch", True) for family in FAMILIES),
    *((family, "use_mrope", True) for family in ROTARY),
    *((family, "rope_interleaved", True) for family in ROTARY),
    *((family, "is_causal", False) for family in ROTARY),
    *((family, "partial_rotary_factor", each) for family in ROTARY for each in (0.5, 0)),
    *((family, "rope_scaling", {"type": "linear", "factor": 2.0, "attn_factor": 0.9}) for family in ROTARY),
    *((family, "quantization_config", {"bits": 4}) for family in FAMILIES),
    # rotary positions
    *((family, "rope_scaling", {"rope_type": "longrope", "factor": 2.0}) for family in ROTARY),
    *((family, "rope_scaling", {"type": "linear"}) for family in ROTARY),
    *((family, "rope_scaling", {"type": "linear", "factor": 2.0, "beta_fast": 3}) for family in ROTARY),
    ("llama", "rope_parameters", {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}),
    ("llama", "rope_parameters", {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0}),
    ("gemma3", "rope_parameters", {"chunked_attention": {"rope_type": "default"}}),
    ("gemma3", "rope_parameters", {"full_attention": {"rope_type": "longrope"}}),
    # what a family alone has
    ("llama", "rope_scaling", {"type": "linear", "factor": "2"}),
    ("llama", "rope_scaling", {"type": "dynamic", "factor": None}),
    ("qwen2", "layer_types", ["full_attention"] * 9),
    ("gemma2", "layer_types", ["full_attention"] * 9),
    ("gemma3", "sliding_window_pattern", 0),
    ("qwen3_moe", "layer_types", ["full_attention", "sliding_attention"]),
    ("qwen3_moe", "num_experts_per_tok", 99),
    ("mixtral", "num_experts_per_tok", 99),
    ("llama", "rope_scaling", {"type": "default", "mrope_section": [1, 1, 2]}),
    ("llama", "rope_parameters", {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0}),
    ("llama", "use_qk_norm", True),
    ("qwen2", "qkv_bias", False),
    ("qwen2", "attention_bias", True),
    ("mistral", "mlp_bias", True),
    ("qwen3", "use_qk_norm", False),
    ("qwen3_moe", "use_qk_norm", False),
    ("qwen3_moe", "shared_expert_intermediate_size", 24),
    ("gemma3", "use_qk_norm", False),
    ("llama", "hidden_act", "mish"),
    ("llama", "sliding_window", 8),
    ("qwen2", "layer_types", ["full_attention", "chunked_attention", "full_attention"]),
    ("gemma2", "use_bidirectional_attention", True),
    ("gemma2", "hidden_activation", "mish"),
    ("gemma2", "sliding_window_size", 8),
    ("gemma3", "use_bidirectional_attention", True),
    ("mixtral", "router_jitter_noise", 0.1),
    ("bert", "position_embedding_type", "relative_key"),
    ("roberta", "position_embedding_type", "relative_key_query"),
    ("distilbert", "activation", "mish"),
    ("gpt2", "activation_function", "mish"),
    ("t5", "feed_forward_proj", "gated-mish"),
]
HARMLESS: list[tuple[str, str, Any]] = [
    *((family, "some_new_switch", each) for family in FAMILIES for each in (False, 0)),
    *((family, "_num_labels", 5) for family in FAMILIES),
    *((family, "num_labels", 2) for family in FAMILIES),
    *((family, "unsloth_version", "2025.1") for family in FAMILIES),
    *((family, "cache_implementation", "hybrid") for family in FAMILIES),
    *((family, "use_mrope", False) for family in ROTARY),
    *((family, "pretraining_tp", 2) for family in ROTARY),
    *((family, "partial_rotary_factor", 1.0) for family in ROTARY),
    ("llama", "rope_scaling", {"type": "default", "mrope_section": None, "truncate": False}),
    ("roberta", "pooler_num_fc_layers", 3),
    ("qwen2", "qkv_bias", True),
    ("qwen3", "use_qk_norm", True),
    ("qwen3_moe", "use_qk_norm", True),
    ("qwen3_moe", "qkv_bias", False),
    ("qwen3_moe", "shared_expert_intermediate_size", 0),
    ("gemma2", "sliding_window_size", 32),
    *((family, "_name_or_path", "somewhere") for family in FAMILIES),
    *((family, "use_cache", False) for family in FAMILIES),
    *((family, "output_hidden_states", True) for family in FAMILIES),
    *((family, "label2id", {"a": 0}) for family in FAMILIES),
    *((family, "eos_token_id", [1, 2]) for family in FAMILIES),
    ("bert", "directionality", "bidi"),
    ("bert", "pooler_num_fc_layers", 3),
    ("bert", "classifier_dropout", 0.3),
    ("llama", "rope_scaling", None),
    ("llama", "head_dim", None),
    ("mixtral", "router_aux_loss_coef", 0.02),
    ("gemma3", "_sliding_window_pattern", 6),
    ("gpt2", "summary_type", "cls_index"),
    ("qwen3_moe", "max_window_layers", 1),
    ("t5", "n_positions", 512),
    ("distilbert", "qa_dropout", 0.3),
]


def directory(path: Path, case: Case, **options: Any) -> Path:
    """Copy the case's config and weights, with other options."""
    config = json.loads((case.path / "config.v4.json").read_text(encoding="utf-8"))
    if "rope_parameters" in options:
        for name in ("rope_theta", "rope_scaling", "rope_local_base_freq"):
            config.pop(name, None)
    (path / "config.json").write_text(json.dumps({**config, **options}), encoding="utf-8")
    shutil.copy(case.path / "model.safetensors", path)
    return path


@pytest.mark.parametrize(("family", "option", "value"), REFUSED, ids=lambda each: str(each)[:40])
def test_refused(tmp_path: Path, family: str, option: str, value: Any):
    """The message names the option."""
    # Of a hyperparameter that its validator refuses, the error is the validator's own ValueError.
    with pytest.raises((LazyCellError, ValueError), match=option):
        lazycell.from_pretrained(directory(tmp_path, FAMILIES[family], **{option: value}))


@pytest.mark.parametrize(("family", "option", "value"), HARMLESS, ids=lambda each: str(each)[:40])
def test_harmless(tmp_path: Path, family: str, option: str, value: Any):
    """The model is the one without the option."""
    case = FAMILIES[family]
    net = lazycell.from_pretrained(directory(tmp_path, case, **{option: value}))
    assert lazycell.uninitialized(net) == []


def test_null_leaves_the_default(tmp_path: Path):
    """Without a number of key heads there are as many as heads, so that the case's own weights do not fit."""
    with pytest.raises(CheckpointMismatchError, match="6 shapes differ(?s:.*)k_proj"):
        lazycell.from_pretrained(directory(tmp_path, FAMILIES["llama"], num_key_value_heads=None))


@pytest.mark.parametrize("family", ["llama", "gpt2", "bert", "t5"])
def test_sizes_that_contradict_each_other(tmp_path: Path, family: str):
    """Widths that heads cannot share, and counts that are none, are refused when the net is built."""
    options = {
        "llama": {"num_key_value_heads": 3},
        "gpt2": {"n_head": 5},
        "bert": {"num_attention_heads": 5},
        "t5": {"num_heads": 0},
    }[family]
    with pytest.raises((LazyCellError, ValueError)):
        lazycell.from_pretrained(directory(tmp_path, FAMILIES[family], **options))


def test_what_yarn_does_not_read(tmp_path: Path):
    """The keys that files have beside YaRN's own change no number."""
    stretched = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
    words = Tensor(np.arange(1, 9)[None])
    plain = lazycell.from_pretrained(directory(tmp_path, FAMILIES["llama"], rope_scaling=stretched))(words).logits
    for key, value in {"attn_factor": 0.8782488562869419, "finetuned": True}.items():
        options = {**stretched, key: value}
        net = lazycell.from_pretrained(directory(tmp_path, FAMILIES["llama"], rope_scaling=options))
        np.testing.assert_array_equal(net(words).logits.asnumpy(), plain.asnumpy())


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("gpt2", {"hidden_size": "n_embd", "num_hidden_layers": "n_layer", "num_attention_heads": "n_head"}),
        ("distilbert", {"hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads"}),
        ("t5", {"hidden_size": "d_model", "num_hidden_layers": "num_layers", "num_attention_heads": "num_heads"}),
    ],
)
def test_the_names_that_other_families_have(tmp_path: Path, family: str, options: dict[str, str]):
    """They mean the family's own, and have to agree with them."""
    case = FAMILIES[family]
    config = json.loads((case.path / "config.v4.json").read_text(encoding="utf-8"))
    both = {other: config[own] for other, own in options.items()}
    assert lazycell.uninitialized(lazycell.from_pretrained(directory(tmp_path, case, **both))) == []
    for other, own in options.items():
        with pytest.raises(lazycell.ConfigError, match=f"{own}={config[own]}"):
            lazycell.from_pretrained(directory(tmp_path, case, **{**both, other: config[own] + 1}))
