"""Saving a net: from its parameters to the tensors that a checkpoint stores."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any

import attrs
from mindspore import nn

from .. import _dtypes
from .._arguments import check_progress
from ..layout._layout import Stored
from ..manifest._digest import DIGEST
from ..manifest._manifest import Manifest
from ..manifest._tensors import stored_tensors
from ..parameters import encrypt, refuse_without_values, uninitialized
from ..parameters._framework import numpy_values
from ..saving._convert import floating_dtype
from ..saving._destination import Destination, destination_of
from ..saving._output import Content, content_of_array
from ..saving._save import Losses, SaveReport, save
from ..saving._write_ckpt import Encrypt
from ..system._collector import collector_paused
from ._cipher import cipher_mode
from ._load_checkpoint import LAYOUT
from ._net_manifest import manifest_of_net

MODEL = "lazycell.model"


def save_checkpoint(
    net: nn.Cell,
    path: str | PathLike[str],
    *,
    format: str,
    max_shard_size: int | str | None,
    dtype: Any,
    enc_key: bytes | None,
    enc_mode: str | None,
    progress: Callable[[int, int], None] | None,
) -> SaveReport:
    """Write every parameter; the body of `LazyCell.save_checkpoint`."""
    check_progress(progress)
    destination = destination_of(path, format, max_shard_size)
    target = floating_dtype(dtype)
    encryption = _encryption(destination, enc_key, cipher_mode(enc_key, enc_mode, "enc"))
    losses = Losses()
    with collector_paused():
        refuse_without_values(net, uninitialized(net))
        manifest = _with_dtype(manifest_of_net(net), target)
        contents = _contents(net, manifest, losses)
    report = save(
        destination,
        contents,
        metadata={"format": "pt", MODEL: manifest.model, DIGEST: manifest.digest},
        encrypt=encryption,
        progress=progress,
    )
    if target is not None:
        losses.warn(destination.path, target, stacklevel=3)
    return report


def _contents(net: nn.Cell, manifest: Manifest, losses: Losses) -> list[Content]:
    """Give what is written: in the layout of the checkpoint that was loaded, else as declared; each tie once."""
    parameters = dict(net.parameters_and_names())

    def content(stored: Stored) -> Content:
        return content_of_array(
            stored.name,
            stored.dtype,
            stored.shape,
            lambda: stored.assemble(lambda name: numpy_values(parameters[name])),
            losses,
        )

    return [content(stored) for stored in stored_tensors(manifest, net.__dict__.get(LAYOUT))]


def _with_dtype(manifest: Manifest, dtype: str | None) -> Manifest:
    """Give the manifest of what is in the file: floats have `dtype`."""
    if dtype is None:
        return manifest
    return attrs.evolve(
        manifest,
        entries=tuple(
            attrs.evolve(entry, dtype=dtype) if entry.dtype in _dtypes.FLOATING else entry for entry in manifest
        ),
    )


def _encryption(destination: Destination, key: bytes | None, mode: str) -> Encrypt | None:
    if key is None:
        return None
    if destination.format != "ckpt":
        raise ValueError(f"{destination.path}: enc_key: only a .ckpt can be encrypted; save as one, or without a key")
    encrypt(b"", key, mode)  # a key or a mode that cannot be is found before anything is written
    return lambda block: encrypt(block, key, mode)
