"""The names of `lazycell`, for checkers that are to check the arguments of constructors without a plugin.

`from lazycell.typed import LazyCell, Parameter, child, hyper, param` gives, at run time, the very objects of
`lazycell` and `mindspore`. Type checkers see a dataclass-like base class: each `name: type = hyper()` or
`name: type = value` is an argument of the constructor; what `param`, `buffer`, `child`, `children` and `when` declare
is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mindspore import Parameter, Tensor

from . import (
    INDEX,
    SELF,
    derived,
    direction,
    each,
    expanded,
    fused,
    in_,
    key_value_cache,
    len_,
    magnitude,
    max_,
    min_,
    padded,
    rename,
    require,
    reshaped,
    same,
    shape_of,
    squeezed,
    tie,
    transposed,
)

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import dataclass_transform

    from . import LazyCell as _LazyCell
    from ._specifiers import buffer, cells, child, children, hyper, keyword_only, param, when

    # Under a name of its own: mypy allows no `**same(Base)` in the calls of a function that it finds listed here.
    _child, _children = child, children

    @dataclass_transform(
        eq_default=False, field_specifiers=(hyper, keyword_only, param, buffer, cells, when, _child, _children)
    )
    class _Declaring(_LazyCell): ...

    class LazyCell(_Declaring):
        """`lazycell.LazyCell`, whose constructor takes the hyperparameters and `dtype`."""

        dtype: Any = keyword_only(default=None, kw_only=True)

else:
    from . import LazyCell, buffer, cells, child, children, hyper, param, when

__all__ = [
    "INDEX",
    "SELF",
    "LazyCell",
    "Parameter",
    "Tensor",
    "buffer",
    "cells",
    "child",
    "children",
    "derived",
    "direction",
    "each",
    "expanded",
    "fused",
    "hyper",
    "in_",
    "key_value_cache",
    "len_",
    "magnitude",
    "max_",
    "min_",
    "padded",
    "param",
    "rename",
    "require",
    "reshaped",
    "same",
    "shape_of",
    "squeezed",
    "tie",
    "transposed",
    "when",
]
