"""A manifest as canonical JSON: the same text for the same manifest, on every machine, and back.

`manifest.schema.json`, in this folder, describes the form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from ... import history
from ..._collector import collector_paused
from ..._errors import ManifestError
from ...history import Migration
from ...layout import ManifestEntry, Stored, trainable_size
from ...system import MAX_BYTES, JSONProblem, read_object
from .._inventory import Inventory
from ._canonical_caches import cache_lines, caches_of_json
from ._canonical_entries import entry_json, entry_of
from ._canonical_forms import stored_json, stored_of
from ._canonical_leftovers import base_json, base_of, leftovers_json, leftovers_of
from ._canonical_owners import owners_json, owners_of_json
from ._canonical_values import check_plain, encoded, escaped, plain
from ._check_json import check_keys, items, mapping, member, members, refuse, shown, text, texts, truth, whole
from ._collapsed import collapsed_lines
from ._expand import take_apart, tree_order

FORMAT = "lazycell.manifest"
VERSION = 1

MAX_PARAMETERS = 1_000_000
"""A few words may stand for so many parameters, no more: each takes some hundred bytes of memory."""

_TOTALS = frozenset({"parameters", "elements", "trainable_elements", "bytes"})
_NEEDED = frozenset(
    {
        *("format", "version", "model", "declared", "digest", "stream_version"),
        *("hyperparameters", "totals", "parameters"),
    }
)
_KNOWN = _NEEDED | {"ties", "computed", "stored", "copies", "migrations", "leftovers", "base", "caches", "owners"}
_MIGRATION = frozenset({"cell", "rename", "reason", "created", "prefixes"})

# -------------------------------------------------------------------------------------------------------------- write


def to_json(manifest: Inventory, *, collapsed: bool) -> str:
    """Give the manifest as canonical JSON.

    Args:
        manifest: the manifest.
        collapsed: parameters that differ in nothing but their layer indices share a line, if the order of the
            parameters can be told from that.
    """
    with collector_paused():
        return escaped("{\n" + ",\n".join(_members(manifest, collapsed)) + "\n}\n")


def _members(manifest: Inventory, collapsed: bool) -> Iterator[str]:
    """Give each member of the document; those with many lines are indented."""
    entries = {entry.name: entry for entry in manifest.entries}
    scalars = {
        "format": FORMAT,
        "version": VERSION,
        "model": manifest.model,
        "declared": manifest.declared,
        "digest": manifest.digest,
        "stream_version": manifest.stream_version,
    }
    for key, value in scalars.items():
        yield f'  "{key}": {encoded(value)}'
    values = {str(key): plain(value) for key, value in manifest.hyperparameters.items()}
    yield _object("hyperparameters", {key: values[key] for key in sorted(values)})
    yield f'  "totals": {encoded(_totals(manifest))}'
    yield _list("parameters", _lines(manifest, collapsed))
    if manifest.ties:
        yield _object("ties", {name: manifest.ties[name] for name in sorted(manifest.ties)})
    if manifest.computed:
        yield _list("computed", map(encoded, sorted(manifest.computed)))
    for key, layout in (("stored", manifest.stored), ("copies", manifest.copies)):
        if layout:
            yield _list(key, (encoded(stored_json(stored, entries)) for stored in layout))
    if manifest.migrations:
        yield _list("migrations", (encoded(_migration_json(migration)) for migration in manifest.migrations))
    if manifest.leftovers:
        yield _object("leftovers", leftovers_json(manifest.leftovers))
    if manifest.base is not None:
        yield f'  "base": {encoded(base_json(manifest.base))}'
    if manifest.caches:
        yield _list("caches", cache_lines(manifest.caches, collapsed))
    if manifest.owners:
        yield _object("owners", owners_json(manifest.owners))


def _totals(manifest: Inventory) -> dict[str, int]:
    return {
        "parameters": len(manifest),
        "elements": manifest.size,
        "trainable_elements": trainable_size(manifest.entries),
        "bytes": manifest.nbytes,
    }


def _lines(manifest: Inventory, collapsed: bool) -> Iterator[str]:
    """Give the line of each parameter, or of several."""
    contents = {entry.name: encoded(entry_json(entry, manifest.declared))[1:] for entry in manifest.entries}
    lines = collapsed_lines(contents) if collapsed else None
    if lines is None:
        for name, content in contents.items():
            yield f'{{"name": {encoded(name)}, {content}'
        return
    for pattern, names in lines:
        count = f'"count": {len(names)}, ' if len(names) > 1 else ""
        yield f'{{"name": {encoded(pattern)}, {count}{contents[names[0]]}'


def _migration_json(migration: Migration) -> dict[str, Any]:
    # Where it is kept is left out: it is no part of what the manifest says, as the line of a declaration is none.
    return {
        "cell": migration.cell,
        "rename": {old: migration.rename[old] for old in sorted(migration.rename)},
        "reason": migration.reason,
        "created": migration.created,
        "prefixes": list(migration.prefixes),
    }


def _object(key: str, values: Mapping[str, Any]) -> str:
    lines = [f"    {encoded(name)}: {encoded(value)}" for name, value in values.items()]
    return f'  "{key}": ' + ("{\n" + ",\n".join(lines) + "\n  }" if lines else "{}")


def _list(key: str, lines: Iterable[str]) -> str:
    text = ",\n".join([f"    {line}" for line in lines])
    return f'  "{key}": ' + (f"[\n{text}\n  ]" if text else "[]")


# --------------------------------------------------------------------------------------------------------------- read


_Made = TypeVar("_Made", bound=Inventory)


def from_json(text: str | bytes, made: type[_Made]) -> _Made:
    """Read what `to_json` wrote, or a stranger; in bounded time and memory.

    Args:
        text: the document.
        made: what to make of it.

    Raises:
        ManifestError: it is no manifest of this version, or contradicts itself; the message says where.
        TypeError: `text` is neither text nor bytes.
    """
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"a manifest is read from text, not from {text!r:.80}: write `from_json(path.read_text())`")
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise ManifestError(f"the manifest has {len(raw)} bytes; more than {MAX_BYTES} are not read")
    with collector_paused():
        try:
            document = read_object(raw)
        except JSONProblem as problem:
            raise ManifestError(f"the manifest {problem}") from None
        return _manifest_of(document, made)


def _manifest_of(document: dict[str, Any], made: type[_Made]) -> _Made:
    _check_version(document)
    check_keys(document, "", _NEEDED, _KNOWN)
    declared = truth(document["declared"], "declared")
    hyperparameters = members(document["hyperparameters"], "hyperparameters")
    for key, value in hyperparameters.items():
        check_plain(value, member("hyperparameters", shown(key)))
    entries = _entries_of(document["parameters"], declared)
    manifest = made(
        model=text(document["model"], "model"),
        entries=tuple(entries.values()),
        ties=_ties_of(document.get("ties", {}), entries),
        computed=_names_of(document.get("computed", []), "computed"),
        hyperparameters=hyperparameters,
        stored=_layout_of(document.get("stored", []), "stored", entries),
        copies=_layout_of(document.get("copies", []), "copies", entries),
        stream_version=whole(document["stream_version"], "stream_version", 1),
        declared=declared,
        migrations=_migrations_of(document.get("migrations", [])),
        leftovers=leftovers_of(document["leftovers"], "leftovers") if "leftovers" in document else (),
        base=base_of(document["base"], "base") if "base" in document else None,
        caches=caches_of_json(document["caches"]) if "caches" in document else (),
        owners=owners_of_json(document["owners"]) if "owners" in document else {},
    )
    _check_totals(document["totals"], manifest)
    digest = text(document["digest"], "digest")
    if digest != manifest.digest:
        refuse(
            "digest",
            f"is {shown(digest)}, and that of the content is {manifest.digest}: the file was changed since it was "
            "written; make it anew from the model",
        )
    return manifest


def _check_version(document: dict[str, Any]) -> None:
    if document.get("format") != FORMAT:
        found = f"its format is {shown(document['format'])}" if "format" in document else "it has no format"
        raise ManifestError(f'this is no manifest: {found}; that of a manifest is "{FORMAT}"')
    if "version" not in document:
        raise ManifestError('lacks "version"')
    version = whole(document["version"], "version", 1)
    if version > VERSION:
        raise ManifestError(f"written by a later lazycell: version {version}; this one reads {VERSION}")


def _entries_of(value: Any, declared: bool) -> dict[str, ManifestEntry]:
    """Read the parameters, in the order of the manifest."""
    entries: dict[str, ManifestEntry] = {}
    ranges = False
    length = 0
    for k, line in enumerate(items(value, "parameters")):
        where = f"parameters[{k}]"
        fields, count = entry_of(line, where, declared)
        names: Iterable[str] = (fields.pop("name"),)
        if count is not None:
            ranges = True
            (pattern,) = names
            try:
                found = take_apart(pattern, MAX_PARAMETERS)
            except ValueError as error:
                refuse(f"{where}.name", str(error))
            if found.count != count:
                refuse(f"{where}.count", f"is {count}, and {shown(pattern)} stands for {found.count}")
            length += count * len(pattern)
            names = found.names()
        if len(entries) + (count or 1) > MAX_PARAMETERS or length > MAX_BYTES:
            refuse(where, f"there are more than {MAX_PARAMETERS:,} parameters, or their names are too long")
        for name in names:
            if name in entries:
                refuse(f"{where}.name", f"{shown(name)} is there twice")
            entries[name] = ManifestEntry(name=name, **fields)
    return {name: entries[name] for name in tree_order(list(entries))} if ranges else entries


def _ties_of(value: Any, entries: Mapping[str, ManifestEntry]) -> dict[str, str]:
    ties = dict(mapping(value, "ties"))
    for target, source in ties.items():
        if source not in entries:
            refuse("ties", f"{shown(target)} is tied to {shown(source)}, which is no parameter")
        if target in entries:
            refuse("ties", f"{shown(target)} is tied to {shown(source)}, and a parameter itself")
    return ties


def _names_of(value: Any, where: str) -> frozenset[str]:
    names = texts(value, where)
    known: set[str] = set()
    for k, name in enumerate(names):
        if name in known:
            refuse(member(where, k), f"{shown(name)} is there twice")
        known.add(name)
    return frozenset(known)


def _layout_of(value: Any, where: str, entries: Mapping[str, ManifestEntry]) -> tuple[Stored, ...]:
    layout = [stored_of(each, member(where, k), entries) for k, each in enumerate(items(value, where))]
    _names_of([stored.name for stored in layout], where)
    return tuple(layout)


def _migrations_of(value: Any) -> tuple[Migration, ...]:
    migrations: list[Migration] = []
    for k, each in enumerate(items(value, "migrations")):
        where = member("migrations", k)
        check_keys(each, where, _MIGRATION, _MIGRATION)
        migration = Migration(
            cell=text(each["cell"], f"{where}.cell"),
            rename=mapping(each["rename"], f"{where}.rename"),
            reason=text(each["reason"], f"{where}.reason"),
            created=text(each["created"], f"{where}.created"),
            prefixes=tuple(texts(each["prefixes"], f"{where}.prefixes")),
            position=k,
        )
        try:
            history.check_migration(migration)
        except ManifestError as error:
            refuse(where, str(error))
        migrations.append(migration)
    return tuple(migrations)


def _check_totals(value: Any, manifest: Inventory) -> None:
    check_keys(value, "totals", _TOTALS, _TOTALS)
    for key, total in _totals(manifest).items():
        if whole(value[key], f"totals.{key}") != total:
            refuse(f"totals.{key}", f"is {value[key]}, and what the parameters add up to is {total}")
