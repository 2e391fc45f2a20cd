"""What compressed-tensors' `config_groups` say of weights: bits, zero points, and how many columns have one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._column_groups import count_of


def weights_told(quantization: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give what a config says of weights, for each group of modules."""
    groups = quantization.get("config_groups")
    each = groups.values() if isinstance(groups, Mapping) else ()
    found = [group.get("weights") for group in each if isinstance(group, Mapping)]
    return [weights for weights in found if isinstance(weights, Mapping)]


def bits_told(quantization: Mapping[str, Any]) -> set[int]:
    """Give the bits of codes; none: the config does not say."""
    found = [weights.get("num_bits") for weights in weights_told(quantization)]
    return {bits for bits in found if isinstance(bits, int)}


def is_asymmetric(quantization: Mapping[str, Any]) -> bool:
    """Whether all weights have zero points."""
    said = [weights.get("symmetric") for weights in weights_told(quantization)]
    return bool(said) and all(each is False for each in said)


def size_told(quantization: Mapping[str, Any], columns: int, groups: int) -> int | None:
    """Give the columns of a group; None where neither the config nor the number of groups tells.

    Args:
        quantization: what the config says.
        columns: of the weight.
        groups: that have scales.
    """
    said = [weights.get("group_size") for weights in weights_told(quantization)]
    sizes = {size for size in said if isinstance(size, int) and size > 0}
    even = columns // groups if columns and groups and columns % groups == 0 else None
    if not sizes:
        return even
    fitting = {size for size in sizes if count_of(columns, size) == groups}
    if even in fitting:
        return even
    return fitting.pop() if len(fitting) == 1 else None
