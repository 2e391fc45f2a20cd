"""What is killed, and how what it leaves is looked at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol


class Lost(AssertionError):
    """A kill lost something, or left something that stays."""


class Operation(Protocol):
    """Something that changes files; `number` chooses among what may be there before it."""

    def prepare(self, directory: Path, number: int) -> None:
        """Put what was there into an empty directory."""

    def act(self, directory: Path, number: int) -> None:
        """Do it; in a child."""

    def examine(self, directory: Path, number: int) -> str:
        """Look at what a kill left: `old`, `new`, or, where every part may be one of the two, `between`.

        Raises:
            Lost: it is none of them.
        """

    def again(self, directory: Path, number: int) -> None:
        """Do it once more, and look whether it is done, and nothing else is there.

        Raises:
            Lost: it is not.
        """


def check(holds: bool, what: str) -> None:
    """Raise `Lost` if something does not hold."""
    if not holds:
        raise Lost(what)


def listing(directory: Path) -> list[str]:
    """Give the names in a directory, hidden ones too."""
    return sorted(os.listdir(directory))
