"""Are the bytes of a checkpoint those that were saved?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from .. import show
from .._arguments import check_progress
from .._frozen import frozen
from ..formats import open_checkpoint
from ..reading import Reader
from ._checksums import verify_checksums as verify_header

Progress = Callable[[int, int], None]


@frozen
class VerifyReport:
    """A checkpoint whose bytes are those that were saved; prints as one line.

    Attributes:
        path: the checkpoint.
        tensors: how many.
        nbytes: bytes of all tensors.
        seconds: how long it took.
    """

    path: Path
    tensors: int
    nbytes: int
    seconds: float = 0.0

    @property
    def summary(self) -> str:
        """The line without the file's name, for where that is written already."""
        count = f"{self.tensors} tensor{'' if self.tensors == 1 else 's'}"
        return f"verified {count}, {show.format_bytes(self.nbytes)} in {show.format_seconds(self.seconds)}"

    def __str__(self) -> str:
        return f"{self.summary} in {show.printable(self.path.name)}"

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, show.html.of_text)


def verify(path: str | os.PathLike[str], *, progress: Progress | None = None) -> VerifyReport:
    """Check a checkpoint, all of its shards included, against the checksums in it.

    Args:
        path: anything that `open_checkpoint` opens.
        progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.

    Returns:
        What was checked; that it is returned says that all is well.

    Raises:
        ChecksumError: it is damaged; `tensors` names what is, where that can be told.
        CheckpointFormatError: it holds no checksums, or is malformed.
        FileNotFoundError: there is nothing at `path`.
        TypeError: `path` is no path, or `progress` no function.
    """
    started = time.perf_counter()
    check_progress(progress)
    header = open_checkpoint(path)
    with Reader(mmap=False) as reader:
        verify_header(header, reader, progress)
    return VerifyReport(header.path, len(header.tensors), header.nbytes, time.perf_counter() - started)
