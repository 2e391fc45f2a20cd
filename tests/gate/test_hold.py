"""Presets held against files, and their differences put together."""

from __future__ import annotations

from pathlib import Path

import attrs

from lazycell.gate._hold import golden_text, group_text, grouped, hold, names_text
from lazycell.history._migration import Migration
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest


def model(layers: int, width: int, word: str = "w", **values: object) -> Manifest:
    """Give a manifest of some layers of a width."""
    names = [f"layers.{k}.{word}" for k in range(layers)]
    entries = tuple(ManifestEntry(name, (width, width), "float32", "normal", expression="(n, n)") for name in names)
    return Manifest("Net", entries, hyperparameters={"width": width, **values})


def committed(directory: Path, name: str, manifest: Manifest) -> Path:
    """Commit a manifest."""
    path = directory / f"{name}.json"
    path.write_text(golden_text(manifest))
    return path


def test_the_same(tmp_path: Path):
    """What JSON cannot hold, and migrations, are no difference."""
    manifest = model(2, 3, range=(1, 2), kind=int)
    path = committed(tmp_path, "a", manifest)
    migration = Migration("Net", {"v": "w"}, "why", "2026-11-24T10:00:00Z", prefixes=("",))
    held = hold("a", path, attrs.evolve(manifest, migrations=(migration,)))
    assert held.state == "same"
    assert held.digests == (manifest.digest[:12],) * 2
    # The model is tried with its migrations.
    assert held.new is not None
    assert [each.rename for each in held.new.migrations] == [{"v": "w"}]


def test_states(tmp_path: Path):
    """Each thing that may be wrong with a file has a state and a sentence."""
    manifest = model(2, 3)
    path = committed(tmp_path, "a", manifest)
    assert hold("a", path, model(2, 4)).state == "changed"
    new = hold("b", tmp_path / "b.json", manifest)
    assert (new.state, new.old) == ("new", None)
    assert group_text([new]) == f"b has no committed manifest:\n  {tmp_path / 'b.json'}"
    removed = hold("a", path, None)
    assert group_text([removed]) == f"a: no preset goes by this name any more:\n  {path}"
    path.write_text(manifest.to_json())
    assert manifest.to_json() != golden_text(manifest)
    rewritten = hold("a", path, manifest)
    assert "nothing differs, but the file is not as lazycell writes it" in group_text([rewritten])
    path.write_text(path.read_text().replace("[3, 3]", "[3, 4]", 1))
    unreadable = hold("a", path, manifest)
    assert unreadable.state == "unreadable"
    assert group_text([unreadable]) == f"a: the committed manifest cannot be read:\n  {path}: {unreadable.fault}"


def test_renames(tmp_path: Path):
    """What seems to be renamed is there as pairs of names."""
    held = hold("a", committed(tmp_path, "a", model(2, 3, "query")), model(2, 3, "queries"))
    assert held.renames == (("layers.0.query", "layers.0.queries"), ("layers.1.query", "layers.1.queries"))


def test_groups(tmp_path: Path):
    """The same change of models of other sizes is told once; another change is not among it."""
    small = hold("small", committed(tmp_path, "small", model(1, 3)), model(1, 3, "v"))
    large = hold("large", committed(tmp_path, "large", model(12, 512)), model(12, 512, "v"))
    other = hold("other", committed(tmp_path, "other", model(2, 3)), model(2, 3, "u"))
    groups = grouped([small, other, large])
    assert [[held.preset for held in group] for group in groups] == [["small", "large"], ["other"]]
    text = group_text(groups[0])
    assert text.startswith("small, large differ from what is committed, all in the same way; here small:\n  ")
    assert "layers.0.w -> layers.0.v" in text


def test_names_do_no_harm():
    """Names are printed without control characters, and the first few of many."""
    assert names_text(["a\x1b[2J", "b"]) == "a\\x1b[2J, b"
    assert names_text([str(k) for k in range(8)]) == "0, 1, 2, 3, 4, 5 and 2 more"
