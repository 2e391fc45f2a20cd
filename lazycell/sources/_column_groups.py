"""Codes of a row whose groups have a scale and a zero point each: `(code - zero point) * scale`."""

from __future__ import annotations

import numpy as np

from ..system import Array

SCALES = frozenset({"float16", "bfloat16", "float32"})
"""Dtypes of scales that float32 holds."""

AT_ONCE = 1 << 18
"""Elements that are computed at once: a MiB of float32, which a core's cache holds."""

TURNED = 1 << 21
"""Elements that are worth reading at once where the columns of what is stored are rows of the weight.

The more, the longer are the runs of bytes that are read; 8 MiB of float32 for each thread.
"""


def count_of(columns: int, size: int) -> int:
    """Give how many groups of `size` a row has; the last may be short."""
    return -(-columns // size)


def apply_groups(values: Array, scales: Array, zeros: Array | None, size: int) -> None:
    """Turn codes into what they stand for, in place.

    Args:
        values: the codes, in float32: rows and columns.
        scales: of each group, in float32: rows and groups.
        zeros: likewise, the zero points; None: they are 0.
        size: columns of a group; the last may be short.
    """
    whole = values.shape[1] // size
    edge = whole * size
    with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
        if whole:
            blocks = values[:, :edge].reshape(len(values), whole, size)
            if zeros is not None:
                blocks -= zeros[:, :whole, np.newaxis]
            blocks *= scales[:, :whole, np.newaxis]
        if edge < values.shape[1]:
            if zeros is not None:
                values[:, edge:] -= zeros[:, whole:]
            values[:, edge:] *= scales[:, whole:]


def apply_index(values: Array, scales: Array, zeros: Array, index: Array) -> None:
    """Do the same where an index tells the group of each column."""
    with np.errstate(all="ignore"):
        values -= np.take(zeros, index, axis=1)
        values *= np.take(scales, index, axis=1)


def group_size(told: object, columns: int, groups: int) -> int | str:
    """Give the columns of a group, or say why what is told is not what is stored.

    Args:
        told: the config's `group_size`; -1: all columns are one group.
        columns: of the weight.
        groups: that have scales.
    """
    if not isinstance(told, int) or isinstance(told, bool) or (told < 1 and told != -1):
        return f"group_size={told!r:.40} is no number of columns"
    size = columns if told == -1 else min(told, columns)
    if count_of(columns, size) != groups:
        return f"{groups} groups of scales are not those of {columns} columns with group_size={told}"
    return size
