"""Saving arrays, for the tests of this folder: what `save` gets from a net, made of a dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lazycell._dtypes import dtype_name
from lazycell.formats import open_checkpoint
from lazycell.reading._read import Reader
from lazycell.saving._destination import destination_of
from lazycell.saving._output import Content, content_of_array
from lazycell.saving._save import SaveReport, save
from lazycell.system._allocate import Array


def contents(arrays: Mapping[str, Array]) -> Sequence[Content]:
    """Describe arrays as what is to be written."""

    def describe(name: str, array: Array) -> Content:
        return content_of_array(name, dtype_name(array.dtype), array.shape, lambda: array, unexpected_loss)

    return [describe(name, array) for name, array in arrays.items()]


def unexpected_loss(name: str, count: int) -> None:
    """Fail: nothing was to be converted."""
    raise AssertionError(f"{name}: {count} values lost")


def save_arrays(
    path: Path, arrays: Mapping[str, Array], max_shard_size: int | str | None = None, **more: Any
) -> SaveReport:
    """Save arrays; the format is that of the name."""
    return save(destination_of(path, None, max_shard_size), contents(arrays), **{"metadata": {"format": "pt"}, **more})


def load_arrays(path: Path) -> dict[str, Array]:
    """Read all tensors of a checkpoint into memory."""
    header = open_checkpoint(path)
    with Reader(mmap=False) as reader:
        return {name: reader.read(tensor) for name, tensor in header.tensors.items()}


def same_arrays(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    """Whether two sets of arrays are equal in names, dtypes, shapes and bytes; their order does not matter."""
    return one.keys() == other.keys() and all(
        (one[name].dtype, one[name].shape, one[name].tobytes())
        == (other[name].dtype, other[name].shape, other[name].tobytes())
        for name in one
    )


def some_arrays(seed: int, count: int = 4, size: int = 300) -> dict[str, Array]:
    """Make arrays whose values, and whose names from the third on, depend on the seed."""
    random = np.random.default_rng(seed)
    names = ["w.0", "w.1", *(f"w.{seed}.{position}" for position in range(2, count))]
    return {name: random.standard_normal(size).astype(np.float32) for name in names}
