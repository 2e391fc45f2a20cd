"""The cause of a file in which some names are PyTorch's and others MindSpore's."""

from __future__ import annotations

from collections.abc import Sequence

from ..show import collapse, few
from ._problems import Cause


def mixed_names(torch: Sequence[str], mindspore: Sequence[str]) -> Cause:
    """Say that a file has names of both kinds, for what only one of both calls so.

    Args:
        torch: names that only PyTorch has.
        mindspore: names that only MindSpore has.
    """
    text = (
        f"the checkpoint mixes PyTorch's names, {_listed(torch)}, with MindSpore's, {_listed(mindspore)}, "
        "for cells of the same kinds"
    )
    todo = "give all of them the names of one, where they come from or with rename"
    return Cause("mixed names", text, todo=todo)


def _listed(names: Sequence[str]) -> str:
    return few([f"`{pattern}`" for pattern, _ in collapse(names)], 2)
