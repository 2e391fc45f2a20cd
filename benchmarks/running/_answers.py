"""Hold what the sides computed against each other: a time counts only if the answer is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ._task import Task

TOLERANCES = {"generate": 0.0, "embed": 1e-5, "train": 1e-4}
"""How far answers of a task may be apart: words not at all, the others relative to the largest number there."""


class DifferentAnswerError(ValueError):
    """Two sides computed different things."""


def hold(task: Task, side: str, answer: np.ndarray[Any, Any]) -> None:
    """Compare with what the first side of this case computed; the first one's answer is kept beside the checkpoint.

    Args:
        task: which.
        side: whose answer it is.
        answer: words, vectors or losses.

    Raises:
        DifferentAnswerError: the shapes differ, numbers differ by more than the task allows, or one is not finite.
    """
    folder = Path(task.path).parent
    if not np.isfinite(answer).all():
        raise DifferentAnswerError(f"{side}: the answer has numbers that are not finite")
    kept = sorted(folder.glob("answer-of-*.npy"))
    if not kept:
        np.save(folder / f"answer-of-{side}.npy", answer)
        return
    expected, other = np.load(kept[0]), kept[0].stem.removeprefix("answer-of-")
    if answer.shape != expected.shape:
        raise DifferentAnswerError(f"{side} answers in the shape {answer.shape}, {other} in {expected.shape}")
    difference = float(np.abs(answer - expected).max())
    allowed = TOLERANCES[task.name] * float(np.abs(expected).max())
    if difference > allowed:
        raise DifferentAnswerError(
            f"{side} and {other} differ by {difference:.3g}, {allowed:.3g} is allowed:\n{answer}\n{expected}"
        )
