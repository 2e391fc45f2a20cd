"""Encrypted `.ckpt` files, as `mindspore.save_checkpoint(net, path, enc_key=…, enc_mode=…)` writes them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .._errors import CheckpointError
from .._harmless import words_of
from . import _framework as framework

_T = TypeVar("_T")

MODES = {"AES-GCM": (16, 24, 32), "AES-CBC": (16, 24, 32), "SM4-CBC": (16,)}
"""What MindSpore can encrypt with, and the bytes that a key may have."""

_DEFAULT = "AES-GCM"  # as MindSpore's own functions have it
_ANY_KEY = bytes(16)  # which every mode takes
_VERBS = {"dec": "a dec_key decrypts", "enc": "an enc_key encrypts"}

BLOCK = 64 << 20
"""Bytes that MindSpore encrypts at a time; a file has one such block after the other."""


def decrypt(path: str | os.PathLike[str], key: bytes, mode: str = "AES-GCM") -> bytes:
    """Give the content of an encrypted `.ckpt`, whole.

    Args:
        path: the file.
        key: of 16, 24 or 32 bytes (SM4: 16).
        mode: `"AES-GCM"`, `"AES-CBC"` or `"SM4-CBC"`.

    Raises:
        ValueError: there is no such mode, or it has no such keys.
        CheckpointError: the file is not encrypted so, the key is wrong, or MindSpore cannot decrypt on this platform.
    """
    check_key(key, mode, "dec")
    problem = f"{path}: MindSpore cannot decrypt {mode}"
    content = _run(problem, lambda: framework.decrypt_file(os.fspath(path), key, mode))
    if content is None:
        raise CheckpointError(
            f"{path} cannot be decrypted with this dec_key and dec_mode={mode!r}: the key or the mode is another, the "
            "file is damaged, or it is not encrypted (then give no dec_key)"
        )
    return content


def encrypt(content: bytes | memoryview, key: bytes, mode: str = "AES-GCM") -> bytes:
    """Encrypt the content of a `.ckpt`, or the next part of it: what is given in several calls may be joined.

    Args:
        content: the bytes.
        key: of 16, 24 or 32 bytes (SM4: 16).
        mode: `"AES-GCM"`, `"AES-CBC"` or `"SM4-CBC"`.

    Raises:
        ValueError: there is no such mode, or it has no such keys.
        CheckpointError: MindSpore cannot encrypt on this platform.
    """
    check_key(key, mode)
    blocks = [bytes(content[start : start + BLOCK]) for start in range(0, len(content), BLOCK)]
    encrypted = _run(
        f"MindSpore cannot encrypt with {mode}",
        lambda: [framework.encrypt_block(block, key, mode) for block in blocks],
    )
    return b"".join(encrypted)


def decryption(key: bytes | None, mode: str) -> Callable[[Path], bytes] | None:
    """Give what decrypts a file, for a key and mode that can be; None for no key.

    Raises:
        ValueError: there is no such mode, or it has no such keys.
    """
    if key is None:
        return None
    check_key(key, mode, "dec")
    return lambda path: decrypt(path, key, mode)


def cipher_mode(key: bytes | None, mode: str | None, prefix: str) -> str:
    """Give the mode that is meant; the key is left to whoever uses it.

    Args:
        key: given as `dec_key` or `enc_key`.
        mode: given as `dec_mode` or `enc_mode`; default: `"AES-GCM"`.
        prefix: `"dec"` or `"enc"`.

    Raises:
        ValueError: there is no such mode, or there is one and no key: it would look as if a file were encrypted.
    """
    if mode is None:
        return _DEFAULT
    check_key(_ANY_KEY, mode, prefix)
    if key is None:
        raise ValueError(
            f"{prefix}_mode={mode!r} without {_VERBS[prefix]} nothing: give the key too, {prefix}_key=…, or neither"
        )
    return mode


def _run(problem: str, act: Callable[[], _T]) -> _T:
    try:
        return act()
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(f"{problem} on this platform: {words_of(error).splitlines()[0]}") from error


def check_key(key: bytes, mode: str, prefix: str = "enc") -> bytes:
    """Give a key that can be used.

    Args:
        key: given as `enc_key` or `dec_key`.
        mode: given as `enc_mode` or `dec_mode`.
        prefix: which of the two.

    Raises:
        ValueError: there is no such mode, or it has no such keys.
    """
    if mode not in list(MODES):  # whatever it is: a list cannot be hashed
        raise ValueError(f"{prefix}_mode={mode!r}: choose {', '.join(map(repr, MODES))}")
    if not isinstance(key, bytes):
        raise ValueError(f"{prefix}_key has to be bytes, not {type(key).__name__}")
    if len(key) not in MODES[mode]:
        raise ValueError(f"{prefix}_key has {len(key)} bytes: a key of {mode} has {' or '.join(map(str, MODES[mode]))}")
    return key
