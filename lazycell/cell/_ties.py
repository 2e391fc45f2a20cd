"""Ties on cells: two places for one parameter, which is stored under one name and may be found under either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from mindspore import nn

from .._dtypes import dtype_name
from .._errors import CheckpointMismatchError
from ..declaration import Tie, check_tie
from ..parameters import cells_of, parameters_of


def tie_together(cell: Any, ties: tuple[Tie, ...]) -> None:
    """Make each tie's target another name of its source, on a cell whose children are there."""
    made = ties_below(cell)
    for tie in ties:
        parameters = dict(cell.parameters_and_names())
        found = {name: (tuple(each.shape), dtype_name(each.dtype)) for name, each in parameters.items()}
        source = check_tie(tie, found, made)
        # An alias in the instance's dictionary, not in `_params`: with two entries there the one stored name would
        # depend on which cell was attached last.
        for target in (tie.target, *(name for name, end in made.items() if end == tie.target)):
            path, _, name = target.rpartition(".")
            owner = cell.get_sub_cell(path) if path else cell
            if name in parameters_of(owner):
                delattr(owner, name)
            object.__setattr__(owner, name, parameters[source])
            made[target] = source
        cell.__dict__.setdefault("_lazycell_ties", {})[tie.target] = source


def ties_below(cell: nn.Cell) -> dict[str, str]:
    """Give every tie below a cell: the name that was given up, and the name that is stored; both full names."""
    return ties_of(cell.cells_and_names())


def ties_of(cells: Iterable[tuple[str, nn.Cell]]) -> dict[str, str]:
    """Give every tie that cells have, as `ties_below`, from their paths and the cells."""
    ties: dict[str, str] = {}
    for path, each in cells:
        own = each.__dict__.get("_lazycell_ties")
        if own:
            prefix = f"{path}." if path else ""
            for target, source in own.items():
                if not _is_parameter(each, target):
                    ties[prefix + target] = prefix + source
    # An outer tie may have given up the parameter that an inner one points to.
    return {target: ties.get(source, source) for target, source in ties.items()}


def _is_parameter(cell: nn.Cell, name: str) -> bool:
    """Tell whether a name that was given up is a parameter's again: somebody has assigned one, and undone the tie."""
    *path, own = name.split(".")
    for part in path:
        cell = cells_of(cell).get(part)
        if cell is None:
            return False
    return own in parameters_of(cell)


def fill_ties(state_dict: Mapping[str, Any], ties: Mapping[str, str]) -> dict[str, Any]:
    """Give a state dict in which every tied parameter goes by the name under which it is stored.

    Args:
        state_dict: names to tensors.
        ties: names that were given up, to those that are stored.

    Raises:
        CheckpointMismatchError: it has both names of a tie, with different values.
    """
    filled = dict(state_dict)
    for target, source in ties.items():
        if target not in filled:
            continue
        value = filled.pop(target)
        if source not in filled:
            filled[source] = value
        else:
            _check_equal(target, value, source, filled[source])
    return filled


class _UnderOtherName:
    """A tied parameter as MindSpore's loader is to see it: under the name that the checkpoint has."""

    def __init__(self, parameter: Any, name: str) -> None:
        self._parameter = parameter
        self.name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._parameter, attribute)


def under_stored_names(
    named: Iterable[tuple[str, Any]], ties: Mapping[str, str], stored: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Give named parameters, each tied one under the name of the two that `stored` has.

    Args:
        named: full names and parameters of a net.
        ties: names that were given up, to those that are stored.
        stored: what MindSpore's `load_param_into_net` was given, and looks names up in.

    Raises:
        CheckpointMismatchError: it has both names of a tie, with different values.
    """
    elsewhere: dict[str, str] = {}
    for target, source in ties.items():
        if target in stored and source in stored:
            _check_equal(target, stored[target], source, stored[source])
        elif target in stored:
            elsewhere[source] = target
    for name, parameter in named:
        yield name, _UnderOtherName(parameter, elsewhere[name]) if name in elsewhere else parameter


def _check_equal(target: str, value: Any, source: str, other: Any) -> None:
    if not np.array_equal(_bits(value), _bits(other)):
        raise CheckpointMismatchError(
            f"`{target}` and `{source}` are one parameter, but the checkpoint has different values for them"
        )


def _bits(tensor: Any) -> np.ndarray[Any, Any]:
    """Give the bytes of a tensor: NaN differs from itself, and numpy has no bfloat16."""
    return np.frombuffer(tensor.get_bytes(), np.uint8)
