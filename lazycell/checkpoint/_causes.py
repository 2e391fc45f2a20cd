"""Tell the likely cause of a mismatch where it can be told simply. Causes are proposed, never acted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .._collapse import braces, split_indices
from ..manifest._manifest import Manifest
from ._problems import Cause, Problem

# Names looked at to find a prefix; whether it holds is then counted on all of them.
_SAMPLED = 8


def likely_causes(problems: Sequence[Problem], manifest: Manifest, keys: Collection[str]) -> tuple[Cause, ...]:
    """Give the likely causes of `problems`.

    Args:
        problems: all problems of the load.
        manifest: the model.
        keys: the checkpoint's names, after `rename`.
    """
    missing = [problem.name for problem in problems if problem.kind == "missing"]
    unexpected = [problem.name for problem in problems if problem.kind == "unexpected"]
    names = {entry.name for entry in manifest.entries} | set(manifest.ties)
    prefix = _prefix(missing, unexpected, keys)
    if prefix is not None:
        return prefix, *_sizes(problems, manifest)
    old_names = _gamma_and_beta(missing, unexpected)
    if old_names is not None:
        return old_names, *_sizes(problems, manifest)
    if missing and keys and names.isdisjoint(keys):
        text = "no name in the checkpoint is one of the model's: it is another model's, or `rename` is needed"
        return (Cause(text),)
    layers = _layers(missing, unexpected, names, keys, manifest.hyperparameters)
    return *layers, *_sizes(problems, manifest)


def is_transposed(declared: tuple[int, ...], stored: tuple[int, ...]) -> bool:
    """Whether a matrix has the other's shape turned round."""
    return len(declared) == 2 and declared != stored and declared == stored[::-1]


def _prefix(missing: Sequence[str], unexpected: Sequence[str], keys: Collection[str]) -> Cause | None:
    """One prefix that all names of one side lack: `bert.encoder.…` in the file, `encoder.…` in the model."""
    extra = _common_prefix(missing, unexpected)
    if extra is not None:
        if all(key.startswith(extra) for key in keys):
            text = f"every key of the checkpoint starts with `{extra}`"
        else:
            text = f"the checkpoint has the missing parameters under `{extra}`"
        advice = f'rename={{"{extra}{{*rest}}": "{{*rest}}"}}'
        return Cause(
            f"{text}: pass {advice}",
            frozenset(missing) | frozenset(k for k in unexpected if k.startswith(extra)),
        )
    lacking = _common_prefix(unexpected, missing)
    if lacking is not None:
        text = f"the model's names start with `{lacking}`, the checkpoint's do not"
        advice = f'rename={{"{{*rest}}": "{lacking}{{*rest}}"}}'
        return Cause(f"{text}: pass {advice}", frozenset(unexpected) | frozenset(missing))
    return None


def _common_prefix(short: Sequence[str], long: Sequence[str]) -> str | None:
    """Give the prefix that turns at least half of `short` into names of `long`."""
    votes: Counter[str] = Counter()
    for name in short[:: max(1, len(short) // _SAMPLED)]:
        ending = "." + name
        votes.update(other[: -len(name)] for other in long if other.endswith(ending))
    if not votes:
        return None
    prefix = votes.most_common(1)[0][0]
    there = set(long)
    hits = sum(prefix + name in there for name in short)
    return prefix if 2 * hits >= len(short) and (hits > 1 or len(long) == 1) else None


def _gamma_and_beta(missing: Sequence[str], unexpected: Sequence[str]) -> Cause | None:
    """Normalizations whose weight and bias are called gamma and beta: in checkpoints converted from TensorFlow."""
    current = {"gamma": "weight", "beta": "bias"}
    there = set(missing)
    renamed: dict[str, str] = {}
    for key in unexpected:
        path, _, last = key.rpartition(".")
        if last in current and f"{path}.{current[last]}" in there:
            renamed[key] = f"{path}.{current[last]}"
    if not renamed:
        return None
    advice = 'rename={"{*path}.gamma": "{*path}.weight", "{*path}.beta": "{*path}.bias"}'
    text = f"the checkpoint says gamma and beta where the model says weight and bias: pass {advice}"
    return Cause(text, frozenset(renamed) | frozenset(renamed.values()))


def _layers(
    missing: Sequence[str],
    unexpected: Sequence[str],
    names: Iterable[str],
    keys: Iterable[str],
    hyperparameters: Mapping[str, Any],
) -> list[Cause]:
    """A list of layers that has another length in the checkpoint."""
    declared, stored = _lengths(names), _lengths(keys)
    causes = []
    for place in sorted(declared.keys() & stored.keys(), key=len):
        ours, theirs = declared[place], stored[place]
        if ours == theirs:
            continue
        concerned = frozenset(
            name
            for name in (*missing, *unexpected)
            if _index_at(name, place) in range(min(ours, theirs), max(ours, theirs))
        )
        if not concerned:
            continue
        setting = _hyperparameter(hyperparameters, ours)
        advice = f": `{setting}={theirs}`?" if setting else ""
        shown = place.replace("#", "*")
        causes.append(
            Cause(
                f"the checkpoint has {theirs} {_plural(place)} (`{shown}{braces(range(theirs))}`), "
                f"the model {ours}{advice}",
                concerned,
            )
        )
    return causes


def _lengths(names: Iterable[str]) -> dict[str, int]:
    """Give the largest index plus one for each place where one stands (`layers.`, `layers.#.experts.`)."""
    lengths: dict[str, int] = {}
    for name in names:
        words, indices = split_indices(name)
        place = words[0]
        for index, word in zip(indices, words[1:], strict=True):
            if index >= lengths.get(place, 0):
                lengths[place] = index + 1
            place += "#" + word
    return lengths


def _index_at(name: str, place: str) -> int | None:
    words, indices = split_indices(name)
    here = words[0]
    for index, word in zip(indices, words[1:], strict=True):
        if here == place:
            return index
        here += "#" + word
    return None


def _plural(place: str) -> str:
    last = place.rstrip(".").rpartition(".")[2]
    if last.endswith("s"):
        return last
    return "layers" if "layer" in last or last == "h" else "blocks" if "block" in last else "cells"


def _sizes(problems: Sequence[Problem], manifest: Manifest) -> list[Cause]:
    """A hyperparameter whose other value would explain the shapes that differ."""
    proposals: dict[str, dict[int, None]] = {}
    vocabularies: dict[str, Cause] = {}
    for problem in problems:
        entry, tensor = problem.entry, problem.tensor
        if problem.kind != "shape" or entry is None or tensor is None or len(entry.shape) != len(tensor.shape):
            continue
        if is_transposed(entry.shape, tensor.shape):
            continue
        differing = [axis for axis, size in enumerate(entry.shape) if size != tensor.shape[axis]]
        for axis in differing:
            setting = _hyperparameter(manifest.hyperparameters, entry.shape[axis])
            if setting is not None:
                proposals.setdefault(setting, {})[tensor.shape[axis]] = None
            elif differing == [0] and len(entry.shape) == 2 and "embed" in entry.name:
                text = "a vocabulary of another size: "
                text += f"{tensor.shape[0]} in the checkpoint, {entry.shape[0]} in the model"
                vocabularies.setdefault(text, Cause(text))
    causes = []
    for setting, sizes in proposals.items():
        if len(sizes) == 1:  # two different proposals explain nothing
            (size,) = sizes
            what = "a vocabulary of another size: " if "vocab" in setting else ""
            ours = manifest.hyperparameters[setting]
            causes.append(Cause(f"{what}the model has {setting}={ours}, the checkpoint {size}: `{setting}={size}`?"))
    return [*causes, *vocabularies.values()]


def _hyperparameter(hyperparameters: Mapping[str, Any], value: int) -> str | None:
    """Give the one hyperparameter that has this value; with two it cannot be told which."""
    names = [name for name, own in hyperparameters.items() if type(own) is int and own == value]
    return names[0] if len(names) == 1 else None
