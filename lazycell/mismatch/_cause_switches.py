"""A switch among the hyperparameters, set the other way, ties what the file has once, or parts what it has twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..manifest import Manifest
from ._declared_sizes import Again
from ._problems import Cause, Problem
from ._sides import Sides


def tied(sides: Sides, again: Again) -> list[Cause]:
    """Give the switches that tie parameters that are missing to what the checkpoint has."""
    if not sides.missing:
        return []
    others = list(_others(sides.manifest, again))
    causes = (_tied(name, sides.tensors, others) for name in sides.missing) if others else ()
    return [cause for cause in causes if cause is not None]


def parted(problems: Sequence[Problem], manifest: Manifest, again: Again) -> list[Cause]:
    """Give the switches without which ties are none that the checkpoint breaks."""
    broken = [problem for problem in problems if problem.kind == "tie"]
    others = list(_others(manifest, again)) if broken else []
    causes = [_parted(problem, manifest, others) for problem in broken]
    return [cause for cause in causes if cause is not None]


_Other = tuple[str, bool, Manifest, int]
"""A switch, its other value, the manifest with that, and how many ties differ."""


def _others(manifest: Manifest, again: Again) -> Iterator[_Other]:
    for name, value in manifest.hyperparameters.items():
        if type(value) is bool:
            try:
                other = again({name: not value})
            except Exception:  # whatever the class makes of it: what is wrong with the checkpoint is to be told
                continue
            changed = len(manifest.ties.items() ^ other.ties.items())
            if changed:
                yield name, not value, other, changed


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
