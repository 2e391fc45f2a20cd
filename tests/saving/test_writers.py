"""Which rank writes what: each element once, and none much more than the others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.mesh import Division, Mesh, Share
from lazycell.saving._output import Content
from lazycell.saving._writers import cut, writers

from ..loading.ranks import divisions, meshes
from .ranks import DIVISIONS, MESHES, arrays, entries, part


def content(name: str, shape: tuple[int, ...]) -> Content:
    """Describe a tensor of float32."""
    return Content(name, "float32", shape, lambda: iter(()))


@settings(max_examples=80, deadline=None)
@given(st.data(), meshes, st.lists(st.lists(st.integers(0, 9), max_size=3).map(tuple), min_size=1, max_size=4))
def test_each_element_once(data: st.DataObject, sizes: Mapping[str, int], shapes: list[tuple[int, ...]]) -> None:
    """By a rank that has it, from where it has it."""
    divided: dict[str, Division | None] = {
        str(number): data.draw(st.none() | divisions(shape, sizes)) for number, shape in enumerate(shapes)
    }
    mesh = Mesh(rank=0, **sizes)
    whole = {str(number): np.arange(math.prod(shape)).reshape(shape) for number, shape in enumerate(shapes)}
    times = {name: np.zeros(array.shape, np.int64) for name, array in whole.items()}
    found = writers([content(name, array.shape) for name, array in whole.items()], divided, mesh)
    for rank, own in enumerate(found):
        assert [each.content.name for each in own] == sorted({each.content.name for each in own})
        for written in own:
            name, division = written.content.name, divided[written.content.name]
            assert division is None or division.place(mesh.at(rank)) == written.place
            mine = part(whole[name], written.place)
            assert written.nbytes == 4 * sum(math.prod(b - a for a, b in there) for there, _ in written.boxes)
            for there, here in written.boxes:
                there_, here_ = (tuple(slice(*each) for each in box) for box in (there, here))
                assert (whole[name][there_] == mine[here_]).all()
                times[name][there_] += 1
    for name, array in times.items():
        assert (array == 1).all(), name


@pytest.mark.parametrize("sizes", MESHES, ids=str)
def test_the_load_is_even(sizes: dict[str, int]) -> None:
    """What all ranks have is written by all: no rank writes more than its share and the largest part of a tensor."""
    mesh = Mesh(rank=0, **sizes)
    found = writers([content(each.name, each.shape) for each in entries(arrays(0))], DIVISIONS, mesh)
    loads = [sum(written.nbytes for written in own) for own in found]
    stages = sizes.get("pp", 1)
    assert max(loads) - min(loads) <= 4 * 24 * 6
    assert max(loads) <= sum(loads) / mesh.ranks * (1.25 if stages == 1 else 1.5)


def test_replicas_share_the_work() -> None:
    """Of a model that every rank has all of, each writes as much."""
    found = writers([content(str(number), (100,)) for number in range(8)], {}, Mesh(dp=4, rank=0))
    assert [len(own) for own in found] == [2, 2, 2, 2]
    same = writers(
        [content("a", (3, 4))], {"a": Division((3, 4), ((Share(3),), (Share(4, ("tp",)),)))}, Mesh(tp=2, rank=1)
    )
    assert [[written.boxes for written in own] for own in same] == [
        [((((0, 3), (0, 2)), ((0, 3), (0, 2))),)],
        [((((0, 3), (2, 4)), ((0, 3), (0, 2))),)],
    ]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=4), st.integers(1, 200), st.sampled_from([1, 4])
)
def test_pieces_cover_a_box(ranges: list[tuple[int, int]], most: int, itemsize: int) -> None:
    """Once, and none is larger than it may be, but for single elements."""
    box = tuple((start, start + size) for start, size in ranges)
    times: Any = np.zeros([stop for _, stop in box], np.int64)
    for piece in cut(box, most, itemsize):
        assert math.prod(stop - start for start, stop in piece) * itemsize <= max(most, itemsize)
        times[tuple(slice(*each) for each in piece)] += 1
    inside = times[tuple(slice(*each) for each in box)]
    assert (inside == 1).all()
    assert times.sum() == inside.size


def test_a_division_of_another_tensor() -> None:
    """Would leave a hole in a file."""
    half = Division((2, 3), ((Share(2),), (Share(3),)))
    with pytest.raises(ValueError, match=r"'a' has 12 elements, and Mesh\(tp=2, rank=0\) has 6 of them"):
        writers([content("a", (4, 3))], {"a": half}, Mesh(tp=2, rank=0))
