"""What a model keeps of the text that it has read, as data: a cache of keys and values for each cell that has one."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from .. import declaration
from .._dtypes import ITEMSIZES
from .._frozen import frozen


@frozen
class KeyValueCache:
    """Keys and values that one cell keeps.

    Attributes:
        name: path of the cell; several caches of one cell have the same.
        heads: how many heads keys and values have.
        size: of a key.
        value_size: of a value.
        dtype: canonical name.
        window: how many positions are kept at most; None: all.
        source: whether the positions are those of another text, which an encoder has read.
    """

    name: str
    heads: int
    size: int
    value_size: int
    dtype: str
    window: int | None = None
    source: bool = False

    @property
    def position_nbytes(self) -> int:
        """The bytes of one position of one text."""
        return self.heads * (self.size + self.value_size) * ITEMSIZES[self.dtype]

    def positions(self, length: int) -> int:
        """Give how many positions of a text are kept.

        Args:
            length: of the text: the one that is read or written, or the other one if `source` says so.

        Returns:
            `length`, or the size of the window if that is less.
        """
        return length if self.window is None else min(length, self.window)


def caches_of(declared: declaration.Declaration, values: Mapping[str, Any], dtype: str) -> tuple[KeyValueCache, ...]:
    """Give what one cell keeps, under the name "".

    Args:
        declared: of its class.
        values: of the hyperparameters.
        dtype: canonical name of the cell's default dtype.

    Raises:
        DeclarationError: a size is not a whole number, 1 or more.
    """
    return tuple(_resolved(declared, values, dtype)) if declared.caches else ()


def _resolved(declared: declaration.Declaration, values: Mapping[str, Any], dtype: str) -> Iterator[KeyValueCache]:
    for item in declared.caches:
        spec = declaration.decided(item, values)
        if not isinstance(spec, declaration.CacheSpec):
            continue
        heads, size = _whole(spec, "heads", values), _whole(spec, "size", values)
        value_size = size if spec.value_size is None else _whole(spec, "value_size", values)
        window = declaration.evaluated(spec, spec.window, values)
        window = None if window is None else _whole(spec, "window", values)
        yield KeyValueCache("", heads, size, value_size, dtype, window, spec.source)


def _whole(spec: declaration.CacheSpec, name: str, values: Mapping[str, Any]) -> int:
    written = getattr(spec, name)
    value = declaration.evaluated(spec, written, values)
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        used = declaration.with_values(written, values)
        spec.complain(
            f"{name} is `{declaration.render(written)}`, {value!r}{used}: it has to be a whole number, 1 or more"
        )
    return number


def placed(caches: tuple[KeyValueCache, ...], path: str) -> Iterator[KeyValueCache]:
    """Give caches of a cell with the path of the cell."""
    return (attrs.evolve(each, name=path) for each in caches)
