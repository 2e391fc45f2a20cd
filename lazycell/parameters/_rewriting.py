"""What a constructor writes into a parameter without values is a new declaration, and not a draw.

`weight.data.normal_()`, `bias.data.zero_()`, `weight[padding_idx] = 0`: the field's initialization code. Elsewhere than
in a constructor that runs under `no_init_parameters`, or within a LazyCell's, these methods are MindSpore's.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mindspore import Tensor
from mindspore.common.initializer import Initializer, Zero

from .._dtypes import dtype_name, numpy_dtype
from . import _framework as framework
from ._context import is_lazy
from ._device import device
from ._draws import Draw
from ._part import part_of as part_on_rank
from ._rewritten import Put, Replayed, constant_in, constant_in_bytes, edited, filled_with, normal, uniform
from ._substitutes import generators_for, is_substituted, run_on, writes_into_the_whole
from ._without_values import WithoutValues, is_declared, title, while_declared


class Rewritable:
    """A parameter without values that a constructor may rewrite."""

    shape: Any
    dtype: Any
    init: Any
    _declared_dtype: Any
    _draw: Draw | None

    def _redeclare(self, initializer: Initializer, draw: Draw | None = None, dtype: Any = None) -> Any:
        """Declare another initializer, of the same shape, that draws in a dtype: by default the parameter's."""
        raise NotImplementedError

    def _draw_for(self, initializer: Initializer) -> Draw | None:
        """Draw what an eager parameter would: one of a LazyCell draws from its own stream, and from nothing else."""
        return None

    def _edit(self, index: Any, value: float) -> Any:
        """Declare the initializer that this one is, but for the values at an index.

        Raises:
            ValueError: of a part nobody can tell whether the index is in it or in the whole.
        """
        place = part_on_rank(self)
        if place is not None:
            raise ValueError(
                f"{title(self)}: this rank has a part of it, {place.shape} of {place.whole}, so that an index in a "
                "constructor may be of either: declare a function of the whole shape as its initializer"
            )
        dtype = framework.framework_dtype(self._declared_dtype)
        return self._redeclare(edited(self.init, Put(index, value)), self._draw, dtype)

    def _draw_anew(self, initializer: Initializer) -> Any:
        return self._redeclare(initializer, self._draw_for(initializer))

    @while_declared
    def zero_(self) -> Any:
        """As `Tensor.zero_`."""
        return self._redeclare(Zero()) if is_lazy() else framework.ParameterTensor.zero_(self)

    @while_declared
    def fill_(self, value: Any) -> Any:
        """As `Tensor.fill_`."""
        number = _number_in(value)
        if number is None or not is_lazy():
            return framework.ParameterTensor.fill_(self, value)
        return self._redeclare(filled_with(number))

    @while_declared
    def normal_(self, mean: Any = 0, std: Any = 1, *, generator: Any = None) -> Any:
        """As `Tensor.normal_`."""
        return self._drawn("normal_", (mean, std), normal, generator)

    @while_declared
    def uniform_(self, from_: Any = 0, to: Any = 1, *, generator: Any = None) -> Any:
        """As `Tensor.uniform_`."""
        return self._drawn("uniform_", (from_, to), uniform, generator)

    def _drawn(self, method: str, arguments: tuple[Any, Any], law: Callable[..., Initializer], generator: Any) -> Any:
        keywords = {} if generator is None else {"generator": generator}
        known = [_number_in(argument) for argument in arguments]
        if not is_lazy() or None in known or not is_substituted(method):
            # The operator, which the gate sees.
            return getattr(framework.ParameterTensor, method)(self, *arguments, **keywords)
        state = generators_for(method)

        def again(array: np.ndarray[Any, Any]) -> None:
            with framework.generators_as_in(state):
                run_on(array, method, arguments, keywords)

        # Once for what it takes from the generators, and later for the values.
        run_on(np.zeros(self.shape, numpy_dtype(dtype_name(self.dtype))), method, arguments, keywords)
        return self._redeclare(Replayed(law(*known), again))

    def _declared_anew(self, operator: str, run: Any, operands: tuple[Any, ...]) -> bool:
        if not is_lazy():
            return False
        constant = constant_written(operator, operands)
        if constant is not None or (operator in _COPIES and (constant := _constant_for(self, operands[1])) is not None):
            self._redeclare(constant)
        elif (declared := law_written(operator, operands)) is not None:
            if device() == "CPU":  # which has no such operator
                self._draw_anew(declared)
            else:
                self._redeclare(Replayed(declared, _Rerun(run, operands[1:])))
        else:
            return False
        return True

    @while_declared
    def __setitem__(self, index: Any, value: Any) -> Any:
        number = _number_in(value)
        if number is None or not is_lazy() or not _is_basic(index):
            return super().__setitem__(index, value)  # type: ignore[misc]
        if _is_whole(index):
            return self._redeclare(filled_with(number))
        _shape_at(self.shape, index)  # IndexError, as an eager parameter's
        return self._edit(index, number)

    def __getitem__(self, index: Any) -> Any:
        if is_lazy() and _is_basic(index):
            shape = _shape_at(self.shape, index)
            if 0 not in shape:
                return part_of(self, index, shape)
        return super().__getitem__(index)  # type: ignore[misc]


def constant_written(operator: str, operands: tuple[Any, ...]) -> Initializer | None:
    """Give the initializer of what an operator fills its first operand with, if that is one number."""
    number = 0 if operator == "InplaceZero" else _number_in(operands[1]) if operator in _FILLS else None
    return None if number is None else filled_with(number)


def law_written(operator: str, operands: tuple[Any, ...]) -> Initializer | None:
    """Give the initializer of what an operator draws into its first operand, if its parameters are numbers."""
    if operator not in _DRAWS:
        return None
    parameters = [_number_in(each) for each in operands[1:3]]
    return None if None in parameters else _DRAWS[operator](*parameters)


_SHORT = 16_384
"""Bytes: to copy as many takes less time than to make an array that shares them."""


def constant_given(value: Any) -> Initializer | None:
    """Give the initializer of a Tensor that a constructor assigns, if its values are all the same."""
    if not is_lazy() or not isinstance(value, Tensor) or is_declared(value) or value.init is not None:
        return None
    if value.nbytes > _SHORT:
        return constant_in(framework.numpy_values(value))
    return constant_in_bytes(Tensor.get_bytes(value), numpy_dtype(framework.name_of(value.dtype)))


def _constant_for(parameter: Any, value: Any) -> Initializer | None:
    return constant_given(value) if getattr(value, "shape", None) == parameter.shape else None


_COPIES = frozenset({"Assign", "InplaceCopy"})
_FILLS = frozenset({"InplaceFillScalar", "InplaceFillTensor"})
_DRAWS: Mapping[str, Callable[..., Initializer]] = {"InplaceNormal": normal, "InplaceUniform": uniform}


class _Rerun:
    """Runs an operator that fills its first operand, on other memory, with the seed that it was given first."""

    def __init__(self, run: Any, operands: tuple[Any, ...]) -> None:
        self._run, self._operands = run, operands

    def __call__(self, array: np.ndarray[Any, Any]) -> None:
        filled = framework.tensor_of(np.empty(array.shape, array.dtype))
        self._run(filled, *self._operands)
        array[...] = framework.numpy_values(filled)


@framework.known_to_graphs
class DeclaredPart(WithoutValues, Tensor):
    """A part of a parameter without values, `weight[padding_idx]`: writing into it declares the parameter anew."""

    _whole: Any
    _index: Any

    def _need_values(self, reader: str) -> None:
        if is_declared(self._whole):
            self._whole._need_values(reader)
        if is_declared(self):
            self.__class__ = Tensor
            self.init = None
            framework.take_storage(self, framework.ParameterTensor.__getitem__(self._whole, self._index))

    def _twin(self, dtype: Any) -> Any:
        self._need_values("to")
        return self if dtype is None else self.astype(dtype)

    def _overwrite(self, run: Callable[[], Any], operator: str) -> Any:
        self._need_values(operator)
        return run()

    def init_data(self, *arguments: Any, **keywords: Any) -> Any:
        """Give the part its values."""
        self._need_values("init_data")
        return self

    @property
    def data(self) -> Any:
        """The part itself."""
        return self

    @while_declared
    def zero_(self) -> Any:
        """As `Tensor.zero_`."""
        return self._fill("zero_", 0, ())

    @while_declared
    def fill_(self, value: Any) -> Any:
        """As `Tensor.fill_`."""
        return self._fill("fill_", _number_in(value), (value,))

    @while_declared
    def __setitem__(self, index: Any, value: Any) -> None:
        number = _number_in(value)
        if is_lazy() and number is not None and _is_whole(index) and is_declared(self._whole):
            self._whole._edit(self._index, number)
        else:
            super().__setitem__(index, value)

    def _fill(self, method: str, number: float | None, arguments: tuple[Any, ...]) -> Any:
        if not is_lazy() or number is None or not is_declared(self._whole):
            self._need_values(method)
            getattr(self, method)(*arguments)
        elif not is_substituted(method, arguments) or writes_into_the_whole(method, arguments):
            self._whole._edit(self._index, number)
        else:  # as for an eager parameter, this is a copy, and the parameter as it was
            self.__class__ = Tensor
            self.init = None
            framework.take_storage(self, framework.tensor_of(_filled(self, number)))
        return self


def _filled(tensor: Any, number: float) -> np.ndarray[Any, Any]:
    return np.full(tensor.shape, number, numpy_dtype(dtype_name(tensor.dtype)))


def part_of(whole: Any, index: Any, shape: tuple[int, ...]) -> DeclaredPart:
    """Give a part of a parameter without values."""
    part = Tensor(shape=shape, dtype=whole.dtype, init=Zero())
    part.__class__ = DeclaredPart
    part._whole, part._index = whole, index
    return part


def _number_in(value: Any) -> Any:
    """Give the number that somebody writes, be it in a Tensor; None for anything else."""
    if isinstance(value, numbers.Real):
        return value
    if isinstance(value, Tensor) and value.size == 1 and not is_declared(value) and value.init is None:
        return value.item()
    return None


def whole_number(index: Any, value: Any) -> Any:
    """Give the number that `parameter[index] = value` writes everywhere; None where it does not."""
    return _number_in(value) if _is_basic(index) and _is_whole(index) else None


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(type(part) in (int, slice) or part is Ellipsis for part in parts)


def _is_whole(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is Ellipsis or part == slice(None) for part in parts)


def _shape_at(shape: tuple[int, ...], index: Any) -> tuple[int, ...]:
    return np.broadcast_to(np.int8(0), shape)[index].shape
