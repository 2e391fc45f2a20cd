"""The targets beside what was measured: one table."""

from __future__ import annotations

from collections.abc import Sequence

from ._case import Quantity, Target
from ._result import Verdict
from ._text import nbytes, seconds, table

_SPEEDUP = 0.5
"""Targets of less than so many times the reference are printed as "so many times faster"."""


def targets(verdicts: Sequence[Verdict]) -> str:
    """Print a row for each target, and how many are met."""
    rows = [["case", "target", "lazycell", "held against", "", "measured", "target", "met"]]
    rows += [_row(verdict) for verdict in verdicts]
    met = sum(verdict.met is True for verdict in verdicts)
    unknown = sum(verdict.met is None for verdict in verdicts)
    summary = f"{met} of {len(verdicts)} targets met, {len(verdicts) - met - unknown} not met, {unknown} not measured."
    return f"{table(rows)}\n\n{summary}"


def _row(verdict: Verdict) -> list[str]:
    target = verdict.target
    return [
        target.measured.case,
        target.what,
        _value(target.measured, verdict.measured),
        _held_against(target),
        "" if target.reference is None else _value(target.reference, verdict.reference),
        _ratio(verdict),
        _allowed(target),
        {None: "?", True: "yes", False: "NO"}[verdict.met],
    ]


def _held_against(target: Target) -> str:
    if target.reference is None:
        return "nothing: absolute"
    sides = " or ".join((target.reference.side, *target.reference.others))
    name = "the parameters" if target.reference.of == "result" else sides
    return name if target.reference.case == target.measured.case else f"{name}, {target.reference.case}"


def _ratio(verdict: Verdict) -> str:
    """Print what was measured as the target is printed, so that the two can be compared at a glance."""
    target = verdict.target
    if target.reference is None:
        return _value(target.measured, verdict.measured)
    if verdict.measured is None or verdict.reference is None or verdict.ratio is None:
        return "-"
    if target.plus:
        over = verdict.measured - verdict.reference * target.times
        return f"{'-' if over < 0 else '+'} {_value(target.measured, abs(over))}"
    return f"1 / {1 / verdict.ratio:.1f}" if target.times < _SPEEDUP else f"{verdict.ratio:.2f} x"


def _allowed(target: Target) -> str:
    if target.reference is None:
        return f"at most {_value(target.measured, target.plus)}"
    if target.plus:
        return f"at most + {_value(target.measured, target.plus)}"
    if target.times < _SPEEDUP:
        return f"at most 1 / {1 / target.times:.3g}"
    enough = f", or {_value(target.measured, target.enough)}" if target.enough else ""
    return f"at most {target.times:g} x{enough}"


def _value(quantity: Quantity, value: float | None) -> str:
    if value is None:
        return "not run"
    return nbytes(value) if quantity.is_bytes else seconds(value)
