"""How a net's parameters are initialized, as a draft writes it: a name, or a call of MindSpore's class."""

from __future__ import annotations

import ast

from ._python_names import Code, literal

CLASSES = frozenset(
    "Constant Dirac HeNormal HeUniform Identity Normal Orthogonal Sparse TruncatedNormal Uniform VarianceScaling "
    "XavierNormal XavierUniform".split()
)
"""Initializers of MindSpore's, which a draft imports from `mindspore.common.initializer`."""

_NAMED = {"Zero()": "zeros", "One()": "ones"}


def initializer_code(text: str) -> Code | None:
    """Give what a manifest says of an initializer, as Python; None for what cannot be written so: a table, a function.

    Args:
        text: `Normal(sigma=0.02, mean=0.0)`, `zeros`, `1.0`.
    """
    if text in _NAMED:
        return Code(literal(_NAMED[text]))
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Code(literal(node.value))
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES and not node.args
    ):
        return None
    try:
        given = [(each.arg, ast.literal_eval(each.value)) for each in node.keywords]
    except ValueError:
        return None
    return Code(f"{node.func.id}({', '.join(f'{name}={literal(value)}' for name, value in given)})")
