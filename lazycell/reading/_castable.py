"""Which dtypes may become which when a checkpoint is loaded."""

from __future__ import annotations

from .. import _dtypes


def castable(source: str, target: str) -> bool:
    """Whether a load may turn dtype `source` into `target`.

    A float becomes any other float (rounded to nearest even), an integer an integer that holds all its
    values. Nothing else: a float that was stored where an integer belongs is a mistake, not a precision.
    """
    if source == target:
        return True
    if not same_kind(source, target):
        return False
    if source in _dtypes.FLOATING:
        return True
    wider = _dtypes.ITEMSIZES[target] > _dtypes.ITEMSIZES[source]
    if _is_signed(source) == _is_signed(target):
        return wider
    return wider and _is_signed(target)


def same_kind(one: str, other: str) -> bool:
    """Whether both are floats, both integers, or both the same."""
    if not (one in _dtypes.ITEMSIZES and other in _dtypes.ITEMSIZES):
        return False  # a dtype of a file that no MindSpore tensor can hold
    return one == other or any(one in kind and other in kind for kind in (_dtypes.FLOATING, _dtypes.INTEGERS))


def _is_signed(name: str) -> bool:
    return not name.startswith("u")
