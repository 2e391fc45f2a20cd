"""Small configs of transformers: the fields that a config class has, of those that say how large a model is."""

from __future__ import annotations

import inspect
from typing import Any

FIELDS: dict[str, Any] = {
    "vocab_size": 99,
    "hidden_size": 32,
    "d_model": 32,
    "dim": 32,
    "n_embd": 32,
    "emb_dim": 32,
    "embedding_size": 32,
    "embed_dim": 32,
    "d_kv": 8,
    "d_ff": 64,
    "hidden_dim": 64,
    "intermediate_size": 64,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 32,
    "ffn_dim": 64,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "n_inner": 64,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "num_hidden_layers": 2,
    "num_hidden_groups": 1,
    "n_layer": 2,
    "n_layers": 2,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_heads": 4,
    "n_head": 4,
    "n_heads": 4,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "max_source_positions": 64,
    "max_target_positions": 64,
    "n_positions": 64,
    "n_ctx": 64,
    "image_size": 32,
    "patch_size": 8,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 3,
}


def config(kind: Any, **given: Any) -> Any:
    """Make a small config.

    Args:
        kind: a config class of transformers.
        given: fields that are to have these values instead; a dict is a config of its own within this one.
    """
    return kind(**{**small(kind), **given})


def small(kind: Any) -> dict[str, Any]:
    """Give the fields of a config class with their small values."""
    return {name: FIELDS[name] for name in inspect.signature(kind.__init__).parameters if name in FIELDS}
