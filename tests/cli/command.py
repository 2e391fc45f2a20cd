"""Running the command as a process, and everything that a test may want to break about where it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs

from .. import forked

ROOT = Path(__file__).parents[2]


@attrs.frozen
class Done:
    """What a process left."""

    status: int
    stdout: str
    stderr: str


def lazycell(
    *arguments: str, encoding: str = "utf-8", first: str = "", directory: Path = ROOT, **environment: str
) -> Done:
    """Run `python -m lazycell` with arguments, in a process that need not import MindSpore.

    Args:
        arguments: of the command.
        encoding: what the process writes, as in PYTHONIOENCODING.
        first: Python code to run in the process before the command; then it is one from the start.
        directory: where it runs.
        environment: variables to set.
    """
    code = f"import sys\n{first}\nfrom lazycell.cli import main\nsys.exit(main())"
    done = subprocess.run(
        [*([sys.executable, "-c", code] if first else forked.command()), *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONIOENCODING": encoding, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding=encoding.partition(":")[0],
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def without(*packages: str) -> str:
    """Give code that makes packages look as if they were not installed."""
    return f"""
import importlib.abc, importlib.util
absent = {packages!r}
class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hide())
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in absent else found(name, package)
"""
