"""What of a checkpoint a load does not need, by why that may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import layout
from ..mismatch import Problem
from ._lookup import Lookup

if TYPE_CHECKING:
    from ._adapt import Head


def sort_unneeded(there: Lookup, may_ignore: Callable[[str], bool], head: Head | None) -> dict[str, tuple[str, ...]]:
    """Give the keys that may be left out under the names that `LoadPlan` has for why; the others become problems."""
    manifest = there.manifest
    found: dict[str, list[str]] = {"ignored": [], "computed": [], "unused": [], "other_head": [*there.left_out]}
    find = layout.leftover_names(manifest.leftovers).find if manifest.leftovers else None
    for name, tensor in there.tensors.items():
        if name in there.used:
            continue
        if name in manifest.computed:
            found["computed"].append(tensor.name)
        elif may_ignore(name) or may_ignore(tensor.name):
            found["ignored"].append(tensor.name)
        elif find is not None and (leftover := find(name)) is not None and leftover.now is None:
            found["unused"].append(tensor.name)
        elif head is not None and head.is_other(tensor.name, name):
            found["other_head"].append(tensor.name)
        else:
            there.problems.append(Problem("unexpected", name, "", None, tensor, "unexpected"))
    return {why: tuple(keys) for why, keys in found.items()}
