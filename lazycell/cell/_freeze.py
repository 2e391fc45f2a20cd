"""Freezing: parameters, by pattern, for which no gradients are taken any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from mindspore import nn

from .. import show
from ..parameters import parameters_of
from ._choice import check_patterns, choose_parameters
from ._net_manifest import survey

if TYPE_CHECKING:
    from .._nn_cell import Cell

_FROZEN = "_lazycell_frozen"
"""On a cell, in its `__dict__`: the names of its own parameters that `freeze` has frozen. No others are thawed."""


def freeze(net: Cell, *patterns: str) -> list[str]:
    """Take parameters out of training: `requires_grad` becomes False. They are loaded and saved as before.

    An optimizer updates what it was made with: freeze first, then `nn.Adam(net.trainable_params())`.

    Args:
        net: any cell; its parameters may or may not have values.
        patterns: of full names (`fnmatch`: `*` is any text, dots included): `"model.*"`, `"*.bias"`. None: all. A tied
            parameter goes by each of its names, and is frozen in all its places.

    Returns:
        The full names of those that were trained until now, in the net's order.

    Raises:
        TypeError: `net` is no cell, or a pattern no string.
        ValueError: a pattern matches no parameter; then nothing is frozen.
    """
    chosen = _chosen("freeze", net, patterns)
    frozen = [name for name, place in chosen.items() if place.parameter.requires_grad]
    for name in frozen:
        place = chosen[name]
        place.parameter.requires_grad = False
        place.owner.__dict__.setdefault(_FROZEN, set()).add(place.name)
    return frozen


def unfreeze(net: Cell, *patterns: str) -> list[str]:
    """Undo `freeze`: what it has frozen is trained again. Buffers, and what was declared so, are never trained.

    Args:
        net: as for `freeze`.
        patterns: likewise.

    Returns:
        The full names of those that are trained from now on.

    Raises:
        TypeError: `net` is no cell, or a pattern no string.
        ValueError: a pattern matches no parameter, or only such as are not trained by their declaration.
    """
    chosen = _chosen("unfreeze", net, patterns)
    frozen = [name for name, place in chosen.items() if place.name in place.owner.__dict__.get(_FROZEN, ())]
    if patterns and chosen and not frozen and not any(place.parameter.requires_grad for place in chosen.values()):
        raise ValueError(
            f"unfreeze: {show.few(list(chosen), 3)}: `freeze` has not frozen {'them' if len(chosen) > 1 else 'it'}: a "
            "buffer is never trained, and what somebody declared or set so is trained after `parameter.requires_grad = "
            "True`"
        )
    thawed = [name for name in frozen if not chosen[name].parameter.requires_grad]
    for name in frozen:
        place = chosen[name]
        place.parameter.requires_grad = True
        place.owner.__dict__[_FROZEN].remove(place.name)
    return thawed


class _Place(NamedTuple):
    parameter: Any
    owner: nn.Cell
    name: str


def _chosen(function: str, net: nn.Cell, patterns: Iterable[str]) -> dict[str, _Place]:
    if not isinstance(net, nn.Cell):
        raise TypeError(f"{function}() takes a cell and patterns of its parameters' names, not {net!r:.80}")
    manifest, parameters = survey(net, migrations=lambda cls: ())
    checked = check_patterns("patterns", patterns)
    owners = {
        id(parameter): (cell, name)
        for _, cell in net.cells_and_names()
        for name, parameter in parameters_of(cell).items()
    }
    places = {
        name: _Place(parameter, *owners.get(id(parameter), (net, name)))  # an optimizer has some in no cell
        for name, parameter in parameters.items()
    }
    if not checked:
        return places
    every = [entry.name for entry in manifest.entries]  # on a mesh, also what other ranks have
    wanted = choose_parameters(function, checked, net, every, manifest.ties)
    return {name: place for name, place in places.items() if name in wanted}
