"""`Model.infer(path)`: the hyperparameters that a checkpoint's shapes tell, and the proof that they fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import attrs

from .. import show, sources
from .._errors import CheckpointMismatchError, DeclarationError
from .._frozen import frozen
from ..declaration import NOTHING, declaration_of, render
from ..formats import CheckpointHeader, open_checkpoint
from ..layout import apply_rules, parse_rules
from ..loading import LoadOptions, make_plan
from ..manifest import Manifest
from ..mismatch import Cause, Mismatch, Problem
from ._infer import Solved, Undetermined, solve_shapes
from ._refusal import contradiction, strangers

Describe = Callable[[dict[str, Any]], Manifest]
"""Makes the manifest of the class for some hyperparameters."""


@frozen(eq=False)
class Inference(Mapping[str, Any]):
    """The hyperparameters that a checkpoint tells, as a mapping: `Model(**Model.infer(path))`.

    Attributes:
        path: the checkpoint.
        model: name of the class.
        determined: what the shapes tell, and what was given; the mapping itself.
        undetermined: what is said about each of the other hyperparameters, with its default.
        assumed: a value for each of those that fits together with the rest: the default where it fits.
        dtype: what all floats in the file have (canonical); None where they differ, or there are none.
        fits: whether `Model(**inference)` holds exactly the tensors of the file, names and shapes: the proof.
        manifest: of that model; where it does not fit, of the one with `assumed`; None if some value is lacking.
        conflicts: what does not fit even then, as a load would report it: tensors missing, unexpected, of another kind.
        mismatch: the same as a message; empty without conflicts.
        causes: their likely causes.
    """

    path: Path
    model: str
    determined: Mapping[str, Any]
    undetermined: Mapping[str, Undetermined]
    assumed: Mapping[str, Any]
    dtype: str | None
    fits: bool
    manifest: Manifest | None = attrs.field(repr=False)
    conflicts: tuple[Problem, ...] = ()
    mismatch: str = attrs.field(default="", repr=False)
    causes: tuple[Cause, ...] = attrs.field(default=(), repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.determined[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.determined)

    def __len__(self) -> int:
        return len(self.determined)

    def __str__(self) -> str:
        return str(self._report())

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, Inference._report)

    def _report(self) -> show.Report:
        tables = [show.Table(rows, title) for title, rows in inference_rows(self)]
        return show.Report(inference_title(self), tables, [inference_verdict(self)])


def inference_title(inference: Inference) -> str:
    """Say in one line which model, and which file."""
    return f"{inference.model} in {inference.path}" + (f", {inference.dtype}" if inference.dtype else "")


def inference_rows(inference: Inference) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give the hyperparameters that shapes tell, with values, and those they cannot tell, with what is known."""
    told = [(name, render(value)) for name, value in inference.determined.items()]
    untold = [(name, str(why)) for name, why in inference.undetermined.items()]
    return [(title, rows) for title, rows in (("shapes tell", told), ("shapes cannot tell", untold)) if rows]


def inference_verdict(inference: Inference) -> str:
    """Say whether a model with these hyperparameters fits the file, and if not, what to do."""
    if inference.fits:
        return f"{inference.model} with these, and the defaults of the others, fits the file exactly"
    if inference.mismatch:
        return inference.mismatch
    lacking = [name for name, each in inference.undetermined.items() if not each.default_fits]
    if not lacking:
        return f"whether {inference.model} with these fits the file could not be proved"
    example = inference.assumed.get(lacking[0], NOTHING)
    value = "…" if example is NOTHING else render(example)
    which = "it is" if len(lacking) == 1 else "they are"
    call = f"{inference.model}.infer(path, {lacking[0]}={value})"
    return f"{', '.join(lacking)} cannot be left out: say what {which}, {call}"


def infer(
    cls: type,
    path: str | PathLike[str],
    *,
    rename: Mapping[str, Any] | None = None,
    known: Mapping[str, Any],
    describe: Describe,
) -> Inference:
    """Solve the declared shapes of a class for its hyperparameters; the body of `LazyCell.infer`. No data is read.

    Args:
        cls: a class with a declaration.
        path: as for `LazyCell.load_checkpoint`.
        rename: likewise.
        known: hyperparameters that need not be told.
        describe: makes the manifest of `cls(**hyperparameters)`.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        CheckpointFormatError: what is there is not a checkpoint, or a malformed one.
        CheckpointMismatchError: the file cannot be this model: two of its tensors contradict each other, or no name
            is one of the model's.
        TypeError: something is given that is no hyperparameter, or the class declares nothing.
    """
    if declaration_of(cls) is None:
        raise TypeError(f"{cls.__name__} declares nothing: ask a class that is derived from it")
    header = open_checkpoint(path)
    shapes = _shapes(header, rename)
    solved = solve_shapes(cls, shapes, known)
    floats = sources.dequantized(header) if header.may_have_codes else header
    if floats is not header:
        in_floats = solve_shapes(cls, _shapes(floats, rename), known)
        if in_floats.found.missing <= solved.found.missing:  # else the class declares the codes itself
            header, shapes, solved = floats, _shapes(floats, rename), in_floats
    if solved.conflicts:
        raise contradiction(cls, header, solved, known)
    if not solved.found.used and solved.found.missing:
        raise strangers(cls, header, solved, shapes)
    proof = _prove(header, solved, rename, describe)
    return Inference(
        path=header.path,
        model=cls.__name__,
        determined=solved.determined,
        undetermined=solved.undetermined,
        assumed=solved.assumed,
        dtype=_dtype(header),
        fits=proof.fits,
        manifest=proof.manifest,
        conflicts=proof.problems,
        mismatch=proof.text,
        causes=proof.causes,
    )


def _shapes(header: CheckpointHeader, rename: Mapping[str, Any] | None) -> dict[str, tuple[int, ...]]:
    names = apply_rules(parse_rules(rename), header.tensors).names
    return {new: header.tensors[old].shape for old, new in names.items()}


def _dtype(header: CheckpointHeader) -> str | None:
    # What is computed has no dtype in the file.
    stored = [tensor.dtype for tensor in header.tensors.values() if not tensor.piece]
    floats = {dtype for dtype in stored if dtype.startswith(("float", "bfloat"))}
    return floats.pop() if len(floats) == 1 else None


# --------------------------------------------------------------------------------------------------------------- proof


@frozen
class _Proof:
    """Whether the values fit: the manifest that they make, and what a plan has against it."""

    fits: bool = False
    manifest: Manifest | None = None
    problems: tuple[Problem, ...] = ()
    text: str = ""
    causes: tuple[Cause, ...] = ()


def _prove(header: CheckpointHeader, solved: Solved, rename: Mapping[str, Any] | None, describe: Describe) -> _Proof:
    """Make the manifest of the class with what was found, and fit the file to it."""
    if solved.longest > 16 * len(header.tensors) + 1024:
        return _Proof()  # a list of cells that hold nothing, as long as some size: it would take for ever
    with_defaults = _fit(header, solved.determined, rename, describe)
    if with_defaults.fits or not solved.assumed:
        return with_defaults
    with_all = _fit(header, {**solved.determined, **solved.assumed}, rename, describe)
    if with_all.fits:
        return attrs.evolve(with_all, fits=False)
    is_complete = solved.undetermined.keys() <= solved.assumed.keys()  # else other values may fit
    if is_complete and any(problem.kind == "shape" for problem in with_all.problems):
        assert with_all.manifest is not None
        raise Mismatch(header.path, with_all.manifest.model, with_all.problems, with_all.causes).error()
    return with_all


def _fit(
    header: CheckpointHeader, values: Mapping[str, Any], rename: Mapping[str, Any] | None, describe: Describe
) -> _Proof:
    try:
        manifest = describe(dict(values))
    except DeclarationError as error:  # a value is refused, in a way that is no equation
        return _Proof(text=str(error))
    except TypeError:  # a value is lacking
        return _Proof()
    try:
        make_plan(manifest, header, LoadOptions(rename=rename))
    except CheckpointMismatchError as error:
        problems = tuple(each for each in error.problems if isinstance(each, Problem))
        causes = tuple(each for each in error.causes if isinstance(each, Cause))
        return _Proof(False, manifest, problems, str(error), causes)
    return _Proof(True, manifest)
