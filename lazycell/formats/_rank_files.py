"""The checkpoint of a mesh of ranks: an index, `*.ranks.index.json`, and files of each rank's own.

`saving/_save_rank_files.py` writes them and says what is in the index. Every part is checked before it counts: the size
of its file, the digest of its header, its dtype and shape there; and the parts of a tensor cover it, each element once.
So files of two saves are never mixed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import _dtypes
from .._errors import CheckpointFormatError
from ..system import MAX_BYTES
from . import _files
from ._boxed import Box
from ._cover import covers_once, parts_of
from ._files import FileStamp
from ._header import ByteRange, CheckpointHeader, TensorHeader
from ._safetensors import parse_header

_VERSION = 1

_Headers = Mapping[str, Mapping[str, TensorHeader]]


def read_rank_files(path: Path, index: Mapping[str, Any]) -> CheckpointHeader:
    """Read the headers of all files that an index names.

    Args:
        path: of the index.
        index: what it says.

    Raises:
        CheckpointFormatError: the index is malformed, a file is missing or another, or the parts of a tensor do not
            cover it; the message names the index, the file and the tensor.
    """
    headers = {name: _header(path, name, told) for name, told in _files_in(path, index).items()}
    tensors = index.get("tensors")
    if not isinstance(tensors, dict) or not tensors:
        raise CheckpointFormatError(f"{path}: names no tensors")
    left = {(file, name) for file, header in headers.items() for name in header}
    found = {name: _tensor(path, name, told, headers, left) for name, told in tensors.items()}
    if left:
        file, name = min(left)
        raise CheckpointFormatError(f"{path}: the file {file!r} holds tensor {name!r}, of which the index has no part")
    metadata = index.get("metadata")
    strings = metadata.items() if isinstance(metadata, dict) else ()
    return CheckpointHeader(
        path, "ranks", found, {key: str(value) for key, value in strings if isinstance(value, (str, int, float))}
    )


def files_in(path: Path, index: Mapping[str, Any]) -> list[str]:
    """Give the names of the files that an index names.

    Raises:
        CheckpointFormatError: the index is malformed, or names a file outside its directory.
    """
    return list(_files_in(path, index))


def _files_in(path: Path, index: Mapping[str, Any]) -> dict[str, Any]:
    if index.get("version") != _VERSION:
        raise CheckpointFormatError(
            f"{path}: is of version {index.get('version')!r:.60}, lazycell reads {_VERSION}: take a newer one"
        )
    files = index.get("files")
    if not isinstance(files, dict):
        raise CheckpointFormatError(f"{path}: its files have to be an object of names, not {files!r:.60}")
    for name in files:
        if os.path.basename(name) != name or "\\" in name or "\0" in name or not name.endswith(".safetensors"):
            raise CheckpointFormatError(
                f"{path}: the file {name!r:.200} is no .safetensors file in the directory of the index"
            )
    return files


def _header(path: Path, name: str, told: Any) -> dict[str, TensorHeader]:
    """Read a file's header, if it is the file that the index was written for."""
    where = path.parent / name
    try:
        with _files.open_regular(where) as file:
            stamp = FileStamp.of(file.fileno())
            start = _files.read_at(file, 0, 8)
            length = int.from_bytes(start, "little")
            raw = _files.read_at(file, 8, length) if length <= MAX_BYTES else b""
    except FileNotFoundError:
        raise CheckpointFormatError(
            f"{path}: the file {name!r} is missing: was the checkpoint copied or downloaded completely?"
        ) from None
    except OSError as error:
        raise CheckpointFormatError(f"{path}: the file {name!r} cannot be opened: {error.strerror}") from None
    size, digest = (told.get("size"), told.get("header")) if isinstance(told, dict) else (None, None)
    if stamp.size != size:
        raise CheckpointFormatError(f"{path}: the file {name!r} has {stamp.size} bytes, the index says {size!r:.60}")
    if hashlib.sha256(start + raw).hexdigest() != digest:
        raise CheckpointFormatError(
            f"{path}: the file {name!r} is not the one that the index was written for: its header is another"
        )
    return parse_header(raw, data_start=8 + length, file_size=stamp.size, path=where, stamp=stamp)[0]


def _tensor(path: Path, name: str, told: Any, headers: _Headers, left: set[tuple[str, str]]) -> TensorHeader:
    """Put a tensor together from its parts, which are taken out of `left`."""
    where = f"{path}: tensor {name!r}"
    dtype, shape, parts = (
        (told.get(key) for key in ("dtype", "shape", "parts")) if isinstance(told, dict) else (None,) * 3
    )
    if not isinstance(dtype, str) or dtype not in _dtypes.ITEMSIZES:
        raise CheckpointFormatError(f"{where}: has no dtype that lazycell reads, but {dtype!r:.60}")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise CheckpointFormatError(f"{where}: its shape has to be a list of integers from 0 up, not {shape!r:.60}")
    if not isinstance(parts, list) or not parts:
        raise CheckpointFormatError(f"{where}: has no parts")
    whole = tuple(shape)
    places: list[tuple[Box, ByteRange]] = []
    for part in parts:
        file, box = _part(where, whole, part)
        stored = headers.get(file, {}).get(name)
        if stored is None or (file, name) not in left:
            raise CheckpointFormatError(f"{where}: is not in {file!r:.200}, where the index puts a part of it")
        left.remove((file, name))
        extents = tuple(stop - start for start, stop in box)
        if (stored.dtype, stored.shape) != (dtype, extents):
            raise CheckpointFormatError(
                f"{where}: the index says {dtype} {extents} of a part, {file!r} holds {stored.dtype} {stored.shape}"
            )
        (place,) = stored.ranges
        assert type(place) is ByteRange
        places.append((box, place))
    if not covers_once(whole, [box for box, _ in places]):
        raise CheckpointFormatError(f"{where}: its {len(places)} parts do not cover {whole}, each element once")
    return TensorHeader(name, dtype, whole, parts_of(whole, _dtypes.ITEMSIZES[dtype], places))


def _part(where: str, shape: tuple[int, ...], part: Any) -> tuple[str, Box]:
    """Give the file that a part is in, and its box."""
    if isinstance(part, list) and len(part) == 2 and isinstance(part[0], str) and isinstance(part[1], list):
        file, box = part
        if len(box) == len(shape) and all(_is_range(each, size) for each, size in zip(box, shape, strict=True)):
            return file, tuple((start, stop) for start, stop in box)
    raise CheckpointFormatError(f"{where}: a part has to be a file and a box inside of {shape}, not {part!r:.200}")


def _is_range(value: Any, size: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(edge) is int for edge in value)
        and 0 <= value[0] <= value[1] <= size
    )
