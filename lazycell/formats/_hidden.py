"""The hidden files of saves: how they are named, and what they say about the files that they are links of.

A save writes `.NAME.TOKEN~FILE.lazycell` beside a checkpoint; `saving/_atomic.py` says why.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

INDEX_SUFFIX = ".index.json"

RANKS_SUFFIX = ".ranks.index.json"
"""Of the index over files that each rank of a mesh wrote one of."""

RANKS = "lazycell.ranks"
"""What that index says that it is."""

# `.NAME.TOKEN.lazycell` is a lock, `.NAME.TOKEN~FILE.lazycell` a file that is meant for the name FILE, or has it.
HIDDEN = re.compile(r"\.(?P<name>.+)\.(?P<token>[0-9a-f]{8})(?:~(?P<file>.+))?\.lazycell", re.DOTALL)


def is_in_transit(path: Path) -> bool:
    """Whether a save that was killed, or is going on, has put this file in place, or is about to remove it.

    Of two main files such a one is the old one: the new one is there already. A shard that no index names yet, or any
    more, is no checkpoint by itself.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return status.st_nlink > 1 and any(
        hidden["file"] == path.name and is_file(path.parent / hidden[0], status) for hidden in hidden_files(path.parent)
    )


def hidden_files(directory: Path) -> Iterator[re.Match[str]]:
    """Give the names of the hidden files in a directory, matched by `HIDDEN`."""
    for name in os.listdir(directory):
        if name.startswith(".") and (match := HIDDEN.fullmatch(name)) is not None:
            yield match


def is_file(path: Path, status: os.stat_result) -> bool:
    """Whether `path` is the file that has this status; a link is not what it points to."""
    try:
        return os.path.samestat(os.lstat(path), status)
    except OSError:
        return False
