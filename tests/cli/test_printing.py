"""What other people's code prints while a command runs: stdout has the answer alone."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from ..saving.saved import save_arrays
from .command import ROOT, Done, lazycell
from .zoo import Zoo, make_zoo

_LOUD = """
import os
import sys

from lazycell import LazyCell, Param, Preset, hyper, register

print("LOUD import")
sys.__stdout__.write("LOUD beside sys.stdout\\n")
os.system("echo LOUD from a shell")


def loud(instance, attribute, value):
    print("LOUD validator")


def values(*shape_and_dtype):
    print("LOUD initializer")
    os.write(1, b"LOUD from C\\n")
    return __import__("numpy").zeros(shape_and_dtype[0], "float32")


@register("toy", presets=[Preset("toy-small", {"width": 4})])
class Toy(LazyCell):
    print("LOUD class body")
    width: int = hyper(validator=loud)
    head: Param[values, (width,)]

    def construct(self, x):
        print("LOUD construct")
        return x
"""

_COMMANDS = {
    "models": "models toy* --json",
    "show": "show toy-small --json",
    "manifest": "manifest toy-small --json",
    "sizes": "show toy-small --by module --json",
    "check": "check toy-small {file} --json",
    "inspect": "inspect {directory} --json",
    "infer": "infer toy-small {file} --json",
    "diff": "diff toy-small {file} --json",
    "migrate": "migrate toy-small --from {file} --reason why --dry-run --json",
    "init": "init toy-small --seed 0 -o {directory}/init.safetensors --json",
    "of a module": "show toyzoo.toy:Toy --set width=2 --json",
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """A package whose models print wherever they can."""
    zoo = make_zoo(tmp_path_factory.mktemp("loud"))
    zoo.source.write_text(_LOUD)
    return zoo


@pytest.fixture(scope="module")
def answers(zoo: Zoo) -> dict[str, Done]:
    """What each command printed."""
    directory = zoo.root / "model"
    directory.mkdir()
    save_arrays(directory / "model.safetensors", {"head": np.zeros(4, np.float32)})
    (directory / "config.json").write_text(json.dumps({"model_type": "toy", "architectures": ["Toy"], "width": 4}))
    places = {"file": directory / "model.safetensors", "directory": directory}
    commands = [[word.format(**places) for word in line.split()] for line in _COMMANDS.values()]
    return {name: lazycell(*words, **zoo.environment) for name, words in zip(_COMMANDS, commands, strict=True)}


@pytest.mark.parametrize("name", _COMMANDS)
def test_stdout_is_the_json_alone(answers: dict[str, Done], name: str) -> None:
    done = answers[name]
    assert done.status == 0, done.stderr
    json.loads(done.stdout)
    assert "LOUD import" in done.stderr
    assert "LOUD from a shell" in done.stderr
    assert "LOUD class body" in done.stderr
    assert "LOUD beside sys.stdout" in done.stderr
    assert "LOUD validator" in done.stderr


def test_what_an_initializer_prints_is_on_stderr(answers: dict[str, Done]) -> None:
    assert "LOUD initializer" in answers["init"].stderr
    assert "LOUD from C" in answers["init"].stderr


def test_help_is_on_stdout() -> None:
    """It is printed before the command is called."""
    assert "Usage: lazycell show" in lazycell("show", "--help").stdout


def test_models_that_exit_when_they_are_imported_are_told(tmp_path: Path) -> None:
    """The others are listed; nothing but JSON is on stdout, and the exit status is not that of the module."""
    zoo = make_zoo(tmp_path)
    zoo.source.write_text("print('bye')\nraise SystemExit(0)")
    listed, shown = zoo.lazycell("models", "bert-*", "--json"), zoo.lazycell("show", "toyzoo.toy:Toy", "--json")
    assert listed.status == 2
    assert [each["model_type"] for each in json.loads(listed.stdout)] == ["bert"]
    assert "'toyzoo.toy', which cannot be imported: SystemExit: 0" in listed.stderr
    assert "bye" in listed.stderr
    told = "toyzoo.toy cannot be imported: SystemExit: 0"
    assert (shown.status, json.loads(shown.stdout)) == (2, {"error": "LazyCellError", "message": told, "status": 2})
    assert shown.stderr.endswith(f"lazycell: {told}\n")


def test_the_package_prints_with_show_alone() -> None:
    """While a command runs, `print` goes to stderr, as that of anybody else."""
    found = []
    for path in sorted((ROOT / "lazycell").rglob("*.py")):
        if path.name == "_measure.py":  # prints in a process of its own
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "click.echo", "sys.stdout.write"):
                options = {each.arg for each in node.keywords}
                found += [] if options & {"file", "err"} else [f"{path.name}:{node.lineno}"]
    assert not found
