"""A weight-normed tensor: `magnitude` and `direction`, the two tensors that PyTorch stores for one weight.

Weight normalization (Salimans and Kingma, 2016, arXiv:1602.07868) writes a weight as w = g v / ‖v‖. The norm is that of
each slice along one axis, `dim`. A file has g and v; a model that does not train them has w.
"""

from __future__ import annotations

import re
from typing import Any

from .._frozen import frozen
from ._check_form import StoredForm, check_inner, is_axis, refuse
from ._forms import Unary

_OLD = re.compile(r"(?P<path>(?:.*\.)?)(?P<word>[^.]+)_(?P<half>[gv])")
_NEW = re.compile(r"(?P<path>(?:.*\.)?)parametrizations\.(?P<word>[^.]+)\.original(?P<half>[01])")


@frozen
class Half(Unary):
    """One of the two tensors that make a weight-normed one.

    Attributes:
        dim: the axis of `inner` that has a norm for each of its positions; None: the whole tensor has one.
    """

    dim: int | None

    @property
    def options(self) -> str:
        """The axis, where it is not the first."""
        return "" if self.dim == 0 else f", dim={self.dim}"

    @property
    def other(self) -> Half:
        """The other half of the same weight."""
        return (Direction if isinstance(self, Magnitude) else Magnitude)(self.inner, self.dim)


@frozen
class Magnitude(Half):
    """g: the norms, with one element along every axis but `dim`."""


@frozen
class Direction(Half):
    """v: the weight but for its norms, which are anything."""


def magnitude(inner: StoredForm, dim: int | None = 0) -> Magnitude:
    """Give the form of the norms of a weight-normed tensor, PyTorch's `weight_g`.

    It goes with `direction`: `rename({"conv.weight_g": magnitude("conv.weight"), "conv.weight_v":
    direction("conv.weight")})`. A load computes w = g v / ‖v‖, in float32 (float64 if one of the two is), and rounds it
    once. Files with PyTorch's newer names, `conv.parametrizations.weight.original0` and `original1`, are read by the
    same rules. What is saved is g = ‖w‖ and v = w: read again it is w, bit for bit.

    Args:
        inner: a name or a form: the weight.
        dim: as of `torch.nn.utils.weight_norm`: the axis that has a norm for each of its positions, counted from 0;
            None: there is one norm of the whole.

    Returns:
        The form, to be used in `rename`.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, or `dim` no axis.
    """
    return Magnitude(*_checked("magnitude", inner, dim))


def direction(inner: StoredForm, dim: int | None = 0) -> Direction:
    """Give the form of the direction of a weight-normed tensor, PyTorch's `weight_v`; it goes with `magnitude`.

    Args:
        inner: a name or a form: the weight.
        dim: that of `magnitude`.

    Returns:
        The form, to be used in `rename`.

    Raises:
        DeclarationError: `inner` is neither a name nor a form, or `dim` no axis.
    """
    return Direction(*_checked("direction", inner, dim))


def _checked(function: str, inner: StoredForm, dim: Any) -> tuple[StoredForm, int | None]:
    check_inner(function, inner)
    if dim is not None and not is_axis(dim):
        refuse(f"dim={dim!r} in {function}() is not an axis counted from 0", "`dim=0`, or `dim=None` for one norm")
    return inner, dim


def other_spelling(name: str) -> str | None:
    """Give PyTorch's other name for a half: `c.weight_g` and `c.parametrizations.weight.original0`, both ways.

    None: it is no such name.
    """
    if found := _NEW.fullmatch(name):
        return f"{found['path']}{found['word']}_{'gv'[int(found['half'])]}"
    if found := _OLD.fullmatch(name):
        return f"{found['path']}parametrizations.{found['word']}.original{'gv'.index(found['half'])}"
    return None
