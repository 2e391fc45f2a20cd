"""Tests of `lazycell.formats._third_party`, through `open_checkpoint`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats import (
    ByteRange,
    CheckpointHeader,
    Format,
    MemoryRange,
    TensorHeader,
    _formats,
    open_checkpoint,
    register_format,
)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    _formats._registered.clear()


class Own:
    """A part of a third party's own kind."""

    def __init__(self, nbytes: Any) -> None:
        self.nbytes = nbytes

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill it."""


class Failing:
    """A part that does not know its size."""

    @property
    def nbytes(self) -> int:
        raise KeyError("size")

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill it."""


FOUR = MemoryRange(memoryview(bytes(4)))


def tensor(name: Any = "w", dtype: Any = "float32", shape: Any = (1,), ranges: Any = (FOUR,)) -> Any:
    """Describe a tensor."""
    return TensorHeader(name, dtype, shape, ranges)


def opened(tmp_path: Path, header: Any) -> CheckpointHeader:
    """Open a file whose format's reader gives `header`."""
    path = tmp_path / "net.mine"
    path.write_bytes(bytes(8))
    register_format(Format("mine", ".mine", lambda start: False, lambda path: header))
    return open_checkpoint(path)


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (tensor(dtype=np.float32), "its dtype has to be a string, not <class 'numpy.float32'>, of type type"),
        (tensor(shape=[1]), "its shape has to be a tuple of whole numbers, 0 or more, not [1], of type list"),
        (tensor(shape=(-1,)), "its shape has to be a tuple of whole numbers, 0 or more, not (-1,), of type tuple"),
        (tensor(shape=(1.0,)), "its shape has to be a tuple of whole numbers, 0 or more, not (1.0,), of type tuple"),
        (tensor(shape=(True,)), "its shape has to be a tuple of whole numbers, 0 or more, not (True,), of type tuple"),
        (tensor(ranges=[FOUR]), "its ranges have to be a tuple of parts, not "),
        (tensor(ranges=FOUR), "its ranges have to be a tuple of parts, not "),
        (
            tensor(ranges=(3,)),
            "a part of it has to have `nbytes` and `read_into(target, start)`, unlike 3, of type int",
        ),
        (tensor(ranges=(Own(-4),)), "a part's nbytes has to be a whole number, 0 or more, not -4, of type int"),
        (tensor(ranges=(Own("4"),)), "a part's nbytes has to be a whole number, 0 or more, not '4', of type str"),
        (tensor(ranges=(Failing(),)), "a part's nbytes fails: KeyError: 'size'"),
        (tensor(ranges=(ByteRange(Path("x"), -4, 0),)), "bytes -4 to 0 of x: a start is 0 or more"),
        (tensor(ranges=(ByteRange(Path("x"), 8, 4),)), "bytes 8 to 4 of x: a stop is not before its start"),
        (tensor(ranges=(ByteRange(Path("x"), 0.0, 4),)), "a part's start has to be a whole number, not 0.0"),  # type: ignore[arg-type]
        (tensor(ranges=(ByteRange(Path("x"), 0, None),)), "a part's stop has to be a whole number, not None"),  # type: ignore[arg-type]
        (tensor(ranges=(ByteRange("x", 0, 4),)), "a part's path has to be a pathlib.Path, not 'x', of type str"),  # type: ignore[arg-type]
        (tensor(ranges=(ByteRange(Path("x"), 0, 4, 7),)), "a part's stamp has to be a FileStamp or None, not 7"),  # type: ignore[arg-type]
        (tensor(ranges=(MemoryRange(bytes(4)),)), "a part's content has to be a contiguous memoryview of bytes, not "),  # type: ignore[arg-type]
        (
            tensor(ranges=(MemoryRange(memoryview(np.ones(1, np.float32))),)),
            "a part's content has to be a contiguous memoryview of bytes, not ",
        ),
        (tensor(name=3), "calls itself 3"),
        (tensor(name="v"), "calls itself 'v'"),
        ("w", "has to be a TensorHeader, not 'w', of type str"),
    ],
)
def test_a_tensor_that_cannot_be_is_refused(tmp_path: Path, made: Any, fault: str) -> None:
    """One typed error, which names the file, the tensor, the format and the fault."""
    with pytest.raises(CheckpointFormatError) as caught:
        opened(tmp_path, CheckpointHeader(tmp_path / "net.mine", "mine", {"ok": tensor("ok"), "w": made}))
    start = f"{tmp_path / 'net.mine'}: tensor 'w': {fault}"
    assert str(caught.value).startswith(start)
    assert "the reader of the format 'mine' gives" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (CheckpointHeader("net.mine", "mine", {}), "the header's path has to be a pathlib.Path, not 'net.mine', of "),  # type: ignore[arg-type]
        (CheckpointHeader(Path("x"), None, {}), "the header's format has to be a string, not None, of type NoneType"),  # type: ignore[arg-type]
        (CheckpointHeader(Path("x"), "mine", [tensor()]), "the header's tensors have to be a mapping, not ["),  # type: ignore[arg-type]
        (CheckpointHeader(Path("x"), "mine", {3: tensor()}), "the name of a tensor has to be a string, not 3, of "),  # type: ignore[dict-item]
        (CheckpointHeader(Path("x"), "mine", {}, []), "the header's metadata has to be a mapping, not [], of type li"),  # type: ignore[arg-type]
        (
            CheckpointHeader(Path("x"), "mine", {}, {"a": 3}),  # type: ignore[dict-item]
            "the header's metadata has to map strings to strings, not 'a' to 3",
        ),
    ],
)
def test_a_header_that_cannot_be_is_refused(tmp_path: Path, header: CheckpointHeader, fault: str) -> None:
    """Before a load stumbles over it."""
    with pytest.raises(CheckpointFormatError) as caught:
        opened(tmp_path, header)
    assert str(caught.value).startswith(f"{tmp_path / 'net.mine'}: {fault}")
    assert "the reader of the format 'mine' gives" in str(caught.value)


def test_what_can_be_is_taken(tmp_path: Path) -> None:
    """Every kind of part, a scalar, an empty tensor, and a dtype that lazycell does not read."""
    tensors = [
        tensor("scalar", shape=()),
        tensor("empty", shape=(0, 3), ranges=()),
        tensor("file", shape=(2,), ranges=(ByteRange(tmp_path / "net.mine", 0, 4), ByteRange(tmp_path / "x", 4, 8))),
        tensor("own", ranges=(Own(4),)),
        tensor("read only", ranges=(MemoryRange(memoryview(np.zeros(4, np.uint8)).toreadonly()),)),
        tensor("unreadable", dtype="Q4_K", shape=(32,), ranges=(Own(18),)),
    ]
    header = CheckpointHeader(tmp_path / "net.mine", "mine", {each.name: each for each in tensors}, {"a": "b"})
    assert opened(tmp_path, header) is header


def test_a_format_that_fails_to_recognize_is_named(tmp_path: Path) -> None:
    """Its error is the cause."""

    def recognizes(start: bytes) -> bool:
        raise IndexError("too short")

    path = tmp_path / "blob"
    path.write_bytes(bytes(8))
    register_format(Format("mine", ".mine", recognizes, lambda path: CheckpointHeader(path, "mine", {})))
    with pytest.raises(CheckpointFormatError) as caught:
        open_checkpoint(path)
    assert str(caught.value) == (
        "blob: `recognizes` of the format 'mine', which was asked because no format has the file's suffix, failed: "
        "IndexError: too short"
    )
    assert isinstance(caught.value.__cause__, IndexError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": 3}, "a format's name has to be a string, not 3"),
        ({"suffixes": 3}, "format 'mine': suffixes have to be strings like '.ckpt', not 3"),
        ({"recognizes": b"MINE"}, "format 'mine': recognizes has to be a function of the first bytes, not b'MINE'"),
        ({"read": None}, "format 'mine': read has to be a function of the path, not None"),
    ],
)
def test_a_format_that_cannot_be_is_refused(arguments: dict[str, Any], message: str) -> None:
    """When it is made, where its author sees it."""
    usual = {"name": "mine", "suffixes": ".mine", "recognizes": lambda start: False, "read": lambda path: None}
    with pytest.raises(TypeError) as caught:
        Format(**(usual | arguments))
    assert str(caught.value) == message
