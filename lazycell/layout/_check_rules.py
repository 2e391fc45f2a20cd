"""Checks of a class's `rename` rules when the class is defined: each has an inverse, is needed, and is alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .. import show
from .._location import did_you_mean
from ..declaration import Declaration, Half, Leaf, StoredRule, Tie, form_text, own_rules
from ._class_names import Known, names_below
from ._form_shape import form_shape, unknown_sizes
from ._match import Use, use_by, uses
from ._overlap import ANYTHING, overlap, shown


def check_rules(cls: type, declaration: Declaration) -> None:
    """Refuse rules that could not be applied backwards, overlap, or match nothing.

    Raises:
        DeclarationError: for the first mistake; it names the class, the rule and the line.
    """
    if not declaration.stored:
        return
    # A subclass may have taken away what an inherited rule was for.
    own = [rule for rule in declaration.stored if any(rule is each for each in own_rules(cls))]
    for rule in own:
        _check_captures(rule)
    names = names_below(cls, declaration)
    found = {name: uses(declaration.stored, name) for name in names}
    for rule in own:
        for leaf in rule.leaves:
            if not any(use.rule is rule and use.leaf is leaf for here in found.values() for use in here):
                _refuse_dead(rule, leaf, declaration, names)
        _check_axes(rule, _ranks(rule, names, found))
    for rule in declaration.stored:
        _check_half(rule, declaration.stored)
    for name, here in found.items():
        _check_alone(name, here)
        _check_complete(name, names[name].sections, here)
    _check_stored_once(declaration, found)


def _check_captures(rule: StoredRule) -> None:
    """Every name of a rule has the same captures, so that each of them can be made from any other."""
    ours = rule.pattern.captures
    for leaf in rule.leaves:
        if leaf.counter in leaf.pattern.captures:
            rule.complain(f'"{leaf.text}" has the capture `{leaf.section}` twice: call the position by another name')
        theirs = leaf.captures
        if leaf.text in rule.counted:
            counts = [written for name, written in theirs.items() if name not in ours]
            if len(counts) != 1 or "*" in counts[0]:
                has = " and ".join(f"`{each}`" for each in counts) or "no capture"
                rule.complain(
                    f'each("{leaf.text}") has {has} that "{rule.name}" does not have: exactly one, of one segment, '
                    "counts the sections"
                )
            theirs = {name: written for name, written in theirs.items() if name in ours}
        for name in (*ours, *theirs):
            if ours.get(name) != theirs.get(name):
                lacking = rule.name if name not in ours or name in theirs else leaf.text
                text = f"`{theirs.get(name, ours.get(name))}`"
                rule.complain(
                    f'it has no inverse: "{lacking}" does not have the capture {text}, as its counterpart does. '
                    "Write the same captures on both sides"
                )


def _ranks(rule: StoredRule, names: Mapping[str, Known], found: Mapping[str, list[Use]]) -> dict[str, int | None]:
    """Give the number of axes of what each name of a rule stands for, where all that it stands for have the same."""
    ranks: dict[str, int | None] = {}
    for leaf in rule.leaves:
        taken = (name for name, here in found.items() if any(use.rule is rule and use.leaf is leaf for use in here))
        known = {names[name].rank for name in taken}
        rank = known.pop() if len(known) == 1 else None
        if leaf.counter is not None and rank is not None:
            if rank == 0:
                rule.complain(f"`{leaf.pattern.text}` is a scalar: it has no first axis to be stored apart")
            rank -= 1
        ranks[leaf.text] = rank
    return ranks


def _check_axes(rule: StoredRule, ranks: Mapping[str, int | None]) -> None:
    """Refuse axes that the parameters do not have."""
    try:
        form_shape(rule.form, lambda text: unknown_sizes(ranks[text]), ranks_only=True)
    except ValueError as error:
        rule.complain(str(error))


def _check_half(rule: StoredRule, rules: Iterable[StoredRule]) -> None:
    """A weight-normed tensor is stored as two, of which neither is the weight."""
    if isinstance(rule.form, Half) and all(other.form != rule.form.other for other in rules):
        text = form_text(rule.form.other)
        rule.complain(f'it is one half of a weight-normed tensor: add a rule for the other half, `"…": {text}`')


def _refuse_dead(rule: StoredRule, leaf: Leaf, declaration: Declaration, names: Mapping[str, Known]) -> None:
    for tie in declaration.ties:
        if isinstance(tie, Tie) and any(overlap(leaf.pattern.text, tie.target + rest) for rest in ("", ".{*rest}")):
            rule.complain(
                f"`{tie.target}` is tied to `{tie.source}`, which is what is stored: give that a rule instead"
            )
    near = did_you_mean(leaf.pattern.text, [shown(name) for name in names if ANYTHING not in name])
    hint = near or (f": there are {_listed(names)}" if names else ": nothing is declared")
    if "*" in leaf.pattern.text.replace("{*", ""):
        hint = "; `*` is no wildcard here: write `{i}` for one segment, `{*rest}` for several"
    rule.complain(f"nothing below this cell is called `{leaf.pattern.text}`{hint}")


def _listed(names: Mapping[str, Known]) -> str:
    return show.few([f"`{shown(name)}`" for name in names], 8)


def _check_alone(name: str, found: list[Use]) -> None:
    """Refuse two rules, or two leaves of one, that take the same parameter or the same section of it."""
    for position, use in enumerate(found):
        rule, leaf = use.rule, use.leaf
        for other, twin in ((before.rule, before.leaf) for before in found[:position]):
            apart = leaf.counter is None and twin.counter is None  # else one of them takes all
            if apart and twin.section is not None and leaf.section is not None and twin.section != leaf.section:
                continue
            if isinstance(rule.form, Half) and other.form == rule.form.other:
                continue
            both = overlap(leaf.pattern.text, twin.pattern.text, name)
            if both is not None:
                where = "twice" if other is rule else f"here and by {other.text}"
                taken = both if leaf.section is None else f"{both}[{leaf.section}]"
                instead = "" if other.owner == rule.owner else f'; to replace that rule, add `"{other.name}": None`'
                rule.complain(f"`{taken}` is taken {where}: a parameter is stored once{instead}")


def _check_complete(name: str, alternatives: tuple[frozenset[str], ...], found: list[Use]) -> None:
    """Refuse sections that do not exist, and rules for some of the sections of a parameter and not for others."""
    used = {use.leaf.section: use.rule for use in found if use.leaf.section is not None and use.leaf.counter is None}
    if not used or ANYTHING in name:
        return
    known = sorted(frozenset[str]().union(*alternatives))
    for section, rule in used.items():
        if section not in known:
            has = (
                f"its sections are {', '.join(known)}"
                if known
                else "it has none: write a dimension of its shape as `fused(q=…, k=…)`, with a size for each"
            )
            near = did_you_mean(section, known)
            rule.complain(f"`{shown(name)}` has no section `{section}`{near or ': ' + has}")
    if not any(alternative and alternative <= used.keys() for alternative in alternatives):
        nearest = max(alternatives, key=lambda each: len(each & used.keys()))
        lacking = ", ".join(f"`{shown(name)}[{each}]`" for each in sorted(nearest - used.keys()))
        rule = next(iter(used.values()))
        rule.complain(f"{lacking} is stored nowhere: give every section of `{shown(name)}` a rule, or none")


def _check_stored_once(declaration: Declaration, found: Mapping[str, list[Use]]) -> None:
    """Refuse two parameters under one stored name; what is not known before a cell is built is left to that time."""
    kept = dict.fromkeys(name for name in found if ANYTHING not in name)
    made: list[tuple[StoredRule, dict[str, str]]] = []
    for rule in declaration.stored:
        new_names: dict[str, str] = {}
        for name, here in found.items():
            use = use_by(rule, here)
            if use is not None and use.whole:
                kept.pop(name, None)
            if use is not None and ANYTHING not in name:
                new_names[use.new] = name
        made.append((rule, new_names))
    for position, (rule, new_names) in enumerate(made):
        others: list[tuple[StoredRule | None, dict[str, str]]] = [(None, {name: name for name in kept})]
        for other, there in [*others, *made[:position]]:
            for new, name in new_names.items():
                for twin, before in there.items():
                    if (both := overlap(new, twin)) is not None:
                        where = "keeps that name" if other is None else f"is too, by {other.text}"
                        rule.complain(f"`{shown(name)}` would be stored as `{both}`, and `{shown(before)}` {where}")
