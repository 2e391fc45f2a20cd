"""A checkpoint with adapters merged into it: a view whose parts are computed as they are read."""

from __future__ import annotations

from collections.abc import Sequence

from ...formats import CheckpointHeader
from ._adapter import Adapter


def merged(header: CheckpointHeader, adapters: Sequence[Adapter], *, as_stored: bool = False) -> CheckpointHeader:
    """Give a checkpoint with the changes of adapters.

    Args:
        header: the base's, in floats: see `dequantized`.
        adapters: in any order; their changes are added.
        as_stored: round what changes to the dtype that it has in the base, instead of leaving it in float32.
    """
    raise NotImplementedError
