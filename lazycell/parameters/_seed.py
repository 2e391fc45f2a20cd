"""The seeds of nets that are initialized without one: one after another, from MindSpore's or from entropy."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from mindspore import get_seed

from . import _framework as framework

_BITS = 53
"""Of a seed that is made here: every program that reads JSON has such numbers whole."""


def is_of_entropy() -> bool:
    """Tell whether a net that is initialized without a seed gets one that nobody can know before."""
    return get_seed() is None


class _Seeds:
    """Where the row of seeds stands.

    A net takes the seed of its turn, and ends the turn. Parameters that are initialized one by one, as MindSpore does
    it, share a turn until a name comes that was drawn in it: that is another net's.
    """

    def __init__(self) -> None:
        self._since: tuple[int, int | None] | None = None
        self._turn = 0
        self._seed = 0
        self._drawn: set[str] = set()

    def seed_for(self, names: Iterable[str]) -> int:
        """Give the seed for drawing these names; nothing counts as drawn yet."""
        since = framework.seedings(), get_seed()
        if since != self._since:
            self._since, self._turn = since, -1
            self._begin()
        elif not self._drawn.isdisjoint(names):
            self._begin()
        return self._seed

    def drawn(self, name: str) -> None:
        """Count a parameter that was drawn by itself."""
        self._drawn.add(name)

    def end_turn(self) -> None:
        """Count a net that was drawn."""
        self._begin()

    def _begin(self) -> None:
        self._turn += 1
        self._drawn.clear()
        seed = None if self._since is None else self._since[1]
        self._seed = _of_entropy() if seed is None else nth_seed(seed, self._turn)


def nth_seed(seed: int, turn: int) -> int:
    """Give the seed of the net that is initialized as number `turn`, from 0, after `mindspore.set_seed(seed)`.

    The first has the seed itself; docs/streams.md says how the others are made.
    """
    if turn == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}\0{turn}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> (64 - _BITS)


def _of_entropy() -> int:
    return int.from_bytes(os.urandom(8), "little") >> (64 - _BITS)


_seeds = _Seeds()
seed_for, count_parameter, count_net = _seeds.seed_for, _seeds.drawn, _seeds.end_turn
