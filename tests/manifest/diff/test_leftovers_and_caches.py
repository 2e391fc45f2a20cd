"""What a diff says of leftovers, bases and caches: what a maintainer sees in review when one of them changes."""

from __future__ import annotations

import attrs

from lazycell import Manifest
from lazycell.layout import BaseModel, Leftover, ManifestEntry
from lazycell.manifest._caches import KeyValueCache
from tests.manifest.documents import everything


def test_each_is_told_and_breaks_nothing() -> None:
    """Files of the one load into the other; a file that was written and read again differs in nothing."""
    old = attrs.evolve(everything(), caches=(KeyValueCache("attn", 2, 4, 4, "float32"),))
    new = attrs.evolve(
        old,
        leftovers=(*old.leftovers[1:], Leftover("norm.gamma", "norm.weight")),
        base=BaseModel("bert"),
        caches=(KeyValueCache("attn", 2, 4, 4, "float32", window=8),),
    )
    assert not old.diff(old)
    assert not old.diff(Manifest.from_json(old.to_json(collapsed=True)))
    diff = old.diff(new)
    assert diff
    assert not diff.breaks_checkpoints
    assert {each.name: (each.old, each.new) for each in diff.leftovers} == {
        "base model": ("model, head model.pooler", "bert"),
        "layers.{i}.gamma": ("now layers.{i}.weight", None),
        "norm.gamma": (None, "now norm.weight"),
    }
    assert [(each.old, each.new) for each in diff.caches] == [("2 x 4 float32", "2 x 4 float32, window 8")]
    assert "3 leftovers changed" in str(diff)
    assert "window 8" in str(diff)


def test_a_checkpoint_says_nothing_of_either() -> None:
    """So nothing of it differs from a model's."""
    model = everything()
    stored = attrs.evolve(model, leftovers=(), base=None, caches=(), declared=False)
    diff = model.diff(stored)
    assert diff.leftovers == diff.caches == ()


def test_what_a_load_passes_over_is_no_difference() -> None:
    """What nothing needs is not added, and a former name is the one of today, unless both are there."""
    sized = ((2,), "float32", "zeros")
    leftovers = (Leftover("{*path}.mask"), Leftover("{*path}.gamma", "{*path}.weight"))
    model = Manifest("Net", (ManifestEntry("norm.weight", *sized),), leftovers=leftovers)

    def difference(*names: str) -> list[str]:
        entries = tuple(ManifestEntry(name, *sized) for name in names)
        diff = model.diff(Manifest("Net", entries, declared=False))
        assert diff.breaks_checkpoints == bool(diff)
        assert "fits the model" in str(diff) or diff
        return [each.name for each in diff.added]

    assert difference("norm.weight", "norm.mask", "deep.in.it.mask") == []
    assert difference("norm.gamma", "norm.mask") == []
    assert difference("norm.weight", "norm.gamma") == ["norm.gamma"]
    assert difference("norm.weight", "mask", "masked") == ["mask", "masked"]
