"""Which ranks of a mesh have what, for all of them at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell._dtypes import ITEMSIZES
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._grouping import groups_on, places_on
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._rank_parts import divisions_of
from lazycell.mesh import Listed, Mesh, On, Place, Share

from ..pure import manifest
from .ranked import Ranked

AXES = st.dictionaries(st.sampled_from(["dp", "tp", "pp", "ep"]), st.sampled_from([1, 2, 4]), max_size=4)


def held(model: Manifest, mesh: Mesh) -> dict[str, Place]:
    """Give what a rank has of each parameter, by looking at every parameter."""
    places = {name: division.place(mesh) for name, division in divisions_of(model).items()}
    return {name: place for name, place in places.items() if place is not None}


def nbytes(model: Manifest, places: Iterable[tuple[str, Place]]) -> int:
    """Give the bytes of the parts."""
    return sum(place.size * ITEMSIZES[model[name].dtype] for name, place in places)


def whole_as_none(place: Place) -> Place | None:
    """Give a place as a plan takes it."""
    return None if place.shape == place.whole else place


SHARES = st.sampled_from(
    [
        ((Share(8),),),
        ((Share(8, ("tp",), 8, name="n"),),),
        ((Share(4), Share(8, ("tp",), 8, name="n")), (Share(3),)),
        ((Share(12, ("tp",), 4, name="m"), Share(6, ("tp",), 2, shared=True, name="k")), (Share(5),)),
        ((Share(16, ("tp", "ep"), 16, name="n"),), (Share(2),)),
    ]
)
OWNERS = st.dictionaries(
    st.sampled_from(["a", "a.*", "a.*.b", "a.0", "c", "c.1"]),
    st.one_of(
        st.builds(Listed, st.sampled_from(["pp", "ep"]), st.just(3), st.just("n")),
        st.builds(On, st.sampled_from(["pp", "ep"]), st.sampled_from([(0,), (-1,), (0, -1), (1,)])),
    ),
    max_size=4,
)
NAMES = ["w", "a.w", "a.0.w", "a.1.w", "a.2.b.w", "a.1.b.0.w", "a.1.b.2.w", "c.0.w", "c.1.w", "c.2.b.v"]


@st.composite
def models(draw: st.DrawFn) -> Manifest:
    """Give a model whose parameters are divided by chance."""
    entries = [
        ManifestEntry(
            name, tuple(sum(each.size for each in sections) for sections in shares), dtype, "zeros", shares=shares
        )
        for name, shares, dtype in (
            (name, draw(SHARES), draw(st.sampled_from(["float32", "bfloat16"])))
            for name in draw(st.lists(st.sampled_from(NAMES), unique=True))
        )
    ]
    return Manifest("Any", (*entries, ENTRY), owners=draw(OWNERS))


ENTRY = ManifestEntry(
    "all", (4, 4, 4), "float32", "zeros", shares=tuple((Share(4, (each,), 4, name="n"),) for each in ("tp", "pp", "ep"))
)
"""Is divided along each axis, so that each is one of the model's."""


@settings(deadline=None, max_examples=40)
@given(model=models(), axes=AXES, whole=st.sampled_from([(), ("n",), ("m", "n")]))
def test_every_rank_has_what_it_has_by_itself(model: Manifest, axes: dict[str, int], whole: tuple[str, ...]) -> None:
    """Places and sums of all ranks are those that going through all parameters for each rank gives."""
    mesh = Mesh(rank=0, **axes).leaving(whole)
    groups = groups_on(model, mesh)
    cells = groups.cells()
    assert len(cells) * groups.ranks_of_cell == mesh.ranks
    sums = []
    for rank in range(mesh.ranks):
        expected = held(model, mesh.at(rank))
        assert groups.places(rank) == {name: whole_as_none(place) for name, place in expected.items()}
        mine = cells[groups.cell_of(rank)]
        assert mine == groups.held_by(rank)
        assert sorted(name for group in mine for name in group.names) == sorted(expected)
        sums.append(nbytes(model, expected.items()))
        found = model.sizes(mesh=mesh.at(rank)).rank
        assert found is not None
        assert found.own is not None
        assert (found.own.nbytes, found.own.parameters) == (sums[-1], len(expected))
    assert (found.size.nbytes, found.smallest.nbytes) == (max(sums), min(sums))
    everywhere = [each.name for each in model if all(whole_in(model, mesh.at(k), each.name) for k in range(mesh.ranks))]
    assert found.replicated == tuple(everywhere)


def whole_in(model: Manifest, mesh: Mesh, name: str) -> bool:
    """Tell whether a rank has all of a parameter."""
    place = divisions_of(model)[name].place(mesh)
    return place is not None and place.shape == place.whole


@pytest.mark.parametrize("axes", [{"tp": 4}, {"dp": 2, "pp": 3, "tp": 2}, {"pp": 8}, {"ep": 4, "tp": 8}])
def test_a_model(axes: dict[str, int]) -> None:
    """Heads that are shared, sections, stages of different length, experts: each rank's, against its places."""
    model = manifest(Ranked)
    mesh = Mesh(rank=0, **axes)
    sums = [nbytes(model, held(model, mesh.at(rank)).items()) for rank in range(mesh.ranks)]
    rank = model.sizes(mesh=axes).rank
    assert rank is not None
    assert (rank.size.nbytes, rank.smallest.nbytes, rank.own) == (max(sums), min(sums), None)
    assert places_on(model, mesh.at(1)) == groups_on(model, axes).places(1)


def test_what_is_kept() -> None:
    """Of thousands of ranks and parameters nothing is kept for each, nor for each pair."""
    model = manifest(Ranked, n_layers=40, n_experts=32, inner=4096)
    axes = {"dp": 10, "pp": 20, "ep": 16, "tp": 4}
    groups = groups_on(model, axes)
    kinds = {id(group.kind) for group in groups.groups}
    assert (len(model), groups.ranks) == (1 + 40 * 3 + 2 + 39 * (1 + 2 * 32) + 2, 12_800)
    # Of a layer: norm, qkv, out; of the dense one two; router; matrices up and down of experts; table or head; norm.
    assert len(kinds) <= 10
    assert len(groups.groups) <= 20 * (4 + 16 * 2) + 2 + 3
    assert len(groups.cells()) == 20 * 16
    assert sum(len(group.names) for group in groups.groups) == len(model)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (
            {"tp": 5},
            "Ranked: vocab=48 cannot be divided into 5 equal parts, one for each rank along 'tp': choose another mesh",
        ),
        ({"tp": 16}, "Ranked: heads=8 cannot be divided into 16 equal parts, one for each rank along 'tp'"),
        (
            {"tq": 2},
            "mesh has the axis 'tq', along which nothing of Ranked is divided (did you mean 'tp'?); its axes: tp, pp, "
            "ep. Name one dp if its ranks are to hold the same",
        ),
    ],
)
def test_what_a_mesh_cannot_divide(axes: dict[str, int], message: str) -> None:
    """In the words of a build, from a manifest alone."""
    with pytest.raises(ValueError, match=re.escape(message)):
        manifest(Ranked).sizes(mesh=axes)


def test_a_number_that_comes_of_a_hyperparameter() -> None:
    """The value that the user knows is named beside the one that cannot be divided."""
    entry = ManifestEntry("w", (6,), "float32", "zeros", shares=((Share(6, ("tp",), 3, name="heads"),),))
    model = Manifest("Net", (entry,), hyperparameters={"heads": 12})
    message = "Net: 3, which comes of heads=12, cannot be divided into 4 equal parts, one for each rank along 'tp'"
    with pytest.raises(ValueError, match=re.escape(message)):
        groups_on(model, {"tp": 4})


def test_shard_and_divide_together() -> None:
    """A dimension whose axes are stated is divided by them, or the mesh is refused; the others by hyperparameters."""
    shares = ((Share(6, ("data",)),), (Share(8, ("tp",), 8, name="n"),))
    model = Manifest("Net", (ManifestEntry("w", (6, 8), "float32", "zeros", shares=shares),))
    assert groups_on(model, {"data": 3, "tp": 4}).groups[0].kind.shape == (2, 2)
    with pytest.raises(ValueError, match="'w' is divided over the axis 'data', which the mesh lacks"):
        groups_on(model, {"tp": 4})
    with pytest.raises(ValueError, match=re.escape("dimension 0, 6, cannot be divided into 4 equal parts (data=4)")):
        groups_on(model, {"data": 4, "tp": 4})


def test_an_axis_of_what_states_shard_alone() -> None:
    """Other axes are for data there, whatever their names."""
    stated = Manifest("Net", (ManifestEntry("w", (6,), "float32", "zeros", shard=(["tp"],)),))
    rank = stated.sizes(mesh={"tp": 2, "other": 3}).rank
    assert rank is not None
    assert (rank.unused, rank.size.elements, math.prod(rank.mesh.values())) == (("other",), 3, 6)
    with pytest.raises(ValueError, match="along which nothing of Net is divided. Name one dp"):
        Manifest("Net", (ManifestEntry("w", (6,), "float32", "zeros"),)).sizes(mesh={"other": 2})


def test_what_is_no_shard_is_refused_beside_what_has_none() -> None:
    """They are no kind together, though neither says anything of an axis."""
    entries = (ManifestEntry("a", (6,), "float32", "zeros"), ManifestEntry("b", (6,), "float32", "zeros", shard=()))
    with pytest.raises(ValueError, match=re.escape("'b' has shard=(), 0 entries, and its shape (6,) has 1 dimensions")):
        groups_on(Manifest("Net", entries), {"dp": 2})


def test_a_tie_across_stages() -> None:
    """Is refused as a build refuses it; on one stage, or without the tie, there is nothing to refuse."""
    entry = ManifestEntry("embed", (4, 4), "float32", "zeros")
    owners = {"embed": On("pp", (0,)), "head": On("pp", (-1,)), "layers": Listed("pp", 4, "n")}
    given = {"tie_word_embeddings": True, "tie_others": False}
    model = Manifest("Net", (entry,), {"head": "embed"}, hyperparameters=given, owners=owners)
    message = "Net: head and embed are one parameter and on stages 0 and 3: use one stage, or tie_word_embeddings=False"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.sizes(mesh={"pp": 4})
    assert model.sizes(mesh={"pp": 1}).rank is not None
    assert Manifest("Net", (entry,), owners=owners).sizes(mesh={"pp": 4}).rank is not None
