"""The cause that a checkpoint is the base's, or another head's: all that is of the base fits."""

from __future__ import annotations

from collections.abc import Sequence

from ..show import collapse, few
from ._dialect import Argument
from ._problems import Cause, Problem

_SHOWN = 4


def other_head(problems: Sequence[Problem], new_head: Sequence[str], left_out: Sequence[str]) -> Cause:
    """Give the one cause of problems that `partial` makes go away, as was tried.

    Args:
        problems: all of them.
        new_head: parameters that it leaves to their initializers.
        left_out: keys of the file that it leaves out.
    """
    texts = ["all of the base fits"]
    if new_head:
        texts.append(f"{_named(new_head)} would be a new head, which has to be trained")
    if left_out:
        texts.append(f"{_named(left_out)} {'is' if len(left_out) == 1 else 'are'} another head's, and left out")
    explained = frozenset(problem.name for problem in problems)
    todo = ("if that is meant, pass ", Argument("partial", True))
    return Cause("head", ": ".join([texts[0], "; ".join(texts[1:])]) if texts[1:] else texts[0], explained, todo=todo)


def _named(names: Sequence[str]) -> str:
    return few([f"`{pattern}`" for pattern, _ in collapse(names)], _SHOWN)
