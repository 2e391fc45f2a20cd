"""A small transformer that is declared, its checkpoints, and what a user does who follows the advice of an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lazycell._errors import CheckpointMismatchError
from lazycell.formats import CheckpointHeader
from lazycell.inference import declared_sizes
from lazycell.loading._plan import LoadPlan
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch import DeclaredSizes
from lazycell.mismatch._problems import Cause

from ..pure import PureCell, manifest

from ..pure import Param, child, children, tie, when  # isort: skip
from ..loading.models import make_plan, stored

Tensors = dict[str, tuple[tuple[int, ...], str]]


class Linear(PureCell):
    """A matrix and perhaps a vector."""

    in_features: int
    out_features: int
    use_bias: bool = True

    weight: Param["normal", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


class Norm(PureCell):
    """A gain."""

    width: int

    weight: Param["ones", (width,)]
    bias: Param["zeros", (width,)]


class Attention(PureCell):
    """Queries, keys and values apart."""

    hidden: int

    q: Linear = child(Linear, hidden, hidden)
    k: Linear = child(Linear, hidden, hidden)
    v: Linear = child(Linear, hidden, hidden)
    out: Linear = child(Linear, hidden, hidden)


class Block(PureCell):
    """One layer."""

    hidden: int
    inner: int

    attn: Attention = child(Attention, hidden)
    up: Linear = child(Linear, hidden, inner)
    down: Linear = child(Linear, inner, hidden)
    norm: Norm = child(Norm, hidden)


class Net(PureCell):
    """Embeddings, layers, a head."""

    vocab_size: int = 100
    hidden: int = 16
    inner: int = 48
    n_layers: int = 4
    n_outputs: int = 3
    tie_words: bool = False

    embed: Linear = child(Linear, hidden, vocab_size, use_bias=False)
    layers: list[Block] = children(n_layers, Block, hidden, inner)
    lm_head: Linear = child(Linear, hidden, vocab_size, use_bias=False)
    classifier: Linear = child(Linear, hidden, n_outputs)
    tied = when(tie_words, tie("lm_head.weight", "embed.weight"))


class Again:
    """The class of a model, with its hyperparameters: what a load of a net knows."""

    def __init__(self, cls: Any, hyperparameters: Mapping[str, Any]) -> None:
        self._cls, self._given = cls, hyperparameters

    def __call__(self, changed: Mapping[str, Any], /) -> Manifest:
        return manifest(self._cls, **{**self._given, **changed})

    def declared(self, of: Manifest, /) -> DeclaredSizes:
        return declared_sizes(self._cls, of)


def again_of(of: Manifest) -> Again | None:
    """Give the class of a manifest, if it is of the one here."""
    return Again(Net, of.hyperparameters) if of.model == "Net" and of.hyperparameters.keys() >= {"n_outputs"} else None


def model(**hyperparameters: Any) -> Manifest:
    """Declare the model."""
    return manifest(Net, **hyperparameters)


def tensors(of: Manifest) -> Tensors:
    """Give what a checkpoint of a model holds."""
    return {entry.name: (entry.shape, entry.dtype) for entry in of}


def file(
    rename: Callable[[str], str | None] = lambda name: name, more: Tensors | None = None, **other: Any
) -> CheckpointHeader:
    """Make a checkpoint of the model with other hyperparameters, renamed by a function; None leaves a tensor out."""
    held = {new: spec for name, spec in tensors(model(**other)).items() if (new := rename(name)) is not None}
    return stored({**held, **(more or {})})


def refusal(of: Manifest, header: CheckpointHeader, **arguments: Any) -> CheckpointMismatchError:
    """Give the error of a load."""
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(of, header, **{"again": again_of(of), **arguments})
    return caught.value


def causes(of: Manifest, header: CheckpointHeader, **arguments: Any) -> list[Cause]:
    """Give the likely causes that the error of a load has as data."""
    found = refusal(of, header, **arguments).causes
    return [cause for cause in found if isinstance(cause, Cause)]


def kinds(of: Manifest, header: CheckpointHeader, **arguments: Any) -> list[str]:
    """Give the kinds of the likely causes."""
    return [cause.kind for cause in causes(of, header, **arguments)]


def mended(header: CheckpointHeader, **hyperparameters: Any) -> LoadPlan:
    """Load again as the causes advise: with their settings, rules and patterns."""
    found = causes(model(**hyperparameters), header)
    settings: dict[str, Any] = dict(hyperparameters)
    rename: dict[str, Any] = {}
    patterns: Mapping[str, list[str]] = {"missing": [], "unexpected": []}
    for cause in found:
        settings.update(cause.settings)
        rename.update(cause.rename)
        patterns["missing"].extend(cause.missing)
        patterns["unexpected"].extend(cause.unexpected)
    return make_plan(model(**settings), header, rename=rename or None, **patterns)
