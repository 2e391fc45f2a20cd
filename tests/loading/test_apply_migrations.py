"""Names of the past in a checkpoint: by its digest, by what explains it best, and one by one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell import CheckpointMismatchError
from lazycell.formats._header import CheckpointHeader, TensorHeader
from lazycell.history._former_names import Version
from lazycell.history._migration import Migration
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Stored
from lazycell.layout._rename import apply_rules, parse_rules
from lazycell.loading._apply_migrations import former_names, migrate
from lazycell.manifest._inventory import DIGEST, digest_of
from lazycell.manifest._manifest import Manifest

from ..history.histories import History, histories
from .models import make_plan

Shapes = Mapping[str, tuple[int, ...]]


def header(tensors: Shapes | Iterable[str], digest: str | None = None, dtype: str = "float32") -> CheckpointHeader:
    shapes = tensors if isinstance(tensors, Mapping) else dict.fromkeys(tensors, (2, 3))
    return CheckpointHeader(
        Path("net.safetensors"),
        "safetensors",
        {name: TensorHeader(name, dtype, shape, ()) for name, shape in shapes.items()},
        {} if digest is None else {DIGEST: digest},
    )


def model(names: Shapes | Iterable[str], *migrations: Migration) -> Manifest:
    shapes = names if isinstance(names, Mapping) else dict.fromkeys(names, (2, 3))
    entries = tuple(ManifestEntry(name, shape, "float32", "normal") for name, shape in shapes.items())
    return Manifest("Net", entries, migrations=migrations)


def migration(rename: dict[str, str], *prefixes: str, day: int = 1) -> Migration:
    return Migration("A", rename, f"day {day}", f"2026-01-{day:02}T00:00:00Z", "m.json", prefixes or ("",))


def names(manifest: Manifest, file: CheckpointHeader, rename: dict[str, str] | None = None) -> dict[str, str]:
    rules = parse_rules(rename)
    return dict(migrate(manifest, file, apply_rules(rules, file.tensors), rules).names)


@given(histories(), st.data())
def test_with_a_digest_every_older_checkpoint_is_read(history: History, data: st.DataObject) -> None:
    """Of any time, in any dtype, with names used again since: each tensor becomes what it is now."""
    position = data.draw(st.integers(0, len(history.versions) - 1))
    dtype = data.draw(st.sampled_from(["float32", "bfloat16"]))
    present, then = history.versions[-1], history.versions[position]
    manifest = model(present, *history.migrations)
    was = Version(dict(zip(present, then, strict=True)))
    digest = digest_of(manifest.entries, manifest.ties, manifest.stored, was, dict.fromkeys(present, dtype))
    # Else it is told by nothing which of several alike parameters a tensor is.
    if position < len(history.versions) - 1 and set(then) == set(present) and then != present:
        return
    plan = make_plan(manifest, header(then, digest, dtype))
    assert {step.parameter: step.key for step in plan.steps} == was.names


@given(histories(reuse=False), st.data())
def test_without_a_digest_every_older_checkpoint_is_read(history: History, data: st.DataObject) -> None:
    """Where no name was used again."""
    then = data.draw(st.sampled_from(history.versions))
    present = history.versions[-1]
    plan = make_plan(model(present, *history.migrations), header(then))
    assert {step.parameter: step.key for step in plan.steps} == dict(zip(present, then, strict=True))


class TestNames:
    """What becomes of which name."""

    CHAIN = (migration({"a": "b"}, day=1), migration({"b": "c"}, day=2))

    @pytest.mark.parametrize("old", ["a", "b"])
    def test_one_after_the_other(self, old: str) -> None:
        """However old it is."""
        manifest = model(["c", "x"], *self.CHAIN)
        assert names(manifest, header([old, "x"])) == {old: "c"}
        plan = make_plan(manifest, header([old, "x"]))
        assert [each.reason for each in plan.migrated] == (["day 1", "day 2"] if old == "a" else ["day 2"])

    def test_what_fits_is_never_touched(self) -> None:
        """Not even where it has a name that meant something else once."""
        manifest = model(["a", "b"], migration({"b": "a"}))
        assert names(manifest, header(["a", "b"])) == {}
        assert names(model(["c", "x"], *self.CHAIN), header(["c", "x"])) == {}

    def test_names_used_again(self) -> None:
        """`a` became `b` while `b` became `c`: told by `a`, which nothing is now."""
        manifest = model(["b", "c"], migration({"a": "b", "b": "c"}))
        assert names(manifest, header(["a", "b"])) == {"a": "b", "b": "c"}
        assert names(manifest, header(["b", "c"])) == {}

    def test_names_exchanged_are_told_by_a_third(self) -> None:
        """Or by their shapes, or by the digest."""
        swap = migration({"a": "b", "b": "a", "old": "new"})
        assert names(model(["a", "b", "new"], swap), header(["a", "b", "old"])) == {"a": "b", "b": "a", "old": "new"}
        shapes = {"a": (2,), "b": (3,)}
        swapped = model(shapes, migration({"a": "b", "b": "a"}))
        assert names(swapped, header({"b": (2,), "a": (3,)})) == {"a": "b", "b": "a"}
        assert names(swapped, header(shapes)) == {}

    def test_a_name_given_to_something_new(self) -> None:
        """The file's `a` is what is called `b` now: only the digest says so, and without one nothing is guessed."""
        manifest = model(["a", "b"], migration({"a": "b"}))
        then = model(["a"])
        assert names(manifest, header(["a"], then.digest)) == {"a": "b"}
        assert names(manifest, header(["a"])) == {}

    def test_a_name_that_is_taken(self) -> None:
        """Of two tensors for one parameter neither is passed off as the other."""
        manifest = model(["b"], migration({"a": "b"}))
        assert names(manifest, header(["a", "b"])) == {}
        with pytest.raises(CheckpointMismatchError, match="a"):
            make_plan(manifest, header(["a", "b"]))

    def test_a_file_put_together_from_several(self) -> None:
        """Some cells are of before, some of after."""
        prefixes = "x.", "y."
        manifest = model(
            ["x.c", "y.c", "z"], migration({"a": "b"}, *prefixes, day=1), migration({"b": "c"}, *prefixes, day=2)
        )
        assert names(manifest, header(["x.a", "y.b", "z"])) == {"x.a": "x.c", "y.b": "y.c"}

    def test_another_shape_is_said_under_the_present_name(self) -> None:
        """The wrong size is the problem, not the old name."""
        manifest = model(["b", "x"], migration({"a": "b"}))
        with pytest.raises(CheckpointMismatchError) as caught:
            make_plan(manifest, header({"a": (7,), "x": (2, 3)}))
        assert [(problem.kind, problem.name) for problem in caught.value.problems] == [("shape", "b")]

    def test_stored_names_and_ties(self) -> None:
        """What a layout calls a tensor, and the other name of a tied one, may have changed too."""
        entry = ManifestEntry("w", (2, 3), "float32", "")
        stored = Manifest(
            "Net", (entry,), stored=(Stored("kernel", entry.block),), migrations=(migration({"k": "kernel"}),)
        )
        plan = make_plan(stored, header(["k"]))
        assert [(step.parameter, step.key) for step in plan.steps] == [("w", "k")]
        assert [each.name for each in plan.layout] == ["kernel"]
        tied = Manifest("Net", (entry,), {"out": "w"}, migrations=(migration({"head": "out"}),))
        assert names(tied, header(["head"])) == {"head": "out"}
        computed = Manifest("Net", (entry,), computed=frozenset({"table"}), migrations=(migration({"t": "table"}),))
        assert make_plan(computed, header(["w", "t"])).computed == ("t",)

    def test_a_users_rule_goes_first(self) -> None:
        """What it gives a present name has it; what it gives an older name is migrated."""
        manifest = model(["m.b", "m.x"], migration({"a": "b"}, "m."))
        assert names(manifest, header(["a", "x"]), {"{n}": "m.{n}"}) == {"a": "m.b"}
        assert names(manifest, header(["m.a", "x"]), {"x": "m.b", "m.a": "m.x"}) == {}
        plan = make_plan(manifest, header(["a", "x"]), rename={"{n}": "m.{n}"})
        assert {each.name: each.parameters for each in plan.layout} == {"b": ("m.b",), "x": ("m.x",)}

    def test_no_migrations_no_work(self) -> None:
        """A model without any takes names as they are."""
        assert names(model(["b"]), header(["a"])) == {}
        assert former_names(model(["b"])) == {}


def test_former_names_are_those_of_every_time() -> None:
    """The last one first."""
    manifest = model(["c", "x"], *TestNames.CHAIN)
    assert former_names(manifest) == {"c": ("b", "a")}


def test_patterns_know_older_names() -> None:
    """`missing=["a"]` was written before the rename."""
    manifest = model(["c", "x"], *TestNames.CHAIN)
    assert make_plan(manifest, header(["x"]), missing=["a"]).initialize == ("c",)
    assert make_plan(manifest, header(["x"]), missing=["c"]).initialize == ("c",)
    with pytest.raises(CheckpointMismatchError):
        make_plan(manifest, header(["x"]), missing=["d"])


def test_the_digest_of_parts_in_another_dtype() -> None:
    """A stored tensor says which dtype its parameters were saved with."""
    entry = ManifestEntry("w", (2, 3), "float32", "")
    manifest = Manifest(
        "Net", (entry,), stored=(Stored("kernel", entry.block),), migrations=(migration({"k": "kernel"}),)
    )
    half = attrs.evolve(
        manifest, entries=(attrs.evolve(entry, dtype="float16"),), stored=(Stored("k", entry.block),), migrations=()
    )
    assert names(manifest, header(["k"], half.digest, "float16")) == {"k": "kernel"}


def test_many_names() -> None:
    """Linear: four times the layers take about four times as long."""

    def seconds(count: int) -> float:
        prefixes = [f"layers.{index}." for index in range(count)]
        manifest = model(
            [f"{each}{name}" for each in prefixes for name in ("q", "k")], migration({"p": "q"}, *prefixes)
        )
        file = header([f"{each}{name}" for each in prefixes for name in ("p", "k")], "0")
        start = time.process_time()
        assert len(names(manifest, file)) == count
        return time.process_time() - start

    assert min(seconds(12_000) for _ in range(3)) < 8 * min(seconds(3_000) for _ in range(3)) + 0.1
