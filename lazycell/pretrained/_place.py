"""Where what a user names is on this disk: a path as it is, a repository of the hub in its cache."""

from __future__ import annotations

import os
import shlex
import warnings
from os import PathLike
from pathlib import Path

from .. import hub
from .._arguments import file_path
from .._errors import HubError, HubWarning
from .._harmless import printable


def find_place(path: str | PathLike[str], revision: str | None = None) -> Path:
    """Give the path itself, or the directory in the cache with the files of the repository that it names.

    What is at a path takes precedence, and only text can name a repository. If the client is installed and nothing
    forbids the network, the hub is asked, and what is not in the cache downloaded; else the cache has to have it.

    Args:
        path: a path, or a repository's id.
        revision: of the repository, a branch, a tag or a commit; None: the branch `main`.

    Warns:
        HubWarning: the hub does not answer; the cache has the revision, perhaps an older state of it.

    Raises:
        HubError: the repository, the revision or its weights are neither in the cache nor to be downloaded.
        CheckpointFormatError: what is there does not load: several checkpoints, say, or an adapter alone.
        TypeError: `path` is no path, or `revision` no text.
        ValueError: the path is empty, or something is at it and has no revisions; or there can be no such revision.
    """
    repository = repository_named(path, revision)
    if repository is None:
        return file_path(path, "path")
    forbidden = hub.offline()
    if forbidden is None and hub.is_installed():
        return _newest(repository, revision)
    why = f"{forbidden} is set" if forbidden else "huggingface_hub is not installed"
    way = f"`{hub.command_for(repository, revision)}` gets it where there is a network"
    if forbidden is None:
        way = f'`pip install "lazycell[hub]"` lets it be, and {way}'
    return in_cache(repository, revision, advice=f"nothing is downloaded, since {why}: {way}")


def in_cache(repository: str, revision: str | None, *, advice: str, weights: bool = True) -> Path:
    """Give the directory in the cache with the files of a repository.

    Args:
        repository: its id.
        revision: a branch, a tag or a commit; None: the branch `main`.
        advice: what to do if it is not there.
        weights: whether they have to be there, all of them.

    Raises:
        HubError: it is not there.
        CheckpointFormatError: what is there does not load: several checkpoints, say, or an adapter alone.
    """
    found = hub.look_up(repository, revision, weights=weights)
    if found.snapshot is not None and found.problem is None:
        return found.snapshot
    start = f"there is nothing at {repository}, and the hub's cache cannot give the repository of that name"
    raise HubError(f"{start}: {found.problem}; {advice}")


def repository_named(path: str | PathLike[str], revision: str | None = None) -> str | None:
    """Give the id of the repository that a text names; None: something is there, or it can only be a path.

    Raises:
        HubError: it is the address of a repository's page, and not its id; or a file of GGUF in a repository.
        TypeError: `path` is no path, or `revision` no text.
        ValueError: the path is empty, or has no revisions; or there can be no such revision.
    """
    there = os.path.lexists(file_path(path, "path"))
    if there and revision is None:
        return None
    hub.check_revision(revision)
    if isinstance(path, str) and not there:
        if hub.is_repository(path):
            return path
        file = hub.gguf_file_at(path)
        if file is not None and not os.path.lexists(path.partition("/")[0]):
            how = f"{hub.command_for(file[0], revision)} {shlex.quote(file[1])}"
            raise HubError(
                f"there is nothing at {path}; if it is a file of a repository on the hub, `{how}` gets it, and prints "
                "where it is: give that path"
            )
        address = hub.repository_at(path)
        if address is not None:
            raise HubError(f"{path} is an address: give the repository's id, {address!r}")
    if revision is not None:
        what = "is a path on this disk" if there else "can only be a path"
        raise ValueError(
            f"revision={revision!r}: only repositories of the hub have revisions, and {printable(str(path))} {what}"
        )
    return None


def _newest(repository: str, revision: str | None) -> Path:
    try:
        return hub.download(repository, revision)
    except hub.UnansweredError as error:
        found = hub.look_up(repository, revision)
        if found.snapshot is None or found.problem is not None:
            text = f"there is nothing at {repository}, and the repository of that name is not to be had: {error}"
            raise HubError(f"{text}; nor from the cache: {found.problem}") from error
        warnings.warn(
            f"{error}; the cache's {found.snapshot} is loaded, which may be older",
            HubWarning,
            stacklevel=4,  # of whoever called from_pretrained
        )
        return found.snapshot
