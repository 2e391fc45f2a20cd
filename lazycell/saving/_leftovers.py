"""Clear away what a save that has ended, perhaps by a kill, left beside a checkpoint."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from .._errors import CheckpointError
from ..formats import HIDDEN, INDEX_SUFFIX, RANKS_SUFFIX, hidden_files, is_file, open_regular, read_at
from ..system import MAX_BYTES, O_CLOEXEC, O_NOFOLLOW, JSONProblem, flush_directory, read_object, try_lock

COMMIT = "00000000"
"""Instead of a token: the lock of whoever commits, which is no leftover: the next one takes it, and removes it."""


def sweep(directory: Path, mains: Sequence[Path], hidden: Collection[Path], unmarked: Iterable[Path] = ()) -> None:
    """Remove hidden files, and the files that they are links of unless the checkpoint in place consists of them.

    Args:
        directory: where all of it is.
        mains: the names that the checkpoint's main file can have.
        hidden: the hidden files of saves that have ended.
        unmarked: further files that are only to stay if the checkpoint in place consists of them.
    """
    marked = [target for path in hidden if (target := _target(path)) is not None]
    if marked or unmarked:
        try:
            _end_of_two(mains, marked)
            keep = files_in_use(directory)
        except OSError:  # an index cannot be read: what is a leftover is left to a save that can tell
            return
        keep.update(main.name for main in mains)
        for target in (*marked, *unmarked):
            if target.name not in keep:
                remove(target)
    # The links of main files after those of shards: while they are there, they tell which main file counts.
    names = {main.name for main in mains}
    for path in sorted(hidden, key=lambda path: _order(path, names)):
        remove(path)


def _end_of_two(mains: Sequence[Path], marked: Collection[Path]) -> None:
    """Where both forms are in place, and one is marked, finish the commit that made the other."""
    there = [main for main in mains if os.path.lexists(main)]
    outgoing = [main for main in there if main in marked]
    if len(there) == 2 and len(outgoing) == 1:
        staying = there[1 - there.index(outgoing[0])]
        if outgoing[0].name not in files_named_by(staying):
            remove(outgoing[0])
            flush_directory(outgoing[0].parent)


def _order(path: Path, mains: Collection[str]) -> int:
    match = HIDDEN.fullmatch(path.name)
    file = match["file"] if match else None
    return 2 if file is None else 1 if file in mains else 0  # the lock last of all


def _target(hidden: Path) -> Path | None:
    """Give the file that a hidden one is a link of."""
    match = HIDDEN.fullmatch(hidden.name)
    if match is None or match["file"] is None:
        return None
    target = hidden.parent / match["file"]
    try:
        return target if is_file(target, os.lstat(hidden)) else None
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def abandoned(directory: Path, name: str) -> Iterator[list[Path]]:
    """Give the hidden files of saves that were killed; nobody else can take their tokens meanwhile."""
    locks: list[int] = []
    try:
        found: list[Path] = []
        tokens = {hidden["token"] for hidden in hidden_files(directory) if hidden["name"] == name}
        for token in tokens - {COMMIT}:
            paths = files_of(directory, name, token)
            try:
                lock = os.open(directory / f".{name}.{token}.lazycell", os.O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            except FileNotFoundError:
                found += paths
                continue
            except OSError:  # another user's, say
                continue
            locks.append(lock)
            if try_lock(lock):
                found += paths
        yield found
    finally:
        for lock in locks:
            os.close(lock)


def files_in_use(directory: Path) -> set[str]:
    """Give the files that the indices in a directory name.

    Raises:
        OSError: an index, perhaps another user's, cannot be read.
    """
    return {
        name
        for index in os.listdir(directory)
        if index.endswith(INDEX_SUFFIX)
        for name in files_named_by(directory / index)
    }


def files_named_by(main: Path) -> set[str]:
    """Give the files of its own directory that an index names; none if it is no sound index.

    Raises:
        OSError: it cannot be read, so that nobody may take its files for superfluous.
    """
    if not main.name.endswith(INDEX_SUFFIX):
        return set()
    try:
        with open_regular(main) as file:
            index = read_object(read_at(file, 0, MAX_BYTES))
    except (FileNotFoundError, CheckpointError, JSONProblem):
        return set()
    weight_map, files = index.get("weight_map"), index.get("files")
    names: Iterable[object] = ()
    if isinstance(weight_map, dict):
        names = weight_map.values()
    elif main.name.endswith(RANKS_SUFFIX) and isinstance(files, dict):
        names = files
    return {name for name in names if isinstance(name, str) and os.path.basename(name) == name}


def remove_sharded(index: Path, keep: str) -> None:
    """Remove a checkpoint in shards, if it is there: its index, then the shards that no other index names.

    Args:
        index: of the checkpoint.
        keep: the name of a file that stays, though it may be one of the shards.
    """
    shards = files_named_by(index) - {keep}
    remove(index)
    if not shards:
        return
    try:
        shards -= files_in_use(index.parent)
    except OSError:  # of an index that cannot be read, nobody knows what it names: they stay, and take room
        return
    for shard in shards:
        remove(index.parent / shard)


def files_of(directory: Path, name: str, token: str) -> list[Path]:
    """Give the hidden files of one save."""
    return [directory / each[0] for each in hidden_files(directory) if (each["name"], each["token"]) == (name, token)]


def remove(path: Path) -> None:
    """Remove a file, if it is still there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
