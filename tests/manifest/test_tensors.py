"""Tests of `lazycell.manifest._tensors`."""

from __future__ import annotations

from lazycell.declaration._forms import Fused
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Block, Stored
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._tensors import known_names, stored_tensors

ENTRIES = tuple(ManifestEntry(name, (2,), "float32", "zeros") for name in "abcd")
A, B, C, D = (entry.block for entry in ENTRIES)


def test_what_nothing_is_said_of_goes_by_its_own_name() -> None:
    """Every parameter is written once."""
    assert stored_tensors(Manifest("Net", ENTRIES[:2])) == (Stored("a", A), Stored("b", B))


def test_order_is_the_manifest_s() -> None:
    """A tensor that several parameters make stands where the first of them does."""
    fused = Stored("da", Fused(0, (("d", D), ("a", A))))
    manifest = Manifest("Net", ENTRIES, stored=(Stored("x", C), fused))
    assert [stored.name for stored in stored_tensors(manifest)] == ["da", "b", "x"]


def test_a_layout_takes_the_place_of_what_is_declared() -> None:
    """That of the file that was loaded; an empty one means the model's own names."""
    manifest = Manifest("Net", ENTRIES[:2], stored=(Stored("x", A),))
    assert [stored.name for stored in stored_tensors(manifest)] == ["x", "b"]
    assert [stored.name for stored in stored_tensors(manifest, ())] == ["a", "b"]
    assert [stored.name for stored in stored_tensors(manifest, [Stored("y", B)])] == ["a", "y"]


def test_dtypes_are_those_of_now() -> None:
    """`net.to(dtype)` may have changed them since the layout was made."""
    before = Block("a", (2,), "float16")
    (stored,) = stored_tensors(Manifest("Net", ENTRIES[:1]), [Stored("x", before)])
    assert stored.dtype == "float32"


def test_what_a_net_has_no_more_is_left_out() -> None:
    """The other parameters of such a tensor go by their own names."""
    fused = Stored("az", Fused(0, (("a", A), ("z", Block("z", (2,), "float32")))))
    assert stored_tensors(Manifest("Net", ENTRIES[:1]), [fused]) == (Stored("a", A),)


def test_what_is_known() -> None:
    """Every name that a tensor may have, with the shape that it has under it."""
    one, two = ManifestEntry("w", (2, 3), "float32", ""), ManifestEntry("v", (4,), "float32", "")
    manifest = Manifest(
        "A", (one, two), {"tied": "w"}, frozenset({"table"}), stored=(Stored("kept", two.block),), copies=()
    )
    assert known_names(manifest) == {"w": (2, 3), "v": (4,), "tied": (2, 3), "table": None, "kept": (4,)}
