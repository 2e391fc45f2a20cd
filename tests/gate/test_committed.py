"""Tests of `lazycell.gate._committed`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell.gate._committed import committed_manifests, manifest_directory, manifest_file, manifests_in

from ..announced import announce


def test_manifests_of_announced_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each preset with its file, by name; the package, which fails when it is imported, is not."""
    directory = announce(tmp_path, "third_zoo", "third_zoo.models.bert", {"b-2.1": "{}", "a": "{}"})
    monkeypatch.syspath_prepend(tmp_path)
    found = [(preset, path) for preset, path in committed_manifests() if path.is_relative_to(tmp_path)]
    assert found == [("a", directory / "a.json"), ("b-2.1", directory / "b-2.1.json")]


def test_two_families_of_a_package_share_their_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies there is given once."""
    announce(tmp_path, "third_zoo", "third_zoo.bert", {"a": "{}"})
    points = tmp_path / "third_zoo-1.0.dist-info" / "entry_points.txt"
    points.write_text("[lazycell.models]\nbert = third_zoo.bert\ngpt = third_zoo.gpt\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [preset for preset, path in committed_manifests() if path.is_relative_to(tmp_path)] == ["a"]


def test_what_cannot_be_found_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that has gone, and one without manifests, keep nobody from inspecting a checkpoint."""
    announce(tmp_path, "third_zoo", "gone_since.bert", {"a": "{}"})
    announce(tmp_path, "bare_zoo", "bare_zoo", {})
    (tmp_path / "bare_zoo" / "manifests").rmdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert [preset for preset, path in committed_manifests() if path.is_relative_to(tmp_path)] == []
    assert manifest_directory("gone_since.bert") is None


def test_directory_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a package, inside it; of a module that is in none, beside it."""
    announce(tmp_path, "third_zoo", "third_zoo.bert", {})
    (tmp_path / "lone_module.py").write_text("raise SystemExit\n")
    (tmp_path / "namespace_zoo").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert manifest_directory("third_zoo.models.bert") == tmp_path / "third_zoo" / "manifests"
    assert manifest_directory("lone_module") == tmp_path / "manifests"
    assert manifest_directory("namespace_zoo.bert") == tmp_path / "namespace_zoo" / "manifests"
    assert manifest_directory("sys") is None


def test_other_files_are_no_manifests(tmp_path: Path) -> None:
    """Notes, hidden files and directories lie there as well."""
    for name in ("bert.json", "CHANGES.md", ".bert.json.tmp.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "old.json").mkdir()
    assert [*manifests_in(tmp_path)] == [("bert", tmp_path / "bert.json")]
    assert [*manifests_in(tmp_path / "nothing")] == []


@pytest.mark.parametrize("preset", ["../bert", "google/bert", ".bert"])
def test_a_preset_that_is_no_file_name(preset: str) -> None:
    """It could end up anywhere, or be overlooked."""
    with pytest.raises(ValueError, match="cannot name a file: leave out slashes and a dot at its start"):
        manifest_file(Path("manifests"), preset)


def test_file_of_a_preset() -> None:
    """Its name with `.json`, as `manifests_in` takes it apart."""
    assert manifest_file(Path("manifests"), "bert-2.1") == Path("manifests/bert-2.1.json")
