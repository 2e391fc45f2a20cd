"""The draws of a build: each takes its seed where an eager build would take it, and is made when values are needed.

MindSpore's initializers take one number from numpy's generator, and make all values from it. So a build without values
leaves the generator as an eager build does, and whatever is drawn besides, skipped or thrown away does not matter: each
parameter keeps the number that is its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from mindspore.common import initializer as ms

from . import _framework as framework
from ._rewritten import Edited

# Their exact classes: a subclass may draw anything. `Sparse` draws a permutation for each column, too.
_ONE_NUMBER = frozenset(
    {
        *(ms.Normal, ms.TruncatedNormal, ms.Uniform, ms.XavierNormal, ms.XavierUniform),
        *(ms.HeNormal, ms.HeUniform, ms.VarianceScaling, ms.Orthogonal),
    }
)

_order = itertools.count()

_LONGEST_BUILD = 1_000_000
"""Draws; to take as many numbers takes seconds."""


class Draw(NamedTuple):
    """One number from numpy's generator, and when it was drawn."""

    seed: int
    order: int
    """among all draws of the process"""
    first: int
    """the order of the first draw for the same parameter: it may have been declared anew since"""
    era: int
    """how often `mindspore.set_seed` had been called"""


def draw_for(initializer: ms.Initializer, replaced: Draw | None = None) -> Draw | None:
    """Draw what an initializer would draw now; None where that is nothing, or nobody knows."""
    if type(initializer.base if isinstance(initializer, Edited) else initializer) not in _ONE_NUMBER:
        return None
    order = next(_order)
    return Draw(framework.draw_number(), order, order if replaced is None else replaced.first, framework.seedings())


def remade(seed: int) -> Draw:
    """Give a draw that another process, or a copy, has made."""
    order = next(_order)
    return Draw(seed, order, order, framework.seedings())


def settle(parameters: Iterable[Any]) -> None:
    """Draw anew for parameters that wait, if `mindspore.set_seed` was called since, and nobody has drawn after it.

    Then the user means that seed. It is drawn in the order of the build, with what was replaced in between.
    """
    drawn = [(parameter, parameter.__dict__["_draw"]) for parameter in parameters if parameter.__dict__.get("_draw")]
    era = framework.seedings()
    if not drawn or max(draw.era for _, draw in drawn) == era or not framework.is_freshly_seeded():
        return
    waiting = [(parameter, draw) for parameter, draw in drawn if parameter.init is not None]
    wanted = {draw.order for _, draw in waiting}
    begin, end = min(draw.first for _, draw in drawn), max(wanted, default=-1)
    # A part that was put in much later is none of the build.
    orders = range(begin, end + 1) if end - begin < _LONGEST_BUILD else sorted(wanted)
    numbers = {}
    for order in orders:
        number = framework.draw_number()
        if order in wanted:
            numbers[order] = number
    for parameter, draw in waiting:
        parameter.__dict__["_draw"] = draw._replace(seed=numbers[draw.order], era=era)
    framework.count_as_freshly_seeded()


def repeated(parameter: Any) -> AbstractContextManager[None]:
    """Give the context in which an initializer draws what was drawn for this parameter when it was declared."""
    settle((parameter,))
    draw: Draw | None = parameter.__dict__.get("_draw")
    return framework.number_to_draw(None if draw is None else draw.seed)
