"""Save a checkpoint of which each rank of a mesh has a part, together: ordinary files, or files of each rank's own."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import show
from .._collector import collector_paused
from .._errors import CheckpointError
from ..mesh import Division, Mesh
from ..system import Array
from ._destination import Destination
from ._meeting import Meeting
from ._output import Lost
from ._parts_plan import Entry, plan_parts
from ._save import Progress, SaveReport, counter, failures
from ._save_rank_files import RankFiles
from ._save_whole import WholeFiles
from ._write_part import Get

if TYPE_CHECKING:
    from ._companion import Companion

_LAYOUTS: dict[str, type[WholeFiles | RankFiles]] = {"whole": WholeFiles, "ranks": RankFiles}
_TOKEN = re.compile(r"[0-9a-f]{8}")


def save_parts(
    destination: Destination,
    entries: Sequence[Entry],
    divisions: Mapping[str, Division | None],
    mesh: Mesh,
    get: Get,
    *,
    token: str,
    lost: Lost,
    metadata: Mapping[str, str],
    layout: str = "whole",
    timeout: float = 300.0,
    progress: Progress | None = None,
    companion: Companion | None = None,
) -> SaveReport:
    """Write one checkpoint by all ranks of a mesh, each of which calls this; all see the same directory.

    Whoever dies, and when: the old checkpoint is there or the new one, never a mixture. The ranks tell each other how
    far they are by files beside the checkpoint; nothing else of them is needed.

    Args:
        destination: where, of the format safetensors, the same on all ranks.
        entries: the tensors of the whole model, in the order in which they are divided into shards.
        divisions: how each is divided, by name; None, or no entry: every rank has all of it.
        mesh: the ranks, and which one this is.
        get: gives this rank's part of a tensor, of any dtype and strides. Asked only for what this rank writes: of
            ranks with equal parts one does.
        token: eight hexadecimal digits, the same on all ranks, of this save alone.
        lost: told about values that get lost when they are converted.
        metadata: strings for the header of each file, and the index.
        layout: `"whole"`: ordinary files, byte for byte those of one rank, which needs a file system that all ranks
            see alike (of one machine, Lustre, GPFS). `"ranks"`: files of each rank's own, and an index that names
            them, which torch's distributed checkpoints (DCP) are, too.
        timeout: seconds without any sign of another rank until it counts as gone.
        progress: called with the bytes done and the bytes in all that this rank writes; default: a bar on rank 0.
        companion: what rank 0 replaces with the checkpoint, in the same directory.

    Returns:
        The same on all ranks, but for the seconds.

    Raises:
        OSError: the directory is missing, the disk is full, a permission is lacking; the old checkpoint is as it was.
        CheckpointError: the format cannot hold one of the tensors; another rank has failed, has ended, gives no sign,
            or saves something else; or the files are none of safetensors.
        ValueError: an argument means nothing, or a tensor has no equal parts for so many ranks.
        TypeError: `timeout` is no number.
    """
    started = time.perf_counter()
    _check(destination, token, layout, timeout)
    with collector_paused():
        plan = plan_parts(destination, entries, divisions, mesh, metadata, layout)
        files = _LAYOUTS[layout](plan)
    first = mesh.rank == 0
    bar = show.ProgressBar(f"saving {destination.path.name}")
    meeting = Meeting(
        files.mains, destination.path, token=token, rank=mesh.rank, ranks=mesh.ranks, timeout=float(timeout)
    )
    with (
        failures(destination, plan.nbytes),
        bar,
        meeting,
        failures(destination, plan.nbytes),  # so that the others are told in these words, too
        (companion if first else None) or contextlib.nullcontext(),
    ):
        count = counter(progress or (bar if first else _nobody), sum(written.nbytes for written in plan.own))

        def advance(nbytes: int) -> None:
            count(nbytes)
            meeting.beat()

        def got(name: str) -> Array:
            meeting.beat()  # small tensors are gathered before they are written
            return get(name)

        paths = files.run(meeting, got, lost, advance, companion.exchanged if first and companion else None)
    return SaveReport(files.path, paths, len(plan.contents), plan.nbytes, time.perf_counter() - started)


def _check(destination: Destination, token: Any, layout: Any, timeout: Any) -> None:
    if destination.format != "safetensors":
        raise CheckpointError(
            f"{destination.path}: a .ckpt is one stream, which several ranks cannot write: give a name that ends in "
            ".safetensors, or a directory"
        )
    if not isinstance(layout, str) or layout not in _LAYOUTS:
        raise ValueError(f'layout={layout!r}: choose "whole", for ordinary files, or "ranks", for files of each rank')
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ValueError(f"token={token!r}: write eight hexadecimal digits, the same on all ranks")
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout={timeout!r}: write a number of seconds")
    if not timeout > 0:
        raise ValueError(f"timeout={timeout!r}: it has to be more than 0 seconds")


def _nobody(done: int, total: int) -> None:
    pass
