"""What not every system has, by the nearest that it has: reads and writes at a place, locks, what `open` takes.

MindSpore has wheels for Linux, macOS and Windows. macOS lacks `os.preadv` before 11, Windows all of it and `fcntl`.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

try:
    import msvcrt
except ImportError:  # all but Windows
    msvcrt = None  # type: ignore[assignment]

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

O_CLOEXEC = getattr(os, "O_CLOEXEC", getattr(os, "O_NOINHERIT", 0))
O_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
O_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
O_BINARY = getattr(os, "O_BINARY", 0)

_LOCKED_BYTE = 1 << 40  # far behind all content: what Windows locks, nobody else may read
_seeking = threading.Lock()

_USUAL_DESCRIPTORS = 512  # of the C library of Windows
_MANY_DESCRIPTORS = 1 << 20


def read_into_at(descriptor: int, target: memoryview, start: int) -> int:
    """Fill `target` from a place of a file; gives how many bytes came, 0 at the end. Several threads may do it at once.

    Where a system has no such read, the file's position is moved, behind one lock for all threads.
    """
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [target], start)
    content = read_at_once(descriptor, len(target), start)
    target[: len(content)] = content
    return len(content)


def _seek_and_read(descriptor: int, length: int, start: int, /) -> bytes:
    """Give up to `length` bytes from a place of a file; as few as the system likes, none at the end."""
    with _seeking:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, min(length, 1 << 28))  # Windows reads no more than 2 GiB at once


read_at_once: Callable[[int, int, int], bytes] = getattr(os, "pread", _seek_and_read)
"""Takes a descriptor, a length and where to begin: the system's own, where it has one."""


def write_at(descriptor: int, content: bytes | memoryview, start: int) -> int:
    """Write to a place of a file, whose position stays; gives how many bytes were written."""
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, content, start)
    with _seeking:
        position = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, start, os.SEEK_SET)
            return os.write(descriptor, content)
        finally:
            os.lseek(descriptor, position, os.SEEK_SET)


def rename_over(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> None:
    """Give a file a name that another may have, which is gone then."""
    (os.replace if os.name == "nt" else os.rename)(old, new)


def try_lock(descriptor: int) -> bool | None:
    """Lock an open file until it is closed; False if somebody else has it, None where there are no locks."""
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            return None
    except BlockingIOError:
        return False
    except OSError as error:
        return False if fcntl is None and error.errno in (errno.EACCES, errno.EDEADLK) else None
    return True


def try_share(descriptor: int) -> bool | None:
    """Lock an open file together with others that do so; False if somebody has it alone, None where that cannot be."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def unlock(descriptor: int) -> None:
    """Give up the lock of a file."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    elif msvcrt is not None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]


def flush_directory(directory: str | os.PathLike[str]) -> None:
    """Bring a directory's entries to the disk, where directories can be opened: not on Windows."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that has no such operation
            raise
    finally:
        os.close(descriptor)


def most_descriptors() -> int:
    """Give how many descriptors this process may have; the limit may be changed while it runs."""
    if resource is None:
        return _USUAL_DESCRIPTORS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MANY_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
