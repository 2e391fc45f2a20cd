"""Check that a parameter which a checkpoint stores under several tied names has the same bytes under each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from .. import mismatch
from .._dtypes import bytes_of
from ..formats import MemoryRange, TensorHeader
from ..manifest import Manifest
from ..mismatch import Cause, Problem
from ..reading import Reader
from ..system import Scratch, run
from ._plan import LoadPlan, LoadStep
from ._stage import stage

if TYPE_CHECKING:
    from ..mismatch import Again

_CHUNK = 1 << 20  # bytes


def check_ties(plan: LoadPlan, reader: Reader, *, manifest: Manifest | None = None, again: Again | None = None) -> None:
    """Compare the copies that `plan` records in `LoadStep.same_as`, a chunk at a time, with all threads of `reader`.

    A parameter that is put together from pieces is put together for it, and needs its size in memory meanwhile.

    Args:
        plan: of the load.
        reader: reads the files.
        manifest: of the model: for the message, which names the switch that makes a tie.
        again: gives it with other hyperparameters, where the class is known.

    Raises:
        CheckpointMismatchError: copies differ; all of them are named.
        CheckpointFormatError: a file has changed since its header was read, or has gone.
    """
    problems = []
    for step in plan.steps:
        if step.same_as:
            tensor = _put_together(plan, step, reader) if step.pieces else step.tensor
            for number, copy in enumerate(step.same_as):
                other = copy
                if step.part is not None:  # each rank compares what it has
                    alike = step.part.copies[number]
                    other = _put_together(plan, alike, reader) if alike.pieces else alike.tensor
                if not same_bytes(tensor, other, reader):
                    names = (step.key, copy.name)
                    problems.append(Problem("tie", step.parameter, "", None, copy, "copies differ", names))
    if problems:
        causes = () if manifest is None or again is None else tuple(_switches(problems, manifest, again))
        raise mismatch.Mismatch(plan.path, plan.model, tuple(problems), causes).error()


def _switches(problems: list[Problem], manifest: Manifest, again: Again) -> list[Cause]:
    return mismatch.parted(problems, manifest, again)


def same_bytes(one: TensorHeader, other: TensorHeader, reader: Reader) -> bool:
    """Whether two stored tensors have the same bytes."""
    if one.nbytes != other.nbytes:
        return False
    differing: list[int] = []

    def compare(start: int) -> Callable[[Scratch], int]:
        def task(scratch: Scratch) -> int:
            count = min(_CHUNK, one.nbytes - start)
            mine, theirs = np.split(scratch.take(2 * count), 2)
            reader.read_into(one, mine.data, start)
            reader.read_into(other, theirs.data, start)
            if not np.array_equal(mine, theirs):
                differing.append(start)
            return count

        return task

    def tasks() -> Iterator[Callable[[Scratch], int]]:
        for start in range(0, one.nbytes, _CHUNK):
            if differing:
                return
            yield compare(start)

    run(tasks(), max(1, min(reader.threads, math.ceil(one.nbytes / (8 * _CHUNK)))), lambda done: None)
    return not differing


def _put_together(plan: LoadPlan, step: LoadStep, reader: Reader) -> TensorHeader:
    """Give the values of a parameter in the dtype of the file, as a tensor in memory."""
    dtype = step.tensor.dtype
    alone = attrs.evolve(plan, steps=(attrs.evolve(step, dtype=dtype, same_as=()),))
    values = stage(alone, reader)[step.parameter]
    return attrs.evolve(step.tensor, ranges=(MemoryRange(bytes_of(values)),))
