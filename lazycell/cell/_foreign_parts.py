"""What was put into a net on a mesh after it was built: refused, where nobody can tell what other ranks have of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mindspore import nn

from ..manifest import Outline, divisions_among
from ..mesh import Mesh, Place
from ..parameters import part_of

_INSTEAD = "Ranks have parts of what classes declare: declare it, in a class that is derived from the model's, say"


def check_cells(cells: Iterable[tuple[str, nn.Cell]]) -> None:
    """Refuse cells of which one is inside of another, and built on another mesh.

    Args:
        cells: all of a net, by path.

    Raises:
        ValueError: there are such.
    """
    meshes = {path: cell.__dict__.get("_lazycell_mesh") for path, cell in cells if "_lazycell_values" in cell.__dict__}
    for path, mesh in meshes.items():
        if mesh is None:
            continue
        for outer in _around(path):
            if outer in meshes and meshes[outer] != mesh:
                on = "without a mesh" if meshes[outer] is None else f"on {meshes[outer]}"
                raise ValueError(
                    f"{path} was built on {mesh}, and {outer or 'the net'}, which it is in, {on}: build both on one"
                )


def _around(path: str) -> list[str]:
    segments = path.split(".")
    return [".".join(segments[:end]) for end in range(len(segments))] if path else []


def check_parts(outline: Outline, wholes: Mapping[str, nn.Cell], parameters: Mapping[str, Any]) -> None:
    """Refuse parameters of which this rank has something else than its part.

    Args:
        outline: of the whole.
        wholes: cells that were built on a mesh and are inside of no other, by path.
        parameters: of the net, by full name.

    Raises:
        ValueError: a parameter is not there, is there and should be on other ranks, or is another part, or all of it.
    """
    meshes: dict[str, Mesh] = {path: cell.__dict__["_lazycell_mesh"] for path, cell in wholes.items()}
    for name, division in divisions_among(outline.entries, outline.owners).items():
        path = next((path for path in meshes if not path or name.startswith(f"{path}.")), None)
        if path is None:
            continue
        mesh, parameter = meshes[path], parameters.get(name)
        place = division.place(mesh)
        if parameter is None and place is None:
            continue
        if parameter is not None and place is not None:
            part = part_of(parameter)
            if tuple(parameter.shape) == place.shape and part == (None if place.shape == place.whole else place):
                continue
        has = "is not there" if parameter is None else f"is {_text(tuple(parameter.shape), part_of(parameter))}"
        should = "should be on other ranks" if place is None else f"should be {_text(place.shape, place)}"
        raise ValueError(
            f"{name} {has} and {should}, as {type(wholes[path]).__name__} declares it on {mesh}: was a part of the net "
            f"replaced after it was built? {_INSTEAD}"
        )


def refuse_other_parameters(path: str, old: nn.Cell, new: nn.Cell, mesh: Mesh) -> None:
    """Refuse to put a cell in the place of another of a net on a mesh, unless it has the same parameters.

    Args:
        path: of the place.
        old: the cell that is there.
        new: the one that is to be there.
        mesh: of the net.

    Raises:
        ValueError: it has others, or some are not in it.
    """
    had, has = ({name: id(each) for name, each in cell.parameters_and_names()} for cell in (old, new))
    if has != had:
        name = next(name for name in (*has, *had) if has.get(name) != had.get(name))
        what = "is another parameter" if name in has else "is not there any more"
        raise ValueError(
            f"swap: the net was built on {mesh}, and {path}.{name} {what}: nobody could tell what other ranks have of "
            f"it. {_INSTEAD}"
        )


def _text(shape: tuple[int, ...], place: Place | None) -> str:
    return f"{shape}" if place is None or place.whole == shape else f"{shape} of {place.whole}"
