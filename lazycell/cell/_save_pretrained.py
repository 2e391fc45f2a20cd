"""Saving a model as the directory that transformers and `from_pretrained` load: its weights, and what they are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from mindspore import nn

from .. import pretrained, show
from .._arguments import file_path
from .._dtypes import FLOATING
from .._errors import CheckpointError, ConfigError
from ..declaration import declaration_of
from ..manifest import Manifest, hyperparameters_of
from ..parameters import building
from ..saving import Companion, SaveReport, destination_of
from ._net_manifest import built_again, manifest_of_net
from ._save_checkpoint import save_checkpoint
from ._torch_names import torch_names_of

_SHOWN = 3


def save_pretrained(
    net: nn.Cell,
    path: str | PathLike[str],
    *,
    max_shard_size: int | str | None,
    dtype: Any,
    progress: Callable[[int, int], None] | None,
    timeout: float,
) -> SaveReport:
    """Write `model.safetensors` and `config.json`; the body of `LazyCell.save_pretrained`.

    Args:
        net: a declared cell.
        path: as `LazyCell.save_pretrained` takes it, and so are the other options.
        max_shard_size: likewise.
        dtype: likewise.
        progress: likewise.
        timeout: likewise.
    """
    directory = file_path(path, "path")
    _check_directory(directory)
    made: list[Path] = []

    def companion_of(manifest: Manifest, target: str | None) -> Companion:
        content = _config_of(net, manifest, target)
        make_directories(directory, made)
        return Companion(directory / "config.json", content)

    try:
        return save_checkpoint(
            net,
            directory / "model.safetensors",
            format="safetensors",
            max_shard_size=max_shard_size,
            dtype=dtype,
            enc_key=None,
            enc_mode=None,
            progress=progress,
            torch_names_of=torch_names_of,
            names="torch",
            companion_of=companion_of,
            timeout=timeout,
        )
    except BaseException:
        for each in reversed(made):
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


def _check_directory(directory: Path) -> None:
    """Refuse what cannot be the directory of a model.

    Raises:
        CheckpointError: something else is there, or the weights in it are links: of the hub's cache, say.
    """
    file = next((each for each in (directory, *directory.parents) if each.exists()), directory)
    if file.exists() and not file.is_dir():
        raise CheckpointError(
            f"{file} is a file, and a model is saved as a directory, of config.json and weights: give another path, or "
            "net.save_checkpoint(path) for the weights alone"
        )
    main = destination_of(directory / "model.safetensors", None, None)
    for each in (main.path, main.index):
        if each.is_symlink():
            raise CheckpointError(
                f"{each} is a link, as files of the hub's cache are, and what it points to is not this model's: give "
                "another directory, or remove the link"
            )


def make_directories(directory: Path, made: list[Path]) -> None:
    """Make a directory and those above it, and note which were not there, the outermost first.

    Ranks do it at once: what another one has made is its own to remove.
    """
    lacking = [each for each in (directory, *directory.parents) if not each.exists()]
    for each in reversed(lacking):
        try:
            each.mkdir()
        except FileExistsError:
            if each.is_dir():  # another rank has made it
                continue
            raise
        except OSError as error:
            raise OSError(error.errno, f"cannot save {directory}: cannot make {each}: {error.strerror}") from error
        made.append(each)


def _config_of(net: nn.Cell, manifest: Manifest, target: str | None) -> bytes:
    """Give the `config.json` of a net.

    Raises:
        ConfigError: the net has other parameters than its class with these hyperparameters; or what is not to be said
            in a config.
    """
    _check_parts(net, manifest)
    values, source = net.__dict__["_lazycell_values"], net.__dict__.get(pretrained.SOURCE)
    return pretrained.config_bytes(type(net), values, source, target or _dtype_of(manifest))


def _dtype_of(manifest: Manifest) -> str | None:
    """Give the dtype of most floating-point bytes."""
    sizes: dict[str, int] = {}
    for entry in manifest:
        if entry.dtype in FLOATING:
            sizes[entry.dtype] = sizes.get(entry.dtype, 0) + entry.nbytes
    return max(sizes, key=sizes.__getitem__, default=None)


def _check_parts(net: nn.Cell, manifest: Manifest) -> None:
    """Refuse a net some of whose parts are others than its class makes: no hyperparameter tells of them.

    Raises:
        ConfigError: there are such parts.
    """
    again = built_again(net)
    if again is not None and _shapes(again({})) == _shapes(manifest):
        return
    # An `__init__` or a `__post_init__` may make more than is declared.
    cls = type(net)
    declaration = declaration_of(cls)
    assert declaration is not None
    values = hyperparameters_of(declaration, net.__dict__["_lazycell_values"])
    try:
        with building():
            expected = _shapes(manifest_of_net(cls(**values)))
    except TypeError as error:
        raise ConfigError(
            f"no config.json can say what this {cls.__name__} is: its hyperparameters do not build it: {error}"
        ) from None
    found = _shapes(manifest)
    other = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    if other:
        name = other[0]
        is_there, was_there = found.get(name), expected.get(name)
        what = f"has shape {is_there}" if is_there is not None else "is not there"
        usual = f"makes it {was_there}" if was_there is not None else "has none of that name"
        raise ConfigError(
            f"no config.json can say what this {cls.__name__} is, since parts of it were replaced: {name} {what}, and "
            f"{cls.__name__} with its hyperparameters {usual} ({show.few(other, _SHOWN)}); "
            "net.save_checkpoint(path) writes the weights alone"
        )


def _shapes(manifest: Manifest) -> dict[str, tuple[int, ...]]:
    return {entry.name: entry.shape for entry in manifest}
