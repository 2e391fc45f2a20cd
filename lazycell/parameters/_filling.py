"""The one transition: a declared parameter takes storage, changes its class, and its record is written.

`_commit` makes it for all parameters of a load at once.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from mindspore import Parameter, Tensor

from .._collector import collector_paused
from .._dtypes import dtype_name, numpy_dtype
from .._errors import InitializationError
from . import _framework as framework
from ._draws import repeated
from ._filled import LazyParameter, copy_of
from ._foreign import SEEDLESS, describe
from ._life import Origin
from ._part import cut, is_same_everywhere, part_of
from ._seed import count_parameter, is_of_entropy, seed_for
from ._without_values import is_declared, title

# Two threads may run one net for the first time at once: each parameter is filled by one of them.
filling = threading.RLock()


def storage_for(tensor: Any) -> Tensor:
    """Give storage of a tensor's shape and dtype, for an operator that writes all of it."""
    return framework.tensor_of(np.empty(tensor.shape, numpy_dtype(dtype_name(tensor.dtype))))


def take(tensor: Any, source: Tensor, origin: Origin) -> None:
    """Make the transition: take the storage of `source`, change the class, write the record."""
    with filling:
        tensor.init = None
        if isinstance(tensor, Parameter):
            tensor.init_flag = False
            tensor.init_mode = None
            if is_declared(tensor):
                tensor.__class__ = LazyParameter
        elif is_declared(tensor):
            tensor.__class__ = Tensor
        framework.take_storage(tensor, source)
        tensor._origin = origin


def initialize_parameter(tensor: Any, seed: int | None = None, name: str | None = None) -> None:
    """Fill a declared parameter or buffer from its own stream; one that has values is left alone.

    Args:
        tensor: a declared parameter or buffer.
        seed: default: that of the net whose turn it is.
        name: of the stream; default: the parameter's.

    Raises:
        InitializationError: its initializer cannot give its values, or it is a part, and there is no seed: it is
            declared still.
    """
    with filling:
        if not is_declared(tensor):
            return
        with collector_paused():
            from ._initial import Start, values_for  # not before: a loaded net never needs it

        if seed is None and is_of_entropy() and part_of(tensor) is not None and not needs_no_seed(tensor):
            raise own_seed(f"this rank has a part of {title(tensor)}")
        stream = getattr(tensor, "name", "") if name is None else name
        # What is no parameter is computed: it takes the seed of whatever is drawn next.
        counts = seed is None and isinstance(tensor, Parameter)
        start = Start(tensor, stream, seed_for([stream] if counts else []) if seed is None else seed)
        (values,) = values_for([start])
        take(tensor, framework.tensor_of(values), start.origin)
        if counts:
            count_parameter(stream)


def needs_no_seed(tensor: Any) -> bool:
    """Tell whether a declared parameter or buffer begins with the same values whatever the seed."""
    return isinstance(tensor._initializer, SEEDLESS)


def own_seed(what: str) -> InitializationError:
    """Say that a rank would draw from a seed that no other has."""
    return InitializationError(
        f"{what}, and without a seed each rank would draw values of another model: call "
        "`net.init_parameters_data(seed=…)` with the same seed on all, or `mindspore.set_seed(…)` before"
    )


def initialize_as_mindspore(parameter: Any, layout: Any) -> None:
    """Draw as `Parameter.init_data` does, in the shape of `init_mode`, or a slice of it.

    What the whole draws is what it drew when it was declared; a slice draws from numpy's global state.
    """
    with filling:
        if not is_declared(parameter):
            return
        mode, dtype = parameter.init_mode, parameter.dtype
        # Two parameters may be made from one initializer tensor; the first uses it up. Eagerly, the second copies it.
        if not mode.has_init:
            drawn = copy_of(mode)
        elif layout is not None:
            drawn = framework.draw(mode, *framework.slice_arguments(parameter, layout))
        else:
            place = part_of(parameter)
            with repeated(parameter):
                if place is None or is_same_everywhere(mode.init):
                    drawn = framework.draw(mode)
                else:
                    drawn = framework.draw(Tensor(shape=place.whole, dtype=mode.dtype, init=mode.init))
                    drawn = framework.tensor_of(cut(framework.numpy_values(drawn), place))
        take(parameter, drawn, Origin("initializer", describe(parameter._initializer)))
        if parameter.dtype != dtype:
            parameter.set_dtype(dtype)


def undeclare_parameter(parameter: Any, kind: type) -> None:
    """Give up the values of a parameter that was once declared: it is declared again, and holds no memory."""
    if is_declared(parameter) or parameter._initializer is None:
        return
    with filling:
        dtype = framework.framework_dtype(parameter._declared_dtype)
        empty = Tensor(shape=parameter.shape, dtype=parameter.dtype, init=parameter._initializer)
        framework.take_storage(parameter, empty)
        parameter.init = parameter._initializer
        parameter.init_mode = Tensor(shape=parameter.shape, dtype=dtype, init=parameter._initializer)
        parameter.__class__ = kind
        parameter.__dict__.pop("_origin", None)
        parameter.__dict__.pop("_left_by_checkpoint", None)
