"""From a directory in Hugging Face layout to a loaded model: `config.json` gives the hyperparameters."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from .. import formats, loading, parameters
from .._errors import ConfigError
from .._location import did_you_mean
from ..declaration import Declaration, declaration_of
from ..loading import LoadOptions
from ..mesh import Mesh, mesh_in_force
from ._architecture import class_of, text_part
from ._base_of_adapter import with_base
from ._config import SOURCE, Config, completed_by_file, find_config, hyperparameters_from_config, ignored_keys
from ._dtype import dtype_arguments, load_policy
from ._generation import generation_config
from ._place import find_place

if TYPE_CHECKING:
    from ..sources.adapters import Adapters
    from ._stored_tensors import StoredTensors


def load_pretrained(
    cls: type,
    path: Path,
    config: Config,
    options: LoadOptions,
    *,
    dtype: Any,
    hyperparameters: Mapping[str, Any],
    ignore_config: Iterable[str] = (),
    mesh: Mesh | None = None,
    whole: Iterable[str] = (),
) -> Any:
    """Build `cls` as a config asks, and load the weights; the body of `LazyCell.from_pretrained`."""
    declaration = declaration_of(cls)
    assert declaration is not None
    building = contextlib.nullcontext() if mesh is None and not whole else _on(mesh, whole, declaration)
    config = text_part(cls, config)
    ignored = ignored_keys(ignore_config, config.options)
    arguments = {**hyperparameters_from_config(cls, config.options, ignored), **hyperparameters}
    _check_complete(cls, declaration, arguments, config)
    opened = functools.partial(_open, path, options)
    arguments = {**completed_by_file(cls, arguments, opened, config), **hyperparameters}
    arguments |= dtype_arguments(cls, declaration, config, dtype, arguments)
    written = generation_config(config)  # read before anything is built: it may be refused
    with building:
        net = cls(**arguments)
    report = net.load_checkpoint(path, **attrs.evolve(options, dtype=load_policy(dtype)).arguments)
    net.load_report = attrs.evolve(report, ignored_config=ignored)
    if not hasattr(net, "generation_config"):  # what a class declares is its own
        net.generation_config = written
    if config.found:  # what was passed over is no option of this model
        net.__dict__[SOURCE] = {key: value for key, value in config.options.items() if key not in ignored}
    return net


def from_pretrained(
    path: str | PathLike[str],
    /,
    *,
    ignore_config: Iterable[str] = (),
    partial: bool | str = "new",
    dtype: Any = None,
    revision: str | None = None,
    missing: str | Iterable[str] = "error",
    unexpected: str | Iterable[str] = "error",
    rename: Mapping[str, Any] | None = None,
    mmap: bool = True,
    progress: Callable[[int, int], None] | None = None,
    verify: bool = False,
    dec_key: bytes | None = None,
    dec_mode: str | None = None,
    mesh: Mesh | None = None,
    whole: Iterable[str] = (),
    timeout: float = 300.0,
    adapter: Adapters | None = None,
    quantization: Mapping[str, Any] | None = None,
    **hyperparameters: Any,
) -> Any:
    """Build and load the model in a directory, a repository or a GGUF file, whose class it names.

    Args:
        path: a directory with `config.json` and weights, or a GGUF file; or, where there is none of that name, the id
            of a repository of Hugging Face's hub, `"ORG/NAME"`, as text. What is not in the hub's cache yet is
            downloaded if `huggingface_hub` is installed, `pip install "lazycell[hub]"`, and `HF_HUB_OFFLINE` does
            not forbid it.
        ignore_config: keys of the config that are passed over, where you know that the model computes the same without
            them; `net.load_report` lists them.
        partial: `"new"`: a head that the file does not have is left to its initializers, with a warning, and one that
            it has has to fit; nor is an output layer new that may be tied to the table. True: neither is asked. False:
            all has to fit.
        dtype: of the whole model; default: what the config says, if this device computes with that, else float32,
            which a warning tells. `"checkpoint"`: what the file has, parameter by parameter.
        revision: of a repository: a branch, a tag or a commit; default: its branch `main`.
        missing: as for `LazyCell.load_checkpoint`, and so are `unexpected` and `rename`.
        unexpected: likewise.
        rename: likewise, and `mmap`, `progress`, `verify`, `dec_key`, `dec_mode`.
        mmap: likewise.
        progress: likewise.
        verify: likewise.
        dec_key: likewise.
        dec_mode: likewise.
        mesh: how the ranks are arranged of which this is one: it builds and reads its part of the model. All of them
            load, or none. Default: that of `with Mesh(…):` around the call, or one rank.
        whole: hyperparameters that ranks do not divide, though the class says so.
        timeout: on a mesh: seconds to wait for an answer of another rank.
        adapter: as for `LazyCell.load_checkpoint`, and so is `quantization`.
        quantization: likewise.
        hyperparameters: take precedence over the config.

    Returns:
        The model; its `load_report` says what was loaded, and how.

    Warns:
        DtypeWarning: this device computes nothing in the config's dtype; the model is built in float32.
        ConfigWarning: the config and the file contradict each other, and the file is followed.
        HeadWarning: the file has another head, or none: the model's has to be trained.
        HubWarning: the hub does not answer, and what its cache has of the repository is loaded.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        HubError: nor is there such a repository or revision in the cache, or to be downloaded; or no weights are in
            it. It is a `FileNotFoundError`.
        ConfigError: there is no config, it names no model, or it asks for what the model does not implement.
        RegistryError: no class is registered for it.
        CheckpointError: the weights cannot be read, or do not fit.
        TypeError: an argument is of a kind that means nothing.
        ValueError: there is no such choice, or arguments contradict each other.
    """
    options = LoadOptions(
        missing=missing,
        unexpected=unexpected,
        partial=partial,
        rename=rename,
        mmap=mmap,
        progress=progress,
        verify=verify,
        dec_key=dec_key,
        dec_mode=dec_mode,
        timeout=timeout,
        adapter=adapter,
        quantization=quantization,
    )
    place, options = with_base(find_place(path, revision), options)
    config = find_config(place)
    cls = class_of(config)
    return load_pretrained(
        cls,
        place,
        config,
        options,
        dtype=dtype,
        hyperparameters=hyperparameters,
        ignore_config=ignore_config,
        mesh=mesh,
        whole=whole,
    )


def _open(path: Path, options: LoadOptions) -> StoredTensors:
    # MindSpore's; and what few classes ask for.
    from ._stored_tensors import StoredTensors  # few configs need it

    decrypt = parameters.decryption(options.dec_key, options.dec_mode or "AES-GCM")
    if options.adapter is None:
        return StoredTensors.at(path, options.rename, mmap=options.mmap, decrypt=decrypt)
    header, _ = loading.with_adapters(formats.open_checkpoint(path, decrypt=decrypt), options)
    return StoredTensors(header, options.rename, mmap=options.mmap)


def _on(mesh: Mesh | None, whole: Iterable[str], declaration: Declaration) -> Mesh:
    """Give the mesh to build on.

    Raises:
        TypeError: it is none.
        ValueError: there is none, or nothing divides what is to be left whole.
    """
    if mesh is not None and not isinstance(mesh, Mesh):
        raise TypeError(f"mesh={mesh!r} is no mesh: write mesh=Mesh(tp=2)")
    if isinstance(whole, str):
        raise TypeError(f'whole={whole!r} is one name: write whole=["{whole}"]')
    found = mesh_in_force() if mesh is None else mesh
    names = list(whole)
    if found is None:
        raise ValueError(f"whole={names} has no meaning without a mesh: write mesh=Mesh(…)")
    for name in names:
        if name not in declaration.divisions:
            near = did_you_mean(name, declaration.divisions)
            raise ValueError(f"whole={names}: {declaration.name} divides no {name!r}{near}")
    return found.leaving(names)


def _check_complete(cls: type, declaration: Declaration, arguments: Mapping[str, Any], config: Config) -> None:
    required = [item.name for item in declaration.hyperparameters if item.default is attrs.NOTHING]
    lacking = [name for name in required if name not in arguments]
    if lacking:
        silent = f"{config.path} does not say"
        source = silent if config.found else f"there is no {config.path.name} beside the weights to say"
        raise ConfigError(
            f"{source} {', '.join(lacking)}: give {'it' if len(lacking) == 1 else 'them'} yourself, "
            f"{cls.__name__}.from_pretrained(path, {lacking[0]}=…)"
        )
