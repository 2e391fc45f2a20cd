"""Whether a checkpoint fits, and why not, as JSON holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import mismatch
from .._errors import CheckpointError, CheckpointFormatError
from ..declaration import form_text
from ..show import printable_lines, say, say_json
from ._shell import plain

if TYPE_CHECKING:
    from ..loading import LoadPlan, LoadStep
    from ..mismatch import Dialect, Mismatch


def mismatch_json(found: Mismatch, dialect: Dialect) -> dict[str, Any]:
    """Give problems and causes; a form of `rename` as it is written in Python.

    Args:
        found: them.
        dialect: for messages and advice.
    """
    return {
        "problems": [
            {
                "kind": each.kind,
                "name": each.name,
                "message": mismatch.said(each.words, dialect),
                "model": _kind_json(each.entry),
                "checkpoint": _kind_json(each.tensor),
            }
            for each in found.problems
        ],
        "causes": [
            {
                "kind": each.kind,
                "text": each.text,
                "explains": sorted(each.explains),
                "settings": {name: plain(value) for name, value in each.settings.items()},
                "rename": {old: new if isinstance(new, str) else form_text(new) for old, new in each.rename.items()},
                "missing": list(each.missing),
                "unexpected": list(each.unexpected),
                "advice": mismatch.said(each.todo, dialect),
            }
            for each in found.causes
        ],
    }


def say_no(error: CheckpointError, adapters: Sequence[str], *, as_json: bool) -> int:
    """Print that an adapter does not fit the checkpoint, and give the exit status.

    Raises:
        CheckpointError: it is about something else: there is no adapter, or a file is malformed.
    """
    if not adapters or isinstance(error, CheckpointFormatError):
        raise error
    if as_json:
        say_json({"fits": False, "message": str(error), "problems": [], "causes": [], "plan": None})
    else:
        say(printable_lines(str(error)))
    return 1


def _kind_json(sized: Any) -> dict[str, Any] | None:
    return None if sized is None else {"name": sized.name, "shape": list(sized.shape), "dtype": sized.dtype}


def _part_json(step: LoadStep) -> dict[str, Any]:
    """Say of what a rank's part is one: the whole's shape, and of each dimension the ranges that it has."""
    if step.part is None:
        return {}
    place = step.part.place
    return {"whole": list(place.whole), "ranges": [[list(each) for each in ranges] for ranges in place.ranges]}


def plan_json(plan: LoadPlan) -> dict[str, Any]:
    """Give everything that a load would do; where the bytes are is left out, which `inspect --json` tells."""
    return {
        "path": str(plan.path),
        "model": plan.model,
        "bytes": plan.nbytes,
        "steps": [
            {
                "parameter": step.parameter,
                "from": step.key,
                "shape": list(step.tensor.shape),
                "stored_dtype": step.source,
                "origin": step.tensor.origin,
                "dtype": step.dtype,
                "same_as": [tensor.name for tensor in step.same_as],
                **_part_json(step),
            }
            for step in plan.steps
        ],
        "initialize": list(plan.initialize),
        "ignored": list(plan.ignored),
        "computed": list(plan.computed),
        "unused": list(plan.unused),
        "other_head": list(plan.other_head),
        "new_head": list(plan.new_head),
        "adapters": [
            {"name": each.name, "path": str(each.path), "weight": each.weight, "tensors": list(each.tensors)}
            for each in plan.adapters
        ],
        "migrated": [
            {"cell": each.cell, "file": each.file, "reason": each.reason, "tensors": each.tensors}
            for each in plan.migrated
        ],
    }
