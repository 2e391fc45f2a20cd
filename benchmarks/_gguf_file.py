"""A GGUF file of a Llama in Q4_1 blocks, with random codes and as many words as such files have: what is loaded."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_STRING, _ARRAY = 8, 9
_NUMBERS = {int: (4, "I"), float: (6, "f")}  # what the format calls them, and struct
_TYPES = {"F32": (0, 1, 4), "Q4_1": (3, 32, 20)}  # number, elements and bytes of a block


class Sizes(NamedTuple):
    """Of a Llama; by default those of SmolLM2-135M."""

    words: int = 49152
    hidden: int = 576
    inner: int = 1536
    layers: int = 30
    heads: int = 9
    key_heads: int = 3

    @property
    def metadata(self) -> dict[str, Any]:
        """What llama.cpp's converter writes; the words alone are two thirds of what has to be gone through."""
        tokens = [f"word{number:05}" for number in range(self.words)]
        return {
            "general.architecture": "llama",
            "general.name": "random",
            "llama.block_count": self.layers,
            "llama.context_length": 8192,
            "llama.embedding_length": self.hidden,
            "llama.feed_forward_length": self.inner,
            "llama.attention.head_count": self.heads,
            "llama.attention.head_count_kv": self.key_heads,
            "llama.attention.layer_norm_rms_epsilon": 1e-5,
            "llama.rope.freq_base": 100000.0,
            "llama.rope.dimension_count": self.hidden // self.heads,
            "llama.vocab_size": self.words,
            "general.file_type": 3,
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.tokens": tokens,
            "tokenizer.ggml.token_type": [1] * self.words,
            "tokenizer.ggml.merges": [f"{token[:4]} {token[4:]}" for token in tokens],
            "tokenizer.ggml.bos_token_id": 1,
            "tokenizer.ggml.eos_token_id": 2,
        }

    def tensors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Give the name and the shape of each; the head is tied to the table."""
        keys = self.hidden // self.heads * self.key_heads
        yield "token_embd.weight", (self.words, self.hidden)
        for layer in range(self.layers):
            yield f"blk.{layer}.attn_norm.weight", (self.hidden,)
            yield f"blk.{layer}.attn_q.weight", (self.hidden, self.hidden)
            yield f"blk.{layer}.attn_k.weight", (keys, self.hidden)
            yield f"blk.{layer}.attn_v.weight", (keys, self.hidden)
            yield f"blk.{layer}.attn_output.weight", (self.hidden, self.hidden)
            yield f"blk.{layer}.ffn_norm.weight", (self.hidden,)
            yield f"blk.{layer}.ffn_gate.weight", (self.inner, self.hidden)
            yield f"blk.{layer}.ffn_up.weight", (self.inner, self.hidden)
            yield f"blk.{layer}.ffn_down.weight", (self.hidden, self.inner)
        yield "output_norm.weight", (self.hidden,)


SMALL = Sizes(words=64, hidden=64, inner=96, layers=2, heads=4, key_heads=2)


def write(path: Path, sizes: Sizes) -> None:
    """Write the file."""
    rng = np.random.default_rng(0)
    infos, offset = b"", 0
    tensors = [(name, shape, "Q4_1" if len(shape) > 1 else "F32") for name, shape in sizes.tensors()]
    for name, shape, type in tensors:
        number, _, _ = _TYPES[type]
        infos += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), number, offset)
        offset += _aligned(_nbytes(shape, type))
    metadata = sizes.metadata
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)) + b"".join(_pairs(metadata)) + infos
    with path.open("wb") as file:
        file.write(head + bytes(_aligned(len(head)) - len(head)))
        for _, shape, type in tensors:
            count = _nbytes(shape, type)
            file.write(_content(rng, shape, type) + bytes(_aligned(count) - count))


def _content(rng: np.random.Generator, shape: tuple[int, ...], type: str) -> bytes:
    if type == "F32":
        return rng.normal(1, 0.02, shape).astype(np.float32).tobytes()
    blocks = np.empty((int(np.prod(shape)) // 32, 20), np.uint8)
    # A scale and a least value, float16, and 32 codes of 4 bits: weights from -0.06 to 0.06.
    blocks[:, :4] = np.array([0.008, -0.06], np.float16).view(np.uint8)
    blocks[:, 4:] = rng.integers(0, 256, (len(blocks), 16), np.uint8)
    return blocks.tobytes()


def _nbytes(shape: tuple[int, ...], type: str) -> int:
    _, elements, size = _TYPES[type]
    return int(np.prod(shape)) // elements * size


def _aligned(count: int) -> int:
    return -(-count // 32) * 32


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _pairs(metadata: Mapping[str, Any]) -> Iterator[bytes]:
    for key, value in metadata.items():
        yield _text(key)
        if isinstance(value, str):
            yield struct.pack("<I", _STRING) + _text(value)
        elif isinstance(value, list) and isinstance(value[0], str):
            yield struct.pack("<IIQ", _ARRAY, _STRING, len(value)) + b"".join(map(_text, value))
        elif isinstance(value, list):
            yield struct.pack(f"<IIQ{len(value)}I", _ARRAY, _NUMBERS[int][0], len(value), *value)
        else:
            number, form = _NUMBERS[type(value)]
            yield struct.pack(f"<I{form}", number, value)
