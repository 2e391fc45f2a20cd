"""The cause that a checkpoint is the base's, or another head's: all that is of the base fits."""

from __future__ import annotations

from collections.abc import Sequence

from ..show import collapse, few
from ._dialect import Argument, Words
from ._problems import Cause, Problem

_SHOWN = 4


def other_head(problems: Sequence[Problem], new_head: Sequence[str], left_out: Sequence[str]) -> Cause:
    """Give the one cause of problems that `partial` makes go away, as was tried.

    Args:
        problems: all of them.
        new_head: parameters that it leaves to their initializers.
        left_out: keys of the file that it leaves out.
    """
    other = {problem.name: problem.tensor.name for problem in problems if problem.kind == "shape" and problem.tensor}
    resized = [name for name in new_head if name in other]
    texts = []
    if resized:
        texts.append(f"{_named(resized)} {_is(resized)} there in another shape")
    new = [name for name in new_head if name not in other]
    if new:
        texts.append(f"{_named(new)} would be a new head, which has to be trained")
    strange = [key for key in left_out if key not in {other[name] for name in resized}]
    if strange:
        texts.append(f"{_named(strange)} {_is(strange)} another head's, and left out")
    explained = frozenset(problem.name for problem in problems)
    text = "all of the base fits" + (f": {'; '.join(texts)}" if texts else ", with its prefix added or taken away")
    return Cause("head", text, explained, todo=_todo(resized, len(other) == len(problems)))


def _todo(resized: Sequence[str], alone: bool) -> Words:
    if not resized:
        return ("if that is meant, pass ", Argument("partial", True))
    parts = {name.rpartition(".")[0] for name in resized}
    anew: Words = ("to begin with a new head, which has to be trained: ", Argument("partial", True))
    if not alone or len(parts) > 1 or "" in parts:
        return anew
    (part,) = parts
    return (*anew, "; the same for this part alone: ", *new_part(part))


def new_part(part: str) -> tuple[str | Argument, ...]:
    """Give the arguments that leave a part of the model to its initializers, whatever the checkpoint has there."""
    return (
        Argument("rename", {f"{part}.{{*rest}}": f"other.{part}.{{*rest}}"}),
        ", ",
        Argument("missing", (f"{part}.*",)),
        ", ",
        Argument("unexpected", ("other.*",)),
    )


def _named(names: Sequence[str]) -> str:
    return few([f"`{pattern}`" for pattern, _ in collapse(names)], _SHOWN)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
