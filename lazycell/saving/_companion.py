"""A small file that says what a checkpoint is, and is replaced with it: the two are never of two saves.

No system renames two files at once. So the old companion is taken away before the new checkpoint is put in place, and
the new one is put there after it: who is killed between the two leaves a checkpoint without a companion, which whoever
needs it refuses, never one with the other's. An error puts back what was there. A companion that stays the same is not
touched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from ._atomic import NewFile, Replacement, refuse_irregular
from ._output import Output


class Companion:
    """The new content of one file: context manager, which is entered before the save of the checkpoint.

    Args:
        path: of the file, beside the checkpoint's.
        content: that it is to have.

    Raises:
        OSError: it cannot be written there.
        CheckpointError: something is there that is no file.
    """

    def __init__(self, path: Path, content: bytes) -> None:
        self._path, self._content = path, content
        self._replacement = Replacement(path)
        self._new: NewFile | None = None
        self._is_done: Callable[[], bool] | None = None

    def __enter__(self) -> Companion:
        refuse_irregular(self._path)
        self._replacement.__enter__()
        try:
            self._new = new = self._replacement.create(self._path.name)
            with Output(new.descriptor, lambda count: None) as output:
                output.write(self._content)
                output.flush()
            self._replacement.finish(new)
        except BaseException as error:
            self._replacement.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._is_done is not None:  # wherever the commit was interrupted
                self._decide(self._is_done)
        finally:
            self._replacement.__exit__(kind, error, trace)

    @contextlib.contextmanager
    def exchanged(self, is_done: Callable[[], bool]) -> Iterator[None]:
        """Commit a checkpoint inside of this; whoever does is alone.

        Args:
            is_done: tells whether the new checkpoint is in place.
        """
        if self._is_there():
            yield
            return
        self._is_done = is_done
        self._replacement.set_aside()
        yield
        self._decide(is_done)

    def _decide(self, is_done: Callable[[], bool]) -> None:
        assert self._new is not None
        if not is_done():
            self._replacement.put_back()
        elif self._new.path.exists():  # else it has its name already
            self._replacement.commit(self._new)
        self._is_done = None

    def _is_there(self) -> bool:
        try:
            return not self._path.is_symlink() and self._path.read_bytes() == self._content
        except OSError:
            return False
