"""The table of plain models judges what was found, and makes PyTorch's names by a rule of its own."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn

from benchmarks.plain_models import _models, _row, _torch_names

MODEL = _models.find("mindcv", "resnet18")
GOOD: dict[str, dict[str, Any]] = {
    "eager": {"parameters": 3, "values": 100, "bytes": 400, "repeats": True},
    "lazy": {"bytes": 8, "grown": 0, "with_values": []},
    "mindspore": {"bytes": 200},
    "seconds": {"eager": 3.0, "lazycell": 1.0, "mindspore": 2.0},
    "equal": {"differing": 0},
    "mindspore_file": {"differing": 0, "left": 0},
    "lazycell_file": {"differing": 0, "left": 0},
    "torch_file": {"differing": 0, "left": 0},
    "computed": {"difference": 0.0, "outputs": 1},
}


def test_what_was_found_is_judged() -> None:
    row = _row.row(MODEL, GOOD)
    assert (row.share, row.their_share, row.small, row.equal, row.no_slower) == (0.02, 0.5, True, True, True)
    assert (row.mindspore_file, row.lazycell_file, row.torch_file) == (True, True, True)


@pytest.mark.parametrize(
    ("stage", "found", "judged"),
    [
        ("lazy", {"bytes": 9}, "small"),
        ("equal", {"differing": 1}, "equal"),
        ("seconds", {"eager": 3.0, "lazycell": 2.1, "mindspore": 2.0}, "no_slower"),
        ("seconds", {"eager": 3.0, "lazycell": 1.0}, "no_slower"),
        ("torch_file", {"differing": 0, "left": 1}, "torch_file"),
        ("lazycell_file", {"differing": 2, "left": 0}, "lazycell_file"),
        ("mindspore_file", {"error": "CheckpointMismatchError: no"}, "mindspore_file"),
    ],
)
def test_what_falls_short_is_no_success(stage: str, found: dict[str, Any], judged: str) -> None:
    assert getattr(_row.row(MODEL, {**GOOD, stage: found}), judged) is False


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [([0.7, 0.8, 0.99], "faster"), ([0.9, 0.98, 1.0], "same"), ([1.0, 1.1, 1.2], "same"), ([1.01, 1.1, 1.2], "slower")],
)
def test_a_difference_counts_where_most_rounds_have_it(ratios: list[float], verdict: str) -> None:
    row = _row.row(MODEL, {**GOOD, "seconds": {**GOOD["seconds"], "ratios": ratios}})
    assert row.verdict == verdict
    assert row.no_slower
    counted = {each: int(each == verdict) for each in ("faster", "slower", "same")}
    (line,) = [line for line in _row.totals([row]) if line.startswith("of 1 of them")]
    assert [int(word) for word in line.replace("1 of them", "").split() if word.isdigit()] == [*counted.values()]
    assert "".join(f"{each:.2f}" for each in ratios[1:2]) in _row.line(row)


def test_without_ratios_there_is_no_verdict() -> None:
    """As in a file of what was found before there were any."""
    row = _row.row(MODEL, GOOD)
    assert row.verdict == ""
    assert not [line for line in _row.totals([row]) if "as far as the rounds tell" in line]


def test_a_process_that_found_nothing_counts_as_nothing() -> None:
    rows = [_row.row(MODEL, {"process": {"error": "longer than 240 s"}}), _row.row(MODEL, GOOD)]
    lines = _row.totals(rows)
    assert "1 of 2 build eagerly" in lines
    assert "1 of 2 load PyTorch's names" in lines
    assert "1 of 1 that run compute the same to the bit" in lines


def test_every_model_has_a_name_of_its_own() -> None:
    names = [(model.project, model.name) for model in _models.MODELS]
    assert len(names) == len({*names})
    assert sum(project == "mindcv" for project, _ in names) >= 40
    assert sum(project != "mindcv" for project, _ in names) >= 60


class Net(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.embed = nn.Embedding(5, 3)
        self.again = self.embed


def test_names_and_forms_are_those_of_pytorch() -> None:
    net = Net()
    found = {name: each.shape for name, each in _torch_names.state_dict(net).items()}
    norm = {f"norm.{name}": (4,) for name in ("weight", "bias", "running_mean", "running_var")}
    assert found == {
        "conv.weight": (4, 2, 3),
        **norm,
        "norm.num_batches_tracked": (),
        "embed.weight": (5, 3),
        "again.weight": (5, 3),
    }
    assert np.array_equal(_torch_names.state_dict(net)["again.weight"], net.embed.embedding_table.asnumpy())
    assert net.embed.embedding_table.dtype == ms.float32
