"""Where a declaration stands in the user's source, for messages and manifests."""

from __future__ import annotations

import difflib
import linecache
import os
import re
import sys
from collections.abc import Iterable
from types import FrameType

from ._frozen import frozen

# Every file below this directory is lazycell's own; `__package__` may be one of its subpackages.
_PACKAGE = os.path.dirname(sys.modules[__name__.partition(".")[0]].__file__ or "") + os.sep
_COMMANDS = os.path.join(_PACKAGE, "cli", "")

GENERATED = "<lazycell generated "
"""How the file names of generated constructors start."""


@frozen
class Location:
    """One line of a source file."""

    module: str
    filename: str
    line: int

    @property
    def source(self) -> str:
        """The text of the line, stripped; empty where there is no source (a prompt, `exec`)."""
        return linecache.getline(self.filename, self.line).strip()

    @property
    def short(self) -> str:
        """`models/layers.py:31`: made from the module's name, so that it is the same on every machine."""
        return f"{self.module.replace('.', '/')}.py:{self.line}"

    def __str__(self) -> str:
        """Give two lines to put below a message: file and line as editors link them, and the text."""
        return f'  File "{self.filename}", line {self.line}' + (f"\n    {self.source}" if self.source else "")


def frame_location(frame: FrameType) -> Location:
    """Give the line that `frame` is executing."""
    return Location(frame.f_globals.get("__name__", "?"), frame.f_code.co_filename, frame.f_lineno)


def is_own(frame: FrameType) -> bool:
    """Tell whether `frame` runs code of this package, generated constructors included."""
    return frame.f_code.co_filename.startswith((_PACKAGE, GENERATED))


def user_location() -> Location | None:
    """Give the innermost line outside this package: the one the user wrote."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_own(frame):
        frame = frame.f_back
    return None if frame is None else frame_location(frame)


def calling_location() -> Location | None:
    """Give the line of the user's that called; None where a command did, which nobody has written."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_own(frame):
        if frame.f_code.co_filename.startswith(_COMMANDS):
            return None
        frame = frame.f_back
    return None if frame is None else frame_location(frame)


def frames_to_user() -> int:
    """Give the `stacklevel` with which a warning of the caller's is about the line that the user wrote."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and is_own(frame):
        frame, level = frame.f_back, level + 1
    return level


def message(subject: str, problem: str, location: Location | None = None) -> str:
    """Lay out a message: what it is about, what is wrong and what to write, and where."""
    text = f"{subject}: {problem}" if subject else problem
    return text if location is None else f"{text}\n{location}"


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Give `; did you mean `x`?`, or nothing when no candidate is near."""
    near = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


def really_like(name: str, candidates: Iterable[str]) -> str:
    """Give `; did you mean `x`?` where `name` can only be `x` misspelt.

    Where names come from files, most that are somewhat alike mean different things: `qwen2_moe` is no `qwen3_moe`.
    """
    numbers = re.findall(r"\d+", name)
    alike = [each for each in candidates if re.findall(r"\d+", each) == numbers]
    near = difflib.get_close_matches(name, alike, n=1, cutoff=0.85)
    return f"; did you mean `{near[0]}`?" if near else ""
