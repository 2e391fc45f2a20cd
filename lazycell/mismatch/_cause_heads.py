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
    ours, theirs = _parts(new_head, base), _parts(left_out, base)
    both = [part for part in ours if part in theirs]
    new, rest = [part for part in ours if part not in both], [part for part in theirs if part not in both]
    texts = ["all of the base fits"]
    if both:
        texts.append(f"the checkpoint has {_named(both)} in another shape")
    if new:
        texts.append(f"only the model has {_named(new)}")
    if rest:
        texts.append(f"only the checkpoint has {_named(rest)}")
    explained = frozenset(problem.name for problem in problems)
    return Cause("head", "; ".join(texts), explained, todo=_todo(problems, ours))


def _todo(problems: Sequence[Problem], ours: Sequence[str]) -> Words:
    """Say how to begin with a new head: all that is of one, or the part alone that has another shape."""
    which = f"to begin with a new {_named(ours)}, which has to be trained" if ours else "to leave it out"
    anew: Words = (f"{which}, pass ", Argument("partial", True))
    parts = {problem.name.rpartition(".")[0] for problem in problems}
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


def _parts(names: Iterable[str], base: BaseModel) -> list[str]:
    """Give the parts that the names are of: what a model has at its top, or what is a head inside the base."""
    heads = [*base.heads, *(each.removeprefix(f"{base.prefix}.") for each in base.heads)]
    return [
        *dict.fromkeys(
            next((each for each in heads if name.startswith(f"{each}.")), name.partition(".")[0]) for name in names
        )
    ]


def _named(parts: Iterable[str]) -> str:
    return show.few([f"`{part}`" for part in parts], _SHOWN)
