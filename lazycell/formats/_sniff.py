"""Tell from its first bytes what a file probably is, to say so when it is not what its name promises."""

from __future__ import annotations

# How each of MindSpore's ciphers marks its blocks: the first four bytes, little-endian.
# Measured on files that MindSpore 2.10 wrote with `enc_mode` AES-GCM, AES-CBC and SM4-CBC.
_ENCRYPTED = {b"\xd8\x5e\x3a\x7f": "AES-GCM", b"\xd9\x5e\x3a\x7f": "AES-CBC", b"\xda\x5e\x3a\x7f": "SM4-CBC"}

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
    (b"PK\x03\x04", "a zip archive, as torch.save writes: that is read under a name ending in .pt"),
    (b"\x80\x02", "a Python pickle, as torch.save once wrote: that is read under a name ending in .pt"),
    (b"\x89HDF", "an HDF5 file"),
    (b"GGUF", "a GGUF file of llama.cpp: that is read under a name ending in .gguf"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"<!DOCTYPE", "a web page: the download went wrong"),
    (b"<!doctype", "a web page: the download went wrong"),
    (b"<html", "a web page: the download went wrong"),
)

# With which the older files of PyTorch begin, a pickled number (`torch/serialization.py`, `MAGIC_NUMBER`).
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C.to_bytes(10, "little")

SNIFFED_BYTES = 32


def encryption(start: bytes) -> str | None:
    """Give MindSpore's `enc_mode` of the encrypted `.ckpt` that begins with `start`; None if it is not encrypted."""
    return _ENCRYPTED.get(start[:4])


def looks_like(start: bytes) -> str | None:
    """Give the format, of those lazycell reads, that a file beginning with `start` is probably in.

    A safetensors file begins with the length of its header, at most 100 MB, so that bytes 4 to 7 are zero,
    and the header with a brace; a `.ckpt` with the protobuf key of field 1, then a length, then that key
    again (the tag); what PyTorch writes is a zip archive, or a pickle of its magic number; GGUF says its name.
    """
    if len(start) >= 9 and start[4:8] == b"\0\0\0\0" and start[8:9] in b"{ ":
        return "safetensors"
    if (start[:1] == b"\x0a" and b"\x0a" in start[2:12]) or encryption(start):
        return "ckpt"
    if start.startswith(b"PK\x03\x04") or (start[:1] == b"\x80" and _TORCH_MAGIC in start):
        return "pytorch"
    if start.startswith(b"GGUF"):
        return "gguf"
    if start.lstrip()[:1] == b"{":
        return "sharded"
    return None


def hint(start: bytes) -> str:
    """Give ` (it looks like ...)` for a file that begins with `start`, or nothing when that tells nothing."""
    if encryption(start):
        return " (it looks like a .ckpt that MindSpore encrypted)"
    for signature, name in _SIGNATURES:
        if start.startswith(signature):
            return f" (it looks like {name})"
    known = {"safetensors": "a safetensors file", "ckpt": "a MindSpore .ckpt", "sharded": "JSON text"}
    guess = looks_like(start)
    return f" (it looks like {known[guess]})" if guess else ""
