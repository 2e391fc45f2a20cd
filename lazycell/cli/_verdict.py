"""Whether a checkpoint fits, and why not, as JSON holds it, and as options of the command."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..declaration._forms import form_text

if TYPE_CHECKING:
    from .._errors import CheckpointMismatchError
    from ..checkpoint._plan import LoadPlan


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
                "stored_dtype": step.tensor.dtype,
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


def options_of(error: CheckpointMismatchError, *, settable: bool) -> str:
    """Give what the likely causes propose as options of the command: `--set num_hidden_layers=12`; "" if nothing.

    Args:
        error: why the checkpoint does not fit.
        settable: whether the model takes hyperparameters.
    """
    causes: Any = error.causes
    words: list[str] = []
    for cause in causes:
        if settable:
            words += _options("--set", (f"{name}={_typed(value)}" for name, value in cause.settings.items()))
        renames = ((old, new) for old, new in cause.rename.items() if isinstance(new, str))
        words += _options("--rename", (f"{old}={new}" for old, new in renames))
        words += _options("--missing", cause.missing)
        words += _options("--unexpected", cause.unexpected)
    return " ".join(words)


def _options(option: str, values: Any) -> Iterator[str]:
    for value in values:
        yield option
        yield shlex.quote(value)


def _typed(value: Any) -> str:
    """Write a value as `--set` reads it."""
    return value if isinstance(value, str) else json.dumps(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (int, float, str, type(None))) else repr(value)
