"""Checkpoints of several files: a `*.index.json` that maps names to shards, and a Hugging Face directory.

The index: `{"metadata": {"total_size": …}, "weight_map": {"name": "model-00001-of-00002.safetensors"}}`
(https://huggingface.co/docs/huggingface_hub/package_reference/serialization).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from .. import _json
from .._errors import CheckpointFormatError
from . import _files
from ._header import CheckpointHeader, TensorHeader
from ._safetensors import read_safetensors

_SINGLE = "model.safetensors"


def read_index(path: Path) -> CheckpointHeader:
    """Read an index and the headers of all its shards.

    Raises:
        CheckpointFormatError: the index is malformed, names a file outside its directory, or disagrees with a
            shard; the message names the index, the shard and the tensor.
        FileNotFoundError: there is no such index.
    """
    index = _load(path)
    weight_map = _weight_map(index.get("weight_map"), path)
    shards = {
        name: _shard(path, name, next(key for key in weight_map if weight_map[key] == name))
        for name in dict.fromkeys(weight_map.values())
    }
    for shard, header in shards.items():
        for tensor in header.tensors:
            if weight_map.get(tensor) != shard:
                place = f"puts it into {weight_map[tensor]!r}" if tensor in weight_map else "does not name it"
                raise CheckpointFormatError(f"{header.path}: holds tensor {tensor!r}, but {path.name} {place}")
    tensors: dict[str, TensorHeader] = {}
    for tensor, shard in weight_map.items():
        if tensor not in shards[shard].tensors:
            raise CheckpointFormatError(f"{path}: tensor {tensor!r} is not in {shard!r}, where the index puts it")
        tensors[tensor] = shards[shard].tensors[tensor]
    return CheckpointHeader(path, "sharded", tensors, _metadata(index, shards.values()))


def find_checkpoint(directory: Path) -> Path:
    """Choose the file that holds a directory's weights: index, `model.safetensors`, or the only candidate.

    Raises:
        CheckpointFormatError: there is none, or more than one it could be.
    """
    names = sorted(entry.name for entry in directory.iterdir())
    indices = [name for name in names if name.endswith(".safetensors.index.json")]
    if len(indices) > 1:
        raise _ambiguous(directory, indices)
    if indices:
        index = directory / indices[0]
        # Beside the shards a whole copy may lie; which of the two is meant, or stale, cannot be told.
        if _SINGLE in names and _SINGLE not in _weight_map(_load(index).get("weight_map"), index).values():
            raise _ambiguous(directory, [_SINGLE, index.name])
        return index
    if _SINGLE in names:
        return directory / _SINGLE
    candidates = [name for name in names if name.endswith((".safetensors", ".ckpt"))]
    if len(candidates) > 1:
        raise _ambiguous(directory, candidates)
    if not candidates:
        raise CheckpointFormatError(f"{directory}: {_nothing(names)}")
    return directory / candidates[0]


def _load(path: Path) -> dict[str, object]:
    with _files.open_regular(path) as file:
        raw = _files.read_at(file, 0, _json.MAX_BYTES + 1)
    if len(raw) > _json.MAX_BYTES:
        raise CheckpointFormatError(f"{path}: the index has over {_json.MAX_BYTES} bytes")
    try:
        return _json.read_object(raw)
    except _json.JSONProblem as problem:
        raise CheckpointFormatError(f"{path}: the index {problem}") from None


def _weight_map(value: object, path: Path) -> dict[str, str]:
    if not isinstance(value, dict):
        raise CheckpointFormatError(
            f"{path}: has no weight_map, the object that maps each tensor's name to its file: it is not the "
            "index of a sharded checkpoint. To load the checkpoint beside it, give the directory"
        )
    if not value:
        raise CheckpointFormatError(f"{path}: its weight_map is empty")
    good: set[str] = set()
    for tensor, shard in value.items():
        if not isinstance(shard, str):
            raise CheckpointFormatError(f"{path}: tensor {tensor!r}: its file has to be a name, not {shard!r}")
        if shard not in good:
            _check_shard_name(path, tensor, shard)
            good.add(shard)
    return value


def _check_shard_name(path: Path, tensor: str, shard: str) -> None:
    # Links are followed (the hub's cache is made of them); a name that climbs out of the directory is not.
    posix, windows = PurePosixPath(shard), PureWindowsPath(shard)
    if posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts or "\0" in shard or not posix.name:
        raise CheckpointFormatError(
            f"{path}: tensor {tensor!r}: the file {shard!r} is not inside the directory of the index"
        )
    if not shard.endswith(".safetensors"):
        raise CheckpointFormatError(
            f"{path}: tensor {tensor!r}: the file {shard!r} is not a .safetensors file; lazycell reads "
            "shards in that format only"
        )


def _shard(path: Path, shard: str, tensor: str) -> CheckpointHeader:
    try:
        return read_safetensors(path.parent / shard)
    except FileNotFoundError:
        raise CheckpointFormatError(
            f"{path}: the shard {shard!r} is missing (it holds {tensor!r}): was the download complete?"
        ) from None


def _metadata(index: dict[str, object], shards: Iterable[CheckpointHeader]) -> dict[str, str]:
    """Join the metadata of the shards and of the index, which wins."""
    metadata: dict[str, str] = {}
    for header in shards:
        metadata.update(header.metadata)
    own = index.get("metadata")
    if isinstance(own, dict):
        metadata.update({key: str(value) for key, value in own.items() if isinstance(value, (str, int, float))})
    return metadata


def _ambiguous(directory: Path, names: list[str]) -> CheckpointFormatError:
    return CheckpointFormatError(f"{directory}: holds {_several(names)}; give the path of the one to load")


def _nothing(names: list[str]) -> str:
    if not names:
        return "the directory is empty"
    pickles = [name for name in names if name.endswith((".bin", ".pt", ".pth", ".bin.index.json"))]
    if pickles:
        return (
            f"holds no .safetensors and no .ckpt, but {_several(pickles)}: PyTorch's pickles, which run code "
            "when they are read; convert them to safetensors first"
        )
    return f"holds no .safetensors, no .safetensors.index.json and no .ckpt, only {_several(names)}"


def _several(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
