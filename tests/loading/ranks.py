"""Random divisions of parameters over the ranks of random meshes, and what comes of gathering all their parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from hypothesis import strategies as st

from lazycell.loading._plan import LoadPlan
from lazycell.loading._rank_plan import cut_plan
from lazycell.loading._stage import stage
from lazycell.mesh import Division, Mesh, On, Owner, Place, Share
from lazycell.reading._read import Reader
from lazycell.system._allocate import Array

AXES = ("pp", "tp", "ep")

meshes = st.sampled_from(
    [dict(zip(AXES, sizes, strict=True)) for sizes in np.ndindex(4, 5, 4) if 0 < np.prod(sizes) <= 12]
)
"""Sizes of the axes of a mesh of 12 ranks at most."""


@st.composite
def divisions(draw: st.DrawFn, shape: tuple[int, ...], sizes: Mapping[str, int]) -> Division:
    """Divide a parameter: each dimension in sections, of which some are divided, by units and shared or not."""
    dimension = {axis: draw(st.integers(0, len(shape))) for axis in ("tp", "ep")}  # an axis divides one, or none
    shares = tuple(
        draw(_sections(size, sizes, [axis for axis, divided in dimension.items() if divided == position]))
        for position, size in enumerate(shape)
    )
    owners: tuple[Owner | On, ...] = ()
    if draw(st.integers(0, 4)) == 0:
        count = draw(st.integers(1, 4))
        owners = (Owner("pp", draw(st.integers(0, count - 1)), count),)
    elif draw(st.integers(0, 4)) == 0:
        owners = (On("pp", (draw(st.sampled_from([0, -1])),)),)
    return Division(shape, shares, owners)


@st.composite
def _sections(draw: st.DrawFn, size: int, sizes: Mapping[str, int], axes: list[str]) -> tuple[Share, ...]:
    ends = sorted({*draw(st.sets(st.integers(1, max(size - 1, 1)), max_size=2)), size})
    found, start = [], 0
    for end in ends:
        if start < end <= size:
            found.append(draw(st.sampled_from([*_shares(end - start, sizes, axes)])))
            start = end
    return tuple(found) or (Share(size),)


def _shares(size: int, sizes: Mapping[str, int], axes: list[str]) -> Iterator[Share]:
    """Give the ways to divide a section that have parts on a mesh."""
    yield Share(size)
    for chosen in [("tp",), ("ep",), ("tp", "ep"), ("ep", "tp")]:
        for units in (each for each in range(1, size + 1) if size % each == 0 and axes):
            if not {*axes}.issuperset(chosen):
                continue
            share = Share(size, chosen, units, shared=True)
            try:
                share.parts(sizes)
            except ValueError:
                continue
            yield share


def places_of(divided: Mapping[str, Division], mesh: Mesh) -> dict[str, Place | None]:
    """Give what the mesh's rank has of each parameter; those of which it has nothing are absent."""
    found = {name: division.place(mesh) for name, division in divided.items()}
    return {name: place for name, place in found.items() if place is not None}


def part_of(array: Array, place: Place | None) -> Array:
    """Give the part, as numpy takes it: dimension after dimension, the ranges of each one after the other."""
    for axis, ranges in enumerate(() if place is None else place.ranges):
        array = np.concatenate([array[(slice(None),) * axis + (slice(*each),)] for each in ranges], axis)
    return array


def check_ranks(
    plan: LoadPlan, whole: Mapping[str, Array], divided: Mapping[str, Division], sizes: Mapping[str, int], *, mmap: bool
) -> None:
    """Stage what each rank of a mesh reads, and hold it against the arrays of the whole plan."""
    mesh = Mesh(rank=0, **sizes)
    held: dict[str, Array] = {name: np.zeros(array.shape, np.int32) for name, array in whole.items()}
    for rank in range(mesh.ranks):
        places = places_of(divided, mesh.at(rank))
        cut = cut_plan(plan, places)
        with Reader(mmap=mmap, threads=1) as reader:
            found = stage(cut, reader)
        assert list(found) == [step.parameter for step in plan.steps if step.parameter in places]
        for name, array in found.items():
            expected = part_of(whole[name], places[name])
            assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
            assert array.tobytes() == expected.tobytes()
            assert array.flags.writeable
            assert array.flags.c_contiguous
            assert array.ctypes.data % array.dtype.itemsize == 0
            place = places[name]
            for box, _ in () if place is None else place.boxes():
                held[name][tuple(slice(*each) for each in box)] = 1
        assert cut.nbytes == sum(found[each.parameter].size * each.tensor.itemsize for each in cut.steps)
    for name, array in held.items():  # together they have all of it
        assert array.all(), name
