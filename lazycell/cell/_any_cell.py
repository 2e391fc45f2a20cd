"""Loading, saving and listing any cell, called as MindSpore's functions of the same names are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from mindspore import nn

from .. import loading
from .._arguments import check_switch
from ..loading import LoadReport
from ..manifest import Manifest
from ..saving import SaveReport
from ._cell import LazyCell, Policy
from ._load_checkpoint import load_checkpoint as load
from ._mindspore_words import (
    Chooses,
    Prefixes,
    check_format,
    mode_of_key,
    only,
    refuse_in_save,
    refuse_redundancy,
    strict,
)
from ._naming import naming_of
from ._net_manifest import manifest_of_net
from ._other_names import names_in_ckpt
from ._save_checkpoint import save_checkpoint as save
from ._torch_names import torch_names_of

if TYPE_CHECKING:
    from .._nn_cell import Cell
    from ..sources.adapters import Adapters

Source = str | PathLike[str] | Mapping[str, Any]


def load_checkpoint(
    path: Source | Cell | None = None,
    net: Cell | Source | None = None,
    *,
    missing: Policy = "error",
    unexpected: Policy = "error",
    dtype: str = "cast",
    partial: bool | str = False,
    rename: Mapping[str, Any] | None = None,
    mmap: bool = True,
    progress: Callable[[int, int], None] | None = None,
    verify: bool = False,
    dec_key: bytes | None = None,
    dec_mode: str | None = None,
    timeout: float = 300.0,
    adapter: Adapters | None = None,
    quantization: Mapping[str, Any] | None = None,
    strict_load: bool = False,
    choice_func: Chooses | None = None,
    specify_prefix: Prefixes = None,
    filter_prefix: Prefixes = None,
    crc_check: bool = False,
    remove_redundancy: bool = False,
    format: str | None = None,
    ckpt_file_name: Source | None = None,
) -> LoadReport:
    """Fill the parameters of any cell from a checkpoint, all or none: whatever fails leaves the net as it was.

    The cell may be plain, declared, or both; built with values or without; a training step or an optimizer. A parameter
    goes by its path, by any other path to it, and by its `Parameter.name`, as MindSpore's own files have it.

    Args:
        path: as for `LazyCell.load_checkpoint`, and so are the options up to `dec_mode`.
        net: any cell. It may come first: `load_checkpoint(net, path)`.
        missing: likewise.
        unexpected: likewise.
        dtype: likewise.
        partial: likewise.
        rename: likewise.
        mmap: likewise.
        progress: likewise.
        verify: likewise.
        dec_key: likewise.
        dec_mode: likewise.
        timeout: as for `LazyCell.load_checkpoint`, and so are `adapter` and `quantization`.
        adapter: likewise.
        quantization: likewise.
        strict_load: names and dtypes have to be exactly the net's, as with `dtype="strict"`; nothing may be permitted
            beside it.
        choice_func: given a name of the checkpoint, tells whether it is to be loaded. What is not is ignored, and the
            parameter of that name keeps what it has.
        specify_prefix: load only what begins so: one prefix, or a list.
        filter_prefix: leave out what begins so.
        crc_check: as `verify`.
        remove_redundancy: only False: a whole checkpoint is read.
        format: accepted; the file's content says which format it has.
        ckpt_file_name: MindSpore's name for `path`.

    Returns:
        What was done. MindSpore's function returns a dict of Parameters: that is `mindspore.load_checkpoint(path)`.

    Raises:
        CheckpointFormatError: a file is not what its format promises, or has no checksums to verify.
        CheckpointMismatchError: it does not fit; every problem is in the one message. There is no loading by suffix.
        ChecksumError: `verify`, and tensors are damaged.
        CheckpointError: it cannot be decrypted.
        TypeError: an argument is of a kind that means nothing, or there is no net.
        ValueError: there is no such choice, or arguments contradict each other.
    """
    given = [each for each in (path, net, ckpt_file_name) if each is not None]
    if len(given) > 2:
        raise TypeError("load_checkpoint() takes one path and one net: `ckpt_file_name` is the path")
    cell, source = _net_first("load_checkpoint", *given)
    refuse_redundancy(remove_redundancy)
    check_format(format)
    check_switch(strict_load, "strict_load")
    check_switch(crc_check, "crc_check")
    options = loading.LoadOptions(
        missing=missing,
        unexpected=unexpected,
        dtype=strict(dtype, missing=missing, unexpected=unexpected, partial=partial) if strict_load else dtype,
        partial=partial,
        rename=rename,
        mmap=mmap,
        progress=progress,
        verify=verify or crc_check,
        dec_key=dec_key,
        dec_mode=mode_of_key(dec_key, dec_mode),
        timeout=timeout,
        adapter=adapter,
        quantization=quantization,
    )
    chosen = only(choice_func, specify_prefix, filter_prefix)
    if chosen is None and isinstance(cell, LazyCell):
        return cell.load_checkpoint(source, **options.arguments)  # a class may have its own
    return load(cell, source, options, naming_of, None if chosen is None else chosen.plan)


def load_param_into_net(
    net: Cell,
    parameter_dict: Mapping[str, Any],
    strict_load: bool = False,
    remove_redundancy: bool = False,
    *,
    missing: Policy = "error",
    unexpected: Policy = "error",
    dtype: str = "cast",
    partial: bool | str = False,
    rename: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[str], list[str]]:
    """Fill the parameters of any cell from a dict, all or none, by their whole names. The values are copied.

    Args:
        net: any cell.
        parameter_dict: names to Parameters, tensors or arrays.
        strict_load: as for `load_checkpoint`, and so are `remove_redundancy` and the options.
        remove_redundancy: likewise.
        missing: likewise: names that the dict may lack. By default it has to have all.
        unexpected: likewise.
        dtype: likewise.
        partial: likewise.
        rename: likewise.
        progress: likewise.

    Returns:
        What MindSpore's returns: the names of the net's parameters that were not loaded, and those of the dict that
        nothing took. Both are empty unless `missing`, `unexpected` or `partial` permits otherwise.

    Raises:
        CheckpointMismatchError: it does not fit; every problem is in the one message, and the net is as it was.
        CheckpointFormatError: a value is no array.
        TypeError: an argument is of a kind that means nothing.
        ValueError: there is no such choice, or arguments contradict each other.
    """
    first: Any = net
    if isinstance(first, Mapping) and isinstance(parameter_dict, nn.Cell):
        net, parameter_dict = parameter_dict, first
    if not isinstance(net, nn.Cell):
        raise TypeError(f"load_param_into_net() fills a cell, not {_what(net)}")
    if not isinstance(parameter_dict, Mapping):
        raise TypeError(
            f"load_param_into_net() takes a dict of parameters, not {_what(parameter_dict)}: "
            "a file is loaded with `lazycell.load_checkpoint(path, net)`"
        )
    report = load_checkpoint(
        parameter_dict,
        net,
        missing=missing,
        unexpected=unexpected,
        dtype=dtype,
        partial=partial,
        rename=rename,
        progress=progress,
        strict_load=strict_load,
        remove_redundancy=remove_redundancy,
    )
    return [*report.initialized], [*report.ignored, *report.computed, *report.unused, *report.other_head]


def save_checkpoint(
    net: Cell | str | PathLike[str] | None = None,
    path: str | PathLike[str] | Cell | None = None,
    *,
    format: str | None = None,
    max_shard_size: int | str | None = None,
    dtype: Any = None,
    only: Iterable[str] | None = None,
    enc_key: bytes | None = None,
    enc_mode: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    names: str | None = None,
    layout: str = "whole",
    timeout: float = 300.0,
    integrated_save: bool = True,
    async_save: bool | str = False,
    append_dict: Mapping[str, Any] | None = None,
    choice_func: Chooses | None = None,
    crc_check: bool = False,
    save_obj: Cell | None = None,
    ckpt_file_name: str | PathLike[str] | None = None,
) -> SaveReport:
    """Write every parameter of any cell; what is at `path` stays until the new checkpoint is whole and on the disk.

    Names are the paths of the parameters, in a `.ckpt` their `Parameter.name`, by which MindSpore's loader looks; after
    a load of a file with PyTorch's names they are those, but for a `.ckpt`. All these are loaded by `load_checkpoint`.

    Args:
        net: any cell. It may come second.
        path: as for `LazyCell.save_checkpoint`, and so are the options up to `progress`.
        format: likewise; default: what the name says.
        max_shard_size: likewise.
        dtype: likewise.
        only: likewise.
        enc_key: likewise.
        enc_mode: likewise.
        progress: likewise.
        names: `"torch"`: those that PyTorch has for the cells; `"mindspore"`: never those. What PyTorch does not have
            is not written under its names, as long as it is what it starts from.
        layout: as for `LazyCell.save_checkpoint`, and so is `timeout`.
        timeout: likewise.
        integrated_save: only True.
        async_save: only False: the file is whole and on the disk at the return.
        append_dict: only None: parameters alone are saved.
        choice_func: only None: `only` has patterns of what is saved.
        crc_check: accepted: every file has checksums, but for an encrypted one.
        save_obj: MindSpore's name for `net`.
        ckpt_file_name: MindSpore's name for `path`.

    Returns:
        What was written.

    Raises:
        UninitializedParameterError: parameters have no values.
        CheckpointError: the format cannot hold one of the dtypes, or there is something at `path` that is no file.
        TypeError: an argument is of a kind that means nothing.
        ValueError: arguments contradict each other, or one asks for what is not done here.
        DeclarationError: what `torch_names` says of a class does not fit a cell of it.
        OSError: the directory is missing, the disk full, a permission lacking; the old checkpoint is as it was.
    """
    given = [each for each in (net, path, save_obj, ckpt_file_name) if each is not None]
    if len(given) > 2:
        raise TypeError(
            "save_checkpoint() takes one net and one path: `save_obj` is the net, `ckpt_file_name` the path"
        )
    cell, target = _net_first("save_checkpoint", *given)
    refuse_in_save(integrated_save, async_save, append_dict, choice_func)
    if names not in (None, "torch", "mindspore"):
        raise ValueError(f'names={names!r:.80}: write "torch", "mindspore", or leave it out')
    check_switch(crc_check, "crc_check")
    return save(
        cell,
        target,
        format=format,
        max_shard_size=max_shard_size,
        dtype=dtype,
        only=only,
        enc_key=enc_key,
        enc_mode=mode_of_key(enc_key, enc_mode),
        progress=progress,
        torch_names_of=torch_names_of,
        names=names,
        layout=layout,
        timeout=timeout,
        ckpt_names=None if isinstance(cell, LazyCell) else names_in_ckpt,
    )


def manifest(net: Cell) -> Manifest:
    """List every parameter of any cell as data; its parameters may or may not have values.

    Args:
        net: any cell; what a plain one says of a parameter is its name, shape, dtype and whether it is trained.

    Returns:
        Its manifest; names are those that a checkpoint of the net has.

    Raises:
        TypeError: it is no cell.
    """
    if isinstance(net, nn.Cell):
        return manifest_of_net(net)
    hint = ""
    if isinstance(net, type) and issubclass(net, LazyCell):
        hint = f": write `{net.__name__}.manifest(…)`, with its hyperparameters"
    elif isinstance(net, type) and issubclass(net, nn.Cell):
        hint = f": build it first, `with lazycell.no_init_parameters(): net = {net.__name__}(…)`"
    raise TypeError(f"manifest() lists the parameters of a cell, not {_what(net)}{hint}")


def _net_first(function: str, *given: Any) -> tuple[nn.Cell, Any]:
    """Tell a net from a path, in whichever order they come.

    Raises:
        TypeError: there are two nets, or none, or no path.
    """
    cells = [each for each in given if isinstance(each, nn.Cell)]
    rest = [each for each in given if not isinstance(each, nn.Cell)]
    if len(cells) == len(rest) == 1:
        return cells[0], rest[0]
    order = "path, net" if function == "load_checkpoint" else "net, path"
    wanted = f"write `lazycell.{function}({order})`"
    if not cells and len(rest) == 1:
        hint = ""
        if function == "load_checkpoint":
            hint = "; a dict of Parameters is what `mindspore.load_checkpoint(path)` gives"
        elif isinstance(rest[0], (list, Mapping)):
            hint = "; a dict or a list of parameters is saved by mindspore.save_checkpoint"
        raise TypeError(f"{function}() was given no net: {wanted}{hint}")
    if cells and not rest:
        raise TypeError(f"{function}() was given {'two nets' if len(cells) > 1 else 'a net'} and no path: {wanted}")
    words = " and ".join(_what(each) for each in rest) or "nothing"
    raise TypeError(f"{function}() takes a net and a path, and was given {words}: {wanted}")


def _what(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"{value!r:.80}"
