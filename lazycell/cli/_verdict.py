"""Whether a checkpoint fits, and why not, as JSON holds it, and as options of the command."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..declaration._forms import form_text
from ._typed import typed

if TYPE_CHECKING:
    from .._errors import CheckpointMismatchError
    from ..loading._plan import LoadPlan


def mismatch_json(error: CheckpointMismatchError) -> dict[str, Any]:
    """Give problems and causes; a form of `rename` as it is written in Python."""
    problems: Any = error.problems
    causes: Any = error.causes
    return {
        "problems": [
            {
                "kind": each.kind,
                "name": each.name,
                "message": each.message,
                "model": _kind_json(each.entry),
                "checkpoint": _kind_json(each.tensor),
            }
            for each in problems
        ],
        "causes": [
            {
                "kind": each.kind,
                "text": each.text,
                "explains": sorted(each.explains),
                "settings": {name: _plain(value) for name, value in each.settings.items()},
                "rename": {old: new if isinstance(new, str) else form_text(new) for old, new in each.rename.items()},
                "missing": list(each.missing),
                "unexpected": list(each.unexpected),
                "advice": each.advice,
            }
            for each in causes
        ],
    }


def _kind_json(sized: Any) -> dict[str, Any] | None:
    return None if sized is None else {"name": sized.name, "shape": list(sized.shape), "dtype": sized.dtype}


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
                "dtype": step.dtype,
                "same_as": [tensor.name for tensor in step.same_as],
            }
            for step in plan.steps
        ],
        "initialize": list(plan.initialize),
        "ignored": list(plan.ignored),
        "computed": list(plan.computed),
        "migrated": [
            {"cell": each.cell, "file": each.file, "reason": each.reason, "tensors": each.tensors}
            for each in plan.migrated
        ],
    }


def options_of(
    causes: Sequence[Any], *, settable: bool, only: Collection[str] = ("settings", "rename", "missing", "unexpected")
) -> str:
    """Give what the likely causes propose as options of the command: `--set num_hidden_layers=12`; "" if nothing.

    What no argument of a process can be, a name with a NUL, is left out.

    Args:
        causes: why the checkpoint does not fit.
        settable: whether the model takes hyperparameters.
        only: what the command has options for.
    """
    words: list[str] = []
    for cause in causes:
        if settable and "settings" in only:
            words += _options("--set", (f"{name}={_value(value)}" for name, value in cause.settings.items()))
        if "rename" in only:
            renames = ((old, new) for old, new in cause.rename.items() if isinstance(new, str))
            words += _options("--rename", (f"{old}={new}" for old, new in renames))
        if "missing" in only:
            words += _options("--missing", cause.missing)
        if "unexpected" in only:
            words += _options("--unexpected", cause.unexpected)
    return " ".join(words)


def _options(option: str, values: Iterable[str]) -> Iterator[str]:
    for word in map(typed, values):
        if word is not None:
            yield option
            yield word


def _value(value: Any) -> str:
    """Write a value as `--set` reads it."""
    return value if isinstance(value, str) else json.dumps(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (int, float, str, type(None))) else repr(value)
