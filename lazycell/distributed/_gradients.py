"""From the gradients that each rank computes to those of the whole model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mindspore import nn

from ..declaration import declaration_of
from ..mesh import Mesh
from ._axis_cells import AxisCell
from ._communicator import communicator_of
from ._parts import shard_of

if TYPE_CHECKING:
    from .._nn_cell import Cell


def reduce_gradients(net: Cell, grads: Sequence[Any], *, parameters: Iterable[Any] | None = None) -> tuple[Any, ...]:
    """Join what the ranks of a net's mesh computed of each gradient; call it between the gradients and the optimizer.

    Along an axis that divides nothing of the net (`dp`) the mean is taken: there, ranks have other samples. Where
    several ranks share one part (`shared` heads), and for what is declared `partial=` (a whole weight that each rank
    uses for its part), the sum. Without a mesh gradients stay as they are.

    Args:
        net: as it was built on its mesh.
        grads: of the parameters, in their order; None among them stays None.
        parameters: whose gradients they are; None: `net.trainable_params()`.

    Returns:
        The gradients, in the same order.

    Raises:
        ValueError: there are more or fewer gradients than parameters, the cells of the net are for different meshes,
            or a part is shared in one section and not in another.
        RuntimeError: this process is none of the mesh's ranks, or communication is not initialized.
        TypeError: `net` is no cell.
    """
    if not isinstance(net, nn.Cell):
        raise TypeError(f"reduce_gradients() takes the net and its gradients, not {net!r:.80}")
    targets = list(net.trainable_params() if parameters is None else parameters)
    if len(grads) != len(targets):
        raise ValueError(
            f"{len(grads)} gradients for {len(targets)} parameters: "
            "give those of net.trainable_params(), in that order, or say of which they are with parameters="
        )
    mesh = _mesh_of(net)
    if mesh is None or mesh.ranks == 1:
        return tuple(grads)
    divided = _divided_axes(net)
    everywhere = [axis for axis, size in mesh.axes if size > 1 and axis not in divided]
    return tuple(
        grad if grad is None else _reduced(mesh, everywhere, parameter, grad)
        for parameter, grad in zip(targets, grads, strict=True)
    )


def _reduced(mesh: Mesh, everywhere: Iterable[str], parameter: Any, grad: Any) -> Any:
    for members in _sharing(mesh, parameter):
        grad = communicator_of(mesh, members).sum(grad)
    for axis in everywhere:
        members = tuple(mesh.neighbours(axis))
        grad = communicator_of(mesh, members).sum(grad) / len(members)
    return grad


def _sharing(mesh: Mesh, parameter: Any) -> Iterator[tuple[int, ...]]:
    """Give the groups of ranks whose gradients of a parameter are summands of one."""
    partial = parameter.__dict__.get("_lazycell_partial") or ()
    partial = (partial,) if isinstance(partial, str) else tuple(partial)
    for axis in partial:
        if mesh.size(axis) > 1:
            yield tuple(mesh.neighbours(axis))
    for axis, members in parameter.__dict__.get("_lazycell_copies", ()):
        if members is None:
            raise ValueError(
                f"{parameter.name}: ranks along {axis!r} have the same of one of its sections and not of another, and "
                "the gradient of such a part cannot be summed: choose a mesh on which its sections are divided alike"
            )
        if axis not in partial and len(members) > 1:
            yield tuple(members)


def _mesh_of(net: nn.Cell) -> Mesh | None:
    found = {mesh: name for name, cell in net.cells_and_names() if (mesh := _own_mesh(cell)) is not None}
    if len(found) > 1:
        (one, first), (other, second), *_ = found.items()
        raise ValueError(
            f"{first or 'the net'} was built on {one}, {second or 'the net'} on {other}: build both on one"
        )
    return next(iter(found), None)


def _own_mesh(cell: nn.Cell) -> Mesh | None:
    mesh: Mesh | None = cell.mesh if isinstance(cell, AxisCell) else cell.__dict__.get("_lazycell_mesh")
    return mesh


def _divided_axes(net: nn.Cell) -> set[str]:
    """Give the axes along which ranks do different things for one sample."""
    found: set[str] = set()
    for _, cell in net.cells_and_names():
        declaration = declaration_of(type(cell))
        if declaration is not None:
            found.update(division.axis for division in declaration.divisions.values())
        if isinstance(cell, AxisCell) and cell.active and cell.axis is not None:
            found.add(cell.axis)
    for parameter in net.get_parameters():
        partial = parameter.__dict__.get("_lazycell_partial") or ()
        found.update((partial,) if isinstance(partial, str) else partial)
        found.update(axis for axis, _ in parameter.__dict__.get("_lazycell_copies", ()))
        for axes in shard_of(parameter):
            found.update((axes,) if isinstance(axes, str) else axes or ())
    return found
