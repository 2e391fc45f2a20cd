"""A checkpoint with adapters merged into it: a view whose parts are computed as they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from ...formats import CheckpointHeader, Computed, TensorHeader
from ._adapted import REPLACED, Adapted
from ._adapter import Adapter
from ._adapter_changes import OfTensor, changes_of
from ._low_rank import OfExperts


def merged(header: CheckpointHeader, adapters: Sequence[Adapter], *, as_stored: bool = False) -> CheckpointHeader:
    """Give a checkpoint with the changes of adapters. Nothing but headers is read.

    Args:
        header: the base's, in floats: see `dequantized`.
        adapters: in any order; their changes are added.
        as_stored: round what changes to the dtype that it has in the base, instead of leaving it in float32.

    Raises:
        CheckpointError: an adapter is none of this base, has tensors that say nothing, or cannot be merged with others.
        ConfigError: its config says what cannot be followed.
    """
    found: dict[str, list[OfTensor]] = {}
    notes = [*header.notes]
    for adapter in adapters:
        changes = changes_of(adapter, header, is_alone=len(adapters) == 1)
        notes += changes.notes
        for name, change in changes.tensors.items():
            found.setdefault(name, []).append(change)
    tensors = dict(header.tensors)
    for name, of_tensor in found.items():
        tensors[name] = _changed(name, tensors.get(name), of_tensor, as_stored)
    stored = header if header.stored is None else header.stored
    return attrs.evolve(header, tensors=tensors, notes=tuple(dict.fromkeys(notes)), stored=stored)


def _changed(name: str, base: TensorHeader | None, of_tensor: Sequence[OfTensor], as_stored: bool) -> TensorHeader:
    """Give a tensor with the changes of one adapter or more."""
    there = next((each.instead for each in of_tensor if each.instead is not None), base)
    assert there is not None
    changes = tuple(change for each in of_tensor for change in each.changes)
    stored = there if base is None else base
    if not changes and (not as_stored or there.dtype == stored.dtype):
        return attrs.evolve(there, name=name, origin=f"{there.origin or there.dtype}{REPLACED}")
    shape, dtype = there.shape, stored.dtype if as_stored else "float32"
    by_last = any(isinstance(change, OfExperts) for change in changes)
    values = Adapted(there, changes, max(1, shape[-1] if by_last else math.prod(shape[1:])))
    count = "adapter" if len(of_tensor) == 1 else f"{len(of_tensor)} adapters"
    origin = f"{stored.origin or stored.dtype} + {count}" if changes else f"{there.dtype}{REPLACED}"
    return TensorHeader(name, dtype, shape, (Computed(shape, values, dtype),), origin)
