"""Tests of `lazycell.formats._sniff`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell.formats._sniff import encryption, hint, looks_like

from .files import record, safetensors_bytes


@pytest.mark.parametrize(
    ("start", "guess"),
    [
        (safetensors_bytes({"a": 1}), "safetensors"),
        (record("a.weight"), "ckpt"),
        (record("a.weight", (1000,), content=bytes(4000)), "ckpt"),
        (b"\xd9\x5e\x3a\x7fxxxx", "ckpt"),
        (b'  {"weight_map": {', "sharded"),
        (b"PK\x03\x04", "pytorch"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "pytorch"),
        (b"\x80\x02}q\x00.", None),
        (b"GGUF\x03\0\0\0", "gguf"),
        (b"", None),
    ],
)
def test_looks_like(start: bytes, guess: str | None) -> None:
    """Each format is known by its first bytes."""
    assert looks_like(start[:32]) == guess


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (b"version https://git-lfs.github.com", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
        (b"PK\x03\x04", "a zip archive, as torch.save writes: that is read under a name ending in .pt"),
        (b"\x80\x02}q", "a Python pickle, as torch.save once wrote: that is read under a name ending in .pt"),
        (b"<!DOCTYPE html>", "a web page: the download went wrong"),
        (b"\xd8\x5e\x3a\x7f", "a .ckpt that MindSpore encrypted"),
        (record("a"), "a MindSpore .ckpt"),
    ],
)
def test_hint(start: bytes, text: str) -> None:
    """What people often hand over instead of a checkpoint is named."""
    assert hint(start) == f" (it looks like {text})"


def test_no_hint_for_the_unknown() -> None:
    """Nothing is guessed from bytes that mean nothing."""
    assert hint(b"\x01\x02\x03") == ""
    assert encryption(b"\xd8\x5e\x3a") is None


@pytest.mark.parametrize("mode", ["AES-GCM", "AES-CBC", "SM4-CBC"])
def test_the_cipher_is_told(tmp_path: Path, mode: str) -> None:
    """From the first four bytes of what MindSpore encrypted with it."""
    import mindspore as ms

    path = tmp_path / "net.ckpt"
    saved = [{"name": "w", "data": ms.Tensor([1.0])}]
    ms.save_checkpoint(saved, str(path), enc_key=b"0123456789abcdef", enc_mode=mode)
    assert encryption(path.read_bytes()[:4]) == mode
