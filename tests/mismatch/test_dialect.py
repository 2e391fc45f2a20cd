"""Tests of `lazycell.mismatch._dialect`. Both dialects of one advice are held by `tests/cli/test_shell.py`."""

from __future__ import annotations

from lazycell.declaration._forms import Fused
from lazycell.mismatch._dialect import PYTHON, Argument, said, target


def test_words_are_said() -> None:
    """As they are; an argument in the middle of them is written as in a call."""
    assert said("nothing to do", PYTHON) == "nothing to do"
    words = (Argument("missing", "init"), ", or ", Argument("missing", ()), " for ", Argument("missing"))
    assert said(words, PYTHON) == 'missing="init", or a list of name patterns for `missing`'


def test_what_python_passes() -> None:
    """Hyperparameters in one line, arguments in another, as they are pasted into a call."""
    fused = Fused(0, (("q", "a"), ("k", "b")))
    arguments = {"rename": {'o"d': "new", "qkv": fused}, "unexpected": ("x.*",)}
    assert list(PYTHON.proposals({"n": 2, "name": "a"}, arguments)) == [
        "build the model with `n=2, name='a'`",
        'pass rename={"o\\"d": "new", "qkv": fused(q="a", k="b")}, unexpected=["x.*"]',
    ]
    assert list(PYTHON.proposals({}, {})) == []
    assert PYTHON.takes("missing")


def test_a_target_is_a_name_or_a_form() -> None:
    """Both as Python reads them."""
    assert [target("a"), target(Fused(0, (("q", "a"),)))] == ['"a"', 'fused(q="a")']
