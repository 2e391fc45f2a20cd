"""`rename=`: from the checkpoint's names to the model's, by exact names or patterns with captures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from .. import declaration
from .._frozen import frozen
from .._harmless import printable


@frozen
class RenameRule:
    """One rule, parsed: what matches `pattern` is `target`, with the captures put in.

    `is_form`: the target is `fused`, `transposed` or `reshaped` names, or a section of a parameter, `qkv[q]`.
    """

    pattern: declaration.Pattern
    target: Any
    is_form: bool = False

    @property
    def text(self) -> str:
        """The rule as written."""
        return f'"{self.source}": {declaration.form_text(self.target)}'

    @property
    def source(self) -> str:
        """The checkpoint's name, as written."""
        return self.pattern.text

    def matches(self, name: str) -> bool:
        """Tell whether the rule is about `name`."""
        return self.pattern.match(name) is not None

    def apply(self, name: str) -> Any:
        """Give the new name, or the form that has names, or None if the rule does not match `name`."""
        values = self.pattern.match(name)
        if values is None:
            return None
        if not self.is_form:
            return declaration.fill(self.target, values) if values else self.target
        return declaration.replace_leaves(self.target, lambda text: declaration.fill(text, values))

    def undo(self, name: str) -> str | None:
        """Give the checkpoint's name for the model's `name`; None where the rule does not give it or has no inverse."""
        if self.is_form or declaration.captures_in(self.target) != dict(self.pattern.captures):
            return None
        try:
            values = declaration.parse_pattern(self.target).match(name)
        except ValueError:  # as a pattern it could be matched in several ways
            return None
        return None if values is None else declaration.fill(self.source, values)


@frozen
class Renaming:
    """What a set of rules makes of a set of names; `overlapping`, `colliding` and `dead` are mistakes."""

    names: Mapping[str, str]  # name in the file -> name in the model; all names of the file but those in `forms`
    overlapping: Mapping[str, tuple[str, ...]]  # name in the file -> the rules that match it, two or more
    colliding: Mapping[str, tuple[str, ...]]  # name in the model -> the names in the file that become it
    dead: tuple[str, ...]  # rules that match nothing
    # name in the file -> form of names in the model, and the rule that gives it
    forms: Mapping[str, tuple[Any, RenameRule]] = attrs.field(factory=dict)


def parse_rules(rename: Mapping[str, Any] | None, *, forms: bool = False) -> tuple[RenameRule, ...]:
    """Parse the argument `rename`.

    Args:
        rename: from the checkpoint's names to the model's.
        forms: whether a value may be `fused`, `transposed` or `reshaped` names.

    Raises:
        TypeError: it is not a mapping of names.
        ValueError: a pattern is malformed, or a target uses a capture that its source does not have.
    """
    if rename is None:
        return ()
    if not isinstance(rename, Mapping):
        raise TypeError(
            f"rename has to be a mapping from names in the checkpoint to names in the model, not {rename!r:.200}; "
            'write rename={"encoder.layer.{i}.query.weight": "layers.{i}.q.weight"}'
        )
    for source, target in rename.items():
        if not isinstance(source, str):
            raise TypeError(
                f"rename: a name in the checkpoint has to be text, not {_shown(source)} (to become {target!r:.80})"
            )
        if not isinstance(target, (str, declaration.Node) if forms else str):
            or_form = ", or names in `fused`, `transposed` or `reshaped`" if forms else ""
            raise TypeError(f"rename: {source!r:.80} has to become a name, as text{or_form}, not {_shown(target)}")
    return tuple(_parse(source, target, forms) for source, target in rename.items())


def apply_rules(rules: tuple[RenameRule, ...], names: Iterable[str]) -> Renaming:
    """Apply `rules` to the names of a checkpoint; mistakes are part of the answer, nothing is raised."""
    if not rules:
        names = tuple(names)
        return Renaming(dict(zip(names, names, strict=True)), {}, {}, ())
    exact = {rule.source: rule for rule in rules if rule.pattern.is_plain}
    patterns = [rule for rule in rules if not rule.pattern.is_plain]
    renamed: dict[str, str] = {}
    forms: dict[str, tuple[Any, RenameRule]] = {}
    overlapping: dict[str, tuple[str, ...]] = {}
    used: set[str] = set()
    sources: dict[str, str] = {}
    colliding: dict[str, list[str]] = {}
    for name in names:
        hits = [(exact[name], exact[name].target)] if name in exact else []
        for rule in patterns:
            found = rule.apply(name)
            if found is not None:
                hits.append((rule, found))
        new: Any = name
        if hits:
            rule, new = hits[0]
            used.update(hit.source for hit, _ in hits)
            if len(hits) > 1:
                overlapping[name] = tuple(hit.source for hit, _ in hits)
            if rule.is_form:
                forms[name] = new, rule
                continue
        renamed[name] = new
        first = sources.setdefault(new, name)
        if first is not name:
            colliding.setdefault(new, [first]).append(name)
    dead = tuple(rule.source for rule in rules if rule.source not in used)
    return Renaming(renamed, overlapping, {new: tuple(olds) for new, olds in colliding.items()}, dead, forms)


def _shown(value: object) -> str:
    return f"{value!r:.80}, of type {type(value).__name__}"


def _parse(source: str, target: Any, forms: bool) -> RenameRule:
    is_form = not isinstance(target, str)
    try:
        pattern = declaration.parse_pattern(source)
        for leaf in declaration.leaves(target):
            for name, capture in declaration.captures_in(leaf).items():
                if pattern.captures.get(name) != capture:
                    has = ", ".join(pattern.captures.values()) or "no captures"
                    raise ValueError(f"the target {leaf!r} uses {capture}, but {source!r} has {has}")
            if is_form or (forms and leaf.endswith("]")):
                is_form = declaration.parse_leaf(leaf).section is not None or is_form
    except ValueError as error:
        raise ValueError(printable(f"rename: {error}")) from None
    return RenameRule(pattern, target, is_form)
