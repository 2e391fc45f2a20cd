"""Ordinary files that ranks write together, byte for byte those of one rank.

What is where in them is known before any data is. So rank 0 makes the files, as long as they will be, each rank writes
its runs of bytes into them, and rank 0 the checksums, of what each rank's bytes contribute to them (`_linear_crc`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._errors import CheckpointError
from ._atomic import Around, NewFile, Replacement, free_names, hidden_path, name_of
from ._leftovers import remove_sharded
from ._linear_crc import crc_of
from ._meeting import Meeting
from ._output import Advance, Lost
from ._parts_plan import PartsPlan
from ._save import check_stem, fill, index_of, write_index
from ._shards import split
from ._write_part import Get, part_of, write_all, write_part
from ._write_safetensors import SafetensorsFile, plan_safetensors, sums_text


class WholeFiles:
    """The layout `"whole"`.

    Args:
        plan: what is saved.

    Raises:
        CheckpointError: the format cannot hold one of the tensors, or an index none at all.
    """

    def __init__(self, plan: PartsPlan) -> None:
        self._plan = plan
        destination = plan.destination
        shards = [plan.contents] if destination.most is None else split(plan.contents, destination.most)
        if destination.indexed and not plan.contents:
            raise CheckpointError(
                f"{destination.index}: an index of no tensors cannot be loaded: save {destination.path}"
            )
        self._files = [plan_safetensors(shard, plan.metadata) for shard in shards]
        self._indexed = len(self._files) > 1 or destination.indexed
        self._places: dict[str, tuple[int, int]] = {}
        for number, file in enumerate(self._files):
            start = len(file.start)
            for content in file.contents:
                self._places[content.name] = number, start
                start += content.nbytes
        self.mains: tuple[Path, ...] = destination.mains
        if self._indexed:
            check_stem(destination)
            self.mains = destination.index, destination.path, destination.ranks_index
        elif destination.path.is_symlink():
            self.mains = (Path(os.path.realpath(destination.path)),)  # as a save by one rank does
        self.path = destination.index if self._indexed else destination.path
        self._directory = self.mains[0].parent

    def run(self, meeting: Meeting, get: Get, lost: Lost, advance: Advance, around: Around | None) -> tuple[Path, ...]:
        """Save, as one of the ranks; give the files that hold the tensors."""
        if meeting.rank == 0:
            names = self._lead(meeting, get, lost, advance, around)
        else:
            names = self._follow(meeting, get, lost, advance)
        return tuple(self.path.parent / name for name in names) if self._indexed else (self.path,)

    def _lead(self, meeting: Meeting, get: Get, lost: Lost, advance: Advance, around: Around | None) -> Sequence[str]:
        with Replacement(*self.mains, token=meeting.token) as replacement:
            files = self._made(replacement)
            index = replacement.create(self.mains[0].name) if self._indexed else files[0]
            names = [file.name for file in files]
            modes = [_opened_to_all(file) for file in files]
            main = os.stat(index.path).st_ino
            meeting.tell("made", {**self._plan.marks, "files": names, "main": main})
            sums = self._written(dict(enumerate(file.descriptor for file in files)), get, lost, advance)
            for rank, done in sorted(meeting.others("done").items()):
                self._plan.compare(meeting, rank, done)
                for name, crc in done["sums"].items():
                    sums[name] = sums.get(name, 0) ^ crc
            for new, file, mode in zip(files, self._files, modes, strict=True):
                self._seal(new, file, sums)
                os.fchmod(new.descriptor, mode)
                replacement.finish(new)
            if self._indexed:
                content = index_of(names, self._files, self._plan.metadata, self._plan.nbytes)
                fill(replacement, index, lambda count: None, lambda output: write_index(output, content))
            meeting.check()
            if self._indexed:
                for new in files:
                    replacement.place(new)
            replacement.commit(index, around)
            if self.mains[0] != self.path:  # a link, in a directory of its own
                for other in self._plan.destination.mains[1:]:
                    remove_sharded(other, self.path.name)
            meeting.tell("committed", {})
        return names

    def _follow(self, meeting: Meeting, get: Get, lost: Lost, advance: Advance) -> Sequence[str]:
        made = meeting.first("made")
        self._plan.compare(meeting, meeting.rank, made)
        names: list[str] = made["files"]
        wanted = sorted({self._places[written.content.name][0] for written in self._plan.own})
        descriptors: dict[int, int] = {}
        try:
            for number in wanted:
                path = hidden_path(self._directory, name_of(*self.mains), meeting.token, names[number])
                try:
                    descriptors[number] = os.open(path, meeting.open_flags)
                except FileNotFoundError:
                    meeting.first("committed")  # rank 0 has taken it back, and is about to say why
                    raise
            sums = self._written(descriptors, get, lost, advance)
            for descriptor in descriptors.values():
                os.fsync(descriptor)
                meeting.beat()
        finally:
            for descriptor in descriptors.values():
                os.close(descriptor)
        meeting.tell("done", {**self._plan.marks, "sums": sums})
        meeting.first("committed", lambda: meeting.is_main(made["main"]))
        return names

    def _made(self, replacement: Replacement) -> list[NewFile]:
        """Make the files, with their headers and of their lengths."""
        if self._indexed:
            with replacement.alone():
                names = free_names(self._directory, self._plan.destination.stem, len(self._files))
                files = [replacement.create(names[0])]  # from here on others know that the names are taken
            files += [replacement.create(name) for name in names[1:]]
        else:
            files = [replacement.create(self.mains[0].name)]
        for new, file in zip(files, self._files, strict=True):
            os.ftruncate(new.descriptor, len(file.start) + sum(content.nbytes for content in file.contents))
            write_all(new.descriptor, file.start, 0)
        return files

    def _written(self, descriptors: Mapping[int, int], get: Get, lost: Lost, advance: Advance) -> dict[str, int]:
        """Write what this rank has to; give what it contributes to the checksums."""
        sums: dict[str, int] = {}
        for written in self._plan.own:
            number, start = self._places[written.content.name]
            crc = write_part(descriptors[number], start, written, part_of(written, get), lost, advance)
            sums[written.content.name] = sums.get(written.content.name, 0) ^ crc
        return sums

    @staticmethod
    def _seal(new: NewFile, file: SafetensorsFile, sums: Mapping[str, int]) -> None:
        """Write the checksums into a header."""
        if file.sums_at is None:
            return
        whole: dict[str, Any] = {
            content.name: crc_of(sums.get(content.name, 0), content.nbytes) for content in file.contents
        }
        write_all(new.descriptor, sums_text(whole, file.contents).encode(), file.sums_at)


def _opened_to_all(new: NewFile) -> int:
    """Let the other ranks write into a file, which may be read-only as the one was that it replaces; give its mode."""
    mode = stat.S_IMODE(os.fstat(new.descriptor).st_mode)
    os.fchmod(new.descriptor, mode | stat.S_IRUSR | stat.S_IWUSR)
    return mode
