"""The command itself: help, version, and how it fails."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lazycell as package
from lazycell import convert

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


@pytest.mark.parametrize("arguments", [("dmo",), ("demo", "--jsn"), ("verify", "--fast", "x")])
def test_wrong_usage(arguments: tuple[str, ...]):
    """A command, an option or an argument that does not exist is wrong usage: status 2, and no traceback."""
    done = lazycell(*arguments)
    assert done.status == 2
    assert done.stdout == ""
    assert arguments[1 if len(arguments) > 1 else 0] in done.stderr
    assert "Traceback" not in done.stderr


def test_near_name():
    """A misspelt command is answered with the near name."""
    assert "there is no command 'dmo'; did you mean `demo`?" in lazycell("dmo").stderr


def failing(error: str) -> str:
    """Give code after which `lazycell inspect` fails as a function may that it calls."""
    return f"""
import errno, click, lazycell
from lazycell.formats import _open
def fail(path):
    raise {error}
_open.open_checkpoint = fail
"""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("lazycell.CheckpointFormatError('no such thing')", "no such thing"),
        ("lazycell.LazyCellError('a \\x1b[31mname\\nmore')", "a \\x1b[31mname\nmore"),
        ("lazycell.RegistryError('a \\x1b[31mname\\nmore')", "a \\x1b[31mname\\nmore"),
        ("PermissionError(errno.EACCES, 'Permission denied', 'net.ckpt')", "net.ckpt: Permission denied"),
        ("OSError(errno.ENOENT, 'cannot save net.ckpt')", "cannot save net.ckpt"),
        ("OSError('there is no checkpoint')", "there is no checkpoint"),
        ("ModuleNotFoundError('No rich', name='rich')", "No rich; install it with: pip install rich"),
    ],
)
def test_trouble_is_told_without_a_traceback(error: str, told: str):
    """An error of lazycell's, of the system's, or a package that is missing: what stderr says of it, and status 2."""
    done = lazycell("inspect", "net.ckpt", first=failing(error))
    assert (done.status, done.stdout, done.stderr) == (2, "", f"lazycell: {told}\n")


@pytest.mark.parametrize(
    "error", ["ZeroDivisionError('here')", "ModuleNotFoundError('No ours', name='lazycell._ours')"]
)
def test_a_mistake_of_ours_keeps_its_traceback(error: str):
    """An error that is not lazycell's is a bug: hiding where it was would help nobody. 1 would be an answer."""
    done = lazycell("inspect", "net.ckpt", first=failing(error))
    assert done.status == 2
    assert "Traceback" in done.stderr
    assert error.partition("(")[0] in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(tmp_path: Path, closed: str):
    """Whoever closes a stream gets the exit status all the same, and nothing is written into a file that took its number."""
    path = tmp_path / "net.safetensors"
    convert({"w": np.ones(2, np.float32)}, path)
    command = f"{shlex.quote(sys.executable)} -m lazycell verify {shlex.quote(str(path))} {closed}"
    assert subprocess.run(command, shell=True, cwd=ROOT, check=False).returncode == 0


def test_interrupted():
    """Ctrl-C is status 130, and no traceback."""
    done = lazycell("inspect", "net.ckpt", first=failing("KeyboardInterrupt"))
    assert (done.status, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


def test_without_mindspore():
    """Where MindSpore is not installed, a command that needs it says what to install."""
    done = lazycell("models", first=without("mindspore"))
    assert done.status == 2
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


@pytest.mark.parametrize("arguments", ["--help", "inspect --help", "--version"])
def test_a_reader_that_leaves(arguments: str):
    """A pipe that is closed early, as by `head`, is no error worth a traceback, and no answer either."""
    # The reader has gone before the first line is written.
    command = f"(sleep 0.5; exec {sys.executable} -m lazycell {arguments}) | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("141\n", "")
