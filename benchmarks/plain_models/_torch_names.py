"""What PyTorch would save for a net: its names and forms, by a rule of this program's own, not by lazycell's.

For mindone it is the project's own table, turned around; for mindcv, which has none, a table of cell classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lazycell

_NORMS = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
_NAMES = {
    "BatchNorm1d": _NORMS,
    "BatchNorm2d": _NORMS,
    "BatchNorm3d": _NORMS,
    "LayerNorm": _NORMS,
    "GroupNorm": _NORMS,
    "Embedding": {"embedding_table": "weight"},
    "PReLU": {"w": "weight"},
}
_FLAT = ("Conv1d", "Conv1dTranspose")

COMPUTED = "*.weight_norm_cell.weight"
"""What mindone's `WeightNorm` computes from its two halves before each run: no PyTorch file has it."""


def teach() -> None:
    """Tell lazycell of mindone's `WeightNorm` what a user would have to: its names are the project's own."""
    if not hasattr(lazycell, "torch_names"):
        return
    halves = {half: lazycell.squeezed(half, axis=2) for half in ("weight_g", "weight_v")}
    rules: dict[str, Any] = {"bias": "weight_norm_cell.bias", **halves}
    lazycell.torch_names(rules)(import_module("mindone.utils.weight_norm").WeightNorm)


def state_dict(net: Any) -> dict[str, NDArray[Any]]:
    """Give a net's values as PyTorch's `state_dict` would: one array for each path, shared parameters at all of theirs.

    Args:
        net: a cell with values.
    """
    nn = import_module("mindspore").nn
    known = _of_mindone(net)
    found: dict[str, NDArray[Any]] = {}
    for path, cell in _cells(net):
        names = next((_NAMES[kind] for kind in _NAMES if _is(cell, getattr(nn, kind))), {})
        for attribute, parameter in cell._params.items():
            if parameter is None:
                continue
            ours = _join(path, attribute)
            if fnmatch(ours, COMPUTED):
                continue
            theirs = known.get(ours) or _join(path, names.get(attribute, attribute))
            values = parameter.asnumpy()
            is_flat = attribute == "weight" and _is_any(cell, nn, _FLAT)
            found[theirs] = values.squeeze(-2) if is_flat or attribute in ("weight_g", "weight_v") else values
        if names is _NORMS and "moving_mean" in cell._params:
            found[_join(path, "num_batches_tracked")] = np.array(0, np.int64)
    return found


def _of_mindone(net: Any) -> dict[str, str]:
    """Give what mindone's own table says, by the name in MindSpore."""
    project, _, part = type(net).__module__.partition(".")
    if project != "mindone":
        return {}
    place = "mindone.diffusers.models.modeling_utils" if "diffusers" in part else "mindone.transformers.modeling_utils"
    table = import_module(place)._get_pt2ms_mappings(net)
    return {ours: theirs for theirs, (ours, _) in table.items() if ours is not None}


def _cells(cell: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give all cells, one that is at two places at both of them."""
    yield path, cell
    for name, child in cell._cells.items():
        if child is not None:
            yield from _cells(child, _join(path, name))


def _is(cell: Any, kind: type) -> bool:
    return isinstance(cell, kind)


def _is_any(cell: Any, nn: Any, kinds: tuple[str, ...]) -> bool:
    return any(_is(cell, getattr(nn, kind)) for kind in kinds)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
