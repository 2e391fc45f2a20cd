"""Checkpoints of several files: an index that maps the names of tensors to the shards that hold them.

Hugging Face's, `*.safetensors.index.json`
(https://huggingface.co/docs/huggingface_hub/package_reference/serialization)::

    {"metadata": {"total_size": …}, "weight_map": {"name": "model-00001-of-00002.safetensors", …}}

or `pytorch_model.bin.index.json`, the same, with shards called `pytorch_model-00001-of-00002.bin`.

MindSpore's, `param_name_map.json`, as `mindspore.parallel.unified_safetensors` writes it and
`load_distributed_checkpoint` reads it (`mindspore/parallel/transform_safetensors.py`): the same, with shards called
`part0.safetensors`; older ones are the `weight_map` alone. What had no strategy (`global_step`, `learning_rate`) lies
beside it in `hyper_param.safetensors`, which the index does not name.

lazycell's own, `model.ranks.index.json`, of files in which tensors are in parts: see `_rank_files`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from .._errors import CheckpointFormatError
from ..system import MAX_BYTES, JSONProblem, read_object
from . import _files, _rank_readers
from ._header import CheckpointHeader, TensorHeader
from ._hidden import RANKS
from ._safetensors import read_safetensors

NAME_MAP = "param_name_map.json"
"""How MindSpore calls its index."""

_HYPER_PARAM = "hyper_param.safetensors"


Needed = Callable[[Collection[str]], Collection[str] | None]
"""Is given the names of all tensors in an index, and gives those whose headers are needed; None: all."""


def read_index(path: Path, needed: Needed | None = None) -> CheckpointHeader:
    """Read an index and the headers of all its shards, or of those that hold what is needed.

    Args:
        path: of the index.
        needed: says of which tensors a header is needed; None: of all.

    Raises:
        CheckpointFormatError: the index is malformed, names a file outside its directory, or disagrees with a
            shard; the message names the index, the shard and the tensor.
        FileNotFoundError: there is no such index.
    """
    index = _load(path)
    if index.get("format") == RANKS:
        return _rank_readers.read_rank_files(path, index)
    weight_map = _weight_map(index, path)
    first = {shard: tensor for tensor, shard in reversed(weight_map.items())}
    wanted = None if needed is None else needed(weight_map.keys())
    there = weight_map.values() if wanted is None else [weight_map[name] for name in weight_map if name in wanted]
    shards = {shard: _shard(path, shard, first[shard]) for shard in dict.fromkeys(there)}
    unnamed: dict[str, TensorHeader] = {}
    for shard, header in shards.items():
        for tensor in header.tensors:
            if tensor not in weight_map and tensor not in unnamed:
                # As transformers reads it: an index may be older than its files.
                unnamed[tensor] = header.tensors[tensor]
            elif weight_map.get(tensor) != shard:
                place = f"puts it into {weight_map[tensor]!r}" if tensor in weight_map else "names neither place"
                raise CheckpointFormatError(f"{header.path}: holds tensor {tensor!r}, but {path.name} {place}")
    tensors: dict[str, TensorHeader] = {}
    for tensor, shard in weight_map.items():
        if wanted is not None and shard not in shards:
            continue
        if tensor not in shards[shard].tensors:
            raise CheckpointFormatError(f"{path}: tensor {tensor!r} is not in {shard!r}, where the index puts it")
        tensors[tensor] = shards[shard].tensors[tensor]
    tensors |= unnamed
    headers = list(shards.values())
    if path.name == NAME_MAP and _HYPER_PARAM not in shards and _is_there(path.parent / _HYPER_PARAM):
        more = _hyper_param(path)
        for tensor in more.tensors:
            if tensor in tensors:
                raise CheckpointFormatError(
                    f"{more.path}: holds tensor {tensor!r}, but {path.name} puts it into {weight_map[tensor]!r}"
                )
        tensors |= more.tensors
        headers.append(more)
    return CheckpointHeader(path, "sharded", tensors, _metadata(index, headers))


def read_set(paths: Sequence[Path]) -> CheckpointHeader:
    """Read the headers of all files of a set that has no index.

    Raises:
        CheckpointFormatError: one is malformed, or two of them hold a tensor of one name.
    """
    tensors: dict[str, TensorHeader] = {}
    headers = [_read(path) for path in paths]
    for header in headers:
        for name, tensor in header.tensors.items():
            if name in tensors:
                raise CheckpointFormatError(
                    f"{header.path}: holds tensor {name!r}, and so does another file of the set"
                )
            tensors[name] = tensor
    return CheckpointHeader(paths[0].parent, "sharded", tensors, _metadata({}, headers))


def files_named(path: Path) -> list[str]:
    """Read an index alone: give the files that it names, relative to it.

    Raises:
        CheckpointFormatError: the index is malformed, or names a file outside its directory.
        FileNotFoundError: there is no such index.
    """
    index = _load(path)
    if index.get("format") == RANKS:
        return _rank_readers.files_in(path, index)
    return list(dict.fromkeys(_weight_map(index, path).values()))


def read_weight_map(path: Path) -> Mapping[str, str]:
    """Read an index alone: which shard, relative to the index, holds which tensor.

    Raises:
        CheckpointFormatError: the index is malformed, or names a file outside its directory.
        FileNotFoundError: there is no such index.
    """
    return _weight_map(_load(path), path)


def _load(path: Path) -> dict[str, object]:
    with _files.open_regular(path) as file:
        size = _files.size_of(file)
        if size > MAX_BYTES:
            raise CheckpointFormatError(f"{path}: the index has {size} bytes; at most {MAX_BYTES} are read")
        raw = _files.read_at(file, 0, size)
    try:
        return read_object(raw)
    except JSONProblem as problem:
        raise CheckpointFormatError(f"{path}: the index {problem}") from None


def _weight_map(index: dict[str, object], path: Path) -> dict[str, str]:
    value: object = index.get("weight_map")
    if path.name == NAME_MAP and "weight_map" not in index:
        value = index  # as older versions of MindSpore wrote it
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
            raise CheckpointFormatError(f"{path}: tensor {tensor!r}: its file has to be a name, not {shard!r:.200}")
        if shard not in good:
            _check_shard_name(path, tensor, shard)
            good.add(shard)
    return value


def _check_shard_name(path: Path, tensor: str, shard: str) -> None:
    # Links are followed (the hub's cache is made of them); a name that climbs out of the directory is not.
    posix, windows = PurePosixPath(shard), PureWindowsPath(shard)
    if posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts or "\0" in shard or not posix.name:
        raise CheckpointFormatError(
            f"{path}: tensor {tensor!r}: the file {shard!r:.200} is not inside the directory of the index"
        )
    if not shard.endswith((".safetensors", ".bin")):
        raise CheckpointFormatError(
            f"{path}: tensor {tensor!r}: the file {shard!r:.200} is neither a .safetensors file nor a .bin of PyTorch; "
            "lazycell reads shards in these formats only"
        )


def _shard(path: Path, shard: str, tensor: str) -> CheckpointHeader:
    try:
        return _read(path.parent / shard)
    except FileNotFoundError:
        raise CheckpointFormatError(
            f"{path}: the shard {shard!r} is missing (it holds {tensor!r}): was the download complete?"
        ) from None
    except OSError as error:
        raise CheckpointFormatError(
            f"{path}: the shard {shard!r:.200} (it holds {tensor!r}) cannot be opened: {error.strerror}"
        ) from None


def _read(path: Path) -> CheckpointHeader:
    if path.name.endswith(".bin"):
        from ._pytorch import read_pytorch  # here: others are not read with it

        return read_pytorch(path)
    return read_safetensors(path)


def _hyper_param(path: Path) -> CheckpointHeader:
    try:
        return read_safetensors(path.parent / _HYPER_PARAM)
    except FileNotFoundError:
        raise CheckpointFormatError(
            f"{path}: the file {_HYPER_PARAM!r} beside it is a link that leads nowhere"
        ) from None


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()  # a link that leads nowhere is no reason to go on without


def _metadata(index: dict[str, object], shards: Iterable[CheckpointHeader]) -> dict[str, str]:
    """Join the metadata of the shards and of the index, which wins."""
    metadata: dict[str, str] = {}
    for header in shards:
        metadata.update(header.metadata)
    own = index.get("metadata")
    if isinstance(own, dict):
        metadata.update({key: str(value) for key, value in own.items() if isinstance(value, (str, int, float))})
    return metadata
