"""Comparing a checkpoint with the checksums in it."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell import CheckpointFormatError, ChecksumError
from lazycell.formats import CheckpointHeader, open_checkpoint
from lazycell.reading._read import Reader
from lazycell.saving._checksums import verify_checksums
from lazycell.saving._write_safetensors import CRC32

from ..formats.files import entry, safetensors_bytes
from .saved import save_arrays, some_arrays

ARRAYS = some_arrays(1)


def check(source: Any, progress: Any = None) -> None:
    """Verify what is at a path."""
    header = source if isinstance(source, CheckpointHeader) else open_checkpoint(source)
    with Reader(mmap=False) as reader:
        verify_checksums(header, reader, progress)


def damage(path: Path, *tensors: str) -> None:
    """Flip one bit in each of the tensors, the last one of its bytes."""
    places = [open_checkpoint(path).tensors[name].ranges[-1] for name in tensors]
    for place in places:
        raw = bytearray(place.path.read_bytes())  # type: ignore[attr-defined]
        raw[place.stop - 1] ^= 0x10  # type: ignore[attr-defined]
        place.path.write_bytes(raw)  # type: ignore[attr-defined]


def with_metadata(path: Path, metadata: dict[str, str]) -> Path:
    """Write two float32 tensors by hand, `a` of 1.0 and `b` of 2.0."""
    header = {"__metadata__": metadata, "a": entry(), "b": entry(offsets=(4, 8))}
    path.write_bytes(safetensors_bytes(header, np.array([1, 2], np.float32).tobytes()))
    return path


A, B = (f"{zlib.crc32(np.float32(value).tobytes()):08x}" for value in (1, 2))


@pytest.mark.parametrize(("name", "size"), [("a.safetensors", None), ("a.safetensors", 2500), ("a.ckpt", None)])
def test_what_was_saved_is_sound(tmp_path: Path, name: str, size: int | None) -> None:
    """In every form; the progress ends with everything."""
    calls: list[tuple[int, int]] = []
    report = save_arrays(tmp_path / name, ARRAYS, size)
    check(report.path, lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert calls[-1] == (report.nbytes, report.nbytes)


@pytest.mark.parametrize("size", [None, 2500])
def test_every_damaged_tensor_is_named(tmp_path: Path, size: int | None) -> None:
    """Also those of several shards, as data and with collapsed indices; the others are not."""
    path = save_arrays(tmp_path / "a.safetensors", ARRAYS, size).path
    damage(path, "w.1", "w.0", "w.1.3")
    with pytest.raises(ChecksumError) as caught:
        check(path)
    assert set(caught.value.tensors) == {"w.0", "w.1", "w.1.3"}
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{path}: 3 tensors are damaged: the bytes are not those that were saved; take the")
    assert sorted(lines[1:]) == ["  w.1.3", "  w.{0..1}"]


def test_one_damaged_tensor(tmp_path: Path) -> None:
    """The message speaks of one."""
    path = save_arrays(tmp_path / "a.safetensors", ARRAYS).path
    damage(path, "w.0")
    with pytest.raises(ChecksumError, match="1 tensor is damaged"):
        check(path)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_flipped_bit_of_the_data_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A CRC-32 misses no single bit."""
    path = tmp_path_factory.getbasetemp() / "flipped.safetensors"
    save_arrays(path, {"w": np.zeros(40, np.int8), "x": np.zeros(3, np.int32)})
    raw = bytearray(path.read_bytes())
    start = len(raw) - 52
    raw[data.draw(st.integers(start, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(raw)
    with pytest.raises(ChecksumError):
        check(path)


@pytest.mark.parametrize("position", [0, 3, 20, 700, -18])
def test_a_ckpt_is_checked_as_a_whole(tmp_path: Path, position: int) -> None:
    """Names included: whatever can still be read as a checkpoint."""
    path = tmp_path / "a.ckpt"
    save_arrays(path, {"weight": np.zeros(300, np.float32)})
    header = open_checkpoint(path)
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ChecksumError, match=f"{path}: damaged: its bytes do not have the checksum") as caught:
        check(header)
    assert caught.value.tensors == ()


@pytest.mark.parametrize("format", ["ckpt", "safetensors"])
def test_mindspores_own_checksums(ms: Any, tmp_path: Path, format: str) -> None:
    """Those of `mindspore.save_checkpoint(crc_check=True)`, sound and damaged."""
    path = tmp_path / f"net.{format}"
    arrays = ARRAYS | {"large": np.arange(1 << 20, dtype=np.float32)}
    entries = [{"name": name, "data": ms.Tensor(array)} for name, array in arrays.items()]
    ms.save_checkpoint(entries, str(path), crc_check=True, format=format)
    path.chmod(0o600)
    check(path)
    damage(path, "w.1")
    with pytest.raises(ChecksumError, match="which is one for all tensors"):
        check(path)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            {},
            "holds no checksums, so damage cannot be told from data; lazycell's save_checkpoint and convert write them",
        ),
        ({CRC32: "[]"}, "metadata 'lazycell.crc32': is not a JSON object"),
        ({CRC32: "{"}, "metadata 'lazycell.crc32': is not JSON"),
        ({CRC32: json.dumps({"a": A})}, "metadata 'lazycell.crc32': has no checksum of tensor 'b'"),
        ({CRC32: json.dumps({"a": A, "b": B, "c": A})}, "has a checksum of tensor 'c', which the file does not hold"),
        ({CRC32: json.dumps({"a": A, "b": B[1:]})}, "the checksum of tensor 'b' has to be 8 hexadecimal digits, not '"),
        ({CRC32: json.dumps({"a": A, "b": 7})}, "the checksum of tensor 'b' has to be 8 hexadecimal digits, not 7"),
        ({CRC32: json.dumps({"a": A, "b": "0x12345g"})}, "has to be 8 hexadecimal digits, not '0x12345g'"),
        ({CRC32: f'{{"a": "{A}", "a": "{A}", "b": "{B}"}}'}, "gives the key 'a' twice"),
        ({"crc_num": "twelve"}, "crc_num has to be a CRC-32, a number below 2^32, not 'twelve'"),
        ({"crc_num": "4294967296"}, "crc_num has to be a CRC-32, a number below 2^32, not '4294967296'"),
        ({"crc_num": "9" * 5000}, "crc_num has to be a CRC-32"),
    ],
)
def test_checksums_that_are_absent_or_malformed(tmp_path: Path, metadata: dict[str, str], expected: str) -> None:
    """What was asked for is not there: an error of the format, not a pass."""
    path = with_metadata(tmp_path / "a.safetensors", metadata)
    with pytest.raises(CheckpointFormatError) as caught:
        check(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert expected in str(caught.value)


def test_checksums_made_by_hand(tmp_path: Path) -> None:
    """The format is as documented: CRC-32 of the bytes, eight hexadecimal digits."""
    check(with_metadata(tmp_path / "a.safetensors", {CRC32: json.dumps({"a": A, "b": B})}))
    path = with_metadata(tmp_path / "b.safetensors", {CRC32: json.dumps({"a": B, "b": B})})
    with pytest.raises(ChecksumError) as caught:
        check(path)
    assert caught.value.tensors == ("a",)


def test_a_shard_without_checksums(tmp_path: Path) -> None:
    """Every shard has to have its own: those of another do not count."""
    path = save_arrays(tmp_path / "a.safetensors", ARRAYS, 2500).path
    (tmp_path / "c.safetensors").write_bytes(safetensors_bytes({"c": entry()}, bytes(4)))
    index = json.loads(path.read_text())
    index["weight_map"]["c"] = "c.safetensors"
    path.write_text(json.dumps(index))
    with pytest.raises(CheckpointFormatError, match=r"c\.safetensors: holds no checksums"):
        check(path)


def test_a_ckpt_without_checksum(tmp_path: Path) -> None:
    """The trailer is cut off: the rest is a sound file, but nothing vouches for it."""
    path = tmp_path / "a.ckpt"
    save_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-17])
    with pytest.raises(CheckpointFormatError, match=r"a\.ckpt: holds no checksums"):
        check(path)


def test_a_dict_has_no_checksums() -> None:
    """Only files have."""
    with pytest.raises(CheckpointFormatError, match="holds no checksums"):
        check(open_checkpoint({"a": np.ones(2, np.float32)}))


def test_an_interrupt_stops_both_threads(tmp_path: Path) -> None:
    """A progress callback that raises once ends it; nothing goes on in the background."""
    path = save_arrays(tmp_path / "a.safetensors", {str(n): np.zeros(1 << 19, np.int32) for n in range(20)}).path
    calls: list[int] = []

    def stop(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(path, stop)
    assert len(calls) <= 5  # of forty
