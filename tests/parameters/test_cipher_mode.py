"""Tests of `cipher_mode`: what is encrypted how."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lazycell import LazyCell, Param, uninitialized
from lazycell.parameters._encryption import cipher_mode


class Net(LazyCell):
    w: Param["zeros", (2,)]


def test_the_default_is_mindspores() -> None:
    """With a key and without one."""
    assert cipher_mode(None, None, "dec") == "AES-GCM"
    assert cipher_mode(b"0" * 16, None, "dec") == "AES-GCM"
    assert cipher_mode(b"0" * 16, "SM4-CBC", "enc") == "SM4-CBC"


@pytest.mark.parametrize("mode", ["AES-GCM", "SM4-CBC"])
def test_a_mode_without_a_key_is_refused(mode: str, tmp_path: Any) -> None:
    """Nothing would be decrypted, nor, which is worse, encrypted."""
    net = Net()
    with pytest.raises(ValueError, match=f"^dec_mode='{mode}' without a dec_key decrypts nothing: give the key"):
        net.load_checkpoint({"w": np.ones(2, np.float32)}, dec_mode=mode)
    assert uninitialized(net) == ["w"]
    net.init_parameters_data()
    with pytest.raises(ValueError, match=f"^enc_mode='{mode}' without an enc_key encrypts nothing: give the key"):
        net.save_checkpoint(tmp_path / "net.ckpt", format="ckpt", enc_mode=mode)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", [None, b"0" * 16])
def test_a_mode_that_there_is_not_is_named_with_those_that_there_are(key: bytes | None, tmp_path: Any) -> None:
    """Whatever it is, and whether there is a key or not."""
    known = "choose 'AES-GCM', 'AES-CBC', 'SM4-CBC'"
    for mode, shown in (("ROT13", "'ROT13'"), (3, "3"), ([], r"\[\]"), ("", "''")):
        wrong: Any = mode
        with pytest.raises(ValueError, match=f"^dec_mode={shown}: {known}"):
            Net().load_checkpoint(tmp_path / "net.ckpt", dec_key=key, dec_mode=wrong)
        net = Net()
        net.init_parameters_data()
        with pytest.raises(ValueError, match=f"^enc_mode={shown}: {known}"):
            net.save_checkpoint(tmp_path / "net.ckpt", format="ckpt", enc_key=key, enc_mode=wrong)
    assert list(tmp_path.iterdir()) == []
