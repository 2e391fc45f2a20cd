"""Make every array that a load plan asks for, before any parameter changes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

from .._collector import collector_paused
from .._harmless import printable
from ..formats import TensorHeader
from ..layout import Operation, Reshape, Slice
from ..reading import Reader
from ..system import Array
from ._plan import LoadPlan, LoadStep


def stage(plan: LoadPlan, reader: Reader, progress: Callable[[int, int], None] | None = None) -> dict[str, Array]:
    """Give the values of every parameter that `plan` fills.

    A parameter is a view of a private map of the file where `Reader.view` can give one; else it has memory of its
    own, which `reader.threads` threads fill. Beyond the result this takes a few megabytes a thread (the size of one
    stored tensor where a layout turns it, reshapes it and then cuts it).

    Args:
        plan: what to read from where.
        reader: reads it.
        progress: called in this thread with the bytes done and `plan.nbytes`; at least once, at the end with both
            equal. What it raises ends the load.

    Returns:
        By parameter, in the plan's order: arrays of `step.dtype` and `step.tensor.shape`, writable, contiguous,
        aligned to their element size.

    Raises:
        CheckpointFormatError: a file has changed since its header was read, or has gone.

    Warns:
        RuntimeWarning: values of the checkpoint were too large for the dtype of their parameter, and are infinite now.
            No error: checkpoints hold masks of such values, for which infinity does as well.
    """
    total = plan.nbytes
    warning = None
    with collector_paused():
        arrays = _views(plan.steps, reader)
    if len(arrays) < len(plan.steps):
        with collector_paused():
            from ._move import move  # not before: most loads only view

        warning = move(plan, arrays, reader, None if progress is None else lambda done: progress(done, total))
    reader.check_unchanged()
    if progress is not None:
        progress(total, total)
    if warning is not None:
        warnings.warn(printable(warning), RuntimeWarning, stacklevel=2)
    return {step.parameter: arrays[index] for index, step in enumerate(plan.steps)}


def _views(steps: Sequence[LoadStep], reader: Reader) -> dict[int, Array]:
    """Give each parameter that can be a view of its file, by the position of its step; no two are the same view."""
    arrays: dict[int, Array] = {}
    taken: set[tuple[str, tuple[Operation, ...]]] = set()
    for index, step in enumerate(steps):
        tensor, operations = (step.tensor, ()) if not step.pieces else _run_of_bytes(step)
        if tensor is None or step.dtype != tensor.dtype or (tensor.name, operations) in taken:
            continue
        array = reader.view(tensor)
        if array is None:
            continue
        taken.add((tensor.name, operations))
        for operation in operations:
            array = operation(array)
        if array.shape != step.tensor.shape:
            raise ValueError(f"the piece of {step.parameter!r} is {array.shape}, it is {step.tensor.shape}")
        arrays[index] = array
    return arrays


def _run_of_bytes(step: LoadStep) -> tuple[TensorHeader | None, tuple[Operation, ...]]:
    """Give the tensor and the operations of the one piece that lies in its tensor in order, if there is no other."""
    piece, *others = step.pieces
    if others or piece.place is not None:
        return None, ()
    if all(isinstance(each, Reshape) or (isinstance(each, Slice) and each.axis == 0) for each in piece.operations):
        return piece.tensor, piece.operations
    return None, ()
