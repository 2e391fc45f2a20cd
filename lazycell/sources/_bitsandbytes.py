"""bitsandbytes: 4 bits that index a table, with a scale for each block of the flat weight; or int8 with one a row.

4 bit: `weight` (bytes, 1), the high half first, `weight.quant_map` (16 floats), `weight.absmax` of each block, and what
`weight.quant_state.bitsandbytes__nf4` or `__fp4` says in JSON: shape and blocksize. `W = quant_map[q] * absmax`. Where
absmax is quantized too: `absmax = nested_quant_map[absmax] * nested_absmax + nested_offset`.
int8: `W = weight * SCB / 127`. Read: bitsandbytes' `functional.py` and `nn/modules.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from .._frozen import frozen
from ..formats import ByteRange, TensorHeader
from ..system import Array, JSONProblem, read_object
from ._elements import read_elements
from ._floats_view import View

_MOST_JSON = 1 << 14
_MOST_BLOCK = 1 << 18


@frozen
class Nested:
    """Scales that are stored as codes of their own.

    Attributes:
        scales: of each block of codes.
        table: of the 256 codes.
        size: codes of a block.
        offset: what is added.
    """

    scales: TensorHeader
    table: TensorHeader
    size: int
    offset: float


@frozen(slots=False)
class FourBits:
    """Computes a weight of 4 bits.

    Attributes:
        codes: as bytes.
        table: what each of the 16 codes is, before it is scaled.
        absmax: the scale of each block, or its code.
        nested: the scales of these; None: they are floats.
        count: elements of the weight.
        size: elements of a block: an even number; the last block may be short.
    """

    codes: TensorHeader
    table: TensorHeader
    absmax: TensorHeader
    nested: Nested | None
    count: int
    size: int

    @property
    def step(self) -> int:
        """A block."""
        return self.size

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        nested = () if self.nested is None else (self.nested.scales, self.nested.table)
        for tensor in (self.codes, self.table, self.absmax, *nested):
            yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some blocks."""
        count = out.size
        codes = read_elements(self.codes, first // 2, (first + count + 1) // 2)
        even = count - count % 2
        np.take(self._pairs, codes[: even // 2], out=out[:even].view(np.float64), mode="clip")
        if count > even:
            out[even] = self._pairs[codes[-1:]].view(np.float32)[0]
        scales = self._scales(first // self.size, -(-(first + count) // self.size))
        whole = count // self.size
        edge = whole * self.size
        with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
            blocks = out[:edge].reshape(whole, self.size)
            blocks *= scales[:whole, np.newaxis]
            out[edge:] *= scales[whole:]

    @cached_property
    def _pairs(self) -> Array:
        """What each byte is: two floats, in the bytes of one of twice the width."""
        table = read_elements(self.table, 0, 16).astype(np.float32)
        byte = np.arange(256)
        return np.stack([table[byte >> 4], table[byte & 15]], axis=1).view(np.float64).reshape(256)

    @cached_property
    def _levels(self) -> Array:
        """What each code of a scale is."""
        assert self.nested is not None
        return read_elements(self.nested.table, 0, 256).astype(np.float32)

    def _scales(self, first: int, last: int) -> Array:
        stored = read_elements(self.absmax, first, last)
        if self.nested is None:
            return stored.astype(np.float32)
        size, begin = self.nested.size, first // self.nested.size
        scales = read_elements(self.nested.scales, begin, -(-last // size)).astype(np.float32)
        found: Array = self._levels[stored] * scales[np.arange(first, last) // size - begin]
        found += np.float32(self.nested.offset)
        return found


@frozen
class EightBits:
    """Computes a weight of int8.

    Attributes:
        codes: rows and columns.
        scales: of each row, times 127.
    """

    codes: TensorHeader
    scales: TensorHeader

    @property
    def step(self) -> int:
        """A row."""
        return self.codes.shape[1]

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        for tensor in (self.codes, self.scales):
            yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some rows."""
        columns = self.step
        values, start = out.reshape(-1, columns), first // columns
        scales = read_elements(self.scales, start, start + len(values)).astype(np.float32)
        np.copyto(out, read_elements(self.codes, first, first + out.size))
        with np.errstate(all="ignore"):
            values *= scales[:, np.newaxis]
            values /= np.float32(127)


def four_bits(tensors: Mapping[str, TensorHeader], name: str, quantization: Mapping[str, Any]) -> View | str:
    """Give a weight of 4 bits as floats, or say why it cannot be.

    Args:
        tensors: of the checkpoint.
        name: of the weight.
        quantization: what the config says, which is nothing that the tensors do not.
    """
    codes, absmax, table = tensors[name], tensors[f"{name}.absmax"], tensors.get(f"{name}.quant_map")
    kinds = [kind for kind in ("nf4", "fp4") if f"{name}.quant_state.bitsandbytes__{kind}" in tensors]
    if len(kinds) != 1 or table is None:
        return f"`{name}.quant_state.bitsandbytes__nf4` or `__fp4`, and `{name}.quant_map`, are not there"
    said = _state(tensors[f"{name}.quant_state.bitsandbytes__{kinds[0]}"])
    if isinstance(said, str):
        return said
    shape, size = said["shape"], said["blocksize"]
    count = math.prod(shape)
    blocks = -(-count // size)
    if codes.nbytes != (count + 1) // 2:
        return f"{codes.nbytes} bytes of codes are not those of a weight of {shape} in 4 bits"
    if (table.dtype, table.shape) != ("float32", (16,)) or absmax.shape != (blocks,):
        return f"a table {table.shape} and scales {absmax.shape} are not those of {blocks} blocks of {size}"
    nested = None
    if "nested_blocksize" in said:
        found = _nested(tensors, name, said, blocks)
        if isinstance(found, str):
            return found
        nested = found
    if absmax.dtype != ("float32" if nested is None else "uint8"):
        return f"scales of {absmax.dtype} are not what the state of the weight says"
    flat = attrs.evolve(codes, dtype="uint8", shape=(codes.nbytes,))  # some store them as if they were other numbers
    double = "" if nested is None else ", scales in 8 bit"
    return View(shape, FourBits(flat, table, absmax, nested, count, size), f"{kinds[0]} blocks of {size}{double}")


def eight_bits(tensors: Mapping[str, TensorHeader], name: str, quantization: Mapping[str, Any]) -> View | str:
    """Give a weight of int8 as floats, or say why it cannot be; likewise."""
    cell = name.removesuffix("weight")
    codes, scales, layout = tensors[name], tensors[f"{cell}SCB"], tensors.get(f"{cell}weight_format")
    if codes.dtype != "int8" or len(codes.shape) != 2 or 0 in codes.shape:
        return f"codes of {codes.dtype} {codes.shape} are not bitsandbytes'"
    if (scales.dtype, math.prod(scales.shape)) != ("float32", codes.shape[0]):
        return f"`{cell}SCB` of {scales.dtype} {scales.shape} does not scale {codes.shape[0]} rows"
    if layout is not None:
        if layout.dtype != "uint8" or math.prod(layout.shape) != 1:
            return f"`{cell}weight_format` of {layout.dtype} {layout.shape} tells no order of the codes"
        order = int(read_elements(layout, 0, 1)[0])
        if order != 0:
            return f"`{cell}weight_format` is {order}: lazycell reads codes that are stored row by row, which is 0"
    return View(codes.shape, EightBits(codes, scales), "bitsandbytes int8")


def _state(stored: TensorHeader) -> dict[str, Any] | str:
    """Read what is said of a weight: its shape and the size of its blocks at least."""
    if stored.dtype != "uint8" or stored.nbytes > _MOST_JSON:
        return f"`{stored.name}` of {stored.dtype}, {stored.nbytes} bytes, says nothing of its shape"
    try:
        said = read_object(read_elements(stored, 0, stored.nbytes).tobytes())
    except JSONProblem as problem:
        return f"`{stored.name}` {problem}"
    shape: Any = said.get("shape")
    size: Any = said.get("blocksize")
    if not isinstance(shape, list) or not shape or not all(_is_size(each) for each in shape):
        return f"`{stored.name}`: shape={shape!r:.80} is none"
    if not _is_block(size) or size % 2:
        return f"`{stored.name}`: blocksize={size!r:.40} is none"
    return {**said, "shape": tuple(shape)}


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_block(value: Any) -> bool:
    return _is_size(value) and value <= _MOST_BLOCK


def _nested(tensors: Mapping[str, TensorHeader], name: str, said: Mapping[str, Any], blocks: int) -> Nested | str:
    scales, table = tensors.get(f"{name}.nested_absmax"), tensors.get(f"{name}.nested_quant_map")
    size, offset = said["nested_blocksize"], said.get("nested_offset")
    if scales is None or table is None:
        return f"`{name}.nested_absmax` and `{name}.nested_quant_map`, which its state tells of, are not there"
    if not _is_block(size) or not isinstance(offset, int | float) or isinstance(offset, bool):
        return f"nested_blocksize={size!r:.40} and nested_offset={offset!r:.40} do not tell the scales of the scales"
    if (scales.dtype, scales.shape) != ("float32", (-(-blocks // size),)) or (table.dtype, table.shape) != (
        "float32",
        (256,),
    ):
        return f"scales {scales.shape} and a table {table.shape} are not those of {blocks} scales in blocks of {size}"
    return Nested(scales, table, size, float(offset))
