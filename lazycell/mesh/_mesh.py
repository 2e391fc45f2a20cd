"""A mesh of ranks, and the one in force."""

from __future__ import annotations

import math
import operator
import os
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from .._frozen import frozen


@frozen(init=False)
class Mesh:
    """How ranks are arranged: `Mesh(dp=2, tp=8)` has 16, and those along the last axis are neighbours.

    Plain data; models that are built inside `with Mesh(…):` have this rank's parts, and remember it.

    Attributes:
        axes: name and size of each axis, in order.
        rank: which one this is, from 0.
        whole: names of hyperparameters that are left whole, whatever `divide(…)` says of them.
    """

    axes: tuple[tuple[str, int], ...]
    rank: int
    whole: frozenset[str]

    def __init__(self, *, rank: int | None = None, **axes: int) -> None:
        """Arrange ranks.

        Args:
            rank: which one this is; None: MindSpore's, where communication is initialized, else what `msrun` says.
            axes: the size of each axis.

        Raises:
            TypeError: a size is no whole number.
            ValueError: a size is less than 1, `rank` is none of the mesh's, or `msrun` started another number of them.
        """
        sizes = checked_mesh(axes)
        ranks = math.prod(sizes.values())
        sizes_of_meshes.add(ranks)
        if rank is None:
            rank, started = _own_rank()
            if started is not None and started != ranks:
                text = ", ".join(f"{axis}={size}" for axis, size in sizes.items())
                raise ValueError(f"Mesh({text}) has {_counted(ranks)}, msrun started {started}")
        if isinstance(rank, bool) or not hasattr(rank, "__index__"):
            raise TypeError(f"rank={rank!r}: write the number of a rank, 0 to {ranks - 1}")
        if not 0 <= rank < ranks:
            only = "has the rank 0 alone" if ranks == 1 else f"has the ranks 0 to {ranks - 1}"
            raise ValueError(f"rank={rank}: the mesh {only}")
        self.__attrs_init__(tuple(sizes.items()), operator.index(rank), frozenset())

    def __getstate__(self) -> dict[str, Any]:
        return {"axes": self.axes, "rank": self.rank, "whole": self.whole}

    def __setstate__(self, state: Mapping[str, Any]) -> None:  # of one that was made by another process
        self.__attrs_init__(**state)
        sizes_of_meshes.add(self.ranks)

    def __repr__(self) -> str:
        sizes = "".join(f"{axis}={size}, " for axis, size in self.axes)
        return f"Mesh({sizes}rank={self.rank})"

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each axis."""
        return dict(self.axes)

    @property
    def ranks(self) -> int:
        """How many there are."""
        return math.prod(size for _, size in self.axes)

    def size(self, axis: str) -> int:
        """Give how many ranks there are along an axis; 1 along one that the mesh lacks.

        Args:
            axis: its name.

        Returns:
            The number of ranks.
        """
        return next((size for name, size in self.axes if name == axis), 1)

    def index(self, axis: str) -> int:
        """Give where this rank is along an axis; 0 along one that the mesh lacks.

        Args:
            axis: its name.

        Returns:
            The position, from 0.
        """
        return self.coordinates().get(axis, 0)

    def coordinates(self) -> dict[str, int]:
        """Give where this rank is along each axis.

        Returns:
            The position along each axis, from 0, by the axis's name.
        """
        rest, found = self.rank, {}
        for axis, size in reversed(self.axes):
            rest, found[axis] = divmod(rest, size)
        return {axis: found[axis] for axis, _ in self.axes}

    def neighbours(self, axis: str) -> list[int]:
        """Give the ranks that differ from this one along one axis alone, itself included, in order.

        Args:
            axis: its name.

        Returns:
            The ranks, as many as the axis is long; along an axis that the mesh lacks this rank alone.
        """
        stride = 1
        for name, size in reversed(self.axes):
            if name == axis:
                first = self.rank - self.coordinates()[axis] * stride
                return [first + position * stride for position in range(size)]
            stride *= size
        return [self.rank]

    def at(self, rank: int) -> Mesh:
        """Give the same mesh as another of its ranks sees it.

        Args:
            rank: the other one, from 0.

        Returns:
            The mesh, whose rank is that one.

        Raises:
            TypeError: `rank` is no whole number.
            ValueError: it is none of the mesh's.
        """
        return Mesh(rank=rank, **self.sizes).leaving(self.whole)

    def leaving(self, names: Iterable[str]) -> Mesh:
        """Give the same mesh, along which the hyperparameters of these names are left whole.

        Args:
            names: of hyperparameters that some class divides.

        Returns:
            The mesh; what it left whole before is left whole still.
        """
        other = object.__new__(Mesh)
        other.__attrs_init__(self.axes, self.rank, self.whole | frozenset(names))
        return other

    def __enter__(self) -> Mesh:
        _in_force.set((self, _in_force.get(), self if self.ranks > 1 else None))
        return self

    def __exit__(self, *_: object) -> None:
        inner = _in_force.get()
        assert inner is not None
        _in_force.set(inner[1])


_in_force: ContextVar[Any] = ContextVar("lazycell_mesh", default=None)
"""The innermost mesh, what is around it, and the mesh again if it divides anything; None: no mesh."""


sizes_of_meshes: set[int] = set()
"""How many ranks the meshes have that this process has, or had: most have none, and need not look for it in a net."""


def mesh_in_force() -> Mesh | None:
    """Give the mesh that models are built for now; None: there is one rank."""
    inner = _in_force.get()
    return None if inner is None else inner[0]


def dividing_mesh() -> Mesh | None:
    """Give the mesh that models are built for now; None: there is one rank, which has all of everything."""
    inner = _in_force.get()
    return None if inner is None else inner[2]


def _own_rank() -> tuple[int, int | None]:
    """Give the number of this process's rank, and how many were started; None: nobody says."""
    communication = sys.modules.get("mindspore.communication")
    if communication is not None and communication.GlobalComm.INITED:
        return int(communication.get_rank()), int(communication.get_group_size())
    started = os.environ.get("RANK_SIZE", "")
    return int(os.environ.get("RANK_ID") or 0), int(started) if started.isdecimal() else None


def _counted(ranks: int) -> str:
    return "1 rank" if ranks == 1 else f"{ranks} ranks"


def checked_mesh(mesh: Mapping[str, int]) -> dict[str, int]:
    """Give the size of each axis.

    Raises:
        TypeError: `mesh` maps no names to whole numbers.
        ValueError: a size is less than 1, or a name is empty.
    """
    if not isinstance(mesh, Mapping):
        raise TypeError(f'mesh={mesh!r} is not a mapping: write the size of each axis, mesh={{"dp": 2, "tp": 8}}')
    return {_axis(axis): _size(axis, size) for axis, size in mesh.items()}


def _axis(axis: Any) -> str:
    if not isinstance(axis, str):
        raise TypeError(f'mesh has the axis {axis!r}, which is not a string: write names, mesh={{"tp": 8}}')
    if not axis:
        raise ValueError('mesh has an axis without a name: write one, mesh={"tp": 8}')
    return axis


def _size(axis: str, size: Any) -> int:
    try:
        if isinstance(size, bool):
            raise TypeError
        number = operator.index(size)
    except TypeError:
        raise TypeError(f"mesh[{axis!r}] is {size!r}: write how many ranks there are along it, 1 or more") from None
    if number < 1:
        raise ValueError(f"mesh[{axis!r}] is {number}: an axis has 1 rank or more")
    return number


def mesh_text(mesh: Mapping[str, int]) -> str:
    """Print a mesh as it is written: `{"dp": 2, "tp": 8}`."""
    return "{" + ", ".join(f'"{axis}": {size}' for axis, size in mesh.items()) + "}"
