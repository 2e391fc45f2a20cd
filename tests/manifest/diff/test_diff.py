"""Two manifests held against each other."""

from __future__ import annotations

import json

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.manifest._manifest import Manifest

from .differing import checkpoint, entry, layers, named, net

NAMES = st.lists(
    st.from_regex(r"(?:layers\.[0-9]\.)?[a-e]{1,3}\.(?:weight|bias)", fullmatch=True), unique=True, max_size=8
)
SHAPES = st.sampled_from([(2,), (3,), (2, 3), (4, 4)])
MODELS = NAMES.flatmap(
    lambda names: st.tuples(*(SHAPES.map(lambda shape, name=name: entry(name, shape)) for name in names))
)


@given(MODELS)
@settings(max_examples=60)
def test_a_manifest_does_not_differ_from_itself(entries: tuple) -> None:
    """Nor from the same parameters in another order."""
    assert not net(*entries).diff(net(*entries))
    assert not net(*entries).diff(net(*reversed(entries)))
    assert "no difference" in str(net(*entries).diff(net(*entries)))


@given(MODELS, MODELS)
@settings(max_examples=120)
def test_every_parameter_is_accounted_for_once(old: tuple, new: tuple) -> None:
    """Each is the same, or added, removed, renamed or changed."""
    found = net(*old).diff(net(*new))
    renamed_from = [change.old.name for change in found.renamed]
    renamed_to = [change.new.name for change in found.renamed]
    both = {each.name for each in old} & {each.name for each in new}
    assert sorted([*named(found.removed), *renamed_from, *both]) == sorted(each.name for each in old)
    assert sorted([*named(found.added), *renamed_to, *both]) == sorted(each.name for each in new)
    assert bool(found) == (set(old) != set(new))
    assert all(change.old.shape == change.new.shape for change in found.renamed)


@given(MODELS, MODELS)
@settings(max_examples=60)
def test_the_other_way_round(old: tuple, new: tuple) -> None:
    """What was added is removed then."""
    there, back = net(*old).diff(net(*new)), net(*new).diff(net(*old))
    assert sorted(named(there.added)) == sorted(named(back.removed))
    assert sorted(named(there.removed)) == sorted(named(back.added))
    assert there.breaks_checkpoints == back.breaks_checkpoints


def test_what_changed() -> None:
    """Each kind of change is told apart, and one parameter may have several."""
    old = net(*(entry(name) for name in ("shape", "dtype", "start", "trained", "written", "two", "same")))
    new = net(
        entry("shape", (2, 4)),
        entry("dtype", dtype="float16"),
        entry("start", initializer="zeros"),
        attrs.evolve(entry("trained"), trainable=False),
        entry("written", expression="(a, b)"),
        entry("two", (5,), dtype="float16"),
        entry("same"),
    )
    found = old.diff(new)
    assert [change.new.name for change in found.reshaped] == ["shape", "two"]
    assert [change.new.name for change in found.retyped] == ["dtype", "two"]
    assert [change.new.name for change in found.reinitialized] == ["start"]
    assert [change.new.name for change in found.changed] == ["trained"]
    assert [change.new.name for change in found.redeclared] == ["written"]
    assert (found.added, found.removed, found.renamed) == ((), (), ())
    assert found.breaks_checkpoints


def test_an_initializer_breaks_no_checkpoint() -> None:
    """It differs all the same."""
    found = net("a").diff(net(entry("a", initializer="zeros")))
    assert found
    assert not found.breaks_checkpoints


def test_a_renamed_family() -> None:
    """Layer by layer, never one layer's for another's; and it is said to be a guess."""
    found = net(*layers(3, "q", "k")).diff(net(*layers(3, "query", "k")))
    assert [(change.old.name, change.new.name) for change in found.renamed] == [
        (f"layers.{index}.q.weight", f"layers.{index}.query.weight") for index in range(3)
    ]
    text = str(found)
    assert "layers.{0..2}.q.weight" in text
    assert "layers.{0..2}.query.weight" in text
    assert "guess" in text


def test_names_with_little_in_common_are_no_rename() -> None:
    """A pooler that is gone did not become a part of a new layer."""
    block = "encoder.layer.12.attention"
    found = net("pooler.dense.weight").diff(net(f"{block}.output.dense.weight", f"{block}.self.query.weight"))
    assert (named(found.removed), len(found.added), found.renamed) == (["pooler.dense.weight"], 2, ())


def test_against_a_checkpoint() -> None:
    """Only what a file can tell is compared."""
    file = checkpoint(("a", (2, 3)), ("b", (4,)))
    assert not net("a", entry("b", (4,))).diff(file)
    found = net("a", entry("b", (5,))).diff(file)
    assert [change.new.shape for change in found.reshaped] == [(4,)]
    assert found.breaks_checkpoints


def test_as_json_and_markdown() -> None:
    """The same differences, for programs and for pages."""
    found = net("a.weight", "x").diff(net("a.weight", entry("b|c", (7,))))
    data = json.loads(found.to_json())
    assert data["format"] == "lazycell.manifest-diff"
    assert data["version"] == 1
    assert "b|c" in json.dumps(data["added"])
    assert "x" in json.dumps(data["removed"])
    assert "<code>b&#124;c</code>" in found.to_markdown()


def test_hostile_names_are_escaped() -> None:
    """A control character in a name reaches no terminal."""
    assert "\x1b" not in str(net("a").diff(net("a", entry("\x1b[31mred", (9,)))))


def test_hyperparameters() -> None:
    """They are told, with both values."""
    old, new = net("a", hyperparameters={"n": 1}), net("a", hyperparameters={"n": 2})
    assert "n=1" in str(old.diff(new))
    assert "n=2" in str(old.diff(new))


def test_many_parameters_all_renamed() -> None:
    """A prefix that all got is found in a model of 20,000."""
    entries = layers(10_000, "q", "k")
    new = Manifest("Net", tuple(attrs.evolve(each, name=f"model.{each.name}") for each in entries))
    assert len(net(*entries).diff(new).renamed) == 20_000
