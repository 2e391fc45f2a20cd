"""Codes of quantized weights are taken for the floats that they are, or not loaded, and not left out either."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .. import sources
from ..formats import CheckpointHeader
from ..layout import RenameRule, Renaming, apply_rules
from ..manifest import Manifest
from ..mismatch import Problem
from ..sources import Quantized, quantized_tensors
from ._adapt import adapt, made_by
from ._lookup import Lookup
from ._options import LoadOptions


def in_floats(
    manifest: Manifest,
    header: CheckpointHeader,
    options: LoadOptions,
    rules: tuple[RenameRule, ...] = (),
) -> CheckpointHeader:
    """Take codes for the floats that they are, but for those that the model declares, or whose scales it does.

    Args:
        manifest: what the model declares.
        header: the checkpoint, as it is stored.
        options: of the load.
        rules: those of `rename`.
    """
    known = {*(entry.name for entry in manifest.entries), *manifest.ties, *(stored.name for stored in manifest.stored)}
    renaming = apply_rules(rules, header.tensors)
    names = {**renaming.names}
    if manifest.leftovers or (options.partial and manifest.base):
        names |= adapt(manifest, names, made_by(rules, renaming), options.partial)[0]

    def is_kept(name: str) -> bool:
        return names.get(name) in known or name in renaming.forms

    return sources.dequantized(header, is_kept, options.quantization)


def with_codes(
    problems: Sequence[Problem],
    there: Lookup,
    filled: Collection[str],
    header: CheckpointHeader,
    renaming: Renaming,
    rules: tuple[RenameRule, ...],
    quantization: Mapping[str, Any] | None = None,
) -> list[Problem]:
    """Find codes that the model would take for weights, or do without, where it does not take their scales too.

    Args:
        problems: what is wrong with the load otherwise.
        there: what the checkpoint has.
        filled: the parameters that are filled.
        header: the checkpoint.
        renaming: what `rename` and migrations made of its names.
        rules: those of `rename`.
        quantization: what the user says of how the weights are stored.
    """
    found = tuple(quantized_tensors(header.tensors))
    if not found:
        return [*problems]
    used = {there.tensors[name].name for name in there.used}.union(renaming.forms)
    wanted = {
        name
        for entry in there.manifest.entries
        if entry.name not in filled
        for name in (*there.names_of(entry), *there.former_names_of(entry))
    }
    strange: set[str] = set()
    if any(each.kind == "missing" for each in problems):  # perhaps under another name
        strange = {each.tensor.name for each in problems if each.kind == "unexpected" and each.tensor}
    alone = {each.codes: each for each in codes_alone(found, used, wanted, strange, rules)}
    told = sources.quantization_of(header, quantization)
    # Shapes and dtypes are those of the codes: nothing follows from them.
    return [
        *(quantized_problem(each, header, renaming.names.get(each.codes, each.codes), told) for each in alone.values()),
        *(
            each
            for each in problems
            if each.kind not in ("shape", "dtype") or each.tensor is None or each.tensor.name not in alone
        ),
    ]


def codes_alone(
    found: Sequence[Quantized],
    used: Collection[str],
    wanted: Collection[str],
    strange: Collection[str],
    rules: tuple[RenameRule, ...],
) -> list[Quantized]:
    """Give the quantized weights that the model needs, and of which it does not take all that gives them values.

    A model that declares the scales too takes codes for codes. One that needs no such weight may leave out all of it.

    Args:
        found: the quantized weights of the checkpoint.
        used: names in the checkpoint of what fills parameters.
        wanted: names, after `rename`, under which parameters are looked for that nothing has filled.
        strange: names in the checkpoint of what is in the way of the load, because the model needs none of it.
        rules: those of `rename`.
    """
    taken = set(used)
    others = [each for each in found if each.codes not in taken]
    # What the weight would be called if it were stored in floats, as `rename` would have it.
    names = apply_rules(rules, [each.name for each in others]).names
    return [
        each
        for each in found
        if (
            not taken.issuperset(each.needed)
            if each.codes in taken
            else each.codes in strange or names.get(each.name) in wanted
        )
    ]


def quantized_problem(weight: Quantized, header: CheckpointHeader, name: str, told: Mapping[str, Any]) -> Problem:
    """Say that a tensor is codes, and why they are not taken for floats.

    Args:
        weight: it and what belongs to it.
        header: the checkpoint.
        name: of the tensor, after `rename`.
        told: what is said of how the weights are stored.
    """
    tensor = header.tensors[weight.codes]
    why = sources.view_of(weight, header, told)
    return Problem(
        "quantized", name, why if isinstance(why, str) else "", None, tensor, reason="codes", names=weight.needed
    )
