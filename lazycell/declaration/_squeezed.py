"""Axes of length 1 that a stored tensor has less, or more: those of convolutions, most often."""

from __future__ import annotations

from typing import Any

from .._frozen import frozen
from ._check_form import StoredForm, check_inner, is_axis, refuse
from ._forms import Unary


@frozen
class Squeezed(Unary):
    """Without axes of length 1: `axes` of `inner`."""

    axes: tuple[int, ...]

    @property
    def options(self) -> str:
        """The axes as they are written."""
        return _axis_text(self.axes)


@frozen
class Expanded(Unary):
    """With more axes of length 1: `axes` of the result."""

    axes: tuple[int, ...]

    @property
    def options(self) -> str:
        """The axes as they are written."""
        return _axis_text(self.axes)


def squeezed(inner: StoredForm, axis: int | tuple[int, ...]) -> Squeezed:
    """Give the form of a tensor that is stored without axes of length 1: `squeezed("conv.weight", axis=2)`.

    So PyTorch stores the weight of a `Conv1d`, (out, in, k), which in MindSpore's `nn.Conv1d` is (out, in, 1, k).

    Args:
        inner: a name or a form.
        axis: which axes of `inner` the stored tensor lacks, counted from 0.

    Returns:
        The form, to be used in `rename`.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, or an axis is not counted from 0.
    """
    check_inner("squeezed", inner)
    return Squeezed(inner, _axes("squeezed", axis))


def expanded(inner: StoredForm, axis: int | tuple[int, ...]) -> Expanded:
    """Give the form of a tensor that is stored with more axes of length 1: `expanded("proj.weight", axis=(2, 3))`.

    So a file has a linear layer that was written as a convolution over one point: (out, in, 1, 1) for (out, in).

    Args:
        inner: a name or a form.
        axis: which axes of the stored tensor `inner` lacks, counted from 0.

    Returns:
        The form, to be used in `rename`.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, or an axis is not counted from 0.
    """
    check_inner("expanded", inner)
    return Expanded(inner, _axes("expanded", axis))


def _axes(function: str, axis: Any) -> tuple[int, ...]:
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    if not axes or not all(map(is_axis, axes)) or len(set(axes)) < len(axes):
        refuse(f"axis={axis!r} in {function}() does not name axes counted from 0, each once", "`axis=2`")
    return tuple(sorted(axes))


def _axis_text(axes: tuple[int, ...]) -> str:
    return f", axis={axes[0] if len(axes) == 1 else axes}"
