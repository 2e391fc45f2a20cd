"""Tests of `lazycell.formats.gguf._file` and `_metadata`: what is kept of the start of a file, and what is not."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats.gguf import GgufTensor, Length, read_file

from ..ggufs import Tensor, array, gguf_bytes, scalar, string, strings

W = Tensor((2, 3), "F32", bytes(24))


def written(folder: Path, *arguments: Any, **options: Any) -> Path:
    """Write a file."""
    path = folder / "m.gguf"
    path.write_bytes(gguf_bytes(*arguments, **options))
    return path


def test_values_of_each_type(tmp_path: Path) -> None:
    """Numbers with their signs and widths, bools, text; short arrays as tuples."""
    values: dict[str, tuple[bytes, object]] = {
        "B": (scalar("B", 200), 200),
        "b": (scalar("b", -3), -3),
        "H": (scalar("H", 60000), 60000),
        "h": (scalar("h", -300), -300),
        "I": (scalar("I", 2**32 - 1), 2**32 - 1),
        "i": (scalar("i", -(2**31)), -(2**31)),
        "Q": (scalar("Q", 2**64 - 1), 2**64 - 1),
        "q": (scalar("q", -(2**63)), -(2**63)),
        "d": (scalar("d", 1e-6), 1e-6),
        "true": (scalar("?", True), True),
        "false": (scalar("?", False), False),
        "text": (string("größe"), "größe"),
        "no text": (string(b"a\xff"), "a\ufffd"),
        "numbers": (array("i", [1, -2, 3]), (1, -2, 3)),
        "bools": (array("?", [True, False]), (True, False)),
        "none": (array("f", []), ()),
        "words": (strings(["a", "", "b" * 1000]), Length(3, "strings")),
        "no words": (strings([]), Length(0, "strings")),
    }
    file = read_file(written(tmp_path, {"w": W}, {key: raw for key, (raw, _) in values.items()}))
    for key, (_, value) in values.items():
        assert file.metadata[key] == value
        assert type(file.metadata[key]) is type(value)
    assert type(file.metadata["bools"][0]) is bool  # type: ignore[index]
    assert list(file.metadata) == list(values)


@pytest.mark.parametrize("value", [1e-6, 1e-5, 0.1, 500000.0, 3.4028234e38, 1.1754944e-38, 1e-45, 16777216.0, -0.3])
def test_float32_is_the_shortest_number_that_it_can_be(tmp_path: Path, value: float) -> None:
    """`rms_norm_eps` is 1e-06, not 9.999999974752427e-07."""
    file = read_file(written(tmp_path, (), {"x": scalar("f", value), "y": array("f", [value])}))
    assert file.metadata["x"] == float(str(np.float32(value)))
    assert file.metadata["y"] == (file.metadata["x"],)


def test_float32_of_any_bits(tmp_path: Path) -> None:
    """Each is that number again when it is rounded to float32; infinite ones, and none, stay so."""
    bits = np.random.default_rng(1).integers(0, 2**32, 500, np.uint32)
    stored = np.concatenate([bits.view(np.float32), np.float32([np.inf, -np.inf, np.nan, 0.0])])
    raw = struct.pack("<IIQ", 9, 6, len(stored)) + stored.tobytes()
    found = read_file(written(tmp_path, (), {"x": raw})).metadata["x"]
    with np.errstate(over="ignore"):
        again = np.array(found, np.float32)
    assert ((again == stored) | (np.isnan(again) & np.isnan(stored))).all()
    finite = np.isfinite(stored)
    assert [str(each) for each in np.array(found)[finite]] == [str(float(str(each))) for each in stored[finite]]


def test_what_is_long_is_not_kept(tmp_path: Path) -> None:
    """Tokens, scores, a tokenizer as one text: of each the length, in little memory, and what follows is found."""
    tokens = [f"token {k}" * (k % 7) for k in range(40_000)]
    metadata = {
        "tokens": strings(tokens),
        "scores": array("f", [1.5] * 5000),
        "types": array("i", [1] * 4097),
        "few": array("i", [1] * 4096),
        "json": string("x" * 3_000_000),
        "last": string("y" * 1_000_000),
    }
    path = written(tmp_path, {"w": W}, metadata)
    tracemalloc.start()
    try:
        file = read_file(path)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()
    assert file.metadata["tokens"] == Length(40_000, "strings")
    assert str(file.metadata["tokens"]) == "[40000 strings]"
    assert file.metadata["scores"] == Length(5000, "float32")
    assert file.metadata["types"] == Length(4097, "int32")
    assert file.metadata["few"] == (1,) * 4096
    assert file.metadata["json"] == Length(3_000_000, "bytes")
    assert file.metadata["last"] == "y" * 1_000_000
    assert file.tensors["w"].shape == (2, 3)


@pytest.mark.parametrize("around", range(-9, 10, 3))
def test_strings_at_the_edge_of_what_is_read_at_once(tmp_path: Path, around: int) -> None:
    """A length that begins before a mebibyte has passed and ends behind it."""
    start = 24 + 8 + 1 + 4 + 4 + 8
    first = "x" * ((1 << 20) - start - 8 + around)
    path = written(tmp_path, {"w": W}, {"k": strings([first, "ab", ""]), "l": scalar("I", 5)})
    file = read_file(path)
    assert file.metadata == {"k": Length(3, "strings"), "l": 5}
    assert list(file.tensors) == ["w"]


def test_tensors_are_placed(tmp_path: Path) -> None:
    """Rows first, absolute bytes, what a type takes; of an unknown type all bytes up to the next."""
    tensors = {
        "a": Tensor((2, 32), "Q8_0", b"a" * 68),
        "b": Tensor((5,), 77, b"b" * 40),
        "c": Tensor((1, 2, 3, 4), "F16", b"c" * 48),
    }
    path = written(tmp_path, tensors)
    file = read_file(path)
    content = path.read_bytes()
    start = content.index(b"a" * 68)
    assert start % 32 == 0
    assert list(file.tensors.values()) == [
        GgufTensor("a", "Q8_0", (2, 32), start, 68),
        GgufTensor("b", "type 77", (5,), start + 96, 64),
        GgufTensor("c", "F16", (1, 2, 3, 4), start + 160, 48),
    ]
    assert (file.path, file.version, file.stamp.size) == (path, 3, len(content))


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    """Wherever a file ends before its last tensor does; the message names the file."""
    metadata = {"k": string("abc"), "n": array("i", [1, 2, 3]), "s": strings(["a", "bc"]), "t": scalar("f", 1.5)}
    content = gguf_bytes({"w": W, "x": Tensor((32,), "Q4_0", bytes(18))}, metadata)
    whole = content[: len(content) - 14]  # without what is only there for the alignment
    path = tmp_path / "m.gguf"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointFormatError) as caught:
            read_file(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert (
            "truncated" in str(caught.value)
            or "bytes cannot hold" in str(caught.value)
            or "bytes follow" in str(caught.value)
        )
    path.write_bytes(whole)
    assert list(read_file(path).tensors) == ["w", "x"]
