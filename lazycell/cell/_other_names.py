"""The other names of a net's parameters: a MindSpore file has `Parameter.name`, a place may be one of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import attrs
from mindspore import nn

from ..declaration import declaration_of
from ..manifest import Manifest
from ..parameters import cells_of, parameters_of


def with_other_names(
    net: nn.Cell, manifest: Manifest, parameters: Mapping[str, Any], stored: Collection[str]
) -> Manifest:
    """Give the manifest with every name of `stored` as a tie by which one of the net's parameters goes, too.

    Names are looked for in this order: the path at which the manifest lists a parameter; any other path to it, through
    a cell or a parameter that the net has at two places; its `Parameter.name`, which MindSpore's own files have.

    Args:
        net: any cell. Nothing is done for a LazyCell, whose ties are declared.
        manifest: of the net.
        parameters: those that it lists, by full name.
        stored: the names that a checkpoint has.
    """
    if declaration_of(type(net)) is not None or stored == parameters.keys():
        return manifest
    owners = {id(parameter): name for name, parameter in parameters.items()}
    by_name = other_names(parameters)
    ties = {name: owner for name, owner in by_name.items() if name not in manifest.ties}
    for name in stored:
        if name not in parameters and name not in manifest.ties:
            owner = owners.get(id(_parameter_at(net, name.split("."))))
            if owner is not None:
                ties[name] = owner
    return attrs.evolve(manifest, ties={**manifest.ties, **ties}) if ties else manifest


def other_names(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Give `Parameter.name` of those that have another than their path: those names that mean one parameter alone."""
    named = {path: str(parameter.name) for path, parameter in parameters.items()}
    different = {path: name for path, name in named.items() if name != path}
    times = Counter(different.values())
    return {name: path for path, name in different.items() if times[name] == 1 and name not in named}


def _parameter_at(cell: nn.Cell, parts: list[str]) -> Any:
    """Give the parameter at a path, None where there is none. An optimizer's own names have dots in them."""
    parameter = parameters_of(cell).get(".".join(parts))
    if parameter is not None or len(parts) < 2:
        return parameter
    below = cells_of(cell).get(parts[0])
    return None if below is None else _parameter_at(below, parts[1:])


def names_in_ckpt(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Give the name under which MindSpore looks for a parameter of a plain net, for those that have another path."""
    return {path: name for name, path in other_names(parameters).items()}
