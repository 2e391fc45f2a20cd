"""Tests of `lazycell.manifest._text`."""

from __future__ import annotations

from hypothesis import given

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._text import alike, manifest_text, signature

from .documents import manifests


def test_the_table() -> None:
    """One row a parameter, repeated layers in one row, ties and totals below."""
    table = ManifestEntry("embed.w", (50, 4), "float16", "normal", expression="(vocab, hidden)")
    layers = [
        ManifestEntry(f"layers.{k}.w", (4, 4), "float32", "Normal(sigma=0.02)", expression="(hidden, hidden)")
        for k in range(3)
    ]
    plain = ManifestEntry("plain.w", (1,), "float32", "zeros", trainable=False)
    known = {"hidden": 4, "kind": "x"}
    manifest = Manifest("Net", (table, *layers, plain), {"head.w": "embed.w"}, hyperparameters=known)
    assert str(manifest) == manifest_text(manifest)
    first, *rows, tie, total = str(manifest).splitlines()
    assert first == "Net(hidden=4, kind='x')"
    assert [row.split(maxsplit=1)[0] for row in rows] == ["parameter", "embed.w", "layers.{0..2}.w", "plain.w"]
    assert [row.endswith("(hidden, hidden)") for row in rows] == [False, False, True, False]
    assert tie == "head.w is tied to embed.w"
    assert total == f"5 parameters, 249 elements (248 trainable), 596 bytes, digest {manifest.digest[:12]}"


def test_layers_that_differ_have_rows_of_their_own() -> None:
    """One row stands only for parameters that are alike."""
    shapes = [(4,), (4,), (5,), (4,)]
    entries = [ManifestEntry(f"layers.{k}.w", shape, "float32", "zeros") for k, shape in enumerate(shapes)]
    rows = str(Manifest("Net", tuple(entries))).splitlines()[2:-1]
    assert sorted(row.split(maxsplit=1)[0] for row in rows) == ["layers.2.w", "layers.{0,1,3}.w"]


def test_an_empty_manifest_prints() -> None:
    """A model without parameters is a model."""
    assert "0 parameters, 0 elements (0 trainable), 0 bytes" in str(Manifest("Net", ()))


def test_a_checkpoint() -> None:
    """It has a name, no call; what it does not know has no column."""
    manifest = Manifest("m.ckpt", (ManifestEntry("w", (3,), "int8", ""),), declared=False)
    assert signature(manifest) == "m.ckpt"
    assert str(manifest).splitlines() == [
        "m.ckpt",
        "parameter  shape  dtype",
        "w          (3,)   int8",
        f"1 parameter, 3 elements, 3 bytes, digest {manifest.digest[:12]}",
    ]


@given(manifests())
def test_all_that_is_alike_is_grouped(manifest: Manifest) -> None:
    """Every parameter is in one group, and those of a group look the same in a table."""
    groups = alike(manifest)
    assert sorted(entry.name for _, group in groups for entry in group) == sorted(entry.name for entry in manifest)
    for _, group in groups:
        assert len({(each.shape, each.dtype, each.initializer, each.expression) for each in group}) == 1


def test_names_do_no_harm_to_a_terminal() -> None:
    """What moves a cursor is shown as an escape, and the columns stay aligned."""
    entries = (ManifestEntry("a\x1b[2J\n", (1,), "int8", "\x07"), ManifestEntry("b", (1,), "int8", "zeros"))
    manifest = Manifest("N\x1bet", entries, {"\x9b": "b"}, hyperparameters={"n": 1})
    assert all(line.isprintable() for line in str(manifest).split("\n"))
    _, *rows = str(manifest).split("\n")[:4]
    assert len({row.index(word) for row, word in zip(rows, ["shape", "(1,)", "(1,)"], strict=True)}) == 1
