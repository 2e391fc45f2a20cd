"""One rule of `rename({…})` in a class body: a stored tensor, and what it is made of."""

from __future__ import annotations

import functools
import re
from typing import Any, NoReturn

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import message
from ._declare import Declared
from ._each import counted
from ._forms import form_text, leaves
from ._patterns import Pattern, parse_pattern
from ._unused import Leftover

_LEAF = re.compile(r"([^\[\]]+)(?:\[\s*([A-Za-z_][A-Za-z0-9_]*|[0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})\s*\])?")


@frozen
class Leaf:
    """One name in a form, parsed: `qkv[q]` is the section `q` of `qkv`, `up[{i}]` each position of its first axis."""

    text: str
    pattern: Pattern
    section: str | None

    @property
    def counter(self) -> str | None:
        """The capture that stands for the positions of the first axis, if one does."""
        return counter_of(self.section)

    @property
    def captures(self) -> dict[str, str]:
        """Those of the name and of the position, as name and text."""
        counter = self.counter
        return {**self.pattern.captures, **({} if counter is None else {counter: f"{{{counter}}}"})}


def parse_leaf(text: str) -> Leaf:
    """Parse a name, perhaps with captures, perhaps with a section.

    Raises:
        ValueError: it is malformed.
    """
    name, section = split_section(text)
    return Leaf(text, parse_pattern(name), section)


def counter_of(section: str | None) -> str | None:
    """Give the name of the capture in the place of a section, `i` of `up[{i}]`."""
    return section[1:-1] if section is not None and section.startswith("{") else None


def split_section(text: str) -> tuple[str, str | None]:
    """Split `qkv[q]` into name and section; a name alone has none.

    Raises:
        ValueError: brackets stand anywhere else.
    """
    found = _LEAF.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a name: write `qkv.weight`, or `qkv.weight[q]` for one of its sections")
    return found[1], found[2]


@frozen(kw_only=True, slots=False)
class StoredRule(Declared):
    """One stored tensor, `name`, and what it is made of; None: a rule of a base that is taken back.

    With `UNUSED` or `former(…)` for a form it is about what only files have: `is_leftover`.
    """

    form: Any

    @property
    def is_leftover(self) -> bool:
        """Whether it is about what files may have, and nothing is ever stored by it."""
        return isinstance(self.form, Leftover)

    def complain(self, problem: str) -> NoReturn:
        """Raise a DeclarationError about this rule."""
        raise DeclarationError(message(f"{self.owner}: rename", f"{self.text}: {problem}", self.location))

    @property
    def text(self) -> str:
        """The rule as written."""
        return f'`"{self.name}": {form_text(self.form)}`'

    @functools.cached_property
    def pattern(self) -> Pattern:
        """The stored name, parsed."""
        try:
            return parse_pattern(self.name)
        except ValueError as error:
            self.complain(str(error))

    @functools.cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The model's names, parsed, in the order in which they are stored."""
        try:
            return tuple(map(parse_leaf, leaves(self.form)))
        except ValueError as error:
            self.complain(str(error))

    @functools.cached_property
    def counted(self) -> frozenset[str]:
        """Those of the model's names that stand for as many as there are: in `each(…)`."""
        return frozenset(counted(self.form))
