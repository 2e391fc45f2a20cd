"""The memory of this process, from Linux's /proc. Imports nothing: what is measured may be imports."""

from __future__ import annotations


def resident() -> int:
    """Give what is resident now, in bytes, the pages of mapped files included (`VmRSS`)."""
    return _status("VmRSS")


def peak() -> int:
    """Give the most that was resident since `reset_peak`, in bytes (`VmHWM`).

    Not `resource.getrusage`: its peak starts with that of the process that started this one.
    """
    return _status("VmHWM")


def anonymous() -> int:
    """Give what is resident and belongs to no file, in bytes (`RssAnon`)."""
    return _status("RssAnon")


def reset_peak() -> None:
    """Let `peak` begin anew. Where that is not allowed, the peak of the imports counts: no less than what is left."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return


def _status(field: str) -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines[field].split()[0]) * 1024  # in units of "kB", which are 1024 bytes
