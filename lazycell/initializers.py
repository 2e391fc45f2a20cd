"""Names of initializers that can be imported: `Param["normal", …]` and `Param[normal, …]` mean the same.

At run time each is its own name, a string. Type checkers read the first entry of `Param[…]` as a type, and look up a
string in it as a name of the module: with the name imported they find that `weight: Param["normal", (n,)]` is a
Parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from mindspore import Parameter

    dirac: TypeAlias = Parameter
    he_normal: TypeAlias = Parameter
    he_uniform: TypeAlias = Parameter
    identity: TypeAlias = Parameter
    normal: TypeAlias = Parameter
    ones: TypeAlias = Parameter
    orthogonal: TypeAlias = Parameter
    truncated_normal: TypeAlias = Parameter
    uniform: TypeAlias = Parameter
    variance_scaling: TypeAlias = Parameter
    xavier_normal: TypeAlias = Parameter
    xavier_uniform: TypeAlias = Parameter
    zeros: TypeAlias = Parameter
else:
    dirac = "dirac"
    he_normal = "he_normal"
    he_uniform = "he_uniform"
    identity = "identity"
    normal = "normal"
    ones = "ones"
    orthogonal = "orthogonal"
    truncated_normal = "truncated_normal"
    uniform = "uniform"
    variance_scaling = "variance_scaling"
    xavier_normal = "xavier_normal"
    xavier_uniform = "xavier_uniform"
    zeros = "zeros"

__all__ = [
    "dirac",
    "he_normal",
    "he_uniform",
    "identity",
    "normal",
    "ones",
    "orthogonal",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
