"""BERT in numpy, float64: the formulas of the paper (arXiv:1810.04805) and of its activations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]

_erf = np.vectorize(math.erf)

ACTIVATIONS = {
    "gelu": lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "quick_gelu": lambda x: x / (1 + np.exp(-1.702 * x)),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
ACTIVATIONS["gelu_python"] = ACTIVATIONS["gelu"]
ACTIVATIONS["gelu_pytorch_tanh"] = ACTIVATIONS["gelu_new"]
ACTIVATIONS["swish"] = ACTIVATIONS["silu"]


def dense(weights: Arrays, name: str, x: np.ndarray) -> np.ndarray:
    """Give x Wᵀ + b."""
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def normalize(weights: Arrays, name: str, x: np.ndarray, eps: float) -> np.ndarray:
    """Give the last axis mean 0 and variance 1, then scale and shift it."""
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def softmax(x: np.ndarray) -> np.ndarray:
    """Give exp(x) over its sum, along the last axis."""
    exponentials = np.exp(x - x.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def encode(weights: Arrays, config: Mapping[str, Any], inputs: Arrays, prefix: str = "") -> np.ndarray:
    """Give the last hidden states, (batch, sequence, hidden).

    Args:
        weights: arrays by the names of Hugging Face's checkpoints.
        config: the options of `config.json`.
        inputs: `input_ids`, `attention_mask` and `token_type_ids`.
        prefix: what the names of the encoder's weights begin with.
    """
    w = {name.removeprefix(prefix): array.astype(np.float64) for name, array in weights.items()}
    ids, eps, heads = inputs["input_ids"], config["layer_norm_eps"], config["num_attention_heads"]
    batch, sequence = ids.shape
    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][:sequence]
    x = x + w["embeddings.token_type_embeddings.weight"][inputs["token_type_ids"]]
    x = normalize(w, "embeddings.LayerNorm", x, eps)
    mask = np.where(inputs["attention_mask"][:, None, None, :] == 1, 0.0, -1e30)

    for position in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{position}"
        query, key, value = (
            dense(w, f"{layer}.attention.self.{name}", x).reshape(batch, sequence, heads, -1).transpose(0, 2, 1, 3)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(query.shape[-1]) + mask
        attended = (softmax(scores) @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        attended = dense(w, f"{layer}.attention.output.dense", attended)
        x = normalize(w, f"{layer}.attention.output.LayerNorm", attended + x, eps)
        inner = ACTIVATIONS[config["hidden_act"]](dense(w, f"{layer}.intermediate.dense", x))
        x = normalize(w, f"{layer}.output.LayerNorm", dense(w, f"{layer}.output.dense", inner) + x, eps)
    return x


def predict(weights: Arrays, config: Mapping[str, Any], inputs: Arrays) -> np.ndarray:
    """Give the masked-LM head's scores, (batch, sequence, vocabulary), of a BertForMaskedLM with separate weights."""
    x = encode(weights, config, inputs, "bert.")
    x = ACTIVATIONS[config["hidden_act"]](dense(weights, "cls.predictions.transform.dense", x))
    x = normalize(weights, "cls.predictions.transform.LayerNorm", x, config["layer_norm_eps"])
    # Where there are two, the other is there, and nothing reads it.
    bias = weights.get("cls.predictions.decoder.bias", weights["cls.predictions.bias"])
    return x @ weights["cls.predictions.decoder.weight"].T + bias
