"""How ranks exchange tensors: one small protocol, and the body of it that a device has."""

from __future__ import annotations

import functools
from typing import Any, Protocol

import mindspore

from ..mesh import Mesh
from ._by_sums import BySums
from ._groups import check_rank, group_of
from ._native import Native


class Communicator(Protocol):
    """What the ranks of one group do together; each of them has to call the same, in the same order.

    Its methods are those of a cell without parameters: they can be used in a graph. None has a gradient that is of use:
    MindSpore's own gradient of a sum is that of a sum of all ranks' losses, while the ranks along an axis compute one.
    The cells of `_axis_cells.py` have gradients.
    """

    def sum(self, x: Any) -> Any:
        """Give the sum of all ranks' `x`, in its dtype; of bool, whether any is true."""

    def gather(self, x: Any) -> Any:
        """Give all ranks' `x` joined along the last dimension, in the order of the ranks."""

    def hand_on(self, x: Any, sender: int) -> Any:
        """Give to all what the rank at position `sender` has; of the others the shape and the dtype count alone."""

    def hide(self, x: Any) -> Any:
        """Give zeros like `x` that are computed from it, finite or not, and that no graph takes for a constant.

        A graph leaves out what nobody uses, and does first what depends on nothing; an exchange that one rank leaves
        out, or does before another, the other ranks wait for.
        """


@functools.cache
def communicator_of(mesh: Mesh, members: tuple[int, ...]) -> Communicator:
    """Give what the ranks `members` of a mesh communicate by; this one is among them.

    Raises:
        RuntimeError: communication is not initialized, or this process is another rank than the mesh says.
    """
    check_rank(mesh)
    device = mindspore.get_context("device_target")
    body = BySums if device == "CPU" else Native
    return body(group_of(members), members, members.index(mesh.rank))
