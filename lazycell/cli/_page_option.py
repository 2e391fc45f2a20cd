"""`--html OUT` of commands that show something: what may be written there is told before any work is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])

_START = b"<!DOCTYPE html>"


def page_option(words: str) -> Callable[[_F], _F]:
    """Add `--html` to a command, which gets one argument, `page`; see `check_page`.

    Args:
        words: what the page is, for the help.
    """
    return click.option("--html", "page", type=click.Path(path_type=Path), metavar="OUT", help=words)


def check_page(page: Path) -> None:
    """Refuse a place where no page can be, and one where something else is: a page is replaced, a checkpoint never.

    Raises:
        click.UsageError: it is so.
        FileNotFoundError: there is no such directory.
    """
    if str(page) == "-":
        raise click.UsageError("--html -: a page goes into a file, which a browser opens: write --html model.html")
    if page.is_dir():
        raise click.UsageError(f"--html {page} is a directory: give the name of a file, {page / 'model.html'}")
    if not page.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(page))
    if page.is_file() and not _is_page(page):
        raise click.UsageError(f"--html {page}: that file is there, and it is no page: give another name")


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(len(_START))
    return start.upper() == _START.upper() or not start
