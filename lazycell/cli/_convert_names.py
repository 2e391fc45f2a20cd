"""A checkpoint under MindSpore's names or PyTorch's: read into the net that tells them, and written again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import lazycell

from .._errors import CheckpointMismatchError, LazyCellError
from ._interrupt import interrupts_held
from ._model import Options, find
from ._shell import Shell

if TYPE_CHECKING:
    from ..saving import Destination, SaveReport


def convert_names(
    source: Path,
    destination: Destination,
    *,
    model: str,
    options: Options,
    names: str,
    dtype: str | None,
    rename: Mapping[str, str] | None,
) -> SaveReport:
    """Read a checkpoint by either kind of names, and write it by those that are asked for, in their form.

    Args:
        source: the checkpoint.
        destination: where it is written.
        model: MODEL, which gives the net.
        options: its hyperparameters.
        names: `mindspore` or `torch`.
        dtype: of floating-point tensors; None: their own.
        rename: as for a load.

    Raises:
        click.UsageError: there is no such model, or it is a manifest file.
        LazyCellError: the model cannot be built, or the checkpoint does not fit it.
    """
    found = find(model, options)
    if found.cls is None and found.factory is None:
        raise click.UsageError(f"{model} is a manifest: --to-names needs what builds the net, module:function, say")
    net: Any = found.build()
    with interrupts_held() as let_through:
        try:
            lazycell.load_checkpoint(source, net, dtype="checkpoint", rename=rename)
        except CheckpointMismatchError as error:
            raise LazyCellError(error.mismatch.text(Shell(options=("rename",)))) from None  # type: ignore[attr-defined]
        let_through()
        lazycell.init_parameters_data(net)  # what PyTorch does not have: constants
        report = lazycell.save_checkpoint(
            net,
            destination.given,
            names=names,
            dtype=dtype,
            max_shard_size=destination.most,
            format=destination.format,
        )
    return report
