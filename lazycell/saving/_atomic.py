"""Replace a checkpoint by a new one, so that at every moment one of the two is there, whole.

New content is written to hidden files beside the old one, `.NAME.3f9a1b2c~FILE.lazycell`, flushed to the disk, and then
given its name. One rename, that of the main file (the single file, or the index), turns the old checkpoint into the new
one. What makes this hold for several files, and after a kill at any point:

- Whoever saves holds a lock (`flock`) on `.NAME.3f9a1b2c.lazycell`. The next save removes the hidden files whose lock
  nobody holds.
- A shard is put in place as a link of its hidden file, and every file that the commit will make superfluous gets a
  hidden link before it. So a later save knows what a killed one left: files that have such a link, and that the
  checkpoint in place does not consist of.
- Where a single file and an index are both there, such a link tells which of the two is on its way out.
- A shard never overwrites a file: a name that is taken, or meant for a file of another save, is not used.
- Of several saves one after the other commits, behind the lock `.NAME.00000000.lazycell`; the last one stays.

On a file system without hard links a kill can leave shards behind that nothing removes, never a damaged checkpoint.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from .._errors import CheckpointError
from .._frozen import frozen
from ..formats import hidden_files, is_file
from ..system import O_BINARY, O_CLOEXEC, O_NOFOLLOW, flush_directory, keep_attributes, rename_over, try_lock, unlock
from ._leftovers import COMMIT, abandoned, files_in_use, files_named_by, files_of, remove, sweep

_FLAGS = O_CLOEXEC | O_NOFOLLOW | O_BINARY

Around = Callable[[Callable[[], bool]], contextlib.AbstractContextManager[None]]

_LONGEST_NAME = 255  # bytes
_LONGEST = 60  # bytes of NAME, so that there is room for FILE


@frozen
class NewFile:
    """A hidden file that is being written: where it is, and its descriptor, open for reading and writing."""

    path: Path
    name: str
    descriptor: int


class Replacement:
    """One save: context manager. What was not committed when it ends is gone, and the old checkpoint is as it was.

    Args:
        main: the checkpoint's main file: a single file, or the index of a sharded one.
        rivals: the main files that the checkpoint would have in other forms, if it can have them: the indices for a
            single file. One that is there belongs to the checkpoint that is replaced.
        token: of a save that several ranks make together; its lock, the leftovers of others and, at the end, what is
            left of this one are not this object's business then, but that of `Meeting`.

    Raises:
        OSError: the directory is missing, or cannot be written to.
    """

    def __init__(self, main: Path, *rivals: Path, token: str = "") -> None:
        self._directory = main.parent
        self._main, self._rivals = main, rivals
        self._name = name_of(main, *rivals)
        self._token, self._joint = token, bool(token)
        self._lock = -1
        self._open: dict[Path, int] = {}
        self._unmarked: list[Path] = []
        self._created: list[Path] = []
        self._placing = False

    def __enter__(self) -> Replacement:
        if self._joint:
            return self
        with abandoned(self._directory, self._name) as hidden:
            sweep(self._directory, self._mains, hidden)
        while not self._token:
            self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for descriptor in self._open.values():
                os.close(descriptor)
            if self._joint:
                if error is not None and not self._placing:  # the last rank may not come, and clear away
                    for path in self._created:
                        remove(path)
                sweep(self._directory, self._mains, (), self._unmarked)
                return
            if os.name == "nt":  # which removes no file that is open
                os.close(self._lock)
                self._lock = -1
            # Finished or not, what stays is decided as the next save would after a kill.
            own = files_of(self._directory, self._name, self._token)
            sweep(self._directory, self._mains, own, self._unmarked)
        except OSError:
            if error is None:  # else that one says what went wrong
                raise
        finally:
            if self._lock >= 0:
                os.close(self._lock)

    def create(self, name: str) -> NewFile:
        """Make a hidden file that is to have a name, with the permissions of the main file in place, if any.

        The new main file has its extended attributes too.
        """
        path = self._hidden(name)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
        self._open[path] = descriptor
        self._created.append(path)
        main = next((main for main in self._mains if os.path.exists(main)), None)
        if main is not None:
            keep_attributes(main, descriptor, notes=name == self._main.name)
        return NewFile(path, name, descriptor)

    def finish(self, new: NewFile) -> None:
        """Bring the file's content to the disk."""
        os.fsync(new.descriptor)
        os.close(self._open.pop(new.path))

    def place(self, new: NewFile) -> None:
        """Give a shard its name, which nothing may have; it stays there only if a commit's index names it.

        Raises:
            FileExistsError: something has the name.
        """
        target = self._directory / new.name
        self._placing = True
        try:
            os.link(new.path, target)
            if f"~{new.name}." not in new.path.name:
                self._unmarked.append(target)
        except FileExistsError:
            raise
        except OSError:  # no hard links here
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
            rename_over(new.path, target)
            self._unmarked.append(target)

    def commit(self, new: NewFile, around: Around | None = None) -> None:
        """Make `new` the main file, then remove what only the old checkpoint consisted of.

        Args:
            new: finished.
            around: gives a context manager to do it in, from a function that tells whether `new` is the main file.
        """
        self._placing = True
        made = os.lstat(new.path)
        with self.alone(), contextlib.nullcontext() if around is None else around(lambda: is_file(self._main, made)):
            self._commit(new)

    def set_aside(self) -> None:
        """Take the main file away, until `put_back`, or for good when this save ends."""
        with contextlib.suppress(FileNotFoundError):
            os.rename(self._main, self._aside)
            flush_directory(self._directory)

    def put_back(self) -> None:
        """Give the main file its name again, if it was set aside."""
        if os.path.lexists(self._aside) and not os.path.lexists(self._main):
            os.rename(self._aside, self._main)
            flush_directory(self._directory)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other saves of this checkpoint from choosing names and committing.

        That takes them moments. Who waits for ten seconds, or where there are no locks, goes on: a save may fail then,
        or leave shards behind, and no checkpoint is damaged.
        """
        path = self._directory / f".{self._name}.{COMMIT}.lazycell"
        lock = _lock(path)
        try:
            yield
        finally:
            if lock is not None:
                try:
                    with contextlib.suppress(OSError):
                        os.unlink(path)
                finally:  # unlocked first, so that no interrupt leaves others waiting
                    unlock(lock)
                    os.close(lock)

    def _commit(self, new: NewFile) -> None:
        old = [main for main in self._mains if os.path.lexists(main)]
        superfluous = {name for main in old for name in files_named_by(main)}
        if len(old) == 1 and old[0] in self._rivals:
            # Where several were there before, none may count as outgoing until the commit, whichever was meant.
            superfluous.add(old[0].name)
        for name in sorted(superfluous):
            with contextlib.suppress(OSError):
                os.link(self._directory / name, self._hidden(name), follow_symlinks=False)
        flush_directory(self._directory)
        rename_over(new.path, self._main)
        flush_directory(self._directory)
        for rival in self._rivals:
            if rival in old:
                # Before its shards: an index that lacks some is a damaged checkpoint.
                os.unlink(rival)
                flush_directory(self._directory)
                superfluous.discard(rival.name)
        try:
            superfluous -= files_in_use(self._directory) | {self._main.name}
        except OSError:  # the save is done all the same; the next one asks again
            return
        for name in superfluous:
            with contextlib.suppress(OSError):
                os.unlink(self._directory / name)

    @property
    def _mains(self) -> tuple[Path, ...]:
        return (self._main, *self._rivals)

    @property
    def _aside(self) -> Path:
        return self._hidden(f"{self._main.name}.old")

    def _hidden(self, file: str) -> Path:
        return hidden_path(self._directory, self._name, self._token, file)

    def _begin(self) -> None:
        """Take a token, and the lock that says it is in use; without success if another save took it for a leftover."""
        token = secrets.token_hex(4)
        path = self._directory / f".{self._name}.{token}.lazycell"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
        if try_lock(descriptor) is not False and os.fstat(descriptor).st_nlink:
            self._token, self._lock = token, descriptor
        else:
            os.close(descriptor)


def _lock(path: Path) -> int | None:
    """Give the descriptor of a lock that is ours, once it is; None if it does not become that."""
    with contextlib.suppress(OSError):
        for _ in range(1000):
            lock = os.open(path, os.O_RDONLY | os.O_CREAT | _FLAGS, 0o666)
            locked = try_lock(lock)
            if locked and os.fstat(lock).st_nlink:  # else who had it has removed it
                return lock
            os.close(lock)
            if locked is None:
                os.unlink(path)
                return None
            time.sleep(0.01)
    return None


def free_names(directory: Path, stem: str, count: int) -> list[str]:
    """Give names for shards, in Hugging Face's form, none of which is taken: `model-00001-of-00003.safetensors`.

    Where one is taken, by the checkpoint that is to be replaced, or will be, by another save that is going on, it is
    `model-v2-00001-of-00003.safetensors`.
    """
    taken = {*os.listdir(directory), *(hidden["file"] for hidden in hidden_files(directory))}
    version = 1
    while True:
        tag = "" if version == 1 else f"-v{version}"
        names = [f"{stem}{tag}-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]
        if taken.isdisjoint(names):
            return names
        version += 1


def refuse_irregular(path: Path) -> None:
    """Refuse to replace what is no file.

    Raises:
        CheckpointError: there is a directory, a device or the like at `path`.
    """
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):  # where nothing can be, saving says so
            return
        raise
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise CheckpointError(f"{path} is {what}: a checkpoint cannot be saved there; give another path")


def name_of(*mains: Path) -> str:
    """Give what the hidden files of a checkpoint are named by, which has one of these main files."""
    return _short(min((path.name for path in mains), key=len), _LONGEST)


def hidden_path(directory: Path, name: str, token: str, file: str) -> Path:
    """Give where a file is while it has no name of its own."""
    # Of a name that is too long for it only a trace is left: after a kill, nobody can tell what it was for.
    room = _LONGEST_NAME - len(os.fsencode(f".{name}.{token}~.lazycell"))
    return directory / f".{name}.{token}~{_short(file, room)}.lazycell"


def _short(name: str, most: int) -> str:
    raw = os.fsencode(name)
    return name if len(raw) <= most else f"{zlib.crc32(raw):08x}"
