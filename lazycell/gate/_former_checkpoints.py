"""Would a checkpoint that was saved under an older manifest still load? Told from the two manifests alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .._errors import CheckpointMismatchError
from .._frozen import frozen
from ..formats import CheckpointHeader, TensorHeader
from ..layout import Stored
from ..loading import make_plan
from ..manifest import DIGEST, Manifest, stored_tensors
from ..mismatch import Problem

Renames = Iterable[tuple[str, str]]


@frozen
class Trial:
    """What becomes of older checkpoints.

    Attributes:
        orphaned: old and new name of each rename that they would not load across.
        problems: everything that keeps them from loading; empty: they load.
    """

    orphaned: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


def try_former_checkpoints(old: Manifest, new: Manifest, renames: Renames) -> Trial:
    """Plan the load of every checkpoint that the older model may have saved.

    These are the one in the declared layout, and the one with each parameter under its own name, which is saved by
    whoever loaded such a one. Linear in the number of names.

    Args:
        old: what the checkpoints were saved of.
        new: the model now, with its migrations.
        renames: old and new full names of the parameters whose names changed.
    """
    renames = tuple(renames)
    orphaned: dict[tuple[str, str], None] = {}
    problems: dict[tuple[str, str], Problem] = {}
    for tensors in _layouts(old):
        header = CheckpointHeader(
            Path(f"a checkpoint of {old.model}"),
            "safetensors",
            {each.name: TensorHeader(each.name, each.dtype, each.shape, ()) for each in tensors},
            {DIGEST: old.digest},
        )
        found = _problems(new, header)
        problems.update({(each.kind, each.name): each for each in found})
        orphaned.update(dict.fromkeys(_orphaned(tensors, new, renames, found)))
    return Trial(tuple(pair for pair in renames if pair in orphaned), tuple(problems.values()))


def _layouts(manifest: Manifest) -> list[tuple[Stored, ...]]:
    """Give the tensors of a checkpoint as a save writes them, and under the names of the parameters."""
    layouts = [stored_tensors(manifest)]
    if manifest.stored:
        layouts.append(stored_tensors(manifest, ()))
    return layouts


def _problems(manifest: Manifest, header: CheckpointHeader) -> tuple[Problem, ...]:
    try:
        make_plan(manifest, header)
    except CheckpointMismatchError as error:
        return tuple(each for each in error.problems if isinstance(each, Problem))
    return ()


def _orphaned(
    tensors: Sequence[Stored], new: Manifest, renames: Sequence[tuple[str, str]], problems: Sequence[Problem]
) -> list[tuple[str, str]]:
    """Give the renames whose tensors find no place, or whose parameters are not found."""
    unplaced = {each.tensor.name for each in problems if each.kind == "unexpected" and each.tensor is not None}
    unfilled = {each.name for each in problems if each.kind in ("missing", "twice", "rename")}
    unfilled |= {name for each in new.stored if each.name in unfilled for name in each.parameters}
    made_of: dict[str, list[str]] = {}
    for each in tensors:
        for parameter in each.parameters:
            made_of.setdefault(parameter, []).append(each.name)
    return [
        (before, now) for before, now in renames if now in unfilled or not unplaced.isdisjoint(made_of.get(before, ()))
    ]
