"""What ranks compare before they load: digests of what each was given, and of what it is about to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ..formats import ByteRange, CheckpointHeader, Part, TensorHeader, files_named, is_index
from ..loading import LoadOptions, LoadPlan
from ..mesh import Mesh
from ..sources import adapters

WORDS = 8
"""Bytes of a digest."""


def digests_of(mesh: Mesh, model: str, plan: LoadPlan, header: CheckpointHeader) -> dict[str, bytes]:
    """Give a digest of 8 bytes of each of the things that all ranks have to have alike.

    Args:
        mesh: its axes count, and what is left whole.
        model: digest of the manifest of the whole model.
        plan: for the whole model, before it is cut to what a rank has.
        header: of the checkpoint; of its files, and of those of adapters, the names, sizes and times of modification
            count.
    """
    stamps = sorted(_stamps(header) | _configs(plan))
    return _digests(mesh, model, "\n".join(_plan_texts(plan)), repr(stamps))


def digests_of_index(mesh: Mesh, model: str, options: LoadOptions, index: Path) -> dict[str, bytes]:
    """Give the digests where each rank has read the headers of its own files alone, and so planned its own part.

    Args:
        mesh: as for `digests_of`, and so is `model`.
        model: likewise.
        options: what the user says about the load, of which one plan comes everywhere.
        index: of the checkpoint; of it and of the files that it names, names, sizes and times of modification count.
    """
    asked = {name: value for name, value in options.arguments.items() if name not in ("mmap", "progress", "timeout")}
    files = {index, *(index.parent / name for name in (files_named(index) if is_index(index.name) else ()))}
    stamps = sorted((path.name, state.st_size, state.st_mtime_ns) for path in files if (state := path.stat()))
    return _digests(mesh, model, repr(asked), repr(stamps))


def _digests(mesh: Mesh, model: str, plan: str, files: str) -> dict[str, bytes]:
    texts = {"mesh": repr((mesh.axes, sorted(mesh.whole))), "model": model, "plan": plan, "files": files}
    return {name: hashlib.sha256(text.encode()).digest()[:WORDS] for name, text in texts.items()}


def _plan_texts(plan: LoadPlan) -> Iterator[str]:
    yield repr((plan.initialize, plan.naming, [(each.weight, each.tensors) for each in plan.adapters]))
    for step in plan.steps:
        pieces = [(_where(piece.tensor), piece.operations, piece.place) for piece in step.pieces]
        yield repr((step.parameter, step.key, step.dtype, step.tensor.shape, step.tensor.dtype))
        yield repr((_where(step.tensor), [_where(each) for each in step.same_as], pieces))


def _where(tensor: TensorHeader) -> list[object]:
    """Say where the bytes are, and where those that they are computed from; of those in memory, that they are."""
    return [_place(part) if isinstance(part, ByteRange) else _places(part) for part in tensor.ranges]


def _place(part: ByteRange) -> tuple[str, int, int]:
    return part.path.name, part.start, part.stop


def _places(part: Part) -> tuple[object, ...]:
    return type(part).__name__, *map(_place, getattr(part, "ranges", ()))


def _configs(plan: LoadPlan) -> set[tuple[str, int, int]]:
    """Give the stamps of the configs of adapters, which say how much of them is added."""
    found = set()
    for each in plan.adapters:
        path = each.path / adapters.CONFIG
        if path.is_file():  # else the adapter is one file, whose tensors say it all
            state = path.stat()
            found.add((path.name, state.st_size, state.st_mtime_ns))
    return found


def _stamps(header: CheckpointHeader) -> set[tuple[str, int, int]]:
    found = set()
    for tensor in header.tensors.values():
        for part in tensor.byte_ranges:
            stamp = part.stamp
            if stamp is None:
                state = part.path.stat()
                found.add((part.path.name, state.st_size, state.st_mtime_ns))
            else:
                found.add((part.path.name, stamp.size, stamp.modified))
    return found
