"""Tests of `lazycell.formats._zip`."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest

from lazycell.formats import _files
from lazycell.formats._zip import Archive, ZipProblem

from .torchfiles import archive


def opened(path: Path, content: bytes) -> Archive:
    """Open an archive."""
    path.write_bytes(content)
    return Archive(_files.open_regular(path))


def refusal(path: Path, content: bytes, name: str = "a/x") -> str:
    """Give why an archive, or its entry, is not read."""
    with pytest.raises(ZipProblem) as caught:
        opened(path, content).read(name, 100)
    return str(caught.value)


def test_places(tmp_path: Path) -> None:
    """Each entry is where its bytes are, aligned as they were written."""
    path = tmp_path / "a"
    content = archive({"x": b"first", "y": bytes(range(100))}, "a")
    made = opened(path, content)
    assert list(made.names) == ["a/x", "a/y"]
    for name, raw in (("a/x", b"first"), ("a/y", bytes(range(100)))):
        begin, end = made.place(name)
        assert content[begin:end] == raw == made.read(name, 100)
        assert begin % 64 == 0


def test_descriptors_and_zip64(tmp_path: Path) -> None:
    """Archives that are written to a stream tell the sizes after the bytes; large ones in 64 bits."""

    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, raw: bytes) -> int:  # type: ignore[override]
            self.content += bytes(raw)
            return len(raw)

    stream = Stream()
    with zipfile.ZipFile(stream, "w") as made, made.open("a/x", "w", force_zip64=True) as entry:  # type: ignore[arg-type]
        entry.write(b"hello")
    assert b"PK\x07\x08" in stream.content
    assert opened(tmp_path / "a", stream.content).read("a/x", 100) == b"hello"


def test_refusals(tmp_path: Path) -> None:
    """What no file of PyTorch has."""
    path = tmp_path / "a"
    sound = archive({"x": b"12345"}, "a")
    assert "without the entry 'a/y'" in refusal(path, sound, "a/y")
    assert "has 101 bytes in 'a/x'; at most 100 are read" in refusal(path, archive({"x": bytes(101)}, "a"))
    assert "compressed or encrypted" in refusal(path, archive({"x": bytes(90)}, "a", zipfile.ZIP_DEFLATED))
    assert "damaged, or was cut" in refusal(path, b"PK\x03\x04" + bytes(100))
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(out, "w") as made:
            made.writestr("a/x", b"1")
            made.writestr("a/x", b"2")
    assert "has an entry twice" in refusal(path, out.getvalue())


def directory_of(content: bytes) -> int:
    """Where the archive's directory begins."""
    return content.index(b"PK\x01\x02")


@pytest.mark.parametrize(
    ("offset", "value", "cause"),
    [
        (24, 6, "compressed or encrypted"),  # longer than it is stored
        (42, 3, "nothing is where 'a/x' should be"),
        (42, 0x7FFFFFFF, "nothing is where 'a/x' should be"),
    ],
)
def test_a_directory_that_lies(tmp_path: Path, offset: int, value: int, cause: str) -> None:
    """About sizes and places."""
    content = bytearray(archive({"x": b"12345"}, "a"))
    place = directory_of(content) + offset
    content[place : place + 4] = value.to_bytes(4, "little")
    assert cause in refusal(tmp_path / "a", bytes(content))


def test_an_entry_that_reaches_beyond_the_file(tmp_path: Path) -> None:
    """Its size is checked against the file's."""
    content = bytearray(archive({"x": b"12345"}, "a"))
    place = directory_of(content) + 20
    content[place : place + 8] = (1 << 30).to_bytes(4, "little") * 2
    assert "was cut: 'a/x' would end at" in refusal(tmp_path / "a", bytes(content))


def test_cut_at_every_byte(tmp_path: Path) -> None:
    """The directory is at the end: no beginning of an archive is one."""
    content = archive({"x": b"12345", "y": b"6"}, "a")
    for length in range(len(content)):
        refusal(tmp_path / "a", content[:length])


def test_a_directory_larger_than_memory_is_not_read(tmp_path: Path) -> None:
    """A file may be as long as it likes, where nothing is in it: what its end promises is not believed."""
    content = bytearray(archive({"x": b"12345"}, "a"))
    end = content.index(b"PK\x05\x06")
    content[end + 12 : end + 16] = (1 << 31).to_bytes(4, "little")
    content[end + 16 : end + 20] = (0).to_bytes(4, "little")
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(1 << 31)
        file.seek(1 << 31)
        file.write(content[end:])
    with pytest.raises(ZipProblem, match="has a directory of 2,147,483,648 bytes; at most 100,000,000 are read"):
        Archive(_files.open_regular(path))
