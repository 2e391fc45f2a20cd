"""Checkpoints on the command line: paths, and repositories that the hub's cache has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .. import hub, pretrained
from .._location import did_you_mean

_F = TypeVar("_F", bound=Callable[..., Any])


def revision_option(command: _F) -> _F:
    """Add `--revision` to a command, which gets one argument, `revision`; see `check_revision`."""
    return click.option(
        "--revision", metavar="REV", help="Branch, tag or commit of a repository ORG/NAME in the hub's cache."
    )(command)


def check_revision(revision: str | None, *words: str) -> None:
    """Refuse a revision that cannot be, or that is of none of these words.

    Raises:
        click.UsageError: it is so.
    """
    if revision is None:
        return
    try:
        hub.check_revision(revision)
    except ValueError as error:
        raise click.UsageError(f"--{error}") from None
    if not any(pretrained.repository_named(each) for each in words if each):
        raise click.UsageError(f"--revision {revision}: no repository is named, only what is on this disk")


def on_disk(word: str, revision: str | None, *, weights: bool = True) -> Path:
    """Give the path that a word is, or the directory in the cache of the repository that it names.

    Args:
        word: a path, or the id of a repository, if nothing is at a path of that name.
        revision: of the repository; None: its branch `main`.
        weights: whether they have to be there.

    Raises:
        HubError: it is neither a path nor in the cache; commands download nothing.
    """
    if revision is None and os.path.lexists(word):  # what is there is no repository's
        return Path(word)
    repository = pretrained.repository_named(word) if word else None
    if repository is None:
        return Path(word)
    meant = did_you_mean(repository, (each for each in hub.cached_repositories() if each != repository))
    advice = f"commands download nothing, `{hub.command_for(repository, revision)}` does"
    return pretrained.in_cache(repository, revision, advice=f"{advice}{meant}", weights=weights)
