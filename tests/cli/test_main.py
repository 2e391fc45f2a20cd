"""The command itself: help, version, and how it fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lazycell as package

from .command import ROOT, lazycell, without
from .terminal import in_terminal


def test_version():
    """`--version` prints name and version."""
    done = lazycell("--version")
    assert (done.status, done.stdout, done.stderr) == (0, f"lazycell {package.__version__}\n", "")


@pytest.mark.parametrize("arguments", [("--help",), ("-h",)])
def test_help(arguments: tuple[str, ...]):
    """Help lists the commands, with examples and the exit statuses."""
    done = lazycell(*arguments)
    assert done.status == 0
    for text in ("demo ", "models ", "Examples:", "lazycell demo", "Exit status:"):
        assert text in done.stdout
    assert "..." not in done.stdout.partition("Examples:")[0].replace("[ARGS]...", "")  # no sentence is cut


@pytest.mark.parametrize("command", ["demo", "models"])
def test_help_of_each_command(command: str):
    """Each command's help has examples that begin as they are typed."""
    done = lazycell(command, "--help")
    assert done.status == 0
    assert "Examples:" in done.stdout
    assert f"    lazycell {command}" in done.stdout


def test_help_imports_nothing_heavy():
    """Help needs no MindSpore, no numpy, no rich."""
    code = (
        "import sys\nfrom lazycell.cli import main\nassert main(['--help']) == 0\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'mindspore', 'numpy', 'rich', 'tokenizers'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("arguments", [("dmo",), ("demo", "--jsn"), ("models", "bert")])
def test_wrong_usage(arguments: tuple[str, ...]):
    """A command, an option or an argument that does not exist is wrong usage: status 2, and no traceback."""
    done = lazycell(*arguments)
    assert done.status == 2
    assert done.stdout == ""
    assert arguments[-1] in done.stderr
    assert "Traceback" not in done.stderr


def test_near_name():
    """A misspelt command is answered with the near name."""
    assert "demo" in lazycell("dmo").stderr.replace("dmo", "")


def test_an_error_is_one_line():
    """An error of lazycell's is printed without a traceback, with status 1."""
    done = lazycell(
        "models",
        first="import lazycell\ndef fail():\n  raise lazycell.RegistryError('no such thing')\n"
        "lazycell.registered_models = fail",
    )
    assert (done.status, done.stdout, done.stderr) == (1, "", "lazycell: no such thing\n")


def test_a_mistake_of_ours_keeps_its_traceback():
    """An error that is not lazycell's is a bug: hiding where it was would help nobody."""
    done = lazycell("models", first="import lazycell\nlazycell.registered_models = lambda: 1 / 0")
    assert done.status == 1
    assert "Traceback" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_without_mindspore():
    """Where MindSpore is not installed, a command that needs it says what to install."""
    done = lazycell("models", first=without("mindspore"))
    assert done.status == 1
    assert done.stderr.startswith("lazycell: ")
    assert "mindspore" in done.stderr
    assert 'pip install "mindspore==2.10.*"' in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_while_importing():
    """Ctrl-C while MindSpore is imported ends the command with 130, without a traceback, and gives the cursor back."""
    watched = in_terminal("models", interrupt_at="importing")
    assert watched.status == 130
    assert "Traceback" not in watched.screen
    assert "Fatal" not in watched.screen
    assert watched.screen.rindex("\x1b[?25h") > watched.screen.rindex("\x1b[?25l")


def test_a_reader_that_leaves():
    """A pipe that is closed early, as by `head`, is no error worth a traceback."""
    command = f"{sys.executable} -m lazycell models --json | head -c 1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "["
    assert done.stderr == ""
