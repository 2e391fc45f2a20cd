"""From renamed parameters to migrations: for each class the shortest rules that say what was renamed in its cells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from .._collector import collector_paused
from .._errors import ManifestError
from .._frozen import frozen
from ..declaration import declares
from ..history import name_rules
from ..manifest import Manifest, known_names
from ..show import is_index

_LETTERS = "ijklmnpqrs"
_REST = "{*rest}"
_MOST_FAMILIES = 64  # that are held against every name
_MOST_TRIED = 8


@collector_paused()
def migrations_of_renames(
    renames: Sequence[tuple[str, str]],
    cells: Mapping[str, type],
    *,
    old: Manifest,
    new: Manifest,
    since: Mapping[str, str] | None = None,
) -> dict[type, dict[str, str]]:
    """Give, for each class, its rule: what `Migration.rename` has to be, relative to the cells of the class.

    A rename belongs to the innermost cell in which both names are, and there to the class that declares what was
    renamed. The rule holds in every cell of the class, so one rule stands for all layers. Names that differ in an
    index, or in what follows, become one pattern where everything that the pattern is about was renamed like that.

    Args:
        renames: old and new full names of parameters, as checkpoints have them.
        cells: the class of each declared cell of the new model, by its path; "" is the model.
        old: the model before the change.
        new: the model after it.
        since: what earlier migrations have made of names of `old`, as `names_since` gives it; the rules are to be
            applied after them. None: there are none.

    Raises:
        ManifestError: a name is not there, two names become one, or old checkpoints could not be told from new ones
            afterwards.
    """
    _check(renames, old, new)
    if renames and old.digest == new.digest:
        raise ManifestError(_indistinct([pair[0] for pair in renames]))
    since = since or {}
    model = _Model(cells, {since.get(name, name) for name in known_names(old)}, new)
    steps = _steps([(since.get(source, source), target) for source, target in renames], model)
    model.inner = _by_class(steps, model)
    rules: dict[type, dict[str, str]] = {}
    for cls, pairs in _apart(steps, model).items():
        _refuse_indistinct(cls, pairs, model)
        rules[cls] = _shortest(cls, pairs, model)
    return rules


def _check(renames: Sequence[tuple[str, str]], old: Manifest, new: Manifest) -> None:
    before, after = known_names(old), known_names(new)
    olds: dict[str, str] = {}
    news: dict[str, str] = {}
    for source, target in renames:
        if source not in before:
            raise ManifestError(f"{source!r:.120} cannot be migrated: {old.model} had no parameter of that name")
        if target not in after:
            raise ManifestError(f"{source!r:.120} cannot become {target!r:.120}: {new.model} has no such parameter")
        if source == target:
            raise ManifestError(f"{source!r:.120} has the same name as before: there is nothing to migrate")
        if set("{}") & {*source, *target}:
            raise ManifestError(f"{source!r:.120} -> {target!r:.120}: a name with a brace cannot be written as a rule")
        if olds.setdefault(source, target) != target:
            raise ManifestError(f"{source!r:.120} would become both {olds[source]!r:.120} and {target!r:.120}")
        if news.setdefault(target, source) != source:
            raise ManifestError(f"{news[target]!r:.120} and {source!r:.120} would both become {target!r:.120}")


# -------------------------------------------------------------------------------------------------------------- places


class _Model:
    """The model after the change, and what it had before.

    Attributes:
        cells: the class of each declared cell, by its path.
        before: the names that it had.
        after: the names that it has.
        inner: relative names by class, as far as they are known.
    """

    def __init__(self, cells: Mapping[str, type], before: Collection[str], new: Manifest) -> None:
        self.cells = cells
        self.before = before
        self.after = known_names(new)
        self.new = new
        self.inner: Mapping[type, Mapping[str, str]] = {}
        self._back: dict[type, dict[str, str]] = {}
        self._prefixes: dict[type, tuple[str, ...]] = {}
        self._members: dict[type, tuple[tuple[str, str], ...]] = {}

    def prefixes(self, cls: type) -> tuple[str, ...]:
        """Give the paths of the cells of a class, or of one derived from it, each with its dot."""
        if cls not in self._prefixes:
            self._prefixes[cls] = tuple(
                f"{path}." if path else "" for path, each in self.cells.items() if issubclass(each, cls)
            )
        return self._prefixes[cls]

    def members(self, cls: type) -> tuple[tuple[str, str], ...]:
        """Give each name below a cell of a class: the cell's prefix, and the name before the cells inside changed."""
        if cls not in self._members:
            prefixes = {*self.prefixes(cls)}
            self._members[cls] = tuple(
                (prefix, self.before_inner(name, prefix)[len(prefix) :])
                for name in self.after
                for prefix in starts(name)
                if prefix in prefixes
            )
        return self._members[cls]

    def before_inner(self, name: str, prefix: str) -> str:
        """Give the name that was below a cell before the renames of the cells inside it, which say them themselves."""
        for start in reversed([*starts(name)]):
            if len(start) <= len(prefix):
                break
            cls = self.cells.get(start[:-1])
            for each in cls.__mro__ if cls is not None and name.startswith(start) else ():
                if each in self.inner:
                    if each not in self._back:
                        self._back[each] = {new: old for old, new in self.inner[each].items()}
                    rest = name[len(start) :]
                    name = start + self._back[each].get(rest, rest)
        return name

    def around(self, source: str, target: str) -> list[str]:
        """Give the prefixes of the cells that both names are in, the outermost first."""
        return [prefix for prefix in starts(target) if source.startswith(prefix) and prefix.rstrip(".") in self.cells]


def starts(name: str) -> Iterator[str]:
    """Give the prefixes of the cells that may be around a name, each with its dot, the outermost first: `""`."""
    yield ""
    end = name.find(".")
    while end >= 0:
        yield name[: end + 1]
        end = name.find(".", end + 1)


@frozen
class _Step:
    """A rename that is one class's: of names that the model had one after the other.

    `is_last`: the new name is the present one.
    """

    source: str
    target: str
    is_last: bool


def _steps(renames: Sequence[tuple[str, str]], model: _Model) -> list[_Step]:
    """Take renames apart that are several: of a cell, and of what is inside it."""
    came_from = _came_from(renames, model)
    steps: list[_Step] = []
    for source, present in renames:
        target = present
        for prefix in reversed([*starts(present)]):
            before = came_from.get(prefix, prefix)
            if before == prefix or not target.startswith(prefix) or not source.startswith(before):
                continue
            inside = prefix + source[len(before) :]
            if inside != target:
                steps.append(_Step(inside, target, target == present))
                target = inside
        if source != target:
            steps.append(_Step(source, target, target == present))
    return steps


def _came_from(renames: Sequence[tuple[str, str]], model: _Model) -> dict[str, str]:
    """Give the prefix that each cell had before, as far as names tell that have not changed inside it."""
    source_of = {target: source for source, target in renames}
    votes: dict[str, dict[str, int]] = {}
    for name in model.after:
        source = source_of.get(name, name if name in model.before else "")
        for prefix in starts(name):
            rest = name[len(prefix) :]
            before = source[: len(source) - len(rest)]
            if source.endswith(rest) and prefix[:-1] in model.cells and (not before or before.endswith(".")):
                count = votes.setdefault(prefix, {})
                count[before] = count.get(before, 0) + 1
    return {prefix: max(count, key=lambda each: count[each]) for prefix, count in votes.items()}


def _by_class(steps: Sequence[_Step], model: _Model) -> dict[type, dict[str, str]]:
    """Give relative names by class; where a class's cells do not agree, it is a matter of the cells around them."""
    waiting = [(step, model.around(step.source, step.target)) for step in steps]
    came_from = {step.target: step.source for step in steps if step.is_last}
    for step, prefixes in waiting:
        if not prefixes:
            raise ManifestError(f"{step.source!r:.120} -> {step.target!r:.120}: no declared cell has both names in it")
    while True:
        at = [(step, prefixes, _class_for(model, prefixes[-1], step.target)) for step, prefixes in waiting]
        contrary = _contrary(at, model, came_from)
        found: dict[type, dict[str, str]] = {}
        for step, prefixes, cls in at:
            source, target = (name[len(prefixes[-1]) :] for name in (step.source, step.target))
            if not {(cls, target), (cls, source)} & contrary:
                found.setdefault(cls, {})[source] = target
            elif len(prefixes) > 1:
                prefixes.pop()
            else:
                raise ManifestError(
                    f"{step.source!r:.120} -> {step.target!r:.120}: other cells of {cls.__qualname__} have kept the "
                    "name, so no rule of the class can say it; write the migration by hand"
                )
        if not contrary:
            return found


def _apart(steps: Sequence[_Step], model: _Model) -> dict[type, dict[str, str]]:
    """Give relative names by class, the outermost first, none of which says what those of a cell inside say."""
    by_place: dict[tuple[int, type], dict[str, str]] = {}
    for step in steps:
        for prefix in reversed(model.around(step.source, step.target)):
            cls = _class_for(model, prefix, step.target)
            rest = step.source[len(prefix) :]
            if model.inner.get(cls, {}).get(rest) == step.target[len(prefix) :]:
                target = model.before_inner(step.target, prefix) if step.is_last else step.target
                if target != step.source:
                    by_place.setdefault((prefix.count("."), cls), {})[rest] = target[len(prefix) :]
                break
    found: dict[type, dict[str, str]] = {}
    for (_, cls), pairs in sorted(by_place.items(), key=lambda item: item[0][0]):
        found.setdefault(cls, {}).update(pairs)
    return found


def _class_for(model: _Model, prefix: str, target: str) -> type:
    """Give the class whose migration it is: the nearest that declares what was renamed, else that of the cell."""
    cls = model.cells[prefix.rstrip(".")]
    attribute = target[len(prefix) :].partition(".")[0]
    return next((each for each in cls.__mro__ if declares(each, attribute)), cls)


def _contrary(
    at: Sequence[tuple[_Step, list[str], type]], model: _Model, came_from: Mapping[str, str]
) -> set[tuple[type, str]]:
    """Give the relative names about which the cells of a class differ."""
    contrary: set[tuple[type, str]] = set()
    forth: dict[tuple[type, str], str] = {}
    back: dict[tuple[type, str], str] = {}
    for step, prefixes, cls in at:
        source, target = (name[len(prefixes[-1]) :] for name in (step.source, step.target))
        if forth.setdefault((cls, source), target) != target:
            contrary.add((cls, source))
        if back.setdefault((cls, target), source) != source:
            contrary.add((cls, target))
    for (cls, target), source in back.items():
        for prefix in model.prefixes(cls):
            name = prefix + target
            # There all along, and not by this rename: the rule would be wrong there.
            if name in model.after and name in model.before and came_from.get(name, name) != prefix + source:
                contrary.add((cls, target))
    return contrary


# --------------------------------------------------------------------------------------------------------------- rules


@frozen
class _Family:
    """Renames that differ in indices, or in what follows: the patterns, and the renames that they stand for."""

    old: str
    new: str
    pairs: tuple[tuple[str, str], ...]


def _shortest(cls: type, pairs: Mapping[str, str], model: _Model) -> dict[str, str]:
    """Give the shortest rules that say the same as `pairs`."""
    members = model.members(cls)
    rules = dict(pairs)
    for indices, rest in _GENERALIZATIONS:
        left = {old: new for old, new in rules.items() if old in pairs}
        families = sorted(_families(left, indices, rest), key=lambda family: len(family.pairs), reverse=True)
        for family in families[:_MOST_FAMILIES]:
            covered = {old for old, _ in family.pairs}
            if not _is_worth_it(family, indices):
                continue
            if _holds({family.old: family.new}, pairs, members):
                rules = {old: new for old, new in rules.items() if old not in covered} | {family.old: family.new}
    for family in sorted(_families(pairs, False, True), key=lambda each: len(each.pairs), reverse=True)[:_MOST_TRIED]:
        # What no other rule is about: those come first, and this one is the last.
        others = _without(rules, family)
        if len(others) + 1 < len(rules) and _holds({**others, family.old: family.new}, pairs, members):
            rules = {**others, family.old: family.new}
    return rules if _holds(rules, pairs, ()) else dict(pairs)


def _without(rules: Mapping[str, str], family: _Family) -> dict[str, str]:
    """Leave out the rules that say nothing but what a family's pattern says."""
    general = name_rules({family.old: family.new})
    return {old: new for old, new in rules.items() if general.apply(old) != new}


def _families(pairs: Mapping[str, str], indices: bool, rest: bool) -> list[_Family]:
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for old, new in pairs.items():
        found.setdefault(_generalized(old, new, indices, rest), []).append((old, new))
    # One that is no pattern is the rename itself.
    return [_Family(old, new, tuple(members)) for (old, new), members in found.items() if "{" in old]


def _is_worth_it(family: _Family, indices: bool) -> bool:
    """Tell whether a family's pattern says more than one without `{*rest}`."""
    return _REST not in family.old or len({_generalized(*pair, indices, False) for pair in family.pairs}) > 1


_GENERALIZATIONS = ((True, True), (True, False), (False, True))
"""What is tried, the most general first: whether indices become captures, and whether what follows does."""


def _generalized(old: str, new: str, indices: bool, rest: bool) -> tuple[str, str]:
    """Give patterns for a rename: with indices as `{i}`, and with what follows the change as `{*rest}`."""
    before, after = old.split("."), new.split(".")
    same = 0
    while same < min(len(before), len(after)) - 1 and before[-1 - same] == after[-1 - same]:
        same += 1
    if rest and same:
        before, after = [*before[:-same], _REST], [*after[:-same], _REST]
    if indices:
        numbers = [each for each in before if is_index(each)]
        if numbers and numbers == [each for each in after if is_index(each)] and len(numbers) <= len(_LETTERS):
            before, after = _captured(before), _captured(after)
    return ".".join(before), ".".join(after)


def _captured(segments: Sequence[str]) -> list[str]:
    letters = iter(_LETTERS)
    return [f"{{{next(letters)}}}" if is_index(each) else each for each in segments]


def _holds(rules: Mapping[str, str], pairs: Mapping[str, str], members: Sequence[tuple[str, str]]) -> bool:
    """Tell whether everything that now has a name as these rules give it was renamed like that, and what they undo."""
    try:
        parsed = name_rules(rules)
    except ValueError:
        return False
    befores = ((parsed.undo(name), name) for _, name in members)
    if not all(before is None or pairs.get(before) == name for before, name in befores):
        return False
    return len(rules) == 1 or all(parsed.apply(old) == new and parsed.undo(new) == old for old, new in pairs.items())


# -------------------------------------------------------------------------------------------------------------- swaps


def _refuse_indistinct(cls: type, pairs: Mapping[str, str], model: _Model) -> None:
    """Refuse a class all of whose renames exchange names of parameters that are alike."""
    exchanged: dict[str, None] = {}
    for start in pairs:
        circle = [start]
        while start not in exchanged and (following := pairs.get(circle[-1])) != start:
            if following is None:
                return  # a chain with an end: its first name tells
            circle.append(following)
        if not _are_alike(cls, circle, model):
            return
        exchanged.update(dict.fromkeys(circle))
    raise ManifestError(_indistinct([*exchanged], f" in {cls.__qualname__}"))


def _are_alike(cls: type, names: Sequence[str], model: _Model) -> bool:
    return all(len({_kind(model, prefix + name) for name in names}) <= 1 for prefix in model.prefixes(cls))


def _kind(model: _Model, name: str) -> object:
    if name in model.new:
        entry = model.new[name]
        return entry.shape, entry.dtype
    return model.after.get(name)


def _indistinct(names: Sequence[str], where: str = "") -> str:
    shown = ", ".join(f"{name!r:.80}" for name in names[:4]) + (", …" if len(names) > 4 else "")
    return (
        f"{shown}{where}: names of parameters that are alike are exchanged, so that nothing in a checkpoint tells "
        "whether it is from before or after. Give them names that nothing had before"
    )
