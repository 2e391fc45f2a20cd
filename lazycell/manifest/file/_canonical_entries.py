"""A parameter as a JSON object, and back. What is as by default is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._dtypes import ITEMSIZES, NAMES
from ..._location import did_you_mean
from ._canonical_shares import shares_json, shares_of_json
from ._check_json import check_keys, items, member, refuse, shape_of_json, shown, text, texts, truth, whole

if TYPE_CHECKING:
    from ...layout import ManifestEntry

_NEEDED = frozenset({"name", "shape", "dtype", "bytes"})
_NEEDED_IF_DECLARED = _NEEDED | {"initializer"}
_KNOWN = _NEEDED_IF_DECLARED | {
    *("expression", "declared_by", "trainable", "shard", "shares", "tags", "sections", "doc", "count"),
}
_SECTIONED = frozenset({"axis", "parts"})
_PART = frozenset({"name", "size"})


def entry_json(entry: ManifestEntry, declared: bool) -> dict[str, Any]:
    """Give everything of a parameter but its name, as JSON holds it.

    Args:
        entry: the parameter.
        declared: whether it is one of a model; a checkpoint knows no initializer.
    """
    value: dict[str, Any] = {"shape": list(entry.shape), "dtype": entry.dtype}
    if declared or entry.initializer:
        value["initializer"] = entry.initializer
    if entry.expression is not None:
        value["expression"] = entry.expression
    if entry.declared_by is not None:
        value["declared_by"] = entry.declared_by
    value["bytes"] = entry.nbytes
    if not entry.trainable:
        value["trainable"] = False
    if entry.shard is not None:
        value["shard"] = [list(axes) if isinstance(axes, (tuple, list)) else axes for axes in entry.shard]
    if (shares := shares_json(entry)) is not None:
        value["shares"] = shares
    if entry.tags:
        value["tags"] = list(entry.tags)
    if entry.sections:
        value["sections"] = [
            {"axis": axis, "parts": [{"name": name, "size": size} for name, size in parts]}
            for axis, parts in entry.sections
        ]
    if entry.doc is not None:
        value["doc"] = entry.doc
    return value


def entry_of(value: Any, where: str, declared: bool) -> tuple[dict[str, Any], int | None]:
    """Read a line of `parameters`.

    Returns:
        The attributes of the `ManifestEntry`, with the name as it is written, and how many parameters it stands for;
        None: it is the name of one.

    Raises:
        ManifestError: it is not what a parameter can be.
    """
    check_keys(value, where, _NEEDED_IF_DECLARED if declared else _NEEDED, _KNOWN)
    shape, dtype = shape_of_json(value["shape"], f"{where}.shape"), text(value["dtype"], f"{where}.dtype")
    nbytes = whole(value["bytes"], f"{where}.bytes")
    size = 1
    for dimension in shape:
        size *= dimension
    fields: dict[str, Any] = {"name": text(value["name"], f"{where}.name"), "shape": shape, "dtype": dtype}
    fields["initializer"] = text(value.get("initializer", ""), f"{where}.initializer")
    if dtype not in ITEMSIZES:
        if declared:
            refuse(f"{where}.dtype", f"{shown(dtype)} is no dtype{did_you_mean(dtype[:80], NAMES)}")
        fields["packed_bytes"] = nbytes
    elif nbytes != size * ITEMSIZES[dtype]:
        refuse(f"{where}.bytes", f"is {nbytes}, and {dtype} of shape {list(shape)} has {size * ITEMSIZES[dtype]}")
    for key in ("expression", "declared_by", "doc"):
        if key in value:
            fields[key] = text(value[key], f"{where}.{key}")
    if "trainable" in value:
        fields["trainable"] = truth(value["trainable"], f"{where}.trainable")
    if "shard" in value:
        fields["shard"] = _shard_of(value["shard"], f"{where}.shard")
    if "shares" in value:
        fields["shares"] = shares_of_json(value["shares"], shape, f"{where}.shares")
    if "tags" in value:
        fields["tags"] = tuple(texts(value["tags"], f"{where}.tags"))
    if "sections" in value:
        fields["sections"] = _sections_of(value["sections"], f"{where}.sections", shape)
    count = whole(value["count"], f"{where}.count", 2) if "count" in value else None
    return fields, count


def _shard_of(value: Any, where: str) -> tuple[Any, ...]:
    shard: list[Any] = []
    for k, axes in enumerate(items(value, where)):
        here = member(where, k)
        if isinstance(axes, list):
            shard.append(tuple(texts(axes, here)))
        else:
            shard.append(axes if axes is None else text(axes, here))
    return tuple(shard)


def _sections_of(value: Any, where: str, shape: tuple[int, ...]) -> tuple[Any, ...]:
    sections = []
    for k, sectioned in enumerate(items(value, where)):
        here = member(where, k)
        check_keys(sectioned, here, _SECTIONED, _SECTIONED)
        axis = whole(sectioned["axis"], f"{here}.axis")
        if axis >= len(shape):
            refuse(f"{here}.axis", f"is {axis}, and the shape is {list(shape)}")
        parts = []
        for n, part in enumerate(items(sectioned["parts"], f"{here}.parts")):
            place = member(f"{here}.parts", n)
            check_keys(part, place, _PART, _PART)
            parts.append((text(part["name"], f"{place}.name"), whole(part["size"], f"{place}.size")))
        total = sum(size for _, size in parts)
        if total != shape[axis]:
            refuse(f"{here}.parts", f"add up to {total}, and axis {axis} has {shape[axis]}")
        sections.append((axis, tuple(parts)))
    return tuple(sections)
