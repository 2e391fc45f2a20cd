"""Renames that have an inverse: what became of an old name, and which old name a new one had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .._frozen import frozen
from ..declaration import Pattern, captures_in, fill, parse_pattern


@frozen
class NameRules:
    """The rules of one rename, parsed. An exact name goes before a pattern, an earlier pattern before a later one.

    Attributes:
        exact: old names to new ones.
        backwards: new names to old ones.
        patterns: old and new name of each rule with captures.
    """

    exact: Mapping[str, str]
    backwards: Mapping[str, str]
    patterns: tuple[tuple[Pattern, Pattern], ...]

    def apply(self, name: str) -> str | None:
        """Give what `name` became, or None if no rule is about it."""
        if name in self.exact:
            return self.exact[name]
        for source, target in self.patterns:
            values = source.match(name)
            if values is not None:
                return fill(target.text, values)
        return None

    def undo(self, name: str) -> str | None:
        """Give the name that became `name`, or None if there is none; `apply` gives `name` back."""
        for old in self._before(name):
            if self.apply(old) == name:
                return old
        return None

    def _before(self, name: str) -> Iterator[str]:
        if name in self.backwards:
            yield self.backwards[name]
        for source, target in self.patterns:
            values = target.match(name)
            if values is not None:
                yield fill(source.text, values)


def name_rules(rename: Mapping[str, str]) -> NameRules:
    """Parse a rename.

    Raises:
        ValueError: a rule is malformed, changes nothing, or cannot be undone; the message says which and why.
    """
    exact: dict[str, str] = {}
    patterns: list[tuple[Pattern, Pattern]] = []
    sources: dict[str, str] = {}
    targets: dict[str, str] = {}
    for old, new in rename.items():
        rule = f"{_shown(old)}: {_shown(new)}"
        if not (old and new):
            raise ValueError(f"the rule {rule} has an empty name: write the whole name, relative to the cell")
        if old == new:
            raise ValueError(f"the rule {rule} changes nothing: leave it out")
        source, target = parse_pattern(old), parse_pattern(new)
        if dict(source.captures) != dict(target.captures):
            raise ValueError(
                f"the rule {rule} has no inverse: both names need the same captures, and the old one has "
                f"{_captures(source)}, the new one {_captures(target)}"
            )
        if (first := sources.setdefault(_numbered(old), old)) != old:
            raise ValueError(f"{_shown(first)} and {_shown(old)} are the same names: only one rule can be about them")
        if (first := targets.setdefault(_numbered(new), old)) != old:
            raise ValueError(
                f"{_shown(first)} and {_shown(old)} both become {_shown(new)}: which of them a parameter was could "
                "not be told. Give each a name of its own"
            )
        if source.is_plain:
            exact[old] = new
        else:
            patterns.append((source, target))
    return NameRules(exact, {new: old for old, new in exact.items()}, tuple(patterns))


def _numbered(text: str) -> str:
    """Give a pattern with captures named by their order: `{i}` and `{j}` match the same names."""
    order: dict[str, str] = {}
    for position, (name, capture) in enumerate(captures_in(text).items()):
        order[name] = f"{{{capture[1] if capture[1] == '*' else ''}c{position}}}"
    return fill(text, order)


def _captures(pattern: Pattern) -> str:
    return ", ".join(pattern.captures.values()) or "none"


def _shown(name: str) -> str:
    return f"{name!r:.120}"
