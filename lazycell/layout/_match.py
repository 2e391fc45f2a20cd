"""Which leaf of which rule takes a name, and what comes of it: for full names, and for names that stand for many."""

from __future__ import annotations

from collections.abc import Iterable

from .._frozen import frozen
from ..declaration import Leaf, StoredRule, fill
from ..show import is_index
from ._overlap import ANYTHING, INDEX, as_wildcards, overlap


class Matcher:
    """Finds the rules that take a full name: plain names by a dictionary, since names are many."""

    def __init__(self, rules: Iterable[StoredRule]) -> None:
        self._plain: dict[str, list[tuple[StoredRule, int]]] = {}
        self._patterns: list[tuple[StoredRule, int]] = []
        for rule in rules:
            for position, leaf in enumerate(rule.leaves):
                if leaf.pattern.is_plain:
                    self._plain.setdefault(leaf.pattern.text, []).append((rule, position))
                else:
                    self._patterns.append((rule, position))

    def __call__(self, name: str) -> list[tuple[StoredRule, int, dict[str, str]]]:
        """Give each rule that takes `name`, which of its leaves does, and what the captures stand for."""
        hits: list[tuple[StoredRule, int, dict[str, str]]]
        hits = [(rule, position, {}) for rule, position in self._plain.get(name, ())]
        for rule, position in self._patterns:
            values = rule.leaves[position].pattern.match(name)
            if values is not None:
                hits.append((rule, position, values))
        return hits


@frozen
class Use:
    """A leaf of a rule that can take a name with wildcards.

    Attributes:
        rule: the rule.
        leaf: one of its leaves.
        new: the stored name, with wildcards where the name has some.
        whole: whether it takes all names that the name stands for; else some of them.
    """

    rule: StoredRule
    leaf: Leaf
    new: str
    whole: bool


def uses(rules: Iterable[StoredRule], name: str) -> list[Use]:
    """Give every leaf of every rule that can take a name with wildcards."""
    found: list[Use] = []
    for rule in rules:
        for leaf in rule.leaves:
            values = _match(leaf, name)
            if values is not None and not any(
                ANYTHING in values[each] and not written.startswith("{*")
                for each, written in leaf.pattern.captures.items()
            ):
                found.append(Use(rule, leaf, fill(rule.name, values), whole=True))
            elif values is not None or overlap(leaf.pattern.text, name) is not None:
                values = _match(leaf, _at_index(name, leaf.pattern.text))
                new = as_wildcards(rule.name) if values is None else fill(rule.name, values)
                found.append(Use(rule, leaf, new, whole=False))
    return found


def _match(leaf: Leaf, name: str) -> dict[str, str] | None:
    values = leaf.pattern.match(name)
    return values if values is None or leaf.counter is None else {**values, leaf.counter: INDEX}


def use_by(rule: StoredRule, found: Iterable[Use]) -> Use | None:
    """Give the use that decides what a rule makes of a name: one that takes all of it, else the first."""
    ours = [use for use in found if use.rule is rule]
    return next((use for use in ours if use.whole), ours[0] if ours else None)


def _at_index(name: str, pattern: str) -> str:
    """Give `name` with the positions that a pattern names: `layers.0.weight` of all of `layers`."""
    segments = name.split(".")
    for position, (ours, theirs) in enumerate(zip(segments, pattern.split("."), strict=False)):
        if theirs.startswith("{*"):
            break
        if ours == INDEX and is_index(theirs):
            segments[position] = theirs
    return ".".join(segments)
