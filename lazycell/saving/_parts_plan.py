"""What the ranks of a mesh are about to save, together; and whether they are about to save the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from .._frozen import frozen
from ..mesh import Division, Mesh
from ._destination import Destination
from ._meeting import Meeting
from ._output import Content
from ._writers import Written, writers

# What ranks may disagree about, in the order in which it is told: one comes of the other.
_DIFFERENT = {
    "mesh": "were given different meshes",
    "model": "have different models",
    "plan": "plan to save differently (layout, max_shard_size, or what of a tensor is where)",
}


class Entry(Protocol):
    """A tensor of the checkpoint: of the whole model, not of a rank."""

    @property
    def name(self) -> str:
        """In the file."""

    @property
    def dtype(self) -> str:
        """In the file (canonical)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole."""


@frozen
class PartsPlan:
    """What ranks are about to write, the same on each.

    Attributes:
        destination: where.
        contents: the tensors, whole, in the order in which they are divided into shards.
        written: what each rank writes.
        metadata: strings for headers and index.
        mesh: of the ranks, as this one sees it.
        marks: digests of mesh, model and plan, by which ranks compare what they are about to do.
    """

    destination: Destination
    contents: Sequence[Content]
    written: Sequence[Sequence[Written]]
    metadata: Mapping[str, str]
    mesh: Mesh
    marks: Mapping[str, str]

    @property
    def own(self) -> Sequence[Written]:
        """What this rank writes."""
        return self.written[self.mesh.rank]

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(content.nbytes for content in self.contents)

    def compare(self, meeting: Meeting, rank: int, marks: Mapping[str, Any]) -> None:
        """Compare with what another rank is about to save.

        Args:
            meeting: of the ranks.
            rank: that is not 0, this one or the other.
            marks: the other's.

        Raises:
            MeetingError: it is something else.
        """
        for what, different in _DIFFERENT.items():
            if marks.get(what) != self.marks[what]:
                raise meeting.problem(f"ranks 0 and {rank} {different}")


def plan_parts(
    destination: Destination,
    entries: Sequence[Entry],
    divisions: Mapping[str, Division | None],
    mesh: Mesh,
    metadata: Mapping[str, str],
    layout: str,
) -> PartsPlan:
    """Say which rank writes what.

    Raises:
        ValueError: a tensor has no equal parts for so many ranks.
    """
    contents = [Content(entry.name, entry.dtype, tuple(entry.shape), _nothing) for entry in entries]
    written = writers(contents, divisions, mesh)
    marks = {
        "mesh": _digest([list(axis) for axis in mesh.axes]),
        "model": _digest([[each.name, each.dtype, each.shape] for each in contents]),
        "plan": _digest(
            [layout, destination.most, destination.indexed]
            + [[[each.content.name, [there for there, _ in each.boxes]] for each in own] for own in written]
        ),
    }
    return PartsPlan(destination, contents, written, metadata, mesh, marks)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _nothing() -> Iterator[memoryview]:
    raise AssertionError("no rank has all of it")
