"""From a size in each checkpoint to the arithmetic of config values that gives it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from .._frozen import frozen
from ._config_keys import Counts, Key, counts_of, size_keys
from ._roles import FUSED_HEADS, HEADS_TIMES_SIZE, KEYS_TIMES_SIZE, MULTIPLE, QUOTIENT, Role

_UNLIKELY = 9.0
_DOUBT = 1.5
"""What is less likely than the likeliest by less than this is said where it is chosen; by more, once for all."""

_FACTORS = (2, 3, 4, 5, 6, 8)


@frozen
class Equation:
    """What gives a size.

    Attributes:
        text: Python, with each key of the config between at signs: `3 * @hidden_size@`.
        kind: a `Counts`, or a kind of arithmetic.
        values: for each config what it gives.
        rank: among what is as likely, which is looked at first.
    """

    text: str
    kind: Counts | str
    values: tuple[int | None, ...]
    rank: float = 0.0


@attrs.define
class Answer:
    """The equation that was chosen, and the others that are as true here."""

    text: str
    others: list[str] = attrs.field(factory=list)


class Equations:
    """All that the configs of some checkpoints can give.

    Args:
        configs: of each checkpoint, and then of the family's other members, which have none here.
        runs: how many of the configs have a checkpoint.
    """

    def __init__(self, configs: Sequence[Mapping[str, Any]], runs: int) -> None:
        self._configs = configs
        self.defaults: dict[str, str] = {}
        self.used: set[str] = set()
        self.alike: dict[str, list[str]] = {}
        self._keys = [self._closed(key, size_keys(configs)) for key in size_keys(configs)]
        self._all = [each for each in self._made() if None not in each.values]

    def _closed(self, key: Key, keys: Sequence[Key]) -> Key:
        """Give a key with what it means where a config leaves it open: the size of a head is told by the others."""
        if not key.is_open or key.counts not in (Counts.HEAD_SIZE, Counts.KEY_HEADS):
            return key
        heads = [each for each in keys if each.counts is Counts.HEADS and not each.is_open]
        widths = [each for each in keys if each.counts is Counts.WIDTH and not each.is_open]
        if not heads or not widths:
            return key
        if key.counts is Counts.KEY_HEADS:
            usual, text = heads[0].values, f"@{heads[0].name}@"
        else:
            usual = _divided(widths[0].values, heads[0].values)
            text = f"@{widths[0].name}@ // @{heads[0].name}@"
        self.defaults[key.name] = text
        values = [mine if mine is not None else other for mine, other in zip(key.values, usual, strict=True)]
        return attrs.evolve(key, values=tuple(values))

    def _of(self, *counts: Counts) -> list[Key]:
        return [key for key in self._keys if key.counts in counts and None not in key.values]

    def _made(self) -> Iterator[Equation]:
        for key in self._keys:
            if key.is_open and key.name not in self.defaults:
                continue
            yield Equation(f"@{key.name}@", key.counts, key.values)
        yield from self._in_lists()
        heads, keys_heads = self._of(Counts.HEADS), self._of(Counts.KEY_HEADS)
        sizes = [(f"@{key.name}@", key.values) for key in self._of(Counts.HEAD_SIZE)]
        for width in self._of(Counts.WIDTH):
            for each in heads:
                quotient = _divided(width.values, each.values)
                text = f"@{width.name}@ // @{each.name}@"
                yield Equation(text, QUOTIENT, quotient)
                if not sizes and None not in quotient:
                    sizes.append((f"({text})", quotient))
        named = bool(self._of(Counts.HEAD_SIZE))
        for text, values in sizes:
            for each in heads:
                if named:  # else it is the width, said in a roundabout way
                    yield Equation(f"@{each.name}@ * {text}", HEADS_TIMES_SIZE, _product(each.values, values))
                    triple = tuple(map(_tripled, _product(each.values, values)))
                    yield Equation(f"3 * @{each.name}@ * {text}", FUSED_HEADS, triple, 0.5)
                for other in keys_heads:
                    total = tuple(
                        None if None in (a, b) else a + 2 * b  # type: ignore[operator]
                        for a, b in zip(each.values, other.values, strict=True)
                    )
                    fused = f"(@{each.name}@ + 2 * @{other.name}@) * {text}"
                    yield Equation(fused, FUSED_HEADS, _product(total, values))
            for other in keys_heads:
                yield Equation(f"@{other.name}@ * {text}", KEYS_TIMES_SIZE, _product(other.values, values))
        for key in self._of(Counts.WIDTH, Counts.INNER, Counts.CHANNELS):
            for factor in _FACTORS:
                yield Equation(f"{factor} * @{key.name}@", MULTIPLE, _product(key.values, (factor,) * len(key.values)))
                parts = _divided(key.values, (factor,) * len(key.values))
                yield Equation(f"@{key.name}@ // {factor}", QUOTIENT, parts, 1.0)

    def _in_lists(self) -> Iterator[Equation]:
        """Give the first and the last of each list of widths."""
        for name in dict.fromkeys(name for config in self._configs for name in config):
            lists = [config.get(name) for config in self._configs]
            if all(isinstance(each, list) and each and all(type(v) is int for v in each) for each in lists):
                counts = counts_of(name.removesuffix("s"), ())
                if counts in (Counts.WIDTH, Counts.CHANNELS, Counts.INNER) or "channels" in name:
                    for place in (-1, 0):
                        values = tuple(each[place] for each in lists if each)
                        yield Equation(f"@{name}@[{place}]", Counts.WIDTH, values, 0.5 + (place == 0) * 0.1)

    def solve(self, values: Sequence[tuple[int, int]], role: Role, path: str) -> Answer | None:
        """Say what gives a size; None if nothing does that is likely.

        Args:
            values: of each place that has it, in which checkpoint it is, and the size.
            role: what it may be.
            path: the name of the place.
        """
        told = len({value for _, value in values}) > 1
        found = []
        for each in self._all:
            if all(each.values[run] == value for run, value in values):
                cost = role.get(each.kind, _UNLIKELY)
                if cost < _UNLIKELY or (told and each.kind in (Counts.OTHER, MULTIPLE, QUOTIENT)):
                    found.append((cost + each.rank + _distance(each, path), each))
        if not found:
            return None
        found.sort(key=lambda pair: pair[0])
        best_cost, best = found[0]
        left_open = [
            key for key in self._keys if key.counts is Counts.INNER and key.values == (None,) * len(key.values)
        ]
        if best.kind is MULTIPLE and role.get(Counts.INNER) == 0 and left_open:
            # What a config leaves open has a name already: `n_inner: null` is 4 * n_embd.
            self.defaults.setdefault(left_open[0].name, best.text)
            self.used.add(left_open[0].name)
            return Answer(f"@{left_open[0].name}@", [best.text])
        self.used |= {*best.text.split("@")[1::2]}
        simple = (MULTIPLE, QUOTIENT)
        rivals = [(cost, each) for cost, each in found[1:] if not (each.kind in simple and best.kind not in simple)]
        for cost, each in rivals:
            if _DOUBT <= cost - best_cost < _DOUBT + 2:
                self.alike.setdefault(best.text, []).append(each.text)
        if best.kind in simple and len({value for _, value in values}) == 1 and len(self._configs) == 1:
            return Answer(
                best.text,
                [
                    f"a number of its own, {values[0][1]}",
                    *(each.text for cost, each in rivals if cost < best_cost + _DOUBT),
                ],
            )
        return Answer(best.text, [each.text for cost, each in rivals if cost < best_cost + _DOUBT])


def _divided(whole: Sequence[int | None], parts: Sequence[int | None]) -> tuple[int | None, ...]:
    """Divide, where it leaves no rest."""
    return tuple(a // b if a and b and a % b == 0 else None for a, b in zip(whole, parts, strict=True))


def _product(some: Sequence[int | None], others: Sequence[int | None]) -> tuple[int | None, ...]:
    return tuple(None if None in pair else math.prod(pair) for pair in zip(some, others, strict=True))  # type: ignore[arg-type]


def _tripled(value: int | None) -> int | None:
    return None if value is None else 3 * value


def _distance(equation: Equation, path: str) -> float:
    """Say how far the words of an equation are from the name of the place: of a decoder's, of an expert's."""
    far = 0.0
    for word in ("decoder", "encoder", "expert", "moe", "shared", "vision", "text"):
        inside = "expert" if word == "moe" else word
        if word in equation.text:
            far += -0.5 if inside in path or (word == "moe" and "mlp" in path) else 0.8
    if equation.kind is Counts.WIDTH and "embedding_size" in equation.text:
        far += 0.2
    return far
