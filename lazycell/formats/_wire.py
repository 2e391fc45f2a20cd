"""Read protobuf's wire format from a file, only the bytes asked for (https://protobuf.dev/programming-guides/encoding)."""

from __future__ import annotations

import io
from collections.abc import Callable

from . import _files

# Large enough that small tensors are passed over without another read, small enough to cost nothing beside
# large ones.
_WINDOW = 1 << 16

LENGTH_DELIMITED = 2


class WireError(ValueError):
    """Bytes that are not the wire format; the message is the cause."""


class Window:
    """Bytes by position: a window is kept, and read anew when a position falls outside it."""

    def __init__(self, size: int, read: Callable[[int, int], bytes], content: bytes = b"") -> None:
        self.size = size
        self._read = read
        self._start = 0
        self._bytes = content

    @classmethod
    def of_file(cls, file: io.FileIO) -> Window:
        """Look into an open file."""
        return cls(_files.size_of(file), lambda position, length: _files.read_at(file, position, length))

    @classmethod
    def of_bytes(cls, content: bytes) -> Window:
        """Look at bytes that are in memory; nothing is copied."""
        return cls(len(content), lambda position, length: content[position : position + length], content)

    def around(self, position: int) -> tuple[bytes, int]:
        """Give the window's bytes and the offset of `position` in them, without moving it if that is inside."""
        offset = position - self._start
        if not 0 <= offset < len(self._bytes):
            self._bytes = self._read(position, _WINDOW)
            self._start, offset = position, 0
        return self._bytes, offset

    def take(self, position: int, length: int) -> bytes:
        """Give `length` bytes from `position`.

        Raises:
            WireError: the file ends before.
        """
        offset = position - self._start
        if offset < 0 or offset + length > len(self._bytes):
            # What is not there is not asked for: the length is the file's claim.
            if position + length > self.size:
                raise WireError(f"the file ends at byte {self.size}")
            self._bytes = self._read(position, max(length, _WINDOW))
            self._start = position
            offset = 0
            if length > len(self._bytes):
                raise WireError(f"the file ends at byte {position + len(self._bytes)}")
        return self._bytes[offset : offset + length]

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """Read the unsigned integer at `position`; give it and the position after it, at most `end`."""
        offset = position - self._start
        if 0 <= offset < len(self._bytes) and position < end and self._bytes[offset] < 0x80:
            return self._bytes[offset], position + 1  # most are one byte
        value = shift = 0
        while shift < 70:
            if position >= end:
                raise WireError(f"a number runs past byte {end}")
            byte = self.take(position, 1)[0]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >= 1 << 64:
                    break
                return value, position
            shift += 7
        raise WireError(f"a number before byte {position} is longer than 64 bits")

    def field(self, position: int, end: int) -> tuple[int, int, int, int]:
        """Read the field at `position`: (number, wire type, start, stop of its content).

        For a varint field start and stop enclose the varint. `stop` may lie beyond `end`: the caller says
        what is cut.
        """
        key, start = self.varint(position, end)
        number, wire_type = key >> 3, key & 7
        if wire_type == 0:
            _, stop = self.varint(start, end)
            return number, wire_type, start, stop
        if wire_type == LENGTH_DELIMITED:
            length, start = self.varint(start, end)
            return number, wire_type, start, start + length
        raise WireError(f"byte {position} starts a field of wire type {wire_type}, which the format never uses")
