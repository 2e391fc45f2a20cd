"""What an adapter is: its config, the header of its tensors, and how much of it is wanted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from ..._frozen import frozen
from ...formats import CheckpointHeader

One: TypeAlias = str | os.PathLike[str] | tuple[str | os.PathLike[str], float]
Adapters: TypeAlias = One | Sequence[One]
"""A directory, or `(directory, weight)`, or a list of those."""


@frozen
class Adapter:
    """One adapter, before it is held against a base.

    Attributes:
        path: of its directory, or of a file.
        header: of its tensors.
        weight: what its changes are multiplied by.
    """

    path: Path
    header: CheckpointHeader
    weight: float = 1.0


def read_adapters(given: Adapters) -> tuple[Adapter, ...]:
    """Read the configs and headers of adapters."""
    raise NotImplementedError
