"""GGUF files made by hand, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

MAGIC = b"GGUF"

SCALARS = {"B": 0, "b": 1, "H": 2, "h": 3, "I": 4, "i": 5, "f": 6, "?": 7, "Q": 10, "q": 11, "d": 12}
"""Types of values, by what `struct` calls them."""

TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q3_K": 11, "Q4_K": 12}
TYPES |= {"Q5_K": 13, "Q6_K": 14, "IQ2_XXS": 16, "IQ4_NL": 20, "IQ4_XS": 23, "I8": 24, "I16": 25, "I32": 26, "I64": 27}
TYPES |= {"F64": 28, "BF16": 30, "MXFP4": 39}


@attrs.frozen
class Tensor:
    """What a file says of a tensor, right or wrong.

    Attributes:
        shape: rows first; in the file the innermost comes first.
        type: a name, or a number.
        content: its bytes.
        offset: where it is said to begin; None: where it does.
    """

    shape: Sequence[int] = (1,)
    type: str | int = "F32"
    content: bytes = bytes(4)
    offset: int | None = None


def text(value: str | bytes) -> bytes:
    """Write a string."""
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(raw)) + raw


def scalar(form: str, value: float) -> bytes:
    """Write a number, or a bool, as `struct` calls it, with its type."""
    return struct.pack(f"<I{form}", SCALARS[form], value)


def string(value: str | bytes) -> bytes:
    """Write a string with its type."""
    return struct.pack("<I", 8) + text(value)


def array(form: str, values: Sequence[float]) -> bytes:
    """Write an array of numbers with its type."""
    return struct.pack(f"<IIQ{len(values)}{form}", 9, SCALARS[form], len(values), *values)


def strings(values: Sequence[str | bytes]) -> bytes:
    """Write an array of strings with its type."""
    return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))


def gguf_bytes(
    tensors: Mapping[str | bytes, Tensor] | Sequence[tuple[str | bytes, Tensor]] = (),
    metadata: Mapping[str, bytes] | Sequence[tuple[str | bytes, bytes]] = (),
    *,
    version: int = 3,
    counts: tuple[int, int] | None = None,
    alignment: int = 32,
) -> bytes:
    """Write a file.

    Args:
        tensors: by name, or pairs.
        metadata: values with their types by name, or pairs.
        version: of the format.
        counts: of tensors and of values, as the file says; None: as they are.
        alignment: of the data; it is no value of the metadata by itself.
    """
    pairs: list[Any] = list(tensors.items() if isinstance(tensors, Mapping) else tensors)
    values: list[Any] = list(metadata.items() if isinstance(metadata, Mapping) else metadata)
    head = MAGIC + struct.pack("<IQQ", version, *(counts or (len(pairs), len(values))))
    head += b"".join(text(key) + value for key, value in values)
    data = b""
    for name, tensor in pairs:
        number = TYPES[tensor.type] if isinstance(tensor.type, str) else tensor.type
        offset = len(data) if tensor.offset is None else tensor.offset
        axes = len(tensor.shape)
        head += text(name) + struct.pack(f"<I{axes}QIQ", axes, *reversed(tensor.shape), number, offset)
        data += tensor.content + bytes(-len(tensor.content) % alignment)
    return head + bytes(-len(head) % alignment) + data
