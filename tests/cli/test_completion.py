"""`lazycell completion`, and what a shell makes of it."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest

from ..announced import announce
from ..mismatch.transformer import model
from .command import ROOT, lazycell, without

PROMPT = "ready> "

MINE = """
raise RuntimeError("a module is not imported when a key is pressed")


class Base(LazyCell):
    width: int
    weight: Param["ones", (width,)]


class Net(Base):
    wide: int = hyper(4)
    inner: int = 4 * wide
    part: Base = child(Base, wide)
    bias: Parameter = param("zeros", (wide,))
"""


@attrs.frozen
class Shell:
    """A directory with the command in it, the variables to find it, and a zoo."""

    directory: Path
    environment: dict[str, str]

    def words(self, line: str) -> list[str]:
        """Give what bash's completion proposes for the last word of a line; files are `compopt -o default`."""
        words = line.split(" ")
        code = f"""
            eval "$(lazycell completion bash)"
            compopt() {{ echo "compopt $1 $2"; }}
            COMP_WORDS=({" ".join(map(shlex.quote, words))}) COMP_CWORD={len(words) - 1}
            $(complete -p lazycell | sed 's/.* -F \\([^ ]*\\) .*/\\1/') lazycell
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(
            ["bash", "--norc", "-c", code],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split("\n")[:-1]

    def press_tab(self, line: str, becomes: str) -> None:
        """Type a line in an interactive bash, press Tab, and wait for what the line becomes."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.directory)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], self.environment)
        try:
            _see(terminal, PROMPT)
            os.write(
                terminal, b'bind "set enable-bracketed-paste off"; eval "$(lazycell completion bash)"; echo do""ne\n'
            )
            _see(terminal, "done\r\n" + PROMPT)
            os.write(terminal, line.encode() + b"\t")
            _see(terminal, becomes)
        finally:
            os.write(terminal, b"\x03exit\n")
            os.close(terminal)
            os.waitpid(pid, 0)


def _see(terminal: int, text: str) -> None:
    """Read until a text is there."""
    seen, deadline = "", time.monotonic() + 30
    while text not in seen:
        assert time.monotonic() < deadline, f"{text!r} did not come, but {seen!r}"
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Install the command, a zoo that must not be imported, and two files."""
    announce(tmp_path / "site", "third_zoo", "third_zoo.net", {"net-small": model(n_layers=2).to_json(collapsed=True)})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "lazycell").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m lazycell "$@"\n')
    (tmp_path / "bin" / "lazycell").chmod(0o755)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "weights.safetensors").touch()
    (tmp_path / "here" / "mine.py").write_text(MINE)
    path = [str(tmp_path / "site"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(filter(None, path)),
        "PS1": PROMPT,
        "TERM": "dumb",
    }
    return Shell(tmp_path / "here", environment)


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("lazycell con", ["convert"]),
        ("lazycell show --opt", ["--optimizer"]),
        ("lazycell show model --by dt", ["dtype"]),
        ("lazycell show net-s", ["compopt -o default", "net-small"]),
        ("lazycell check net-s", ["compopt -o default", "net-small"]),
        ("lazycell plan net-s", ["compopt -o default", "net-small"]),
        ("lazycell diff net-small net-s", ["compopt -o default", "net-small"]),
        ("lazycell inspect wei", ["compopt -o default", ""]),
        ("lazycell check net-small wei", ["compopt -o default", ""]),
        ("lazycell convert wei", ["compopt -o default", ""]),
        ("lazycell completion z", ["zsh"]),
        ("lazycell nothing-like-it", [""]),
        ("lazycell show net-small --dtype fl", ["float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"]),
        ("lazycell convert a b --dtype bf", ["bfloat16"]),
        ("lazycell show net-small --optimizer adamw", ["adamw", "adamweightdecay"]),
        ("lazycell show net-small --set n_l", ["n_layers="]),
        ("lazycell check net-small weights.safetensors --set hid", ["hidden="]),
        ("lazycell show mine:Net --set ", ["inner=", "wide=", "width="]),
        ("lazycell show gone:Net --set ", [""]),
        ("lazycell show --set n", [""]),
    ],
)
def test_what_bash_proposes(shell: Shell, line: str, proposed: list[str]) -> None:
    """Commands, options and their values, models; where a file may be, bash lists files itself."""
    assert sorted(shell.words(line)) == sorted(proposed)


def test_all_commands(shell: Shell) -> None:
    """Those that the help lists."""
    from lazycell.cli._main import _COMMANDS

    assert sorted(shell.words("lazycell ")) == sorted(_COMMANDS)


def test_nothing_heavy_is_imported(shell: Shell) -> None:
    """A key is pressed often: neither MindSpore, nor NumPy, nor the zoo's modules."""
    variables = {"_LAZYCELL_COMPLETE": "bash_complete", "COMP_WORDS": "lazycell show net-", "COMP_CWORD": "2"}
    done = lazycell(first=without("mindspore", "numpy", "rich"), **shell.environment, **variables)
    assert (done.status, done.stderr) == (0, "")
    assert "plain,net-small" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("lazycell verif", "lazycell verify "),
        ("lazycell show net-sm", "lazycell show net-small "),
        ("lazycell inspect weig", "lazycell inspect weights.safetensors "),
    ],
)
def test_the_key_itself(shell: Shell, line: str, becomes: str) -> None:
    """In an interactive bash: the word is completed where one alone begins so."""
    shell.press_tab(line, becomes)


def test_the_script_alone() -> None:
    """Bash, zsh and fish; without a word that of the variable SHELL. Each names the command."""
    for name in ("bash", "zsh", "fish"):
        done = lazycell("completion", name, first=without("mindspore", "numpy", "rich"), encoding="ascii")
        assert (done.status, done.stderr) == (0, "")
        assert f"_LAZYCELL_COMPLETE={name}_complete" in done.stdout
        assert lazycell("completion", SHELL=f"/usr/bin/{name}").stdout == done.stdout
        found = json.loads(lazycell("completion", name, "--json").stdout)
        assert (found["shell"], found["script"] + "\n") == (name, done.stdout)


def test_bash_parses_it() -> None:
    """Without running it."""
    script = lazycell("completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("arguments", "told"), [(("tcsh",), "'tcsh' is not one of"), ((), "which shell? Write one of")]
)
def test_wrong_usage(arguments: tuple[str, ...], told: str) -> None:
    """A shell that is not known, named or the user's own."""
    done = lazycell("completion", *arguments, SHELL="/bin/tcsh")
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_help() -> None:
    """With examples that begin as they are typed."""
    done = lazycell("completion", "--help")
    assert done.status == 0
    assert "    lazycell completion bash > " in done.stdout
    assert "Exit status: 0 done; 2 trouble." in done.stdout
