"""Caches of keys and values as JSON and back: a line for each, or for all layers whose caches are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..._dtypes import ITEMSIZES
from .._caches import KeyValueCache
from ._canonical_values import encoded
from ._check_json import check_keys, items, member, refuse, shown, text, truth, whole
from ._collapsed import collapsed_lines
from ._expand import take_apart, tree_order

_NEEDED = frozenset({"name", "heads", "size", "dtype"})
_KNOWN = _NEEDED | {"value_size", "window", "source", "count"}

_MOST = 100_000
"""Caches of one model."""


def cache_lines(caches: Sequence[KeyValueCache], collapsed: bool) -> Iterator[str]:
    """Give the line of each cache, or of several."""
    contents = {cache.name: encoded(_plain(cache))[1:] for cache in caches}
    lines = collapsed_lines(contents) if collapsed and len(contents) == len(caches) else None
    if lines is None:
        for cache in caches:
            yield f'{{"name": {encoded(cache.name)}, {encoded(_plain(cache))[1:]}'
        return
    for pattern, names in lines:
        count = f'"count": {len(names)}, ' if len(names) > 1 else ""
        yield f'{{"name": {encoded(pattern)}, {count}{contents[names[0]]}'


def _plain(cache: KeyValueCache) -> dict[str, Any]:
    plain: dict[str, Any] = {"heads": cache.heads, "size": cache.size}
    if cache.value_size != cache.size:
        plain["value_size"] = cache.value_size
    if cache.window is not None:
        plain["window"] = cache.window
    if cache.source:
        plain["source"] = True
    return {**plain, "dtype": cache.dtype}


def caches_of_json(value: Any) -> tuple[KeyValueCache, ...]:
    """Read what `cache_lines` wrote.

    Raises:
        ManifestError: it is nothing of the kind; the message says where.
    """
    found: list[KeyValueCache] = []
    ranges = False
    for k, line in enumerate(items(value, "caches")):
        where = member("caches", k)
        check_keys(line, where, _NEEDED, _KNOWN)
        names: Sequence[str] = (text(line["name"], f"{where}.name"),)
        if "count" in line:
            ranges = True
            names = _names(names[0], whole(line["count"], f"{where}.count", 2), where)
        if len(found) + len(names) > _MOST:
            refuse(where, f"there are more than {_MOST:,} caches")
        found += [_cache(name, line, where) for name in names]
    if not ranges:
        return tuple(found)
    by_name = {cache.name: cache for cache in found}
    if len(by_name) < len(found):
        refuse("caches", "a name is there twice")
    return tuple(by_name[name] for name in tree_order(list(by_name)))


def _names(pattern: str, count: int, where: str) -> list[str]:
    try:
        expanded = take_apart(pattern, _MOST)
    except ValueError as error:
        refuse(f"{where}.name", str(error))
    if expanded.count != count:
        refuse(f"{where}.count", f"is {count}, and {shown(pattern)} stands for {expanded.count}")
    return list(expanded.names())


def _cache(name: str, line: dict[str, Any], where: str) -> KeyValueCache:
    dtype = text(line["dtype"], f"{where}.dtype")
    if dtype not in ITEMSIZES:
        refuse(f"{where}.dtype", f"{shown(dtype)} is no dtype")
    size = whole(line["size"], f"{where}.size", 1)
    return KeyValueCache(
        name,
        whole(line["heads"], f"{where}.heads", 1),
        size,
        whole(line["value_size"], f"{where}.value_size", 1) if "value_size" in line else size,
        dtype,
        whole(line["window"], f"{where}.window", 1) if "window" in line else None,
        truth(line["source"], f"{where}.source") if "source" in line else False,
    )
