"""How ranks are arranged."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell import Mesh
from lazycell.mesh import mesh_in_force, sizes_of_meshes

AXES = st.dictionaries(st.sampled_from(["dp", "pp", "ep", "tp"]), st.integers(1, 4), max_size=4)


@given(AXES)
def test_each_rank_has_coordinates_of_its_own(axes: dict[str, int]) -> None:
    """Those along the last axis are neighbours."""
    mesh = Mesh(rank=0, **axes)
    assert mesh.ranks == math.prod(axes.values())
    expected = itertools.product(*map(range, axes.values()))
    assert [tuple(mesh.at(rank).coordinates().values()) for rank in range(mesh.ranks)] == list(expected)


@given(AXES, st.data())
def test_neighbours_differ_along_one_axis(axes: dict[str, int], data: st.DataObject) -> None:
    """In the order of their positions along it."""
    rank = data.draw(st.integers(0, math.prod(axes.values()) - 1))
    mesh = Mesh(rank=rank, **axes)
    for axis, size in axes.items():
        found = mesh.neighbours(axis)
        assert [mesh.at(each).index(axis) for each in found] == list(range(size))
        assert all({**mesh.at(each).coordinates(), axis: 0} == {**mesh.coordinates(), axis: 0} for each in found)
    assert mesh.neighbours("no such axis") == [rank]
    assert (mesh.size("no such axis"), mesh.index("no such axis")) == (1, 0)


def test_the_rank_is_what_msrun_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many there are has to be what it started."""
    monkeypatch.setenv("RANK_ID", "3")
    monkeypatch.setenv("RANK_SIZE", "4")
    assert Mesh(dp=2, tp=2).rank == 3
    with pytest.raises(ValueError, match=r"^Mesh\(tp=2\) has 2 ranks, msrun started 4$"):
        Mesh(tp=2)
    assert Mesh(tp=2, rank=1).rank == 1  # on paper, of another job


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"tp": 4, "rank": 5}, ValueError, "rank=5: the mesh has the ranks 0 to 3"),
        ({"rank": 1}, ValueError, "rank=1: the mesh has the rank 0 alone"),
        ({"tp": 4, "rank": -1}, ValueError, "rank=-1: the mesh has the ranks 0 to 3"),
        ({"tp": 0}, ValueError, "mesh['tp'] is 0: an axis has 1 rank or more"),
        ({"tp": "2"}, TypeError, "mesh['tp'] is '2': write how many ranks there are along it, 1 or more"),
        ({"tp": 2, "rank": "0"}, TypeError, "rank='0': write the number of a rank, 0 to 1"),
    ],
)
def test_what_is_no_mesh(arguments: dict[str, object], error: type[Exception], text: str) -> None:
    """Each is refused where it is made."""
    with pytest.raises(error) as caught:
        Mesh(**arguments)  # type: ignore[arg-type]
    assert str(caught.value) == text


def test_a_mesh_is_in_force_in_its_block_and_its_thread() -> None:
    """The inner one counts; another thread sees none, and one mesh may be entered twice."""
    outer, inner, seen = Mesh(tp=2, rank=1), Mesh(dp=2, rank=0), []
    assert mesh_in_force() is None
    with outer:
        with inner, inner:
            assert mesh_in_force() is inner
        assert mesh_in_force() is outer
        thread = threading.Thread(target=lambda: seen.append(mesh_in_force()))
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError), inner:
            raise RuntimeError
        assert mesh_in_force() is outer
    assert mesh_in_force() is None
    assert seen == [None]


def test_it_is_plain_data() -> None:
    """Equal to one that is made alike, and kept by copies and pickles."""
    mesh = Mesh(dp=2, tp=2, rank=3).leaving(["vocab_size"])
    assert mesh == copy.deepcopy(mesh) == pickle.loads(pickle.dumps(mesh))
    assert hash(mesh) == hash(Mesh(dp=2, tp=2, rank=3).leaving(["vocab_size"]))
    assert mesh != Mesh(dp=2, tp=2, rank=3)
    assert mesh.at(0).whole == {"vocab_size"}
    assert repr(mesh) == "Mesh(dp=2, tp=2, rank=3)"


def test_a_process_that_has_no_mesh_is_known() -> None:
    """One that was made, or came in a pickle, counts."""
    mesh = Mesh(dp=2, rank=1)
    pickled = pickle.dumps(mesh)
    for make in (lambda: Mesh(rank=0), lambda: pickle.loads(pickled), lambda: copy.copy(mesh)):
        sizes_of_meshes.clear()
        size = make().ranks
        assert sizes_of_meshes == {size}
