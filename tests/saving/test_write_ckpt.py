"""Writing `.ckpt`: what MindSpore makes of it, and what it writes itself."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lazycell import CheckpointError, _dtypes, parameters
from lazycell.formats import open_checkpoint
from lazycell.saving import _write_ckpt
from lazycell.system._allocate import Array

from ..loading.strategies import COMMON, arrays, checkpoints
from .saved import load_arrays, same_arrays, save_arrays

pytestmark = pytest.mark.usefixtures("no_flush")

# What MindSpore takes for a parameter's name.
mindspore_names = st.text(st.characters(categories=["L", "N"], include_characters="._"), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(checkpoints(COMMON))
@example({"a.0": np.float32(3).reshape(()), "empty": np.zeros((0, 4), np.int8), "e": np.zeros(0, np.float64)})
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, Array]) -> None:
    """Our reader gives back every name, dtype, shape and bit, in the order that was given."""
    path = tmp_path_factory.mktemp("round") / "net.ckpt"
    save_arrays(path, tensors)
    read = load_arrays(path)
    assert same_arrays(read, tensors)
    assert list(read) == list(tensors)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(mindspore_names, arrays(COMMON, least=1), min_size=1, max_size=6)
)  # none of size 0: it drops them
def test_mindspore_reads_it(ms: Any, tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, Array]) -> None:
    """Its own reader finds every tensor, and the checksum right."""
    path = tmp_path_factory.mktemp("spore") / "net.ckpt"
    save_arrays(path, tensors)
    read = ms.load_checkpoint(str(path), crc_check=True)
    assert list(read) == list(tensors)
    for name, array in tensors.items():
        values = parameters.numpy_values(read[name])
        assert _dtypes.dtype_name(read[name].dtype) == array.dtype.name
        assert (values.shape, values.tobytes()) == (array.shape, array.tobytes())


def test_the_bytes_are_mindspores(ms: Any, tmp_path: Path) -> None:
    """Byte for byte what `mindspore.save_checkpoint(crc_check=True)` writes of the same."""
    tensors = {
        "w": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.float64(2.5).reshape(()),
        "flag": np.array([True, False]),
        "n": np.arange(3, dtype=np.int64),
    }
    entries = [{"name": name, "data": ms.Tensor(array)} for name, array in tensors.items()]
    entries.append({"name": "b", "data": ms.Tensor(np.ones(200), ms.bfloat16)})
    ms.save_checkpoint(entries, str(tmp_path / "theirs.ckpt"), crc_check=True, append_dict={"note": "hä\U0001f600"})
    tensors["b"] = np.ones(200, _dtypes.numpy_dtype("bfloat16"))
    save_arrays(tmp_path / "ours.ckpt", tensors, strings={"note": "hä\U0001f600"})
    assert (tmp_path / "ours.ckpt").read_bytes() == (tmp_path / "theirs.ckpt").read_bytes()


def test_strings(ms: Any, tmp_path: Path) -> None:
    """MindSpore reads them, the empty one too."""
    path = tmp_path / "net.ckpt"
    save_arrays(path, {"w": np.ones(2, np.float32)}, strings={"note": "three words here", "empty": ""})
    read = ms.load_checkpoint(str(path))
    assert (read["note"], read["empty"]) == ("three words here", "")
    assert {"note": "three words here", "empty": ""}.items() <= open_checkpoint(path).metadata.items()


@pytest.mark.parametrize("part", [1, 7, 16, 24, 1000])
def test_large_tensors_are_cut(ms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """Into consecutive records of at most 512 MB (here: less), which MindSpore joins."""
    assert _write_ckpt._PART == 512 * 1024 * 1024
    monkeypatch.setattr(_write_ckpt, "_PART", part)
    tensors = {"w": np.arange(6, dtype=np.float64).reshape(2, 3), "x": np.arange(4, dtype=np.int8)}
    path = tmp_path / "net.ckpt"
    save_arrays(path, tensors)
    assert same_arrays(load_arrays(path), tensors)
    read = ms.load_checkpoint(str(path), crc_check=True)
    np.testing.assert_array_equal(read["w"].asnumpy(), tensors["w"])
    assert path.read_bytes().count(b"\x0a\x01w") == -(-48 // part)


def test_the_trailer_is_the_crc_of_everything_before_it(tmp_path: Path) -> None:
    """Ten bytes, big-endian."""
    path = tmp_path / "net.ckpt"
    save_arrays(path, {"w": np.arange(1000, dtype=np.float32)})
    raw = path.read_bytes()
    assert raw[-17:-10] == b"crc_num"
    assert int.from_bytes(raw[-10:], "big") == zlib.crc32(raw[:-17])


def test_encryption_is_given_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 64 MB (here: 50 bytes), one after the other, and no trailer follows."""
    assert _write_ckpt._BLOCK == 64 * 1024 * 1024
    monkeypatch.setattr(_write_ckpt, "_BLOCK", 50)
    blocks: list[bytes] = []

    def encrypt(block: bytes) -> bytes:
        blocks.append(block)
        return b"<" + block[::-1] + b">"

    tensors = {"w": np.arange(100, dtype=np.float32), "x": np.arange(4, dtype=np.int8)}
    save_arrays(tmp_path / "secret.ckpt", tensors, encrypt=encrypt)
    assert {len(block) for block in blocks[:-1]} == {50}
    assert (tmp_path / "secret.ckpt").read_bytes() == b"".join(b"<" + block[::-1] + b">" for block in blocks)
    (tmp_path / "plain.ckpt").write_bytes(b"".join(blocks))
    assert same_arrays(load_arrays(tmp_path / "plain.ckpt"), tensors)


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ({"a": np.ones(1, np.complex64)}, "tensor 'a': MindSpore reads no complex64 from a .ckpt"),
        ({"a": np.ones(1, _dtypes.numpy_dtype("float8_e5m2"))}, "tensor 'a': MindSpore reads no float8_e5m2"),
        (
            {"n" * 1025: np.ones(1, np.float32)},
            f"tensor '{'n' * 80}…': MindSpore reads no name of more than 1024 bytes",
        ),
        ({"a\ud800": np.ones(1)}, "tensor 'a\\ud800': its name is not Unicode text"),
    ],
)
def test_refusals(tmp_path: Path, tensors: dict[str, Array], expected: str) -> None:
    """What MindSpore could not load again is refused by name before a file is made."""
    with pytest.raises(CheckpointError) as caught:
        save_arrays(tmp_path / "net.ckpt", tensors)
    assert str(caught.value).startswith(expected)
    assert not list(tmp_path.iterdir())
