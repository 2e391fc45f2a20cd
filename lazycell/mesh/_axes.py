"""What is said of a mesh whose axes are not those of a model."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

REPLICATED = "dp"
"""The axis whose ranks may hold the same: along any other one something has to be divided."""


def unknown_axis(axes: Iterable[str], known: Sequence[str], model: str) -> str | None:
    """Say which axis of a mesh divides nothing of a model; None if each does, but for `dp`.

    Args:
        axes: of the mesh.
        known: along which anything of the model is divided.
        model: name of the class.
    """
    for axis in axes:
        if axis != REPLICATED and axis not in known:
            has = f"; its axes: {', '.join(known)}" if known else ""
            near = difflib.get_close_matches(axis, known, n=1, cutoff=0.5)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            return (
                f"mesh has the axis {axis!r}, along which nothing of {model} is divided{hint}{has}. "
                "Name one dp if its ranks are to hold the same"
            )
    return None
