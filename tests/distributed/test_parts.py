"""What of a parameter a rank has, as users ask for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mindspore import Parameter, Tensor

from lazycell.distributed import place_of, places_of, shard_of
from lazycell.mesh import Division, Mesh, Place, Share


def parameter(place: Place | None, shape: tuple[int, ...]) -> Any:
    made = Parameter(Tensor(np.zeros(shape, np.float32)), name="layer.weight")
    if place is not None:
        made.__dict__["_lazycell_place"] = place
    return made


def test_what_is_no_part() -> None:
    for shape in ((3, 4), ()):
        whole = parameter(None, shape)
        assert place_of(whole) == tuple((0, size) for size in shape)
        assert places_of(whole) == (place_of(whole),)
        assert shard_of(whole) == (None,) * len(shape)


def test_parts_of_rows_and_columns() -> None:
    """Rows along tp, columns along two axes of which the first is the outer one."""
    division = Division((8, 12), ((Share(8, ("tp",)),), (Share(12, ("ep", "dp")),)))
    for rank in range(12):
        mesh = Mesh(tp=2, ep=3, dp=2, rank=rank)
        place = division.place(mesh)
        assert place is not None
        part = parameter(place, place.shape)
        row, column = rank // 6, rank % 6
        assert place_of(part) == ((4 * row, 4 * row + 4), (2 * column, 2 * column + 2))
        assert shard_of(part) == ("tp", ("ep", "dp"))


def test_sections_are_several_boxes() -> None:
    division = Division((12, 5), ((Share(8, ("tp",)), Share(4, ("tp",))), (Share(5),)))
    place = division.place(Mesh(tp=2, rank=1))
    assert place is not None
    part = parameter(place, place.shape)
    assert places_of(part) == (((4, 8), (0, 5)), ((10, 12), (0, 5)))
    assert shard_of(part) == ("tp", None)
    with pytest.raises(ValueError, match=r"layer.weight is divided section by section.* 2 boxes of it: places_of\("):
        place_of(part)
