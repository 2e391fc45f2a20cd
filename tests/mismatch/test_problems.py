"""Tests of `lazycell.mismatch._problems`. What each reason says is held by `tests/loading`, where it is found."""

from __future__ import annotations

from typing import get_args

from lazycell.mismatch import _problems
from lazycell.mismatch._dialect import Argument
from lazycell.mismatch._problems import Cause, Problem, describe, is_transposed

from ..loading.models import declared, stored


def test_declaration_is_described() -> None:
    """Expression, class and line are told where they are known."""
    assert describe(declared("w")) == "declared (n, m) by Linear.weight at layers.py:7"
    assert describe(declared("w", expression=None)) == "declared by Linear.weight at layers.py:7"
    assert describe(declared("w", expression=None, declared_by=None, declared_at=None)) == ""


def test_every_reason_has_words() -> None:
    """One for each that can be given."""
    assert {*get_args(_problems.Reason)} == {*_problems._WORDS}


def test_a_problem_says_what_it_is() -> None:
    """In its own words where no reason is given; printed, it is told by its message."""
    own = Problem("rename", "r", "is dead")
    assert own.message == "is dead"
    tensor = stored({"b": ((5,), "int8")}).tensors["b"]
    found = Problem("unexpected", "a", tensor=tensor, reason="unexpected")
    assert found.message == "int8 (5,); `b` in the file"
    assert repr(found).startswith("Problem(kind='unexpected', name='a', message='int8 (5,); `b` in the file', ")


def test_advice_in_python() -> None:
    """Of a cause: its words, with arguments as they are written in a call."""
    assert Cause("quantized", "", todo=("load with ", Argument("dtype", "cast"))).advice == 'load with dtype="cast"'
    assert Cause("part", "").advice == ""


def test_transposed_shapes() -> None:
    """Of a matrix that is not square."""
    assert is_transposed((2, 3), (3, 2))
    assert not any((is_transposed((2, 2), (2, 2)), is_transposed((2, 3), (2, 3)), is_transposed((2,), (2,))))
