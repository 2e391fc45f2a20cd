"""Regular expressions of a stranger's, matched at a cost that is bounded.

Python's own matcher goes back as often as an expression makes it: `(a+)+b` may take for ever. Here all places that a
part of the expression can end at are followed at once, so that work is bounded by a product of lengths; and counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from ..._frozen import frozen

try:
    from re import _parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse as _parser

_LONGEST = 1000
_MOST_GROUPS = 100  # nested, they take some frames each
_MOST_WORK = 20_000  # some milliseconds
_SIMPLE = re.compile(r"\^?(?:[^\\^$.|?*+()\[\]{}]|\.|\\[.\-_])*\$?")
"""Names, in which nothing is repeated or chosen: Python matches them at once."""

Positions = frozenset[int]


class PatternProblem(ValueError):
    """An expression that is none, or that is not matched here; the message is the cause, to be put after it."""


@frozen(slots=False)
class ModulePattern:
    r"""A regular expression that the end of a module's name has to match, after a dot, or all of it.

    This is how `peft` asks patterns (`utils/other.py`, `get_pattern_key`): `re.match(rf"(.*\.)?({key})$", name)`.

    Attributes:
        text: the expression.
        whole: all of the name has to match.
    """

    text: str
    whole: bool = False

    def check(self) -> None:
        """Refuse what cannot be matched.

        Raises:
            PatternProblem: it is no regular expression, or has what is not matched here.
        """
        self.matches("")

    def matches(self, name: str) -> bool:
        """Whether a name matches.

        Raises:
            PatternProblem: the expression is none, has what is not matched here, or takes too long.
        """
        if self._length is not None:  # one place can be where it begins
            start = len(name) - self._length
            if start < 0 or (start > 0 and (self.whole or name[start - 1] != ".")):
                return False
            assert self._plain is not None
            return self._plain.fullmatch(name, start) is not None
        starts = {0} if self.whole else {0, *(place + 1 for place, letter in enumerate(name) if letter == ".")}
        if self._plain is not None:
            return any(self._plain.fullmatch(name, start) is not None for start in starts)
        return len(name) in _Matcher(name).ends(self._tree, frozenset(starts))

    @property
    def is_plain(self) -> bool:
        """Whether it is a name, in which nothing is repeated or chosen."""
        return self._plain is not None

    @cached_property
    def _length(self) -> int | None:
        """How long all names are that match, where each character stands for one."""
        return len(self.text) if self.is_plain and not re.search(r"[\\^$]", self.text) else None

    @cached_property
    def _plain(self) -> re.Pattern[str] | None:
        return re.compile(self.text) if _SIMPLE.fullmatch(self.text) and len(self.text) <= _LONGEST else None

    @cached_property
    def _tree(self) -> Any:
        if len(self.text) > _LONGEST:
            raise PatternProblem(f"has {len(self.text):,} characters, and at most {_LONGEST:,} are read")
        if self.text.count("(") > _MOST_GROUPS:
            raise PatternProblem(f"has more than {_MOST_GROUPS} groups")
        try:
            tree = _parser.parse(self.text)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternProblem(f"is no regular expression: {error}") from None
        if tree.state.flags & ~re.UNICODE:
            raise PatternProblem("sets flags, which lazycell does not read: write it without")
        _check(tree)
        return tree


def _check(tree: Any) -> None:
    """Refuse what `_Matcher` has no way for, wherever it is."""
    pending = [tree]
    while pending:
        for code, value in pending.pop():
            name = str(code)
            if name not in _WAYS:
                what = name.lower().replace("_", " ")
                raise PatternProblem(f"has what lazycell does not match: {what}: write a key for each name instead")
            if name == "AT" and str(value) not in _PLACES:
                raise PatternProblem("asks for the edge of a word, which lazycell does not: write a key for each name")
            if name == "SUBPATTERN" and (value[1] or value[2]):
                raise PatternProblem("sets flags, which lazycell does not read: write it without")
            pending += value[1] if name == "BRANCH" else [value[-1]] if name in _NESTED else []


class _Matcher:
    """Where in one text parts of an expression can end, from where they can begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._work = 0

    def ends(self, tree: Iterable[tuple[Any, Any]], starts: Positions) -> Positions:
        for code, value in tree:
            if not starts:
                break
            self._work += len(starts)
            if self._work > _MOST_WORK:
                raise PatternProblem("takes too long to match: write a key for each name instead")
            starts = _WAYS[str(code)](self, value, starts)
        return starts

    def letters(self, starts: Positions, fits: Callable[[str], bool]) -> Positions:
        return frozenset(each + 1 for each in starts if each < len(self._text) and fits(self._text[each]))

    def literal(self, value: int, starts: Positions) -> Positions:
        return self.letters(starts, lambda letter: ord(letter) == value)

    def not_literal(self, value: int, starts: Positions) -> Positions:
        return self.letters(starts, lambda letter: ord(letter) != value)

    def any(self, value: None, starts: Positions) -> Positions:
        return self.letters(starts, lambda letter: letter != "\n")

    def among(self, value: list[tuple[Any, Any]], starts: Positions) -> Positions:
        turned = str(value[0][0]) == "NEGATE"
        return self.letters(starts, lambda letter: any(_is_among(letter, each) for each in value) != turned)

    def branch(self, value: Any, starts: Positions) -> Positions:
        return frozenset().union(*(self.ends(each, starts) for each in value[1]))

    def group(self, value: Any, starts: Positions) -> Positions:
        return self.ends(value[-1], starts)

    def at(self, value: Any, starts: Positions) -> Positions:
        return starts & _PLACES[str(value)](self._text)

    def repeat(self, value: Any, starts: Positions) -> Positions:
        least, most, tree = value
        # What can end nowhere does not after that; what can be empty has all its ends after as many times as there are
        # letters.
        for _ in range(min(least, len(self._text) + 1)):
            starts = self.ends(tree, starts)
        found, new = starts, starts
        for _ in range(min(most - least, len(self._text) + 1)):
            new = self.ends(tree, new) - found
            if not new:
                break
            found |= new
        return found


def _is_among(letter: str, item: tuple[Any, Any]) -> bool:
    code, value = item
    match str(code):
        case "LITERAL":
            return ord(letter) == value
        case "RANGE":
            return bool(value[0] <= ord(letter) <= value[1])
        case "CATEGORY":
            kind = str(value).removeprefix("CATEGORY_")
            is_in = _CATEGORIES[kind.removeprefix("NOT_")](letter)
            return is_in != kind.startswith("NOT_")
    return False  # NEGATE, which is no letter


_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda letter: letter.isalnum() or letter == "_",
}
_PLACES: dict[str, Callable[[str], Positions]] = {
    "AT_BEGINNING": lambda text: frozenset({0}),
    "AT_BEGINNING_STRING": lambda text: frozenset({0}),
    "AT_END": lambda text: frozenset({len(text)}),
    "AT_END_STRING": lambda text: frozenset({len(text)}),
}
_WAYS: dict[str, Callable[[_Matcher, Any, Positions], Positions]] = {
    "LITERAL": _Matcher.literal,
    "NOT_LITERAL": _Matcher.not_literal,
    "ANY": _Matcher.any,
    "IN": _Matcher.among,
    "BRANCH": _Matcher.branch,
    "SUBPATTERN": _Matcher.group,
    "AT": _Matcher.at,
    "MAX_REPEAT": _Matcher.repeat,
    "MIN_REPEAT": _Matcher.repeat,
}
_NESTED = frozenset({"SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT"})
