"""What is wrong between a checkpoint and a model, as data, and as one message for all of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from .._frozen import frozen
from ..declaration._forms import form_text
from ..formats._header import TensorHeader
from ..layout._entry import ManifestEntry
from ..show._collapse import Splits, collapse
from ..show._printable import printable
from ..system._collector import collector_paused
from ._near import NearNames

# The whole message keeps within some 60 lines: groups shown in all, and of those that a likely cause explains.
_SHOWN = 24
_SHOWN_EXPLAINED = 3
_NEAR_SHOWN = 12
_CAUSES_SHOWN = 6


APPLIED_BY_CAST = 'dtype="cast" applies them'
"""The end of the message of codes whose scales lazycell applies, if it may convert."""


@frozen
class Problem:
    """One thing wrong with one name.

    Attributes:
        kind: `rename`, `quantized`, `missing`, `unexpected`, `shape`, `dtype`, `tie` or `twice`.
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


@frozen
class Cause:
    """A likely reason for several problems, and what to do about it. Proposed, never acted on.

    Attributes:
        kind: `another model`, `prefix`, `spelling`, `layers`, `hyperparameter`, `vocabulary`, `transposed`, `joined`,
            `split`, `part`, `tie`, `shard`, `quantized`, `adapter`, `optimizer` or `bookkeeping`.
        text: what was found.
        explains: the names that it accounts for.
        settings: hyperparameters, and the values with which the model would fit.
        rename: rules to add to the argument `rename`; a value is a name, or a form such as `transposed("…")`.
        missing: patterns for the argument `missing`.
        unexpected: patterns for the argument `unexpected`.
        advice: what else to do, in words.
    """

    kind: str
    text: str
    explains: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    rename: Mapping[str, Any] = attrs.field(factory=dict)
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    advice: str = ""

    @property
    def solves(self) -> bool:
        """Whether an argument of the load makes the problems go away."""
        return bool(self.rename or self.missing or self.unexpected)


@frozen
class _Kind:
    """The words for one kind of problem."""

    one: str
    many: str
    title: str
    way_out: str | None = None


_KINDS = {
    "rename": _Kind("rename mistake", "rename mistakes", "rename"),
    "quantized": _Kind("quantized tensor", "quantized tensors", "quantized: codes, where the model has weights"),
    "missing": _Kind(
        "parameter missing",
        "parameters missing",
        "missing from the checkpoint",
        'missing="init", or a list of name patterns, leaves parameters to their initializers',
    ),
    "unexpected": _Kind(
        "tensor unexpected",
        "tensors unexpected",
        "unexpected in the checkpoint: the model declares no such parameter",
        'unexpected="ignore", or a list of name patterns, leaves tensors out',
    ),
    "shape": _Kind("shape differs", "shapes differ", "shape differs"),
    "dtype": _Kind("dtype differs", "dtypes differ", "dtype differs"),
    "tie": _Kind(
        "tie broken",
        "ties broken",
        "tied parameters that the checkpoint stores twice, differently",
        "a tie has one set of values: build the model without it, or rename one of the two tensors to a name that "
        "`unexpected` lets pass",
    ),
    "twice": _Kind(
        "parameter stored twice",
        "parameters stored twice",
        "stored twice in the checkpoint, in two layouts",
        "rename one of the two tensors to a name that `unexpected` lets pass",
    ),
}


def describe(entry: ManifestEntry) -> str:
    """Say what is declared and where: `declared (vocab, dim) by Embedding.weight at models/layers.py:31`."""
    text = "declared" if entry.expression is None else f"declared {entry.expression}"
    if entry.declared_by is not None:
        text += f" by {entry.declared_by}"
    if entry.declared_at is not None:
        text += f" at {entry.declared_at}"
    return "" if text == "declared" else text


def render(
    title: str,
    problems: Sequence[Problem],
    causes: Sequence[Cause],
    near: Mapping[str, NearNames],
    splits: Splits | None = None,
) -> str:
    """Write one message for all problems: counts, likely causes, the names in groups, and what to do.

    Args:
        title: its beginning, `model.safetensors does not fit BertModel`.
        problems: all of them.
        causes: likely causes; the names they explain get no near names.
        near: for `missing` and `unexpected`: the other side's names to search for near ones.
        splits: names that were taken apart before.
    """
    with collector_paused():
        lines = _lines(title, problems, causes, near, Splits() if splits is None else splits)
        # A name in it may be a stranger's, and have the end of a line in it.
        return "\n".join(map(printable, lines))


def _lines(
    title: str,
    problems: Sequence[Problem],
    causes: Sequence[Cause],
    near: Mapping[str, NearNames],
    splits: Splits,
) -> Iterator[str]:
    by_kind: dict[str, list[Problem]] = {kind: [] for kind in _KINDS}
    for problem in problems:
        by_kind[problem.kind].append(problem)
    by_kind = {kind: found for kind, found in by_kind.items() if found}
    yield f"{title}: {', '.join(_count(kind, found) for kind, found in by_kind.items())}"
    yield from (f"likely cause: {cause.text}" for cause in causes[:_CAUSES_SHOWN])
    explained = frozenset[str]().union(*(cause.explains for cause in causes))
    brief = any(cause.kind == "another model" for cause in causes)
    shown = _SHOWN_EXPLAINED if brief else _SHOWN // max(2, len(by_kind) + (len(by_kind) > 2))
    proposed: set[str] = set()
    for kind, found in by_kind.items():
        yield f"{_KINDS[kind].title}:"
        yield from _section(kind, group(found, splits), explained, near.get(kind), proposed, shown)
    todo = [*advice(causes), *_ways_out(by_kind, causes)]
    if todo:
        yield "what to do:"
        yield from (f"  {line}" for line in todo)


_Group = tuple[str, str, tuple[str, ...]]


def _section(
    kind: str,
    groups: Sequence[_Group],
    explained: frozenset[str],
    near: NearNames | None,
    proposed: set[str],
    shown: int,
) -> Iterable[str]:
    """Write the groups of one kind, the unexplained first; note in `proposed` the near names given."""
    open_: list[_Group] = []
    told: list[_Group] = []
    for found in groups:
        (told if explained.issuperset(found[2]) else open_).append(found)
    for pattern, message, members in open_[:shown]:
        yield f"  {pattern}: {message}"
        asked = near is not None and pattern not in proposed and len(proposed) < _NEAR_SHOWN
        other = near.find(members[0]) if near is not None and asked else None
        if other is not None and other not in proposed:
            proposed.add(other)
            yield f"    did you mean the {'checkpoint' if kind == 'missing' else 'model'}'s `{other}`?"
    rest = open_[shown:]
    few = _SHOWN_EXPLAINED if not open_ else 1
    for pattern, message, _ in told[:few]:
        yield f"  {pattern}: {message}"
    rest += told[few:]
    if len(rest) == 1:  # it takes no more room than to say that there is one
        pattern, message, _ = rest[0]
        yield f"  {pattern}: {message}"
    elif rest:
        many = sum(len(members) for _, _, members in rest)
        yield f"  ... and {many} more in {len(rest)} groups"


def group(problems: Iterable[Problem], splits: Splits | None = None) -> list[_Group]:
    """Join problems of one message whose names differ only in indices: (pattern, message, names)."""
    by_message: dict[str, dict[str, int]] = {}
    for position, problem in enumerate(problems):
        by_message.setdefault(problem.message, {}).setdefault(problem.name, position)
    groups = [
        (positions[members[0]], (pattern, message, members))
        for message, positions in by_message.items()
        for pattern, members in collapse(positions, splits)
    ]
    groups.sort(key=lambda found: found[0])
    return [found for _, found in groups]


def advice(causes: Sequence[Cause]) -> Iterator[str]:
    """Write what the causes propose: values of hyperparameters together, arguments together, then the rest."""
    settings = {name: value for cause in causes for name, value in cause.settings.items()}
    if settings:
        yield f"build the model with `{', '.join(f'{name}={value!r}' for name, value in settings.items())}`"
    rename = {old: new for cause in causes for old, new in cause.rename.items()}
    arguments = [_rename_text(rename)] if rename else []
    for argument in ("missing", "unexpected"):
        patterns = dict.fromkeys(pattern for cause in causes for pattern in getattr(cause, argument))
        if patterns:
            arguments.append(f"{argument}=[{', '.join(map(_quoted, patterns))}]")
    if arguments:
        yield f"pass {', '.join(arguments)}"
    yield from (cause.advice for cause in causes[:_CAUSES_SHOWN] if cause.advice)


def _rename_text(rules: Mapping[str, Any]) -> str:
    return "rename={" + ", ".join(f"{_quoted(old)}: {_target(new)}" for old, new in rules.items()) + "}"


def _target(new: Any) -> str:
    return _quoted(new) if isinstance(new, str) else form_text(new)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _ways_out(by_kind: Mapping[str, Sequence[Problem]], causes: Sequence[Cause]) -> Iterator[str]:
    """Write what can be done about each kind of problem that no cause has an answer to."""
    if any(cause.kind in ("another model", "shard", "quantized") for cause in causes):
        return
    solved = frozenset[str]().union(*(cause.explains for cause in causes if cause.solves))
    for kind, found in by_kind.items():
        way_out = _KINDS[kind].way_out
        if way_out is not None and not all(problem.name in solved for problem in found):
            yield way_out


def _count(kind: str, found: Sequence[Problem]) -> str:
    return f"{len(found)} {_KINDS[kind].one if len(found) == 1 else _KINDS[kind].many}"
