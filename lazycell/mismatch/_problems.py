"""What is wrong between a checkpoint and a model, as data: problems, each with its reason, and their likely causes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

import attrs

from .. import formats, show
from .._frozen import frozen
from ..declaration import form_text
from ..formats import TensorHeader
from ..layout import ManifestEntry, Stored
from ._dialect import PYTHON, Argument, Words, said

Reason: TypeAlias = Literal[
    "two rules",
    "two names",
    "dead rule",
    "codes",
    "missing",
    "missing stored",
    "lacks a part",
    "only a part",
    "unexpected",
    "shape",
    "stored shape",
    "unknown dtype",
    "strict",
    "other kind",
    "narrower",
    "no cast",
    "dtypes of parts",
    "tied dtypes",
    "tied layouts",
    "copies differ",
    "twice",
    "mixed",
]
"""What can be wrong with a name: `_WORDS` says each."""

OF_PARTS: frozenset[Reason | None] = frozenset({"lacks a part", "only a part"})
"""A parameter is there in part: then it cannot be left to its initializer either."""


@frozen
class Problem:
    """One thing wrong with one name, as whoever finds it hands it on; the words for it are below.

    Attributes:
        kind: `rename`, `quantized`, `missing`, `unexpected`, `shape`, `dtype`, `tie` or `twice`.
        name: the parameter's full name; for `unexpected` what the checkpoint (after `rename`) calls it, for
            `rename` a name or a rule.
        detail: what else was found, in words; all there is to say where there is no `reason`.
        entry: what the model declares, where it declares anything.
        tensor: what the checkpoint holds, where it holds anything.
        reason: which of the things that can be wrong it is.
        names: others that it is about: ties, copies, parts, rules; of tied dtypes, each before its name.
        stored: what the model is declared to be stored as.
        owner: the parameter that `stored` is, or the first of those that it holds.
    """

    kind: str
    name: str
    detail: str = ""
    entry: ManifestEntry | None = None
    tensor: TensorHeader | None = None
    reason: Reason | None = None
    names: tuple[str, ...] = ()
    stored: Stored | None = None
    owner: ManifestEntry | None = None

    @property
    def shown(self) -> str:
        """The name as whoever wrote the checkpoint, or the class, knows it."""
        return self.tensor.name if self.kind == "unexpected" and self.tensor is not None else self.name

    @property
    def message(self) -> str:
        """What is wrong, without the name: the same for every layer it befalls."""
        return said(self.words, PYTHON)

    @property
    def words(self) -> Words:
        """The same for any dialect."""
        return self.detail if self.reason is None else _WORDS[self.reason](self)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in ("kind", "name", "message", "entry", "tensor"))
        return f"Problem({shown})"


@frozen
class Cause:
    """A likely reason for several problems, and what to do about it. Proposed, never acted on.

    Attributes:
        kind: `another model`, `prefix`, `spelling`, `layers`, `hyperparameter`, `vocabulary`, `transposed`, `joined`,
            `split`, `axes`, `weight norm`, `part`, `head`, `tie`, `shard`, `quantized`, `adapter`, `optimizer`,
            `bookkeeping` or `mixed names`.
        text: what was found.
        explains: the names that it accounts for.
        settings: hyperparameters, and the values with which the model would fit.
        rename: rules to add to the argument `rename`; a value is a name, or a form such as `transposed("…")`.
        missing: patterns for the argument `missing`.
        unexpected: patterns for the argument `unexpected`.
        todo: what else to do, in words for any dialect.
    """

    kind: str
    text: str
    explains: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    rename: Mapping[str, Any] = attrs.field(factory=dict)
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    todo: Words = ""

    @property
    def advice(self) -> str:
        """What else to do, as Python has it."""
        return said(self.todo, PYTHON)

    @property
    def solves(self) -> bool:
        """Whether an argument of the load makes the problems go away."""
        return bool(self.rename or self.missing or self.unexpected)


# --------------------------------------------------------------------------------------------------------------- words


def describe(entry: ManifestEntry | None) -> str:
    """Say what is declared and where: `declared (vocab, dim) by Embedding.weight at models/layers.py:31`."""
    if entry is None:
        return ""
    text = "declared" if entry.expression is None else f"declared {entry.expression}"
    if entry.declared_by is not None:
        text += f" by {entry.declared_by}"
    if entry.declared_at is not None:
        text += f" at {entry.declared_at}"
    return "" if text == "declared" else text


def _missing(problem: Problem) -> Words:
    tied = f"also looked for as {_quoted(problem.names)}" if problem.names else ""
    return _join(_kind(problem.entry), describe(problem.entry), tied)


def _missing_stored(problem: Problem) -> Words:
    # Where it is a whole parameter, what is declared of that says more than the rule.
    stored, owner = problem.stored, problem.owner
    what = describe(owner) if owner is not None and stored is not None and stored.form == owner.block else ""
    return _join(_kind(stored), what, f"{_made(problem)}, and not there under the model's own names either")


def _lacks_a_part(problem: Problem) -> Words:
    text = f"{_made(problem)}, and there are other parts of the parameter"
    return _join(_kind(problem.stored), text, "it has to be there whole, or not at all")


def _only_a_part(problem: Problem) -> Words:
    return _join(f"only a part of it is there, as {_quoted(problem.names)}", describe(problem.entry))


def _unexpected(problem: Problem) -> Words:
    tensor = problem.tensor
    assert tensor is not None
    text = f"{tensor.origin or tensor.dtype} {tensor.shape}"
    return text if problem.name == tensor.name else f"{text}; taken as `{_INDEX.sub('*', problem.name)}`"


# So that what is said of every layer is the same.
_NAMES = 12
_INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)|^\d+(?=\.)")


def _shape(problem: Problem) -> Words:
    assert problem.entry is not None
    assert problem.tensor is not None
    ours, theirs = problem.entry.shape, problem.tensor.shape
    hint = "transposed: the checkpoint stores (in, out) where the model has (out, in), or the reverse"
    hint = hint if is_transposed(ours, theirs) else ""
    return _join(f"the checkpoint has {theirs}, the model {ours}", describe(problem.entry), hint)


def _stored_shape(problem: Problem) -> Words:
    assert problem.stored is not None
    assert problem.tensor is not None
    text = f"the checkpoint has {problem.tensor.shape}, the model {problem.stored.shape}"
    return _join(text, _made(problem), describe(problem.owner))


def _dtype(*why: str | Argument) -> Callable[[Problem], Words]:
    def words(problem: Problem) -> Words:
        assert problem.entry is not None
        assert problem.tensor is not None
        stored = problem.tensor.origin or problem.tensor.dtype
        text = _join(f"the checkpoint has {stored}, the model {problem.entry.dtype}", describe(problem.entry))
        if why:
            return (f"{text}; ", *why)
        dtype = problem.tensor.dtype
        return f"{text}; {formats.gguf.why_not_computed(dtype) or f'no MindSpore tensor can hold {dtype}'}"

    return words


def _codes(problem: Problem) -> Words:
    assert problem.tensor is not None
    ends = show.few((f"`{each.rpartition('.')[2]}`" for each in problem.names), _NAMES)
    text = f"{problem.tensor.dtype} {problem.tensor.shape}, codes that are weights only together with {ends}; "
    return text + problem.detail if problem.detail else (text, Argument("dtype", "cast"), " applies them")


def _tied_dtypes(problem: Problem) -> Words:
    pairs = zip(problem.names[::2], problem.names[1::2], strict=True)
    return show.few((f"{dtype} as `{name}`" for dtype, name in pairs), _NAMES)


def _twice(problem: Problem) -> Words:
    one, *others = problem.names
    return f"the parameter is there as `{one}` and as {_quoted(others)}: which is right cannot be told"


def _dead_rule(problem: Problem) -> Words:
    hint = f"; did you mean {_quoted(problem.names)}?" if problem.names else ""
    if "*" in problem.name.replace("{*", ""):
        hint = "; `*` is no wildcard here: write `{i}` for one segment, `{*rest}` for several"
    return f"this rule matches no name in the checkpoint{hint}"


_WORDS: Mapping[Reason, Callable[[Problem], Words]] = {
    "two rules": lambda problem: f"two rules match it: {_quoted(problem.names)}",
    "two names": lambda problem: f"two names in the checkpoint become this one: {_quoted(problem.names)}",
    "dead rule": _dead_rule,
    "codes": _codes,
    "missing": _missing,
    "missing stored": _missing_stored,
    "lacks a part": _lacks_a_part,
    "only a part": _only_a_part,
    "unexpected": _unexpected,
    "shape": _shape,
    "stored shape": _stored_shape,
    "unknown dtype": _dtype(),
    "strict": _dtype(Argument("dtype", "strict"), " takes no other; ", Argument("dtype", "cast"), " converts"),
    "other kind": _dtype("a parameter of one kind cannot hold the other"),
    "narrower": _dtype(
        "integers are cast to wider ones only; ", Argument("dtype", "checkpoint"), " takes them as they are"
    ),
    "no cast": _dtype("only floats are cast to floats, and integers to wider integers"),
    "dtypes of parts": lambda problem: (
        f"its parts have several dtypes, {', '.join(problem.names)}: ",
        Argument("dtype", "cast"),
        " takes the declared one",
    ),
    "tied dtypes": _tied_dtypes,
    "tied layouts": lambda problem: (
        f"{_quoted(problem.names)} is the same parameter in another layout, so that they cannot be compared"
    ),
    "copies differ": lambda problem: " and ".join(f"`{name}`" for name in problem.names) + " differ",
    "twice": _twice,
    "mixed": lambda problem: (
        f"what {_quoted(problem.names)} is, by another library's name"
        if problem.names != (problem.name,)
        else "in the shape that another library has it in"
    ),
}


def is_transposed(declared: tuple[int, ...], stored: tuple[int, ...]) -> bool:
    """Whether a matrix has the other's shape turned round."""
    return len(declared) == 2 and declared != stored and declared == stored[::-1]


def _made(problem: Problem) -> str:
    """Say why a tensor of this name is looked for; a manifest in a file has no rules."""
    stored = problem.stored
    assert stored is not None
    return f"stored by the rule {stored.rule}" if stored.rule else f"made of `{form_text(stored.form)}`"


def _kind(sized: ManifestEntry | Stored | None) -> str:
    assert sized is not None
    return f"{sized.dtype} {sized.shape}"


def _quoted(names: Iterable[str]) -> str:
    return show.few((f"`{name}`" for name in names), _NAMES)


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
