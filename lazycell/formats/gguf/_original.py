"""The tensors of a GGUF file as those of the checkpoint that it was made from: Hugging Face's names and values.

So a model of the zoo reads it as any other checkpoint. All that is changed back is so as it is read: no tensor is ever
in memory twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs

from ..._errors import CheckpointFormatError
from .._computed import Computed
from .._header import ByteRange, TensorHeader
from .._strided import StridedRange
from ._architectures import Architecture, architecture_of, layer_and_module, name_of
from ._file import GgufFile, GgufTensor
from ._regrouped import LessOne, Unturned
from ._tensor import header_of


def original_tensors(file: GgufFile) -> dict[str, TensorHeader]:
    """Give the tensors by the names that they had; those of an architecture that is not known as they are.

    Raises:
        CheckpointFormatError: the metadata and the tensors contradict each other, or two tensors get one name.
    """
    architecture = architecture_of(file)
    if architecture is None:
        return {name: header_of(file, tensor, name) for name, tensor in file.tensors.items()}
    found: dict[str, TensorHeader] = {}
    for tensor in file.tensors.values():
        if tensor.name in architecture.computed:
            continue
        for header in _originals(file, architecture, tensor):
            if header.name in found:
                raise CheckpointFormatError(
                    f"{file.path}: tensor {tensor.name!r} is {header.name!r}, and another one is that, too"
                )
            found[header.name] = header
    return found


def _originals(file: GgufFile, architecture: Architecture, tensor: GgufTensor) -> Iterator[TensorHeader]:
    count = tensor.shape[0] if tensor.shape else 0
    if architecture.is_stacked(tensor.name) and len(tensor.shape) > 1 and tensor.nbytes:
        size = tensor.nbytes // count
        for expert, name in enumerate(architecture.names(tensor.name, count)):
            part = attrs.evolve(tensor, shape=tensor.shape[1:], start=tensor.start + expert * size, nbytes=size)
            yield header_of(file, part, name)
        return
    for name in architecture.names(tensor.name, 1):
        header = header_of(file, tensor, name)
        of = layer_and_module(tensor.name)
        if not header.is_readable or not tensor.nbytes:
            yield header
        elif of is not None and architecture.turns_heads and of[1] in _HEADS:
            yield _unturned(header, tensor, heads_in(file, _HEADS[of[1]], of[0]), file)
        elif architecture.adds_one and tensor.name.endswith("norm.weight"):
            yield TensorHeader(name, "float32", header.shape, (Computed(header.shape, LessOne(header)),), header.origin)
        else:
            yield header


_HEADS = {"attn_q": "head_count", "attn_k": "head_count_kv"}


def heads_in(file: GgufFile, key: str, layer: int) -> int:
    """Give how many heads a layer has.

    Args:
        file: that it is in.
        key: `head_count`, or `head_count_kv`.
        layer: its number.

    Raises:
        CheckpointFormatError: the file does not say.
    """
    name = f"{name_of(file)}.attention.{key}"
    if key == "head_count_kv" and name not in file.metadata:
        return heads_in(file, "head_count", layer)
    found = file.metadata.get(name)
    if isinstance(found, tuple) and layer < len(found):
        found = found[layer]
    if type(found) is not int or found < 1:
        said = "has no" if found is None else f"has {found!r:.80} as"
        raise CheckpointFormatError(f"{file.path}: its metadata {said} {name}, in which the rows of heads are told")
    return found


def _unturned(header: TensorHeader, tensor: GgufTensor, heads: int, file: GgufFile) -> TensorHeader:
    rows, *rest = header.shape or (1,)
    if rows % (2 * heads):
        raise CheckpointFormatError(
            f"{file.path}: tensor {tensor.name!r} of shape {header.shape} does not have the rows of {heads} heads"
        )
    rows, columns = rows // heads, math.prod(rest)
    (part,) = header.ranges
    if isinstance(part, Computed):
        turned: Computed | StridedRange = Computed(header.shape, Unturned(part.values, rows, columns))
    else:
        assert isinstance(part, ByteRange)
        shape = (heads, 2, rows // 2, columns)
        strides = (rows * columns, columns, 2 * columns, 1)
        turned = StridedRange(part.path, part.start, shape, strides, header.itemsize, part.stamp)
    return attrs.evolve(header, ranges=(turned,))
