"""What of a model is not on all ranks, as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...mesh import Listed, On
from ._check_json import check_keys, items, member, members, refuse, shown, text, whole

_NEEDED = frozenset({"axis"})
_KNOWN = _NEEDED | {"count", "of", "at"}


def owners_json(owners: Mapping[str, Listed | On]) -> dict[str, Any]:
    """Give each list that is divided, with its length, and each cell that is on some ranks alone, with theirs."""
    return {path: _json(owners[path]) for path in sorted(owners)}


def _json(owner: Listed | On) -> dict[str, Any]:
    if isinstance(owner, On):
        return {"axis": owner.axis, "at": list(owner.at)}
    return {"axis": owner.axis, "count": owner.count, **({"of": owner.name} if owner.name else {})}


def owners_of_json(value: Any) -> dict[str, Listed | On]:
    """Read what `owners_json` wrote.

    Raises:
        ManifestError: it is nothing of the kind; the message says where.
    """
    found: dict[str, Listed | On] = {}
    for path, owner in members(value, "owners").items():
        where = member("owners", shown(path))
        check_keys(owner, where, _NEEDED, _KNOWN)
        axis = text(owner["axis"], f"{where}.axis")
        if "at" in owner:
            at = items(owner["at"], f"{where}.at")
            if not at or not all(type(each) is int for each in at):
                refuse(f"{where}.at", "is no list of positions along the axis")
            found[path] = On(axis, tuple(at))
        elif "count" in owner:
            count = whole(owner["count"], f"{where}.count", 1)
            found[path] = Listed(axis, count, text(owner.get("of", ""), f"{where}.of"))
        else:
            refuse(where, 'lacks "count", the length of a list, or "at", the ranks of a cell')
    return found
