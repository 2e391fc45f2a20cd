"""A mesh on the command line: `tp=8,dp=2`."""

from __future__ import annotations

import click


def axes_of(text: str) -> dict[str, int]:
    """Read the size of each axis.

    Raises:
        click.UsageError: it is no list of names and sizes.
    """
    axes: dict[str, int] = {}
    for part in text.split(","):
        name, equals, size = (each.strip() for each in part.partition("="))
        if not (name and equals and size.isascii() and size.isdecimal() and len(size) < 10 and int(size)):
            raise click.UsageError(f"--mesh {text}: write a name and a size for each axis, --mesh tp=8,dp=2")
        if name in axes:
            raise click.UsageError(f"--mesh {text}: axis {name} is there twice")
        axes[name] = int(size)
    return axes
