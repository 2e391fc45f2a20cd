"""The cells that join ranks, as far as one process can tell: what they know of the mesh, and that one rank is free."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import mindspore
import numpy as np
import pytest
from mindspore import Tensor, nn

from lazycell.distributed import AxisCell, Enter, Gather, HandOn, Leave
from lazycell.mesh import Mesh

KINDS = (Enter, Leave, Gather, HandOn)
X = Tensor(np.arange(6, dtype=np.float32).reshape(2, 3))


def called(cell: AxisCell, x: Tensor) -> Tensor:
    return cell(x, 0) if isinstance(cell, HandOn) else cell(x)


class Cubed(nn.Cell):
    def __init__(self, cell: AxisCell) -> None:
        super().__init__()
        self.cell, self.hands_on = cell, isinstance(cell, HandOn)

    def construct(self, x: Tensor) -> Tensor:
        return ((self.cell(x, 0) if self.hands_on else self.cell(x)) ** 3).sum()


@pytest.mark.parametrize("kind", KINDS)
def test_of_one_rank_it_is_the_identity(kind: type[AxisCell]) -> None:
    """Without an axis, without a mesh, on one that lacks the axis, and along an axis of one rank."""
    cells = [kind(None), kind("tp")]
    with Mesh(dp=2, tp=1, rank=1):
        cells += [kind(None), kind("tp"), kind("pp")]
    for cell in cells:
        assert (cell.parts, cell.index, cell.active) == (1, 0, False)
        assert np.array_equal(called(cell, X).asnumpy(), X.asnumpy())
    for mode in (mindspore.PYNATIVE_MODE, mindspore.GRAPH_MODE):
        mindspore.set_context(mode=mode)
        gradient = mindspore.grad(Cubed(cells[1]))(X)
        assert np.allclose(gradient.asnumpy(), 3 * X.asnumpy() ** 2)


def test_where_a_rank_is() -> None:
    """Each rank of a mesh that is none of this process knows its position along the axis."""
    for rank in range(6):
        with Mesh(dp=2, tp=3, rank=rank) as mesh:
            cell = Enter("tp")
        assert (cell.axis, cell.parts, cell.index, cell.active, cell.mesh) == ("tp", 3, rank % 3, True, mesh)
        assert Enter("tp").mesh is None  # that in force when it was made


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda cell: pickle.loads(pickle.dumps(cell))])
@pytest.mark.parametrize("kind", KINDS)
def test_copies_keep_the_mesh(kind: type[AxisCell], again: Any) -> None:
    """A copy of a net is one for the same rank."""
    with Mesh(tp=2, rank=1) as mesh:
        cell = kind("tp")
    other = again(cell)
    assert type(other) is kind
    assert (other.axis, other.parts, other.index, other.active, other.mesh) == ("tp", 2, 1, True, mesh)


@pytest.mark.parametrize("kind", [Leave, Gather, HandOn])
def test_ranks_that_nobody_started_are_refused(kind: type[AxisCell]) -> None:
    """At the exchange, not before: a rank's part can be built, loaded and looked at by itself."""
    with Mesh(tp=2, rank=1):
        cell = kind("tp")
    with pytest.raises(RuntimeError, match=r"Mesh\(tp=2, rank=1\): ranks cannot communicate: start .* with msrun"):
        called(cell, X)


@pytest.mark.parametrize("axis", [("tp", "ep"), 0, b"tp"])
def test_one_axis_is_named(axis: Any) -> None:
    with pytest.raises(TypeError, match=r"Leave\(.*\): write the name of one axis of the mesh, Leave\('tp'\)"):
        Leave(axis)


def test_attributes_that_are_not_there_are_missed_as_ever() -> None:
    cell = Enter("tp")
    for name in ("communicator", "axes"):
        with pytest.raises(AttributeError, match=name):
            getattr(cell, name)
