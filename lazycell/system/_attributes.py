"""What a file keeps of the one that it replaces: its mode, owner, access list, and what users noted about it."""

from __future__ import annotations

import contextlib
import os
import stat

_ACCESS = "system.posix_acl_access"
_NOTES = "user."


def keep_attributes(old: str | os.PathLike[str], new: int, *, notes: bool = True) -> None:
    """Give an open file what it would have if it had been written in place of another.

    The owner can be kept by root alone, the group by its members, an access list and extended attributes where the file
    system has them: what cannot be kept is as for any new file. Nothing is done if there is no old file.

    Args:
        old: the file that is replaced; of a link, what it points to.
        new: descriptor of the new file.
        notes: whether extended attributes of users (`user.*`) are kept too.
    """
    try:
        status = os.stat(old)
    except OSError:
        return
    _keep_owner(status, new)
    if hasattr(os, "listxattr"):  # before the mode, which may forbid it
        with contextlib.suppress(OSError):
            for name in os.listxattr(old):
                if name == _ACCESS or (notes and name.startswith(_NOTES)):
                    with contextlib.suppress(OSError):
                        os.setxattr(new, name, os.getxattr(old, name))
    if hasattr(os, "fchmod"):
        with contextlib.suppress(OSError):
            os.fchmod(new, stat.S_IMODE(status.st_mode))


def _keep_owner(status: os.stat_result, new: int) -> None:
    now = os.fstat(new)
    if not hasattr(os, "fchown") or (status.st_uid, status.st_gid) == (now.st_uid, now.st_gid):
        return
    try:
        os.fchown(new, status.st_uid, status.st_gid)
    except OSError:
        with contextlib.suppress(OSError):
            os.fchown(new, -1, status.st_gid)
