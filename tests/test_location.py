"""Tests of `lazycell._location`."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import pytest

import lazycell
from lazycell._location import Location, did_you_mean, frame_location, message, really_like, user_location


def test_the_location_of_a_frame_is_its_line() -> None:
    """Module, file and line are those that the frame executes."""
    place, line = frame_location(sys._getframe()), sys._getframe().f_lineno
    assert place == Location(__name__, __file__, line)


def test_the_user_s_line_is_the_innermost_outside_the_package() -> None:
    """From a function that is not lazycell's own, that is the caller's line itself."""
    place, line = user_location(), sys._getframe().f_lineno
    assert place == Location(__name__, __file__, line)


def test_frames_of_the_package_are_skipped() -> None:
    """A declaration made by a function of lazycell stands where that function was called."""
    from lazycell.declaration._declare import param

    spec, line = param("zeros", (1,)), sys._getframe().f_lineno
    assert spec.location == Location(__name__, __file__, line)


def test_a_location_shows_its_source() -> None:
    """The text of the line stands below file and line, as editors link them."""
    place = frame_location(sys._getframe())  # this very line
    assert str(place) == f'  File "{__file__}", line {place.line}\n    {place.source}'
    assert place.source.endswith("# this very line")


def test_a_location_without_source_is_one_line() -> None:
    """Code that was typed or generated has no source to show."""
    assert str(Location("m", "<prompt>", 3)) == '  File "<prompt>", line 3'


def test_the_short_form_is_the_same_on_every_machine() -> None:
    """It is made of the module's name, not of the file's place."""
    assert Location("models.layers", "/anywhere/layers.py", 31).short == "models/layers.py:31"


@pytest.mark.parametrize(
    ("subject", "place", "text"),
    [
        ("A.w", None, "A.w: wrong"),
        ("", None, "wrong"),
        ("A.w", Location("m", "<prompt>", 3), 'A.w: wrong\n  File "<prompt>", line 3'),
    ],
)
def test_a_message_says_what_it_is_about_and_where(subject: str, place: Location | None, text: str) -> None:
    """Subject, problem, place: each is left out where there is none."""
    assert message(subject, "wrong", place) == text


@pytest.mark.parametrize(
    ("name", "hint"),
    [("out_featurs", "; did you mean `out_features`?"), ("hidden", ""), ("", "")],
)
def test_did_you_mean(name: str, hint: str) -> None:
    """The nearest candidate, or nothing where none is near."""
    assert did_you_mean(name, ["in_features", "out_features"]) == hint


def test_a_location_in_a_lambda_is_its_own_line() -> None:
    """The line is where the code stands, not where it is called."""
    here = lambda: user_location()  # noqa: E731
    place = here()
    assert place is not None
    assert place.line == inspect.getsourcelines(here)[1]


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("brt", "bert"),
        ("hiden_size", "hidden_size"),
        ("qwen2_moe", None),  # another model than qwen3_moe
        ("qwen2_5_vl", None),
        ("albert", None),
        ("BertForPreTraining", None),
        ("BertForMaskedLm", "BertForMaskedLM"),
    ],
)
def test_names_of_files_are_like_another_only_if_they_are_it_misspelt(name: str, like: str | None) -> None:
    """Most that have letters in common mean different things."""
    known = ["bert", "hidden_size", "qwen3_moe", "qwen2", "BertForQuestionAnswering", "BertForMaskedLM"]
    assert really_like(name, known) == (f"; did you mean `{like}`?" if like else "")


@pytest.mark.parametrize(("file", "told"), [("manifest/_any.py", True), ("cli/_any.py", False)])
def test_the_line_that_called_is_somebody_s_unless_a_command_did(file: str, told: bool) -> None:
    """What a shell runs, nobody has written: its first line is that of a script that was installed."""
    names: dict[str, Any] = {}
    text = "from lazycell._location import calling_location\ndef call():\n    return calling_location()\n"
    exec(compile(text, str(Path(lazycell.__file__).parent / file), "exec"), names)
    place = names["call"]()
    assert (place is not None and place.filename == __file__) is told
