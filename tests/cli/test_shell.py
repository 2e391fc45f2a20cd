"""Tests of `lazycell.cli._shell`: advice in the words of the command."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from lazycell._errors import CheckpointError
from lazycell.cli._shell import Shell, in_options
from lazycell.declaration._stored import transposed
from lazycell.mismatch._dialect import PYTHON, Argument, said
from lazycell.mismatch._message import advice
from lazycell.mismatch._problems import Cause
from lazycell.saving._refused import FileRefused, argument

CAUSES = (
    Cause("hyperparameter", "wider", settings={"hidden": 8, "sizes": (1, 2), "name": "a b", "flag": True}),
    Cause("transposed", "turned", rename={"w": transposed("w"), "a": "b c"}),
    Cause("part", "less", missing=("head.*",), unexpected=("x",), todo="mind the gap"),
)
SETTINGS = ["--set", "hidden=8", "--set", "sizes=[1, 2]", "--set", "name=a b", "--set", "flag=true"]
BESIDE = ["--rename", "a=b c", "--missing", "head.*", "--unexpected", "x"]


def test_causes_as_options() -> None:
    """All in one line, as a shell takes them; what no option says is left to Python, and words stay as they are."""
    added, *rest = advice(CAUSES, Shell())
    assert shlex.split(added) == ["add", *SETTINGS, *BESIDE]
    assert rest == ['in Python: rename={"w": transposed("w")}', "mind the gap"]
    assert list(advice((), Shell())) == []


def test_a_manifest_has_its_hyperparameters() -> None:
    """Whoever made it says them again."""
    made, added, *_ = advice(CAUSES, Shell(settable=False))
    assert made.startswith("make the manifest with ")
    assert shlex.split(made)[4:] == SETTINGS
    assert shlex.split(added) == ["add", *BESIDE]


def test_a_command_without_such_an_option() -> None:
    """Then it is another's; a sentence in which it is the point is not for this command."""
    added, *rest = advice(CAUSES, Shell(options=("rename",)))
    assert shlex.split(added) == ["add", *SETTINGS, *BESIDE[:2]]
    assert rest[1] == "where that may be so: `lazycell check` takes --missing 'head.*' --unexpected x"
    assert [Shell(options=("rename",)).takes(name) for name in ("rename", "missing")] == [True, False]


@pytest.mark.parametrize("name", ["$(rm -rf /); `x`", "-x", "it's", 'a"b', "a b", "*"])
def test_a_name_is_one_word(name: str) -> None:
    """What a name in a file says is pasted back as it is, and nothing of it is run."""
    (added,) = advice([Cause("part", "x", missing=(name,), rename={name: "w"})], Shell())
    assert shlex.split(added) == ["add", "--rename", f"{name}=w", "--missing", name]


def test_what_no_process_can_be_told() -> None:
    """A name with a NUL: Python can write it."""
    (told,) = advice([Cause("part", "x", missing=("a\0b",))], Shell())
    assert told == 'in Python: missing=["a\\u0000b"]'


@pytest.mark.parametrize(
    ("argument", "python", "shell"),
    [
        (Argument("rename"), "`rename`", "`--rename`"),
        (Argument("dtype", "cast"), 'dtype="cast"', "--cast cast"),
        (Argument("missing", "init"), 'missing="init"', "--missing init"),
        (Argument("missing", ("a.*", "b")), 'missing=["a.*", "b"]', "--missing 'a.*' --missing b"),
        (Argument("rename", {"a": "b"}), 'rename={"a": "b"}', "--rename a=b"),
        (Argument("rename", {"a": transposed("a")}), 'rename={"a": transposed("a")}', 'rename={"a": transposed("a")}'),
    ],
)
def test_an_argument_in_a_sentence(argument: Argument, python: str, shell: str) -> None:
    """The same data in both dialects."""
    words: Any = ("pass ", argument, ".")
    assert said(words, PYTHON) == f"pass {python}."
    assert said(words, Shell()) == f"pass {shell}."


def test_what_is_refused_of_a_save() -> None:
    """An error in Python's words has those of the command too; any other is told as it is."""
    error = FileRefused("in several, ", argument("max_shard_size", "5GB"))
    assert str(error) == 'in several, max_shard_size="5GB"'
    assert in_options(error) == "in several, --max-shard-size 5GB"
    assert in_options(CheckpointError("the disk is full")) == "the disk is full"
