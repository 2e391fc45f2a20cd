"""Parameters of which this rank has a part: the mark, and what carries it on.

Such a parameter has the shape of the part. Where it is in the whole stands in its `__dict__`, where whoever has the
parameter finds it, and nothing else costs anything where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from mindspore.common.initializer import Constant, One, Zero

if TYPE_CHECKING:
    from ..mesh import Place

PLACE = "_lazycell_place"

_PARTIAL, _COPIES = "_lazycell_partial", "_lazycell_copies"

CARRIED = (PLACE, _PARTIAL, _COPIES)
"""What of ranks a parameter's `__dict__` may hold: copies, pickles and the states of optimizers have it, too."""

_NOTHING: dict[str, Any] = {}

_SAME_EVERYWHERE = (Zero, One, Constant)


def mark_part(parameter: Any, place: Place) -> None:
    """Say that a parameter is what this rank has of a larger one.

    Args:
        parameter: of the part's shape.
        place: of the part.
    """
    assert tuple(parameter.shape) == place.shape, (parameter.shape, place)
    parameter.__dict__[PLACE] = place


def part_of(parameter: Any) -> Place | None:
    """Give where a parameter or buffer is in the whole; None: it is the whole."""
    place: Place | None = parameter.__dict__.get(PLACE)
    return place


def record_of_part(parameter: Any) -> Mapping[str, Any]:
    """Give what a copy of a parameter has to have of ranks, for its `__dict__`."""
    attributes = parameter.__dict__
    if PLACE in attributes or _PARTIAL in attributes or _COPIES in attributes:
        return {name: attributes[name] for name in CARRIED if name in attributes}
    return _NOTHING


def shapes_text(shape: tuple[int, ...], whole: tuple[int, ...] | None) -> str:
    """Print a shape: `(32, 64) of (64, 64)` for a part."""
    return f"{shape}" if whole is None else f"{shape} of {whole}"


def cut(whole: np.ndarray[Any, Any], place: Place) -> np.ndarray[Any, Any]:
    """Give a part of an array, in memory of its own."""
    part: np.ndarray[Any, Any] = np.empty(place.shape, whole.dtype)
    for there, here in place.boxes():
        part[tuple(slice(*each) for each in here)] = whole[tuple(slice(*each) for each in there)]
    return part


def is_same_everywhere(initializer: Any) -> bool:
    """Tell whether a part of what an initializer gives can be had by running it for the part's shape."""
    return isinstance(initializer, _SAME_EVERYWHERE)
