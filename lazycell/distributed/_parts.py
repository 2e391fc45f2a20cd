"""What of a parameter this rank has."""

from __future__ import annotations

from typing import Any

from ..mesh import Box, Place


def place_of(parameter: Any) -> Box:
    """Give where in the whole parameter this rank's part is: start and stop of each dimension.

    Args:
        parameter: of a net; one that is no part has all of each dimension.

    Returns:
        For each dimension the first position and the one behind the last.

    Raises:
        ValueError: the part is several boxes, as of a `fused(…)` one, which `places_of` gives.
    """
    boxes = places_of(parameter)
    if len(boxes) > 1:
        name = getattr(parameter, "name", "the parameter")
        raise ValueError(f"{name} is divided section by section, this rank has {len(boxes)} boxes of it: places_of(…)")
    return boxes[0]


def places_of(parameter: Any) -> tuple[Box, ...]:
    """Give where in the whole parameter this rank's part is, as boxes: start and stop of each dimension.

    One box, unless a dimension is `fused(…)`: then one for each section, in the order in which they are in the part.

    Args:
        parameter: of a net; one that is no part has all of each dimension.

    Returns:
        The boxes, each for every dimension the first position and the one behind the last.
    """
    place = _place(parameter)
    if place is None:
        return (tuple((0, size) for size in parameter.shape),)
    return tuple(where for where, _ in place.boxes())


def shard_of(parameter: Any) -> tuple[str | tuple[str, ...] | None, ...]:
    """Give for each dimension the axis of the mesh along which ranks have parts of it.

    None: nothing divides it; several axes: a tuple of them, the outermost first. What is `shared` and has but one part,
    which all ranks have, is divided too: each uses it for its part of something, one key head for its queries.

    Args:
        parameter: of a net.

    Returns:
        For each dimension an axis, several, or None.
    """
    shard: tuple[str | tuple[str, ...] | None, ...] | None = parameter.__dict__.get("_lazycell_shard")
    if shard is not None:
        return shard
    place = _place(parameter)
    return (None,) * len(parameter.shape) if place is None else place.shard


def _place(parameter: Any) -> Place | None:
    place: Place | None = parameter.__dict__.get("_lazycell_place")
    return place
