"""Nets as a rank has them: with parts of some parameters."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
from mindspore import nn

from lazycell import LazyCell, Param
from lazycell.mesh import Division, Mesh, Place, Share
from lazycell.parameters import mark_part
from lazycell.parameters._declared import declare
from lazycell.parameters._framework import numpy_values

ROWS = Division((24, 16), ((Share(24, ("tp",)),), (Share(16),)))
COLUMNS = Division((24, 16), ((Share(24),), (Share(16, ("tp",)),)))
FUSED = Division(
    (32, 5),
    (
        (Share(16, ("tp",)), Share(8, ("tp",), units=2, shared=True), Share(8, ("tp",), units=2, shared=True)),
        (Share(5),),
    ),
)
BOTH = Division((24, 16), ((Share(24, ("tp",)),), (Share(16, ("ep",)),)))
KERNELS = Division((8, 16, 3), ((Share(8, ("tp",)),), (Share(16, ("ep",)),), (Share(3),)))


class Net(LazyCell):
    """A net whose rows and columns a rank has a part of, if it is told so."""

    rows: int
    columns: int
    up: Param["normal", (rows, 16)]
    down: Param["he_uniform", (24, columns)]
    norm: Param["ones", (7,)]

    def construct(self, x: Any) -> Any:
        """Use both."""
        return ms.mint.matmul(self.down, x[: self.columns]).sum() + ms.mint.matmul(self.up, x[:16]).sum()


def whole_net() -> Net:
    """Give the whole."""
    return Net(rows=24, columns=16)


def net_of(mesh: Mesh) -> Net:
    """Give what a rank has of it."""
    up, down = place(ROWS, mesh), place(COLUMNS, mesh)
    net = Net(rows=up.shape[0], columns=down.shape[1])
    mark_part(net.up, up)
    mark_part(net.down, down)
    return net


def place(division: Division, mesh: Mesh) -> Place:
    """Give what a rank has; all of these have something."""
    found = division.place(mesh)
    assert found is not None
    return found


def declared(initializer: Any, shape: tuple[int, ...], dtype: Any, part: Place | None = None) -> nn.Cell:
    """Give a cell with one parameter without values, or a part of it."""
    cell = nn.Cell()
    parameter = declare(initializer, shape if part is None else part.shape, dtype, name="w")
    if part is not None:
        mark_part(parameter, part)
    cell.insert_param_to_cell("w", parameter)
    return cell


def bits(parameter: Any) -> bytes:
    """Give its values, bit for bit."""
    return numpy_values(parameter).tobytes()


def cut(whole: Any, part: Place) -> Any:
    """Give the part of a parameter's values, by numpy."""
    values = numpy_values(whole)
    for axis, ranges in enumerate(part.ranges):
        values = np.concatenate([values.take(range(*each), axis) for each in ranges], axis)
    return values
