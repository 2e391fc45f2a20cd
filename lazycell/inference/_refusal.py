"""Why a file cannot be a model's: its tensors contradict each other, or no name in it is one of the model's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._errors import CheckpointMismatchError
from ..declaration import render
from ..formats import CheckpointHeader
from ..mismatch import Cause, Strangers
from ..show import printable
from ..sources import quantized_tensors
from ._fact import Conflict
from ._infer import Solved

_MOST_FACTS = 3
_SHOWN_NAMES = 3
_SAMPLED = 50


def contradiction(
    cls: type, header: CheckpointHeader, solved: Solved, known: Mapping[str, Any]
) -> CheckpointMismatchError:
    """Say which tensors contradict each other, and what each is declared as."""
    given = ", ".join(f"{name}={render(value)}" for name, value in known.items())
    whatever = f"with {given}" if given else "whatever the hyperparameters are"
    lines = [f"{header.path} does not fit {cls.__name__} {whatever}"]
    layouts = dict.fromkeys(each.layout for each in quantized_tensors(header.tensors))
    if layouts:
        lines.append(
            f"likely cause: a quantized checkpoint ({', '.join(layouts)}): codes need not have the shapes of weights; "
            "take the float original, or one that was written out in floats again"
        )
    for conflict in solved.conflicts:
        lines += [f"  {line}" for line in _conflict_lines(conflict, solved)]
    lines.append("No data was read.")
    return CheckpointMismatchError("\n".join(map(printable, lines)), solved.conflicts)


def _conflict_lines(conflict: Conflict, solved: Solved) -> Iterator[str]:
    facts = conflict.facts[:_MOST_FACTS]
    if conflict.is_refusal:
        assert conflict.unknown is not None
        yield f"{conflict.unknown}={render(solved.determined[conflict.unknown])} is refused by its validator:"
    else:
        yield "these contradict each other:" if len(facts) > 1 else "this cannot be:"
    for fact in facts:
        says = f", so `{render(fact.expression)}` is {fact.value}" if fact.is_size else ""
        yield f"  {fact.because.text}{says}"


def strangers(
    cls: type, header: CheckpointHeader, solved: Solved, shapes: Mapping[str, Any]
) -> CheckpointMismatchError:
    """Say that no name in the file is one of the model's, and which prefix would make them so."""
    missing = [name for name in solved.found.examples if not name.endswith("…")]
    prefix, lacking = _prefix(missing, shapes), _prefix([*shapes][:_SAMPLED], dict.fromkeys(missing))
    causes: tuple[Cause, ...] = ()
    if prefix is not None:
        text = f"the model's names are there under `{prefix}`"
        causes = (Cause("prefix", text, rename={f"{prefix}{{*rest}}": "{*rest}"}),)
    elif lacking is not None:
        text = f"the model's names start with `{lacking}`"
        causes = (Cause("prefix", text, rename={"{*rest}": f"{lacking}{{*rest}}"}),)
    ours, theirs = solved.found.examples[:_SHOWN_NAMES], [*shapes][:_SHOWN_NAMES]
    return Strangers(header.path, cls.__name__, (*ours,), (*theirs,), causes).error()


def _prefix(names: list[str], longer: Mapping[str, Any]) -> str | None:
    """Give the one prefix that makes one of `names`, and then all that are there, names of `longer`; else None."""
    found: dict[str, int] = {}
    for other in longer:
        for name in names:
            if other.endswith(f".{name}"):
                prefix = other[: -len(name)]
                found[prefix] = found.get(prefix, 0) + 1
    most = max(found.values(), default=0)
    best = [prefix for prefix, count in found.items() if count == most]
    return best[0] if len(best) == 1 else None
