"""What each rank has to say, told to all: texts of any length."""

from __future__ import annotations

from ..mesh import Mesh
from ._agree import TIMEOUT, channel, communicates

_LENGTH = 8


def exchange(mesh: Mesh, text: bytes, *, timeout: float = TIMEOUT) -> list[bytes]:
    """Give what all ranks say, in their order; all have to call it. Where they do not communicate, `text` alone.

    Args:
        mesh: of the net.
        text: of this rank; costs next to nothing if it is empty on all.
        timeout: seconds to wait for the others.

    Raises:
        CheckpointError: a rank did not answer.
    """
    if not communicates(mesh):
        return [text]
    lengths = [
        int.from_bytes(row, "little") for row in channel().gather(len(text).to_bytes(_LENGTH, "little"), timeout)
    ]
    most = max(lengths)
    if most == 0:
        return [b""] * len(lengths)
    rows = channel().gather(text.ljust(most, b"\0"), timeout)
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]
