"""What is said of a mesh that does not go with a model."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence

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


def tied_apart(
    target: str, source: str, of_target: Mapping[str, Collection[int]], of_source: Mapping[str, Collection[int]]
) -> str:
    """Say that two names of one parameter are on different ranks, and what to do about it.

    Args:
        target: one name.
        source: the other.
        of_target: along each axis along which not all ranks have the first, where those are that have it.
        of_source: the same of the second; it is something else.
    """
    axis = next(axis for axis in {**of_target, **of_source} if of_target.get(axis) != of_source.get(axis))
    ends = sorted(", ".join(map(str, sorted(each[axis]))) if axis in each else "all" for each in (of_target, of_source))
    where, instead = f"stages {' and '.join(ends)}", "use one stage"
    if axis != "pp":
        where, instead = f"the ranks {' and '.join(ends)} along {axis!r}", f"use a mesh without {axis!r}"
    return f"{target} and {source} are one parameter and on {where}: {instead}"
