"""A command does not replace a checkpoint unless it is told to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from .. import saving
from .._errors import CheckpointError
from . import _answers

if TYPE_CHECKING:
    from ..saving import Destination


def destination_at(path: str, format: str | None, max_shard_size: str | None, *, force: bool) -> Destination:
    """Understand where a checkpoint is to be written.

    Args:
        path: a name that ends in .safetensors or .ckpt, or a directory.
        format: `safetensors` or `ckpt`; None: as the name says.
        max_shard_size: bytes of one file, `2GB`.
        force: whether a checkpoint that is there may be replaced.

    Raises:
        click.UsageError: the arguments contradict each other, or there is a checkpoint already.
        CheckpointError: there is something that is no file.
    """
    try:
        destination = saving.destination_of(path, format, max_shard_size)
    except CheckpointError:  # a ValueError too, but what is at the path is no wrong usage
        raise
    except ValueError as error:
        raise click.UsageError(_answers.in_options(error)) from None
    there = [each for each in destination.mains if os.path.lexists(each)]
    if there and not force:
        raise click.UsageError(f"{there[0]} exists: write --force to replace it, or give another name")
    return destination
