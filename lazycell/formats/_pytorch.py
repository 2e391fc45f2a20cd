"""Read what `torch.save` writes, without torch and without running anything that the file says.

Since PyTorch 1.6 a file is a zip archive without compression: `NAME/data.pkl` is the pickle of all that was saved,
`NAME/data/KEY` the bytes of each storage, `NAME/byteorder` says `little` or `big` (`torch/serialization.py`, `_save`).
Before, it was pickles one after the other, a magic number, a version, the system, what was saved, the keys of the
storages, and then for each key eight bytes with the number of elements and these (`_legacy_save`).
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import _dtypes
from .._errors import CheckpointFormatError
from ..system._collector import collector_paused
from . import _files
from ._header import ByteRange, CheckpointHeader, Part, TensorHeader, checked_nbytes
from ._pickle import ForeignName, PickleProblem
from ._stamp import FileStamp
from ._strided import StridedRange, is_packed, span
from ._torch_objects import Storage, StoredTensor, itemsize_of, machine, tensors_in

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
# Names, shapes and strides: the bound that safetensors sets for its header.
_MAX_PICKLE = 100_000_000
_LOCAL_HEADER = 30

_Places = Callable[[Storage, int], tuple[int, int]]
"""From a storage, and the bytes of its elements, to where it begins and ends in the file."""


def read_pytorch(path: Path) -> CheckpointHeader:
    """Read the names, dtypes, shapes and places of the tensors in a file of `torch.save`.

    A dict inside the dict is named by the way to it: `state_dict.fc.weight`. What is no tensor is left out.

    Raises:
        CheckpointFormatError: the file is cut or damaged, or names something that no tensor needs, so that reading it
            would run code; the message names the file and the cause.
        FileNotFoundError: there is no such file.
    """
    with _files.open_regular(path) as file:
        stamp = FileStamp.of(file.fileno())
        try:
            with collector_paused():
                value, places = _zipped(file) if _files.read_at(file, 0, 4) == b"PK\x03\x04" else _legacy(file)
                tensors: dict[str, TensorHeader] = {}
                for name, each in tensors_in(value):
                    if name in tensors:
                        raise PickleProblem(f"has two tensors called {name!r:.200}")
                    tensors[name] = _header(name, each, places, path, stamp)
        except ForeignName as problem:
            raise CheckpointFormatError(
                f"{path}: holds more than tensors that lie in memory as they are: it asks for {problem.name}, and what "
                "a pickle names is never run here. Whoever trusts the file saves its tensors alone, with torch: "
                'safetensors.torch.save_file(torch.load(path, weights_only=False)["…"], "model.safetensors")'
            ) from None
        except PickleProblem as problem:
            raise CheckpointFormatError(f"{path}: not a file of torch.save that lazycell reads: it {problem}") from None
    if not tensors:
        raise CheckpointFormatError(f"{path}: holds no tensor: it is no checkpoint of a model")
    return CheckpointHeader(path, "pytorch", tensors)


def _zipped(file: io.FileIO) -> tuple[Any, _Places]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
    # What the module raises for damaged archives, besides its own error.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OverflowError, RuntimeError) as error:
        raise PickleProblem(f"is a zip archive that is damaged, or was cut: {error}") from None
    pickles = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if any(name.endswith("/constants.pkl") for name in entries):
        raise PickleProblem("is a program of torch.jit.save, not a dict of tensors")
    if len(pickles) != 1:
        raise PickleProblem("is a zip archive without a data.pkl")
    stem = pickles[0].removesuffix("data.pkl")
    size = _files.size_of(file)

    def read(name: str) -> bytes:
        begin, end = _content(file, entries[name], size)
        if end - begin > _MAX_PICKLE:
            raise PickleProblem(f"has {end - begin:,} bytes of names and shapes; at most {_MAX_PICKLE:,} are read")
        return _files.read_at(file, begin, end - begin)

    if f"{stem}byteorder" in entries and read(f"{stem}byteorder") != b"little":
        raise PickleProblem("was written by a machine whose bytes run the other way, big-endian")
    value, _ = machine(read(pickles[0]), {}).run()

    @functools.cache
    def places(storage: Storage, itemsize: int) -> tuple[int, int]:
        entry = entries.get(f"{stem}data/{storage.key}")
        if entry is None:
            raise PickleProblem(f"has no bytes for the storage {storage.key!r:.200}")
        begin, end = _content(file, entry, size)
        if end - begin < storage.count * itemsize:
            raise PickleProblem(f"has too few bytes for the storage {storage.key!r:.200}: {end - begin}")
        return begin, begin + storage.count * itemsize

    return value, places


def _content(file: io.FileIO, entry: zipfile.ZipInfo, size: int) -> tuple[int, int]:
    """Give where the bytes of an archive's entry are: after its local header, whose padding aligns them."""
    name, begin = entry.filename, entry.header_offset
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        raise PickleProblem(f"has an entry that is compressed or encrypted, as torch.save writes none: {name!r:.200}")
    local = _files.read_at(file, begin, _LOCAL_HEADER) if begin >= 0 else b""
    if len(local) < _LOCAL_HEADER or local[:4] != b"PK\x03\x04":
        raise PickleProblem(f"is a zip archive that is damaged: nothing is where {name!r:.200} should be")
    lengths = int.from_bytes(local[26:28], "little"), int.from_bytes(local[28:30], "little")
    begin += _LOCAL_HEADER + sum(lengths)
    if begin + entry.file_size > size:
        raise PickleProblem(f"is a zip archive that was cut: {name!r:.200} would end at {begin + entry.file_size}")
    return begin, begin + entry.file_size


def _legacy(file: io.FileIO) -> tuple[Any, _Places]:
    size = _files.size_of(file)
    storages: dict[str, Storage] = {}
    run = machine(_files.read_at(file, 0, min(size, _MAX_PICKLE)), storages)
    magic, position = run.run()
    if magic != _MAGIC:
        raise PickleProblem("begins with no magic number of torch.save: it is another program's pickle")
    version, position = run.run(position)
    if version != _VERSION:
        raise PickleProblem(f"is of version {version!r:.50}; {_VERSION} is read")
    _, position = run.run(position)
    value, position = run.run(position)
    keys, position = run.run(position)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise PickleProblem("does not say which storages follow")
    starts: dict[str, tuple[int, int]] = {}
    for key in keys:
        storage = storages.get(key)
        if storage is None:
            raise PickleProblem(f"has a storage {key!r:.200} that nothing names, so that its end is not known")
        count = int.from_bytes(_files.read_at(file, position, 8), "little", signed=True)
        itemsize = 1 if storage.dtype is None else _dtypes.itemsize(storage.dtype)
        begin, end = position + 8, position + 8 + count * itemsize
        if count != storage.count or end > size:
            raise PickleProblem(f"was cut: the storage {key!r:.200} ends at byte {end}, the file at {size}")
        starts[key] = begin, end
        position = end

    def places(storage: Storage, itemsize: int) -> tuple[int, int]:
        if storage.key not in starts:
            raise PickleProblem(f"has no bytes for the storage {storage.key!r:.200}")
        return starts[storage.key]

    return value, places


def _header(name: str, tensor: StoredTensor, places: _Places, path: Path, stamp: FileStamp) -> TensorHeader:
    known = _dtypes.is_known(tensor.dtype)
    itemsize = _dtypes.itemsize(tensor.dtype) if known else itemsize_of(tensor.dtype)
    if itemsize is None or checked_nbytes(tensor.shape, itemsize) is None:
        raise PickleProblem(
            f"has a tensor {name!r:.200} of {tensor.dtype} {tensor.shape!r:.200}, larger than any memory"
        )
    begin, end = places(tensor.storage, 1 if tensor.storage.dtype is None else itemsize)
    start = begin + tensor.offset * itemsize
    if start + span(tensor.shape, tensor.strides) * itemsize > end:
        raise PickleProblem(f"has a tensor {name!r:.200} that reaches beyond its storage")
    part: Part
    if is_packed(tensor.shape, tensor.strides) or 0 in tensor.shape:
        part = ByteRange(path, start, start + (checked_nbytes(tensor.shape, itemsize) or 0), stamp)
    else:
        part = StridedRange(path, start, end, tensor.shape, tensor.strides, itemsize, stamp)
    return TensorHeader(name, tensor.dtype, tensor.shape, (part,))
