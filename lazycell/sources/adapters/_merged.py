"""A checkpoint with adapters merged into it: a view whose parts are computed as they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from ...formats import CheckpointHeader, Computed, TensorHeader
from ._adapter import Adapter
from ._adapter_changes import OfTensor, changes_of
from ._low_rank import Change, Changed


def merged(header: CheckpointHeader, adapters: Sequence[Adapter], *, as_stored: bool = False) -> CheckpointHeader:
    """Give a checkpoint with the changes of adapters.

    Args:
        header: the base's, in floats: see `dequantized`.
        adapters: in any order; their changes are added.
        as_stored: round what changes to the dtype that it has in the base, instead of leaving it in float32.

    Raises:
        CheckpointFormatError: a tensor of an adapter has a name that says nothing.
        CheckpointMismatchError: an adapter is none of this base.
    """
    found: dict[str, list[OfTensor]] = {}
    for adapter in adapters:
        for name, change in changes_of(adapter, header).items():
            found.setdefault(name, []).append(change)
    tensors = dict(header.tensors)
    for name, of_tensor in found.items():
        tensors[name] = _changed(name, tensors.get(name), of_tensor, as_stored)
    return attrs.evolve(header, tensors=tensors)


def _changed(name: str, base: TensorHeader | None, of_tensor: Sequence[OfTensor], as_stored: bool) -> TensorHeader:
    """Give a tensor with the changes of one adapter or more."""
    instead = next((each.instead for each in of_tensor if each.instead is not None), None)
    changes: tuple[Change, ...] = tuple(change for each in of_tensor for change in each.changes)
    there = instead if instead is not None else base
    assert there is not None
    stored = there if base is None else base
    count = "adapter" if len(of_tensor) == 1 else f"{len(of_tensor)} adapters"
    origin = f"{stored.origin or stored.dtype} + {count}"
    if not changes and (not as_stored or there.dtype == stored.dtype):
        return TensorHeader(
            name, there.dtype, there.shape, there.ranges, f"{there.origin or there.dtype} of the adapter"
        )
    dtype = stored.dtype if as_stored else "float32"
    values = Changed(there, changes, max(1, math.prod(there.shape[1:])))
    return TensorHeader(name, dtype, there.shape, (Computed(there.shape, values, dtype),), origin)
