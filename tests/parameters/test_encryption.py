"""Encrypted checkpoints: what MindSpore encrypted is decrypted, and the other way round."""

from __future__ import annotations

from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn

from lazycell._errors import CheckpointError
from lazycell.parameters import _encryption
from lazycell.parameters._encryption import MODES, decrypt, decryption, encrypt

KEY = b"0123456789abcdef"


@pytest.mark.parametrize("mode", MODES)
def test_what_mindspore_encrypted_is_decrypted(mode: str, tmp_path: Path) -> None:
    """The content is what MindSpore writes without encryption."""
    net = nn.Dense(2, 3)
    ms.save_checkpoint(net, str(tmp_path / "plain.ckpt"))
    ms.save_checkpoint(net, str(tmp_path / "secret.ckpt"), enc_key=KEY, enc_mode=mode)
    decrypt_with = decryption(KEY, mode)
    assert decrypt_with is not None
    assert decrypt_with(tmp_path / "secret.ckpt") == (tmp_path / "plain.ckpt").read_bytes()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("block", [_encryption.BLOCK, 100])
def test_mindspore_decrypts_what_was_encrypted(
    mode: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one block or in several, whose parts may be joined."""
    monkeypatch.setattr(_encryption, "BLOCK", block)
    net, other = nn.Dense(20, 30), nn.Dense(20, 30)
    ms.save_checkpoint(net, str(tmp_path / "plain.ckpt"))
    content = (tmp_path / "plain.ckpt").read_bytes()
    key = b"x" * max(MODES[mode])
    secret = encrypt(memoryview(content)[:1000], key, mode) + encrypt(content[1000:], key, mode)
    (tmp_path / "secret.ckpt").write_bytes(secret)
    assert content[:40] not in secret
    ms.load_checkpoint(str(tmp_path / "secret.ckpt"), net=other, dec_key=key, dec_mode=mode)
    np.testing.assert_array_equal(other.weight.asnumpy(), net.weight.asnumpy())
    np.testing.assert_array_equal(other.bias.asnumpy(), net.bias.asnumpy())


def test_a_wrong_key_a_wrong_mode_and_a_plain_file_are_named(tmp_path: Path) -> None:
    """MindSpore gives nothing but None, and logs."""
    ms.save_checkpoint(nn.Dense(2, 3), str(tmp_path / "plain.ckpt"))
    ms.save_checkpoint(nn.Dense(2, 3), str(tmp_path / "secret.ckpt"), enc_key=KEY)
    for name, key, mode in (
        ("secret.ckpt", KEY[::-1], "AES-GCM"),
        ("secret.ckpt", KEY, "AES-CBC"),
        ("plain.ckpt", KEY, "AES-GCM"),
    ):
        with pytest.raises(
            CheckpointError, match=f"{name} cannot be decrypted with this dec_key and dec_mode='{mode}'"
        ):
            decrypt(tmp_path / name, key, mode)


def test_a_key_or_mode_that_cannot_be_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    """The mode, the kind of the key, and its length for the mode."""
    with pytest.raises(ValueError, match="dec_mode='ROT13': choose 'AES-GCM', 'AES-CBC', 'SM4-CBC'"):
        decryption(KEY, "ROT13")
    with pytest.raises(ValueError, match=r"dec_mode=\['AES-GCM'\]: choose"):
        decryption(KEY, ["AES-GCM"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dec_key has to be bytes, not str"):
        decryption("0123456789abcdef", "AES-GCM")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="enc_key has 5 bytes: a key of AES-GCM has 16 or 24 or 32"):
        encrypt(b"", b"short")
    with pytest.raises(ValueError, match="dec_key has 32 bytes: a key of SM4-CBC has 16"):
        decrypt(tmp_path, KEY * 2, "SM4-CBC")
    assert decryption(None, "AES-GCM") is None


def test_a_platform_without_encryption_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Builds of MindSpore without it lack the function, or refuse."""

    def refuse(*_: object) -> bytes:
        raise RuntimeError("Unsupported feature in Windows platform.\nC++ call stack")

    monkeypatch.setattr(_encryption.framework, "encrypt_block", refuse)
    with pytest.raises(
        CheckpointError, match=r"cannot encrypt with AES-GCM on this platform: Unsupported .* platform.$"
    ):
        encrypt(b"x", KEY)
    monkeypatch.delattr("mindspore._c_expression._decrypt")
    with pytest.raises(CheckpointError, match=r"net.ckpt: MindSpore cannot decrypt AES-GCM on this platform: module"):
        decrypt(tmp_path / "net.ckpt", KEY)
