"""`python -m benchmarks.precision` runs, and its page has every family."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mindspore
import numpy as np
from click.testing import CliRunner

import tests
from benchmarks import precision
from benchmarks._families import FAMILIES

ROOT = Path(tests.__file__).parents[1]
COLUMNS = [f"{padding}, {mode}" for padding in precision.PADDINGS for mode in precision.MODES]


def tables(page: str) -> dict[str, list[list[str]]]:
    """Give the rows of each table, by its title."""
    parts = [part.partition("\n") for part in page.split("\n### ")[1:]]
    lines = {title: [line for line in text.splitlines() if line.startswith("|")] for title, _, text in parts}
    cells = {
        title: [[cell.strip() for cell in line.split("|")[1:-1]] for line in each] for title, each in lines.items()
    }
    return {title: [rows[0], *rows[2:]] for title, rows in cells.items()}


def test_it_runs() -> None:
    """A process of its own prints a row for each family that it measured, and what the CPU does not run."""
    command = [sys.executable, "-m", "benchmarks.precision", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ((title, rows),) = tables(done.stdout).items()
    assert title == "float16, scores about ±1"
    assert rows[0] == ["", *COLUMNS]
    assert [row[0] for row in rows[1:]] == ["bert", "t5"]
    # Half of one is a single rounding; a net has many, and none is as wrong as a fault would be.
    assert all(0.5 < float(cell) < 32 for row in rows[1:] for cell in row[1:])
    assert f"## bfloat16\n\nMindSpore {mindspore.__version__} does not run it on this device." in done.stdout


def test_the_page_has_every_family() -> None:
    """Each size of scores has a table, each family a row in it, and nothing on it was infinite or no number."""
    found = tables(precision.PLACE.read_text(encoding="utf-8"))
    assert list(found) == [f"float16, scores about ±{size}" for size in precision.SIZES]
    for rows in found.values():
        assert rows[0] == ["", *COLUMNS]
        assert [row[0] for row in rows[1:]] == list(FAMILIES)
        assert all(float(cell) > 0 for row in rows[1:] for cell in row[1:])


def test_what_is_not_finite_is_said() -> None:
    """One such number, at a word, is the figure; at padding it is none."""
    family = FAMILIES["bert"]
    inputs = {"attention_mask": np.array([[1, 1, 0]])}
    expected = {"logits.0": np.array([[1.0, -4.0, 0.0]])}
    assert precision.error_of(family, inputs, {"logits.0": np.array([[1.0, -3.0, np.nan]])}, expected) == 0.25
    assert precision.error_of(family, inputs, {"logits.0": np.array([[np.nan, -4.0, 0.0]])}, expected) == np.inf
    figures = [
        precision.Figure("bert", "float16", 1, padding, mode, np.inf)
        for padding in precision.PADDINGS
        for mode in precision.MODES
    ]
    page = precision.report(figures, {"date": "today", "processor": "none"}, {"mindspore": "2"}, "CPU")
    ((_, rows),) = tables(page).items()
    assert rows[1] == ["bert", *["not finite"] * len(COLUMNS)]


def test_a_page_of_two_families_is_refused() -> None:
    """It would lose the rows of the others."""
    result = CliRunner().invoke(precision.main, ["--quick", "--docs"])
    assert result.exit_code == 2
    assert "leave out --quick" in result.output
