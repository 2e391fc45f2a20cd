"""Names with captures: `{i}` stands for one dotted segment or a piece of one, `{*rest}` for several, dots included."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from .._frozen import frozen
from ._split_name import Capture, split_name

_CAPTURE = re.compile(r"\{(\*?)([A-Za-z_][A-Za-z0-9_]*)\}")
_BRACES = re.compile(r"[{}]")


@frozen
class Pattern:
    """A name with captures, parsed.

    Attributes:
        text: as written.
        captures: name of each capture, mapped to its text, `{i}` or `{*rest}`.
        literal: what every matching name starts with: told apart faster than by the expression.
    """

    text: str
    captures: Mapping[str, str]
    literal: str
    _expression: re.Pattern[str] | None = attrs.field(eq=False, repr=False)  # None: a plain name
    _pieces: tuple[str | Capture, ...] = attrs.field(default=(), eq=False, repr=False)
    _safe: int = attrs.field(default=0, eq=False, repr=False)
    """Letters up to which the expression is quick, and used: beyond, the pieces are, which are slower on short names"""

    @property
    def is_plain(self) -> bool:
        """Whether it has no captures and so matches one name alone."""
        return self._expression is None

    def match(self, name: str) -> dict[str, str] | None:
        """Give what each capture stands for in `name`, or None if `name` does not match."""
        if self._expression is None:
            return {} if name == self.text else None
        if not name.startswith(self.literal):
            return None
        if len(name) > self._safe and self._pieces:
            values = split_name(name, self._pieces)
            return None if values is None else dict(values)
        match = self._expression.fullmatch(name)
        return match.groupdict() if match else None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put what each capture stands for into `text`."""
    return _CAPTURE.sub(lambda capture: values[capture[2]], text)


def captures_in(text: str) -> dict[str, str]:
    """Give the captures of `text`, as name and text.

    Raises:
        ValueError: a brace belongs to no capture.
    """
    if _BRACES.search(_CAPTURE.sub("", text)):
        raise ValueError(f"{text!r}: a capture is written {{name}} (one segment) or {{*name}} (several segments)")
    return {capture[2]: capture[0] for capture in _CAPTURE.finditer(text)}


def parse_pattern(text: str) -> Pattern:
    """Parse a name with captures.

    Raises:
        ValueError: it is malformed, or can be matched in several ways; the message starts with the text.
    """
    captures = captures_in(text)
    if sum(1 for capture in _CAPTURE.finditer(text) if capture[1]) > 1:
        raise ValueError(f"{text!r} has more than one {{*…}}: where one ends and the next begins is open")
    if "}{" in text:
        raise ValueError(f"{text!r} has two captures side by side: where one ends is open")
    if not captures:
        return Pattern(text, {}, text, None)
    expression, position, seen = "", 0, set[str]()
    pieces: list[str | Capture] = []
    for capture in _CAPTURE.finditer(text):
        star, name = capture[1], capture[2]
        pieces += [text[position : capture.start()], Capture(name, bool(star))]
        expression += re.escape(text[position : capture.start()])
        # The same capture twice has to capture the same text twice.
        expression += f"(?P={name})" if name in seen else f"(?P<{name}>{'.+' if star else '[^.]+'})"
        seen.add(name)
        position = capture.end()
    expression += re.escape(text[position:])
    pieces.append(text[position:])
    safe = _LONGEST.get(_captures_together(text), 0)
    if len(seen) * 2 + 1 < len(pieces):  # a capture is there twice: the expression alone knows that
        if safe < _ANY_LENGTH and _captures_together(text) > 2:
            raise ValueError(f"{text!r} has a capture twice, and more than two in one segment: give each its own name")
        pieces, safe = [], _ANY_LENGTH
    compiled = re.compile(expression, re.DOTALL)
    return Pattern(text, captures, text[: text.index("{")], compiled, tuple(piece for piece in pieces if piece), safe)


_ANY_LENGTH = 1 << 62
# Letters of a name up to which the expression tries few enough ways, by the number of captures that share letters.
_LONGEST = {1: _ANY_LENGTH, 2: 1000, 3: 100}


def _captures_together(text: str) -> int:
    """Give the most captures of a pattern that share letters: those in one segment, or all where one has dots in it."""
    if "{*" in text:
        return len(_CAPTURE.findall(text))
    return max(len(_CAPTURE.findall(segment)) for segment in text.split("."))
