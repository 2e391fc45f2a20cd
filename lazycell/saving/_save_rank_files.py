"""Files of each rank's own, and an index that makes one checkpoint of them.

A file is an ordinary one of safetensors, of the rank's parts under the names of the wholes, and one of torch's
distributed checkpoints (DCP, `torch/distributed/checkpoint/hf_storage.py`): `__metadata__` has `DCP_SHARDING_INFO`,
where each part begins in its whole. What DCP lacks is beside it, `lazycell.whole`: the shapes of the wholes.

DCP knows one part of a tensor in a file. So a part in several boxes, of a dimension that is `fused(…)`, is in as many
files: `model-r00001-of-00002-TOKEN.safetensors`, `model-r00001-of-00002-TOKEN-2.safetensors`.

The index, `model.ranks.index.json`, is the commit (`formats/_rank_files.py` reads it)::

    {"format": "lazycell.ranks", "version": 1, "mesh": {"tp": 2}, "metadata": {…},
     "files": {FILE: {"size": bytes, "header": SHA-256 of the header and the eight bytes before it}},
     "tensors": {NAME: {"dtype": "float32", "shape": […], "parts": [[FILE, [[start, stop], …]], …]}}}
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._errors import CheckpointError
from ..formats import RANKS
from ..mesh import Box
from ..system import Array, read_at_once
from ._atomic import Around, NewFile, Replacement, hidden_path, name_of
from ._meeting import Meeting
from ._output import Advance, Lost, Output, content_of_array
from ._parts_plan import PartsPlan
from ._refused import ArgumentRefused, argument
from ._save import check_stem, fill, write_index
from ._write_part import Get, part_of
from ._write_safetensors import SafetensorsFile, plan_safetensors, write_safetensors
from ._writers import Written

_SHARDING = "DCP_SHARDING_INFO"
_WHOLE = "lazycell.whole"


class RankFiles:
    """The layout `"ranks"`.

    Args:
        plan: what is saved.

    Raises:
        CheckpointError: an index cannot hold no tensors, or such a name.
        ValueError: the size of a file cannot be chosen.
    """

    def __init__(self, plan: PartsPlan) -> None:
        self._plan = plan
        destination = plan.destination
        self.mains = destination.ranks_index, destination.path, destination.index
        self.path = destination.ranks_index
        if destination.most is not None:
            raise ArgumentRefused(
                f"{self.path}: layout='ranks' writes a file for each rank, and ",
                *(argument("max_shard_size", destination.most), ": leave it out"),
            )
        if not plan.contents:
            raise CheckpointError(f"{self.path}: an index of no tensors cannot be loaded: save {destination.path}")
        check_stem(destination)
        plan_safetensors(plan.contents, plan.metadata)  # refuses on every rank what one of them could not write

    def run(self, meeting: Meeting, get: Get, lost: Lost, advance: Advance, around: Around | None) -> tuple[Path, ...]:
        """Save, as one of the ranks; give the files that hold the tensors."""
        if meeting.rank == 0:
            self._lead(meeting, get, lost, advance, around)
        else:
            self._follow(meeting, get, lost, advance)
        names = {name: None for rank in range(meeting.ranks) for name, _ in self._files(rank, meeting)}
        return tuple(self.path.parent / name for name in names)

    def _lead(self, meeting: Meeting, get: Get, lost: Lost, advance: Advance, around: Around | None) -> None:
        with Replacement(*self.mains, token=meeting.token) as replacement:
            index = replacement.create(self.path.name)
            meeting.tell("made", {**self._plan.marks, "main": os.stat(index.path).st_ino})
            files = self._written(meeting, replacement, get, lost, advance)
            for rank, done in sorted(meeting.others("done").items()):
                self._plan.compare(meeting, rank, done)
                files |= done["files"]
            content = self._index(meeting, files)
            fill(replacement, index, lambda count: None, lambda output: write_index(output, content))
            meeting.check()
            for name in files:
                hidden = hidden_path(self.path.parent, name_of(*self.mains), meeting.token, name)
                replacement.place(NewFile(hidden, name, -1))
            replacement.commit(index, around)
            meeting.tell("committed", {})

    def _follow(self, meeting: Meeting, get: Get, lost: Lost, advance: Advance) -> None:
        made = meeting.seen(0, "made")
        if made is not None:  # else rank 0 compares
            self._plan.compare(meeting, meeting.rank, made)
        with Replacement(*self.mains, token=meeting.token) as replacement:
            files = self._written(meeting, replacement, get, lost, advance)
        meeting.tell("done", {**self._plan.marks, "files": files})
        meeting.first("committed", lambda: meeting.is_main((meeting.seen(0, "made") or {}).get("main", -1)))

    def _files(self, rank: int, meeting: Meeting) -> list[tuple[str, list[tuple[Written, Box, Box]]]]:
        """Give a rank's files by name, and the boxes in each: where in the whole, and where in the part."""
        stem = f"{self._plan.destination.stem}-r{rank:05}-of-{meeting.ranks:05}-{meeting.token}"
        files: list[list[tuple[Written, Box, Box]]] = []
        for written in self._plan.written[rank]:
            for number, (there, here) in enumerate(written.boxes):
                if number == len(files):
                    files.append([])
                files[number].append((written, there, here))
        return [
            (f"{stem}{f'-{number}' if number > 1 else ''}.safetensors", each) for number, each in enumerate(files, 1)
        ]

    def _written(
        self, meeting: Meeting, replacement: Replacement, get: Get, lost: Lost, advance: Advance
    ) -> dict[str, dict[str, Any]]:
        """Write this rank's files; give what the index says of each."""
        found: dict[str, dict[str, Any]] = {}
        for name, boxes in self._files(meeting.rank, meeting):
            file = self._planned(boxes, get, lost)
            new = replacement.create(name)
            with Output(new.descriptor, advance) as output:
                write_safetensors(output, file)
            header, size = _read(new.descriptor, len(file.start)), os.fstat(new.descriptor).st_size
            replacement.finish(new)
            found[name] = {"size": size, "header": hashlib.sha256(header).hexdigest()}
        return found

    def _planned(self, boxes: Sequence[tuple[Written, Box, Box]], get: Get, lost: Lost) -> SafetensorsFile:
        def values(written: Written, here: Box) -> Array:
            return part_of(written, get)[tuple(slice(*each) for each in here)]

        contents = [
            content_of_array(
                written.content.name,
                written.content.dtype,
                tuple(stop - start for start, stop in there),
                functools.partial(values, written, here),
                lost,
            )
            for written, there, here in boxes
        ]
        offsets = {each.content.name: {"saved_offsets": [start for start, _ in there]} for each, there, _ in boxes}
        metadata = {
            **self._plan.metadata,
            "DCP_VERSION": "1.0",
            _SHARDING: json.dumps(offsets, ensure_ascii=False),
            _WHOLE: json.dumps({each.content.name: each.content.shape for each, _, _ in boxes}, ensure_ascii=False),
        }
        return plan_safetensors(contents, metadata)

    def _index(self, meeting: Meeting, files: Mapping[str, Any]) -> bytes:
        plan = self._plan
        parts: dict[str, list[Any]] = {content.name: [] for content in plan.contents}
        for rank in range(meeting.ranks):
            for name, boxes in self._files(rank, meeting):
                for written, there, _ in boxes:
                    parts[written.content.name].append([name, there])
        index = {
            "format": RANKS,
            "version": 1,
            "mesh": plan.mesh.sizes,
            "metadata": {**plan.metadata, "total_size": plan.nbytes},
            "files": files,
            "tensors": {
                each.name: {"dtype": each.dtype, "shape": each.shape, "parts": parts[each.name]}
                for each in plan.contents
            },
        }
        return (json.dumps(index, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _read(descriptor: int, length: int) -> bytes:
    found = b""
    while len(found) < length:
        more = read_at_once(descriptor, length - len(found), len(found))
        if not more:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        found += more
    return found
