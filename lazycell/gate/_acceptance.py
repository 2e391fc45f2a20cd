"""Write what was accepted, all of it or nothing: manifests, and the entry in the log that says why.

Before the first file is touched, all that is to be written is put into one hidden file, which goes when the last one is
written. So whoever finds it knows that an acceptance was cut short, by a kill or a full disk, and finishes it. A file
that somebody has changed since is left as it is; if none is as accepted, it is as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._frozen import frozen
from ..system import JSONProblem, flush_directory, read_bounded, read_object, sweep_unfinished, write_whole
from ._gate_log import LOG, read_log, with_entry

_PLAN = ".accept.lazycell"
_FORMAT = "lazycell.acceptance"
_VERSION = 1


@frozen
class _Plan:
    """What is to be written into a directory.

    Attributes:
        before: for each file the digest of what it was; None: it was not there.
        after: for each file its text; None: it is to go.
        entry: what is added to the log.
    """

    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    entry: str

    def to_json(self) -> str:
        return json.dumps(
            {
                "format": _FORMAT,
                "version": _VERSION,
                "files": {name: {"before": self.before[name], "after": text} for name, text in self.after.items()},
                "entry": self.entry,
            },
            indent=1,
        )


def write_accepted(directory: Path, files: Mapping[str, str | None], entry: str) -> None:
    """Write files of a directory, which is made, and add to its log; killed at any point, `finish_accepted` goes on.

    Args:
        directory: where the manifests are.
        files: the text of each, by name; None: the file is to go.
        entry: as `entry_of` gives it.

    Raises:
        OSError: a file cannot be written; the message names it. If it was the first, nothing is changed.
        ManifestError: the log is not UTF-8; nothing is changed.
    """
    read_log(directory)  # one that cannot be continued is not found out about at the end
    directory.mkdir(parents=True, exist_ok=True)
    plan = _Plan({name: _digest_of(directory / name) for name in files}, files, entry)
    write_whole(directory / _PLAN, plan.to_json())
    flush_directory(directory)
    try:
        _carry_out(directory, plan)
    except OSError:
        if not _is_begun(directory, plan):
            with contextlib.suppress(OSError):
                (directory / _PLAN).unlink()
        raise


def is_unfinished(directory: Path) -> bool:
    """Whether an acceptance was cut short in a directory of manifests."""
    return (directory / _PLAN).is_file()


def finish_accepted(directory: Path) -> bool:
    """Finish what was cut short in a directory of manifests, and clear away what a kill left there.

    Returns:
        Whether something was finished; not where nothing had been written yet, or all of it was taken back.

    Raises:
        OSError: a file cannot be read or written; the next call tries again.
        ManifestError: the log is not UTF-8.
    """
    sweep_unfinished(directory)
    if not is_unfinished(directory):
        return False
    plan = _read(directory / _PLAN)
    if plan is None or not _is_begun(directory, plan):
        (directory / _PLAN).unlink()
        return False
    _carry_out(directory, plan)
    return True


def _carry_out(directory: Path, plan: _Plan) -> None:
    for name, text in plan.after.items():
        path = directory / name
        if _digest_of(path) != plan.before[name]:
            continue  # written already, or changed by others
        if text is None:
            path.unlink(missing_ok=True)
        else:
            write_whole(path, text)
    log = read_log(directory)
    if plan.entry not in log:
        write_whole(directory / LOG, with_entry(log, plan.entry))
    flush_directory(directory)
    (directory / _PLAN).unlink(missing_ok=True)


def _is_begun(directory: Path, plan: _Plan) -> bool:
    """Whether a file is as it is to be, and was not so before."""
    return any(
        plan.before[name] != after and _digest_of(directory / name) == after
        for name, after in ((name, _digest(text)) for name, text in plan.after.items())
    )


def _read(path: Path) -> _Plan | None:
    """Read a plan; None if it is none: it was written whole, so it is not lazycell's, or of a later one."""
    try:
        document: dict[str, Any] = read_object(read_bounded(path))
        if (document["format"], document["version"]) != (_FORMAT, _VERSION):
            return None
        files = {name: (each["before"], each["after"]) for name, each in document["files"].items()}
        entry = document["entry"]
    except (JSONProblem, LookupError, TypeError, AttributeError):
        return None
    texts = [each for pair in files.values() for each in pair if each is not None] + [entry]
    if not all(isinstance(text, str) for text in texts) or any(Path(name).name != name for name in files):
        return None
    return _Plan(
        {name: pair[0] for name, pair in files.items()}, {name: pair[1] for name, pair in files.items()}, entry
    )


def _digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def _digest_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(read_bounded(path)).hexdigest()
    except FileNotFoundError:
        return None
    except JSONProblem as problem:
        return str(problem)  # no digest: nobody wrote it for lazycell
