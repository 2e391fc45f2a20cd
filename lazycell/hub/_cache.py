"""What the cache has of a repository, read without the client."""

from __future__ import annotations

import os
from pathlib import Path

from .._errors import CheckpointFormatError
from .._frozen import frozen
from ..formats import choose, files_of, snapshot_of, snapshots_in, what_it_is
from ..show import few

_SHOWN = 3


@frozen
class Cached:
    """What there is of a revision.

    Attributes:
        snapshot: the directory with its files; None: there is none.
        problem: what is not there; None: all the weights are, or were not asked for.
    """

    snapshot: Path | None
    problem: str | None


def cache_directory() -> Path:
    """Say where the cache is, as `huggingface_hub` does (`constants.py`): `HF_HUB_CACHE`, or in `HF_HOME`."""
    home = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache"), "huggingface")
    home = os.environ.get("HF_HOME") or home
    own = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub")
    return Path(os.path.expandvars(os.path.expanduser(own)))


def root_of(repository: str) -> Path:
    """Give the directory in the cache of all that there is of a repository."""
    return cache_directory() / "--".join(("models", *repository.split("/")))


def look_up(repository: str, revision: str | None, *, weights: bool = True) -> Cached:
    """Look for a revision of a repository in the cache.

    Args:
        repository: its id.
        revision: a branch, a tag or a commit; None: the branch `main`.
        weights: whether they have to be there.

    Raises:
        CheckpointFormatError: what is there does not load, and a download would not change it: several checkpoints,
            an index that is none, weights of a kind that lazycell does not read.
    """
    root = root_of(repository)
    snapshot = snapshot_of(root, revision or "main")
    if snapshot is None:
        return Cached(None, _absent(root, revision))
    return Cached(snapshot, _lacking(root, snapshot) if weights else None)


def cached_repositories() -> list[str]:
    """Give the ids of the repositories of models that the cache has anything of."""
    try:
        names = sorted(os.listdir(cache_directory()))
    except OSError:
        return []
    return ["/".join(name.split("--")[1:]) for name in names if name.startswith("models--")]


def _absent(root: Path, revision: str | None) -> str:
    there = snapshots_in(root)
    if not there:
        return f"{root.parent} has nothing of it"
    others = [each.name for each in there if _is_whole(root, each)]
    if not others:
        return f"{root.parent} has no commit of it whole{_cut(root)}"
    what = "its branch main" if revision is None else f"its revision {revision!r}"
    return f"{root.parent} does not have {what}, but commit {few(others, _SHOWN)}"


def _lacking(root: Path, snapshot: Path) -> str | None:
    # A link whose blob was removed is no file.
    names = sorted(entry.name for entry in snapshot.iterdir() if entry.is_file())
    chosen = choose(snapshot, names)
    lacking = [name for name in files_of(snapshot, chosen) if not (snapshot / name).is_file()]
    if chosen and not lacking:
        return None
    if lacking:
        return f"{snapshot} lacks {few(lacking, _SHOWN)} of its weights{_cut(root)}"
    what = what_it_is(snapshot, [name for name in names if name != "config.json"])
    if what is not None:
        raise CheckpointFormatError(f"{snapshot}: {what}")
    there = f", only {few(names, _SHOWN)}" if names else ""
    return f"{snapshot} has no weights{there}{_cut(root)}"


def _is_whole(root: Path, snapshot: Path) -> bool:
    try:
        return _lacking(root, snapshot) is None
    except CheckpointFormatError:
        return False


def _cut(root: Path) -> str:
    return "; a download of it was cut off, or goes on" if any(root.glob("blobs/*.incomplete")) else ""
