"""What a load with adapters is of: the checkpoint with their changes."""

from __future__ import annotations

from .. import sources
from ..formats import CheckpointHeader
from ..sources import adapters
from ._options import LoadOptions


def with_adapters(header: CheckpointHeader, options: LoadOptions) -> CheckpointHeader:
    """Give a checkpoint with the adapters of a load merged into it; nothing but headers and configs is read.

    Args:
        header: the checkpoint, as it is stored.
        options: of the load.

    Raises:
        CheckpointError: an adapter cannot be read, or is none of this checkpoint.
    """
    if options.adapter is None:
        return header
    given = adapters.read_adapters(options.adapter)
    floats = sources.dequantized(header, quantization=options.quantization)
    return adapters.merged(floats, given, as_stored=options.dtype != "cast")
