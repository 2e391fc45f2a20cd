"""How many files a process may have open at once."""

from __future__ import annotations

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

_USUAL = 512  # of the C library of Windows
_MANY = 1 << 20


def most_descriptors() -> int:
    """Give how many descriptors this process may have; the limit may be changed while it runs."""
    if resource is None:
        return _USUAL
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MANY if soft == resource.RLIM_INFINITY else soft
