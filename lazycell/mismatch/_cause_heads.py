"""The cause that a checkpoint is the base's, or another head's: all that is of the base fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import show
from ..layout import BaseModel
from ._dialect import Argument, Words
from ._problems import Cause, Problem

_SHOWN = 4


def other_head(problems: Sequence[Problem], base: BaseModel, new_head: Sequence[str], left_out: Sequence[str]) -> Cause:
    """Give the one cause of problems that `partial` makes go away, as was tried.

    Args:
        problems: all of them.
        base: what the model's class says about its base.
        new_head: parameters that it leaves to their initializers.
        left_out: keys of the file that it leaves out.
    """
    texts = []
    if new_head:
        texts.append(f"{_named(new_head, base)} would be a new head, which has to be trained")
    if left_out:
        texts.append(f"{_named(left_out, base)}, which only the checkpoint has in this form, would be left out")
    explained = frozenset(problem.name for problem in problems)
    return Cause("head", "; ".join(["all of the base fits", *texts]), explained, todo=_todo(problems))


def _todo(problems: Sequence[Problem]) -> Words:
    """Say how to begin with a new head: all that is of one, or the part alone that has another shape."""
    parts = {problem.name.rpartition(".")[0] for problem in problems if problem.kind == "shape"}
    if not parts:
        return ("if that is meant, pass ", Argument("partial", True))
    anew: Words = ("to begin with a new head, pass ", Argument("partial", True))
    if len(parts) > 1 or "" in parts or any(problem.kind != "shape" for problem in problems):
        return anew
    return (*anew, "; the same for this part alone: ", *new_part(*parts))


def new_part(part: str) -> tuple[str | Argument, ...]:
    """Give the arguments that leave a part of the model to its initializers, whatever the checkpoint has there."""
    return (
        Argument("rename", {f"{part}.{{*rest}}": f"other.{part}.{{*rest}}"}),
        ", ",
        Argument("missing", (f"{part}.*",)),
        ", ",
        Argument("unexpected", ("other.*",)),
    )


def _named(names: Iterable[str], base: BaseModel) -> str:
    """Name the parts that the names are of: what a model has at its top, or what is a head inside the base."""
    heads = [*base.heads, *(each.removeprefix(f"{base.prefix}.") for each in base.heads)]
    parts: dict[str, None] = {}
    for name in names:
        part = next((each for each in heads if name.startswith(f"{each}.")), name.partition(".")[0])
        parts[name if part == name else f"{part}.*"] = None
    return show.few([f"`{part}`" for part in parts], _SHOWN)
