"""The file beside a model that says which names its parameters had: `models/bert.migrations.json` of `models/bert.py`.

It is appended to and never reordered, one rule a line, so that a review sees what a change adds.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from .. import system
from .._errors import ManifestError
from ..declaration import declaration_of
from ..system import JSONProblem, read_bounded, read_object
from ._migration import Migration

FORMAT = "lazycell.migrations"
VERSION = 1
SUFFIX = ".migrations.json"

_WRITTEN = ("cell", "created", "reason", "rename")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_KEPT = 256  # files whose contents are remembered

_Stamp = tuple[int, int, int] | None


def now() -> str:
    """Give this moment as `Migration.created` has it, in UTC, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def migration_file(cls: type) -> Path | None:
    """Give the file for the migrations of a class: beside its module, whether it is there or not.

    None: the class was not defined in a file.
    """
    module = sys.modules.get(cls.__module__)
    source = getattr(module, "__file__", None)
    return None if source is None else Path(source).with_suffix(SUFFIX)


def migrations_of(cls: type) -> tuple[Migration, ...]:
    """Give the migrations of a class and of the declared classes it is derived from; none has prefixes yet.

    Files are looked at, and read when they have changed since the last time.

    Raises:
        ManifestError: a file is there, and is no file of migrations.
    """
    places = _PLACES.get(cls)
    if places is None:
        found = [(each, migration_file(each)) for each in cls.__mro__ if declaration_of(each) is not None]
        places = tuple(
            (os.fspath(file), each.__qualname__, _short(each.__module__, file)) for each, file in found if file
        )
        _PLACES[cls] = places
    return tuple(each for path, name, short in places for each in _cached(path, short).get(name, ()))


_PLACES: WeakKeyDictionary[type, tuple[tuple[str, str, str], ...]] = WeakKeyDictionary()
_FILES: dict[str, tuple[_Stamp, Mapping[str, tuple[Migration, ...]]]] = {}
_NOTHING: Mapping[str, tuple[Migration, ...]] = {}


def _short(module: str, path: Path) -> str:
    """Give the file's name for people, the same on every machine."""
    name = module.replace(".", "/")
    return f"{name}/{path.name}" if path.name == f"__init__{SUFFIX}" else f"{name}{SUFFIX}"


def _cached(path: str, short: str) -> Mapping[str, tuple[Migration, ...]]:
    """Give the migrations in a file, by the class's name."""
    stamp = _stamp(path)
    if stamp is None:
        return _NOTHING
    known = _FILES.get(path)
    if known is None or known[0] != stamp:
        by_class: dict[str, tuple[Migration, ...]] = {}
        for each in read_migrations(path):
            by_class[each.cell] = (*by_class.get(each.cell, ()), attrs.evolve(each, file=short))
        if len(_FILES) >= _KEPT:
            _FILES.clear()
        known = _FILES[path] = (stamp, by_class)
    return known[1]


def _stamp(path: str) -> _Stamp:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


# ------------------------------------------------------------------------------------------------------------- reading


def read_migrations(path: str | os.PathLike[str]) -> tuple[Migration, ...]:
    """Read a file of migrations; one that is not there has none.

    Raises:
        ManifestError: it is no such file, or one that a later version wrote, or a migration in it is no good; the
            message names the file, the migration and the cause.
        OSError: it cannot be read.
    """
    try:
        content = read_bounded(path)
    except FileNotFoundError:
        return ()
    except JSONProblem as problem:
        raise ManifestError(f"{os.fspath(path)} {problem}") from None
    return _parse(content, os.fspath(path))


def _parse(content: bytes, path: str) -> tuple[Migration, ...]:
    try:
        document = read_object(content)
    except JSONProblem as problem:
        raise ManifestError(f"{path} {problem}") from None
    if document.get("format") != FORMAT:
        raise ManifestError(
            f'{path} is no file of migrations: it has no "format": "{FORMAT}". '
            "`lazycell migrate` writes one; give this file another name"
        )
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ManifestError(f'{path}: "version" is {version!r:.80}: it has to be {VERSION}')
    if version > VERSION:
        raise ManifestError(
            f"{path} is of version {version}, and this lazycell reads up to {VERSION}: a later lazycell wrote it. "
            "Install that one"
        )
    _refuse_unknown(document, ("format", "version", "migrations"), path)
    listed = document.get("migrations")
    if not isinstance(listed, list):
        raise ManifestError(f'{path}: "migrations" has to be a list of migrations, not {listed!r:.80}')
    return tuple(
        _migration(item, position, f"{path}: migration {position + 1} of {len(listed)}", path)
        for position, item in enumerate(listed)
    )


def _migration(item: Any, position: int, place: str, path: str) -> Migration:
    if not isinstance(item, dict):
        raise ManifestError(f"{place} has to be an object, not {item!r:.80}")
    _refuse_unknown(item, _WRITTEN, place)
    for key in _WRITTEN:
        if key not in item:
            raise ManifestError(f'{place} has no "{key}": a migration has {", ".join(_WRITTEN)}')
    migration = Migration(
        cell=item["cell"],
        rename=item["rename"],
        reason=item["reason"],
        created=item["created"],
        file=path,
        position=position,
    )
    try:
        check_migration(migration)
    except ManifestError as error:
        raise ManifestError(f"{place}: {error}") from None
    return migration


def _refuse_unknown(item: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    unknown = [key for key in item if key not in known]
    if unknown:
        raise ManifestError(f"{place} has an unknown key, {unknown[0]!r:.80}: the keys are {', '.join(known)}")


def check_migration(migration: Migration) -> None:
    """Refuse a migration that could not be applied, or undone.

    Raises:
        ManifestError: the message says what is wrong and what to write instead.
    """
    cell, rename = migration.cell, migration.rename
    if not (isinstance(cell, str) and cell):
        raise ManifestError(f'"cell" has to be the qualified name of a class, not {cell!r:.80}')
    if not isinstance(migration.reason, str):
        raise ManifestError(f'"reason" has to be text, not {migration.reason!r:.80}')
    if not _is_moment(migration.created):
        raise ManifestError(
            f'"created" is {migration.created!r:.80}: it has to be a moment in UTC, written as 2026-11-24T10:00:00Z'
        )
    if not isinstance(rename, Mapping):
        raise ManifestError(f'"rename" has to be an object, old names to new ones, not {rename!r:.80}')
    if not rename:
        raise ManifestError('"rename" is empty: a migration has at least one old name and its new one')
    for old, new in rename.items():
        if not (isinstance(old, str) and isinstance(new, str)):
            raise ManifestError(f'"rename" has {old!r:.80}: {new!r:.80}: both have to be names, as text')
    from ._name_rules import name_rules  # not before: few models have such a file

    try:
        name_rules(rename)
    except ValueError as error:
        raise ManifestError(f'"rename": {error}') from None


def _is_moment(text: object) -> bool:
    if not (isinstance(text, str) and _MOMENT.fullmatch(text)):
        return False
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------------------------------------------------- writing


def append_migration(path: str | os.PathLike[str], migration: Migration) -> None:
    """Add a migration at the end of a file, which is made if it is not there. It is whole at every moment.

    Args:
        path: the file, as `migration_file` gives it.
        migration: its `cell`, `created`, `reason` and `rename` are written.

    Raises:
        ManifestError: the migration is no good, or the file is not; nothing is written.
        OSError: the file cannot be written; the message names `path`, and what is there is as it was.
    """
    check_migration(migration)
    present = read_migrations(path)
    try:
        text = migrations_text((*present, migration))
        content = text.encode()
    except UnicodeEncodeError as error:
        raise ManifestError(
            f"{os.fspath(path)}: {error.object[error.start]!r} is not Unicode text (a lone surrogate), and cannot be "
            "written"
        ) from None
    _parse(content, os.fspath(path))
    system.write_whole(path, text)


def migrations_text(migrations: tuple[Migration, ...]) -> str:
    """Give the text of a file of migrations: always the same for the same migrations."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "migrations": [{key: _plain(getattr(each, key)) for key in _WRITTEN} for each in migrations],
    }
    return _UNPRINTABLE.sub(_escaped, json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


# Only a string can hold one of these: JSON's own text is printable, and json.dumps escapes control characters.
_UNPRINTABLE = re.compile(r"[^\x00-\x7e]")


def _escaped(match: re.Match[str]) -> str:
    letter = match[0]
    if letter.isprintable() or "\ud800" <= letter <= "\udfff":
        return letter
    return json.dumps(letter)[1:-1] if letter != "\x7f" else "\\u007f"
