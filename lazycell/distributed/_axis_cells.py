"""Where what ranks compute is divided and joined: cells with gradients of their own; of one rank, the identity.

All ranks along an axis compute one loss, and each has its whole gradient. MindSpore's gradient of AllReduce is that of
a sum of all their losses. So gradients are written here: Enter and Leave are the functions f and g of Shoeybi et al.
2019 (arXiv:1909.08053).
"""

from __future__ import annotations

from typing import Any

from mindspore import Tensor, nn, ops

from ..mesh import Mesh, mesh_in_force
from ._communicator import communicator_of


class AxisCell(nn.Cell):
    """A cell that exchanges with the ranks along an axis of the mesh in force when it is made.

    Attributes:
        axis: as it was given.
        parts: how many ranks there are along it; 1 where it is None, no mesh is in force, or the mesh lacks it.
        index: where this rank is among them.
        active: whether there are several. Where not, the cell gives what it is given.
    """

    def __init__(self, axis: str | tuple[str, ...] | None) -> None:
        """Take the mesh in force.

        Args:
            axis: along which ranks exchange, as `shard_of` gives it; None: along none.

        Raises:
            TypeError: `axis` is neither None nor a string: of several axes each has its own cell.
        """
        super().__init__()
        if axis is not None and not isinstance(axis, str):
            each = f", one in another: for {axis!r}" if isinstance(axis, tuple) else ""
            name = type(self).__name__
            raise TypeError(f"{name}({axis!r}): write the name of one axis of the mesh, {name}('tp'){each}")
        self.axis = axis
        self.mesh: Mesh | None = mesh_in_force()
        self.parts, self.index = 1, 0
        if axis is not None and self.mesh is not None:
            self.parts, self.index = self.mesh.size(axis), self.mesh.index(axis)
        self.active = self.parts > 1
        if not self.active:
            self.has_bprop = False  # MindSpore records less then

    def __getattr__(self, name: str) -> Any:
        # Groups are made when the first exchange is near, which is after the load: while models are built and loaded a
        # rank may fail, and the others would wait for it. The graph compiler asks for attributes by `getattr`, too.
        mesh: Mesh | None = self.__dict__.get("mesh") if name == "communicator" else None
        if mesh is not None:
            found = communicator_of(mesh, tuple(mesh.neighbours(self.__dict__["axis"])))
            self.__dict__["communicator"] = found  # no child: it is the process's, not the model's
            return found
        return super().__getattr__(name)

    def __getstate__(self) -> Any:
        base, attributes = super().__getstate__()
        return base, {name: value for name, value in attributes.items() if name != "communicator"}

    def extend_repr(self) -> str:
        return repr(self.axis)


class Enter(AxisCell):
    """Where each rank uses for its part what all ranks have alike: the input as it is; backward, the sum over ranks."""

    def construct(self, x: Tensor) -> Tensor:
        """Give `x` as it is.

        Args:
            x: any shape, a floating-point dtype.

        Returns:
            `x`; its gradient is the sum of those of all ranks along the axis.
        """
        return x

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> tuple[Tensor]:
        """Give the gradient of `x`, for MindSpore: the sum over ranks.

        Args:
            x: as for `construct`.
            out: what it gave.
            dout: the gradient of that, of the same shape and dtype.

        Returns:
            The gradient, alone in a tuple.
        """
        if not self.active:
            return (dout,)
        return (self.communicator.sum(dout),)


class Leave(AxisCell):
    """Where each rank has a summand of what all ranks need: the sum over ranks; backward, the gradient as it is."""

    def construct(self, x: Tensor) -> Tensor:
        """Give the sum of what the ranks have.

        Args:
            x: any shape, a floating-point dtype, both the same on all ranks along the axis.

        Returns:
            The sum, of the shape and dtype of `x`, the same on all ranks.
        """
        if not self.active:
            return x
        return self.communicator.sum(x)

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> tuple[Tensor]:
        """Give the gradient of `x`, for MindSpore: that of the sum.

        Args:
            x: as for `construct`.
            out: what it gave.
            dout: the gradient of that, of the same shape and dtype.

        Returns:
            The gradient, alone in a tuple.
        """
        return (dout,)


class Gather(AxisCell):
    """Where each rank has an equal part of the last dimension, and all need the whole; backward, the own slice."""

    def construct(self, x: Tensor) -> Tensor:
        """Put the parts side by side.

        Args:
            x: (…, part), a floating-point dtype, both the same on all ranks along the axis.

        Returns:
            (…, parts * part), the parts in the order of the ranks, the same on all ranks.
        """
        if not self.active:
            return x
        return self.communicator.gather(x)

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> tuple[Tensor]:
        """Give the gradient of `x`, for MindSpore: this rank's slice.

        Args:
            x: as for `construct`.
            out: what it gave.
            dout: the gradient of that, of the same shape and dtype.

        Returns:
            The gradient, alone in a tuple.
        """
        if not self.active:
            return (dout,)
        return (ops.split(dout, x.shape[-1], -1)[self.index],)


class HandOn(AxisCell):
    """Where layers are divided: what one stage computed goes to the next, and what the last computed to all ranks.

        self.enter, self.hand_on = Enter("pp"), HandOn("pp")
        …
        x = self.enter(x)                       # where all stages have the embeddings
        for stage in range(self.hand_on.parts):
            if stage == self.hand_on.index:     # the layers of other stages are not here
                for layer in self.layers:
                    x = layer(x)
            x = self.hand_on(x, stage)

    Each rank goes through all of the loop, as what is handed on is a matter of all. Of a rank that is not `stage` only
    the shape and the dtype of `x` count. Backward, a stage gets the gradient of the next one, and the last stage that
    of the loss, which all ranks compute.
    """

    def construct(self, x: Tensor, stage: int) -> Tensor:
        """Give what a stage computed to the ranks along the axis, of which the next one goes on with it.

        Args:
            x: what this stage has: of `stage` the values count, of the others the shape and the dtype, which are its.
            stage: whose turn it is, from 0.

        Returns:
            What `stage` has, on all ranks along the axis.
        """
        if not self.active:
            return x
        return self.communicator.hand_on(x, stage)

    def bprop(self, x: Tensor, stage: int, out: Tensor, dout: Tensor) -> tuple[Tensor, int]:
        """Give the gradients of `x` and of `stage`, for MindSpore.

        Args:
            x: as for `construct`.
            stage: likewise.
            out: what it gave.
            dout: the gradient of that, of the same shape and dtype.

        Returns:
            The gradient of `x`, and 0.
        """
        if not self.active:
            return dout, 0
        total = dout
        if stage < self.parts - 1:  # used by the next stage alone: the others' gradients are zeros
            total = self.communicator.sum(dout)
        if stage == self.index:
            return total, 0
        return self.communicator.hide(total), 0
