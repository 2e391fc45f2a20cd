"""A parameter without values: name, shape, dtype and initializer. THE STATE IS THE CLASS.

`UninitializedParameter` (of LazyCells) refuses to be read; `DeferredParameter` (of plain cells, made under
`no_init_parameters`) draws its values then, as MindSpore does. Filling either changes its class to `LazyParameter`,
which has none of their hooks: a filled parameter costs what MindSpore's own costs.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from mindspore import Parameter, Tensor
from mindspore.common.initializer import Initializer

from .._dtypes import dtype_name
from . import _framework as framework
from ._filled import LazyParameter, checked_value, clone_with, origin_of_call
from ._filling import (
    copy_of,
    filling,
    initialize_as_mindspore,
    initialize_parameter,
    storage_for,
    take,
    undeclare_parameter,
)
from ._life import Origin
from ._without_values import WithoutValues, is_declared, read_too_early, wrong_shape


@framework.known_to_graphs
class DeclaredParameter(WithoutValues, LazyParameter):
    """A parameter without values: name, shape, dtype and initializer, and no storage."""

    _declared_dtype: str

    @property
    def init_mode(self) -> Any:
        """The Tensor, with an initializer, that it is made from: its shape may be set."""
        mode = self.__dict__.get("init_mode")
        if mode is None:  # few ask
            dtype = framework.framework_dtype(self._declared_dtype)
            mode = self.__dict__["init_mode"] = Tensor(shape=self.shape, dtype=dtype, init=self.init)
        return mode

    @init_mode.setter
    def init_mode(self, mode: Any) -> None:
        self.__dict__["init_mode"] = mode

    @property
    def data(self) -> Any:
        """The parameter itself: MindSpore reads `.data.shape` and `.data.dtype`, which it has."""
        return self

    @data.setter
    def data(self, value: Any) -> None:
        if is_declared(value):
            if value is self or getattr(value, "_twin_of", None) is self:
                self.set_dtype(value.dtype)
                return
            value._need_values("data")
        self._check_shape(value)
        take(self, copy_of(value), origin_of_call("data"))

    def set_data(self, data: Any, slice_shape: bool = False) -> Any:
        """As `Parameter.set_data`; an initializer, `initializer("ones", shape)`, replaces the declared one.

        Raises:
            ValueError: `data` has another shape, and not `slice_shape`.
        """
        origin = origin_of_call("set_data")
        if not (slice_shape and isinstance(data, Tensor)):
            data = checked_value(self, data)
        elif is_declared(data):
            data._need_values("set_data")
        if data.has_init:
            self.init = data.init
            self.init_mode = Tensor(shape=data.shape, dtype=data.dtype, init=data.init)
            self._initializer, self._declared_dtype = data.init, dtype_name(data.dtype)
        else:
            take(self, copy_of(data, dtype_name(self.dtype)), origin)
        self.sliced = slice_shape
        return self

    def assign_value(self, value: Any) -> Any:
        """As `Tensor.assign_value`, with a copy of the value."""
        if is_declared(value):
            value._need_values("assign_value")
        self._check_shape(value)
        take(self, copy_of(value), origin_of_call("assign_value"))
        return self

    def _check_shape(self, value: Any) -> None:
        if value.shape != self.shape:
            raise wrong_shape(self, value.shape)

    def _overwrite(self, run: Callable[[], Any], operator: str) -> Any:
        # The operator runs on storage of this very object. Should it fail, the parameter is as declared as before.
        original = self.__class__
        with filling, framework.no_grad():
            take(self, storage_for(self), Origin("assigned", operator))
            try:
                return run()
            except BaseException:
                undeclare_parameter(self, original)
                raise

    def _copy_of_declaration(self, kind: type | None = None) -> Any:
        """Make another declared parameter of the same name, shape, dtype, initializer and options."""
        copied = new_declared(
            kind or type(self),
            self.init,
            tuple(self.init_mode.shape),
            framework.framework_dtype(self._declared_dtype),
            name=self.name,
            requires_grad=self.requires_grad,
        )
        if copied.dtype != self.dtype:
            copied.set_dtype(self.dtype)
        copied.layerwise_parallel = self.layerwise_parallel
        copied.parallel_optimizer = self.parallel_optimizer
        return copied

    def _twin(self, dtype: Any) -> Any:
        twin = self._copy_of_declaration()
        twin._twin_of = self
        if dtype is not None:
            twin.set_dtype(dtype)
        return twin

    def __deepcopy__(self, memo: Any) -> Any:
        return self._copy_of_declaration()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _remake_declared, (
            type(self),
            self.init,
            tuple(self.shape),
            self._declared_dtype,
            dtype_name(self.dtype),
            self.name,
            self.requires_grad,
            self.layerwise_parallel,
            self.parallel_optimizer,
        )


@framework.known_to_graphs
class UninitializedParameter(DeclaredParameter):
    """A declared parameter of a LazyCell: reading its values raises `UninitializedParameterError`.

    Known: shape, dtype, name, requires_grad, size, nbytes, repr, has_init (True), init_mode. It takes values from a
    checkpoint, from `init_parameters_data`, from the first run of its net, or from anybody who assigns all of them.
    """

    def _need_values(self, reader: str) -> None:
        raise read_too_early(self, reader)

    @property
    def __parameter__(self) -> Any:
        # The graph parser asks every Parameter for this. Compiling a net is executing it: this is the last moment
        # at which the graph can still be given values. A PyNative operator may ask too, and gets its error later.
        if framework.is_compiling(sys._getframe(1)):
            initialize_parameter(self)
        return framework.ParameterTensor.__parameter__

    def init_data(self, layout: Any = None, set_sliced: bool = False) -> Any:
        """Initialize the parameter from its own stream.

        Raises:
            UninitializedParameterError: MindSpore asks for values in order to save or copy them. A checkpoint of random
                values is never written in silence.
        """
        if self.is_meta:
            return self
        if framework.is_only_reading(sys._getframe(1)):
            raise read_too_early(self, "saving or copying it")
        if layout is None:
            initialize_parameter(self)
        else:
            initialize_as_mindspore(self, layout)
        self.sliced = set_sliced
        return self

    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`; `"same"` needs values.

        Raises:
            UninitializedParameterError: for `init="same"`.
        """
        if isinstance(init, str) and init == "same":
            raise read_too_early(self, 'clone("same")')
        return clone_with(self, init)


@framework.known_to_graphs
class DeferredParameter(DeclaredParameter):
    """A parameter of a plain cell, made under `no_init_parameters`: reading its values draws them first.

    It draws as MindSpore does, with MindSpore's `init_mode`, whose `shape` may have been set, unless a seed is given.
    """

    _twin_of: Any = None

    def _need_values(self, reader: str) -> None:
        self.init_data()

    @property
    def __parameter__(self) -> Any:
        self.init_data()
        return framework.ParameterTensor.__parameter__

    def init_data(self, layout: Any = None, set_sliced: bool = False) -> Any:
        """As `Parameter.init_data`, in place."""
        if self.is_meta:
            return self
        source = self._twin_of
        if source is None:
            initialize_as_mindspore(self, layout)
        else:  # what somebody converted before there was anything to convert
            if is_declared(source):
                source.init_data(layout, set_sliced)
            take(self, copy_of(source, dtype_name(self.dtype)), source._origin)
        self.sliced = set_sliced
        return self

    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`; `"same"` draws the values first."""
        if isinstance(init, str) and init == "same":
            self.init_data()
            return self.clone(init)
        return clone_with(self, init)

    def _check_shape(self, value: Any) -> None:
        """Take values of any shape, as MindSpore does: a rank may take its slice so. Only `set_data` checks."""


def declare(
    initializer: Initializer, shape: tuple[int, ...], dtype: Any, *, name: str, trainable: bool = True
) -> UninitializedParameter:
    """Make a parameter without values, and without memory for them.

    Args:
        initializer: that `init_parameters_data` will run; `ComputedTable(function)` for a function.
        shape: positive numbers; `()` for a scalar.
        dtype: a MindSpore dtype.
        name: MindSpore extends it as the cell is attached to others.
        trainable: `requires_grad`.
    """
    return new_declared(UninitializedParameter, initializer, shape, dtype, name=name, requires_grad=trainable)


def adopt(parameter: Any, kind: type[DeclaredParameter]) -> None:
    """Make a parameter that MindSpore has left uninitialized one of ours."""
    mode = parameter.init_mode
    if isinstance(mode, Parameter):  # Parameter(another uninitialized parameter): its values are not ours
        parameter.init_mode = Tensor(shape=mode.shape, dtype=mode.dtype, init=parameter.init)
    parameter._initializer, parameter._declared_dtype = parameter.init, dtype_name(parameter.dtype)
    parameter.__class__ = kind


def new_declared(
    kind: type,
    initializer: Initializer,
    shape: tuple[int, ...],
    dtype: Any,
    *,
    name: str,
    requires_grad: bool,
) -> Any:
    parameter = framework.new_uninitialized(kind, initializer, shape, dtype, name, requires_grad)
    attributes = parameter.__dict__
    attributes["_initializer"] = initializer
    attributes["_declared_dtype"] = _name_of(dtype)
    return parameter


_name_of = functools.cache(dtype_name)


def _remake_declared(
    kind: type,
    initializer: Initializer,
    shape: tuple[int, ...],
    declared_dtype: str,
    dtype: str,
    name: str,
    requires_grad: bool,
    layerwise_parallel: bool,
    parallel_optimizer: bool,
) -> Any:
    declared = framework.framework_dtype(declared_dtype)
    parameter = new_declared(kind, initializer, shape, declared, name=name, requires_grad=requires_grad)
    if dtype != declared_dtype:
        parameter.set_dtype(framework.framework_dtype(dtype))
    parameter.layerwise_parallel = layerwise_parallel
    parameter.parallel_optimizer = parallel_optimizer
    return parameter
