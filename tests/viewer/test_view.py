"""Manifests as the rows of the viewer's page."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from lazycell.declaration._forms import Fused
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Stored
from lazycell.manifest._manifest import Manifest
from lazycell.manifest.diff._diff_view import diff_view
from lazycell.viewer._data import MARKS, Spec, View
from lazycell.viewer._view import compared_view, view_of
from tests.pure import LANGUAGE, PureCell, manifest
from tests.viewer.samples import changed, entry, large, small


def compared(old: Manifest, new: Manifest) -> View:
    """Hold one manifest against another."""
    return compared_view((old, new), (old, new), old.diff(new))


def names(view: View) -> list[str]:
    """Give the full names of all rows."""
    return [
        view.prefixes[prefix] + view.words[word] for prefix, word in zip(view.rows.prefix, view.rows.word, strict=True)
    ]


def specs(view: View) -> dict[str, Spec]:
    """Give what is told of each name."""
    return {name: view.specs[spec] for name, spec in zip(names(view), view.rows.spec, strict=True)}


def marks(view: View) -> dict[str, list[str]]:
    """Give the marks of each name, where it has any."""
    return {
        name: [mark for bit, mark in enumerate(MARKS) if bits & (1 << bit)]
        for name, bits in zip(names(view), view.rows.marks, strict=True)
        if bits
    }


def column(view: View, which: str) -> dict[str, Any]:
    """Give a column of the rows, by name."""
    return dict(zip(names(view), getattr(view.rows, which), strict=True))


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Give a small model; each name is a parameter, a tie, a computed buffer, or nothing."""
    names = [f"{cell}.{leaf}" for cell in ("a", "b") for leaf in ("w", "v", "u")]
    kinds = draw(st.lists(st.sampled_from(["parameter", "tie", "computed", ""]), min_size=6, max_size=6))
    of = {kind: [name for name, each in zip(names, kinds, strict=True) if each == kind] for kind in kinds}
    entries = tuple(
        entry(
            name,
            draw(st.sampled_from([(2,), (2, 3), (3, 2)])),
            dtype=draw(st.sampled_from(["float32", "float16"])),
            initializer=draw(st.sampled_from(["ones", "zeros"])),
            trainable=draw(st.booleans()),
            declared_by=draw(st.sampled_from(["Linear.weight", "Norm.weight"])),
        )
        for name in of.get("parameter", ())
    )
    ties = {name: draw(st.sampled_from(entries)).name for name in of.get("tie", ()) if entries}
    return Manifest("Net", entries, ties=ties, computed=frozenset(of.get("computed", ())))


class TestOne:
    def test_rows_come_in_order_of_declaration_then_ties_then_what_is_computed(self) -> None:
        assert names(view_of(small())) == [*(each.name for each in small()), "head.weight", "position_ids"]

    def test_a_row_tells_what_the_entry_tells(self) -> None:
        told = specs(view_of(small()))
        assert told["layers.0.up.weight"] == Spec(
            shape=(64, 16),
            dtype="float32",
            initializer="normal",
            trainable=True,
            expression="(4 * hidden, hidden)",
            declared_by="Linear.weight",
            declared_at="layers.py:7",
            shard="(tp, -)",
            size=1024,
            nbytes=4096,
        )
        assert told["layers.0.up.bias"].tags == ("no_decay",)
        assert told["layers.1.norm"].trainable is False
        assert (told["layers.1.norm"].doc, told["layers.0.up.bias"].doc) == ("of what comes in", "")

    def test_ties_and_computed_buffers_say_what_they_are(self) -> None:
        told = specs(view_of(small()))
        assert told["head.weight"] == Spec(kind="tie", note="tied to embed.weight")
        assert told["position_ids"] == Spec(kind="computed", note="computed when the model is built, not stored")

    def test_parameters_that_are_alike_share_what_is_told(self) -> None:
        view = view_of(large(2))
        assert len(view.rows.spec) == 400
        assert len(view.specs) == 4  # gate and up are alike

    def test_the_side_sums_up(self) -> None:
        (side,) = view_of(small()).sides
        model = small()
        assert (side.title, side.declared, side.digest) == ("Small", True, model.digest)
        assert (side.parameters, side.elements, side.nbytes) == (7, model.size, model.nbytes)
        assert side.trainable == model.size - 2 * 16
        assert side.hyperparameters == (("hidden", "16"), ("vocab", "1000"))

    def test_a_hyperparameter_may_be_of_any_length(self) -> None:
        (side,) = view_of(attrs.evolve(small(), hyperparameters={"table": "x" * 10_000})).sides
        ((_, text),) = side.hyperparameters
        assert text == repr("x" * 10_000)[:300] + "…"

    def test_fused_axes_are_written_out(self) -> None:
        sections = ((0, (("query", 8), ("key", 8))),)
        view = view_of(Manifest("Net", (entry("qkv", (16, 4), sections=sections),)))
        assert view.specs[0].sections == "axis 0: query 8, key 8"

    def test_several_axes_of_a_mesh_on_one_dimension(self) -> None:
        view = view_of(Manifest("Net", (entry("weight", (16, 4), shard=(("dp", "tp"), None)),)))
        assert view.specs[0].shard == "(dp+tp, -)"

    def test_a_checkpoint_does_not_know_what_is_trained(self) -> None:
        view = view_of(attrs.evolve(small(), declared=False))
        assert specs(view)["layers.1.norm"].trainable is None
        assert view.sides[0].declared is False

    def test_states_of_a_net(self) -> None:
        view = view_of(small(), states={"embed.weight": "loaded", "layers.0.norm": "declared"})
        assert view.states == ("loaded", "declared")
        assert column(view, "state") | {} == dict.fromkeys(names(view), -1) | {
            "embed.weight": 0,
            "layers.0.norm": 1,
        }

    def test_a_manifest_has_no_states(self) -> None:
        assert view_of(small()).rows.state == []

    def test_a_plain_cell_is_told_by_its_class(self) -> None:
        """Nothing declares what it has; the class can be searched for all the same, and tells what that is for."""
        plain = {"declared_by": None, "declared_at": None}
        net = Manifest(
            "Net",
            (
                entry("stem.embedding_table", (9, 4), **plain),
                entry("lonely", (2,), **plain),
                entry("up.weight", (4, 4)),
            ),
            cells={"": "Net", "stem": "Embedding", "up": "Dense"},
        )
        told = specs(view_of(net))
        assert {name: spec.declared_by for name, spec in told.items()} == {
            "stem.embedding_table": "Embedding.embedding_table",
            "lonely": "Net.lonely",
            "up.weight": "Linear.weight",
        }
        file = Manifest("net.ckpt", net.entries, declared=False)
        assert specs(diff_view(file, net))["lonely"].declared_by == "Net.lonely"
        assert attrs.evolve(net, cells={}) == net
        assert "Embedding" not in net.to_json()

    def test_a_class_that_declares(self) -> None:
        told = specs(view_of(manifest(_Linear, 3, 5)))
        assert (told["weight"].expression, told["weight"].shape) == ("(out, size)", (5, 3))
        assert told["weight"].declared_at.startswith("tests/viewer/test_view.py:")


class TestCompared:
    def test_every_difference_has_its_mark(self) -> None:
        assert marks(compared(small(), changed())) == {
            "embed.weight": ["reshaped"],
            "layers.0.up.weight": ["retyped"],
            "layers.0.up.bias": ["reinitialized"],
            "layers.0.norm": ["changed"],
            "layers.1.norm": ["removed"],
            "layers.1.grow.weight": ["renamed"],
            "extra.scale": ["added"],
        }

    def test_a_removed_row_comes_where_it_was(self) -> None:
        assert names(compared(small(), changed())) == [
            *("embed.weight", "layers.0.up.weight", "layers.0.up.bias", "layers.0.norm", "layers.1.up.bias"),
            *("layers.1.norm", "layers.1.grow.weight", "extra.scale", "head.weight", "position_ids"),
        ]

    def test_a_row_that_was_first_and_is_removed_comes_first(self) -> None:
        without = attrs.evolve(small(), entries=small().entries[1:], ties={})
        assert names(compared(small(), without))[0] == "embed.weight"

    def test_a_changed_row_points_to_old_and_new(self) -> None:
        view = compared(small(), changed())
        before = column(view, "before")
        assert view.specs[before["embed.weight"]].shape == (1000, 16)
        assert specs(view)["embed.weight"].shape == (1200, 16)
        assert before["extra.scale"] == -1
        assert specs(view)["layers.1.norm"] == view.specs[before["layers.1.norm"]]

    def test_a_renamed_row_knows_its_former_name(self) -> None:
        view = compared(small(), changed())
        was = {name: view.words[word] for name, word in column(view, "was").items() if word >= 0}
        assert was == {"layers.1.grow.weight": "layers.1.up.weight"}

    def test_a_tie_to_another_is_a_change(self) -> None:
        tied = attrs.evolve(small(), ties={"head.weight": "layers.0.up.weight"})
        view = compared(small(), tied)
        assert marks(view) == {"head.weight": ["changed"]}
        assert specs(view)["head.weight"].note == "tied to layers.0.up.weight"

    def test_a_tie_that_is_turned_round_is_a_rename_and_a_new_tie(self) -> None:
        """What was stored under the one name is under the other now: its bytes are there once on either side."""
        old = Manifest("Net", (entry("embed.weight", (9, 4)),), ties={"head.weight": "embed.weight"})
        new = Manifest("Net", (entry("head.weight", (9, 4)),), ties={"embed.weight": "head.weight"})
        view = compared(old, new)
        assert marks(view) == {"embed.weight": ["added"], "head.weight": ["renamed", "changed"]}
        assert column(view, "before")["embed.weight"] == -1

    def test_a_tie_that_is_no_more(self) -> None:
        assert marks(compared(small(), attrs.evolve(small(), ties={}))) == {"head.weight": ["removed"]}

    def test_the_same_model_has_no_mark(self) -> None:
        view = compared(small(), small())
        assert marks(view) == {}
        assert view.same

    def test_different_models_are_not_the_same(self) -> None:
        assert not compared(small(), changed()).same

    def test_hyperparameters_alone_make_a_difference_that_no_row_shows(self) -> None:
        view = compared(small(), attrs.evolve(small(), hyperparameters={"hidden": 16, "vocab": 1000, "dropout": 0.1}))
        assert marks(view) == {}
        assert not view.same


class TestAllThatDiffers:
    """The whole way, from two manifests to what their page holds: nothing that `diff` tells may be lost on it."""

    def test_what_is_stored_otherwise_is_told(self) -> None:
        old = shown(_fused("qk"), _fused("kept"))
        assert not old["same"]
        assert old["notes"] == [
            "stored otherwise: kept: (none) -> (4, 3) fused(q=q, k=k)",
            "stored otherwise: qk: (4, 3) fused(q=q, k=k) -> (none)",
        ]

    def test_what_draws_otherwise_is_told(self) -> None:
        page = shown(small(), attrs.evolve(small(), stream_version=small().stream_version + 1))
        assert not page["same"]
        assert page["notes"] == ["streams: a seed draws other values: stream_version: 1 -> 2"]

    def test_of_many_the_first_are_told_and_the_others_counted(self) -> None:
        entries = tuple(entry(f"w{index}", (2,)) for index in range(100))
        renamed = tuple(Stored(f"file.{each.name}", each.block) for each in entries)
        notes = shown(Manifest("Net", entries), Manifest("Net", entries, stored=renamed))["notes"]
        assert len(notes) == 41
        assert notes[-1] == "stored otherwise: ... and 60 more"

    def test_what_rows_show_is_no_note(self) -> None:
        assert shown(small(), changed())["notes"] == []

    @pytest.mark.parametrize("turned", [False, True])
    def test_a_checkpoint_is_held_against_what_the_model_stores(self, turned: bool) -> None:
        """A file that the model saved shows no mark, though none of its names is a parameter's."""
        model = attrs.evolve(_fused("qk"), ties={"tied": "q"}, computed=frozenset({"table"}))
        file = Manifest("net.safetensors", (ManifestEntry("qk", (4, 3), "float32", ""),), declared=False)
        page = shown(*((file, model) if turned else (model, file)))
        assert page["same"]
        assert page["rows"]["marks"] == [0]
        assert [side["digest"] for side in page["sides"]] == [
            each.digest for each in ((file, model) if turned else (model, file))
        ]

    def test_a_checkpoint_that_is_another(self) -> None:
        other = Manifest("net.safetensors", (ManifestEntry("qk", (4, 5), "float32", ""),), declared=False)
        page = shown(_fused("qk"), other)
        assert not page["same"]
        assert [MARKS[bit] for bit in range(len(MARKS)) if page["rows"]["marks"][0] & (1 << bit)] == ["reshaped"]


def shown(old: Manifest, new: Manifest) -> dict[str, Any]:
    """Give what the page of two manifests holds."""
    found = re.search(r'id="data"[^>]*>(.*?)</script>', old.to_html(new), re.S)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def _fused(name: str) -> Manifest:
    """Give a model of two parameters that a file holds as one tensor."""
    parts = tuple(ManifestEntry(each, (2, 3), "float32", "zeros") for each in "qk")
    form = Fused(0, tuple((each.name, each.block) for each in parts))
    return Manifest("Net", parts, stored=(Stored(name, form),))


class TestSides:
    def test_a_checkpoint_is_named_by_its_path_as_it_was_given(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        safetensors.numpy.save_file({"w": np.zeros(2, np.float32)}, tmp_path / "net.safetensors")
        monkeypatch.chdir(tmp_path)
        manifest = Manifest.of_checkpoint("net.safetensors")
        assert (manifest.source, view_of(manifest).sides[0].name) == ("net.safetensors", "net.safetensors")
        assert Manifest.of_checkpoint({"w": np.zeros(2, np.float32)}).source == ""

    @pytest.mark.parametrize(
        ("title", "source", "name"),
        [
            ("BertModel", "", "BertModel"),
            ("BertModel", "BertModel", "BertModel"),
            ("BertModel", "bert-base-uncased", "BertModel (bert-base-uncased)"),
            ("BertModel", "models.bert:BertModel", "models.bert:BertModel"),
            ("net.safetensors", "run/net.safetensors", "run/net.safetensors"),
            ("net.safetensors", "run\\net.safetensors", "run\\net.safetensors"),
            ("net.safetensors", "google/net", "net.safetensors (google/net)"),
            ("net", "dir/subnet", "net (dir/subnet)"),
        ],
    )
    def test_a_side_is_called_what_it_is_and_what_it_was_asked_for_by(self, title: str, source: str, name: str) -> None:
        page = view_of(Manifest(title, (), source=source)).plain()
        assert [(side["name"], side["source"]) for side in page["sides"]] == [(name, source)]

    def test_the_source_is_no_part_of_the_manifest(self) -> None:
        named = attrs.evolve(small(), source="small-net")
        assert named == small()
        assert (named.digest, named.to_json(), str(named)) == (small().digest, small().to_json(), str(small()))
        assert not named.diff(small())

    def test_the_newer_side_is_so_much_more(self) -> None:
        old = Manifest("Net", (entry("w", (100,)), entry("v", (10,))))
        new = Manifest("Net", (entry("w", (60,), dtype="float16"),))
        page = compared(old, new).plain()
        assert page["growth"] == {
            "parameters": -1,
            "elements": 60 - 110,
            "nbytes": 60 * 2 - 110 * 4,
            "percent": 100 * (60 * 2 - 110 * 4) / (110 * 4),
        }
        assert compared(Manifest("Net", ()), new).plain()["growth"]["percent"] is None
        assert view_of(new).plain()["growth"] is None


class TestMarksAreTheDifferences:
    """What a comparison names has a mark on the page, and nothing else has."""

    @given(manifests(), manifests())
    def test_of_two_that_are_declared(self, old: Manifest, new: Manifest) -> None:
        agree(old, new)

    @given(manifests(), manifests(), st.booleans())
    def test_of_a_model_and_a_checkpoint(self, model: Manifest, other: Manifest, turned: bool) -> None:
        """The checkpoint has names of the model's, of its ties and of its computed buffers among others."""
        checkpoint = Manifest("net.safetensors", (*other.entries, *_copies(other)), declared=False)
        agree(*((checkpoint, model) if turned else (model, checkpoint)))

    @given(manifests(), manifests())
    def test_of_two_checkpoints(self, old: Manifest, new: Manifest) -> None:
        agree(*(Manifest(each.model, each.entries, declared=False) for each in (old, new)))

    @given(manifests())
    def test_a_file_that_a_model_writes_has_no_mark(self, model: Manifest) -> None:
        """Whether or not it holds what is tied and what is computed, too."""
        for more in ((), _copies(model)):
            file = Manifest("net.safetensors", (*model.entries, *more), declared=False)
            assert not model.diff(file)
            assert marks(diff_view(model, file)) == {}


def agree(old: Manifest, new: Manifest) -> None:
    """Hold the page of two manifests to what their difference names, and its sums to its rows."""
    difference = old.diff(new)
    page = diff_view(old, new)
    pairs = {mark: {change.new.name for change in getattr(difference, mark)} for mark in MARKS[2:]}
    others = {each.name for each in (*difference.added, *difference.removed)}
    others |= {each.name for each in (*difference.ties, *difference.computed)}
    shown = marks(page)
    assert set(shown) == set.union(others, *pairs.values())
    for mark in ("reshaped", "retyped", "reinitialized", "renamed", "redeclared"):
        assert {name for name, found in shown.items() if mark in found} == pairs[mark]
    assert {name for name, found in shown.items() if "added" in found} <= others
    assert {name for name, found in shown.items() if "removed" in found} <= others
    assert page.same == (not difference)
    gone = MARKS.index("removed")
    rows = page.rows
    for side, columns in zip(page.sides, (rows.before, rows.spec), strict=True):
        newer = columns is rows.spec
        specs = [
            page.specs[spec]
            for spec, bits in zip(columns, rows.marks, strict=True)
            if spec >= 0 and not (newer and bits & (1 << gone))
        ]
        kept = [each for each in specs if each.kind == "parameter"]
        assert (side.parameters, side.nbytes) == (len(kept), sum(each.nbytes for each in kept))
    assert page.growth == difference.growth


def _copies(model: Manifest) -> tuple[ManifestEntry, ...]:
    """Give what a checkpoint may hold of a model's ties and computed buffers."""
    ties = [attrs.evolve(model[source], name=name) for name, source in model.ties.items()]
    return (*ties, *(entry(name, (3,)) for name in sorted(model.computed)))


class TestSize:
    def test_100_000_parameters_take_a_few_megabytes(self) -> None:
        model = large()
        assert len(model) == 100_000
        assert len(model.to_html()) < 5_000_000

    def test_time_is_linear(self) -> None:
        """Ten times as many take a few times ten as long at most; a step for each pair would take a hundred."""

        def seconds(model: Manifest) -> float:
            start = time.process_time()
            model.to_html()
            return time.process_time() - start

        few, many = Manifest("Few", large().entries[:10_000]), large()
        seconds(few)
        assert seconds(many) < 40 * min(seconds(few) for _ in range(3))

    def test_what_json_holds_is_what_the_view_holds(self) -> None:
        plain = json.loads(json.dumps(compared(small(), changed()).plain()))
        assert plain["markNames"] == list(MARKS)
        assert len(plain["rows"]["spec"]) == len(plain["rows"]["marks"]) == 10


Param = LANGUAGE["Param"]


class _Linear(PureCell):
    size: int
    out: int
    weight: Param["normal", (out, size)]
