"""Save tensors as a checkpoint, in one file or in several; the old one stays until the new one is whole."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import show
from .._collector import collector_paused
from .._errors import CheckpointError
from .._frozen import frozen
from .._harmless import printable
from ..reading import overflow_text
from ._atomic import NewFile, Replacement, free_names
from ._destination import Destination
from ._leftovers import remove_sharded
from ._output import Advance, Content, Output
from ._shards import split
from ._write_ckpt import Encrypt, check_ckpt, write_ckpt
from ._write_safetensors import SafetensorsFile, plan_safetensors, write_safetensors

if TYPE_CHECKING:
    from ._companion import Companion

Progress = Callable[[int, int], None]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@frozen
class SaveReport:
    """What was saved; prints as one line.

    Attributes:
        path: what to load it by: the file, or the index of several.
        paths: the files that hold the tensors.
        tensors: how many.
        nbytes: bytes of all tensors.
        seconds: how long it took, until everything was on the disk.
    """

    path: Path
    paths: tuple[Path, ...]
    tensors: int
    nbytes: int
    seconds: float = 0.0

    def __str__(self) -> str:
        count = f"{self.tensors} tensor{'' if self.tensors == 1 else 's'}"
        more = (
            "" if self.paths == (self.path,) else f" and {len(self.paths)} shard{'' if len(self.paths) == 1 else 's'}"
        )
        size, time = show.format_bytes(self.nbytes), show.format_seconds(self.seconds)
        return f"saved {count}, {size} in {time} to {show.printable(self.path.name)}{more}"

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, show.html.of_text)


class Losses:
    """Counts the values that a conversion of dtypes could not keep, and warns of them at the end."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def __call__(self, name: str, count: int) -> None:
        """Note `count` values of a tensor."""
        self._counts[name] = self._counts.get(name, 0) + count

    def warn(self, path: Path, dtype: str, stacklevel: int) -> None:
        """Warn of those that were noted, if any; `stacklevel` as for `warnings.warn` in the caller."""
        for name, count in self._counts.items():
            warnings.warn(
                printable(f"{path}: tensor {name!r}: {overflow_text(count, dtype)}"),
                RuntimeWarning,
                stacklevel=stacklevel + 1,
            )


def save(
    destination: Destination,
    contents: Sequence[Content],
    *,
    metadata: Mapping[str, str],
    strings: Mapping[str, str] | None = None,
    encrypt: Encrypt | None = None,
    progress: Progress | None = None,
    companion: Companion | None = None,
) -> SaveReport:
    """Write tensors, and put them in the place of the checkpoint that is there, if there is one.

    Args:
        destination: where, and in which form.
        contents: the tensors, in the order in which they are divided into shards.
        metadata: strings for the header of safetensors files, and the index.
        strings: entries for a `.ckpt`.
        encrypt: for a `.ckpt`.
        progress: called with the bytes done and the bytes in all; default: a bar on a terminal, after two seconds.
        companion: what is replaced with the checkpoint, in the same directory; `Destination.path` is no link then.

    Raises:
        OSError: the directory is missing, the disk is full, a permission is lacking; the old checkpoint is as it was.
        CheckpointError: the format cannot hold one of the tensors, or an index none at all.
    """
    started = time.perf_counter()
    total = sum(content.nbytes for content in contents)
    shards = [contents] if destination.most is None else split(contents, destination.most)
    if destination.indexed and not contents:
        raise CheckpointError(f"{destination.index}: an index of no tensors cannot be loaded: save {destination.path}")
    if encrypt is not None and not contents:
        raise CheckpointError(
            f"{destination.path}: a checkpoint of no tensors has nothing to encrypt: save without key"
        )
    files: list[SafetensorsFile] = []
    if destination.format == "ckpt":
        check_ckpt(contents)
    else:
        with collector_paused():
            files = [plan_safetensors(shard, metadata) for shard in shards]
        if len(files) > 1 or destination.indexed:
            check_stem(destination)
    with (
        failures(destination, total),
        companion or contextlib.nullcontext(),
        show.ProgressBar(f"saving {destination.path.name}") as bar,
    ):
        advance = counter(bar if progress is None else progress, total)
        if destination.format == "ckpt":
            write = functools.partial(write_ckpt, contents=contents, strings=strings or {}, encrypt=encrypt)
            paths = _save_single(destination, advance, write, companion)
        elif len(files) == 1 and not destination.indexed:
            paths = _save_single(destination, advance, functools.partial(write_safetensors, file=files[0]), companion)
        else:
            paths = _save_sharded(destination, files, metadata, total, advance, companion)
    single = paths == (destination.path,)
    path = destination.path if single else destination.index
    return SaveReport(path, paths, len(contents), total, time.perf_counter() - started)


def _save_single(
    destination: Destination, advance: Advance, write: Callable[[Output], None], companion: Companion | None
) -> tuple[Path, ...]:
    path = destination.path
    if path.is_symlink():
        # What it points to is replaced, perhaps on another disk, as any program does that writes to the link.
        target = Path(os.path.realpath(path))
        replacement = Replacement(target)
    else:
        target = path
        replacement = Replacement(*destination.mains)
    with replacement:
        new = replacement.create(target.name)
        fill(replacement, new, advance, write)
        replacement.commit(new, None if companion is None else companion.exchanged)
    if path.is_symlink() and destination.format == "safetensors":
        # The link's own directory may have a checkpoint of this name in shards, which would be taken for the newer.
        for index in destination.mains[1:]:
            remove_sharded(index, path.name)
    return (path,)


def _save_sharded(
    destination: Destination,
    shards: Sequence[SafetensorsFile],
    metadata: Mapping[str, str],
    total: int,
    advance: Advance,
    companion: Companion | None,
) -> tuple[Path, ...]:
    directory = destination.path.parent
    with Replacement(destination.index, destination.path, destination.ranks_index) as replacement:
        with replacement.alone():
            names = free_names(directory, destination.stem, len(shards))
            new = replacement.create(names[0])  # from here on others know that the names are taken
        files: list[NewFile] = []
        for name, shard in zip(names, shards, strict=True):
            new = replacement.create(name) if files else new
            fill(replacement, new, advance, functools.partial(write_safetensors, file=shard))
            files.append(new)
        index = replacement.create(destination.index.name)
        content = index_of(names, shards, metadata, total)
        fill(replacement, index, lambda count: None, lambda output: write_index(output, content))
        for new in files:
            replacement.place(new)
        replacement.commit(index, None if companion is None else companion.exchanged)
    return tuple(directory / name for name in names)


def check_stem(destination: Destination) -> None:
    """Refuse what an index cannot name.

    Raises:
        CheckpointError: the destination's name is not Unicode text.
    """
    try:
        destination.stem.encode()
    except UnicodeEncodeError:
        raise CheckpointError(
            f"{destination.path}: the name is not Unicode text, and the index would have to hold it: give another "
            "name, or save in one file"
        ) from None


def fill(replacement: Replacement, new: NewFile, advance: Advance, write: Callable[[Output], None]) -> None:
    """Write a file, and bring it to the disk."""
    with Output(new.descriptor, advance) as output:
        write(output)
    replacement.finish(new)


def write_index(output: Output, content: bytes) -> None:
    """Write all of a small file."""
    output.write(content)
    output.flush()


def index_of(names: Sequence[str], shards: Sequence[SafetensorsFile], metadata: Mapping[str, str], total: int) -> bytes:
    """Make the index as Hugging Face's libraries do: `total_size` counts the tensors' bytes."""
    weight_map = {content.name: name for name, shard in zip(names, shards, strict=True) for content in shard.contents}
    index = {
        "metadata": {**metadata, "total_size": total},
        "weight_map": dict(sorted(weight_map.items())),
    }
    return (json.dumps(index, ensure_ascii=False, indent=2) + "\n").encode()


def counter(progress: Progress, total: int) -> Advance:
    """Give what counts bytes, and reports them."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(min(done, total), total)  # headers are no part of what was promised

    return advance


@contextlib.contextmanager
def failures(destination: Destination, needed: int) -> Iterator[None]:
    """Say of an error of the operating system which save failed, why, and what has become of the old checkpoint."""
    path, old = destination.path, _state(destination)
    try:
        yield
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else str(error)
        advice = _advice(error, Path(os.path.realpath(path)), needed)
        if any(old) and _state(destination) == old:
            advice += "; the checkpoint there is as it was"
        raise OSError(error.errno, printable(f"cannot save {path}: {cause}{advice}")) from error


def _state(destination: Destination) -> list[tuple[int, int] | None]:
    """Tell which files are the checkpoint's main ones."""
    found: list[tuple[int, int] | None] = []
    for main in (destination.path, destination.index, destination.ranks_index):
        try:
            status = os.stat(main)
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return found


def _advice(error: OSError, path: Path, needed: int) -> str:
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return f": there is no directory {path.parent}; make it first"
    if error.errno not in _FULL:
        return ""
    free = ""
    with contextlib.suppress(OSError):
        status = os.statvfs(path.parent)
        free = f", and {show.format_bytes(status.f_bavail * status.f_frsize)} are free"
    return f": the checkpoint needs {show.format_bytes(needed)} beside what is there{free}"
