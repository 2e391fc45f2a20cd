"""What PyTorch calls the parameters of a cell that nobody declared: `@torch_names({…})` on its class."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar
from weakref import WeakKeyDictionary

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import Location, frame_location, message
from ._check_form import StoredForm, is_form
from ._declaration import declaration_of
from ._patterns import captures_in
from ._stored_rule import StoredRule
from ._symbols import render
from ._unused import UNUSED, Leftover

_Cls = TypeVar("_Cls", bound=type)

_RULES: WeakKeyDictionary[type, tuple[StoredRule, ...]] = WeakKeyDictionary()


@frozen(kw_only=True, slots=False)
class TorchRule(StoredRule):
    """One tensor of PyTorch's, and the parameter of a cell that it is."""

    def complain(self, problem: str) -> NoReturn:
        """Raise a DeclarationError about this rule."""
        raise DeclarationError(message(f"{self.owner}: torch_names", f"{self.text}: {problem}", self.location))


def torch_names(rules: Mapping[str, StoredForm | Leftover]) -> Callable[[_Cls], _Cls]:
    """Say, of a class of cells that declares nothing, what PyTorch calls the parameters below it.

    `@torch_names({"weight": "gamma", "out.{*rest}": "dense.{*rest}", "w": squeezed("kernel", axis=2)})`: each of
    PyTorch's names with the cell's, or with a form of names, as in `rename`. What has no rule has the same name in
    both. The rules add to those of the base classes, MindSpore's own among them; one of a base that takes what one of
    these takes, or gives the same name, no longer counts. `UNUSED` says what PyTorch's files have and nothing needs.
    The cell's names are those that the cells below show: a norm below this cell has PyTorch's names already.

    Loads of files with PyTorch's names use it, and saves under such names. A class of somebody else's is told by
    `torch_names({…})(Class)`.

    Args:
        rules: from PyTorch's names to the cell's.

    Returns:
        A decorator, which gives the class back.

    Raises:
        DeclarationError: a rule is no such rule, or has no inverse; or the class declares its names itself.
    """
    place = frame_location(sys._getframe(1))
    if not isinstance(rules, Mapping):
        text = f'it takes a mapping, not {render(rules)}: write `@torch_names({{"weight": "gamma"}})`'
        raise DeclarationError(message("torch_names", text, place))

    def decorate(cls: _Cls) -> _Cls:
        _check_class(cls, place)
        _RULES[cls] = made_rules(cls.__name__, rules, place)
        return cls

    return decorate


def torch_rules(cls: type) -> tuple[StoredRule, ...]:
    """Give what `torch_names` said of a class itself; nothing of its bases."""
    return _RULES.get(cls, ())


def made_rules(owner: str, rules: Mapping[str, Any], place: Location | None = None) -> tuple[StoredRule, ...]:
    """Parse rules, each of which has to be one that can be undone.

    Args:
        owner: what the class is called.
        rules: from PyTorch's names to the cell's.
        place: where they are written.

    Raises:
        DeclarationError: for the first mistake.
    """
    subject = f"{owner}: torch_names"
    made: list[TorchRule] = []
    for name, form in rules.items():
        if not isinstance(name, str) or not name:
            raise DeclarationError(message(subject, f"PyTorch's name is a string, not {render(name)}", place))
        if not is_form(form) and form is not UNUSED:
            text = f'"{name}": {render(form)} is not a name: write "gamma", `squeezed("weight", axis=2)`, or UNUSED'
            raise DeclarationError(message(subject, text, place))
        rule = TorchRule(owner=owner, name=name, form=form, location=place)
        _check_rule(rule)
        for other in made:
            if take_alike(rule, other):
                rule.complain(f"what it takes would be stored twice, as `{other.name}` too: leave out one of them")
        made.append(rule)
    return tuple(made)


def take_alike(one: StoredRule, other: StoredRule) -> bool:
    """Whether two rules take the same of a cell."""
    ours, theirs = (() if rule.is_leftover else rule.leaves for rule in (one, other))
    return any(
        mine.pattern.match(each.text) is not None or each.pattern.match(mine.text) is not None
        for mine in ours
        for each in theirs
    )


def _check_rule(rule: TorchRule) -> None:
    ours = dict(rule.pattern.captures)
    for leaf in () if rule.is_leftover else rule.leaves:
        if leaf.section is not None:
            rule.complain("a parameter that nobody declared has no sections: write its whole name")
        if captures_in(leaf.text) != ours:
            rule.complain("it has no inverse: write the same captures on both sides")


def _check_class(cls: Any, place: Location | None) -> None:
    if not isinstance(cls, type) or not hasattr(cls, "cells_and_names"):
        what = cls.__name__ if isinstance(cls, type) else render(cls)
        text = (
            f"it is about a class of cells, and {what} is none: write `@torch_names({{…}})` above a `class …(nn.Cell)`"
        )
        raise DeclarationError(message("torch_names", text, place))
    if declaration_of(cls) is not None:
        text = (
            f"{cls.__name__} declares its parameters, and with them the names that files have: "
            "write `rename({…})` in its body"
        )
        raise DeclarationError(message("torch_names", text, place))
