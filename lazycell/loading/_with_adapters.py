"""What a load with adapters is of: the checkpoint with their changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .. import sources
from ..formats import CheckpointHeader, TensorHeader
from ..sources import adapters
from ._options import LoadOptions
from ._plan import AppliedAdapter


def with_adapters(
    header: CheckpointHeader, options: LoadOptions
) -> tuple[CheckpointHeader, tuple[AppliedAdapter, ...]]:
    """Give a checkpoint with the adapters of a load merged into it; nothing but headers and configs is read.

    Args:
        header: the checkpoint, as it is stored.
        options: of the load.

    Returns:
        The checkpoint, and what each adapter changes of it, in the order in which they were given.

    Raises:
        CheckpointError: an adapter cannot be read, or is none of this checkpoint.
        TypeError: `quantization` is no mapping.
        ValueError: weights that are stored as it says cannot be loaded.
    """
    if options.adapter is None:
        return header, ()
    if options.quantization is not None:
        sources.check_quantization(options.quantization)
    given = adapters.read_adapters(options.adapter)
    floats = sources.dequantized(header, quantization=options.quantization)
    as_stored = options.dtype != "cast"
    merged = adapters.merged(floats, given, as_stored=as_stored)
    each_alone = (
        [merged] if len(given) == 1 else [adapters.merged(floats, [each], as_stored=as_stored) for each in given]
    )
    names = adapter_names(each.path.name for each in given)
    applied = tuple(
        AppliedAdapter(name, each.path, each.weight, changed_between(floats.tensors, alone.tensors))
        for name, each, alone in zip(names, given, each_alone, strict=True)
    )
    return merged, applied


def adapter_names(directories: Iterable[str]) -> list[str]:
    """Give the names of adapters that were given none: `default` to a single one, else those of their directories."""
    found: dict[str, None] = {}
    given = list(directories)
    for directory in given if len(given) > 1 else ["default"]:
        name, number = directory, 2
        while name in found:
            name, number = f"{directory}-{number}", number + 1
        found[name] = None
    return [*found]


def changed_between(before: Mapping[str, TensorHeader], after: Mapping[str, TensorHeader]) -> tuple[str, ...]:
    """List the tensors of a checkpoint that a view of it has in another way, and those that it adds."""
    return tuple(name for name, tensor in after.items() if before.get(name) is not tensor)


def as_given(applied: Iterable[AppliedAdapter]) -> list[tuple[str, float]] | None:
    """Give the argument `adapter` that means these adapters; None: there are none."""
    return [(str(each.path), each.weight) for each in applied] or None
