"""Open a checkpoint of any format: by its suffix, else by its first bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .._errors import CheckpointFormatError
from . import _files, _sniff
from ._ckpt import read_ckpt
from ._header import CheckpointHeader
from ._safetensors import read_safetensors
from ._sharded import find_checkpoint, read_index

_BY_FORMAT: dict[str, Callable[[Path], CheckpointHeader]] = {
    "safetensors": read_safetensors,
    "ckpt": read_ckpt,
    "sharded": read_index,
}

_BY_SUFFIX = {".safetensors": "safetensors", ".ckpt": "ckpt", ".json": "sharded"}


def open_checkpoint(path: str | os.PathLike[str]) -> CheckpointHeader:
    """Read what a checkpoint holds, from its headers alone.

    Args:
        path: a `.safetensors` file, a MindSpore `.ckpt`, a `*.index.json` with its shards beside it, or a
            directory that holds one of these. A file of another name is recognized by its content.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        CheckpointFormatError: what is there is not a checkpoint, or a malformed one; the message names the
            file, the tensor and the cause.
    """
    path = Path(path)
    if not path.exists():
        near = "" if path.parent.is_dir() else f"; nor is there a directory {path.parent}"
        raise FileNotFoundError(f"there is no checkpoint at {path}{near}")
    if path.is_dir():
        path = find_checkpoint(path)
    return _BY_FORMAT[_format(path)](path)


def _format(path: Path) -> str:
    known = _BY_SUFFIX.get(path.suffix)
    if known:
        return known
    with _files.open_regular(path) as file:
        start = _files.read_at(file, 0, _sniff.SNIFFED_BYTES)
    guess = _sniff.looks_like(start)
    if guess is None:
        raise CheckpointFormatError(
            f"{path}: neither its name nor its content is that of a checkpoint{_sniff.hint(start)}; lazycell "
            "reads .safetensors, MindSpore's .ckpt, .safetensors.index.json with its shards, and directories"
        )
    return guess
