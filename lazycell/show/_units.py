"""Bytes and seconds as a reader wants them."""

from __future__ import annotations


def format_bytes(count: int) -> str:
    """Print bytes in decimal units, three digits: `512 B`, `90.9 MB`, `1.93 GB`."""
    if count < 1000:
        return f"{count} B"
    value, units = count / 1000, ["kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {units[0]}"


def format_seconds(seconds: float) -> str:
    """Print a duration: `0.01 s`, `12.3 s`, `2 min 05 s`."""
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"
