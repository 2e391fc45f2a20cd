"""The file of migrations: written whole, read with care, found beside the module."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell import ManifestError
from lazycell.history._migration import Migration
from lazycell.history._migration_files import (
    append_migration,
    migration_file,
    migrations_of,
    migrations_text,
    now,
    read_migrations,
)

ONE = Migration("Attention", {"q.weight": "query.weight"}, "clearer", "2026-11-24T10:00:00Z")
TWO = Migration("Net.Inner", {"layers.{i}.{*rest}": "blocks.{i}.{*rest}"}, "é, and\nlines", "2026-11-25T10:00:00Z")

MODULE = """
from lazycell import Param, child
from tests.pure import PureCell

class Base(PureCell):
    n: int
    w: Param["normal", (n,)]

class Derived(Base):
    v: Param["normal", (1,)]

class Other(PureCell):
    w: Param["normal", (1,)]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a module with classes, in a file of its own."""
    path = tmp_path / "zoo_model.py"
    path.write_text(MODULE)
    spec = importlib.util.spec_from_file_location("zoo_model", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "zoo_model", loaded)
    spec.loader.exec_module(loaded)
    return loaded


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    """In order, with its place; the file is as a review wants it."""
    path = tmp_path / "bert.migrations.json"
    assert read_migrations(path) == ()
    append_migration(path, ONE)
    first = path.read_text(encoding="utf-8")
    append_migration(path, TWO)
    read = read_migrations(path)
    assert read == (ONE, TWO)
    assert [(each.position, each.file) for each in read] == [(0, str(path)), (1, str(path))]
    text = path.read_text(encoding="utf-8")
    assert text.startswith(first.removesuffix("\n    }\n  ]\n}\n"))  # a review sees lines that were added, no others
    assert '        "q.weight": "query.weight"\n' in text
    assert "é, and\\nlines" in text
    assert text.endswith("}\n")
    assert os.listdir(tmp_path) == ["bert.migrations.json"]


@given(st.text(), st.text(min_size=1), st.text(min_size=1))
def test_any_text_comes_back(reason: str, old: str, new: str) -> None:
    """Whatever is in a name: the text is printable and gives it back, or it is refused."""
    text = migrations_text((Migration("A", {old: new}, reason, ONE.created),))
    assert all(each.isprintable() or each == "\n" or "\ud800" <= each <= "\udfff" for each in text)
    assert json.loads(text)["migrations"][0]["rename"] == {old: new}


def test_a_name_that_is_not_unicode_is_not_written(tmp_path: Path) -> None:
    """A lone surrogate: what is there stays."""
    path = tmp_path / "a.migrations.json"
    append_migration(path, ONE)
    before = path.read_bytes()
    with pytest.raises(ManifestError, match=r"'\\ud800' is not Unicode text \(a lone surrogate\), and cannot be writt"):
        append_migration(path, Migration("A", {"a": "\ud800"}, "", ONE.created))
    assert path.read_bytes() == before


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    """The file is replaced, not what points to it."""
    real = tmp_path / "real.json"
    append_migration(real, ONE)
    os.chmod(real, 0o640)
    link = tmp_path / "link.migrations.json"
    link.symlink_to(real)
    append_migration(link, TWO)
    assert link.is_symlink()
    assert len(read_migrations(real)) == 2
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["nowhere/a.migrations.json", f"{'a' * 300}.json", "file/a.migrations.json"])
def test_a_file_that_cannot_be_written_is_named_as_it_was_given(tmp_path: Path, name: str) -> None:
    """Not by the name of the hidden file that would have become it; through a link as without."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    path = tmp_path / "link" / name
    with pytest.raises(OSError, match=re.escape(f": '{path}'")):
        append_migration(path, ONE)
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]


def test_a_long_name_leaves_room_for_the_hidden_one(tmp_path: Path) -> None:
    """A name may be as long as the file system permits."""
    path = tmp_path / f"{'a' * 238}.migrations.json"
    append_migration(path, ONE)
    assert read_migrations(path) == (ONE,)


def document(**changes: Any) -> str:
    migration = {"cell": "A", "created": ONE.created, "reason": "r", "rename": {"a": "b"}}
    changed = {"format": "lazycell.migrations", "version": 1, "migrations": [migration]} | changes
    return json.dumps(changed)


def of_one(**changes: Any) -> str:
    migration = {"cell": "A", "created": ONE.created, "reason": "r", "rename": {"a": "b"}}
    return document(migrations=[migration, {k: v for k, v in {**migration, **changes}.items() if v is not None}])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", 'is no file of migrations: it has no "format": "lazycell.migrations"'),
        (document(version=2), "is of version 2, and this lazycell reads up to 1: a later lazycell wrote it"),
        (document(version="1"), "\"version\" is '1': it has to be 1"),
        (document(more=1), "has an unknown key, 'more': the keys are format, version, migrations"),
        (document(migrations={}), '"migrations" has to be a list of migrations, not {}'),
        (document(migrations=[3]), "migration 1 of 1 has to be an object, not 3"),
        (of_one(prefixes=[]), "migration 2 of 2 has an unknown key, 'prefixes'"),
        (of_one(reason=None), 'migration 2 of 2 has no "reason": a migration has cell, created, reason, rename'),
        (of_one(reason=3), 'migration 2 of 2: "reason" has to be text, not 3'),
        (of_one(cell=""), "migration 2 of 2: \"cell\" has to be the qualified name of a class, not ''"),
        (of_one(created="yesterday"), "\"created\" is 'yesterday': it has to be a moment in UTC, written as 2026-11-"),
        (of_one(created="2026-13-24T10:00:00Z"), "\"created\" is '2026-13-24T10:00:00Z'"),
        (of_one(rename={}), 'migration 2 of 2: "rename" is empty: a migration has at least one old name'),
        (of_one(rename=["a"]), '"rename" has to be an object, old names to new ones'),
        (of_one(rename={"a": 3}), "\"rename\" has 'a': 3: both have to be names, as text"),
        (of_one(rename={"a": "c", "b": "c"}), "migration 2 of 2: \"rename\": 'a' and 'b' both become 'c'"),
        (of_one(rename={"a.{i}": "c"}), "has no inverse"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, message: str) -> None:
    """File, migration and cause; a faulty file is not appended to."""
    path = tmp_path / "a.migrations.json"
    path.write_text(text)
    with pytest.raises(ManifestError) as caught:
        read_migrations(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    with pytest.raises(ManifestError):
        append_migration(path, ONE)
    assert path.read_text() == text


def test_a_faulty_migration_is_not_appended(tmp_path: Path) -> None:
    """It is checked before anything is written."""
    with pytest.raises(ManifestError, match='"rename" is empty'):
        append_migration(tmp_path / "a.json", Migration("A", {}, "", ONE.created))
    assert not os.listdir(tmp_path)


def test_a_class_has_its_own_and_those_of_its_bases(module: Any, tmp_path: Path) -> None:
    """By name; the file is beside the module, and is read again when it has changed."""
    path = migration_file(module.Base)
    assert path == tmp_path / "zoo_model.migrations.json"
    assert migrations_of(module.Derived) == ()
    append_migration(path, Migration("Base", {"a": "w"}, "", ONE.created))
    append_migration(path, Migration("Derived", {"b": "v"}, "", ONE.created))
    assert [each.rename for each in migrations_of(module.Derived)] == [{"b": "v"}, {"a": "w"}]
    assert [each.rename for each in migrations_of(module.Base)] == [{"a": "w"}]
    assert migrations_of(module.Other) == ()
    assert migrations_of(module.Base)[0].file == "zoo_model.migrations.json"
    path.unlink()
    assert migrations_of(module.Derived) == ()


def test_a_class_of_no_file_has_none() -> None:
    """As in a notebook."""
    made = type("Made", (), {"__module__": "no_such_module"})
    assert migration_file(made) is None
    assert migrations_of(made) == ()


def test_now_is_a_moment(tmp_path: Path) -> None:
    """As a migration has to have it."""
    append_migration(tmp_path / "a.json", Migration("A", {"a": "b"}, "", now()))
    assert read_migrations(tmp_path / "a.json")[0].created.endswith("Z")
