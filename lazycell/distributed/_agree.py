"""Ranks tell each other what they are about to do and how it went: something happens on all of them, or on none."""

from __future__ import annotations

import functools
import secrets
import zlib
from collections.abc import Mapping
from typing import Literal

from mindspore.communication import get_group_size, get_rank

from .._errors import CheckpointError
from ..mesh import Mesh
from ._channel import Channel, open_channel
from ._digests import WORDS
from ._groups import is_initialized

Doing = Literal["load", "save"]

TIMEOUT = 300.0
"""Seconds that ranks wait for each other."""

_WHAT = {
    "mesh": "were given different meshes",
    "model": "have different models",
    "plan": "plan to load differently (missing, unexpected, dtype or rename differ, or the checkpoints do)",
    "files": (
        "see different files: the checkpoint was replaced while they opened it, or is not the same on each machine"
    ),
}

_END = {"load": "nothing was loaded on any rank", "save": "the checkpoint there is as it was"}


def communicates(mesh: Mesh | None) -> bool:
    """Tell whether this process and others are the ranks of a mesh; else each loads and saves by itself."""
    if mesh is None or mesh.ranks == 1 or not is_initialized():
        return False
    return (get_rank(), get_group_size()) == (mesh.rank, mesh.ranks)


def agree(
    mesh: Mesh | None,
    digests: Mapping[str, bytes],
    error: BaseException | None = None,
    *,
    doing: Doing = "load",
    timeout: float = TIMEOUT,
) -> None:
    """Return where all ranks are well and have the same digests, and raise on all of them where not.

    All ranks have to call it equally often. Where they do not communicate, it raises `error`, if there is one.

    Args:
        mesh: of the net.
        digests: 8 bytes each, by what they are of: "mesh", "model", "plan", "files"; those that are to be compared.
        error: what went wrong on this rank.
        doing: what is about to happen.
        timeout: seconds to wait for the others.

    Raises:
        CheckpointError: another rank failed, is about to do something else, or did not answer.
        BaseException: `error`.
    """
    if not communicates(mesh):
        if error is not None:
            raise error
        return
    kind = zlib.crc32(repr((doing, sorted(digests))).encode())
    row = bytes([error is not None]) + kind.to_bytes(4, "little")
    row += b"".join(digests.get(name, bytes(WORDS)).ljust(WORDS, b"\0") for name in _WHAT)
    try:
        rows = channel().gather(row, timeout)
    except CheckpointError as failure:
        if error is not None:
            raise error from failure
        raise CheckpointError(f"{failure}; {_END[doing]}") from failure
    if error is not None:
        raise error
    _compare(rows, doing)


def _compare(rows: list[bytes], doing: Doing) -> None:
    for rank, row in enumerate(rows):
        if row[0]:
            raise CheckpointError(f"rank {rank} could not {doing}, and says why; {_END[doing]}")
    for start, stop, what in _columns():
        for rank, row in enumerate(rows):
            if row[start:stop] != rows[0][start:stop]:
                raise CheckpointError(f"ranks 0 and {rank} {what}; {_END[doing]}")


def _columns() -> list[tuple[int, int, str]]:
    other = "do different things: each rank has to load and save what the others do, in the same order"
    found = [(1, 5, other)]
    return found + [(5 + WORDS * at, 5 + WORDS * (at + 1), what) for at, what in enumerate(_WHAT.values())]


def token(mesh: Mesh | None, *, timeout: float = TIMEOUT) -> str:
    """Give 16 hexadecimal digits that all ranks have alike and nobody had before: those that rank 0 drew.

    Raises:
        CheckpointError: a rank did not answer.
    """
    own = secrets.token_bytes(8)
    return (channel().gather(own, timeout)[0] if communicates(mesh) else own).hex()


@functools.cache
def channel() -> Channel:
    return open_channel()
