"""Read what `torch.save` writes, without torch and without running anything that the file says.

Since PyTorch 1.6 a file is a zip archive without compression: `NAME/data.pkl` is the pickle of all that was saved,
`NAME/data/KEY` the bytes of each storage, `NAME/byteorder` says `little` or `big` (`torch/serialization.py`, `_save`).
Before, it was pickles one after the other, a magic number, a version, the system, what was saved, the keys of the
storages, and then for each key eight bytes with the number of elements and these (`_legacy_save`).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from .._collector import collector_paused
from .._errors import CheckpointFormatError
from . import _files, _sniff
from ._files import FileStamp
from ._header import ByteRange, CheckpointHeader, Part, TensorHeader, checked_nbytes
from ._pickle import ForeignName, Machine, PickleCut, PickleProblem, shown
from ._strided import StridedRange, is_packed, span
from ._torch_objects import OtherTensor, Storage, StoredTensor, machine, tensor_itemsize, tensors_in
from ._zip import Archive, ZipProblem

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_MAX_PICKLE = 100_000_000
"""Names, shapes and strides: the bound that safetensors sets for its header."""

_FIRST_LOOK = 1 << 20
_MAX_AXES = 32
"""Of numpy's arrays."""

_MAX_REPEATED = 1 << 30
"""Bytes of a tensor that is larger than the file, because its numbers are repeated."""

_Places = Callable[[Storage], tuple[int, int]]
"""From a storage to where it begins and ends in the file."""


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
        start = _files.read_at(file, 0, _sniff.SNIFFED_BYTES)
        try:
            with collector_paused():
                value, length, places = _zipped(file) if start.startswith(b"PK\x03\x04") else _legacy(file, start)
                tensors: dict[str, TensorHeader] = {}
                for name, each in tensors_in(value, length):
                    if name in tensors:
                        raise PickleProblem(f"has two tensors called {shown(name)}")
                    tensors[name] = _header(name, each, places, path, stamp)
                del value
                _part(tensors)
        except ForeignName as problem:
            raise CheckpointFormatError(
                f"{path}: holds more than tensors that lie in memory as they are: it asks for {problem.name}, and what "
                "a pickle names is never run here. Whoever trusts the file saves its tensors alone, with torch: "
                'safetensors.torch.save_file(torch.load(path, weights_only=False)["…"], "model.safetensors")'
            ) from None
        except (PickleProblem, ZipProblem) as problem:
            raise CheckpointFormatError(f"{path}: not a file of torch.save that lazycell reads: it {problem}") from None
    if not tensors:
        raise CheckpointFormatError(f"{path}: holds no tensor: it is no checkpoint of a model")
    return CheckpointHeader(path, "pytorch", tensors)


def _zipped(file: io.FileIO) -> tuple[Any, int, _Places]:
    archive = Archive(file)
    if any(name.endswith("/constants.pkl") for name in archive.names):
        raise PickleProblem("is a program of torch.jit.save, not a dict of tensors")
    pickles = [name for name in archive.names if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise PickleProblem(f"is a zip archive with {'no' if not pickles else 'more than one'} data.pkl")
    stem = pickles[0].removesuffix("data.pkl")
    order = f"{stem}byteorder"
    if order in archive.names:
        said = archive.read(order, 32)
        if said == b"big":
            raise PickleProblem("was written by a machine whose bytes run the other way, big-endian")
        if said != b"little":
            raise PickleProblem(f"says that its bytes run {shown(said)}, neither little nor big")
    content = archive.read(pickles[0], _MAX_PICKLE)
    value, _ = machine(content, {}).run()
    known: dict[str, tuple[int, int]] = {}

    def places(storage: Storage) -> tuple[int, int]:
        place = known.get(storage.key)
        if place is None:
            begin, end = archive.place(f"{stem}data/{storage.key}")
            if end - begin < storage.nbytes:
                raise PickleProblem(
                    f"has {end - begin:,} bytes for the storage {shown(storage.key)}, which needs {storage.nbytes:,}"
                )
            place = known[storage.key] = begin, begin + storage.nbytes
        return place

    return value, len(content), places


def _legacy(file: io.FileIO, start: bytes) -> tuple[Any, int, _Places]:
    if start[:1] != b"\x80":
        raise PickleProblem(f"is neither a zip archive nor a pickle{_sniff.hint(start)}")
    size = _files.size_of(file)
    storages: dict[str, Storage] = {}
    value, keys, position = _whole_pickles(file, min(size, _MAX_PICKLE), storages)
    if type(keys) is not list or not all(type(key) is str for key in keys):
        raise PickleProblem("does not say which storages follow")
    length = position
    starts: dict[str, tuple[int, int]] = {}
    for key in keys:
        storage = storages.get(key)
        if storage is None:
            raise PickleProblem(f"has a storage {shown(key)} that nothing names, so that its end is not known")
        if key in starts:
            raise PickleProblem(f"has the storage {shown(key)} twice")
        raw = _files.read_at(file, position, 8)
        count = int.from_bytes(raw, "little", signed=True)
        begin, end = position + 8, position + 8 + storage.nbytes
        if len(raw) < 8 or end > size:
            raise PickleProblem(f"was cut: the storage {shown(key)} ends at byte {end}, the file at {size}")
        if count != storage.count:
            raise PickleProblem(f"has {count} elements in the storage {shown(key)}, where {storage.count} are named")
        starts[key] = begin, end
        position = end

    def places(storage: Storage) -> tuple[int, int]:
        if storage.key not in starts:
            raise PickleProblem(f"has no bytes for the storage {shown(storage.key)}")
        return starts[storage.key]

    return value, length, places


def _whole_pickles(file: io.FileIO, most: int, storages: dict[str, Storage]) -> tuple[Any, Any, int]:
    """Run the five pickles at the beginning; give what was saved, the keys that follow, and where they end.

    How long they are is not known: more is read as long as it is too little.
    """
    length = min(_FIRST_LOOK, most)
    while True:
        storages.clear()
        try:
            return _pickles(machine(_files.read_at(file, 0, length), storages))
        except PickleCut:
            if length == most:
                raise
            length = min(4 * length, most)


def _pickles(run: Machine) -> tuple[Any, Any, int]:
    magic, position = run.run()
    if type(magic) is not int or magic != _MAGIC:
        raise PickleProblem("begins with no magic number of torch.save: it is another program's pickle")
    version, position = run.run(position)
    if type(version) is not int or version != _VERSION:
        raise PickleProblem(f"is of version {shown(version)}; {_VERSION} is read")
    system, position = run.run(position)
    if isinstance(system, dict) and system.get("little_endian") is False:
        raise PickleProblem("was written by a machine whose bytes run the other way, big-endian")
    value, position = run.run(position)
    keys, position = run.run(position)
    return value, keys, position


def _part(tensors: dict[str, TensorHeader]) -> None:
    """Let no two tensors of one storage be views of the same bytes of a map: what is written to one is not the other's.

    All but the first of those that overlap are read instead.
    """
    taken = 0
    places = [(part, name) for name, each in tensors.items() for part in each.ranges if type(part) is ByteRange]
    for part, name in sorted(places, key=lambda place: (place[0].start, -place[0].stop)):
        if part.start < taken and part.nbytes:
            tensor = tensors[name]
            size = tensor_itemsize(tensor.dtype)
            apart = StridedRange(part.path, part.start, (part.nbytes // size,), (1,), size, part.stamp)
            tensors[name] = attrs.evolve(tensor, ranges=(apart,))
        taken = max(taken, part.stop)


def _header(
    name: str, tensor: StoredTensor | OtherTensor, places: _Places, path: Path, stamp: FileStamp
) -> TensorHeader:
    if isinstance(tensor, OtherTensor):
        return TensorHeader(name, tensor.dtype, tensor.shape, ())
    shape, itemsize = tensor.shape, tensor.itemsize
    nbytes = checked_nbytes(shape, itemsize)
    if nbytes is None:
        raise PickleProblem(f"has a tensor {shown(name)} of shape {shown(shape)}, which is larger than any memory")
    begin, end = places(tensor.storage)
    part: Part
    if not nbytes:
        part = ByteRange(path, begin, begin, stamp)
        return TensorHeader(name, tensor.dtype, shape, (part,))
    start = begin + tensor.offset * itemsize
    if start + span(shape, tensor.strides) * itemsize > end:
        raise PickleProblem(f"has a tensor {shown(name)} that reaches beyond its storage {shown(tensor.storage.key)}")
    if is_packed(shape, tensor.strides):
        part = ByteRange(path, start, start + nbytes, stamp)
    elif nbytes > max(stamp.size, _MAX_REPEATED):
        raise PickleProblem(
            f"has a tensor {shown(name)} of {nbytes:,} bytes, more than the file: its numbers are repeated; save "
            "what is repeated once"
        )
    elif len(shape) > _MAX_AXES:
        raise PickleProblem(f"has a tensor {shown(name)} of {len(shape)} axes, which lie apart: {_MAX_AXES} are read")
    else:
        part = StridedRange(path, start, shape, tensor.strides, itemsize, stamp)
    return TensorHeader(name, tensor.dtype, shape, (part,))
