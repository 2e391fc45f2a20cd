"""Tell whether a file is still the one whose header was read."""

from __future__ import annotations

import os

from .._frozen import frozen


@frozen
class FileStamp:
    """What tells one state of a file from another without reading it.

    Two writes within one tick of the file system's clock (a few milliseconds) that leave the size alone are not told
    apart; nor is what another process writes through a shared map, until the kernel notes it.

    Attributes:
        device: of the file system.
        inode: within the device: another file under the same name has another.
        size: bytes.
        modified: nanoseconds since the epoch.
    """

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, descriptor: int) -> FileStamp:
        """Take the stamp of an open file."""
        status = os.fstat(descriptor)
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def change_to(self, now: FileStamp) -> str | None:
        """Say what has happened between two stamps; None: nothing."""
        if self == now:
            return None
        if now.size != self.size:
            return f"it had {self.size} bytes, it has {now.size}"
        if (now.device, now.inode) != (self.device, self.inode):
            return "another file has taken its place"
        return "it has been written to"
