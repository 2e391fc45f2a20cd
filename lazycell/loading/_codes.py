"""Codes of quantized weights are not loaded, and not left out, where their scales are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..formats import CheckpointHeader
from ..layout import RenameRule, Renaming, apply_rules
from ..mismatch import Problem
from ..sources import Blocks, Quantized, block_size, blocks_of, quantized_tensors
from ._lookup import Lookup


def with_codes(
    problems: Sequence[Problem],
    there: Lookup,
    filled: Collection[str],
    header: CheckpointHeader,
    renaming: Renaming,
    rules: tuple[RenameRule, ...],
) -> list[Problem]:
    """Find codes that the model would take for weights, or do without, where it does not take their scales too.

    Args:
        problems: what is wrong with the load otherwise.
        there: what the checkpoint has.
        filled: the parameters that are filled.
        header: the checkpoint.
        renaming: what `rename` and migrations made of its names.
        rules: those of `rename`.
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
    told = block_size(header)
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


def quantized_problem(weight: Quantized, header: CheckpointHeader, name: str, told: Blocks | None) -> Problem:
    """Say that a tensor is codes, and why their scales are not applied.

    Args:
        weight: it and what belongs to it.
        header: the checkpoint.
        name: of the tensor, after `rename`.
        told: the size of blocks that the config tells.
    """
    tensor = header.tensors[weight.codes]
    why = blocks_of(weight, header, told)
    return Problem(
        "quantized", name, why if isinstance(why, str) else "", None, tensor, reason="codes", names=weight.needed
    )
