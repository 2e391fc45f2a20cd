"""Where the entries of a zip archive lie that keeps them as they are: nothing is unpacked, nothing is written.

The directory is read by Python's `zipfile`; the layout is that of
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7 (local file header) and 4.4.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import zipfile

from . import _files

_LOCAL_HEADER = 30
_MAX_DIRECTORY = 100_000_000


class ZipProblem(ValueError):
    """Why an archive is not read."""


class Archive:
    """The entries of an archive, none of which is there twice.

    Raises:
        ZipProblem: it is damaged, or was cut.
    """

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._size = _files.size_of(file)
        try:
            with zipfile.ZipFile(_Directory(file, self._size)) as archive:
                entries = archive.infolist()
        # What the module raises for damaged archives, besides its own error.
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OverflowError, RuntimeError) as error:
            if isinstance(error, ZipProblem):
                raise
            raise ZipProblem(f"is a zip archive that is damaged, or was cut: {error}"[:300]) from None
        except (struct.error, _Before):
            raise ZipProblem("is a zip archive whose directory is damaged") from None
        self._entries = {entry.filename: entry for entry in entries}
        if len(self._entries) < len(entries):
            raise ZipProblem("is a zip archive that has an entry twice")

    @property
    def names(self) -> dict[str, zipfile.ZipInfo]:
        """The entries by name."""
        return self._entries

    def place(self, name: str) -> tuple[int, int]:
        """Give where the bytes of an entry begin and end: after its local header, whose padding aligns them.

        Raises:
            ZipProblem: there is none of this name, or it is compressed, or not inside the file.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise ZipProblem(f"is a zip archive without the entry {name[:200]!r}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.compress_size != entry.file_size:
            raise ZipProblem(f"has an entry that is compressed or encrypted, as torch.save writes none: {name[:200]!r}")
        begin = entry.header_offset
        local = _files.read_at(self._file, begin, _LOCAL_HEADER) if 0 <= begin < self._size else b""
        if len(local) < _LOCAL_HEADER or local[:4] != b"PK\x03\x04":
            raise ZipProblem(f"is a zip archive that is damaged: nothing is where {name[:200]!r} should be")
        lengths = int.from_bytes(local[26:28], "little"), int.from_bytes(local[28:30], "little")
        begin += _LOCAL_HEADER + sum(lengths)
        if begin + entry.file_size > self._size:
            raise ZipProblem(f"is a zip archive that was cut: {name[:200]!r} would end at {begin + entry.file_size}")
        return begin, begin + entry.file_size

    def read(self, name: str, most: int) -> bytes:
        """Give the bytes of an entry.

        Raises:
            ZipProblem: it has more than `most`, or `place` finds none.
        """
        begin, end = self.place(name)
        if end - begin > most:
            raise ZipProblem(f"has {end - begin:,} bytes in {name[:200]!r}; at most {most:,} are read")
        return _files.read_at(self._file, begin, end - begin)


class _Before(OSError):
    """A seek to before the file's first byte."""


class _Directory:
    """A file as `zipfile` reads its directory, which may be no longer than memory is had for."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        self._file, self._size, self._position = file, size, 0

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise _Before(errno.EINVAL, os.strerror(errno.EINVAL))
        self._position = base + offset
        return self._position

    def read(self, count: int = -1) -> bytes:
        left = max(0, self._size - self._position)
        count = left if count is None or count < 0 else min(count, left)
        if count > _MAX_DIRECTORY:
            raise ZipProblem(f"has a directory of {count:,} bytes; at most {_MAX_DIRECTORY:,} are read")
        content = _files.read_at(self._file, self._position, count)
        self._position += len(content)
        return content
