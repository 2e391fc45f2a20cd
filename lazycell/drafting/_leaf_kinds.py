"""Known layers, told by the names and the axes of what they store."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .._frozen import frozen
from ._initializer_text import initializer_code
from ._name_tree import Branch, branches_in
from ._python_names import Code

_TABLE = re.compile(r"emb|wte|wpe|shared$|relative_attention_bias|^tok_", re.I)
_HEAD = re.compile(r"embed_out|unembed|head", re.I)
_NORM = re.compile(r"norm|\bln|ln_|_ln|rms|layer_norm", re.I)

ZOO = ("Linear", "Embedding", "LayerNorm", "RMSNorm")
"""Kinds that are classes of `models.layers`."""


@frozen
class LeafKind:
    """A layer without layers below it.

    Attributes:
        name: of its class.
        dtype: of all that it stores.
    """

    name: str
    dtype: str


@frozen
class Leaf:
    """One such layer in a checkpoint: what it is, and the arguments that its class takes."""

    kind: LeafKind
    arguments: dict[str, Any]


class Leaves:
    """Tells of each branch of some checkpoints whether it is a known layer."""

    def __init__(self, roots: Iterable[Branch]) -> None:
        self._found: dict[int, Leaf | None] = {}
        roots = [*roots]
        shapes = [_axes_of_linear(branch) for root in roots for branch in branches_in(root)]
        unlike = [(rows, columns, bias) for rows, columns, bias in filter(None, shapes) if rows != columns]
        # A square matrix does not show which axis is which: the others of the model do.
        self._turned = any(bias == columns for _, columns, bias in unlike) and not any(
            bias == rows for rows, _, bias in unlike
        )

    def of(self, branch: Branch) -> Leaf | None:
        """Give the layer that a branch is; None for any other."""
        if id(branch) not in self._found:
            self._found[id(branch)] = _leaf_of(branch, self._turned)
        return self._found[id(branch)]


def _axes_of_linear(branch: Branch) -> tuple[int, int, int] | None:
    if branch.below or {*branch.tensors} != {"weight", "bias"}:
        return None
    weight, bias = branch.tensors["weight"].shape, branch.tensors["bias"].shape
    return (*weight, bias[0]) if len(weight) == 2 and len(bias) == 1 else None


def _leaf_of(branch: Branch, turned: bool) -> Leaf | None:
    names = {*branch.tensors}
    dtypes = {each.dtype for each in branch.tensors.values()}
    if branch.below or "weight" not in names or len(dtypes) > 1:
        return None
    (dtype,) = dtypes
    made = _named(branch, names, turned)
    if made is None or (branch.leftovers and made[0] != "BatchNorm"):
        return None
    name, arguments = made
    if branch.tensors["weight"].initializer:
        return _initialized(branch, name, arguments, dtype)
    return Leaf(LeafKind(name, dtype), arguments)


def _initialized(branch: Branch, name: str, arguments: dict[str, Any], dtype: str) -> Leaf | None:
    """Give a layer of a net, which says how it is initialized; None: its class here could not."""
    said = {each: initializer_code(tensor.initializer) for each, tensor in branch.tensors.items()}
    if None in said.values() or not all(each.trainable for each in branch.tensors.values()):
        return None
    usual = {"weight": '"ones"', "bias": '"zeros"'}
    if name in ("LayerNorm", "RMSNorm"):
        return Leaf(LeafKind(name, dtype), arguments) if all(said[each] == usual[each] for each in said) else None
    if name not in ("Linear", "Embedding", "Conv1d", "Conv2d", "Conv3d"):
        return None
    if name == "Linear" and said.get("bias", usual["bias"]) != usual["bias"]:
        name = "Dense"
    arguments = {**arguments, "initializer": said["weight"]}
    if name == "Dense" or name.startswith("Conv"):
        arguments["bias_initializer"] = said.get("bias", Code(usual["bias"]))
    return Leaf(LeafKind(name, dtype), arguments)


def _named(branch: Branch, names: set[str], turned: bool) -> tuple[str, dict[str, Any]] | None:
    weight = branch.tensors["weight"].shape
    if names == {"weight", "bias", "running_mean", "running_var"}:
        alike = len({each.shape for each in branch.tensors.values()}) == 1 and len(weight) == 1
        return ("BatchNorm", {"width": weight[0]}) if alike else None
    if not names <= {"weight", "bias"}:
        return None
    bias = branch.tensors["bias"].shape if "bias" in names else None
    if bias is not None and len(bias) != 1:
        return None
    if len(weight) == 1:
        return _norm(branch.path, weight, bias)
    if len(weight) == 2:
        return _matrix(branch.path, weight, bias, turned)
    if len(weight) in (3, 4, 5) and bias in (None, weight[:1]):
        sizes = {"in_channels": weight[1], "out_channels": weight[0], "kernel_size": weight[2:]}
        return f"Conv{len(weight) - 2}d", {**sizes, "use_bias": bias is not None}
    return None


def _norm(path: str, weight: tuple[int, ...], bias: tuple[int, ...] | None) -> tuple[str, dict[str, Any]] | None:
    if bias == weight:
        return "LayerNorm", {"width": weight[0]}
    return ("RMSNorm", {"width": weight[0]}) if bias is None and _NORM.search(_last(path)) else None


def _matrix(
    path: str, weight: tuple[int, ...], bias: tuple[int, ...] | None, turned: bool
) -> tuple[str, dict[str, Any]] | None:
    rows, columns = weight
    last = _last(path)
    if bias is None:
        if _TABLE.search(last) and not _HEAD.search(last):
            return "Embedding", {"size": rows, "width": columns}
        return "Linear", {"in_features": columns, "out_features": rows, "use_bias": False}
    if bias == (columns,) and (turned or rows != columns):
        return "TurnedLinear", {"in_features": rows, "out_features": columns}
    return ("Linear", {"in_features": columns, "out_features": rows, "use_bias": True}) if bias == (rows,) else None


def _last(path: str) -> str:
    """Give the last part of a path that is a word."""
    return next((part for part in reversed(path.split(".")) if not part.isdigit()), "")
