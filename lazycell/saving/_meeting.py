"""Ranks that save one checkpoint together tell each other how far they are, by files beside it and nothing else.

Their names are those of hidden files of one save (see `_atomic`), of one token:

- `.NAME.TOKEN.lazycell`, the save's lock, which all ranks hold together: nobody takes the files for leftovers until
  the last of them has ended.
- `…~rKKKKK.lock…`, held by rank K while it lives. It has its name only when it is held; its time is set anew as long as
  the rank gets on, so that one that hangs is found too.
- `…~r00000.made…`: the files are there that ranks write into.
- `…~rKKKKK.done…`: what rank K writes is on the disk.
- `…~rKKKKK.failed…`: rank K gives up, and why.
- `…~r00000.committed…`: the checkpoint is in place.

Whoever waits asks for the lock first, then for the marker: a rank that has ended without one is dead. All wait for
rank 0, and rank 0 for each of the others; there are no collectives, so that it does not matter who dies, and when.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from .._errors import CheckpointError
from ..system import O_BINARY, O_CLOEXEC, O_NOFOLLOW, JSONProblem, read_object, try_lock, try_share
from ._atomic import hidden_path, name_of
from ._leftovers import abandoned, files_of, sweep

_FLAGS = O_CLOEXEC | O_NOFOLLOW | O_BINARY
_BEAT = 0.5  # seconds
_AS_IT_WAS = "the checkpoint there is as it was"
_PAUSES = (0.001, 0.05)  # seconds: the first, and the longest


class MeetingError(CheckpointError):
    """A save failed for a reason that is the same for all ranks, in these words."""


class Meeting:
    """One save as one of its ranks sees it: context manager, in which the rank counts as alive.

    Args:
        mains: the main files that the checkpoint can have.
        path: of the checkpoint, for messages.
        token: the same on all ranks, of this save alone: eight hexadecimal digits.
        rank: which one this is.
        ranks: how many there are.
        timeout: seconds without any sign of another rank until it counts as gone.

    Raises:
        CheckpointError: this rank saves here with this token already, or there are no locks.
        OSError: the directory is missing, or cannot be written to.
    """

    def __init__(
        self, mains: tuple[Path, ...], path: Path, *, token: str, rank: int, ranks: int, timeout: float
    ) -> None:
        self._mains, self._path = mains, path
        self._directory, self._name = mains[0].parent, name_of(*mains)
        self.token, self.rank, self.ranks = token, rank, ranks
        self._timeout = timeout
        self._together = self._own = -1
        self._beaten = 0.0

    def __enter__(self) -> Meeting:
        try:
            self._join()
            if self.rank == 0:
                with abandoned(self._directory, self._name) as hidden:
                    sweep(self._directory, self._mains, hidden)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None and self._own >= 0:
                with contextlib.suppress(OSError):
                    self._fail(error)
        finally:
            self._leave()

    def tell(self, what: str, content: dict[str, Any]) -> None:
        """Leave a marker of this rank for the others: whole, or not at all."""
        new, path = self._marker(self.rank, f"{what}.new"), self._marker(self.rank, what)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o666)
        with open(descriptor, "wb") as file:
            file.write(json.dumps(content).encode())
        os.replace(new, path)

    def others(self, what: str) -> dict[int, dict[str, Any]]:
        """Wait for a marker of every other rank, as rank 0 does.

        Raises:
            MeetingError: one has failed, has ended, or gives no sign.
        """
        found: dict[int, dict[str, Any]] = {}
        patience = {rank: _Patience() for rank in range(self.ranks) if rank != self.rank}
        pause = _PAUSES[0]
        while patience:
            for rank, waited in list(patience.items()):
                marker = self._look(rank, what, "its file was whole", waited)
                if marker is not None:
                    found[rank] = marker
                    del patience[rank]
                    pause = _PAUSES[0]
            if patience:
                pause = self._pause(pause)
        return found

    def first(self, what: str, is_done: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        """Wait for a marker of rank 0.

        Args:
            what: it is.
            is_done: tells whether the checkpoint is in place, should rank 0 have ended without a word.

        Raises:
            MeetingError: rank 0 has failed, has ended, or gives no sign.
        """
        waited, pause = _Patience(), _PAUSES[0]
        while True:
            try:
                marker = self._look(0, what, "it committed", waited)
            except MeetingError:
                if is_done():
                    return {}
                raise
            if marker is not None:
                return marker
            pause = self._pause(pause)

    def seen(self, rank: int, what: str) -> dict[str, Any] | None:
        """Give a marker of a rank, if it is there."""
        try:
            return read_object(self._marker(rank, what).read_bytes())
        except (FileNotFoundError, JSONProblem):
            return None

    def beat(self) -> None:
        """Tell the others that this rank gets on, and look whether the save has failed meanwhile; at times.

        Raises:
            MeetingError: rank 0 has failed, or, on rank 0, any other has.
        """
        now = time.monotonic()
        if now - self._beaten < _BEAT:
            return
        self._beaten = now
        os.utime(self._own if os.utime in os.supports_fd else self._marker(self.rank, "lock"))
        for rank in range(self.ranks) if self.rank == 0 else (0,):
            if rank != self.rank:
                self._refuse_failed(rank)

    def check(self) -> None:
        """Look once more whether another rank has given up.

        Raises:
            MeetingError: one has.
        """
        self._beaten = 0.0
        self.beat()

    def is_main(self, inode: int) -> bool:
        """Whether the checkpoint's main file is the one of this number, which rank 0 has made for this save."""
        try:
            return os.stat(self._mains[0]).st_ino == inode
        except FileNotFoundError:
            return False

    @property
    def open_flags(self) -> int:
        """With which a rank opens a file that rank 0 has made."""
        return os.O_RDWR | _FLAGS

    def problem(self, text: str) -> MeetingError:
        """Make the error that all ranks are to raise."""
        return MeetingError(f"cannot save {self._path}: {text}; {_AS_IT_WAS}")

    def _look(self, rank: int, what: str, before: str, waited: _Patience) -> dict[str, Any] | None:
        """Look for a marker of a rank, once.

        Args:
            rank: whose.
            what: it is.
            before: what has not happened if the rank has ended without it.
            waited: for how long without a sign.
        """
        alive = self._alive(rank)  # asked before the marker is looked for: it may end in between
        marker = self.seen(rank, what)
        if marker is not None:
            return marker
        self._refuse_failed(rank)
        if alive is False:
            raise self.problem(f"rank {rank} ended before {before}")
        if waited.since(self._sign(rank)) > self._timeout:
            why = "it has not come to save" if alive is None else "it lives, and does not get on"
            raise self.problem(f"rank {rank} has not answered for {self._timeout:g} s (timeout=): {why}")
        return None

    def _pause(self, seconds: float) -> float:
        """Wait for a moment, and give how long to wait next."""
        self.beat()
        time.sleep(seconds)
        return min(2 * seconds, _PAUSES[1])

    def _refuse_failed(self, rank: int) -> None:
        failed = self.seen(rank, "failed")
        if failed is not None:
            if failed.get("words"):
                raise MeetingError(str(failed["words"]))
            raise self.problem(f"rank {rank} could not save: {failed.get('why')}")

    def _fail(self, error: BaseException) -> None:
        """Leave word of why this rank gives up."""
        if isinstance(error, MeetingError):
            self.tell("failed", {"words": str(error)})
        elif isinstance(error, KeyboardInterrupt):
            self.tell("failed", {"why": "it was interrupted"})
        else:
            why = str(error.strerror if isinstance(error, OSError) and error.strerror else error)
            why = why.removeprefix(f"cannot save {self._path}: ").removesuffix(f"; {_AS_IT_WAS}")
            self.tell("failed", {"why": why or type(error).__name__})

    def _alive(self, rank: int) -> bool | None:
        """Whether a rank holds its lock; None: it has none yet."""
        try:
            descriptor = os.open(self._marker(rank, "lock"), os.O_RDONLY | _FLAGS)
        except FileNotFoundError:
            return None
        try:
            return try_share(descriptor) is False
        finally:
            os.close(descriptor)

    def _sign(self, rank: int) -> int:
        """Give the last sign of a rank, which is another each time that it gives one."""
        try:
            return os.stat(self._marker(rank, "lock")).st_mtime_ns
        except FileNotFoundError:
            return 0

    def _join(self) -> None:
        """Take part in the save's lock, then get a lock that others find only when it is held."""
        path = self._directory / f".{self._name}.{self.token}.lazycell"
        while self._together < 0:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666)
            shared = try_share(descriptor)
            if shared and os.fstat(descriptor).st_nlink:  # else somebody took it for a leftover
                self._together = descriptor
                break
            os.close(descriptor)
            if shared is None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                raise CheckpointError(
                    f"cannot save {self._path}: several ranks can save one checkpoint only where files can be locked "
                    "(flock), which this system, or this file system, does not do"
                )
            time.sleep(_PAUSES[0])
        lock = self._marker(self.rank, "lock")
        new = self._marker(self.rank, f"lock.{os.getpid()}")
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o666)
        try:
            try_lock(descriptor)
            os.link(new, lock)  # which overwrites nothing
        except FileExistsError:
            os.close(descriptor)
            raise CheckpointError(
                f"cannot save {self._path}: there is a rank {self.rank} already in the save with token={self.token!r}: "
                "give each save a token of its own, and each process its rank"
            ) from None
        except OSError:  # no hard links here
            os.rename(new, lock)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new)
        self._own = descriptor

    def _leave(self) -> None:
        """Give up the locks; the last one out removes what is left, once all have come."""
        if self._together < 0:
            return
        try:
            if self._own >= 0:
                os.close(self._own)
                self._own = -1
            if try_lock(self._together) and all(
                os.path.lexists(self._marker(rank, "lock")) for rank in range(self.ranks)
            ):
                own = files_of(self._directory, self._name, self.token)
                with contextlib.suppress(OSError):  # what is left then, the next save removes
                    sweep(self._directory, self._mains, own)
        finally:
            os.close(self._together)
            self._together = -1

    def _marker(self, rank: int, what: str) -> Path:
        return hidden_path(self._directory, self._name, self.token, f"r{rank:05}.{what}")


class _Patience:
    """How long something has not changed."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._at = time.monotonic()

    def since(self, sign: int) -> float:
        """Give for how many seconds it has been this."""
        if sign != self._last:
            self._last, self._at = sign, time.monotonic()
        return time.monotonic() - self._at
