"""Checks of what a class says about leftovers, when the class is defined: none is the model's, and none is dead."""

from __future__ import annotations

from .._location import did_you_mean
from ..declaration import Declaration, Former, ParameterSpec, StoredRule, captures_in, own_rules, parse_pattern
from ._class_names import stored_names
from ._overlap import ANYTHING, overlap, shown


def check_leftovers(cls: type, declaration: Declaration) -> None:
    """Refuse leftovers that are tensors of the model, and former names of what it does not have.

    Raises:
        DeclarationError: for the first mistake; it names the class, the rule and the line.
    """
    own = [rule for rule in declaration.leftovers if any(rule is each for each in own_rules(cls))]
    if not own:
        return
    names = [*stored_names(cls, declaration)]
    parameters = [member.name for member in declaration.members if isinstance(member, ParameterSpec)]
    for rule in own:
        for name in parameters:
            if rule.pattern.match(name) is not None:
                rule.complain(f"the class itself has `{name}`: write a name that only files have")
        if isinstance(rule.form, Former):
            _check_former(rule, rule.form.name, names)


def _check_former(rule: StoredRule, now: str, names: list[str]) -> None:
    try:
        parse_pattern(now)
        captures = captures_in(now)
    except ValueError as error:
        rule.complain(str(error))
    for name, written in captures.items():
        if rule.pattern.captures.get(name) != written:
            rule.complain(f"the former name does not have the capture {written}, which the present one is made with")
    if not any(overlap(now, name) is not None for name in names):
        near = did_you_mean(now, [shown(name) for name in names if ANYTHING not in name])
        rule.complain(f"nothing below this cell is stored as `{now}`{near}")
