"""Targets hold what was measured against a peer, or against a number; medians are compared."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from benchmarks import _checkpoints, _targets
from benchmarks._case import Case, Quantity, Side, Target
from benchmarks._result import Result, Run, Step, judge
from benchmarks._work import Work

FEW = Work("layers", n_layers=2, width=4)
OURS = Side("lazycell", "_lazycell", ("load",), ("mindspore",))
SECONDS = Quantity("few", "lazycell", "seconds")
TORCH = Quantity("few", "torch", "seconds")
PEAK = Quantity("few", "lazycell", "peak")
RESULT = Quantity("few", "lazycell", "result")


def result_of(seconds: Mapping[str, list[float]], peak: float = 0) -> Result:
    """Make a result by hand: the time of a step `load`, by side."""
    case = Case("few", "Few", FEW, FEW, (OURS,), ".safetensors")
    runs = {
        side: [Run({"load": Step(each, 0, peak, 0), "read": Step(1000, 0, 10 * peak, 0)}, 0, 0) for each in times]
        for side, times in seconds.items()
    }
    return Result(case, FEW, runs, {})


@pytest.mark.parametrize(("times", "met"), [(2, True), (1.9, False)])
def test_a_target_holds_medians_against_each_other(times: float, met: bool) -> None:
    """The median of ours over that of the peer's; reading is not counted."""
    result = result_of({"lazycell": [4, 1, 100], "torch": [2, 1, 3]})
    target = Target("load", Quantity("few", "lazycell", "seconds"), Quantity("few", "torch", "seconds"), times)
    (verdict,) = judge([target], {"few": result})
    assert (verdict.measured, verdict.reference, verdict.ratio, verdict.met) == (4, 2, 2, met)


def test_of_several_sides_the_fastest_counts() -> None:
    """On both sides of a target; one that did not run is left out."""
    result = result_of({"lazycell": [9], "compiled": [4, 6, 5], "torch": [2], "tuned": [1]})
    ours = attrs.evolve(SECONDS, others=("compiled", "absent"))
    target = Target("load", ours, attrs.evolve(TORCH, others=("tuned",)), 3)
    (verdict,) = judge([target], {"few": result})
    assert (verdict.measured, verdict.reference, verdict.met) == (5, 1, False)
    assert "|torch or tuned|" in _targets.targets([verdict]).replace(" | ", "|")


@pytest.mark.parametrize(("plus", "met"), [(40, True), (39, False)])
def test_a_target_of_memory_allows_bytes_beyond_the_result(plus: int, met: bool) -> None:
    """The peak while loading is held against the bytes of the parameters, and some more."""
    nbytes = _checkpoints.nbytes(FEW, "float32")
    result = result_of({"lazycell": [1]}, peak=nbytes + 40)
    target = Target("peak", Quantity("few", "lazycell", "peak"), Quantity("few", "lazycell", "result"), 1, plus)
    assert [verdict.met for verdict in judge([target], {"few": result})] == [met]


def test_a_target_against_a_side_that_did_not_run_is_open() -> None:
    """It is neither met nor missed."""
    target = Target("load", Quantity("few", "lazycell", "seconds"), Quantity("few", "torch", "seconds"), 1)
    assert [verdict.met for verdict in judge([target], {"few": result_of({"lazycell": [1]})})] == [None]
    assert judge([target], {}) == []


@pytest.mark.parametrize(("limit", "met"), [(4, True), (3.9, False)])
def test_an_absolute_target_is_a_number_of_seconds(limit: float, met: bool) -> None:
    """The median is held against the number itself, and there is no ratio."""
    (verdict,) = judge([Target("load", SECONDS, plus=limit)], {"few": result_of({"lazycell": [4, 1, 100]})})
    assert (verdict.measured, verdict.reference, verdict.ratio, verdict.met) == (4, None, None, met)


@pytest.mark.parametrize(("limit", "met"), [(40, True), (39, False)])
def test_an_absolute_target_is_a_number_of_bytes(limit: float, met: bool) -> None:
    """The peak, the same way."""
    result = result_of({"lazycell": [1]}, peak=40)
    assert [verdict.met for verdict in judge([Target("peak", PEAK, plus=limit)], {"few": result})] == [met]


def test_an_absolute_target_of_a_side_that_did_not_run_is_open() -> None:
    """It is neither met nor missed."""
    assert [verdict.met for verdict in judge([Target("load", SECONDS, plus=1)], {"few": result_of({})})] == [None]


@pytest.mark.parametrize(
    ("target", "row"),
    [
        (Target("load", SECONDS, TORCH, 1.2), "4.00 s|torch|2.00 s|2.00 x|at most 1.2 x|NO"),
        (Target("load", SECONDS, TORCH, 0.5), "4.00 s|torch|2.00 s|2.00 x|at most 0.5 x|NO"),
        (Target("load", SECONDS, TORCH, 1 / 8), "4.00 s|torch|2.00 s|1 / 0.5|at most 1 / 8|NO"),
        (Target("load", SECONDS, TORCH, 1, enough=3.5), "4.00 s|torch|2.00 s|2.00 x|at most 1 x, or 3.50 s|NO"),
        (Target("load", SECONDS, TORCH, 1, enough=4.5), "4.00 s|torch|2.00 s|2.00 x|at most 1 x, or 4.50 s|yes"),
        (Target("load", SECONDS, plus=1.5), "4.00 s|nothing: absolute||4.00 s|at most 1.50 s|NO"),
        (Target("peak", PEAK, plus=150e6), "200 MB|nothing: absolute||200 MB|at most 150 MB|NO"),
        (Target("peak", PEAK, RESULT, 1, 64e6), "200 MB|the parameters|160 B|+ 200 MB|at most + 64.0 MB|NO"),
        (Target("load", SECONDS, Quantity("few", "nobody", "seconds"), 1), "4.00 s|nobody|not run|-|at most 1 x|?"),
    ],
    ids=["times", "half", "speedup", "not enough", "enough", "seconds", "bytes", "and bytes", "absent"],
)
def test_a_row_shows_measured_and_target_alike(target: Target, row: str) -> None:
    """In the unit and form of the target, whether it is a ratio, a speedup, or a number."""
    result = result_of({"lazycell": [4], "torch": [2]}, peak=200_000_160)
    printed = _targets.targets(judge([target], {"few": result})).splitlines()[2]
    assert [cell.strip() for cell in printed.split("|")[3:-1]] == row.split("|")


def test_a_later_load_is_held_against_later_loads() -> None:
    """What a process does once more is a quantity of its own."""
    case = Case("few", "Few", FEW, FEW, (OURS,), ".safetensors", first=True)
    first, ours, theirs = ({"load": Step(each, 0, 0, 0), "read": Step(1000, 0, 0, 0)} for each in (100, 3, 2))
    runs = {"lazycell": [Run(first, 0, 0, 0, ours)], "torch": [Run(first, 0, 0, 0, theirs)]}
    later = [Quantity("few", side, "later seconds") for side in runs]
    (verdict,) = judge([Target("later", *later, 1.5)], {"few": Result(case, FEW, runs, {})})
    assert (verdict.measured, verdict.reference, verdict.met) == (3, 2, True)


def test_the_summary_counts_what_was_met() -> None:
    """And what was missed, and what could not be told."""
    held = [Target("load", SECONDS, plus=limit) for limit in (5, 3, 2)]
    held.append(Target("load", SECONDS, Quantity("few", "nobody", "seconds"), 1))
    printed = _targets.targets(judge(held, {"few": result_of({"lazycell": [4]})}))
    assert printed.splitlines()[-1] == "1 of 4 targets met, 2 not met, 1 not measured."
