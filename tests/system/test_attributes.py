"""What a new file has of the one that it replaces."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazycell.system._attributes import keep_attributes

ACCESS = "system.posix_acl_access"
ACL = bytes.fromhex(
    "02000000 0100 0600 ffffffff 0200 0600 04000000 0400 0400 ffffffff 1000 0600 ffffffff 2000 0000 ffffffff"
)
"""A list by hand: owner rw, user 4 rw, group r, mask rw, others nothing (acl(5), and the kernel's posix_acl_xattr.h)."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Give a directory where files can have attributes: there are systems whose /tmp is in memory, and has none."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent, prefix=".") as beside:
        try:
            os.setxattr(tmp_path, "user.tried", b"")
        except OSError:
            yield Path(beside)
        else:
            yield tmp_path


@pytest.fixture
def old(place: Path) -> Path:
    """Make a file whose mode is not what a new file has."""
    path = place / "old"
    path.write_text("old")
    path.chmod(0o604)
    return path


@pytest.fixture
def new(place: Path) -> Iterator[int]:
    """Open a new file."""
    descriptor = os.open(place / "new", os.O_RDWR | os.O_CREAT, 0o666)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("notes", [True, False])
@pytest.mark.parametrize("mode", [0o604, 0o400, 0o444])
def test_mode_and_notes(old: Path, new: int, notes: bool, mode: int) -> None:
    """Also of a read-only file, to which nobody may add attributes."""
    os.setxattr(old, "user.origin", b"hub")
    old.chmod(mode)
    keep_attributes(old, new, notes=notes)
    assert stat.S_IMODE(os.fstat(new).st_mode) == mode
    assert os.listxattr(new) == (["user.origin"] if notes else [])
    assert not notes or os.getxattr(new, "user.origin") == b"hub"


def test_an_access_list(old: Path, new: int) -> None:
    """It decides who may read a file, as the mode does."""
    os.setxattr(old, ACCESS, ACL)
    keep_attributes(old, new, notes=False)
    assert os.getxattr(new, ACCESS) == ACL
    assert stat.S_IMODE(os.fstat(new).st_mode) == 0o660


def test_the_group_is_kept_where_the_owner_cannot_be(old: Path, new: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root gives files away; a member of a group gives files to it."""
    asked: list[tuple[int, int]] = []

    def chown(descriptor: int, user: int, group: int) -> None:
        asked.append((user, group))
        if user != -1:
            raise PermissionError

    real = os.stat(old)
    monkeypatch.setattr(
        os, "stat", lambda path: os.stat_result((*real[:4], real.st_uid + 1, real.st_gid + 1, *real[6:]))
    )
    monkeypatch.setattr(os, "fchown", chown)
    keep_attributes(old, new)
    assert asked == [(real.st_uid + 1, real.st_gid + 1), (-1, real.st_gid + 1)]
    assert stat.S_IMODE(os.fstat(new).st_mode) == 0o604


def test_nothing_to_keep(tmp_path: Path, new: int) -> None:
    """Where there was no file, a new one is as the umask has it."""
    mode = os.fstat(new).st_mode
    keep_attributes(tmp_path / "nothing", new)
    assert os.fstat(new).st_mode == mode


@pytest.mark.parametrize("lacks", ["listxattr", "setxattr", "fchmod", "fchown"])
def test_file_systems_and_systems_that_lack_it(
    old: Path, new: int, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    """What cannot be kept is left, and nothing fails."""
    os.setxattr(old, "user.origin", b"hub")
    if lacks == "setxattr":

        def refuse(*args: object) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(os, lacks, refuse)
    else:
        monkeypatch.delattr(os, lacks)
    keep_attributes(old, new)
    assert (os.listxattr(new) if hasattr(os, "listxattr") else []) == (
        ["user.origin"] if lacks in ("fchmod", "fchown") else []
    )
