"""A checkpoint's file: opened, read, and told from what it was before.

Only a regular one is opened: a FIFO would block for ever, a device never end.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import NamedTuple

from .._errors import CheckpointFormatError
from ..system import O_BINARY, O_CLOEXEC, O_NONBLOCK, read_at_once

# Without it, opening a FIFO that nobody writes to blocks; a file may become one between `stat` and `open`.
_FLAGS = os.O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_BINARY

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO (named pipe)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> io.FileIO:
    """Open a regular file (links are followed) for unbuffered reading.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        CheckpointFormatError: there is something else than a regular file.
    """
    _refuse_irregular(path, os.stat(path).st_mode)
    file = io.FileIO(path, opener=lambda name, flags: os.open(name, _FLAGS))
    try:
        _refuse_irregular(path, os.fstat(file.fileno()).st_mode)
    except BaseException:
        file.close()
        raise
    return file


def size_of(file: io.FileIO) -> int:
    """Give the length of an open file in bytes."""
    return os.fstat(file.fileno()).st_size


def read_at(file: io.FileIO, start: int, length: int) -> bytes:
    """Read up to `length` bytes from `start`; fewer only at the end of the file.

    Raises:
        OSError: the file cannot be read; unlike that of `os.pread`, it names the file.
    """
    parts: list[bytes] = []
    while length > 0:
        try:
            part = read_at_once(file.fileno(), length, start)
        except OSError as error:
            raise named(error, file) from None
        if not part:
            break
        parts.append(part)
        start += len(part)
        length -= len(part)
    return b"".join(parts)


def named(error: OSError, file: io.FileIO) -> OSError:
    """Give the error of a call that knows no more than the file's descriptor, with the file's name."""
    return OSError(error.errno, error.strerror, str(file.name))


class FileStamp(NamedTuple):
    """What tells one state of a file from another without reading it.

    Two writes within one tick of the file system's clock (a few milliseconds) that leave the size alone are not told
    apart; nor is what another process writes through a shared map, until the kernel notes it.

    Attributes:
        device: of the file system.
        inode: within the device: another file under the same name has another.
        size: bytes.
        modified: nanoseconds since the epoch.
    """

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, descriptor: int) -> FileStamp:
        """Take the stamp of an open file."""
        status = os.fstat(descriptor)
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def change_to(self, now: FileStamp) -> str | None:
        """Say what has happened between two stamps; None: nothing."""
        if self == now:
            return None
        if now.size != self.size:
            return f"it had {self.size} bytes, it has {now.size}"
        if (now.device, now.inode) != (self.device, self.inode):
            return "another file has taken its place"
        return "it has been written to"


def _refuse_irregular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "not a file")
        raise CheckpointFormatError(f"{path} is {kind}; a checkpoint has to be a regular file")
