"""A cache as the client leaves it, written by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def write_snapshot(
    home: Path, repository: str, files: Mapping[str, bytes], *names: str, commit: str = "c0ffee"
) -> Path:
    """Write a commit of a repository, files linked to blobs, into the cache of `HF_HOME`; gives its snapshot.

    Args:
        home: what `HF_HOME` says.
        repository: its id.
        files: by name.
        names: branches and tags that are this commit; default: `main`.
        commit: its hash.
    """
    root = home / "hub" / f"models--{repository.replace('/', '--')}"
    snapshot = root / "snapshots" / commit
    for folder in (snapshot, root / "blobs", root / "refs"):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        blob = root / "blobs" / hashlib.sha1(content).hexdigest()
        blob.write_bytes(content)
        (snapshot / name).symlink_to(blob)
    for name in names or ("main",):
        (root / "refs" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "refs" / name).write_text(commit)
    return snapshot
