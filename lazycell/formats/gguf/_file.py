"""Read what a GGUF file says of itself: its metadata and its tensors, and nothing of their numbers.

Format (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): `GGUF`, a version, how many tensors and how many
values of metadata; these, each a name, a type and a value; of each tensor its name, its sizes, innermost first, its
type and where it is; the numbers, which begin at a multiple of the alignment, as does each tensor in them.
All is little-endian, but for files that were made for other machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from ..._collector import collector_paused
from ..._errors import CheckpointFormatError
from ..._frozen import frozen
from .. import _files, _sniff
from .._files import FileStamp
from ._metadata import Length, Value, Walk, WalkError
from ._types import TYPES

_MAGIC = b"GGUF"
_HEADER = 24

# What the format allows, and what `gguf.cpp` does: 64 bytes of a name, where programs that draw have longer ones.
_LONGEST_KEY = 65535
_LONGEST_NAME = 1024
_MOST_AXES = 4

# The fewest bytes that are said of a value and of a tensor.
_LEAST_OF_VALUE = 13
_LEAST_OF_TENSOR = 24

_KNOWN = frozenset(each.name for each in TYPES.values())
"""Types whose tensors have a size that can be told."""

_ALIGNMENT = "general.alignment"

_OTHER_KINDS = {
    "adapter": "a LoRA adapter, which changes a model and is none itself: load the model, and give the adapter as PEFT "
    'has it, with `adapter="DIRECTORY"`; or join the two with llama.cpp\'s `llama-export-lora`, and load that',
    "mmproj": "the part of a model that looks or listens (mmproj), which lies in a file of its own beside the text "
    "model: give the path of that one",
    "imatrix": "a table of what weights matter (imatrix), from which llama.cpp quantizes, and no model: give the path "
    "of the model's file",
}


@frozen
class GgufTensor:
    """A tensor in the file.

    Attributes:
        name: in the file, of GGUF's own kind: `blk.0.attn_q.weight`.
        type: what ggml calls it, `Q4_1`; of a number that lazycell does not know, `type 99`.
        shape: rows first, as numpy has it.
        start: its first byte in the file.
        nbytes: how many there are; of an unknown type, those up to the next tensor.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    start: int
    nbytes: int


@frozen
class GgufFile:
    """What a file says of itself.

    Attributes:
        path: of the file.
        stamp: its state when it was read.
        version: of the format, 2 or 3.
        metadata: numbers, bools and texts as they are, arrays of up to 4096 numbers or bools as tuples; of longer ones,
            of arrays of strings and of texts above a mebibyte only the `Length`.
        tensors: by name, in the order of the file.
    """

    path: Path
    stamp: FileStamp
    version: int
    metadata: Mapping[str, Value] = attrs.field(repr=False)
    tensors: Mapping[str, GgufTensor] = attrs.field(repr=False)


def read_file(path: Path) -> GgufFile:
    """Read what a file says of itself.

    Raises:
        CheckpointFormatError: the file breaks a rule of the format, or is none that holds a whole model; the message
            names the file, the tensor or the value, and the cause.
        FileNotFoundError: there is no such file.
    """
    with _files.open_regular(path) as file, collector_paused():
        stamp = FileStamp.of(file.fileno())
        start = _files.read_at(file, 0, max(_HEADER, _sniff.SNIFFED_BYTES))
        try:
            version = _version(start, stamp.size)
            walk = Walk(file, stamp.size, 8)
            count, values = walk.numbers("QQ")
            _check_count(count, _LEAST_OF_TENSOR, "tensors", walk.left)
            _check_count(values, _LEAST_OF_VALUE, "values of metadata", walk.left)
            metadata = _metadata(walk, values)
            _refuse_other_kinds(metadata)
            tensors = _tensors(walk, count, _alignment(metadata), stamp.size)
        except WalkError as cause:
            raise CheckpointFormatError(f"{path}: {cause}") from None
    return GgufFile(path, stamp, version, MappingProxyType(metadata), MappingProxyType(tensors))


def _version(start: bytes, size: int) -> int:
    if not start.startswith(_MAGIC[: len(start)]):
        raise WalkError(f"not a GGUF file: it begins with {start[:4]!r}, not {_MAGIC!r}{_sniff.hint(start)}")
    if len(start) < _HEADER:
        raise WalkError(f"truncated: the file has {size} bytes, a GGUF file at least {_HEADER}")
    version = int.from_bytes(start[4:8], "little")
    if version in (2, 3):
        return version
    if int.from_bytes(start[4:8], "big") in (1, 2, 3):
        raise WalkError(
            "the file is big-endian, for machines unlike this one: take the one that most people take, or turn it "
            "with `gguf-convert-endian FILE little` of the package gguf"
        )
    if version == 1:
        raise WalkError(
            "the file is of version 1 of GGUF, of August 2023, which lazycell does not read: take a newer file of the "
            "model, or write it anew with `llama-quantize FILE NEW COPY` of llama.cpp"
        )
    raise WalkError(f"the file is of version {version} of GGUF; lazycell reads 2 and 3")


def _check_count(count: int, least: int, what: str, left: int) -> None:
    if count * least > left:
        raise WalkError(f"the file says that it has {count} {what}, which its {left + _HEADER} bytes cannot hold")


def _metadata(walk: Walk, count: int) -> dict[str, Value]:
    metadata: dict[str, Value] = {}
    for _ in range(count):
        key = walk.text(_LONGEST_KEY, "the name of a value of the metadata")
        if key in metadata:
            raise WalkError(f"the metadata has {_show(key)} twice")
        try:
            metadata[key] = walk.value()
        except WalkError as cause:
            raise WalkError(f"the value of {_show(key)} in the metadata: {cause}") from None
    return metadata


def _refuse_other_kinds(metadata: Mapping[str, Value]) -> None:
    parts = metadata.get("split.count", 0)
    if isinstance(parts, int) and parts > 1:
        number = metadata.get("split.no")
        which = f"part {number + 1} of {parts}" if isinstance(number, int) else f"one of {parts} parts"
        raise WalkError(
            f"{which} of a model that was split: join all of them with `llama-gguf-split --merge FIRST-PART WHOLE.gguf`"
            " of llama.cpp, whose program was called gguf-split, and give the path of the whole"
        )
    kind = str(metadata.get("general.type", "model"))
    if metadata.get("general.architecture") == "clip":
        kind = "mmproj"  # older ones do not say so
    if kind in _OTHER_KINDS:
        raise WalkError(f"the file holds {_OTHER_KINDS[kind]}")


def _alignment(metadata: Mapping[str, Value]) -> int:
    alignment = metadata.get(_ALIGNMENT, 32)
    if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1) or alignment >= 1 << 32:
        raise WalkError(f"{_ALIGNMENT} in the metadata has to be a power of two, not {_show(alignment)}")
    return alignment


def _tensors(walk: Walk, count: int, alignment: int, size: int) -> dict[str, GgufTensor]:
    found: dict[str, tuple[int, tuple[int, ...], int]] = {}
    for _ in range(count):
        name = walk.text(_LONGEST_NAME, "the name of a tensor")
        if name in found:
            raise WalkError(f"tensor {_show(name)} is there twice")
        axes = walk.number("I")
        if axes > _MOST_AXES:
            raise WalkError(f"tensor {_show(name)} has {axes} axes, the format allows {_MOST_AXES}")
        *sizes, number, offset = walk.numbers(f"{axes}QIQ")
        found[name] = number, tuple(reversed(sizes)), offset
    begin = -(-walk.position // alignment) * alignment
    tensors = {}
    for name, (number, shape, offset) in found.items():
        try:
            tensors[name] = _tensor(name, number, shape, offset, begin, alignment)
        except WalkError as cause:
            raise WalkError(f"tensor {_show(name)}: {cause}") from None
    return dict(_placed(tensors, size))


def _tensor(name: str, number: int, shape: tuple[int, ...], offset: int, begin: int, alignment: int) -> GgufTensor:
    if offset % alignment:
        raise WalkError(f"it begins at {offset}, which is no multiple of the alignment, {alignment}")
    elements = 1
    for size in shape:
        elements *= size
        if elements >= 1 << 60:  # so that its bytes are a number of 63 bits, whatever it is
            raise WalkError(f"its shape {shape} is larger than any memory")
    type = TYPES.get(number)
    if type is None:
        return GgufTensor(name, f"type {number}", shape, begin + offset, 0)
    row = shape[-1] if shape else 1
    if row % type.elements:
        raise WalkError(f"its rows of {row} are not whole blocks of {type.name}, of {type.elements} elements")
    return GgufTensor(name, type.name, shape, begin + offset, elements // type.elements * type.nbytes)


def _placed(tensors: Mapping[str, GgufTensor], size: int) -> Iterator[tuple[str, GgufTensor]]:
    """Check that tensors lie in the file, and none in another."""
    ordered = sorted(tensors.values(), key=lambda each: each.start)
    placed: dict[str, GgufTensor] = {}
    end, last = 0, ""
    for tensor, after in zip(ordered, [*ordered[1:], None], strict=False):
        known = tensor.type in _KNOWN
        if known and not tensor.nbytes:
            placed[tensor.name] = attrs.evolve(tensor, start=min(tensor.start, size))
            continue
        stop = tensor.start + tensor.nbytes
        if not known:
            stop = max(tensor.start, size if after is None else min(size, after.start))
        if stop > size:
            raise WalkError(
                f"truncated: tensor {_show(tensor.name)} is in bytes {tensor.start} to {stop}, the file has {size}"
            )
        if tensor.start < end:
            raise WalkError(
                f"tensor {_show(tensor.name)}: an overlap: it begins at byte {tensor.start}, tensor {_show(last)} ends "
                f"at {end}"
            )
        placed[tensor.name] = attrs.evolve(tensor, nbytes=stop - tensor.start)
        if stop > end:
            end, last = stop, tensor.name
    return ((name, placed[name]) for name in tensors)


def _show(value: object) -> str:
    text = str(value) if isinstance(value, Length) else repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
