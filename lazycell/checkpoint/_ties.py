"""Check that a parameter which a checkpoint stores under several tied names has the same bytes under each."""

from __future__ import annotations

import numpy as np

from .._errors import CheckpointMismatchError
from ._header import TensorHeader
from ._plan import LoadPlan
from ._problems import Problem, render
from ._read import Reader

_CHUNK = 1 << 20  # bytes


def check_ties(plan: LoadPlan, reader: Reader) -> None:
    """Compare the copies that `plan` records in `LoadStep.same_as`, a chunk at a time.

    Raises:
        CheckpointMismatchError: copies differ; all of them are named.
        CheckpointFormatError: a file has become shorter than its header said, or has gone.
    """
    problems = [
        Problem("tie", step.parameter, f"`{step.key}` and `{copy.name}` differ", None, copy)
        for step in plan.steps
        for copy in step.same_as
        if not same_bytes(step.tensor, copy, reader)
    ]
    if problems:
        raise CheckpointMismatchError(
            render(f"{plan.path} does not fit {plan.model}", problems, (), {}), tuple(problems)
        )


def same_bytes(one: TensorHeader, other: TensorHeader, reader: Reader) -> bool:
    """Whether two stored tensors have the same bytes."""
    if one.nbytes != other.nbytes:
        return False
    return all(
        np.array_equal(np.frombuffer(mine, np.uint8), np.frombuffer(theirs, np.uint8))
        for mine, theirs in zip(reader.chunks(one, _CHUNK), reader.chunks(other, _CHUNK), strict=True)
    )
