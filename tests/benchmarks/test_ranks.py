"""The benchmark of ranks runs, reads what it says, and tells what misses its target."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import tests
from benchmarks import ranks
from benchmarks.ranks import LARGE, SMALL, Row

ROOT = Path(tests.__file__).parents[1]


def test_it_runs() -> None:
    """A row for one rank and one for two, mapped and not; no test looks at a time, the bytes are what they are anywhere."""
    command = [sys.executable, "-m", "benchmarks.ranks", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line]
    assert rows[0][:5] == ["ranks", "mmap", "parts", "asked / parts", "most on top"]
    assert [row[:2] for row in rows[2:]] == [[n, mmap] for mmap in ("True", "False") for n in ("1", "2")]
    assert "All targets are met." in done.stdout


def test_the_checkpoint_is_what_is_said(tmp_path: Path) -> None:
    """Five files; the large one has 1 GB."""
    index = json.loads(ranks.checkpoint(tmp_path, SMALL).read_text())
    assert len({*index["weight_map"].values()}) == 5
    assert [*index["weight_map"]] == [name for name, _ in SMALL.shapes()]
    assert 1e9 <= sum(2 * math.prod(shape) for _, shape in LARGE.shapes()) < 1.1e9


def test_what_misses_its_target() -> None:
    """More bytes than the parts have, more memory than they need; of one rank, and of maps, nothing is asked."""
    good, bad = Row(2, False, 1000, 1050, 64e6, 1.0, 1.0), Row(4, False, 1000, 1051, 70e6, 1.0, 1.0)
    assert ranks.missed([good, Row(1, False, 1000, 9000, 1e9, 1.0, 1.0), Row(2, True, 1000, 9000, 1e9, 1.0, 1.0)]) == []
    assert ranks.missed([bad]) == [
        "4 ranks asked for 1.0510 of their parts, not 1.05",
        "a rank of 4 needed 70.0 MB on top of its parts, not 64.0 MB",
    ]
