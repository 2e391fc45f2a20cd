"""A model, or two that are held against each other, as the rows of the viewer's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any

import attrs

from ..layout import ManifestEntry, trainable_size
from ._data import MARKS, Rows, Side, Spec, View
from ._parameter_roles import roles_of

if TYPE_CHECKING:
    from ._shown import Cache, Difference, Model, Totals

# A hyperparameter may be any object, with a repr of any length.
_LONGEST_VALUE = 300


def view_of(model: Model, *, states: Mapping[str, str] | None = None) -> View:
    """Lay out a model for the page.

    Args:
        model: the model.
        states: for each parameter's name what it is: `declared`, `loaded`, `initialized`; of a net.

    Returns:
        The rows in order of declaration.
    """
    table = _Table(states)
    for name, spec in _specs(model).items():
        table.add(name, spec)
    return table.view((_side(model),))


def compared_view(
    models: tuple[Model, Model], compared: tuple[Model, Model], difference: Difference, notes: Iterable[str] = ()
) -> View:
    """Lay out two models that are held against each other.

    Args:
        models: the older one and the newer one.
        compared: what of each was compared, parameter by parameter: a row for each.
        difference: between them.
        notes: what no row can show of it, a line each.

    Returns:
        The rows in order of declaration. One that the newer model has no more comes where it once was.
    """
    (old, new), (before, after) = models, compared
    table = _Table(None)
    for row in _compared(_specs(before), _specs(after), difference):
        table.compare(*row)
    sides = _side(old, difference.old), _side(new, difference.new)
    return attrs.evolve(table.view(sides), same=not difference, notes=tuple(notes), growth=difference.growth)


class _Table:
    """Columns that grow by a row at a time."""

    def __init__(self, states: Mapping[str, str] | None) -> None:
        self._prefixes: dict[str, int] = {}
        self._words: dict[str, int] = {}
        self._specs: dict[Any, int] = {}
        self._states: dict[str, int] = {}
        self._state_of = states
        self._rows = Rows([], [], [])

    def add(self, name: str, spec: _Facts) -> None:
        """Add the row of a parameter."""
        rows = self._rows
        start = name.rfind(".") + 1
        rows.prefix.append(_place(self._prefixes, name[:start]))
        rows.word.append(_place(self._words, name[start:]))
        rows.spec.append(_place(self._specs, spec))
        if self._state_of is not None:
            state = self._state_of.get(name)
            rows.state.append(-1 if state is None else _place(self._states, state))

    def compare(self, name: str, old: _Facts | None, new: _Facts | None, marks: int, was: str | None) -> None:
        """Add the row of a parameter that is held against an older one."""
        facts = old if new is None else new
        assert facts is not None
        self.add(name, facts)
        self._rows.before.append(-1 if old is None else _place(self._specs, old))
        self._rows.marks.append(marks)
        self._rows.was.append(-1 if was is None else _place(self._words, was))

    def view(self, sides: tuple[Side, ...]) -> View:
        """Give what was gathered."""
        specs = tuple(_spec(facts) for facts in self._specs)
        return View(sides, tuple(self._prefixes), tuple(self._words), specs, tuple(self._states), self._rows)


def _place(known: dict[Any, int], key: Any) -> int:
    return known.setdefault(key, len(known))


# ------------------------------------------------------------------------------------------------------------- the rows

# What tells one Spec from another, cheap to make and to hash: 100,000 parameters share a few dozen.
_Facts = tuple[Any, ...]


def _specs(model: Model) -> dict[str, _Facts]:
    """Give what is to be told of each name, ties and computed buffers included."""
    declared = model.declared
    entries, cells = model.entries, model.cells
    held_by = [entry.declared_by or (_held_by(entry.name, cells) if cells else "") for entry in entries]
    roles = roles_of(entries, held_by)
    facts: dict[str, _Facts] = {
        entry.name: _facts(entry, declared, by, role) for entry, by, role in zip(entries, held_by, roles, strict=True)
    }
    for target, source in model.ties.items():
        facts.setdefault(target, ("tie", f"tied to {source}"))
    for name in sorted(model.computed):
        facts.setdefault(name, ("computed", "computed when the model is built, not stored"))
    return facts


def _held_by(name: str, cells: Mapping[str, str]) -> str:
    """Give class and attribute of a parameter of a plain cell."""
    path, _, attribute = name.rpartition(".")
    return f"{cells[path]}.{attribute}" if path in cells else ""


def _facts(entry: ManifestEntry, declared: bool, by: str, role: str) -> _Facts:
    return (
        *("parameter", entry.shape, entry.dtype, entry.initializer, entry.trainable if declared else None),
        *(entry.expression, by, entry.declared_at, _shard(entry.shard), entry.tags),
        *(_sections(entry.sections), entry.doc, role, entry.size, entry.nbytes),
    )


def _spec(facts: _Facts) -> Spec:
    if facts[0] != "parameter":
        return Spec(kind=facts[0], note=facts[1])
    kind, shape, dtype, initializer, trainable, expression, by, at, shard, tags, sections, doc = facts[:-3]
    return Spec(
        kind=kind,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        trainable=trainable,
        expression=expression or "",
        declared_by=by,
        declared_at=at or "",
        shard=shard,
        tags=tags,
        sections=sections,
        doc=doc or "",
        role=facts[-3],
        size=facts[-2],
        nbytes=facts[-1],
    )


def _shard(shard: tuple[Any, ...] | None) -> str:
    """Write the axes of a mesh: `(tp, -)`, `(dp+tp, -)`."""
    if not shard:
        return ""
    axes = (("+".join(map(str, axis)) if isinstance(axis, tuple) else str(axis)) if axis else "-" for axis in shard)
    return f"({', '.join(axes)})"


def _sections(sections: Iterable[tuple[int, tuple[tuple[str, int], ...]]]) -> str:
    """Write the sections of fused axes: `axis 0: query 768, key 768, value 768`."""
    return "; ".join(f"axis {axis}: {', '.join(f'{name} {size}' for name, size in named)}" for axis, named in sections)


# ---------------------------------------------------------------------------------------------------------- compared


def _compared(
    old: dict[str, _Facts], new: dict[str, _Facts], difference: Difference
) -> Iterator[tuple[str, _Facts | None, _Facts | None, int, str | None]]:
    """Give name, facts of old and new, marks and former name of each row, in the order of the newer model."""
    was = {change.new.name: change.old.name for change in difference.renamed}
    renamed = set(was.values())
    stayed = old.keys() - renamed  # under the name of one that was renamed there may be another thing now
    marks = _marks(stayed, new.keys(), difference)
    gone: dict[str | None, list[str]] = {}
    last = None  # a removed row is shown after the one that it came after
    for name in old:
        if name in new:
            last = name
        elif name not in renamed:
            gone.setdefault(last, []).append(name)
    for name in gone.get(None, ()):
        yield name, old[name], None, marks.get(name, 0), None
    for name, facts in new.items():
        former = was.get(name)
        before = old[former] if former is not None else old[name] if name in stayed else None
        yield name, before, facts, marks.get(name, 0), former
        for removed in gone.get(name, ()):
            yield removed, old[removed], None, marks.get(removed, 0), None


def _marks(old: Set[str], new: Set[str], difference: Difference) -> dict[str, int]:
    """Give the marks of each name that the comparison names, and of no other: what it finds equal has none."""
    marks: dict[str, int] = {}
    for mark in MARKS[2:]:
        for change in getattr(difference, mark):
            marks[change.new.name] = marks.get(change.new.name, 0) | _bit(mark)
    for each in (*difference.added, *difference.removed, *difference.ties, *difference.computed):
        name = each.name  # a parameter that is a tie now, say, is there on both sides
        mark = "removed" if name not in new else "added" if name not in old else "changed"
        marks[name] = marks.get(name, 0) | _bit(mark)
    return marks


def _bit(mark: str) -> int:
    return 1 << MARKS.index(mark)


# ------------------------------------------------------------------------------------------------------------ the sides


def _side(model: Model, totals: Totals | None = None) -> Side:
    """Sum up a model; where two are compared, what is compared of it."""
    entries = model.entries
    return Side(
        title=model.model,
        declared=model.declared,
        digest=model.digest,
        parameters=len(entries) if totals is None else totals.parameters,
        elements=sum(entry.size for entry in entries) if totals is None else totals.elements,
        trainable=trainable_size(entries),
        nbytes=sum(entry.nbytes for entry in entries) if totals is None else totals.nbytes,
        hyperparameters=tuple((str(key), _value(value)) for key, value in model.hyperparameters.items()),
        caches=_caches(model.caches),
        source=model.source,
    )


def _caches(caches: Iterable[Cache]) -> tuple[tuple[int, int | None, bool], ...]:
    """Sum up the bytes of a position over the caches that keep as many."""
    sums: dict[tuple[int | None, bool], int] = {}
    for cache in caches:
        kind = cache.window, cache.source
        sums[kind] = sums.get(kind, 0) + cache.position_nbytes
    return tuple((nbytes, *kind) for kind, nbytes in sums.items())


def _value(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
