"""Weights that PyTorch's `weight_norm` has parted: a file has a norm and a direction, and the cell the weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from ..declaration import Direction, Magnitude
from ..formats import TensorHeader
from ..layout import Form, Stored, shape_of
from ..manifest import Manifest
from ._torch_names import TorchNames


def with_halves(names: TorchNames, manifest: Manifest, tensors: Mapping[str, TensorHeader]) -> TorchNames:
    """Give PyTorch's names with both halves of each weight that the file has parted, in the place of the weight.

    Args:
        names: as PyTorch has them without `weight_norm`.
        manifest: of the net.
        tensors: of the file, by name.
    """
    pairs = [*_pairs(tensors)]
    if not pairs:
        return names
    by_name = {each.name: each for each in names.stored}
    of_plain = {entry.name: entry for entry in manifest.entries if entry.declared_by is None}
    stored_elsewhere = {name for each in names.stored for name in each.parameters}
    parted: dict[int, tuple[Stored, ...]] = {}
    more: list[Stored] = []
    for weight, g, v in pairs:
        known = by_name.get(weight)
        if known is None and (weight not in of_plain or weight in stored_elsewhere):
            continue
        form: Form = of_plain[weight].block if known is None else known.form
        halves = _halves(form, (g, tensors[g]), (v, tensors[v]))
        if known is None:
            more += halves
        elif halves and all(name in of_plain for name in known.parameters):
            parted[id(known)] = halves
    found = [*(each for one in names.stored for each in parted.get(id(one), (one,))), *more]
    order = {entry.name: position for position, entry in enumerate(manifest.entries)}
    return attrs.evolve(names, stored=tuple(sorted(found, key=lambda each: order[each.parameters[0]])))


def _pairs(tensors: Mapping[str, TensorHeader]) -> Iterator[tuple[str, str, str]]:
    """Give each weight that is not there and has both halves there: its name and theirs, in either spelling."""
    for g in tensors:
        path, dot, last = g.rpartition(".")
        if last.endswith("_g"):
            weight, v = path + dot + last[:-2], f"{path}{dot}{last[:-1]}v"
        elif last == "original0" and ".parametrizations." in f".{path}.":
            above, _, word = path.rpartition(".")
            owner = above.removesuffix("parametrizations")
            weight, v = owner + word, f"{path}.original1"
        else:
            continue
        if v in tensors and weight not in tensors:
            yield weight, g, v


def _halves(form: Form, g: tuple[str, TensorHeader], v: tuple[str, TensorHeader]) -> tuple[Stored, ...]:
    shape, norms = shape_of(form), g[1].shape
    if v[1].shape != shape:
        return ()
    for dim in (None, *range(len(shape))):
        ones = tuple(size if axis == dim else 1 for axis, size in enumerate(shape))
        if norms == (() if dim is None else ones):
            return Stored(g[0], Magnitude(form, dim)), Stored(v[0], Direction(form, dim))
    return ()
