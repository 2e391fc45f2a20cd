"""What the keys and values that a model keeps take, for so many texts of such a length."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

from ..._frozen import frozen
from ...show import Table, collapse, format_bytes, printable
from .._caches import KeyValueCache


@frozen
class CacheSizes:
    """What the caches of a model take.

    Attributes:
        batch: how many texts.
        length: positions of each: those that are read and those that are written.
        source_length: positions of the text that an encoder has read, for the caches that are of it.
        caches: all of them.
        nbytes: bytes of all of them, windows counted.
        nbytes_without_windows: bytes where nothing that is behind a window is given up.
    """

    batch: int
    length: int
    source_length: int
    caches: tuple[KeyValueCache, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all of them, windows counted."""
        return sum(map(self.nbytes_of, self.caches))

    @property
    def nbytes_without_windows(self) -> int:
        """Bytes where nothing that is behind a window is given up."""
        return sum(self.batch * self._length(each) * each.position_nbytes for each in self.caches)

    def positions_of(self, cache: KeyValueCache) -> int:
        """Give how many positions of each text one of the caches keeps."""
        return cache.positions(self._length(cache))

    def nbytes_of(self, cache: KeyValueCache) -> int:
        """Give the bytes of one of the caches."""
        return self.batch * self.positions_of(cache) * cache.position_nbytes

    def _length(self, cache: KeyValueCache) -> int:
        return self.source_length if cache.source else self.length


def cache_sizes(
    model: str, caches: Sequence[KeyValueCache], batch: int, length: int | None, source_length: int | None
) -> CacheSizes | None:
    """Give what caches take; None where no length is asked for.

    Raises:
        TypeError: a number is none.
        ValueError: it is less than 1; there is no length for it; the model declares no cache.
    """
    _check("batch", batch)
    _check("length", length)
    _check("source_length", source_length)
    if length is None:
        if batch != 1 or source_length is not None:
            raise ValueError("batch and source_length are those of a cache of keys and values: give its length as well")
        return None
    if not caches:
        raise ValueError(
            f"{model} declares no cache of keys and values: it keeps none, or its classes do not say so, with "
            "`key_values = key_value_cache(heads, size)`"
        )
    return CacheSizes(batch, length, length if source_length is None else source_length, tuple(caches))


def _check(name: str, value: Any) -> None:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = 1 if value is None and name != "batch" else operator.index(value)
    except TypeError:
        raise TypeError(f"{name}={value!r} is no whole number") from None
    if number < 1:
        raise ValueError(f"{name}={number}: write 1 or more")


def cache_table(sizes: CacheSizes) -> Table:
    """Give a row for caches that are alike, and their sum."""
    rows = [*_rows(sizes), ("together", "", "", "", "", format_bytes(sizes.nbytes))]
    titles = ("", "heads", "size", "positions", "dtype", "bytes")
    return Table(rows, title=cache_title(sizes), columns=titles, named=True, right=(1, 2, 3, 5))


def _rows(sizes: CacheSizes) -> Iterator[tuple[str, ...]]:
    alike: dict[tuple[Any, ...], list[KeyValueCache]] = {}
    for cache in sizes.caches:
        kind = (cache.heads, cache.size, cache.value_size, cache.dtype, sizes.positions_of(cache), cache.source)
        alike.setdefault(kind, []).append(cache)
    for members in alike.values():
        first = members[0]
        patterns = [pattern for pattern, _ in collapse(each.name for each in members)]
        name = patterns[0] if len(patterns) == 1 else f"{patterns[0]} and {len(members)} in all"
        size = str(first.size) if first.size == first.value_size else f"{first.size}, {first.value_size}"
        nbytes = format_bytes(sum(map(sizes.nbytes_of, members)))
        yield printable(name), f"{first.heads:,}", size, f"{sizes.positions_of(first):,}", first.dtype, nbytes


def cache_title(sizes: CacheSizes) -> str:
    """Say of what the cache is."""
    texts = f"{sizes.batch:,} text{'' if sizes.batch == 1 else 's'}"
    other = f" for {sizes.source_length:,} that are read" if any(each.source for each in sizes.caches) else ""
    return f"cache of keys and values, {texts} of {sizes.length:,} positions{other}"


def cache_notes(sizes: CacheSizes, weights: int) -> Iterator[str]:
    """Say what the table cannot.

    Args:
        sizes: of the caches.
        weights: bytes of the model.
    """
    if sizes.nbytes_without_windows != sizes.nbytes:
        whole = format_bytes(sizes.nbytes_without_windows)
        yield f"without giving up what no window reaches any more, the cache takes {whole}"
    yield f"the weights and the cache: {format_bytes(weights + sizes.nbytes)}"


def plain_cache(sizes: CacheSizes) -> dict[str, Any]:
    """Give the sizes as JSON holds them."""
    return {
        "batch": sizes.batch,
        "length": sizes.length,
        "source_length": sizes.source_length,
        "bytes": sizes.nbytes,
        "bytes_without_windows": sizes.nbytes_without_windows,
        "caches": [
            {
                "name": each.name,
                "heads": each.heads,
                "size": each.size,
                "value_size": each.value_size,
                "dtype": each.dtype,
                "window": each.window,
                "source": each.source,
                "positions": sizes.positions_of(each),
                "bytes": sizes.nbytes_of(each),
            }
            for each in sizes.caches
        ],
    }
