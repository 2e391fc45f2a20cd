"""How ranks divide the dimensions of a parameter, as JSON and back: what `shard` does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...mesh import Share
from ._check_json import check_keys, items, member, refuse, text, texts, truth, whole

if TYPE_CHECKING:
    from ...layout import ManifestEntry

_NEEDED = frozenset({"size"})
_KNOWN = _NEEDED | {"axes", "units", "shared", "of"}

_Shares = tuple[tuple[Share, ...], ...]


def shares_json(entry: ManifestEntry) -> list[Any] | None:
    """Give for each dimension null, or its sections; None where `shard` tells as much."""
    if entry.shares is None:
        return None
    return [
        None if sections == (Share(sections[0].size),) else [_json(each) for each in sections]
        for sections in entry.shares
    ]


def _json(share: Share) -> dict[str, Any]:
    value: dict[str, Any] = {"size": share.size}
    if share.axes:
        value["axes"] = list(share.axes)
    if share.units:
        value["units"] = share.units
    if share.shared:
        value["shared"] = True
    if share.name:
        value["of"] = share.name
    return value


def shares_of_json(value: Any, shape: tuple[int, ...], where: str) -> _Shares:
    """Read what `shares_json` wrote.

    Raises:
        ManifestError: it is nothing of the kind, or does not go with the shape.
    """
    dimensions = items(value, where)
    if len(dimensions) != len(shape):
        refuse(where, f"has {len(dimensions)} entries, and there are {len(shape)} dimensions")
    found: list[tuple[Share, ...]] = []
    for k, (sections, size) in enumerate(zip(dimensions, shape, strict=True)):
        here = member(where, k)
        if sections is None:
            found.append((Share(size),))
            continue
        shares = tuple(_share(each, member(here, j)) for j, each in enumerate(items(sections, here)))
        if sum(share.size for share in shares) != size:
            refuse(here, f"has sections of {sum(share.size for share in shares)} in all, and the dimension is {size}")
        found.append(shares)
    return tuple(found)


def _share(value: Any, where: str) -> Share:
    check_keys(value, where, _NEEDED, _KNOWN)
    size = whole(value["size"], f"{where}.size", 1)
    units = whole(value.get("units", 0), f"{where}.units")
    if units and size % units:
        refuse(f"{where}.units", f"is {units}, which does not divide {size}")
    return Share(
        size,
        tuple(texts(value.get("axes", []), f"{where}.axes")),
        units,
        truth(value.get("shared", False), f"{where}.shared"),
        text(value.get("of", ""), f"{where}.of"),
    )
