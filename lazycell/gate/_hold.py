"""The gate: each preset's manifest held against the file that was committed for it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from .._errors import ManifestError
from .._frozen import frozen
from ..layout import ManifestEntry
from ..manifest import Manifest
from ..show import few, index_free, printable
from ..system import JSONProblem, read_bounded

if TYPE_CHECKING:
    from ..manifest.diff import ManifestDiff

_SHORT = 12
"""Hexadecimal digits of a digest that people are shown."""

_NAMES_SHOWN = 6


@frozen
class Held:
    """One preset, held against its committed file.

    Attributes:
        preset: its name.
        path: the file.
        state: `same`; `changed`; `new`, where there is no file; `removed`, where there is no preset; `unreadable`,
            where the file is no manifest; `rewritten`, where its text is not what lazycell writes.
        old: what is committed; None for `new` and `unreadable`.
        new: what the model has now; None for `removed`.
        diff: from old to new; None where one of them is missing.
        fault: why the file cannot be read; empty but for `unreadable`.
    """

    preset: str
    path: Path
    state: str
    old: Manifest | None = None
    new: Manifest | None = None
    diff: ManifestDiff | None = None
    fault: str = ""

    @property
    def renames(self) -> tuple[tuple[str, str], ...]:
        """Old and new names of what seems to be renamed."""
        return () if self.diff is None else tuple((each.old.name, each.new.name) for each in self.diff.renamed)

    @property
    def digests(self) -> tuple[str | None, str | None]:
        """The first digits of the digest that was, and of the one that is."""
        old, new = (None if each is None else each.digest[:_SHORT] for each in (self.old, self.new))
        return old, new


def golden_text(manifest: Manifest) -> str:
    """Give what is committed of a manifest.

    Migrations are left out: they have files of their own, and a new one changes nothing about the model.
    """
    return attrs.evolve(manifest, migrations=()).to_json(collapsed=True)


def hold(preset: str, path: Path, manifest: Manifest | None) -> Held:
    """Compare a preset with its file.

    Args:
        preset: its name.
        path: where its manifest is committed.
        manifest: of the model as it is now; None: there is no such preset.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        content = read_bounded(path)
    except FileNotFoundError:
        content = None
    except JSONProblem as problem:
        return Held(preset, path, "unreadable", new=manifest, fault=f"the file {problem}")
    if manifest is not None and content == golden_text(manifest).encode():
        return Held(preset, path, "same", manifest, manifest)  # nearly always: nothing is read, nothing compared
    # As a file has it: what JSON cannot hold is no difference between a file and a model.
    new = None if manifest is None else Manifest.from_json(manifest.to_json(collapsed=True))
    if content is None:
        return Held(preset, path, "new", new=new)
    try:
        old = Manifest.from_json(content)
    except ManifestError as error:
        return Held(preset, path, "unreadable", new=new, fault=str(error))
    if new is None:
        return Held(preset, path, "removed", old)
    diff = attrs.evolve(old, migrations=()).diff(attrs.evolve(new, migrations=()))
    canonical = content == old.to_json(collapsed=True).encode()
    state = "changed" if diff else "same" if canonical else "rewritten"
    return Held(preset, path, state, old, new, diff)


def grouped(differing: Sequence[Held]) -> list[list[Held]]:
    """Put presets together whose differences are the same but for numbers: sizes, layers, digests."""
    groups: dict[Hashable, list[Held]] = {}
    for held in differing:
        groups.setdefault((held.state, _kind(held)), []).append(held)
    return [*groups.values()]


def group_text(group: Sequence[Held]) -> str:
    """Say what differs, of presets with the same difference; each name is printed so that it does no harm."""
    first = group[0]
    names = names_text([held.preset for held in group])
    one = len(group) == 1
    if first.state == "changed":
        same = "" if one else f", all in the same way; here {printable(first.preset)}"
        return f"{names} {'differs' if one else 'differ'} from what is committed{same}:\n{_indented(str(first.diff))}"
    paths = "\n".join(f"  {printable(str(held.path))}" for held in group)
    if first.state == "new":
        return f"{names} {'has' if one else 'have'} no committed manifest:\n{paths}"
    if first.state == "removed":
        return f"{names}: no preset goes by {'this name' if one else 'these names'} any more:\n{paths}"
    if first.state == "unreadable":
        return f"{names}: the committed manifest cannot be read:\n{paths}: {printable(first.fault)}"
    return f"{names}: nothing differs, but the file is not as lazycell writes it; was it edited?\n{paths}"


def names_text(presets: Sequence[str]) -> str:
    """List presets, the first few of many."""
    return few(map(printable, presets), _NAMES_SHOWN)


def _kind(held: Held) -> Hashable:
    """Give what is the same for presets that differ in the same way."""
    if held.state == "unreadable":
        return held.preset  # each has a cause of its own
    diff = held.diff
    if diff is None:
        return None
    alone = [{(index_free(each.name), _declared(each)) for each in entries} for entries in (diff.added, diff.removed)]
    both = [
        {
            (index_free(each.old.name), index_free(each.new.name), _declared(each.old), _declared(each.new))
            for each in pairs
        }
        for pairs in (diff.renamed, diff.reshaped, diff.retyped, diff.reinitialized, diff.changed, diff.redeclared)
    ]
    details = [
        {(index_free(each.name), each.old is None, each.new is None) for each in several}
        for several in (
            diff.ties,
            diff.stored,
            diff.computed,
            diff.leftovers,
            diff.caches,
            diff.hyperparameters,
            diff.streams,
        )
    ]
    kinds: list[set[Any]] = [*alone, *both, *details]
    return tuple(frozenset(kind) for kind in kinds)


def _declared(entry: ManifestEntry) -> Hashable:
    return entry.dtype, entry.initializer, entry.expression, entry.trainable, entry.tags


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
