"""Names followed into the past."""

from __future__ import annotations

import time

from hypothesis import HealthCheck, given, settings

from lazycell.history._former_names import Version, former_versions
from lazycell.history._migration import Migration

from .histories import History, histories


def migration(rename: dict[str, str], *prefixes: str) -> Migration:
    return Migration("A", rename, "", "2026-01-01T00:00:00Z", prefixes=prefixes)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine too
@given(histories())
def test_every_name_is_followed_back(history: History) -> None:
    """Cells that were renamed later, names used again: each version has the names that there were."""
    present = history.versions[-1]
    versions = former_versions(history.migrations, present)
    assert len(versions) == len(history.versions)
    for version, names in zip(versions, reversed(history.versions), strict=True):
        assert tuple(version.names.get(name, name) for name in present) == names
        assert not version.later


def test_a_cell_is_found_under_the_path_that_it_had() -> None:
    """The inner class's names changed first, then the outer class called the cell otherwise."""
    inner, outer = migration({"q": "query"}, "layers.0."), migration({"layer.{*rest}": "layers.{*rest}"}, "")
    for order in ((inner, outer), (outer, inner)):
        versions = former_versions(order, ["layers.0.query", "layers.0.k"])
        assert versions[2].names == {"layers.0.query": "layer.0.q", "layers.0.k": "layer.0.k"}
    assert former_versions((inner, outer), ["layers.0.query"])[1].names == {"layers.0.query": "layer.0.query"}


def test_a_name_that_is_used_again() -> None:
    """What has the name now was not there when another one had it."""
    (now, before) = former_versions((migration({"a": "b"}, ""),), ["a", "b"])
    assert now == Version()
    assert before == Version({"b": "a"}, frozenset({"a"}))


def test_names_that_change_places() -> None:
    """All rules of a migration are at once."""
    assert former_versions((migration({"a": "b", "b": "c"}, ""),), ["b", "c"])[1] == Version({"b": "a", "c": "b"})
    assert former_versions((migration({"a": "b", "b": "a"}, ""),), ["a", "b"])[1] == Version({"b": "a", "a": "b"})


def test_the_inner_of_two_cells_of_one_class_comes_first() -> None:
    """A cell in a cell of its own class."""
    versions = former_versions((migration({"{*r}.q": "{*r}.query"}, "", "a."),), ["a.b.query", "b.query"])
    assert versions[1].names == {"a.b.query": "a.b.q", "b.query": "b.q"}


def test_many_names_and_cells() -> None:
    """Linear: 20,000 cells take not much more than twice as long as 10,000."""

    def seconds(count: int) -> float:
        prefixes = [f"layers.{index}." for index in range(count)]
        names = [f"{prefix}{name}" for prefix in prefixes for name in ("query", "k")]
        migrations = (migration({"q": "query"}, *prefixes), migration({"layer.{*r}": "layers.{*r}"}, ""))
        start = time.process_time()
        assert len(former_versions(migrations, names)[2].names) == 2 * count
        return time.process_time() - start

    assert min(seconds(20_000) for _ in range(3)) < 6 * min(seconds(5_000) for _ in range(3)) + 0.1
