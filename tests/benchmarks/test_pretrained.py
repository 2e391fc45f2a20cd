"""The benchmark of `from_pretrained` runs, beside another checkout, and compares like with like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tests
from benchmarks import pretrained
from benchmarks.pretrained import DisagreementError, Side

ROOT = Path(tests.__file__).parents[1]


def test_it_runs() -> None:
    """A row for each side, and what was measured with; no test looks at a time."""
    command = [sys.executable, "-m", "benchmarks.pretrained", "--quick", "--beside", str(ROOT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line]
    assert rows[0] == ["directory", "side", "cold", "cold, CPU", "warm", "warm, CPU"]
    first = next(iter(pretrained.DIRECTORIES))
    assert [row[:2] for row in rows[2:]] == [[first, "lazycell"], [first, f"lazycell, {ROOT.name}"]]
    assert "mindspore" in done.stdout.splitlines()[-1]


def test_medians() -> None:
    """Of the first try of each process, and of all later tries together."""
    processes = [[[5.0, 4.0], [1.0, 0.5], [2.0, 1.5]], [[7.0, 6.0], [3.0, 2.5], [9.0, 8.5]]]
    text = pretrained.report([("d", "s", processes)], 3)
    cells = [cell.strip() for cell in text.splitlines()[-1].split("|")[3:-1]]
    assert cells == ["6.00 s", "5.00 s", "2.50 s", "2.00 s"]


def test_sides_that_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    """What loads other numbers is not compared."""
    totals = iter([1.0, 1.0, 1.0, 1.1])

    def run(*_: Any) -> dict[str, Any]:
        return {"seconds": [[1.0, 1.0]], "total": next(totals)}

    monkeypatch.setattr(pretrained, "_run", run)
    sides = [Side(name, "lazycell", sys.executable, ROOT) for name in "ab"]
    with pytest.raises(DisagreementError, match=r"did not load the same numbers"):
        list(pretrained.measure(sides, tries=2, rounds=1, quick=True))
