"""What the two sides of a comparison take, and how much more or less the newer one takes, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import show

if TYPE_CHECKING:
    from ...layout import Growth
    from ._differences import Differences, DiffSide


def totals(diff: Differences) -> tuple[str, ...]:
    """Say what both sides take, and how much more or less the newer one takes, if anything."""
    if not diff.growth:
        return (f"both: {_taken(diff.old)}",)
    return f"old: {_taken(diff.old)}", f"new: {_taken(diff.new)} ({grown(diff.growth)})"


def grown(growth: Growth) -> str:
    """Say how much more or less there is: `+2 parameters, -4.20 MB, -12.3%`; what is the same is left out."""
    parts = [f"{count:+,} {_noun(count, noun)}" for count, noun in _counted(growth) if count]
    if growth.nbytes:
        sign = "-" if growth.nbytes < 0 else "+"
        parts.append(f"{sign}{show.format_bytes(abs(growth.nbytes))}")
        if growth.percent is not None:
            share = abs(growth.percent)
            parts.append(f"{sign}{share:,.1f}%" if share >= 0.05 else f"{sign}under 0.1%")
    return ", ".join(parts)


def _taken(side: DiffSide) -> str:
    counts = ", ".join(f"{count:,} {_noun(count, noun)}" for count, noun in _counted(side))
    return f"{counts}, {show.format_bytes(side.nbytes)}"


def _counted(of: DiffSide | Growth) -> tuple[tuple[int, str], ...]:
    return (of.parameters, "parameter"), (of.elements, "element")


def _noun(count: int, noun: str) -> str:
    return noun if abs(count) == 1 else f"{noun}s"
