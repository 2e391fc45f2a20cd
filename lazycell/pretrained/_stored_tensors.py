"""What a class may ask of a file while it reads the config beside it: what tensors it has, and whether two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from .. import sources
from ..formats import CheckpointHeader, open_checkpoint
from ..layout import apply_rules, parse_rules
from ..loading import same_bytes
from ..reading import Reader


class StoredTensors:
    """The tensors of a checkpoint, by the names that they have in the model, for `ConfigRules(by_file=…)`.

    `name in file` tells whether it has a tensor; nothing but headers is read for that.
    """

    def __init__(self, header: CheckpointHeader, rename: Mapping[str, Any] | None = None, *, mmap: bool = True) -> None:
        if header.may_have_codes:
            header = sources.dequantized(header)
        renaming = apply_rules(parse_rules(rename, forms=True), header.tensors)
        self._tensors = {new: header.tensors[old] for old, new in renaming.names.items()}
        self._mmap = mmap

    @classmethod
    def at(
        cls,
        path: str | PathLike[str],
        rename: Mapping[str, Any] | None = None,
        *,
        mmap: bool = True,
        decrypt: Callable[[Path], bytes] | None = None,
    ) -> StoredTensors:
        """Open the checkpoint at a path, as a load would.

        Args:
            path: as for `open_checkpoint`.
            rename: as for `LazyCell.load_checkpoint`: names are those after it.
            mmap: whether files are mapped when values are compared, instead of read.
            decrypt: gives the content of an encrypted `.ckpt`.

        Returns:
            The tensors, by name.

        Raises:
            FileNotFoundError: there is nothing at `path`.
            CheckpointFormatError: a file is not what its format promises.
        """
        return cls(open_checkpoint(path, decrypt=decrypt), rename, mmap=mmap)

    def __contains__(self, name: object) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def differ(self, one: str, other: str) -> bool:
        """Tell whether the checkpoint has both tensors, and they are not alike: in shape, dtype or any byte.

        The values are read, a piece at a time, as far as they are alike.

        Args:
            one: the name of a tensor.
            other: that of another.

        Returns:
            Whether there are two, and not alike.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """
        first, second = self._tensors.get(one), self._tensors.get(other)
        if first is None or second is None:
            return False
        if (first.shape, first.dtype) != (second.shape, second.dtype):
            return True
        with Reader(mmap=self._mmap) as reader:
            return not same_bytes(first, second, reader)
