"""`rename=`: from the checkpoint's names to the model's, by exact names or patterns with captures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import attrs

# `{i}` captures one dotted segment or a piece of one, `{*rest}` several segments, dots included.
_CAPTURE = re.compile(r"\{(\*?)([A-Za-z_][A-Za-z0-9_]*)\}")
_BRACES = re.compile(r"[{}]")


@attrs.frozen
class RenameRule:
    """One rule, parsed: names that match `source` become `target` with the captures put in."""

    source: str
    target: str
    pattern: re.Pattern[str] | None  # None: `source` is a plain name
    literal: str  # what every matching name starts with: told apart faster than by the pattern

    def apply(self, name: str) -> str | None:
        """Give the new name, or None if the rule does not match `name`."""
        if self.pattern is None:
            return self.target if name == self.source else None
        if not name.startswith(self.literal):
            return None
        match = self.pattern.fullmatch(name)
        return _CAPTURE.sub(lambda capture: match[capture[2]], self.target) if match else None


@attrs.frozen
class Renaming:
    """What a set of rules makes of a set of names; all but `names` are mistakes."""

    names: Mapping[str, str]  # name in the file -> name in the model; all names of the file, renamed or not
    overlapping: Mapping[str, tuple[str, ...]]  # name in the file -> the rules that match it, two or more
    colliding: Mapping[str, tuple[str, ...]]  # name in the model -> the names in the file that become it
    dead: tuple[str, ...]  # rules that match nothing


def parse_rules(rename: Mapping[str, str] | None) -> tuple[RenameRule, ...]:
    """Parse the argument `rename`.

    Raises:
        TypeError: it is not a mapping of strings.
        ValueError: a pattern is malformed, or a target uses a capture that its source does not have.
    """
    if rename is None:
        return ()
    if not isinstance(rename, Mapping):
        raise TypeError(
            f"rename has to be a mapping from names in the checkpoint to names in the model, not {rename!r}; "
            'write rename={"encoder.layer.{i}.query.weight": "layers.{i}.q.weight"}'
        )
    for source, target in rename.items():
        if not isinstance(source, str) or not isinstance(target, str):
            raise TypeError(f"rename: names have to be strings, not {source!r}: {target!r}")
    return tuple(_parse(source, target) for source, target in rename.items())


def apply_rules(rules: tuple[RenameRule, ...], names: Iterable[str]) -> Renaming:
    """Apply `rules` to the names of a checkpoint; mistakes are part of the answer, nothing is raised."""
    exact = {rule.source: rule for rule in rules if rule.pattern is None}
    patterns = [rule for rule in rules if rule.pattern is not None]
    renamed: dict[str, str] = {}
    overlapping: dict[str, tuple[str, ...]] = {}
    used: set[str] = set()
    sources: dict[str, list[str]] = {}
    for name in names:
        hits = [(exact[name].source, exact[name].target)] if name in exact else []
        hits += [(rule.source, new) for rule in patterns if (new := rule.apply(name)) is not None]
        used.update(source for source, _ in hits)
        if len(hits) > 1:
            overlapping[name] = tuple(source for source, _ in hits)
        renamed[name] = hits[0][1] if hits else name
        sources.setdefault(renamed[name], []).append(name)
    colliding = {new: tuple(olds) for new, olds in sources.items() if len(olds) > 1}
    return Renaming(renamed, overlapping, colliding, tuple(r.source for r in rules if r.source not in used))


def _parse(source: str, target: str) -> RenameRule:
    captures = _check_braces(source)
    for star, name in _check_braces(target):
        if (star, name) not in captures:
            shown = "{" + star + name + "}"
            has = ", ".join("{" + star + name + "}" for star, name in captures) or "no captures"
            raise ValueError(f"rename: the target {target!r} uses {shown}, but {source!r} has {has}")
    if sum(1 for star, _ in captures if star) > 1:
        raise ValueError(f"rename: {source!r} has more than one {{*…}}: where one ends and the next begins is open")
    if "}{" in source:
        raise ValueError(f"rename: {source!r} has two captures side by side: where one ends is open")
    if not captures:
        return RenameRule(source, target, None, source)
    expression, position, seen = "", 0, set[str]()
    for capture in _CAPTURE.finditer(source):
        star, name = capture[1], capture[2]
        expression += re.escape(source[position : capture.start()])
        # The same capture twice has to capture the same text twice.
        expression += f"(?P={name})" if name in seen else f"(?P<{name}>{'.+' if star else '[^.]+'})"
        seen.add(name)
        position = capture.end()
    expression += re.escape(source[position:])
    return RenameRule(source, target, re.compile(expression, re.DOTALL), source[: source.index("{")])


def _check_braces(text: str) -> list[tuple[str, str]]:
    if _BRACES.search(_CAPTURE.sub("", text)):
        raise ValueError(
            f"rename: {text!r}: a capture is written {{name}} (one segment) or {{*name}} (several segments)"
        )
    return [(capture[1], capture[2]) for capture in _CAPTURE.finditer(text)]
