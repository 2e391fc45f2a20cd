"""What one rank of a mesh holds of a parameter: its `shard`, checked and applied."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..mesh import mesh_text

if TYPE_CHECKING:
    from ..layout import ManifestEntry


def axes_of(
    entry: ManifestEntry, mesh: Mapping[str, int], shard: tuple[Any, ...] | None
) -> tuple[tuple[str, ...], ...]:
    """Give, for each dimension of a parameter, the axes of the mesh that divide it.

    Args:
        entry: the parameter.
        mesh: the size of each axis.
        shard: what is stated for each of its dimensions.

    Raises:
        ValueError: `shard` has not one entry a dimension, or names an axis twice, or one that the mesh lacks.
    """
    if shard is None:
        return ((),) * len(entry.shape)
    if len(shard) != len(entry.shape):
        raise ValueError(
            f"parameter {entry.name!r} has shard={shard!r}, {len(shard)} entries, and its shape "
            f"{entry.shape} has {len(entry.shape)} dimensions: write an axis, a tuple of axes, or None for each"
        )
    axes = tuple(_axes_of_dimension(entry, each) for each in shard)
    seen: set[str] = set()
    for axis in (axis for each in axes for axis in each):
        if axis not in mesh:
            raise ValueError(_lacking(entry, axis, mesh))
        if axis in seen:
            raise ValueError(
                f"parameter {entry.name!r} has shard={shard!r}, which names the axis {axis!r} twice: an axis "
                f"can divide one dimension, once"
            )
        seen.add(axis)
    return axes


def _axes_of_dimension(entry: ManifestEntry, axes: Any) -> tuple[str, ...]:
    if axes is None:
        return ()
    if isinstance(axes, str):
        return (axes,)
    if isinstance(axes, (tuple, list)) and all(isinstance(axis, str) for axis in axes):
        return tuple(axes)
    raise ValueError(
        f"parameter {entry.name!r} has {axes!r} in its shard={entry.shard!r}: write the name of an axis, a tuple of "
        f"names, or None"
    )


def _lacking(entry: ManifestEntry, axis: str, mesh: Mapping[str, int]) -> str:
    has = ", ".join(mesh) or "none"
    return (
        f"parameter {entry.name!r} is divided over the axis {axis!r}, which the mesh lacks; its axes: {has}. "
        f"If there is no such axis, write mesh={mesh_text({**mesh, axis: 1})}"
    )


def local_shape(entry: ManifestEntry, axes: tuple[tuple[str, ...], ...], mesh: Mapping[str, int]) -> tuple[int, ...]:
    """Give the shape of what one rank holds.

    Raises:
        ValueError: a dimension cannot be divided by its axes.
    """
    shape = list(entry.shape)
    for dimension, each in enumerate(axes):
        parts = math.prod(mesh[axis] for axis in each)
        if shape[dimension] % parts:
            sizes = " * ".join(f"{axis}={mesh[axis]}" for axis in each)
            raise ValueError(
                f"parameter {entry.name!r} of shape {entry.shape}: dimension {dimension}, {shape[dimension]}, cannot "
                f"be divided into {parts} equal parts ({sizes}): choose another mesh, or another shape or shard"
            )
        shape[dimension] //= parts
    return tuple(shape)
