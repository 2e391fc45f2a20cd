"""Ties on cells: two places for one parameter, which is stored under one name and may be found under either."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from mindspore import Parameter, ParameterTuple, nn

from .._dtypes import dtype_name
from .._errors import CheckpointMismatchError
from ..declaration import Tie, check_tie, ties_of_parameters
from ..parameters import cells_of, parameters_of
from ._full_names import is_named, prefix_of

TIES = "_lazycell_ties"
"""On the cell that declares them: names that were given up, to those that were stored when the ties were made."""

ALIASES = "_lazycell_aliases"
"""On the cells that have them: the names under which they have another cell's parameter."""


def tie_together(cell: Any, ties: tuple[Tie, ...], absent: Collection[str] = ()) -> None:
    """Make each tie's target another name of its source, on a cell whose children are there, but for those absent."""
    made = ties_below(cell)
    for declared in ties:
        parameters = dict(cell.parameters_and_names())
        found = {name: (tuple(each.shape), dtype_name(each.dtype)) for name, each in parameters.items()}
        for tie in ties_of_parameters(declared, parameters, made):
            source = check_tie(tie, found, made, absent)
            del found[tie.target]
            # An alias in the instance's dictionary, not in `_params`: with two entries there the one stored name would
            # depend on which cell was attached last.
            for target in (tie.target, *(name for name, end in made.items() if end == tie.target)):
                owner, name = _owner(cell, target)
                assert owner is not None
                if name in parameters_of(owner):
                    delattr(owner, name)
                object.__setattr__(owner, name, parameters[source])
                _put_in_row(owner, name, parameters[source])
                owner.__dict__.setdefault(ALIASES, {})[name] = None
                made[target] = source
            cell.__dict__.setdefault(TIES, {})[tie.target] = source


def ties_below(cell: nn.Cell) -> dict[str, str]:
    """Give every tie below a cell: the name that was given up, and the name that is stored; both full names."""
    return ties_of(list(cell.cells_and_names()))


def ties_of(cells: Collection[tuple[str, nn.Cell]]) -> dict[str, str]:
    """Give every tie that cells have, as `ties_below`, from their paths and the cells.

    As they are now: a part may have been replaced, or have gone into another, since the ties were made.
    """
    ends = {name: id(parameter) for name, _, _, parameter in _aliases(cells)}
    if not ends:
        return {}
    stored = _places(cells, set(ends.values()))
    return {name: stored[end] for name, end in ends.items() if end in stored}


def keep_tied(cell: nn.Cell) -> None:
    """Have a tied parameter stay where it is used, if the part that it was stored with has been replaced.

    Args:
        cell: one that declares ties.
    """
    if all(_is_whole(cell, target, source) for target, source in cell.__dict__[TIES].items()):
        return
    cells = list(nn.Cell.cells_and_names(cell))
    aliases = list(_aliases(cells))
    stored = _places(cells, {id(parameter) for _, _, _, parameter in aliases})
    kept = {}
    for full_name, owner, name, parameter in aliases:
        if id(parameter) not in stored:
            delattr(owner, name)
            parameters_of(owner)[name] = kept[full_name] = parameter
            stored[id(parameter)] = full_name
    # What is left of them: their parts have other places now.
    cell.__dict__[TIES] = {
        full_name: stored[id(parameter)] for full_name, owner, name, parameter in aliases if name in owner.__dict__
    }
    if kept and is_named(cell):
        prefix = prefix_of(cell)
        for full_name, parameter in kept.items():
            parameter.name = prefix + full_name


def _aliases(cells: Iterable[tuple[str, nn.Cell]]) -> Iterator[tuple[str, nn.Cell, str, Any]]:
    """Walk the names that were given up, and are still: the full name, the cell, the name in it, and the parameter."""
    for path, cell in cells:
        for name in cell.__dict__.get(ALIASES, ()):
            parameter = cell.__dict__.get(name)
            if isinstance(parameter, Parameter):  # else somebody has assigned one, and undone the tie
                yield (f"{path}.{name}" if path else name), cell, name, parameter


def _places(cells: Iterable[tuple[str, nn.Cell]], wanted: set[int]) -> dict[int, str]:
    """Give the full names under which cells have some parameters, by the parameters' ids."""
    places: dict[int, str] = {}
    for path, cell in cells:
        for name, parameter in parameters_of(cell).items():
            if id(parameter) in wanted:
                places.setdefault(id(parameter), f"{path}.{name}" if path else name)
    return places


def _is_whole(cell: nn.Cell, target: str, source: str) -> bool:
    """Tell whether both ends of a tie are where they were when it was made."""
    owner, name = _owner(cell, source)
    if owner is None:
        return False
    parameter = parameters_of(owner).get(name, owner.__dict__.get(name))  # the latter: an outer tie took it
    if parameter is None:
        return False
    owner, name = _owner(cell, target)
    return owner is not None and owner.__dict__.get(name) is parameter


def _owner(cell: nn.Cell, full_name: str) -> tuple[nn.Cell | None, str]:
    """Give the cell that a full name leads to, None if to none, and the name in it, `weight` or `scales.0`."""
    rest = full_name.split(".")
    below: nn.Cell | None = cell
    while len(rest) > 1 and below is not None and rest[0] in cells_of(below):
        below = cells_of(below)[rest.pop(0)]
    name = ".".join(rest)
    if len(rest) > 1 and (below is None or not isinstance(below.__dict__.get(rest[0]), tuple)):
        below = None
    return below, name


def _put_in_row(owner: nn.Cell, name: str, parameter: Any) -> None:
    """Have the row that a parameter was one of hold the one that stands for it now."""
    row, *places = name.split(".")
    if places:
        object.__setattr__(owner, row, _with(owner.__dict__[row], [int(place) for place in places], parameter))


def _with(row: tuple[Any, ...], places: list[int], parameter: Any) -> tuple[Any, ...]:
    position, *inside = places
    parts = list(row)
    parts[position] = _with(parts[position], inside, parameter) if inside else parameter
    return tuple(parts) if inside else ParameterTuple(parts)


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
