"""A program in a process that is forked is what it is in one that Python starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import python

_SHOW = """
import os, sys
print(__name__, sys.argv, os.path.realpath(sys.path[0]), globals().get("__file__"), os.getcwd(), os.environ["GIVEN"])
print(sys.stdin.read(), file=sys.stderr, end="")
print(sys.modules["__main__"].__dict__ is globals(), __builtins__ is not None)
"""


def run(words: tuple[str, ...], directory: Path) -> tuple[int, str, str]:
    """Give the status, and what is printed."""
    done = subprocess.run(
        words,
        cwd=directory,
        env={**os.environ, "GIVEN": "x", "PYTHONPATH": str(directory)},
        input="typed",
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("-c", _SHOW, "a", "-b"),
        ("-m", "shows", "a", "-b"),
        ("shows.py", "a", "-b"),
        ("below/shows.py",),
        ("-c", "import sys; sys.exit(3)"),
        ("-c", "import sys; sys.exit('told')"),
        ("-c", "import sys; sys.exit()"),
        ("-c", "1 / 0"),
    ],
    ids=["code", "module", "file", "file below", "status", "words", "no status", "error"],
)
def test_it_runs_as_python_runs_it(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "shows.py").write_text(_SHOW)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "shows.py").write_text(_SHOW)
    status, printed, told = run((*python(), *words), tmp_path)
    expected = run((sys.executable, *words), tmp_path)
    assert (status, printed) == expected[:2]
    assert told.splitlines()[-1:] == expected[2].splitlines()[-1:]


def test_mindspore_is_there_already(tmp_path: Path) -> None:
    """That is what it is for; and no model is."""
    code = "import sys; print(*(name in sys.modules for name in ('mindspore', 'lazycell', 'models', 'tests')))"
    assert run((*python(), "-c", code), tmp_path) == (0, "True True False False\n", "")
