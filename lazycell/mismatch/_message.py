"""One message for all that is wrong between a checkpoint and a model, in the words of Python or of the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from .._collector import collector_paused
from .._errors import CheckpointMismatchError
from .._frozen import frozen
from ..formats import TensorHeader
from ..show import Splits, collapse, more, printable
from ._dialect import PYTHON, Argument, Dialect, Words, said
from ._near import NearNames
from ._problems import OF_PARTS, Cause, Problem

# The whole message keeps within some 60 lines: groups shown in all, and of those that a likely cause explains.
_SHOWN = 24
_SHOWN_EXPLAINED = 3
_NEAR_SHOWN = 12
_CAUSES_SHOWN = 6


@frozen
class Mismatch:
    """Why a checkpoint does not fit a model.

    Attributes:
        path: the checkpoint.
        model: the class's name.
        problems: every single one.
        causes: the likely causes.
        initialize: names of parameters that may be missing, and are.
        ignored: names of tensors that may be unexpected, and are.
        splits: names that were taken apart before.
        tensors: what the checkpoint holds, by the names after `rename`; empty where nobody asked.
    """

    path: Path
    model: str
    problems: tuple[Problem, ...]
    causes: tuple[Cause, ...] = ()
    initialize: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    splits: Splits = attrs.field(factory=Splits, repr=False, eq=False)
    tensors: Mapping[str, TensorHeader] = attrs.field(factory=dict, repr=False, eq=False)

    def text(self, dialect: Dialect = PYTHON) -> str:
        """Write one message for all problems: counts, likely causes, the names in groups, and what to do."""
        shown = {problem.name: problem.shown for problem in self.problems if problem.kind == "unexpected"}
        missing, unexpected = (
            {problem.name: _shape_of(problem) for problem in self.problems if problem.kind == kind}
            for kind in ("missing", "unexpected")
        )
        # What was permitted to be missing or ignored may be the other half of a misspelt name.
        near = {
            "missing": NearNames(dict.fromkeys(self.ignored) | unexpected, self.splits, shown),
            "unexpected": NearNames(dict.fromkeys(self.initialize) | missing, self.splits),
        }
        title = f"{self.path} does not fit {self.model}"
        return render(title, self.problems, self.causes, near, self.splits, dialect)

    def brief(self, dialect: Dialect = PYTHON) -> tuple[str, ...]:
        """Say it without the names: counts, likely causes, and what to do, a line each."""
        by_kind = _by_kind(self.problems)
        return (
            _counts(by_kind),
            *(f"likely cause: {cause.text}" for cause in self.causes[:_CAUSES_SHOWN]),
            *(f"what to do: {line}" for line in _todo(by_kind, self.causes, dialect)),
        )

    def error(self) -> CheckpointMismatchError:
        """Give the error that says so in Python."""
        return CheckpointMismatchError(self.text(), self.problems, self.causes, self)


@frozen
class Strangers:
    """Why a checkpoint is not a model's whatever its sizes are: no name in it is one of the model's.

    Attributes:
        path: the checkpoint.
        model: the class's name.
        ours: some of the model's names.
        theirs: some of the checkpoint's.
        causes: the likely one, if there is one.
    """

    path: Path
    model: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    causes: tuple[Cause, ...] = ()

    def text(self, dialect: Dialect = PYTHON) -> str:
        """Write names of both, or what would make them the same."""
        lines = [f"{self.path} does not fit {self.model}: no name in it is one of the model's"]
        lines += [f"  {cause.text}: {', '.join(advice([cause], dialect))}" for cause in self.causes]
        if not self.causes:
            lines.append(f"  the model has {', '.join(f'`{name}`' for name in self.ours)}, …")
            lines.append(f"  the checkpoint has {', '.join(f'`{name}`' for name in self.theirs) or 'no tensors'}, …")
            lines.append(said(("  it is another model's, or ", Argument("rename"), " is needed"), dialect))
        return "\n".join(map(printable, [*lines, "No data was read."]))

    def brief(self, dialect: Dialect = PYTHON) -> tuple[str, ...]:
        """Say it without the names, a line each."""
        causes = (f"likely cause: {cause.text}" for cause in self.causes)
        todo = (f"what to do: {line}" for line in advice(self.causes, dialect))
        return ("no name in it is one of the model's", *causes, *todo)

    def error(self) -> CheckpointMismatchError:
        """Give the error that says so in Python."""
        return CheckpointMismatchError(self.text(), causes=self.causes, mismatch=self)


@frozen
class _Kind:
    """The words for one kind of problem."""

    one: str
    many: str
    title: str
    way_out: Words | None = None


_ASIDE = ("rename one of the two tensors to a name that ", Argument("unexpected"), " lets pass")

_KINDS = {
    "rename": _Kind("rename mistake", "rename mistakes", "rename"),
    "quantized": _Kind("quantized tensor", "quantized tensors", "quantized: codes, where the model has weights"),
    "missing": _Kind(
        "parameter missing",
        "parameters missing",
        "missing from the checkpoint",
        (Argument("missing", "init"), ", or ", Argument("missing", ()), ", leaves parameters to their initializers"),
    ),
    "unexpected": _Kind(
        "tensor unexpected",
        "tensors unexpected",
        "unexpected in the checkpoint: the model declares no such parameter",
        (Argument("unexpected", "ignore"), ", or ", Argument("unexpected", ()), ", leaves tensors out"),
    ),
    "shape": _Kind("shape differs", "shapes differ", "shape differs"),
    "dtype": _Kind("dtype differs", "dtypes differ", "dtype differs"),
    "tie": _Kind(
        "tie broken",
        "ties broken",
        "tied parameters that the checkpoint stores twice, differently",
        ("a tie has one set of values: build the model without it, or ", *_ASIDE),
    ),
    "twice": _Kind(
        "parameter stored twice",
        "parameters stored twice",
        "stored twice in the checkpoint, in two layouts",
        _ASIDE,
    ),
}


def render(
    title: str,
    problems: Sequence[Problem],
    causes: Sequence[Cause],
    near: Mapping[str, NearNames],
    splits: Splits | None = None,
    dialect: Dialect = PYTHON,
) -> str:
    """Write one message for all problems: counts, likely causes, the names in groups, and what to do.

    Args:
        title: its beginning, `model.safetensors does not fit BertModel`.
        problems: all of them.
        causes: likely causes; the names they explain get no near names.
        near: for `missing` and `unexpected`: the other side's names to search for near ones.
        splits: names that were taken apart before.
        dialect: for whom.
    """
    with collector_paused():
        lines = _lines(title, problems, causes, near, Splits() if splits is None else splits, dialect)
        # A name in it may be a stranger's, and have the end of a line in it.
        return "\n".join(map(printable, lines))


def _lines(
    title: str,
    problems: Sequence[Problem],
    causes: Sequence[Cause],
    near: Mapping[str, NearNames],
    splits: Splits,
    dialect: Dialect,
) -> Iterator[str]:
    by_kind = _by_kind(problems)
    yield f"{title}: {_counts(by_kind)}"
    yield from (f"likely cause: {cause.text}" for cause in causes[:_CAUSES_SHOWN])
    explained = frozenset[str]().union(*(cause.explains for cause in causes))
    brief = any(cause.kind == "another model" for cause in causes)
    shown = _SHOWN_EXPLAINED if brief else _SHOWN // max(2, len(by_kind) + (len(by_kind) > 2))
    proposed: set[str] = set()
    for kind, found in by_kind.items():
        yield f"{_KINDS[kind].title}:"
        shapes = {problem.name: _shape_of(problem) for problem in found} if kind in near else {}
        yield from _section(kind, group(found, splits, dialect), explained, near.get(kind), shapes, proposed, shown)
    todo = _todo(by_kind, causes, dialect)
    if todo:
        yield "what to do:"
        yield from (f"  {line}" for line in todo)


def _by_kind(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    by_kind: dict[str, list[Problem]] = {kind: [] for kind in _KINDS}
    for problem in problems:
        by_kind[problem.kind].append(problem)
    return {kind: found for kind, found in by_kind.items() if found}


def _counts(by_kind: Mapping[str, Sequence[Problem]]) -> str:
    return ", ".join(_count(kind, found) for kind, found in by_kind.items())


def _todo(by_kind: Mapping[str, Sequence[Problem]], causes: Sequence[Cause], dialect: Dialect) -> list[str]:
    return [*advice(causes, dialect), *_ways_out(by_kind, causes, dialect)]


def _shape_of(problem: Problem) -> tuple[int, ...] | None:
    """Give the shape of what is missing, or unexpected."""
    found = problem.tensor or problem.entry or problem.stored
    return None if found is None else found.shape


_Group = tuple[str, str, tuple[str, ...]]


def _section(
    kind: str,
    groups: Sequence[_Group],
    explained: frozenset[str],
    near: NearNames | None,
    shapes: Mapping[str, tuple[int, ...] | None],
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
        other = near.find(members[0], shapes.get(members[0])) if near is not None and asked else None
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
        yield f"  ... {more(many)} in {len(rest)} groups"


def group(problems: Iterable[Problem], splits: Splits | None = None, dialect: Dialect = PYTHON) -> list[_Group]:
    """Join problems of one message whose names differ only in indices: (pattern, message, names).

    The pattern is of what the checkpoint itself calls them; the names are the problems'.
    """
    by_message: dict[str, dict[str, tuple[int, str]]] = {}
    for position, problem in enumerate(problems):
        found = by_message.setdefault(said(problem.words, dialect), {})
        found.setdefault(problem.shown, (position, problem.name))
    groups = [
        (named[members[0]][0], (pattern, message, tuple(named[member][1] for member in members)))
        for message, named in by_message.items()
        for pattern, members in collapse(named, splits)
    ]
    groups.sort(key=lambda found: found[0])
    return [found for _, found in groups]


def advice(causes: Sequence[Cause], dialect: Dialect = PYTHON) -> Iterator[str]:
    """Write what the causes propose: values of hyperparameters together, arguments together, then the rest."""
    settings = {name: value for cause in causes for name, value in cause.settings.items()}
    arguments: dict[str, Any] = {"rename": {old: new for cause in causes for old, new in cause.rename.items()}}
    for argument in ("missing", "unexpected"):
        arguments[argument] = tuple(dict.fromkeys(each for cause in causes for each in getattr(cause, argument)))
    yield from dialect.proposals(settings, {name: value for name, value in arguments.items() if value})
    yield from dict.fromkeys(said(cause.todo, dialect) for cause in causes[:_CAUSES_SHOWN] if cause.todo)


def _ways_out(by_kind: Mapping[str, Sequence[Problem]], causes: Sequence[Cause], dialect: Dialect) -> Iterator[str]:
    """Write what can be done about each kind of problem that no cause has an answer to."""
    if any(cause.kind in ("another model", "shard", "quantized") for cause in causes):
        return
    solved = frozenset[str]().union(*(each.explains for each in causes if each.solves or each.kind == "head"))
    solved |= frozenset[str]().union(*(each.explains for each in causes if each.settings))
    for kind, found in by_kind.items():
        way_out = _KINDS[kind].way_out
        if way_out is None or all(problem.name in solved or problem.reason in OF_PARTS for problem in found):
            continue
        if all(dialect.takes(part.name) for part in way_out if isinstance(part, Argument)):
            yield said(way_out, dialect)


def _count(kind: str, found: Sequence[Problem]) -> str:
    return f"{len(found)} {_KINDS[kind].one if len(found) == 1 else _KINDS[kind].many}"
