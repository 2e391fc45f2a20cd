"""Decide what a load will do, from a manifest and a checkpoint's headers alone; nothing is read or filled."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from .._collapse import collapse
from .._errors import CheckpointMismatchError
from .._table import align, cut
from .._units import format_bytes
from ..manifest._layout import Operation
from ..manifest._manifest import Manifest, ManifestEntry
from ._cast import castable, same_kind
from ._causes import is_transposed, likely_causes
from ._header import CheckpointHeader, TensorHeader
from ._near import NearNames
from ._problems import Problem, describe, render
from ._rename import Renaming, apply_rules, parse_rules

_ROWS = 40


@attrs.frozen
class Piece:
    """A block of one parameter, and how to take it out of one stored tensor.

    Attributes:
        tensor: the stored tensor, whole.
        operations: applied to its array one after the other, they give the block.
        place: of the block in the parameter: for each axis start and stop. None: the block is the parameter.
    """

    tensor: TensorHeader
    operations: tuple[Operation, ...] = ()
    place: tuple[tuple[int, int], ...] | None = None


@attrs.frozen
class LoadStep:
    """Fill one parameter.

    Attributes:
        parameter: its full name in the model.
        key: the tensor's name in the file; of several, `q.weight + k.weight`.
        tensor: what the parameter's values are, in its shape, and where the bytes are. Where `pieces` are given its
            `ranges` are empty: then they say.
        dtype: the dtype the parameter will have (canonical); converted to where it is not `tensor.dtype`.
        same_as: copies of the tensor that the file holds under the names of ties; all have to be equal
            (`check_ties`).
        pieces: the blocks that make the parameter, where its bytes do not lie in the file one after the other.
    """

    parameter: str
    key: str
    tensor: TensorHeader
    dtype: str
    same_as: tuple[TensorHeader, ...] = ()
    pieces: tuple[Piece, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of the file that are the parameter's."""
        return math.prod(self.tensor.shape) * self.tensor.itemsize


@attrs.frozen
class LoadPlan:
    """Everything a load will do, in the manifest's order.

    Attributes:
        path: the checkpoint.
        model: the class's name.
        steps: the parameters to fill.
        initialize: names of the parameters that stay with their initializers.
        ignored: keys of the file that nothing needs and that `unexpected` permits.
        computed: keys of the file that the model computes itself.
    """

    path: Path
    model: str
    steps: tuple[LoadStep, ...]
    initialize: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes to be read."""
        return sum(step.nbytes for step in self.steps)

    def __str__(self) -> str:
        lines = [f"fill {len(self.steps)} parameters of {self.model} from {self.path}, {format_bytes(self.nbytes)}"]
        alike: dict[tuple[str, ...], dict[str, str]] = {}
        order = {step.parameter: position for position, step in enumerate(self.steps)}
        for step in self.steps:
            stored = step.tensor.dtype
            dtype = stored if stored == step.dtype else f"{stored} -> {step.dtype}"
            alike.setdefault((str(step.tensor.shape), dtype), {})[step.parameter] = step.key
        found: list[tuple[int, tuple[str, ...]]] = []
        for (shape, dtype), keys in alike.items():
            for pattern, members in collapse(keys):
                source = ", ".join(key for key, _ in collapse(keys[name] for name in members))
                row = (pattern, shape, dtype, "" if source == pattern else f"from {source}")
                found.append((order[members[0]], row))
        rows = [row for _, row in sorted(found)]
        lines += align(cut(rows, _ROWS))
        for title, names in (("initialize", self.initialize), ("ignore", (*self.ignored, *self.computed))):
            if names:
                lines.append(f"{title}:")
                lines += align(cut([(pattern,) for pattern, _ in collapse(names)], _ROWS))
        return "\n".join(lines)


def make_plan(
    manifest: Manifest,
    header: CheckpointHeader,
    *,
    missing: str | Iterable[str] = "error",
    unexpected: str | Iterable[str] = "error",
    dtype: str = "cast",
    rename: Mapping[str, str] | None = None,
) -> LoadPlan:
    """Fit a checkpoint to a model. Linear in the number of names; no data is read.

    Args:
        manifest: what the model declares.
        header: what the checkpoint holds.
        missing: what to do with parameters that the checkpoint lacks: `"error"`, `"init"`, or a list of name
            patterns (`fnmatch`) of those that may be missing.
        unexpected: what to do with tensors that the model does not declare: `"error"`, `"ignore"`, or name
            patterns of those that may be ignored.
        dtype: `"cast"` converts a float to the declared float and an integer to a wider one, `"strict"` takes
            only the declared dtype, `"checkpoint"` gives the parameter the file's (a float for a float, an
            integer for an integer).
        rename: from the checkpoint's names to the model's; a name may have captures, `{i}` for one dotted
            segment, `{*rest}` for several.

    Raises:
        CheckpointMismatchError: the checkpoint does not fit; the message has every problem, grouped, with the
            likely causes, and `problems` has them as data.
        ValueError: an argument has a value that means nothing.
    """
    may_miss = _choice("missing", missing, ("error", "init"))
    may_ignore = _choice("unexpected", unexpected, ("error", "ignore"))
    if dtype not in ("cast", "strict", "checkpoint"):
        raise ValueError(f'dtype={dtype!r}: choose "cast", "strict" or "checkpoint"')
    renaming = apply_rules(parse_rules(rename), header.tensors)
    problems = _rename_problems(renaming, header)
    stored: dict[str, TensorHeader] = {}
    for key, name in renaming.names.items():
        stored.setdefault(name, header.tensors[key])
    aliases: dict[str, list[str]] = {}
    for alias, owner in manifest.ties.items():
        aliases.setdefault(owner, []).append(alias)

    steps: list[LoadStep] = []
    initialize: list[str] = []
    for entry in manifest.entries:
        names = (entry.name, *aliases.get(entry.name, ()))
        tensors = [stored[name] for name in names if name in stored]
        if tensors:
            problems += _tensor_problems(entry, tensors, dtype)
            target = tensors[0].dtype if dtype == "checkpoint" else entry.dtype
            steps.append(LoadStep(entry.name, tensors[0].name, tensors[0], target, tuple(tensors[1:])))
        elif any(map(may_miss, names)):
            initialize.append(entry.name)
        else:
            problems.append(_missing(entry, names[1:]))

    ignored: list[str] = []
    computed: list[str] = []
    for name, tensor in stored.items():
        if name in manifest or name in manifest.ties:
            continue
        if name in manifest.computed:
            computed.append(tensor.name)
        elif may_ignore(name) or may_ignore(tensor.name):
            ignored.append(tensor.name)
        else:
            problems.append(Problem("unexpected", name, f"{_stored(tensor)}{_under(name, tensor)}", None, tensor))
    if problems:
        raise _mismatch(manifest, header, stored, problems, initialize, ignored)
    return LoadPlan(header.path, manifest.model, tuple(steps), tuple(initialize), tuple(ignored), tuple(computed))


class _Matcher:
    """Whether a name is one of those that an argument permits."""

    def __init__(self, patterns: Iterable[str]) -> None:
        # One expression for all patterns: names are many.
        translated = [fnmatch.translate(pattern) for pattern in patterns]
        self._expression = re.compile("|".join(translated)) if translated else None

    def __call__(self, name: str) -> bool:
        return self._expression is not None and self._expression.match(name) is not None


def _choice(argument: str, value: object, choices: tuple[str, str]) -> _Matcher:
    strict, lenient = choices
    if isinstance(value, str):
        if value not in choices:
            raise ValueError(f'{argument}={value!r}: choose "{strict}", "{lenient}" or a list of name patterns')
        return _Matcher(["*"] if value == lenient else [])
    if not isinstance(value, Iterable):
        raise ValueError(f'{argument}={value!r}: choose "{strict}", "{lenient}" or a list of name patterns')
    patterns = list(value)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ValueError(f"{argument}: a name pattern has to be a string, not {pattern!r}")
    return _Matcher(patterns)


def _tensor_problems(entry: ManifestEntry, tensors: Sequence[TensorHeader], dtype: str) -> Iterable[Problem]:
    """Compare one parameter with the tensor that fills it, and with the copies under its tied names."""
    first = tensors[0]
    for tensor in tensors:
        if tensor.shape != entry.shape:
            yield Problem("shape", entry.name, _shape_message(entry, tensor), entry, tensor)
    cause = _dtype_cause(first.dtype, entry.dtype, dtype)
    if cause is not None:
        message = _join(f"the checkpoint has {first.dtype}, the model {entry.dtype}", describe(entry), cause)
        yield Problem("dtype", entry.name, message, entry, first)
    for tensor in tensors[1:]:
        if tensor.dtype != first.dtype:
            message = f"{first.dtype} as `{first.name}`, {tensor.dtype} as `{tensor.name}`"
            yield Problem("tie", entry.name, message, entry, tensor)


def _shape_message(entry: ManifestEntry, tensor: TensorHeader) -> str:
    message = f"the checkpoint has {tensor.shape}, the model {entry.shape}"
    hint = ""
    if is_transposed(entry.shape, tensor.shape):
        hint = "transposed: the checkpoint stores (in, out) where the model has (out, in), or the reverse"
    return _join(message, describe(entry), hint)


def _dtype_cause(stored: str, declared: str, policy: str) -> str | None:
    """Say why `stored` cannot fill `declared` under a policy; None when it can."""
    if stored == declared:
        return None
    if policy == "strict":
        return 'dtype="strict" takes no other; dtype="cast" converts'
    if policy == "checkpoint":
        return None if same_kind(stored, declared) else "a parameter of one kind cannot hold the other"
    if castable(stored, declared):
        return None
    if same_kind(stored, declared):
        return 'integers are cast to wider ones only; dtype="checkpoint" takes them as they are'
    return "only floats are cast to floats, and integers to wider integers"


def _missing(entry: ManifestEntry, aliases: Sequence[str]) -> Problem:
    tied = f"also looked for as {', '.join(f'`{alias}`' for alias in aliases)}" if aliases else ""
    return Problem("missing", entry.name, _join(f"{entry.dtype} {entry.shape}", describe(entry), tied), entry)


def _rename_problems(renaming: Renaming, header: CheckpointHeader) -> list[Problem]:
    problems = [
        Problem("rename", name, f"two rules match it: {_quoted(rules)}", None, header.tensors[name])
        for name, rules in renaming.overlapping.items()
    ]
    problems += [
        Problem("rename", new, f"two names in the checkpoint become this one: {_quoted(olds)}")
        for new, olds in renaming.colliding.items()
    ]
    near = NearNames(header.tensors) if renaming.dead else None
    for rule in renaming.dead:
        other = near.find(rule) if near else None
        hint = f"; did you mean `{other}`?" if other else ""
        problems.append(Problem("rename", rule, f"this rule matches no name in the checkpoint{hint}"))
    return problems


def _mismatch(
    manifest: Manifest,
    header: CheckpointHeader,
    stored: Mapping[str, TensorHeader],
    problems: Sequence[Problem],
    initialize: Sequence[str],
    ignored: Sequence[str],
) -> CheckpointMismatchError:
    missing = [problem.name for problem in problems if problem.kind == "missing"]
    unexpected = [problem.name for problem in problems if problem.kind == "unexpected"]
    # What was permitted to be missing or ignored may be the other half of a misspelt name.
    near = {"missing": NearNames([*unexpected, *ignored]), "unexpected": NearNames([*missing, *initialize])}
    causes = likely_causes(problems, manifest, stored.keys())
    title = f"{header.path} does not fit {manifest.model}"
    return CheckpointMismatchError(render(title, problems, causes, near), tuple(problems))


def _stored(tensor: TensorHeader) -> str:
    return f"{tensor.dtype} {tensor.shape}"


def _under(name: str, tensor: TensorHeader) -> str:
    return "" if name == tensor.name else "; so named by `rename`"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
