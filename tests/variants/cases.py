"""Configurations that are not those of the reference cases: what each family's `config.json` may say.

`make.py` runs them through transformers and keeps what comes out; the weights and the inputs are drawn here, by both.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

VOCABULARY = 80
_LENGTH, _PADDED = 11, 3
_PADDING = 0


@attrs.frozen
class Variant:
    """A configuration of a class of transformers, by the names of both."""

    architecture: str
    options: Mapping[str, Any]

    @property
    def generates(self) -> bool:
        """Whether words can be generated."""
        return self.architecture.endswith(("CausalLM", "LMHeadModel", "ConditionalGeneration"))


def _rope(kind: str, **options: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **options}}


_DECODER = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32,
    "pad_token_id": _PADDING,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_GPT2 = {"vocab_size": VOCABULARY, "n_positions": 32, "n_embd": 32, "n_layer": 3, "n_head": 4, "pad_token_id": _PADDING}
_BERT = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 32,
}
_DISTILBERT = {
    "vocab_size": VOCABULARY,
    "dim": 32,
    "hidden_dim": 40,
    "n_layers": 2,
    "n_heads": 4,
    "max_position_embeddings": 32,
}
_T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 32,
    "d_kv": 10,
    "d_ff": 40,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 3,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 20,
    "pad_token_id": _PADDING,
    "decoder_start_token_id": 0,
}
_MOE = {"num_experts": 4, "moe_intermediate_size": 16}
_LABELS = {"id2label": {0: "a", 1: "b", 2: "c"}, "label2id": {"a": 0, "b": 1, "c": 2}}
_STRETCHED = {"original_max_position_embeddings": 16}


def _of(architecture: str, common: Mapping[str, Any], *variants: Mapping[str, Any]) -> list[Variant]:
    return [Variant(architecture, {**common, **options}) for options in variants]


VARIANTS: dict[str, list[Variant]] = {
    "llama": [
        *_of(
            "LlamaForCausalLM",
            _DECODER,
            {"num_key_value_heads": 1, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
            {"num_key_value_heads": 4, "rms_norm_eps": 1e-3, "hidden_act": "relu", "head_dim": 6},
            {"hidden_act": "gelu", **_rope("linear", factor=4.0)},
            {"max_position_embeddings": 8, **_rope("dynamic", factor=2.0)},
            {"max_position_embeddings": 64, **_rope("yarn", factor=4.0, **_STRETCHED)},
            {
                "max_position_embeddings": 64,
                "head_dim": 16,
                **_rope("yarn", factor=4.0, beta_fast=16.0, beta_slow=2.0, attention_factor=0.7, **_STRETCHED),
            },
            {
                "max_position_embeddings": 64,
                **_rope("yarn", factor=8.0, mscale=0.707, mscale_all_dim=1.0, truncate=False, **_STRETCHED),
            },
            {
                "max_position_embeddings": 64,
                "head_dim": 24,
                **_rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, **_STRETCHED),
            },
            {"hidden_act": "gelu_pytorch_tanh", **_rope("default", rope_theta=500.0)},
        ),
        *_of("LlamaModel", _DECODER, {}),
        *_of("LlamaForSequenceClassification", _DECODER, _LABELS),
    ],
    "mistral": [
        *_of(
            "MistralForCausalLM",
            _DECODER,
            {"sliding_window": 4},
            {"sliding_window": 3, "head_dim": 16, "tie_word_embeddings": True, "num_key_value_heads": 4},
            {"sliding_window": None},
        )
    ],
    "qwen2": [
        *_of(
            "Qwen2ForCausalLM",
            _DECODER,
            {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
            {"tie_word_embeddings": True, "num_key_value_heads": 4, "use_sliding_window": False, "sliding_window": 4},
            {
                "use_sliding_window": True,
                "sliding_window": 3,
                "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            },
            _rope("yarn", factor=4.0, original_max_position_embeddings=8),
        ),
        *_of("Qwen2ForSequenceClassification", _DECODER, _LABELS),
    ],
    "qwen3": [
        *_of(
            "Qwen3ForCausalLM",
            _DECODER,
            {"head_dim": 12, "attention_bias": True},
            {"head_dim": 8, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 2},
        )
    ],
    "mixtral": [
        *_of(
            "MixtralForCausalLM",
            _DECODER,
            {"num_local_experts": 5, "num_experts_per_tok": 1, "sliding_window": 4},
            {"num_local_experts": 3, "num_experts_per_tok": 3, "head_dim": 12, "tie_word_embeddings": True},
        )
    ],
    "qwen3_moe": [
        *_of(
            "Qwen3MoeForCausalLM",
            {**_DECODER, **_MOE},
            {"num_experts_per_tok": 2, "mlp_only_layers": [1], "norm_topk_prob": False, "head_dim": 8},
            {
                "num_experts_per_tok": 3,
                "decoder_sparse_step": 2,
                "norm_topk_prob": True,
                "head_dim": 12,
                "attention_bias": True,
                "use_sliding_window": True,
                "sliding_window": 4,
            },
        )
    ],
    "gemma2": [
        *_of(
            "Gemma2ForCausalLM",
            _DECODER,
            {
                "head_dim": 8,
                "sliding_window": 4,
                "attn_logit_softcapping": None,
                "final_logit_softcapping": None,
                "query_pre_attn_scalar": 20,
            },
            {
                "head_dim": 12,
                "sliding_window": 5,
                "attn_logit_softcapping": 2.0,
                "final_logit_softcapping": 12.0,
                "attention_bias": True,
                "layer_types": ["full_attention", "sliding_attention", "full_attention"],
                "tie_word_embeddings": False,
            },
        ),
        *_of("Gemma2ForSequenceClassification", {**_DECODER, "head_dim": 8}, _LABELS),
    ],
    "gemma3": [
        *_of(
            "Gemma3ForCausalLM",
            {**_DECODER, "head_dim": 8},
            {
                "sliding_window": 4,
                "query_pre_attn_scalar": 12,
                "layer_types": ["full_attention", "sliding_attention", "sliding_attention"],
                "rope_parameters": {
                    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                    "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                },
            },
            {
                "sliding_window": 3,
                "attn_logit_softcapping": 3.0,
                "final_logit_softcapping": 2.0,
                "num_hidden_layers": 7,
            },
        )
    ],
    "gpt2": [
        *_of(
            "GPT2LMHeadModel",
            _GPT2,
            {"n_inner": 40, "scale_attn_by_inverse_layer_idx": True, "activation_function": "relu"},
            {"reorder_and_upcast_attn": True, "scale_attn_weights": False, "tie_word_embeddings": False},
        ),
        *_of("GPT2ForSequenceClassification", _GPT2, _LABELS),
        *_of("GPT2ForTokenClassification", _GPT2, _LABELS),
    ],
    "bert": [
        *_of("BertForMaskedLM", _BERT, {"hidden_act": "gelu_new", "type_vocab_size": 3}),
        *_of("BertForSequenceClassification", _BERT, _LABELS),
        *_of("BertForTokenClassification", _BERT, {}),
        *_of("BertForQuestionAnswering", _BERT, {"layer_norm_eps": 1e-3}),
    ],
    "roberta": [
        *_of("RobertaModel", _BERT, {"pad_token_id": 1, "hidden_act": "relu"}),
        *_of("RobertaForMaskedLM", _BERT, {"pad_token_id": 5, "type_vocab_size": 2}),
        *_of("RobertaForSequenceClassification", _BERT, {**_LABELS, "pad_token_id": 1}),
        *_of("RobertaForTokenClassification", _BERT, {**_LABELS, "pad_token_id": 1}),
        *_of("RobertaForQuestionAnswering", _BERT, {"pad_token_id": 1}),
    ],
    "distilbert": [
        *_of("DistilBertForMaskedLM", _DISTILBERT, {"activation": "relu", "sinusoidal_pos_embds": True}),
        *_of("DistilBertForSequenceClassification", _DISTILBERT, _LABELS),
        *_of("DistilBertForTokenClassification", _DISTILBERT, _LABELS),
        *_of("DistilBertForQuestionAnswering", _DISTILBERT, {}),
    ],
    "t5": [
        *_of(
            "T5ForConditionalGeneration",
            _T5,
            {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
            {"feed_forward_proj": "gated-silu"},
            {"feed_forward_proj": "relu", "num_decoder_layers": 1, "layer_norm_epsilon": 1e-3},
        ),
        *_of("T5Model", _T5, {}),
        *_of("T5EncoderModel", _T5, {}),
    ],
}


def draw(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Draw a weight, float32: by its name, so that nobody has to keep it."""
    drawn = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape, dtype=np.float32)
    if len(shape) > 1:
        return drawn * np.float32(0.3)
    scale = np.float32(0.2) * drawn
    return scale + np.float32(1) if name.endswith("weight") else scale


def inputs_of(variant: Variant) -> dict[str, np.ndarray]:
    """Give two texts, one of them padded: a decoder's on the left, unless its last word is asked for."""
    draws = np.random.default_rng(0)
    padding = variant.options.get("pad_token_id", _PADDING)
    ids = draws.integers(6, VOCABULARY, (2, _LENGTH))
    left = "n_embd" in variant.options or "num_key_value_heads" in variant.options
    padded = slice(0, _PADDED) if left and variant.generates else slice(-_PADDED, None)
    mask = np.ones_like(ids)
    ids[0, padded], mask[0, padded] = padding, 0
    inputs = {"input_ids": ids, "attention_mask": mask}
    if variant.architecture.startswith("Bert"):
        inputs["token_type_ids"] = draws.integers(0, 2, ids.shape)
    if variant.architecture.startswith("T5") and "Encoder" not in variant.architecture:
        inputs["decoder_input_ids"] = draws.integers(6, VOCABULARY, (2, 5))
    return inputs
