"""Running the command as a process, and everything that a test may want to break about where it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
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


def lazycell(*arguments: str, encoding: str = "utf-8", first: str = "", **environment: str) -> Done:
    """Run `python -m lazycell` with arguments, in a process that need not import MindSpore.

    Args:
        arguments: of the command.
        encoding: what the process writes, as in PYTHONIOENCODING.
        first: Python code to run in the process before the command; then it is one from the start.
        environment: variables to set.
    """
    code = f"import sys\n{first}\nfrom lazycell.cli import main\nsys.exit(main())"
    done = subprocess.run(
        [*([sys.executable, "-c", code] if first else forked.command()), *arguments],
        cwd=ROOT,
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


_ONE_AFTER_THE_OTHER = """
import json, os, sys
from lazycell.cli import main
place, forgotten, *_ = sys.argv[1:]
for number, words in enumerate(json.loads(sys.argv[3])):
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(os.path.join(place, f"{number}.{name}"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
        setattr(sys, name, open(descriptor, "w", encoding="utf-8", closefd=False))
    status = main(words)
    sys.stdout.flush(), sys.stderr.flush()
    open(os.path.join(place, f"{number}.status"), "w").write(str(status))
    for module in forgotten.split():
        sys.modules.pop(module, None)
"""


def one_after_the_other(
    commands: Sequence[Sequence[str]], place: Path, *, forgotten: str = "", **environment: str
) -> list[Done]:
    """Run commands in one process, which imports MindSpore once; each has a stdout and a stderr of its own.

    Args:
        commands: the words of each.
        place: a directory for what they print.
        forgotten: modules, with spaces between, that are imported anew for each.
        environment: variables to set.
    """
    place.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-c", _ONE_AFTER_THE_OTHER, str(place), forgotten, json.dumps(commands)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return [
        Done(
            int((place / f"{number}.status").read_text()),
            *((place / f"{number}.{name}").read_bytes().decode("utf-8") for name in ("stdout", "stderr")),
        )
        for number in range(len(commands))
    ]
