"""Where a checkpoint is saved, and in which form: what a path and the arguments beside it mean together."""

from __future__ import annotations

import os
from pathlib import Path

from .. import _dtypes
from .._arguments import file_path
from .._frozen import frozen
from .._harmless import printable
from ..formats import INDEX_SUFFIX, RANKS_SUFFIX
from ._atomic import refuse_irregular
from ._refused import ArgumentRefused, argument
from ._shards import shard_bytes

_SAFETENSORS, _CKPT = ".safetensors", ".ckpt"
_INDEX = _SAFETENSORS + INDEX_SUFFIX


@frozen
class Destination:
    """What a save was asked for.

    Attributes:
        path: the single file; for safetensors in several files the index is beside it.
        format: `"safetensors"` or `"ckpt"`.
        most: bytes of one file, None: any number.
        indexed: whether there has to be an index, even of one shard, because the path is that of one.
    """

    path: Path
    format: str
    most: int | None = None
    indexed: bool = False

    @property
    def index(self) -> Path:
        """The index of a checkpoint in several files."""
        return self.path.with_name(self.path.name + INDEX_SUFFIX)

    @property
    def ranks_index(self) -> Path:
        """The index of a checkpoint of which each rank wrote a file."""
        return self.path.with_name(self.stem + RANKS_SUFFIX)

    @property
    def mains(self) -> tuple[Path, ...]:
        """The main files that a checkpoint of this path can have: one of them is there."""
        return (self.path,) if self.format == "ckpt" else (self.path, self.index, self.ranks_index)

    @property
    def given(self) -> Path:
        """What a save is called with to mean the same."""
        return self.index if self.indexed else self.path

    @property
    def stem(self) -> str:
        """What the names of shards begin with."""
        return self.path.name.removesuffix(_SAFETENSORS)


def destination_of(path: str | os.PathLike[str], format: str | None, max_shard_size: int | str | None) -> Destination:
    """Understand the arguments of a save.

    Args:
        path: a file's name that ends in `.safetensors`, `.safetensors.index.json` or `.ckpt`, or a directory: then
            the file in it is called `model`.
        format: None: as the name says.
        max_shard_size: as `shard_bytes` takes it.

    Raises:
        TypeError: `path` is no path.
        ValueError: they contradict each other.
        CheckpointError: there is something at the path that is not a file.
    """
    path = file_path(path, "path")
    if format not in (None, "safetensors", "ckpt"):
        raise ValueError(f'format={format!r}: choose "safetensors" or "ckpt"')
    if path.is_dir():
        path = path / ("model.ckpt" if format == "ckpt" else "model.safetensors")
    indexed = path.name.endswith(_INDEX) and path.name != _INDEX
    named = "ckpt" if path.suffix == _CKPT else "safetensors" if path.suffix == _SAFETENSORS or indexed else None
    if named is None:
        near = "" if path.suffix else ", or make the directory first"
        raise ValueError(
            printable(f"{path}: the name of a checkpoint ends in .safetensors or .ckpt: give it one of the two{near}")
        )
    if format is not None and format != named:
        raise ArgumentRefused(
            f"{path}: the name is that of a .{named} file, and ",
            *(argument("format", format), ": write ", argument("format", named), ", or give another name"),
        )
    most = None if max_shard_size is None else shard_bytes(max_shard_size)
    if named == "ckpt" and most is not None:
        raise ArgumentRefused(
            f"{path}: a .ckpt is one file, and ",
            *(argument("max_shard_size", max_shard_size), ": leave it out, or save as .safetensors"),
        )
    if indexed:
        path = path.with_name(path.name.removesuffix(INDEX_SUFFIX))
    destination = Destination(path, named, most, indexed)
    for each in (destination.path, destination.index, *destination.mains[2:]):
        refuse_irregular(each)
    return destination


def floating_dtype(dtype: object) -> str | None:
    """Give the canonical name of the dtype that floating-point tensors are to have; None: their own.

    Raises:
        TypeError: it is no dtype.
        ValueError: it is not a floating-point one.
    """
    if dtype is None:
        return None
    name = _dtypes.dtype_name(dtype)
    if name not in _dtypes.FLOATING:
        raise ArgumentRefused(
            argument("dtype", name),
            ": floating-point tensors can only become another floating-point dtype: "
            f"{', '.join(sorted(_dtypes.FLOATING))}",
        )
    return name
