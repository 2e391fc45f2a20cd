"""The cause that a checkpoint is the base's, or another head's: all that is of the base fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import show
from ..layout import BaseModel
from ._dialect import Argument
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
    which = f"to begin with a new {_named(ours)}, which has to be trained" if ours else "to leave it out"
    return Cause("head", "; ".join(texts), explained, todo=(f"{which}, pass ", Argument("partial", True)))


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
