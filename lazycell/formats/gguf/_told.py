"""The metadata of a GGUF file about its model, value by value: what has been asked for, and what nobody knew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._errors import CheckpointFormatError
from ._architectures import name_of
from ._file import GgufFile

_MOST = (1 << 32) - 1
_MOST_LAYERS = 1 << 16


class Told:
    """What a file says under the name of its architecture; other keys are about the file, its makers and its words."""

    def __init__(self, file: GgufFile) -> None:
        self.path = file.path
        self.prefix = f"{name_of(file)}."
        self._values = {
            key.removeprefix(self.prefix): value for key, value in file.metadata.items() if key.startswith(self.prefix)
        }
        self._asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """Give a value, or the default: floats as they were written before they became float32, 1e-06 and not
        9.999999974752427e-07, and one of all layers where each has the same.
        """
        self._asked.add(key)
        found = self._values.get(key, default)
        if isinstance(found, tuple) and found and len({*found}) == 1:
            found = found[0]
        return as_written(found)

    def number(self, key: str, default: Any = None) -> Any:
        """Give a number of one that there has to be, or has a default.

        Raises:
            CheckpointFormatError: there is none, or it is none.
        """
        found = self.get(key, default)
        if found is None:
            raise CheckpointFormatError(f"{self.path}: its metadata has no {self.prefix}{key}")
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            what = "is not the same for all layers" if isinstance(found, list) else "is no number"
            raise CheckpointFormatError(f"{self.path}: {self.prefix}{key}={found!s:.80} in its metadata {what}")
        return found

    def count(self, key: str, default: Any = None) -> int:
        """Give a whole number of one that there has to be, or has a default.

        Raises:
            CheckpointFormatError: there is none, or it is none, or one that no model has.
        """
        found = self.number(key, default)
        if not isinstance(found, int) or not 0 <= found <= _MOST:
            raise CheckpointFormatError(f"{self.path}: {self.prefix}{key}={found!s:.80} in its metadata is no count")
        return found

    def layers(self) -> int:
        """Give how many layers there are; lists are made that are so long.

        Raises:
            CheckpointFormatError: as for any count.
        """
        found = self.count("block_count")
        if found > _MOST_LAYERS:
            raise CheckpointFormatError(f"{self.path}: {self.prefix}block_count={found} in its metadata is no count")
        return found

    def rest(self) -> Iterator[tuple[str, Any]]:
        """Give what was not asked for and is not off, each under its whole key."""
        for key, value in self._values.items():
            if key not in self._asked and value:
                yield self.prefix + key, as_written(value)


def as_written(value: Any) -> Any:
    """Give a float32 as the shortest number that is it."""
    if isinstance(value, tuple):
        return [as_written(each) for each in value]
    if isinstance(value, float):
        with np.errstate(over="ignore"):  # it is a float64
            short = np.float32(value)
        return float(str(short)) if float(short) == value else value
    return value
