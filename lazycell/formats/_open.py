"""Open a checkpoint of any format: by its suffix, else by its first bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from .._arguments import file_path
from .._errors import CheckpointFormatError
from .._harmless import printable
from . import _files, _formats, _readers, _sniff
from ._header import CheckpointHeader
from ._safetensors import read_safetensors


def open_checkpoint(
    source: str | os.PathLike[str] | Mapping[str, object],
    *,
    decrypt: Callable[[Path], bytes] | None = None,
    needed: Callable[[Collection[str]], Collection[str] | None] | None = None,
) -> CheckpointHeader:
    """Read what a checkpoint holds, from its headers alone.

    Args:
        source: a `.safetensors` file, a MindSpore `.ckpt`, a `.bin`, `.pt` or `.pth` of PyTorch, a `.gguf` of
            llama.cpp, an index (`*.index.json`, `param_name_map.json`) with its shards beside it, a file of a
            registered format, or a directory that holds one of these. A file of another name is recognized by its
            content. Or a mapping from names to arrays: numpy's, MindSpore's tensors or parameters.
        decrypt: gives the content of an encrypted `.ckpt`.
        needed: where there is an index, is given the names of all tensors in it, and gives those whose headers are
            needed, or None for all: shards that hold none of them are not opened, and are not looked for.

    Returns:
        What the headers say: a mapping from names to tensors.

    Raises:
        FileNotFoundError: there is nothing at the path.
        TypeError: `source` is neither a path nor a mapping.
        ValueError: the path is empty.
        CheckpointFormatError: what is there is not a checkpoint, or a malformed one; the message names the
            file, the tensor and the cause.
        RegistryError: the file is of a format that a package announces, and that cannot be loaded.
    """
    # Imported where it is needed: most checkpoints are one file of safetensors.
    if isinstance(source, Mapping):
        _refuse_key(_readers.DICT, decrypt)
        return _readers.read_arrays(source)
    path = file_path(source, "path")
    if not path.exists():
        raise FileNotFoundError(printable(_nothing_at(path)))
    if path.is_dir():
        from ._directory import find_checkpoint  # few files are of this kind

        path, *others = find_checkpoint(path)
        if others:
            _refuse_key(path, decrypt)
            return _readers.read_set((path, *others))
    if path.name.endswith(".safetensors"):  # as most are: no other format may have this suffix
        _refuse_key(path, decrypt)
        return read_safetensors(path)
    format = _formats.format_of(path.name, lambda: _start(path))
    if format is None:
        raise CheckpointFormatError(
            f"{path}: neither its name nor its content is that of a checkpoint{_sniff.hint(_start(path))}; lazycell "
            "reads .safetensors, MindSpore's .ckpt, PyTorch's .bin, .pt and .pth, llama.cpp's .gguf, "
            ".safetensors.index.json with its shards, and directories"
        )
    if format is _formats.CKPT:
        return _readers.read_ckpt(path, decrypt=decrypt)
    _refuse_key(path, decrypt)
    if needed is not None and format is _formats.SHARDED:
        return _readers.read_index(path, needed)
    return _formats.read(format, path)


def is_gguf(path: Path) -> bool:
    """Whether a file is read as GGUF: by its name, or by its first bytes where that tells nothing."""
    for format in _formats.registered_formats():
        if format.claims(path.name):
            return format is _formats.GGUF
    return path.is_file() and _sniff.looks_like(_start(path)) == _formats.GGUF.name


def _start(path: Path) -> bytes:
    with _files.open_regular(path) as file:
        return _files.read_at(file, 0, _sniff.SNIFFED_BYTES)


def _refuse_key(path: Path, decrypt: object) -> None:
    if decrypt is not None:
        raise CheckpointFormatError(f"{path}: only a .ckpt can be encrypted: load it without `dec_key`")


def _nothing_at(path: Path) -> str:
    if path.is_symlink():
        target = os.readlink(path)
        return f"there is no checkpoint at {path}: it is a link to {target}, which leads nowhere"
    near = "" if path.parent.is_dir() else f"; nor is there a directory {path.parent}"
    return f"there is no checkpoint at {path}{near}"
