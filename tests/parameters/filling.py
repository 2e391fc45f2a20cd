"""Filling one parameter, and all that can be told of parameters, to be compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from lazycell.parameters._commit import Assignment, fill_all
from lazycell.parameters._framework import numpy_values
from lazycell.parameters._life import Origin, life_of
from lazycell.parameters._without_values import is_declared


def fill(parameter: Any, values: np.ndarray, origin: Origin) -> None:
    """Give one parameter values, as a load does."""
    fill_all([Assignment(parameter, values, origin)])


def everything_about(parameters: Iterable[Any]) -> list[Any]:
    """Give all that a load may change of some parameters: equal before and after one that failed."""
    return [_everything(parameter) for parameter in parameters]


def _everything(parameter: Any) -> tuple[Any, ...]:
    waiting = is_declared(parameter) or parameter.init is not None
    values = None if waiting else numpy_values(parameter)
    return (
        type(parameter),
        {name: id(value) for name, value in parameter.__dict__.items()},
        (parameter.name, parameter.shape, parameter.dtype, parameter.requires_grad),
        (parameter.has_init, id(parameter.init), parameter.init_flag),
        life_of(parameter),
        None if values is None else (values.tobytes(), parameter.data_ptr()),
    )
