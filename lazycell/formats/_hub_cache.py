"""One repository in the cache of Hugging Face's hub: which of its snapshots a revision is.

`models--ORG--NAME/` holds `snapshots/COMMIT/`, a directory with the files of one commit, links to `blobs/` for the most
part, and `refs/REVISION`, a file for each branch and tag that was asked for, with the commit that it was then
(https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
"""

from __future__ import annotations

from pathlib import Path

_LONGEST = 100
"""Characters of a commit; git's have 40, or 64."""


def snapshot_of(root: Path, revision: str) -> Path | None:
    """Give the directory of a branch, a tag or a commit; None: it is not there.

    Args:
        root: of the repository, `models--ORG--NAME`.
        revision: as it was asked for.
    """
    for commit in (_first_line(root / "refs" / revision), revision):
        snapshot = root / "snapshots" / commit
        if _is_plain(commit) and snapshot.is_dir():
            return snapshot
    return None


def snapshots_in(root: Path) -> list[Path]:
    """List the directories of all commits that are there."""
    try:
        return sorted(entry for entry in (root / "snapshots").iterdir() if entry.is_dir())
    except OSError:
        return []


def _is_plain(commit: str) -> bool:
    return commit.isalnum() and len(commit) <= _LONGEST  # neither empty nor a path


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode("ascii", "replace").strip()
    except OSError:
        return ""
