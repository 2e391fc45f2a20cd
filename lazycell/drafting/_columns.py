"""What a size is in each place of a class, and the shortest true way to say it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .._frozen import frozen
from ..pretrained import is_bookkeeping
from ._config_keys import switches
from ._equations import Equations
from ._index_patterns import pattern_of
from ._python_names import attribute_name, literal
from ._roles import role_of, takes_bias

Column = list[Any]
"""For each branch of a class a value; None where there is none."""


@frozen
class Place:
    """Where a value is needed.

    Attributes:
        kind: the class of the layer; `children` for a number of cells, `presence` for whether something is there.
        argument: what the layer calls it.
        path: of the layer, in the first checkpoint that has it.
    """

    kind: str
    argument: str
    path: str


class _Plan(Protocol):
    hypers: list[Any]
    uses_config: bool

    @property
    def branches(self) -> Sequence[Any]: ...


class Sizes:
    """Says values, as arithmetic of the config's, as what a class is given, or as they are."""

    def __init__(self, configs: Sequence[Mapping[str, Any]], runs: int, make: Any) -> None:
        # A file's own stamps are no sizes, and no patterns of layers.
        self.configs = [
            {name: value for name, value in config.items() if name.isidentifier() and not is_bookkeeping(name)}
            for config in configs
        ]
        self.equations = Equations(self.configs, runs)
        self.customs: set[str] = set()
        self._switches = switches(self.configs)
        self._runs = runs
        self._make = make
        self._taken: dict[int, set[str]] = {}

    def enter(self, plan: _Plan, taken: set[str]) -> None:
        """Begin with a class that has attributes of these names."""
        self._taken[id(plan)] = {"config", "dtype", *taken}

    def eps_key(self) -> str | None:
        """Give the key of the config that is the epsilon of its norms."""
        found = {
            name
            for config in self.configs
            for name, value in config.items()
            if isinstance(value, float) and ("norm_eps" in name or "norm_epsilon" in name)
        }
        return found.pop() if len(found) == 1 else None

    def each(self, plan: _Plan, values: list[Column], place: Place, notes: list[str], *, indexed: bool) -> str:
        """Say a value that may differ by the position in a list."""
        flat = [_only({_hashable(v) for v in some if v is not None}) for some in values]
        if all(len({_hashable(v) for v in some if v is not None}) <= 1 for some in values):
            return self.said(plan, flat, place, notes)
        assert indexed
        filler = next(v for some in values for v in some if v is not None)
        rows = [tuple(filler if v is None else _hashable(v) for v in some) if some else None for some in values]
        for name, text in self._listed(plan, rows):
            plan.uses_config = True
            self.equations.used.add(name)
            return text
        distinct = {row for row in rows if row is not None}
        default = literal(distinct.pop()) if len(distinct) == 1 else None
        return f"{self._given(plan, rows, place, default)}[INDEX]"

    def said(self, plan: _Plan, column: Column, place: Place, notes: list[str]) -> str:
        """Say a value that each branch of the class has once."""
        there = [(branch.run, value) for branch, value in zip(plan.branches, column, strict=True) if value is not None]
        distinct = {value for _, value in there}
        if all(type(value) is int for value in distinct):
            role = role_of(place.kind, place.argument, place.path)
            answer = self.equations.solve(there, role, place.path)
            if answer is not None:
                plan.uses_config = True
                if answer.others:
                    options = " or ".join(_plain(each) for each in [answer.text, *answer.others])
                    value = there[0][1] if len(distinct) == 1 else "this"
                    notes.append(f"undecided: {place.argument}={value} is {options}")
                return answer.text
        if len(distinct) == 1:
            value = distinct.pop()
            one_cell = place.kind == "children" and value == 1
            if type(value) is int and not one_cell and any(self.configs):
                notes.append(f"nothing in the config is {place.argument}={value}")
            return literal(value)
        return self._given(plan, column, place)

    def truth(self, plan: _Plan, values: list[Column], place: Place, notes: list[str], *, indexed: bool) -> str:
        """Say whether something is so, as Python."""
        said = {v for some in values for v in some if v is not None}
        by_run = [
            (branch.run, v) for branch, some in zip(plan.branches, values, strict=True) for v in some if v is not None
        ]
        told = self._switched(by_run, place, varies=len(said) > 1)
        if told:
            names = [text.split("@")[1] for text in told]
            plan.uses_config = True
            self.equations.used.add(names[0])
            if len(said) == 1:
                self.customs.add(names[0])
            elif len(told) > 1:
                notes.append(f"undecided: {place.argument} is {' or '.join(map(_plain, told[:4]))}")
            return told[0]
        if len(said) == 1:
            return repr(said.pop())
        if indexed and not all(len({v for v in some if v is not None}) <= 1 for some in values):
            runs = [branch.run for branch in plan.branches]
            found = pattern_of(values, runs, self.configs)
            if found is not None:
                plan.uses_config = plan.uses_config or "@" in found.text
                self.equations.used |= {*found.text.split("@")[1::2]}
                if found.others:
                    notes.append(f"undecided: {' or '.join(map(_plain, [found.text, *found.others]))}")
                return found.text
            rows = [tuple(bool(v) for v in some) if some else None for some in values]
            return f"{self._given(plan, rows, place)}[INDEX]"
        return self._given(plan, [_only({v for v in some if v is not None}) for some in values], place)

    def _switched(self, by_run: Sequence[tuple[int, bool]], place: Place, *, varies: bool) -> list[str]:
        """Give the switches and words of the config that say it; where it never varies, those that do so by custom."""
        found = [
            f"@{name}@"
            for name, switch in self._switches.items()
            if all(switch[run] == v for run, v in by_run)
            and (varies or (place.argument == "use_bias" and takes_bias(name, place.path)))
        ]
        found += [
            f"~@{name}@"
            for name, switch in self._switches.items()
            if varies and all(switch[run] != v for run, v in by_run)
        ]
        return [*found, *(text for _, text in self._named_values(by_run))] if varies else found

    def _named_values(self, by_run: Sequence[tuple[int, bool]]) -> list[tuple[str, str]]:
        """Find a word of the config that is one where something is so, and another where it is not."""
        found = []
        for name in dict.fromkeys(name for config in self.configs for name in config):
            yes = {repr(self.configs[run].get(name)) for run, v in by_run if v}
            no = {repr(self.configs[run].get(name)) for run, v in by_run if not v}
            words = [self.configs[run].get(name) for run, v in by_run if v]
            if len(yes) == 1 and not yes & no and words[0] is not None and isinstance(words[0], str):
                found.append((name, f"@{name}@ == {literal(words[0])}"))
        return found

    def _listed(self, plan: _Plan, rows: list[Any]) -> list[tuple[str, str]]:
        """Find the lists of the config that have these values, in this order."""
        runs = [branch.run for branch in plan.branches]
        return [
            (name, f"@{name}@[INDEX]")
            for name in (self.configs[0] if self.configs else ())
            if all(
                row is None or (isinstance(self.configs[run].get(name), list) and tuple(self.configs[run][name]) == row)
                for run, row in zip(runs, rows, strict=True)
            )
        ]

    def _given(self, plan: _Plan, column: Column, place: Place, default: str | None = None) -> str:
        """Make it an argument of the class; one that has the same values everywhere is taken for it."""
        filler = next(value for value in column if value is not None)
        filled = [filler if value is None else value for value in column]
        for hyper in plan.hypers:
            pairs = zip(hyper.column, filled, strict=True)
            if hyper.default == default and all(a == b and type(a) is type(b) for a, b in pairs):
                return str(hyper.name)
        taken = self._taken[id(plan)]
        many = isinstance(filler, tuple) and place.kind != "presence" and not place.argument.endswith("s")
        plural = f"{place.argument}s" if many else place.argument
        last = next((part for part in reversed(place.path.split(".")) if not part.isdigit()), "")
        plural = attribute_name(plural)  # which may be a stranger's
        name, number = plural, 2
        if name in taken and last.isidentifier():
            name = attribute_name(f"{last.lstrip('_')}_{plural}")
        while name in taken:
            name, number = f"{plural}_{number}", number + 1
        taken.add(name)
        plan.hypers.append(self._make(name, filled, place, default))
        return name


def _plain(text: str) -> str:
    return text.replace("@", "")


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _only(values: set[Any]) -> Any:
    return next(iter(values)) if values else None
