"""The manifest of a checkpoint: what its headers tell."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from ..formats._header import CheckpointHeader
from ..formats._open import open_checkpoint
from ._manifest import Manifest, ManifestEntry

MODEL = "lazycell.model"
"""Key of a checkpoint's metadata: the name of the class."""


def manifest_of_checkpoint(path: str | PathLike[str] | Mapping[str, Any]) -> Manifest:
    """Read the headers of a checkpoint; no data.

    Args:
        path: as for `open_checkpoint`.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        CheckpointFormatError: a file is not what its format promises.
    """
    return manifest_of_header(open_checkpoint(path))


def manifest_of_header(header: CheckpointHeader) -> Manifest:
    """Make the manifest of what a checkpoint holds, in the order of the file.

    A dtype that no MindSpore tensor can hold has the file's own name for it, and the bytes that it takes there.
    """
    entries = tuple(
        ManifestEntry(
            name=tensor.name,
            shape=tuple(tensor.shape),
            dtype=tensor.dtype,
            initializer="",
            packed_bytes=None if tensor.is_readable else tensor.nbytes,
        )
        for tensor in header.tensors.values()
    )
    return Manifest(model=header.metadata.get(MODEL) or header.path.name, entries=entries, declared=False)
