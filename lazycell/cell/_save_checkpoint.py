"""Saving a net: from its parameters to the tensors that a checkpoint stores."""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import attrs
from mindspore import nn

from .. import _dtypes, parameters, show
from .._arguments import check_progress
from .._collector import collector_paused
from .._harmless import printable
from ..layout import LAYOUT, NAMING, Stored
from ..manifest import DIGEST, Manifest, stored_tensors
from ..mesh import sizes_of_meshes
from ..parameters import draw_state, lacks_values, mesh_of, no_values_to_save, numpy_values
from ..saving import (
    Content,
    Destination,
    Encrypt,
    Losses,
    SaveReport,
    content_of_array,
    destination_of,
    floating_dtype,
    save,
)
from ..system import Array
from . import _together
from ._choice import check_patterns, choose_parameters
from ._net_manifest import survey
from ._prepared_save import PreparedSave

if TYPE_CHECKING:
    from ..saving import Companion
    from ._torch_names import TorchNames

MODEL = "lazycell.model"


def save_checkpoint(
    net: nn.Cell,
    path: str | PathLike[str],
    *,
    format: str | None,
    max_shard_size: int | str | None,
    dtype: Any,
    enc_key: bytes | None,
    enc_mode: str | None,
    progress: Callable[[int, int], None] | None,
    torch_names_of: Callable[..., TorchNames],
    only: Iterable[str] | None = None,
    names: str | None = None,
    ckpt_names: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None,
    companion_of: Callable[[Manifest, str | None], Companion] | None = None,
    layout: str = "whole",
    timeout: float = 300.0,
) -> SaveReport:
    """Write every parameter; the body of `LazyCell.save_checkpoint`.

    Args:
        net: any cell.
        path: as `LazyCell.save_checkpoint` takes it, and so are the options up to `progress`.
        format: likewise.
        max_shard_size: likewise.
        dtype: likewise.
        enc_key: likewise.
        enc_mode: likewise.
        progress: likewise.
        torch_names_of: gives PyTorch's names; called only where they are needed.
        only: patterns of the parameters that are saved; None: all.
        names: whose the names are to be; None: those of the checkpoint that was loaded.
        ckpt_names: gives, for parameters by full name, those that have another name in a `.ckpt`.
        companion_of: gives a file that is replaced with the checkpoint, of the net's manifest and the dtype of the
            floating-point tensors, if they get one; called when the net is known to have values.
        layout: on a mesh: ordinary files, `"whole"`, or files of each rank's own, `"ranks"`.
        timeout: on a mesh: seconds without a sign of another rank until it counts as gone.
    """
    losses = Losses()
    prepared = functools.partial(
        _prepared,
        net,
        path,
        format=format,
        max_shard_size=max_shard_size,
        dtype=dtype,
        progress=progress,
        torch_names_of=torch_names_of,
        only=only,
        names=names,
        companion_of=companion_of,
    )
    mesh = mesh_of(net) if sizes_of_meshes else None
    if mesh is not None:
        if enc_key is not None or enc_mode is not None:
            raise ValueError("enc_key: only a .ckpt can be encrypted, which several ranks cannot write")
        report, target = _together.save_on_mesh(net, mesh, prepared, losses, layout, timeout, progress)
    else:
        ready = prepared()
        destination, target = ready.destination, ready.target
        encryption = _encryption(destination, enc_key, enc_mode)
        in_ckpt = ckpt_names(ready.sources) if ckpt_names is not None and destination.format == "ckpt" else {}
        with collector_paused():
            contents = _contents(ready.manifest, ready.sources, ready.stored, losses, in_ckpt)
        report = save(
            destination,
            contents,
            metadata=ready.metadata,
            encrypt=encryption,
            progress=progress,
            companion=ready.companion,
        )
    if target is not None:
        losses.warn(report.path, target, stacklevel=3)
    return report


def _prepared(
    net: nn.Cell,
    path: str | PathLike[str],
    *,
    format: str | None,
    max_shard_size: int | str | None,
    dtype: Any,
    progress: Callable[[int, int], None] | None,
    torch_names_of: Callable[..., TorchNames],
    only: Iterable[str] | None,
    names: str | None,
    companion_of: Callable[[Manifest, str | None], Companion] | None,
    surveyed: tuple[Manifest, Mapping[str, Any]] | None = None,
) -> PreparedSave:
    check_progress(progress)
    destination = destination_of(path, format, max_shard_size)
    target = floating_dtype(dtype)
    with collector_paused():
        whole, every = survey(net, migrations=lambda cls: ()) if surveyed is None else surveyed
        found, sources = (whole, every) if only is None else _part(net, whole, every, only)
        lacking = {name: parameter for name, parameter in sources.items() if lacks_values(parameter)}
        if lacking:
            draw_state(lacking.values())
            declared = [name for name, parameter in lacking.items() if lacks_values(parameter)]
            if declared:
                raise no_values_to_save(net, declared)
        manifest = _with_dtype(found, target)
        stored, without = _layout(net, whole, every, names, destination.format, torch_names_of)
        if only is not None:
            _refuse_halves(stored, *({entry.name for entry in each.entries} for each in (found, whole)))
        if without:
            manifest = attrs.evolve(manifest, entries=tuple(each for each in manifest if each.name not in without))
    companion = None if companion_of is None else companion_of(found, target)
    metadata = {"format": "pt", MODEL: manifest.model, DIGEST: manifest.digest}
    return PreparedSave(destination, manifest, sources, stored, metadata, target, companion)


def _part(
    net: nn.Cell, manifest: Manifest, sources: Mapping[str, Any], only: Iterable[str]
) -> tuple[Manifest, dict[str, Any]]:
    """Give the manifest of the parameters that patterns choose, and these.

    Raises:
        TypeError: they are no patterns.
        ValueError: one matches nothing, or there are none.
    """
    patterns = check_patterns("only", only)
    if not patterns:
        raise ValueError("only=[]: nothing would be saved: write patterns of names, or leave it out")
    every = [entry.name for entry in manifest.entries]  # on a mesh, also what other ranks have
    wanted = choose_parameters("only", patterns, net, every, manifest.ties)
    entries = tuple(entry for entry in manifest.entries if entry.name in wanted)
    return attrs.evolve(manifest, entries=entries), {name: each for name, each in sources.items() if name in wanted}


def _refuse_halves(layout: Iterable[Stored], chosen: Container[str], every: Container[str]) -> None:
    """Refuse to save a part of what is one tensor in the file.

    Raises:
        ValueError: a tensor is of parameters that are chosen, and of others.
    """
    for stored in layout:
        left_out = [name for name in stored.parameters if name not in chosen and name in every]
        if left_out and len(left_out) < len(set(stored.parameters)):
            raise ValueError(
                f"only: the file has one tensor, {show.printable(stored.name)}, for {show.few(stored.parameters, 4)}, "
                f"and {show.few(left_out, 4)} would be left out: choose all of them or none"
            )


def _layout(
    net: nn.Cell,
    manifest: Manifest,
    sources: Mapping[str, Any],
    names: str | None,
    format: str,
    torch_names_of: Callable[..., TorchNames],
) -> tuple[Sequence[Stored], frozenset[str]]:
    """Give the layout of what is written, and the parameters that are not: PyTorch does not have them.

    As long as they are what they start from: nothing that was learned is left out.
    """
    loaded = net.__dict__.get(NAMING)
    if names is None and loaded is None:
        return net.__dict__.get(LAYOUT, manifest.stored), frozenset()
    if names == "mindspore" or (names is None and format == "ckpt"):  # for MindSpore, which looks for its own names
        return manifest.stored, frozenset()
    torch = torch_names_of(net, manifest, sources)
    known = {**torch.lacking, **{name: value for name, value in torch.perhaps.items() if name in (loaded or ())}}
    without = {name for name, value in known.items() if bool((numpy_values(sources[name]) == value).all())}
    return (torch.stored or manifest.stored) if names == "torch" else net.__dict__[LAYOUT], frozenset(without)


def _contents(
    manifest: Manifest,
    sources: Mapping[str, Any],
    layout: Sequence[Stored],
    losses: Losses,
    names: Mapping[str, str],
) -> list[Content]:
    """Give what is written: in the layout of the checkpoint that was loaded, else as declared; each tie once.

    Where there is no layout, a parameter that is in `names` has that name in the file.
    """

    def values(name: str) -> Array:
        return numpy_values(sources[name])

    if not layout:  # as of most nets: each parameter is a tensor by itself
        return [
            content_of_array(
                names.get(each.name, each.name),
                each.dtype,
                each.shape,
                functools.partial(values, each.name),
                losses,
            )
            for each in manifest.entries
        ]
    return [
        content_of_array(each.name, each.dtype, each.shape, functools.partial(each.assemble, values), losses)
        for each in stored_tensors(manifest, layout)
    ]


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


def _encryption(destination: Destination, key: bytes | None, mode: str | None) -> Encrypt | None:
    if key is None and mode is None:
        return None
    cipher = parameters.cipher_mode(key, mode, "enc")
    if key is None:
        return None
    if destination.format != "ckpt":
        raise ValueError(
            f"{printable(str(destination.path))}: enc_key: only a .ckpt can be encrypted; save as one, or without a key"
        )
    parameters.encrypt(b"", key, cipher)  # a key or a mode that cannot be is found before anything is written
    return lambda block: parameters.encrypt(block, key, cipher)
