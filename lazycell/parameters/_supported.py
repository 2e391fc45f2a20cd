"""The versions of MindSpore that lazycell was tested with; imported before anything that others may not have."""

from __future__ import annotations

import re
import warnings

import mindspore

OLDEST = (2, 8)
NEWEST = (2, 10)


def numbers_of(version: str) -> tuple[int, ...]:
    """Give the first two numbers of a version, which compare: those of the newest if it has none."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else NEWEST


def check(version: str) -> None:
    """Refuse an older version than the oldest that was tested, and warn of a newer one.

    Raises:
        ImportError: it is older.
    """
    numbers = numbers_of(version)
    tested = " to ".join(".".join(map(str, each)) for each in sorted({OLDEST, NEWEST}))
    if numbers < OLDEST:
        raise ImportError(
            f"lazycell runs with MindSpore {tested}, and {version} is installed: it lacks what parameters without "
            f'values need. Install another: pip install "mindspore=={NEWEST[0]}.{NEWEST[1]}.*"'
        )
    if numbers > NEWEST:
        warnings.warn(
            f"lazycell was tested with MindSpore {tested}, and {version} is installed: it uses parts of MindSpore that "
            "are not public, and nobody has tried whether they are the same",
            RuntimeWarning,
            stacklevel=2,
        )


check(mindspore.__version__)
