"""Read a whole small file that a stranger wrote: a regular one alone, and no more of it than it may have."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ._json import MAX_BYTES, JSONProblem
from ._portable import O_BINARY, O_CLOEXEC, O_NONBLOCK

# Without O_NONBLOCK, opening a FIFO that nobody writes to blocks for ever.
_FLAGS = os.O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_BINARY

_UNKNOWN = 1 << 16


def read_bounded(path: str | os.PathLike[str], most: int = MAX_BYTES) -> bytes:
    """Give the content of a file: a config, a manifest, migrations, rules.

    Raises:
        JSONProblem: it is a FIFO, a device or the like, or has more than `most` bytes. The message is the cause, to be
            put after the file's name.
        OSError: it is not there, a directory, or cannot be read.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISDIR(mode):  # of one, opening it says so
        _refuse_irregular(mode)
    with open(Path(path), "rb", opener=lambda name, flags: os.open(name, _FLAGS)) as file:
        there = os.fstat(file.fileno())
        _refuse_irregular(there.st_mode)  # another may be there by now
        # No more room is made than it takes; of files in /proc nobody knows.
        content = file.read(min(most, max(there.st_size, _UNKNOWN)) + 1)
    if len(content) > most:
        raise JSONProblem(f"has more than {most:,} bytes, which is all that is read of such a file")
    return content


def _refuse_irregular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise JSONProblem("is no regular file: a device, a FIFO or a socket may never end")
