"""Tests of `lazycell.formats._files`."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats import _files


def test_links_to_files_are_followed(tmp_path: Path) -> None:
    """The hub's cache is made of links: they are ordinary."""
    (tmp_path / "blob").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("blob")
    with _files.open_regular(tmp_path / "link") as file:
        assert _files.size_of(file) == 10
        assert _files.read_at(file, 3, 4) == b"3456"
        assert _files.read_at(file, 8, 100) == b"89"


def test_fifo_is_refused_without_blocking(tmp_path: Path) -> None:
    """Opening a FIFO that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        CheckpointFormatError, match=r"pipe is a FIFO \(named pipe\); a checkpoint has to be a regular file"
    ):
        _files.open_regular(tmp_path / "pipe")


def test_device_directory_and_socket_are_refused(tmp_path: Path) -> None:
    """Whatever is not a regular file is named for what it is."""
    with pytest.raises(CheckpointFormatError, match="/dev/zero is a device"):
        _files.open_regular(Path("/dev/zero"))
    with pytest.raises(CheckpointFormatError, match="is a directory"):
        _files.open_regular(tmp_path)
    with socket.socket(socket.AF_UNIX) as endpoint:
        previous = os.getcwd()
        os.chdir(tmp_path)  # a socket's path is at most 107 bytes
        try:
            endpoint.bind("s")
        finally:
            os.chdir(previous)
        with pytest.raises(CheckpointFormatError, match="is a socket"):
            _files.open_regular(tmp_path / "s")


def test_a_failing_read_names_the_file() -> None:
    """The system's error knows a descriptor only."""
    path = Path("/proc/self/mem")  # a regular file whose first byte cannot be read
    with _files.open_regular(path) as file, pytest.raises(OSError, match=r"Input/output error: '/proc/self/mem'"):
        _files.read_at(file, 0, 1)
