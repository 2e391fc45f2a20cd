"""Write a small file whole or not at all: whoever reads it sees the old content or the new, never a part."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

_LONGEST = 200  # bytes of the name, so that there is room for more


def write_whole(path: str | os.PathLike[str], content: str) -> None:
    r"""Give a file new content, through a hidden file beside it; a device or a pipe is simply written to.

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


def _replace(target: Path, content: bytes) -> None:
    # A name may be as long as the file system permits: of a long one, its start tells enough.
    start = os.fsdecode(os.fsencode(target.name)[:_LONGEST])
    hidden = target.with_name(f".{start}.{secrets.token_hex(4)}")
    try:
        with open(hidden, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):
            os.chmod(hidden, target.stat().st_mode & 0o777)
        os.replace(hidden, target)
    except BaseException:
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise
