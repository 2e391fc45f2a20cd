"""The cause of a file in which some names are PyTorch's and others MindSpore's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..show import collapse, few
from ._problems import Cause

_RULES = 10


def mixed_names(fewer: Sequence[str], more: Sequence[str], whose: tuple[str, str], rename: Mapping[str, str]) -> Cause:
    """Say that a file has names of both kinds, for what only one of both calls so.

    Args:
        fewer: the names of the one kind.
        more: those of the other, of which there are at least as many.
        whose: they are, in this order: PyTorch and MindSpore, or the other way round.
        rename: the former to the latter, where they can be renamed.
    """
    text = (
        f"names of two kinds: the checkpoint has those of {whose[1]}, {_listed(more)}, and here and there those of "
        f"{whose[0]}, {_listed(fewer)}"
    )
    rules = dict(rename) if len(rename) <= _RULES else {}
    todo = "" if len(rules) == len(fewer) else "give all of them names of one kind, and no parameter two"
    return Cause("mixed names", text, frozenset(fewer), rename=rules, todo=todo)


def _listed(names: Sequence[str]) -> str:
    return few([f"`{pattern}`" for pattern, _ in collapse(names)], 2)
