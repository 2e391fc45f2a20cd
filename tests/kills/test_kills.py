"""Each operation that changes files, killed and interrupted a few times; `python -m tests.kills` does it more often."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tests

from .__main__ import KINDS, kill
from .operations import Lost

ROOT = Path(tests.__file__).parents[1]


def command(*arguments: str) -> str:
    """Run the command; give what it prints."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.kills", *arguments, "--seed", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("how", [(), ("--interrupt",)], ids=["kill", "interrupt"])
def test_nothing_is_lost(how: tuple[str, ...]) -> None:
    """The destination is the old or the new, whole; the next call works, and leaves nothing else."""
    printed = command("--times", "48", *how)
    for kind in KINDS:
        assert re.search(rf"^{kind}: 6 kills: \d+ old, \d+ between, \d+ new, 0 lost; seed 5$", printed, re.MULTILINE)


class InPlace:
    """An operation as it should not be: a file is overwritten, slowly."""

    def prepare(self, directory: Path, number: int) -> None:
        (directory / "file").write_text("o" * 40)

    def act(self, directory: Path, number: int) -> None:
        with open(directory / "file", "w", opener=lambda path, flags: os.open(path, flags)) as file:
            for _ in range(40):
                file.write("n")
                file.flush()
                time.sleep(0.001)

    def examine(self, directory: Path, number: int) -> str:
        text = (directory / "file").read_text()
        if text not in ("o" * 40, "n" * 40):
            raise Lost(text)
        return "old" if text[0] == "o" else "new"

    def again(self, directory: Path, number: int) -> None:
        pass


def test_what_loses_something_is_found(tmp_path: Path) -> None:
    """A part of the new in place of the old is neither."""
    states, lost = kill(InPlace(), 5, tmp_path, 1, signal.SIGKILL)
    assert states.total() + len(lost) == 5
    assert len(lost) > 2
    assert re.search("Lost: n+", lost[0])
