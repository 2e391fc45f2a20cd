"""The benchmark of loading runs, compares like with like, and leaves nothing behind. No test looks at a time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import mindspore
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

import tests
from benchmarks import _checkpoints, _memory, _process, _read, _report
from benchmarks._case import Case, Quantity, Side, Target
from benchmarks._command import command
from benchmarks._harness import BenchmarkError, check_same_values, run_case
from benchmarks._result import Run
from benchmarks._work import Work
from benchmarks.load import CASES, TARGETS

ROOT = Path(tests.__file__).parents[1]
FEW = Work("layers", n_layers=2, width=4)
OURS = Side("lazycell", "_lazycell", ("build", "load"), ("mindspore",))
NOWHERE = Side("nobody", "_nobody", ("build", "load"), ("no-such-package",))
MEASURED = ("safetensors", "tiny")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], list[Path]]:
    """Run a part of `python -m benchmarks.load --quick`; give what it printed, its JSON, and what it left behind."""
    files, data = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("data") / "runs.json"
    only = [word for name in MEASURED for word in ("--only", name)]
    command = [sys.executable, "-m", "benchmarks.load", "--quick", *only, "--dir", str(files), "--json", str(data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(data.read_text()), list(files.iterdir())


def test_every_case_has_its_table(quick: tuple[str, dict[str, Any], list[Path]]) -> None:
    """A title and a table for each case, with a row for each side, and one table of all targets."""
    printed, _, _ = quick
    parts = printed.split("\n## ")
    chosen = [case for case in CASES if case.name in MEASURED]
    assert [part.splitlines()[0] for part in parts[1:]] == [*(case.title for case in chosen), "Targets"]
    for case, part in zip(chosen, parts[1:], strict=False):
        rows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("|")]
        assert rows[2:] == [side.name for side in case.sides]
    targets = [target for target in TARGETS if target.measured.case in MEASURED]
    assert sum(line.startswith("| ") for line in parts[-1].splitlines()) == len(targets) + 2


def test_the_output_says_where_it_was_measured(quick: tuple[str, dict[str, Any], list[Path]]) -> None:
    """Machine, versions, date and method, and that quick figures mean nothing."""
    printed, _, _ = quick
    for fact in ("date: 20", "processor: ", "cores: ", "memory: ", "kernel: ", f"mindspore {mindspore.__version__}"):
        assert f"- {fact}" in printed or f", {fact}" in printed
    for fact in ("in the page cache", "nothing of the kind was done before", "`import mindspore`"):
        assert fact in printed.replace("\n", " ")
    assert _report.QUICK in printed


def test_the_json_has_every_run(quick: tuple[str, dict[str, Any], list[Path]]) -> None:
    """Each side has its runs with the seconds and bytes of each step, or the reason why it has none."""
    _, data, _ = quick
    assert [case["name"] for case in data["cases"]] == list(MEASURED)
    for case, declared in zip(data["cases"], (case for case in CASES if case.name in MEASURED), strict=True):
        for side in declared.sides:
            if side.name in case["absent"]:
                assert case["absent"][side.name].startswith("not installed: ")
                continue
            for run in case["runs"][side.name]:
                assert list(run["steps"]) == [*side.steps, "read"]
                assert all(step["seconds"] >= 0 for step in run["steps"].values())
                assert list(run["later"]) == ([*side.steps, "read"] if declared.first else [])
                assert (run["first_use"] > 0) is not declared.first
                assert run["declared"] > 0
        assert len(case["runs"]["lazycell"]) == 1


def test_nothing_is_left_behind(quick: tuple[str, dict[str, Any], list[Path]]) -> None:
    """The checkpoints are removed at the end."""
    assert quick[2] == []


def test_a_killed_benchmark_leaves_nothing_behind(tmp_path: Path) -> None:
    """The checkpoints are removed when the process is told to end, too."""
    command = [sys.executable, "-m", "benchmarks.load", "--quick", "--only", "ckpt", "--dir", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "round 1" in process.stderr.readline()  # the checkpoint is written, and measuring begins
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_seen_before_anything_is_written(tmp_path: Path) -> None:
    """A checkpoint that cannot fit is refused, with what is needed and what is free."""
    large = Case("large", "large", FEW._replace(width=10**9), FEW, (OURS,), ".safetensors")
    result = CliRunner().invoke(command("Large", [large], []), ["--dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "are needed" in result.output
    assert "are free; give another --dir" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_side_that_is_not_installed_has_a_row_that_says_so() -> None:
    """It has no runs; the table tells what is lacking, and targets against it are neither met nor missed."""
    case = Case("few", "Few", FEW, FEW, (NOWHERE,), ".safetensors")
    target = Target("load", Quantity("few", "lazycell", "seconds"), Quantity("few", "nobody", "seconds"), 1)
    printed = CliRunner().invoke(command("Few", [case], [target]), []).output
    assert "not installed: no-such-package" in printed
    assert "0 of 1 targets met, 0 not met, 1 not measured." in printed


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_safetensors_files_are_whole(tmp_path: Path, dtype: str) -> None:
    """The safetensors library reads what is written: every name, shape and dtype."""
    path = tmp_path / "model.safetensors"
    _checkpoints.write(path, FEW, dtype)
    if dtype == "bfloat16":  # which safetensors.numpy refuses: every 16 bits of it are a float16
        path.write_bytes(path.read_bytes().replace(b'"BF16"', b'"F16" '))
    tensors = load_file(path)
    assert {name: tensor.shape for name, tensor in tensors.items()} == dict(FEW.shapes())
    assert sum(tensor.nbytes for tensor in tensors.values()) == _checkpoints.nbytes(FEW, dtype)


def test_both_formats_hold_the_same(tmp_path: Path) -> None:
    """MindSpore reads the `.ckpt`: the tensors of the safetensors file, which differ from each other."""
    for suffix in (".safetensors", ".ckpt"):
        _checkpoints.write(tmp_path / f"model{suffix}", FEW, "float32")
    expected = load_file(tmp_path / "model.safetensors")
    found = mindspore.load_checkpoint(str(tmp_path / "model.ckpt"))
    assert list(found) == [name for name, _ in FEW.shapes()]
    for name, parameter in found.items():
        np.testing.assert_array_equal(parameter.asnumpy(), expected[name])
    assert not np.array_equal(expected["layers.0.weight"], expected["layers.1.weight"])


def test_a_process_that_fails_says_why() -> None:
    """A benchmark whose side fails gives no figures, but what the process said last."""
    build_only = attrs.evolve(OURS, steps=("build",))  # a declared parameter refuses to be read
    with pytest.raises(
        BenchmarkError, match=r"the process of lazycell failed with status 1:\n(.*\n)*.*layers\.0\.weight"
    ):
        run_case(Case("few", "Few", FEW, FEW, (build_only,), ".safetensors"), {}, {}, rounds=1)


def test_the_first_load_is_the_first(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is done before it, not even a collection of garbage; else a tiny net comes before."""
    done: list[tuple[int, bool]] = []

    def run(side: object, steps: list[str], work: Work, *, collect: bool = True) -> dict[str, Any]:
        done.append((work.n_layers, collect))
        return {"steps": {}, "checksum": 0}

    monkeypatch.setattr(_process, "run", run)
    for before, expected in ((None, [(2, False), (2, True)]), (FEW.first()._asdict(), [(1, True), (2, True)])):
        _process.main(["numpy", "_numpy", "[]", json.dumps(before), json.dumps(FEW._asdict())])
        assert done == expected
        done.clear()
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_sides_that_disagree_are_refused() -> None:
    """A net that ends with other values has done other work: no figures are given."""
    run = Run({}, 0, checksum=1)
    check_same_values(CASES[0], {"lazycell": [run, run], "torch": [run], "mindspore": []})
    with pytest.raises(BenchmarkError, match="the sides did not end with the same values"):
        check_same_values(CASES[0], {"lazycell": [run], "torch": [run, attrs.evolve(run, checksum=2)]})


@given(st.lists(st.binary(max_size=24), max_size=4))
def test_the_checksum_tells_contents_apart(contents: list[bytes]) -> None:
    """The same bytes give the same number; one changed bit in one array gives another."""

    def read(contents: list[bytes]) -> int:
        return _read.checksum(np.frombuffer(content, np.uint8) for content in contents)

    assert read(contents) == read(list(contents))
    for position, content in enumerate(contents):
        if content:
            changed = bytes([content[0] ^ 1]) + content[1:]
            assert read(contents) != read([*contents[:position], changed, *contents[position + 1 :]])


def test_the_peak_is_that_since_the_reset() -> None:
    """Memory that was freed before the reset does not count; memory that was freed after it does."""
    size = 64 << 20
    np.ones(size, np.uint8)
    _memory.reset_peak()
    before = _memory.peak()
    assert before - _memory.resident() < size // 2
    np.ones(size, np.uint8)
    assert _memory.peak() - before > size // 2
