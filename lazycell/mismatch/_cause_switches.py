"""A switch among the hyperparameters, set the other way, gives the model the names and the ties of the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from ..manifest import Manifest, known_names
from ..show import collapse, few
from ._declared_sizes import Again
from ._problems import Cause, Problem
from ._sides import Sides

# Groups of names that a switch adds, or takes away, of which are told.
_SHOWN = 3


_Other = tuple[str, bool, Manifest, int]
"""A switch, its other value, the manifest with that, and how many ties differ."""


class Switches:
    """The model with each of its switches set the other way; what is asked for twice is made once."""

    def __init__(self, manifest: Manifest, again: Again) -> None:
        self._manifest, self._again = manifest, again

    @cached_property
    def others(self) -> list[_Other]:
        """The models that the class makes of it."""
        return list(_others(self._manifest, self._again))

    def tied(self, sides: Sides) -> list[Cause]:
        """Give the switches that tie parameters that are missing to what the checkpoint has.

        Where more is missing than they explain, nothing says that it was tied rather than left out with the rest.
        """
        if not sides.missing or sides.unexpected:
            return []
        ties = [other for other in self.others if other[3]]
        found = [cause for name in sides.missing if (cause := _tied(name, sides.tensors, ties)) is not None]
        return found if len(found) == len(sides.missing) else []

    def present(self, sides: Sides) -> list[Cause]:
        """Give the switches with which the model has what only the checkpoint has, or lacks what only the model has."""
        if not (sides.missing or sides.unexpected):
            return []
        own = {*known_names(sides.manifest)}
        found = [
            (len(more | less), flag, value, more, less)
            for flag, value, other, _ in self.others
            for more, less in [_changes(sides, own, other)]
            if more or less
        ]
        if not found:
            return []
        _, flag, value, more, less = max(found, key=lambda each: each[0])
        texts = [f"has {_listed(more, sides)}"] if more else []
        texts += [f"has no {_listed(less, sides)}"] if less else []
        text = f"with {flag}={value} the model {' and '.join(texts)}, as in the checkpoint"
        return [Cause("switch", text, frozenset(more | less), settings={flag: value})]


def _changes(sides: Sides, own: Collection[str], other: Manifest) -> tuple[set[str], set[str]]:
    """Give what a switch adds and takes away, if the checkpoint has all of the one and nothing of the other."""
    names = {*known_names(other)}
    more, less = {*names} - {*own}, {*own} - names
    less = {name for name in less if name not in sides.manifest.ties}
    for name in more:
        tensor = sides.unexpected.get(name)
        if tensor is None or (name in other and other[name].shape != tensor.shape):
            return set(), set()
    return (more, less) if less <= sides.missing.keys() else (set(), set())


def _listed(names: Collection[str], sides: Sides) -> str:
    return few([f"`{pattern}`" for pattern, _ in collapse(sorted(names), sides.splits)], _SHOWN)


def parted(problems: Sequence[Problem], manifest: Manifest, again: Again) -> list[Cause]:
    """Give the switches without which ties are none that the checkpoint breaks."""
    broken = [problem for problem in problems if problem.kind == "tie"]
    others = [other for other in _others(manifest, again) if other[3]] if broken else []
    causes = [_parted(problem, manifest, others) for problem in broken]
    return [cause for cause in causes if cause is not None]


def _others(manifest: Manifest, again: Again) -> Iterator[_Other]:
    for name, value in manifest.hyperparameters.items():
        if type(value) is bool:
            try:
                other = again({name: not value})
            except Exception:  # whatever the class makes of it: what is wrong with the checkpoint is to be told
                continue
            yield name, not value, other, len(manifest.ties.items() ^ other.ties.items())


def _tied(name: str, names: Collection[str], others: Sequence[_Other]) -> Cause | None:
    """A parameter that is missing, and one with another name of it."""
    found = []
    for flag, value, other, changed in others:
        stored = other.ties.get(name, name)
        alike = [each for each in (stored, *_targets(other, stored)) if each != name and each in names]
        if alike:
            found.append((changed, flag, value, alike[0]))
    if not found:
        return None
    _, flag, value, alike_ = min(found)
    text = f"with {flag}={value} `{name}` is `{alike_}`, which the checkpoint has"
    return Cause("tie", text, frozenset([name]), settings={flag: value})


def _parted(problem: Problem, manifest: Manifest, others: Sequence[_Other]) -> Cause | None:
    """A tie whose two names the checkpoint has, with different values."""
    source = problem.name
    targets = _targets(manifest, source)
    copies = [name for name in targets if problem.tensor is not None and name == problem.tensor.name] or targets
    found = [
        (changed, flag, value, name)
        for flag, value, other, changed in others
        for name in copies
        if other.ties.get(name, name) == name
    ]
    if not found:
        return None
    _, flag, value, name = min(found)
    text = f"with {flag}={value} `{name}` and `{source}` are two parameters, as in the checkpoint"
    return Cause("tie", text, frozenset([source]), settings={flag: value})


def _targets(manifest: Manifest, source: str) -> list[str]:
    return [name for name, end in manifest.ties.items() if end == source]
