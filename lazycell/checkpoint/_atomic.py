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
- A shard never overwrites a file: a name that is taken is not used.

On a file system without hard links a kill can leave shards behind that nothing removes, never a damaged checkpoint.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import attrs

from .. import _json
from .._errors import CheckpointError
from . import _files

INDEX_SUFFIX = ".index.json"

# `.NAME.TOKEN.lazycell` is a lock, `.NAME.TOKEN~FILE.lazycell` a file that is meant for the name FILE, or has it.
_HIDDEN = re.compile(r"\.(?P<name>.+)\.(?P<token>[0-9a-f]{8})(?:~(?P<file>.+))?\.lazycell", re.DOTALL)
_LONGEST_NAME = 255  # bytes
_LONGEST = 60  # bytes of NAME, so that there is room for FILE


@attrs.frozen
class NewFile:
    """A hidden file that is being written: where it is, and its descriptor, open for reading and writing."""

    path: Path
    name: str
    descriptor: int


class Replacement:
    """One save: context manager. What was not committed when it ends is gone, and the old checkpoint is as it was.

    Args:
        main: the checkpoint's main file: a single file, or the index of a sharded one.
        rival: the main file that the checkpoint would have in the other form, if it can have one: the index for a
            single file. One that is there belongs to the checkpoint that is replaced.

    Raises:
        OSError: the directory is missing, or cannot be written to.
    """

    def __init__(self, main: Path, rival: Path | None = None) -> None:
        self._directory = main.parent
        self._main, self._rival = main, rival
        self._name = _short(min((path.name for path in (main, rival) if path is not None), key=len), _LONGEST)
        self._token = ""
        self._lock = -1
        self._open: dict[Path, int] = {}
        self._unmarked: list[Path] = []

    def __enter__(self) -> Replacement:
        with _abandoned(self._directory, self._name) as hidden:
            _sweep(self._directory, self._mains, hidden)
        while not self._token:
            self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for descriptor in self._open.values():
                os.close(descriptor)
            # Finished or not, what stays is decided as the next save would after a kill.
            own = _hidden_files(self._directory, self._name, self._token)
            _sweep(self._directory, self._mains, own, self._unmarked)
        except OSError:
            if error is None:  # else that one says what went wrong
                raise
        finally:
            os.close(self._lock)

    def create(self, name: str) -> NewFile:
        """Make a hidden file that is to have a name, with the permissions of the main file in place, if any."""
        path = self._hidden(name)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        self._open[path] = descriptor
        _copy_permissions(self._mains, descriptor)
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
        try:
            os.link(new.path, target)
            if f"~{new.name}." not in new.path.name:
                self._unmarked.append(target)
        except FileExistsError:
            raise
        except OSError:  # no hard links here
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
            os.rename(new.path, target)
            self._unmarked.append(target)

    def commit(self, new: NewFile) -> None:
        """Make `new` the main file, then remove what only the old checkpoint consisted of."""
        old = [main for main in self._mains if os.path.lexists(main)]
        superfluous = {name for main in old for name in _parts(main)}
        if old == [self._rival]:
            # Where both were there before, neither may count as outgoing until the commit, whichever was meant.
            superfluous.add(old[0].name)
        for name in sorted(superfluous):
            with contextlib.suppress(OSError):
                os.link(self._directory / name, self._hidden(name), follow_symlinks=False)
        _flush(self._directory)
        os.rename(new.path, self._main)
        _flush(self._directory)
        if self._rival in old:
            # Before its shards: an index that lacks some is a damaged checkpoint.
            os.unlink(self._rival)
            _flush(self._directory)
            superfluous.discard(self._rival.name)
        for name in superfluous - _named_by_indices(self._directory) - {self._main.name}:
            with contextlib.suppress(OSError):
                os.unlink(self._directory / name)

    @property
    def _mains(self) -> tuple[Path, ...]:
        return (self._main,) if self._rival is None else (self._main, self._rival)

    def _hidden(self, file: str) -> Path:
        # Of a name that is too long for it only a trace is left: after a kill, nobody can tell what it was for.
        room = _LONGEST_NAME - len(os.fsencode(f".{self._name}.{self._token}~.lazycell"))
        return self._directory / f".{self._name}.{self._token}~{_short(file, room)}.lazycell"

    def _begin(self) -> None:
        """Take a token, and the lock that says it is in use; without success if another save took it for a leftover."""
        token = secrets.token_hex(4)
        path = self._directory / f".{self._name}.{token}.lazycell"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        if _is_locked(descriptor) is not False and os.fstat(descriptor).st_nlink:
            self._token, self._lock = token, descriptor
        else:
            os.close(descriptor)


def is_in_transit(path: Path) -> bool:
    """Whether a save that was killed, or is going on, has put this file in place, or is about to remove it.

    Of two main files such a one is the old one: the new one is there already. A shard that no index names yet, or any
    more, is no checkpoint by itself.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return status.st_nlink > 1 and any(
        hidden["file"] == path.name and _is(path.parent / hidden[0], status) for hidden in _matches(path.parent)
    )


def free_names(directory: Path, stem: str, count: int) -> list[str]:
    """Give names for shards, in Hugging Face's form, none of which is taken: `model-00001-of-00003.safetensors`.

    Where one is taken, by the checkpoint that is to be replaced, it is `model-v2-00001-of-00003.safetensors`.
    """
    taken = set(os.listdir(directory))
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
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise CheckpointError(f"{path} is {what}: a checkpoint cannot be saved there; give another path")


# ---------------------------------------------------------------------------------------------- what a kill leaves


def _sweep(directory: Path, mains: Sequence[Path], hidden: Collection[Path], unmarked: Iterable[Path] = ()) -> None:
    """Remove hidden files, and the files that they are links of unless the checkpoint in place consists of them.

    Args:
        directory: where all of it is.
        mains: the names that the checkpoint's main file can have.
        hidden: the hidden files of saves that have ended.
        unmarked: further files that are only to stay if the checkpoint in place consists of them.
    """
    marked = [target for path in hidden if (target := _target(path)) is not None]
    if marked or unmarked:
        _end_of_two(mains, marked)
        keep = _named_by_indices(directory)
        keep.update(main.name for main in mains)
        for target in (*marked, *unmarked):
            if target.name not in keep:
                _remove(target)
    # The links of main files after those of shards: while they are there, they tell which main file counts.
    names = {main.name for main in mains}
    for path in sorted(hidden, key=lambda path: _order(path, names)):
        _remove(path)


def _end_of_two(mains: Sequence[Path], marked: Collection[Path]) -> None:
    """Where both forms are in place, and one is marked, finish the commit that made the other."""
    there = [main for main in mains if os.path.lexists(main)]
    outgoing = [main for main in there if main in marked]
    if len(there) == 2 and len(outgoing) == 1:
        staying = there[1 - there.index(outgoing[0])]
        if outgoing[0].name not in _parts(staying):
            _remove(outgoing[0])
            _flush(outgoing[0].parent)


def _order(path: Path, mains: Collection[str]) -> int:
    match = _HIDDEN.fullmatch(path.name)
    file = match["file"] if match else None
    return 2 if file is None else 1 if file in mains else 0  # the lock last of all


def _target(hidden: Path) -> Path | None:
    """Give the file that a hidden one is a link of."""
    match = _HIDDEN.fullmatch(hidden.name)
    if match is None or match["file"] is None:
        return None
    target = hidden.parent / match["file"]
    try:
        return target if _is(target, os.lstat(hidden)) else None
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _abandoned(directory: Path, name: str) -> Iterator[list[Path]]:
    """Give the hidden files of saves that were killed; nobody else can take their tokens meanwhile."""
    locks: list[int] = []
    try:
        found: list[Path] = []
        for token in {hidden["token"] for hidden in _matches(directory) if hidden["name"] == name}:
            paths = _hidden_files(directory, name, token)
            try:
                lock = os.open(directory / f".{name}.{token}.lazycell", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                found += paths
                continue
            except OSError:  # another user's, say
                continue
            locks.append(lock)
            if _is_locked(lock):
                found += paths
        yield found
    finally:
        for lock in locks:
            os.close(lock)


def _named_by_indices(directory: Path) -> set[str]:
    """Give the files that the indices in a directory name."""
    return {
        name
        for index in os.listdir(directory)
        if index.endswith(INDEX_SUFFIX) and not index.startswith(".")
        for name in _parts(directory / index)
    }


def _parts(main: Path) -> set[str]:
    """Give the files of its own directory that an index names; none if it is no sound index.

    Raises:
        OSError: it cannot be read, so that nobody may take its files for superfluous.
    """
    if not main.name.endswith(INDEX_SUFFIX):
        return set()
    try:
        with _files.open_regular(main) as file:
            index = _json.read_object(_files.read_at(file, 0, _json.MAX_BYTES))
    except (FileNotFoundError, CheckpointError, _json.JSONProblem):
        return set()
    weight_map = index.get("weight_map")
    if not isinstance(weight_map, dict):
        return set()
    return {name for name in weight_map.values() if isinstance(name, str) and os.path.basename(name) == name}


# ----------------------------------------------------------------------------------------------------------- files


def _hidden_files(directory: Path, name: str, token: str) -> list[Path]:
    return [directory / each[0] for each in _matches(directory) if (each["name"], each["token"]) == (name, token)]


def _matches(directory: Path) -> Iterator[re.Match[str]]:
    for name in os.listdir(directory):
        if name.startswith(".") and (match := _HIDDEN.fullmatch(name)) is not None:
            yield match


def _short(name: str, most: int) -> str:
    raw = os.fsencode(name)
    return name if len(raw) <= most else f"{zlib.crc32(raw):08x}"


def _is(path: Path, status: os.stat_result) -> bool:
    """Whether `path` is the file that has this status; a link is not what it points to."""
    try:
        return os.path.samestat(os.lstat(path), status)
    except OSError:
        return False


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _is_locked(descriptor: int) -> bool | None:
    """Lock a file; False if somebody else has it, None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _copy_permissions(mains: Iterable[Path], descriptor: int) -> None:
    for main in mains:
        with contextlib.suppress(OSError):
            old, new = os.stat(main), os.fstat(descriptor)
            with contextlib.suppress(OSError):
                if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            return


def _flush(directory: Path) -> None:
    """Bring the directory's entries to the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that has no such operation
            raise
    finally:
        os.close(descriptor)
