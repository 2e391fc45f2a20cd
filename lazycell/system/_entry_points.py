"""What installed packages announce. Its import takes 20 ms, which whoever does not ask need not pay."""

from __future__ import annotations

import warnings
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points as all_of


def entry_points(group: str) -> list[EntryPoint]:
    """List the entry points of a group, in the order in which packages are found; malformed ones are passed over.

    Warns:
        RuntimeWarning: the value of one names no module, so that asking it for its module would fail.
    """
    return [entry for entry in all_of(group=group) if _is_sound(entry)]


def _is_sound(entry: EntryPoint) -> bool:
    if EntryPoint.pattern.match(entry.value) is not None:
        return True
    package = "" if entry.dist is None else f" of the package {entry.dist.name!r}"
    warnings.warn(
        f"the entry point {entry.name!r}{package} in {entry.group!r} is {entry.value!r:.80}, which is no module, and "
        "is passed over",
        RuntimeWarning,
        stacklevel=3,
    )
    return False
