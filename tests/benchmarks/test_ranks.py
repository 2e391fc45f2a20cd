"""The benchmark of ranks runs, measures what it says, and tells what misses its target."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tests
from benchmarks import _rank_costs, _rank_loads, _rank_processes, _rank_saves, ranks
from benchmarks._decoder import Decoder
from benchmarks._rank_figures import ratio, report
from benchmarks._text import seconds
from benchmarks.ranks import LARGE, SMALL
from models.llama import LlamaForCausalLM

ROOT = Path(tests.__file__).parents[1]
TARGETS = {
    "bytes that all ranks ask for": "≤ 1.05 x",
    "most memory of a rank that is of no file": "≤ its parts + 64.0 MB",
    "bytes that come from the disk": "≤ 1.05 x",
    "processor's time of a load, mmap": "≤ 0.5 x",
    "wall time of a load, mmap": "≤ 1 x",
    "processor's time of a load, pread": "≤ 0.8 x",
    "wall time of a load, pread": "≤ 1 x",
    "file saved by all ranks": "identical",
    "wall time of that save": "≤ 2 x",
    "headers to the plan of one rank": "≤ 3.00 s",
    "what all ranks hold": "≤ 2.00 s",
    "memory of that plan's process": "≤ 200 MB",
    "processor's time with Mesh(tp=1)": "≤ 1.02 x",
    "kills of ranks during saves": "0 lost, 0 mixed, 0 leftovers",
    "kills of ranks during loads": "0 nets changed",
}


def test_it_runs() -> None:
    """Each target has its rows; no test looks at a time, the bytes are what they are anywhere."""
    command = [sys.executable, "-m", "benchmarks.ranks", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line]
    assert rows[0] == ["", "target", "measured", "met", "held against, in the same run", "workload", "cache", "load"]
    assert {row[0]: row[1] for row in rows[2:]} == TARGETS
    met = {row[0]: row[3] for row in rows[2:]}
    assert [met[what] for what in [*TARGETS][:2]] == ["yes", "yes"]
    assert met["file saved by all ranks"] == "yes"
    assert " 0 not met" in done.stdout


def test_the_checkpoint_is_what_is_said(tmp_path: Path) -> None:
    """Five files; the large one has 1 GB; MindSpore's map names the same files."""
    index = json.loads(_rank_loads.checkpoint(tmp_path, SMALL).read_text())
    assert len({*index["weight_map"].values()}) == 5
    assert [*index["weight_map"]] == [name for name, _ in SMALL.shapes()]
    assert json.loads((tmp_path / "param_name_map.json").read_text()) == index["weight_map"]
    assert 1e9 <= sum(2 * math.prod(shape) for _, shape in LARGE.shapes()) < 1.1e9


def test_mindspore_divides_as_we_do(tmp_path: Path) -> None:
    """Rows of the projections out, columns of those back; key heads are never fewer than ranks."""
    _rank_loads.strategies(tmp_path, SMALL, 2)
    told = json.loads((tmp_path / "strategy-2.json").read_text())["parallel_layout_item"]
    shapes = dict(SMALL.shapes())
    assert told.keys() == shapes.keys()
    assert all(len(each["tensor_map"]) == len(shapes[name]) for name, each in told.items())
    assert told["model.layers.0.mlp.up_proj.weight"]["tensor_map"] == [0, -1]
    assert told["model.layers.0.mlp.down_proj.weight"]["tensor_map"] == [-1, 0]
    assert told["model.norm.weight"]["tensor_map"] == [-1]
    assert all(LARGE.key_heads % size == 0 for size in ranks.MESHES)


def test_medians_are_compared_and_what_misses_is_told() -> None:
    """3 against 2 is more than 1.4 times as much, and not more than 1.5 times; one round that was disturbed is none."""
    pairs = [(3.0, 2.0), (90.0, 1.0), (2.0, 80.0)]
    good, bad = (ratio("time", pairs, most, seconds, against="peer", workload="work") for most in (1.5, 1.4))
    small = ratio("time", pairs, 1.4, seconds, judged=False)
    assert [good.met, bad.met, small.met] == [True, False, None]
    assert good.measured == "1.500 x: 3.00 s"
    assert good.against == "peer: 2.00 s"
    told = report([good, bad, small])
    assert "1 of 3 targets met, 1 not met, 1 not judged." in told
    assert "| NO " in told


def test_a_rank_whose_process_fails_is_told() -> None:
    """In its own words, whatever the others do, who wait for it."""
    with pytest.raises(_rank_processes.RankError, match=r"the process of rank 0 failed:\n(.|\n)*invalid literal"):
        _rank_processes.at_once("_rank_alone", [["many", "2"]])


def test_another_file_is_no_file_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digests are what is compared."""
    digests = iter("aab")

    def saved(*_: Any, **__: Any) -> tuple[tuple[str, int], float]:
        return (next(digests), 5), 1.0

    monkeypatch.setattr(_rank_saves, "_saved", saved)
    found = [*_rank_saves.saves(tmp_path / "index", [2], 1, "work", judged=True)]
    assert (found[0].measured, found[0].met) == ("identical", True)
    digests = iter("abb")
    assert next(iter(_rank_saves.saves(tmp_path / "index", [2], 1, "work", judged=True))).met is False


def test_kills_that_are_not_run_say_the_command() -> None:
    """They take minutes."""
    done = CliRunner().invoke(ranks.main, ["--quick", "--only", "kills"])
    assert done.exit_code == 0, done.output
    assert "`just kills ranks rank-files --times 100`" in done.output
    assert done.output.count("not run") >= 2


def test_kills_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all kinds together, and what was lost misses the target."""
    printed = "ranks: 6 kills: 3 old, 1 between, 2 new, 0 lost; seed 5\nrank-files: 4 kills: 1 old, 0 between, 2 new, "

    def run(command: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(command, 0, printed + "1 lost; seed 5\nTraceback: it is gone\n", "")

    monkeypatch.setattr(_rank_costs.subprocess, "run", run)
    found = _rank_costs.kills("saves", 10)
    assert found.measured == "1 lost of 10 (4 old, 1 between, 4 new)"
    assert found.met is False
    with pytest.raises(_rank_processes.RankError, match="just kills rank-loads --times 10"):
        _rank_costs.kills("loads", 10)


def test_a_config_builds_the_decoder() -> None:
    """The net that loads the checkpoint has its parameters."""
    small = Decoder(layers=2, hidden=32, inner=48, heads=4, key_heads=2, words=50)
    config = dict(small.config())
    for key in ("model_type", "architectures", "torch_dtype"):
        del config[key]
    manifest = LlamaForCausalLM.manifest(**config)
    assert {entry.name: entry.shape for entry in manifest} == dict(small.shapes())
