"""GGUF files that are sound, and whose metadata says what no model has: one typed error, which names the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats import gguf

from ..ggufs import Tensor, array, gguf_bytes, scalar, string

SIZES = {"block_count": 1, "embedding_length": 32, "feed_forward_length": 32, "context_length": 8}
SIZES |= {"attention.head_count": 4}
TENSORS = {"token_embd.weight": Tensor((4, 32), "F32", bytes(512))}


def written(path: Path, architecture: str, tensors: dict[str, Tensor], **more: bytes) -> Path:
    """Write a file of a model; `__` stands for a dot."""
    values = {"general.architecture": string(architecture)}
    values |= {f"{architecture}.{key}": scalar("I", value) for key, value in SIZES.items()}
    values[f"{architecture}.attention.layer_norm_rms_epsilon"] = scalar("f", 1e-6)
    values |= {f"{architecture}.{key.replace('__', '.')}": value for key, value in more.items()}
    path.write_bytes(gguf_bytes(tensors, values))
    return path


@pytest.mark.parametrize(
    ("architecture", "key", "value", "cause"),
    [
        ("gemma2", "block_count", scalar("f", 1.5), "gemma2.block_count=1.5 in its metadata is no count"),
        ("gemma2", "block_count", scalar("I", 2**31), "gemma2.block_count=2147483648 in its metadata is no count"),
        ("llama", "embedding_length", scalar("i", -32), "llama.embedding_length=-32 in its metadata is no count"),
        ("llama", "attention__head_count", string("4"), "llama.attention.head_count=4 in its metadata is no number"),
        ("llama", "attention__sliding_window", string("8"), "llama.attention.sliding_window=8 in its metadata is no"),
        ("gemma3", "attention__sliding_window_pattern", string("6"), "pattern=6 in its metadata is no number"),
        ("gemma2", "attn_logit_softcapping", array("f", [1.0, 2.0]), "attn_logit_softcapping=[1.0, 2.0] in its"),
        ("llama", "rope__scaling__factor", string("2"), "llama.rope.scaling.factor=2 in its metadata is no number"),
        ("llama", "rope__scaling__original_context_length", scalar("d", 0.5), "is no count"),
    ],
)
def test_values_that_are_none(tmp_path: Path, architecture: str, key: str, value: bytes, cause: str) -> None:
    """A float or a text for a count, more layers than anybody has."""
    path = written(tmp_path / "m.gguf", architecture, TENSORS, **{key: value})
    with pytest.raises(CheckpointFormatError) as caught:
        gguf.config_of(gguf.read_file(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert cause in str(caught.value)


def test_a_number_of_64_bits(tmp_path: Path) -> None:
    """A float64 that no float32 can be stays what it is, without a warning."""
    path = written(tmp_path / "m.gguf", "llama", TENSORS, rope__freq_base=scalar("d", 1e300))
    config = gguf.config_of(gguf.read_file(path))
    assert config is not None
    assert config["rope_theta"] == 1e300


def test_queries_without_rows(tmp_path: Path) -> None:
    """A scalar where a matrix is: its heads cannot be put in order."""
    path = written(tmp_path / "m.gguf", "llama", {**TENSORS, "blk.0.attn_q.weight": Tensor(())})
    with pytest.raises(CheckpointFormatError, match=r"'blk.0.attn_q.weight' of shape \(\) does not have the rows of 4"):
        gguf.read_gguf(path)
