"""Walk over the start of a GGUF file, its metadata and what it says of tensors: no more is kept than is asked for."""

from __future__ import annotations

import io
import struct

from ..._frozen import frozen
from .. import _files

_WINDOW = 1 << 20

MOST_NUMBERS = 4096
"""Numbers of an array that are kept."""

MOST_TEXT = 1 << 20
"""Bytes of a string that are kept."""

_STRING, _ARRAY, _BOOL, _FLOAT32 = 8, 9, 7, 6

_SCALARS = {
    0: ("uint8", "B"),
    1: ("int8", "b"),
    2: ("uint16", "H"),
    3: ("int16", "h"),
    4: ("uint32", "I"),
    5: ("int32", "i"),
    _FLOAT32: ("float32", "f"),
    _BOOL: ("bool", "B"),
    10: ("uint64", "Q"),
    11: ("int64", "q"),
    12: ("float64", "d"),
}
"""`enum gguf_metadata_value_type`: what each is, and how `struct` calls it."""


@frozen
class Length:
    """What stands for an array, or a text, that is not kept.

    Attributes:
        count: how many elements there are.
        of: what they are: `strings`, `float32`, `bytes`.
    """

    count: int
    of: str

    def __str__(self) -> str:
        return f"[{self.count} {self.of}]"


Value = bool | int | float | str | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...] | Length
"""Of the metadata."""


class WalkError(ValueError):
    """What is wrong, in words."""


class Walk:
    """A position in a file, and the bytes around it.

    Args:
        file: open; only what is walked over is read, a mebibyte at a time, and what is skipped may not be.
        size: bytes of the file.
        position: to begin at.
    """

    def __init__(self, file: io.FileIO, size: int, position: int) -> None:
        self._file = file
        self._size = size
        self._start = position
        self._at = 0
        self._bytes = b""

    @property
    def position(self) -> int:
        """In the file."""
        return self._start + self._at

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return self._size - self.position

    def numbers(self, form: str) -> tuple[int, ...]:
        """Take numbers, little-endian, written as `struct` writes forms."""
        form = "<" + form
        length = struct.calcsize(form)
        self._have(length)
        self._at += length
        return struct.unpack_from(form, self._bytes, self._at - length)

    def number(self, form: str) -> int:
        """Take one number."""
        return self.numbers(form)[0]

    def text(self, most: int, what: str) -> str:
        """Take a string that is a name.

        Args:
            most: bytes that it may have.
            what: it is, for messages.
        """
        length = self.number("Q")
        if length > most:
            raise WalkError(f"{what} at byte {self.position - 8} has {length} bytes, the format allows {most}")
        raw = self._take(length)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise WalkError(f"{what} at byte {self.position - length} is not UTF-8: {raw[:80]!r}") from None

    def value(self) -> Value:
        """Take a value of the metadata: its type, and what it is.

        A float32 is given as the shortest decimal number that stands for it: 1e-06, not 9.999999974752427e-07.
        """
        kind = self.number("I")
        if kind == _STRING:
            length = self.number("Q")
            if length > MOST_TEXT:
                self._skip(length)
                return Length(length, "bytes")
            return self._take(length).decode(errors="replace")
        if kind == _ARRAY:
            return self._array()
        return self._scalars(kind, 1)[0]

    def _array(self) -> Value:
        kind, count = self.number("I"), self.number("Q")
        if kind == _STRING:
            self._skip_strings(count)
            return Length(count, "strings")
        if kind == _ARRAY:
            raise WalkError("it is an array of arrays, which llama.cpp reads neither")
        if count > MOST_NUMBERS and kind in _SCALARS:
            what, form = _SCALARS[kind]
            self._skip(count * struct.calcsize("<" + form))
            return Length(count, what)
        return self._scalars(kind, count)

    def _scalars(self, kind: int, count: int) -> tuple[bool, ...] | tuple[int, ...] | tuple[float, ...]:
        if kind not in _SCALARS:
            raise WalkError(f"its type is {kind}, and the format has none above 12")
        values = self.numbers(f"{count}{_SCALARS[kind][1]}")
        if kind == _BOOL:
            if max(values, default=0) > 1:
                raise WalkError(f"it is a bool of {max(values)}, where 0 and 1 can be")
            return tuple(map(bool, values))
        return tuple(map(_shortest, values)) if kind == _FLOAT32 else values

    def _skip_strings(self, count: int) -> None:
        """Go on behind strings: a tokenizer has hundreds of thousands, so nothing is made of them."""
        if 8 * count > self.left:
            raise WalkError(f"it has {count} strings, and {self.left} bytes follow")
        unpack = struct.Struct("<Q").unpack_from
        content, at, last = self._bytes, self._at, len(self._bytes) - 8
        for _ in range(count):
            if at > last:
                self._at = at
                self._have(8)
                content, at, last = self._bytes, self._at, len(self._bytes) - 8
            at += 8 + unpack(content, at)[0]
        self._at = at
        self._have(0)

    def _take(self, length: int) -> bytes:
        self._have(length)
        self._at += length
        return self._bytes[self._at - length : self._at]

    def _skip(self, length: int) -> None:
        self._at += length
        self._have(0)

    def _have(self, length: int) -> None:
        """See to it that so many bytes from the position on are there."""
        if self._at + length <= len(self._bytes):
            return
        position = self.position
        if position + length > self._size:
            raise WalkError(
                f"truncated: {length} bytes are needed at byte {position}, the file has {self._size}"
                if position <= self._size
                else f"truncated: what is there ends at byte {position}, the file has {self._size}"
            )
        self._bytes = _files.read_at(self._file, position, min(max(length, _WINDOW), self._size - position))
        self._start, self._at = position, 0
        if len(self._bytes) < length:
            raise WalkError("truncated while it was read")


def _shortest(value: float) -> float:
    raw = struct.pack("<f", value)
    for digits in range(1, 9):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", short) == raw:
                return short
        except OverflowError:  # the largest ones, rounded up
            continue
    return float(f"{value:.9g}")
