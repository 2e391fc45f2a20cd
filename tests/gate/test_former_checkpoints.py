"""Older checkpoints, tried on a manifest."""

from __future__ import annotations

import attrs
import pytest

from lazycell.gate._former_checkpoints import try_former_checkpoints
from lazycell.history._migration import Migration
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Stored
from lazycell.manifest._manifest import Manifest


def model(*names: str) -> Manifest:
    """Give a manifest of parameters that are all alike."""
    return Manifest("Net", tuple(ManifestEntry(name, (2, 3), "float32", "normal") for name in names))


def migrated(manifest: Manifest, **rename: str) -> Manifest:
    """Give it with a migration of the model's own class."""
    migration = Migration("Net", rename, "why", "2026-11-24T10:00:00Z", prefixes=("",))
    return attrs.evolve(manifest, migrations=(migration,))


def test_the_same():
    """What is the same loads."""
    assert not try_former_checkpoints(model("a", "b"), model("a", "b"), []).problems


def test_a_rename_orphans():
    """Its name, and no other, is told."""
    trial = try_former_checkpoints(model("a", "b"), model("a", "c"), [("b", "c")])
    assert trial.orphaned == (("b", "c"),)
    assert {(each.kind, each.name) for each in trial.problems} == {("missing", "c"), ("unexpected", "b")}


def test_a_migration_keeps():
    """With the rule, the checkpoint loads."""
    trial = try_former_checkpoints(model("a", "b"), migrated(model("a", "c"), b="c"), [("b", "c")])
    assert (trial.orphaned, trial.problems) == ((), ())


def test_half_a_migration():
    """Of two renames, one has its rule."""
    renames = [("a", "x"), ("b", "y")]
    trial = try_former_checkpoints(model("a", "b"), migrated(model("x", "y"), b="y"), renames)
    assert trial.orphaned == (("a", "x"),)


def test_what_else_fails_is_no_orphan():
    """A parameter that came keeps the checkpoint from loading, but its renames are found."""
    trial = try_former_checkpoints(model("a"), migrated(model("c", "new"), a="c"), [("a", "c")])
    assert trial.orphaned == ()
    assert [(each.kind, each.name) for each in trial.problems] == [("missing", "new")]


@pytest.mark.parametrize("kept", [False, True])
def test_both_layouts(kept: bool):
    """A checkpoint with the parameters under their own names is tried too, where the model stores them otherwise."""
    old, new = model("a"), model("b")
    old = attrs.evolve(old, stored=(Stored("published", old["a"].block),))
    new = attrs.evolve(new, stored=(Stored("published", new["b"].block),))
    trial = try_former_checkpoints(old, migrated(new, a="b") if kept else new, [("a", "b")])
    assert trial.orphaned == (() if kept else (("a", "b"),))
