"""What is wrong between a checkpoint and a model, as data, and as one message for all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from .._collapse import collapse
from ..manifest._manifest import ManifestEntry
from ._header import TensorHeader
from ._near import NearNames

# Groups shown of each kind, and of those that a likely cause explains; the error's `problems` has them all.
SHOWN = 12
SHOWN_EXPLAINED = 3


@attrs.frozen
class Problem:
    """One thing wrong with one name.

    Attributes:
        kind: `rename`, `missing`, `unexpected`, `shape`, `dtype` or `tie`.
        name: the parameter's full name; for `unexpected` what the checkpoint (after `rename`) calls it, for
            `rename` a name or a rule.
        message: what is wrong, without the name: the same for every layer it befalls.
        entry: what the model declares, where it declares anything.
        tensor: what the checkpoint holds, where it holds anything.
    """

    kind: str
    name: str
    message: str
    entry: ManifestEntry | None = None
    tensor: TensorHeader | None = None


@attrs.frozen
class Cause:
    """A likely reason for several problems, with what to write instead; and the names it accounts for."""

    text: str
    explains: frozenset[str] = frozenset()


@attrs.frozen
class _Kind:
    """The words for one kind of problem."""

    one: str
    many: str
    title: str
    way_out: str | None = None


_KINDS = {
    "rename": _Kind("rename mistake", "rename mistakes", "rename"),
    "missing": _Kind(
        "parameter missing",
        "parameters missing",
        "missing from the checkpoint",
        'missing="init", or a list of name patterns, leaves them to their initializers',
    ),
    "unexpected": _Kind(
        "tensor unexpected",
        "tensors unexpected",
        "unexpected in the checkpoint: the model declares no such parameter",
        'unexpected="ignore", or a list of name patterns, leaves them out',
    ),
    "shape": _Kind("shape differs", "shapes differ", "shape differs"),
    "dtype": _Kind("dtype differs", "dtypes differ", "dtype differs"),
    "tie": _Kind("tie broken", "ties broken", "tied parameters that the checkpoint stores twice, differently"),
}


def describe(entry: ManifestEntry) -> str:
    """Say what is declared and where: `declared (vocab, dim) by Embedding.weight at models/layers.py:31`."""
    text = "declared" if entry.expression is None else f"declared {entry.expression}"
    if entry.declared_by is not None:
        text += f" by {entry.declared_by}"
    if entry.declared_at is not None:
        text += f" at {entry.declared_at}"
    return "" if text == "declared" else text


def render(title: str, problems: Sequence[Problem], causes: Sequence[Cause], near: dict[str, NearNames]) -> str:
    """Write one message for all problems.

    Args:
        title: its beginning, `model.safetensors does not fit BertModel`.
        problems: all of them.
        causes: likely causes; the names they explain get no near names.
        near: for `missing` and `unexpected`: the other side's names to search for near ones.
    """
    by_kind = {kind: [problem for problem in problems if problem.kind == kind] for kind in _KINDS}
    counts = [_count(kind, found) for kind, found in by_kind.items() if found]
    lines = [f"{title}: {', '.join(counts)}"]
    lines += [f"likely cause: {cause.text}" for cause in causes]
    explained = frozenset[str]().union(*(cause.explains for cause in causes))
    proposed: set[str] = set()
    for kind, found in by_kind.items():
        if found:
            lines.append(f"{_KINDS[kind].title}:")
            lines += _section(kind, found, explained, near.get(kind), proposed)
            if _KINDS[kind].way_out:
                lines.append(f"  ({_KINDS[kind].way_out})")
    return "\n".join(lines)


def _section(
    kind: str,
    problems: Sequence[Problem],
    explained: frozenset[str],
    near: NearNames | None,
    proposed: set[str],
) -> Iterable[str]:
    """Write the groups of one kind, the unexplained first; note in `proposed` the near names given."""
    groups = group(problems)
    open_: list[tuple[str, str, tuple[str, ...]]] = []
    told: list[tuple[str, str, tuple[str, ...]]] = []
    for found in groups:
        (told if explained.issuperset(found[2]) else open_).append(found)
    for pattern, message, members in open_[:SHOWN]:
        yield f"  {pattern}: {message}"
        other = near.find(members[0]) if near is not None and pattern not in proposed else None
        if other is not None:
            proposed.add(other)
            yield f"    did you mean the {'checkpoint' if kind == 'missing' else 'model'}'s `{other}`?"
    for pattern, message, _ in told[:SHOWN_EXPLAINED]:
        yield f"  {pattern}: {message}"
    rest = [*open_[SHOWN:], *told[SHOWN_EXPLAINED:]]
    if rest:
        yield f"  ... and {sum(len(members) for _, _, members in rest)} more in {len(rest)} groups"


def group(problems: Iterable[Problem]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Join problems of one message whose names differ only in indices: (pattern, message, names)."""
    by_message: dict[str, list[str]] = {}
    order: dict[tuple[str, str], int] = {}
    for problem in problems:
        by_message.setdefault(problem.message, []).append(problem.name)
        order.setdefault((problem.message, problem.name), len(order))
    groups = [
        (pattern, message, members) for message, names in by_message.items() for pattern, members in collapse(names)
    ]
    return sorted(groups, key=lambda found: order[found[1], found[2][0]])


def _count(kind: str, found: Sequence[Problem]) -> str:
    return f"{len(found)} {_KINDS[kind].one if len(found) == 1 else _KINDS[kind].many}"
