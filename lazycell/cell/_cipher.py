"""`dec_mode` and `enc_mode`: how a `.ckpt` is encrypted, which says nothing without a key."""

from __future__ import annotations

from ..parameters import check_key

_DEFAULT = "AES-GCM"  # as MindSpore's own functions have it
_ANY_KEY = bytes(16)  # which every mode takes
_VERBS = {"dec": "a dec_key decrypts", "enc": "an enc_key encrypts"}


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
