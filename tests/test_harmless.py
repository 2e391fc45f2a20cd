"""Tests of `lazycell._harmless`: what strangers wrote does no harm, and has a bounded length, in errors and reports."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import lazycell
from lazycell import LazyCell, Param, _errors, hyper
from lazycell._harmless import harmless, printable, printable_lines, repr_of, told, words_of
from lazycell.show import markdown
from lazycell.show._report import Report, Table

ODD = "a\n\x1b[31m\u202e\u2028\x7f\ud800b"
SHOWN = r"a\n\x1b[31m\u202e\u2028\x7f\ud800b"


@given(st.text(st.characters(), max_size=60).map(lambda text: text * 30))
@example(ODD * 1_000)
@example("\x1b" * 401)
@example(" ".join([ODD] * 2_000))
@example("\U000e0001 " * 399)
def test_a_line_is_printable_and_bounded_and_stays_as_it_is(text: str) -> None:
    line = printable(text)
    assert line.isprintable()
    assert len(line) <= 4_100
    assert printable(line) == line


@given(st.text(st.characters(), max_size=400))
def test_nothing_is_lost_of_what_is_no_longer_than_names_are(text: str) -> None:
    """All that is escaped can be told back."""
    assert harmless(text).isprintable()
    if text.isprintable():
        assert printable(text) == text == harmless(text)


def test_both_ends_of_a_long_word_are_kept_and_its_length() -> None:
    name = "b" + "x" * 19_998 + "e"
    assert printable(f"tensor `{name}`: no") == f"tensor `b{'x' * 158}…(20,000 characters)…{'x' * 97}e`: no"
    assert printable(ODD) == SHOWN


def test_of_very_many_lines_the_first_and_the_last_are_kept() -> None:
    text = "\n".join(map(str, range(10_000)))
    lines = printable_lines(text, 500).split("\n")
    assert (len(lines), lines[0], lines[400], lines[-1]) == (501, "0", "... and 9,500 more lines", "9999")
    assert printable_lines(text) == text


_KINDS = [
    each
    for each in vars(_errors).values()
    if isinstance(each, type) and issubclass(each, (lazycell.LazyCellError, UserWarning))
]


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
def test_every_error_and_warning_says_it_so(kind: type[Exception]) -> None:
    """The end of a line in it is meant, or is a name's, by what is said of its kind; a copy says the same."""
    error = kind(f"x {ODD} {'n' * 20_000} y")
    text = str(error)
    assert all(letter == "\n" or letter.isprintable() for letter in text)
    assert len(text) < 500
    assert text.startswith("x a")
    assert text.endswith("nnn y")
    assert str(copy.copy(error)) == str(pickle.loads(pickle.dumps(error))) == text
    if issubclass(kind, (lazycell.CheckpointFormatError, lazycell.ManifestError, lazycell.ConfigError)):
        assert "\n" not in text


def test_a_report_is_harmless_wherever_it_is_shown() -> None:
    report = Report(f"of {ODD}", [Table([(ODD, "n" * 20_000)], f"title {ODD}")], [f"note {ODD}"], f"in all {ODD}")
    told_, page = str(report), markdown.of_report(report)
    assert all(letter == "\n" or letter.isprintable() for letter in told_ + page)
    assert max(map(len, told_.split("\n"))) < 500
    assert f"of {SHOWN}" in told_
    assert f"in all {SHOWN}" in told_


# ------------------------------------------------------------------------------------- errors that cannot say anything


class Mute(Exception):
    """An error whose words fail."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


def test_what_fails_to_say_what_is_wrong_is_told() -> None:
    assert told(ValueError("wide")) == "ValueError: wide"
    assert told(ValueError()) == "ValueError"
    assert words_of(Mute()) == "(what it says cannot be told: its __str__ raises RuntimeError)"
    assert repr_of(Mute()) == "<Mute whose __repr__ raises RuntimeError>"


def _refuse(*given: object) -> None:
    raise Mute


class _Converted(LazyCell):
    n: int = hyper(converter=_refuse)
    w: Param["zeros", (n,)]


class _Validated(LazyCell):
    n: int = hyper(validator=_refuse)
    w: Param["zeros", (n,)]


class _Initialized(LazyCell):
    n: int
    w: Param[_refuse, (n,)]


class _Sized:
    def __mul__(self, other: object) -> int:
        raise Mute


class _Computed(LazyCell):
    n: int
    w: Param["zeros", (n * 2,)]


@pytest.mark.parametrize(
    ("act", "kind", "subject"),
    [
        (lambda: _Converted(2), lazycell.HyperparameterError, "_Converted.n: n=2 is refused: Mute: (what it says"),
        (lambda: _Validated(2), lazycell.HyperparameterError, "_Validated.n: n=2 is refused: Mute: (what it says"),
        (lambda: _Initialized(2).init_parameters_data(), lazycell.InitializationError, "cannot be initialized by"),
        (lambda: _Computed(_Sized()), lazycell.DeclarationError, "cannot be computed with n="),
    ],
)
def test_our_words_are_there_where_those_of_an_error_fail(act: object, kind: type[Exception], subject: str) -> None:
    with pytest.raises(kind) as caught:
        act()  # type: ignore[operator]
    assert subject in str(caught.value)
    assert "its __str__ raises RuntimeError" in str(caught.value)
