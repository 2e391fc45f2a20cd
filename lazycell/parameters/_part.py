"""Parameters of which this rank has a part: the mark, and what carries it on.

Such a parameter has the shape of the part. Where it is in the whole stands in its `__dict__`, where whoever has the
parameter finds it, and nothing else costs anything where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from mindspore.common.initializer import Constant, One, Zero

from ._framework import cells_of, parameters_of

if TYPE_CHECKING:
    from mindspore import nn

    from ..mesh import Mesh, Place

PLACE = "_lazycell_place"

MESH = "_lazycell_mesh"
"""In the `__dict__` of each declared cell that was built on a mesh of several ranks, and of each part."""

ELSEWHERE = "_lazycell_elsewhere"
"""In the `__dict__` of a declared cell: paths of what is declared and not there, as other ranks have it."""

_PARTIAL, _COPIES = "_lazycell_partial", "_lazycell_copies"

CARRIED = (PLACE, MESH, "_lazycell_shares", "_lazycell_shard", _PARTIAL, _COPIES)
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
    if MESH in attributes or PLACE in attributes or _PARTIAL in attributes or _COPIES in attributes:
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


def mesh_of(net: nn.Cell) -> Mesh | None:
    """Give the mesh that a net, or a declared cell in a plain one, was built on; None: there is one rank.

    To look takes a twentieth of a load into many cells: ask `mesh.sizes_of_meshes` first.
    """
    waiting = [net]
    while waiting:
        cell = waiting.pop()
        mesh: Mesh | None = cell.__dict__.get(MESH)
        if mesh is not None:
            return mesh
        if "_lazycell_values" not in cell.__dict__:  # what is below a declared cell was built with it
            for parameter in parameters_of(cell).values():  # of an optimizer: made of those of a net
                if parameter is not None and MESH in parameter.__dict__:
                    return parameter.__dict__[MESH]
            waiting += [each for each in cells_of(cell).values() if each is not None]
    return None
