"""Tests of `lazycell.formats._ckpt_records`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell._errors import CheckpointFormatError
from lazycell.formats._ckpt import read_ckpt
from lazycell.formats._ckpt_records import Record, records
from lazycell.formats._wire import Window

from .files import field, record, varint


def scanned(content: bytes) -> list[Record | int]:
    """Read the records of a file in memory."""
    return list(records(Window.of_bytes(content), Path("net.ckpt")))


def test_where_the_bytes_are() -> None:
    """Each record's tag, dims and type, and where its content begins and ends; the checksum at last."""
    first, second = record("a", (2, 3), content=bytes(24)), record("b", (), "Bool", b"\1")
    end = len(first) + len(second)
    assert scanned(first + second + b"crc_num" + (1 << 31).to_bytes(10, "big")) == [
        ("a", (2, 3), "Float32", len(first) - 24, len(first)),
        ("b", (), "Bool", end - 1, end),
        1 << 31,
    ]


def test_records_beyond_the_window(tmp_path: Path) -> None:
    """From a file that is read piece by piece, the same as from memory, wherever the pieces end."""
    content = b"".join(record(f"layers.{i}.w", (i,), "UInt8", bytes(i)) for i in range(1, 1500, 7))
    path = tmp_path / "net.ckpt"
    path.write_bytes(content)
    with path.open("rb", buffering=0) as file:
        assert list(records(Window.of_file(file), path)) == scanned(content)


def test_other_legal_encodings(tmp_path: Path) -> None:
    """Packed dims, another order of fields and overlong lengths mean the same."""
    proto = field(3, bytes(24)) + field(2, b"Float32") + field(1, b"\x02\x03")
    value = field(2, proto) + field(1, b"w")
    path = tmp_path / "net.ckpt"
    path.write_bytes(b"\x0a" + bytes([len(value) | 0x80, 0x00]) + value)
    tensor = read_ckpt(path).tensors["w"]
    assert (tensor.dtype, tensor.shape, tensor.nbytes) == ("float32", (2, 3), 24)


def test_usual_and_unusual_encodings_mean_the_same(tmp_path: Path) -> None:
    """The quick way through MindSpore's own order of fields, and the way that takes any, give the same."""
    path = tmp_path / "net.ckpt"
    quick = record("a", (2, 300), "UInt8", bytes(600)) + record("b", (), "Float32") + record("c", (0, 7), content=b"")
    path.write_bytes(quick)
    expected = read_ckpt(path).tensors
    slow = b""
    for name, dims, kind, content in (
        ("a", (2, 300), b"UInt8", bytes(600)),
        ("b", (), b"Float32", bytes(4)),
        ("c", (0, 7), b"Float32", b""),
    ):
        packed = b"".join(map(varint, dims))
        slow += field(1, field(2, field(2, kind) + field(1, packed) + field(3, content)) + field(1, name.encode()))
    path.write_bytes(slow)
    found = read_ckpt(path).tensors
    assert [(t.name, t.dtype, t.shape, t.nbytes) for t in found.values()] == [
        (t.name, t.dtype, t.shape, t.nbytes) for t in expected.values()
    ]


def test_content_that_ends_like_a_checksum(tmp_path: Path) -> None:
    """Only a trailer between records is a trailer; a tensor may end with the same bytes."""
    content = b"crc_num" + bytes(10) + bytes(3)
    path = tmp_path / "net.ckpt"
    path.write_bytes(record("w", (20,), "UInt8", content[3:] + content[:3]) + record("v", (17,), "UInt8", content[:17]))
    header = read_ckpt(path)
    assert list(header.tensors) == ["w", "v"]
    assert header.metadata == {}


def test_truncation_inside_a_record_is_refused(tmp_path: Path) -> None:
    """Every cut but those between records, which nothing can tell, is an error."""
    pieces = [record("a", (3,), content=bytes(12)), record("b", ()), record("c", (1,), "Bool", b"\1")]
    whole = b"".join(pieces)
    boundaries = {len(pieces[0]), len(pieces[0] + pieces[1])}
    path = tmp_path / "net.ckpt"
    for length in set(range(len(whole))) - boundaries:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointFormatError):
            read_ckpt(path)


def test_map_parameters_are_refused(tmp_path: Path) -> None:
    """One that MindSpore's own classes wrote is named."""
    from mindspore.train.checkpoint_pb2 import Checkpoint

    checkpoint = Checkpoint()
    value = checkpoint.value.add()
    value.tag = "table"
    for dtype in ("int32", "float32", "int32"):
        part = value.maptensor.tensor.add()
        part.dims.append(1)
        part.tensor_type, part.tensor_content = dtype, bytes(4)
    content = record("a") + checkpoint.SerializeToString()
    path = tmp_path / "net.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointFormatError) as caught:
        read_ckpt(path)
    assert str(caught.value) == (f"{path}: tensor 'table': it is a MapParameter, which lazycell does not read")


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, 21), st.booleans())
def test_any_bytes_give_tensors_or_the_one_error(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, keep: int, after: bool
) -> None:
    """Random bytes, alone or inside a record, never raise anything else."""
    path = tmp_path_factory.mktemp("noise") / "net.ckpt"
    path.write_bytes(record("a")[:keep] + noise + (record("a")[keep:] if after else b""))
    message = f"{path}: "
    try:
        read_ckpt(path)
    except CheckpointFormatError as error:
        message = str(error)
    assert message.startswith(f"{path}: ")
