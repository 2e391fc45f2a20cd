"""Run a target for a time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import attrs
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .mutations import damage
from .targets import Broken, Target

_ROUND = 200
_DAMAGED = 30
"""Inputs made of each that Hypothesis gives, by mistakes in its bytes: those cost a tenth of what a strategy does."""


@attrs.frozen
class Result:
    """How many inputs were tried, and how many of them accepted."""

    examples: int
    accepted: int


def run(target: Target, seconds: float, *, folder: Path, save: Path, first_seed: int = 0) -> Result:
    """Try inputs until the time is up; round after round, each with the next seed.

    Args:
        target: which parser.
        seconds: how long.
        folder: an empty one, for the inputs.
        save: where a failing input is put.
        first_seed: the same one gives the same inputs.

    Raises:
        Broken: an input broke the promise; made as small as Hypothesis can, it is saved.
    """
    target.prepare(folder)
    end = time.monotonic() + seconds
    examples = accepted = 0
    failing: bytes | None = None
    number = first_seed

    def attempt(content: bytes, random_seed: int) -> None:
        random = Random(random_seed)
        one(content)
        for _ in range(_DAMAGED):
            one(damage(random, content, target.seeds))

    def one(content: bytes) -> None:
        nonlocal examples, accepted, failing
        if failing is None and time.monotonic() > end:
            return
        examples += 1
        try:
            accepted += target.check(folder, content)
        except Exception:
            failing = content
            raise

    while time.monotonic() < end:
        try:
            seed(number)(
                settings(
                    max_examples=_ROUND,
                    deadline=None,
                    database=None,
                    phases=(Phase.generate, Phase.shrink),
                    suppress_health_check=list(HealthCheck),
                )(given(target.inputs, st.integers(0, 2**32))(attempt))
            )()
        except Exception as error:
            if failing is None:
                raise
            failing = _smaller(failing, lambda content: _fails(target, folder, content))
            path = save / f"fuzz-{target.name}-{hashlib.sha256(failing).hexdigest()[:12]}"
            path.write_bytes(failing)
            raise Broken(
                f"{type(error).__name__}: {error}; seed {number}; the input is {path}: {failing[:300]!r}"
            ) from error
        number += 1
    return Result(examples, accepted)


def _fails(target: Target, folder: Path, content: bytes) -> bool:
    try:
        target.check(folder, content)
    except Exception:
        return True
    return False


def _smaller(content: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Leave out what the failure does not need: halves, quarters, ... single bytes."""
    size = max(1, len(content) // 2)
    while content:
        start, before = 0, len(content)
        while start < len(content):
            shorter = content[:start] + content[start + size :]
            if fails(shorter):
                content = shorter
            else:
                start += size
        if size == 1 and len(content) == before:
            break
        size = max(1, size // 2)
    return content
