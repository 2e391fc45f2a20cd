"""Codes of quantized weights are not loaded, and not left out, where their scales are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..formats._header import CheckpointHeader
from ..layout._rename import RenameRule, apply_rules
from ..mismatch._problems import APPLIED_BY_CAST, Problem
from ..sources._quantized import Quantized
from ..sources._scaled import Blocks, blocks_of


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
    """Say what a tensor of codes is, in the same words for every layer.

    Args:
        weight: it and what belongs to it.
        header: the checkpoint.
        name: of the tensor, after `rename`.
        told: the size of blocks that the config tells.
    """
    tensor = header.tensors[weight.codes]
    ends = ", ".join(f"`{each.rpartition('.')[2]}`" for each in weight.needed)
    text = f"{tensor.dtype} {tensor.shape}, codes that are weights only together with {ends}"
    why = blocks_of(weight, header, told)
    text += f"; {why if isinstance(why, str) else APPLIED_BY_CAST}"
    return Problem("quantized", name, text, None, tensor)
