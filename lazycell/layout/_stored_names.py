"""From what the classes of a model say about names and layouts to the stored tensors of the whole model.

Each cell's rules see the names that the rules of the cells below it give, and give the names that those above see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .._frozen import frozen
from ._apply_rules import Item, Items, apply_rules
from ._cell_rules import CellRules
from ._entry import ManifestEntry
from ._layout import Block, Stored
from ._match import Matcher


@frozen
class StoredNames:
    """The stored tensors of a model, as `Manifest` has them; `tied` are the names that the copies would have else."""

    stored: tuple[Stored, ...] = ()
    copies: tuple[Stored, ...] = ()
    computed: frozenset[str] = frozenset()
    tied: frozenset[str] = frozenset()


def stored_names(
    entries: Sequence[ManifestEntry],
    ties: Mapping[str, str],
    computed: frozenset[str],
    rules: Mapping[str, CellRules],
) -> StoredNames:
    """Apply the rules of all cells of a model, from the innermost out. Linear in the number of names.

    Args:
        entries: the parameters.
        ties: names that are tied, and the parameters they stand for.
        computed: names of buffers that are not saved; a stored copy of one may be renamed like anything else.
        rules: of each cell, by its path; the model's own have the path "".

    Raises:
        DeclarationError: rules overlap, or take a part of what belongs together.
    """
    rules = {path: cell for path, cell in rules.items() if cell.declaration.stored}  # others know of leftovers only
    if not rules:
        return StoredNames(computed=computed)
    by_name = {entry.name: entry for entry in entries}
    waiting: dict[str, Items] = {path: {} for path in rules}
    done: Items = {}
    for name, item in _unchanged(by_name, ties, computed):
        home = _home(name, rules)
        if home is not None:
            waiting[home][name] = item
    matchers: dict[int, Matcher] = {}
    for path in sorted(rules, key=lambda each: each.count(".") + bool(each), reverse=True):
        cell = rules[path]
        kind = id(cell.declaration)
        if kind not in matchers:
            matchers[kind] = Matcher(cell.declaration.stored)
        named = apply_rules(cell, matchers[kind], f"{path}." if path else "", by_name, waiting.pop(path))
        home = _home(path, rules) if path else None
        (done if home is None else waiting[home]).update(named)
    order = {entry.name: position for position, entry in enumerate(entries)}
    stored, copies, tied = [], [], set()
    for name, item in done.items():
        if item.form is not None and not (isinstance(item.form, Block) and str(item.form) == name):
            tensor = Stored(name, item.form, item.rule)
            if item.tied is None:
                stored.append(tensor)
            elif name != item.tied or not isinstance(item.form, Block):
                copies.append(tensor)
                tied.add(item.tied)
    stored.sort(key=lambda tensor: order[tensor.parameters[0]])
    more = {name for name, item in done.items() if item.form is None}
    return StoredNames(tuple(stored), tuple(copies), computed | more, frozenset(tied))


def _unchanged(
    entries: Mapping[str, ManifestEntry], ties: Mapping[str, str], computed: Iterable[str]
) -> Iterator[tuple[str, Item]]:
    """Give every name that a checkpoint may have, before any rule has been applied."""
    for name, entry in entries.items():
        yield name, Item(entry.block)
    for alias, owner in ties.items():
        if owner in entries and alias not in entries:  # a net may have been changed since its ties were made
            yield alias, Item(entries[owner].block, tied=alias)
    for name in computed:
        yield name, Item(None)


def _home(name: str, rules: Mapping[str, CellRules]) -> str | None:
    """Give the path of the innermost cell with rules that `name` is below."""
    end = name.rfind(".")
    while end > 0:
        if name[:end] in rules:
            return name[:end]
        end = name.rfind(".", 0, end)
    return "" if "" in rules else None
