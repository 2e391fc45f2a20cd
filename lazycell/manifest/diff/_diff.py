"""Two manifests held against each other: what the newer one adds, removes and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import attrs

from ... import show
from ..._collector import collector_paused
from ...declaration import form_text
from ...layout import ManifestEntry
from .. import file
from .._inventory import Inventory
from ._as_stored import as_compared
from ._diff_sections import differences_report
from ._differences import Change, Detail, Differences, DiffSide
from ._guess import guess_renames

_VALUES = ("shape", "dtype")
_DECLARED = ("initializer", "trainable", "shard", "tags", "sections", "expression", "declared_by")
_MINOR = frozenset({"trainable", "shard", "tags", "sections"})


class ManifestDiff(Differences):
    """What differs between two manifests; false where nothing does. `str()` is a text for people.

    Order is no difference, and neither are the model's name and the lines that declare it. Where a model is held
    against a checkpoint, it is taken as one stores it, and only names, shapes and dtypes are compared.

    A parameter may be in several of `renamed`, `reshaped`, `retyped`, `reinitialized` and `changed`.

    Attributes:
        old: the older side.
        new: the newer side.
        breaks_checkpoints: whether the digests differ, so that a checkpoint of the one is none of the other as it is;
            for a model and a checkpoint: whether the checkpoint holds something else than the model stores.
        growth: what the newer side has more than the older: parameters, elements, bytes; of what is compared.
        unchanged: how many parameters are alike on both sides.
        added: parameters of the newer side alone.
        removed: parameters of the older side alone.
        renamed: pairs that seem to be one parameter under two names: guesses, from shape, declaration and names.
        reshaped: those whose shape differs.
        retyped: those whose dtype differs.
        reinitialized: those whose initializer differs.
        changed: those that differ in `trainable`, `shard`, `tags` or `sections`.
        redeclared: those that differ in nothing but the expression of their shape, or the class that declares them.
        ties: names that are tied to another parameter than before.
        stored: tensors that a checkpoint stores in another form.
        computed: names of buffers that are computed on one side only.
        leftovers: names that files may have besides, and the base model, that are stated otherwise.
        caches: keys and values that a cell keeps in another form.
        hyperparameters: those that have another value.
        streams: the stream version: with another one, a seed draws other values.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return str(differences_report(self))

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, differences_report)

    def to_json(self) -> str:
        """Give the differences as JSON: always the same text for the same ones, each on a line.

        Returns:
            The text.
        """
        return file.diff_json(self)

    def to_markdown(self) -> str:
        """Give the differences as Markdown: a table for each kind, repeated layers in one row.

        Returns:
            The text.
        """
        return show.markdown.of_report(differences_report(self))


def diff(old: Inventory, new: Inventory, *, guesses: bool = True) -> ManifestDiff:
    """Hold two manifests against each other. Close to linear in the number of parameters.

    Args:
        old: the older side, or what is expected.
        new: the newer side, or what there is.
        guesses: whether to guess what was renamed.
    """
    with collector_paused():
        return _diff(old, new, guesses)


def _diff(old: Inventory, new: Inventory, guesses: bool) -> ManifestDiff:
    before, after = as_compared(old, new)
    sides = [_side(*each) for each in ((old, before), (new, after))]
    if old.declared and new.declared:
        breaks = sides[0].digest != sides[1].digest
        return _parameters(old, new, sides, breaks, _VALUES + _DECLARED, _details(old, new), guesses)
    return _parameters(before, after, sides, before.digest != after.digest, _VALUES, {}, guesses)


def _side(given: Inventory, compared: Inventory) -> DiffSide:
    return DiffSide(
        model=given.model,
        digest=given.digest,
        declared=given.declared,
        parameters=len(compared),
        elements=compared.size,
        nbytes=compared.nbytes,
        source=given.source,
    )


def _parameters(
    old: Inventory,
    new: Inventory,
    sides: list[DiffSide],
    breaks: bool,
    compared: tuple[str, ...],
    details: Mapping[str, Any],
    guesses: bool,
) -> ManifestDiff:
    mine = {entry.name: entry for entry in old.entries}
    theirs = {entry.name: entry for entry in new.entries}
    removed = [entry for name, entry in mine.items() if name not in theirs]
    added = [entry for name, entry in theirs.items() if name not in mine]
    values = attrgetter(*compared)
    differing = {
        name: _change(entry, theirs[name], compared)
        for name, entry in mine.items()
        if name in theirs and values(entry) != values(theirs[name])
    }
    pairs = guess_renames(removed, added, mine.values(), theirs.values()) if guesses else ()
    renamed = {one.name: _change(one, other, compared) for one, other in pairs}
    gone, come = set(renamed), {change.new.name for change in renamed.values()}
    changes = [found for name in mine if (found := differing.get(name) or renamed.get(name)) is not None]
    before, after = sides
    difference = ManifestDiff(
        before,
        after,
        breaks,
        unchanged=len(mine) - len(removed) - len(differing),
        added=tuple(entry for entry in added if entry.name not in come),
        removed=tuple(entry for entry in removed if entry.name not in gone),
        renamed=tuple(renamed.values()),
        reshaped=_of(changes, "shape"),
        retyped=_of(changes, "dtype"),
        reinitialized=_of(changes, "initializer"),
        changed=_of(changes, *_MINOR),
        redeclared=tuple(each for each in differing.values() if {"expression", "declared_by"}.issuperset(each.differs)),
    )
    return attrs.evolve(difference, **details)


def _change(old: ManifestEntry, new: ManifestEntry, compared: Iterable[str]) -> Change:
    return Change(old, new, tuple(each for each in compared if getattr(old, each) != getattr(new, each)))


def _of(changes: Iterable[Change], *attributes: str) -> tuple[Change, ...]:
    return tuple(change for change in changes if not set(attributes).isdisjoint(change.differs))


# ------------------------------------------------------------------------------------------- besides the parameters


def _details(old: Inventory, new: Inventory) -> dict[str, tuple[Detail, ...]]:
    def streams(manifest: Inventory) -> dict[str, str]:
        return {"stream_version": str(manifest.stream_version)}

    return {
        "ties": _differences(old.ties, new.ties),
        "stored": _differences(_forms(old), _forms(new)),
        "computed": _differences(dict.fromkeys(old.computed, "computed"), dict.fromkeys(new.computed, "computed")),
        "leftovers": _differences(_leftovers(old), _leftovers(new)) if old.declared and new.declared else (),
        "caches": _differences(_caches(old), _caches(new)) if old.declared and new.declared else (),
        "hyperparameters": _differences(_hyperparameters(old), _hyperparameters(new)),
        "streams": _differences(streams(old), streams(new)),
    }


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Detail, ...]:
    """Compare two mappings; what is not ordered comes sorted."""
    names = [*old, *(name for name in new if name not in old)]
    found = [Detail(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]
    return tuple(sorted(found, key=lambda detail: detail.name))


def _forms(manifest: Inventory) -> dict[str, str]:
    return {stored.name: f"{stored.shape} {form_text(stored.form)}" for stored in manifest.stored}


def _caches(manifest: Inventory) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for each in manifest.caches:
        window = "" if each.window is None else f", window {each.window}"
        source = ", of the text that is read" if each.source else ""
        values = "" if each.value_size == each.size else f", values of {each.value_size}"
        text = f"{each.heads} x {each.size} {each.dtype}{values}{window}{source}"
        found.setdefault(each.name, []).append(text)
    return {name: "; ".join(texts) for name, texts in found.items()}


def _leftovers(manifest: Inventory) -> dict[str, str]:
    found = {each.name: "unused" if each.now is None else f"now {each.now}" for each in manifest.leftovers}
    if (base := manifest.base) is not None:
        found["base model"] = ", ".join([base.prefix or "no prefix", *(f"head {each}" for each in base.heads)])
    return found


def _hyperparameters(manifest: Inventory) -> dict[str, str]:
    """Give the values as text: the same for a value and for what a file that it was written to gives back."""
    return {str(name): _value_text(file.plain(value)) for name, value in manifest.hyperparameters.items()}


def _value_text(value: Any) -> str:
    match value:
        case {"repr": str(text), **others} if not others:
            return text
        case list():
            return f"[{', '.join(map(_value_text, value))}]"
        case dict():
            return f"{{{', '.join(f'{key!r}: {_value_text(each)}' for key, each in value.items())}}}"
    return repr(value)
