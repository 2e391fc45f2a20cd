"""Differences for people, repeated layers in one row: nothing in the cells has to be escaped for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ... import show
from ._diff_totals import totals

if TYPE_CHECKING:
    from ...layout import ManifestEntry
    from ._differences import Change, Detail, Differences, DiffSide

_MOST_ROWS = 40
_LONGEST = 120
_TITLED = 6

Cells = tuple[str, ...]


def differences_report(diff: Differences) -> show.Report:
    """Give the differences for people: both sides, a table for each kind, what both take, and a summary."""
    return show.Report(title(diff), tuple(sections(diff)), (*totals(diff), summary(diff)))


def sections(diff: Differences) -> Iterator[show.Table]:
    """Give a table for each kind of which there are differences, the name in the first cell of a row."""
    splits = show.Splits()
    if len(diff.hyperparameters) > _TITLED:
        yield _section("hyperparameters", "hyperparameter", diff.hyperparameters, _detail)
    for title, entries in (("added", diff.added), ("removed", diff.removed)):
        if entries:
            yield _entries(title, entries, splits)
    yield from _changes("renamed (guesses)", diff.renamed, ("shape", "declared by", "declared as"), _kept, splits)
    yield from _changes("reshaped", diff.reshaped, ("shape", "declared by", "declared as"), _reshaped, splits)
    yield from _changes("retyped", diff.retyped, ("dtype", "declared by"), _retyped, splits)
    yield from _changes("re-initialized", diff.reinitialized, ("initializer", "declared by"), _reinitialized, splits)
    yield from _changes("changed", diff.changed, ("what", "declared by"), _minor, splits)
    yield from _changes("redeclared", diff.redeclared, ("declared by", "declared as"), _declared, splits)
    if diff.ties:
        yield _section("ties", "name", diff.ties, lambda each: _arrow(each.old or "not tied", each.new or "not tied"))
    yield from _stored(diff)
    if diff.computed:
        yield _section("computed buffers", "buffer", diff.computed, _detail)
    yield from _stated(diff)
    yield from _streams(diff)


def notes(diff: Differences) -> Iterator[str]:
    """Give a line for each difference that is none of a parameter, a tie, a buffer or a hyperparameter."""
    for table in (*_stored(diff), *_stated(diff), *_streams(diff)):
        rows = show.cut(table.rows, _MOST_ROWS)
        yield from (f"{table.title}: {': '.join(filter(None, row))}" for row in rows)


def title(diff: Differences) -> str:
    """Name both sides, with the hyperparameters that differ: `Bert(hidden=64) -> Bert(hidden=128)`."""
    details = diff.hyperparameters if len(diff.hyperparameters) <= _TITLED else ()
    old = {detail.name: detail.old for detail in details if detail.old is not None}
    new = {detail.name: detail.new for detail in details if detail.new is not None}
    return _arrow(_side(diff.old, old), _side(diff.new, new), always=True)


def summary(diff: Differences) -> str:
    """Count the differences, and say what they mean for checkpoints, in one line."""
    return f"{counts(diff)}; {_verdict(diff)}"


def counts(diff: Differences) -> str:
    """Count the differences: `2 renamed (guesses), 1 added`."""
    guesses = "a guess" if len(diff.renamed) == 1 else "guesses"
    kinds = [
        (len(diff.added), "added"),
        (len(diff.removed), "removed"),
        (len(diff.renamed), f"renamed ({guesses})"),
        (len(diff.reshaped), "reshaped"),
        (len(diff.retyped), "retyped"),
        (len(diff.reinitialized), "re-initialized"),
        (len(diff.changed), "changed"),
        (len(diff.redeclared), "redeclared"),
        *((len(found), f"{_many(found, word)} changed") for word, found in _besides(diff)),
    ]
    told = [f"{count:,} {what}" for count, what in kinds if count]
    return ", ".join(told) or "no difference"


def _besides(diff: Differences) -> tuple[tuple[str, tuple[Detail, ...]], ...]:
    return (
        ("tie", diff.ties),
        ("layout", diff.stored),
        ("computed buffer", diff.computed),
        ("leftover", diff.leftovers),
        ("cache", diff.caches),
        ("hyperparameter", diff.hyperparameters),
        ("stream version", diff.streams),
    )


def _many(found: tuple[Detail, ...], word: str) -> str:
    return word if len(found) == 1 else f"{word}s"


def _verdict(diff: Differences) -> str:
    moved = bool(diff.added or diff.removed or diff.renamed or diff.reshaped)
    if not (diff.old.declared or diff.new.declared):
        return f"the checkpoints {'do not hold' if diff.breaks_checkpoints else 'hold'} the same tensors"
    if diff.old.declared and diff.new.declared:
        subject, verb, negated, target = "checkpoints of the one", "load", "do not load", "into the other"
    else:
        subject, verb, negated, target = "the checkpoint", "fits", "does not fit", "the model"
        if moved:
            target += " as it is"
    if not diff.breaks_checkpoints:
        return f"{subject} {verb} {target}"
    if moved:
        return f"{subject} {negated} {target}"
    if diff.ties or diff.stored:
        return "checkpoints of the one are laid out otherwise than those of the other"
    return f"{subject} {verb} {target} once dtypes are cast"


def _side(side: DiffSide, values: dict[str, str]) -> str:
    name = shown(side.model) or "(no name)"
    if not side.declared:
        return f"{name} (a checkpoint)"
    called = ", ".join(f"{shown(key)}={shown(value)}" for key, value in values.items())
    return f"{name}({called})" if called else name


# ---------------------------------------------------------------------------------------------------------------- rows


def _entries(title: str, entries: tuple[ManifestEntry, ...], splits: show.Splits) -> show.Table:
    groups: dict[Cells, dict[str, int]] = {}
    for position, entry in enumerate(entries):
        cells = (str(entry.shape), entry.dtype, entry.declared_by or "", entry.expression or "")
        groups.setdefault(cells, {})[entry.name] = position
    return _grouped(title, len(entries), ("shape", "dtype", "declared by", "declared as"), groups, splits)


def _changes(
    title: str, changes: tuple[Change, ...], columns: Cells, cells_of: Callable[[Change], Cells], splits: show.Splits
) -> Iterator[show.Table]:
    if not changes:
        return
    same: dict[Cells, dict[str, int]] = {}
    renamed: dict[Cells, list[tuple[str, str, int]]] = {}
    for position, change in enumerate(changes):
        if change.is_guess:
            renamed.setdefault(cells_of(change), []).append((change.old.name, change.new.name, position))
        else:
            same.setdefault(cells_of(change), {})[change.new.name] = position
    mark = "" if title.startswith("renamed") else " (a guess)"
    titled = [
        (position, (_arrow(shown(old), shown(new)) + mark, *map(shown, cells)))
        for cells, pairs in renamed.items()
        for old, new, position in _joined(pairs, splits)
    ]
    section = _grouped(title, len(changes), columns, same, splits, titled)
    yield section


def _grouped(
    title: str,
    count: int,
    columns: Cells,
    groups: dict[Cells, dict[str, int]],
    splits: show.Splits,
    more: Iterable[tuple[int, Cells]] = (),
) -> show.Table:
    """Collapse names of equal cells; rows come in the order of their first members."""
    rows = list(more)
    for cells, positions in groups.items():
        texts = tuple(map(shown, cells))
        rows += [
            (positions[members[0]], (shown(pattern), *texts)) for pattern, members in show.collapse(positions, splits)
        ]
    rows.sort(key=lambda row: row[0])
    return show.Table([row for _, row in rows], title, count, ("parameter", *columns), most=_MOST_ROWS)


def _joined(pairs: list[tuple[str, str, int]], splits: show.Splits) -> Iterator[tuple[str, str, int]]:
    """Collapse old and new names together; a row stands for pairs that are one pattern on both sides."""
    families: dict[tuple[Cells, Cells], dict[str, tuple[str, int]]] = {}
    for old, new, position in pairs:
        families.setdefault((splits[old][0], splits[new][0]), {})[old] = (new, position)
    for family in families.values():
        for pattern, members in show.collapse(family, splits):
            others = show.collapse((family[name][0] for name in members), splits)
            if len(others) == 1:
                yield pattern, others[0][0], family[members[0]][1]
            else:
                yield from ((name, *family[name]) for name in members)


def _stored(diff: Differences) -> Iterator[show.Table]:
    if diff.stored:
        yield _section("stored otherwise", "tensor", diff.stored, _detail)


def _stated(diff: Differences) -> Iterator[show.Table]:
    if diff.caches:
        yield _section("caches", "cell", diff.caches, _detail)
    if diff.leftovers:
        yield _section("leftovers", "name", diff.leftovers, _detail)


def _streams(diff: Differences) -> Iterator[show.Table]:
    if diff.streams:
        yield _section("streams: a seed draws other values", "what", diff.streams, _detail)


def _section(title: str, column: str, details: tuple[Detail, ...], text: Callable[[Detail], str]) -> show.Table:
    rows = tuple((shown(detail.name), shown(text(detail), 2 * _LONGEST)) for detail in details)
    return show.Table(rows, title, len(details), (column, "change"), most=_MOST_ROWS)


# --------------------------------------------------------------------------------------------------------------- cells


def _kept(change: Change) -> Cells:
    return (str(change.new.shape), *_declared(change))


def _reshaped(change: Change) -> Cells:
    return (_arrow(str(change.old.shape), str(change.new.shape)), *_declared(change))


def _retyped(change: Change) -> Cells:
    return _arrow(change.old.dtype, change.new.dtype), _declared_by(change)


def _reinitialized(change: Change) -> Cells:
    return _arrow(change.old.initializer, change.new.initializer), _declared_by(change)


def _minor(change: Change) -> Cells:
    minor = [each for each in change.differs if each in ("trainable", "shard", "tags", "sections")]
    told = (f"{each} {_arrow(repr(getattr(change.old, each)), repr(getattr(change.new, each)))}" for each in minor)
    return ", ".join(told), _declared_by(change)


def _declared(change: Change) -> Cells:
    return _declared_by(change), _arrow(change.old.expression or "", change.new.expression or "")


def _declared_by(change: Change) -> str:
    return _arrow(change.old.declared_by or "", change.new.declared_by or "")


def _detail(detail: Detail) -> str:
    return _arrow(
        "(none)" if detail.old is None else detail.old,
        "(none)" if detail.new is None else detail.new,
    )


def _arrow(old: str, new: str, *, always: bool = False) -> str:
    """Write `old -> new`, or what both are; what one side does not know is left out."""
    if not always and (old == new or not old or not new):
        return new or old
    return f"{old} -> {new}"


def shown(text: str, longest: int = _LONGEST) -> str:
    """Give text that strangers wrote so that it does no harm in a terminal, and keeps to one line of bounded length."""
    if len(text) > longest:  # first: escapes of a very long text take time
        half = longest // 2
        text = f"{text[:half]}…{text[-half:]}"
    return show.printable(text)
