"""Write a small file whole or not at all: whoever reads it sees the old content or the new, never a part.

New content is written to a hidden file beside the old one, `.NAME.3f9a1b2c.lazycell`, which is locked as long as it is
written. One that nobody has locked is left of a process that was killed: the next write to NAME removes it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from ._attributes import keep_attributes
from ._portable import O_BINARY, O_CLOEXEC, O_NOFOLLOW, rename_over, try_lock

_LONGEST = 200  # bytes of the name, so that there is room for more
_HIDDEN = re.compile(r"\.(?P<start>.+)\.[0-9a-f]{8}\.lazycell", re.DOTALL)
_FLAGS = O_CLOEXEC | O_NOFOLLOW | O_BINARY


def write_whole(path: str | os.PathLike[str], content: str) -> None:
    r"""Give a file new content, through a hidden file beside it; a device or a pipe is simply written to.

    What the old file had of permissions and extended attributes the new one has, where that can be.

    Args:
        path: the file; its directory is there. Of a link, what it points to is written.
        content: text, written as UTF-8, with `\n` at the ends of lines everywhere.

    Raises:
        OSError: it cannot be written; the message names `path`. What was there is as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as file:
                file.write(content.encode())
        else:
            _replace(target, content.encode())
    except OSError as error:
        if error.errno is None:
            raise
        # The hidden file's name would tell nobody what was to be written.
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from error


def sweep_unfinished(directory: Path, name: str | None = None) -> None:
    """Remove the hidden files of writes that were killed: those to one file in a directory, or to any.

    Where there are no locks nobody can tell them from those of a write that is going on, and they stay.
    """
    start = None if name is None else _start(name)
    with contextlib.suppress(OSError):
        for each in os.listdir(directory):
            match = _HIDDEN.fullmatch(each) if each.startswith(".") else None
            if match is not None and start in (None, match["start"]):
                _remove_unlocked(directory / each)


def _replace(target: Path, content: bytes) -> None:
    sweep_unfinished(target.parent, target.name)
    hidden, descriptor = _new_hidden(target)
    try:
        try:
            keep_attributes(target, descriptor)  # first: what few may read stays so
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
            if os.name != "nt":  # which renames no file that is open
                rename_over(hidden, target)
        finally:
            os.close(descriptor)
        if os.name == "nt":
            rename_over(hidden, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(hidden)
        raise


def _new_hidden(target: Path) -> tuple[Path, int]:
    """Make a hidden file, and lock it; another one if somebody took it for a leftover in between."""
    while True:
        hidden = target.with_name(f".{_start(target.name)}.{secrets.token_hex(4)}.lazycell")
        descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
        if try_lock(descriptor) is not False and os.fstat(descriptor).st_nlink:
            return hidden, descriptor
        os.close(descriptor)


def _start(name: str) -> str:
    # A name may be as long as the file system permits: of a long one, its start tells enough.
    return os.fsdecode(os.fsencode(name)[:_LONGEST])


def _remove_unlocked(path: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
        try:
            if try_lock(descriptor):
                os.unlink(path)
        finally:
            os.close(descriptor)
