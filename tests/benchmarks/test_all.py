"""`python -m benchmarks` knows all cases, and the parts of it run. No test looks at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tests
from benchmarks import _numpy, _process, build, command_line, imports, init, load, run
from benchmarks.__main__ import CASES, TARGETS
from benchmarks._case import Case
from benchmarks._command import command
from benchmarks._work import Work
from lazycell.system._workers import available_cores

ROOT = Path(tests.__file__).parents[1]
BY_NAME: Mapping[str, Case] = {case.name: case for case in CASES}
# With values, without, of imports, of the command. Loading and running have their own tests.
MEASURED = ("normal", "build", "import-alone", "diff")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """Run a part of `python -m benchmarks --quick`; give what it printed, and its JSON."""
    data = tmp_path_factory.mktemp("data") / "runs.json"
    only = [word for name in MEASURED for word in ("--only", name)]
    arguments = [sys.executable, "-m", "benchmarks", "--quick", *only, "--json", str(data)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(data.read_text())


def test_every_case_has_its_table(quick: tuple[str, dict[str, Any]]) -> None:
    """A title and a table for each case, with a row for each side."""
    parts = quick[0].split("\n## ")[1:]
    assert [part.splitlines()[0] for part in parts] == [*(BY_NAME[name].title for name in MEASURED), "Targets"]
    for name, part in zip(MEASURED, parts, strict=False):
        rows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("|")]
        assert rows[2:] == [side.name for side in BY_NAME[name].sides]


def test_values_are_read_where_there_are_any(quick: tuple[str, dict[str, Any]]) -> None:
    """Each step is in the JSON, and reading after them; what was only built, listed or imported is not read."""
    cases = {case["name"]: case for case in quick[1]["cases"]}
    for name in MEASURED:
        case = BY_NAME[name]
        for side in case.sides:
            for each in cases[name]["runs"].get(side.name, ()):
                assert list(each["steps"]) == [*side.steps, *(["read"] if case.has_values else [])]


def test_every_target_of_a_measured_case_is_judged(quick: tuple[str, dict[str, Any]]) -> None:
    """Met or not, unless the side that it is held against is absent."""
    absent = {(case["name"], side) for case in quick[1]["cases"] for side in case["absent"]}
    targets = quick[1]["targets"]
    assert len(targets) == sum(target.measured.case in MEASURED for target in TARGETS)
    for target in targets:
        reference = target["reference"]
        assert (target["met"] is None) == (
            reference is not None and (reference["case"], reference["side"]) in absent
        ), target


def test_a_part_has_its_cases_and_no_others() -> None:
    """Every case belongs to one part, under a name and a title of its own."""
    assert sum(len(part.CASES) for part in (load, init, build, imports, command_line, run)) == len(CASES)
    assert len(BY_NAME) == len({case.title for case in CASES}) == len(CASES)


def test_targets_name_what_there_is() -> None:
    """Every target speaks of cases, sides and steps that exist."""
    for target in TARGETS:
        for quantity in (target.measured, target.reference):
            if quantity is not None:
                case = BY_NAME[quantity.case]
                sides = {side.name: side for side in case.sides}
                for side in (sides[name] for name in (quantity.side, *quantity.others)):
                    assert set(quantity.steps) <= {*side.steps, *(["read"] if case.has_values else [])}


def test_the_steps_of_all_sides_stand_in_the_same_columns() -> None:
    """A table has one column for the first step of each side, one for the second, and so on."""
    for case in CASES:
        assert len({len(side.steps) for side in case.sides}) == 1


def test_works_count_as_they_are_described() -> None:
    """500 million values to initialize; 15,360 and about 100,000 parameters; 700 billion values to list."""
    assert abs(BY_NAME["normal"].work.n_values - 500e6) < 5e6
    counts = {case.name: sum(1 for _ in case.work.shapes()) for case in CASES if case.work.net == "experts"}
    assert counts["tiny"] == counts["build"] == 15_360
    assert counts["tiny-100k"] == counts["build-100k"] == counts["manifest"] == 100_032
    assert abs(BY_NAME["manifest"].work.n_values - 700e9) < 1e9


def test_the_fill_uses_as_many_threads_as_lazycell() -> None:
    """The peer is held to no fewer."""
    assert available_cores() == _numpy.THREADS


def test_other_parameters_than_were_asked_for_are_refused() -> None:
    """A side that builds another net would be compared with what it is not."""
    work = Work("layers", n_layers=1, width=2)
    shapes = {"layers.0.weight": (2, 2), "layers.0.bias": (2,)}
    _process.check_shapes(shapes.items(), work)
    for wrong in ({"layers.0.weight": (2, 2)}, {**shapes, "layers.0.bias": (3,)}):
        with pytest.raises(ValueError, match=r"not those that were asked for, such as \('layers\.0\.bias'"):
            _process.check_shapes(wrong.items(), work)


def test_a_page_of_a_part_of_the_cases_is_refused(tmp_path: Path) -> None:
    """The page would lose the tables of the others."""
    page = tmp_path / "page.md"
    result = CliRunner().invoke(command("All", CASES, TARGETS, page=page), ["--docs", "--only", "zeros"])
    assert result.exit_code == 2
    assert "leave out --only" in result.output
    assert not page.exists()


def test_a_part_writes_no_page() -> None:
    """Only all benchmarks together do."""
    result = CliRunner().invoke(command("Part", CASES, TARGETS), ["--docs"])
    assert result.exit_code == 2
    assert "No such option" in result.output
