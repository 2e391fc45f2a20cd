"""What is refused of a save, in words for whoever asked: of the arguments of a call, or of the command's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import mismatch
from .._errors import CheckpointError
from .._harmless import printable

if TYPE_CHECKING:
    from ..mismatch import Argument


class _Refused(Exception):
    def __init__(self, *words: str | Argument) -> None:
        super().__init__(printable(mismatch.said(words, mismatch.PYTHON)))
        self.words = words
        """For any dialect; the message itself is for Python."""


class ArgumentRefused(_Refused, ValueError):
    """Arguments mean nothing, or contradict each other."""


class FileRefused(_Refused, CheckpointError):
    """There is no file that could hold what is to be saved."""


def argument(name: str, value: object) -> str | Argument:
    """Give an argument of a save in a sentence; what is no text, no shell can have given."""
    return mismatch.Argument(name, value) if isinstance(value, str) else f"{name}={value!r}"
