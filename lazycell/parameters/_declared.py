"""A parameter without values: name, shape, dtype and initializer. THE STATE IS THE CLASS.

`UninitializedParameter` (of LazyCells) refuses to be read; `DeferredParameter` (of plain cells, made under
`no_init_parameters`) draws its values then, as MindSpore does. Filling either changes its class to `LazyParameter`,
which has none of their hooks: a filled parameter costs what MindSpore's own costs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from mindspore import Parameter, Tensor
from mindspore.common.initializer import Initializer
from mindspore.common.initializer import initializer as as_initializer

from .._dtypes import dtype_name
from . import _framework as framework
from ._context import is_lazy, is_strict
from ._device import device
from ._draws import Draw, draw_for, remade
from ._filled import (
    LazyParameter,
    as_clone,
    check_part,
    checked_value,
    clone_with,
    copy_given,
    copy_of,
    has_other_shape,
    origin_of_call,
)
from ._filling import (
    filling,
    initialize_as_mindspore,
    initialize_parameter,
    storage_for,
    take,
    undeclare_parameter,
)
from ._framework import name_of
from ._life import Origin
from ._part import part_of, record_of_part
from ._rewriting import Rewritable, constant_given, constant_written, law_written, whole_number
from ._rewritten import Put, declared_by, edited, filled_with
from ._without_values import WithoutValues, is_declared, read_too_early, while_declared, wrong_shape


@framework.known_to_graphs
class DeclaredParameter(Rewritable, WithoutValues, LazyParameter):
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
        self._assign(copy_of(value), origin_of_call("data"))

    @while_declared
    def set_data(self, data: Any, slice_shape: bool = False) -> Any:
        """As `Parameter.set_data`; an initializer, `initializer("ones", shape)`, replaces the declared one.

        Raises:
            ValueError: `data` has another shape, and not `slice_shape`.
        """
        if not (slice_shape and isinstance(data, Tensor)) or part_of(self) is not None:
            data = checked_value(self, data)
        elif is_declared(data):
            data._need_values("set_data")
        if data.has_init:
            self._redeclare(data.init, self._draw_for(data.init), data.dtype)
        else:
            self._assign(copy_of(data, dtype_name(self.dtype)), origin_of_call("set_data"))
        self.sliced = slice_shape
        return self

    @while_declared
    def assign_value(self, value: Any) -> Any:
        """As `Tensor.assign_value`, with a copy of the value."""
        if is_declared(value):
            value._need_values("assign_value")
        self._check_shape(value)
        self._assign(copy_of(value), origin_of_call("assign_value"))
        return self

    def _assign(self, values: Any, origin: Origin) -> None:
        """Take values, or, in a constructor, the constant that they are."""
        constant = constant_given(values) if origin.kind == "assigned" else None
        if constant is None or values.shape != self.shape:
            take(self, values, origin)
        else:
            self._redeclare(constant, dtype=values.dtype)
            self.set_dtype(values.dtype)

    def _redeclare(self, initializer: Initializer, draw: Draw | None = None, dtype: Any = None) -> Any:
        with filling:
            self.init = initializer
            attributes = self.__dict__
            attributes["init_mode"] = None
            attributes["_initializer"] = declared_by(initializer)
            attributes["_declared_dtype"] = name_of(self.dtype if dtype is None else dtype)
            attributes["_draw"] = draw
            attributes.pop("_twin_of", None)
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
        copied.__dict__["_initializer"] = self._initializer
        copied.__dict__["_draw"] = self._draw  # a copy has the values of what it copies
        if copied.dtype != self.dtype:
            copied.set_dtype(self.dtype)
        copied.layerwise_parallel = self.layerwise_parallel
        copied.parallel_optimizer = self.parallel_optimizer
        copied.__dict__.update(record_of_part(self))
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
            None if self._draw is None else self._draw.seed,
            dict(record_of_part(self)),
        )


# Operators that draw all of their first operand.
_DRAWN = frozenset(
    {
        *("InplaceNormal", "InplaceUniform", "InplaceRandom", "InplaceExponential"),
        *("InplaceBernoulliScalar", "InplaceBernoulliTensor"),
    }
)


@framework.known_to_graphs
class UninitializedParameter(DeclaredParameter):
    """A declared parameter of a LazyCell: reading its values raises `UninitializedParameterError`.

    Known: shape, dtype, name, requires_grad, size, nbytes, repr, has_init (True), init_mode. It takes values from a
    checkpoint, from `init_parameters_data`, from the first run of its net, or from anybody who assigns all of them.
    """

    def _need_values(self, reader: str) -> None:
        raise read_too_early(self, reader)

    def _declared_anew(self, operator: str, run: Any, operands: tuple[Any, ...]) -> bool:
        """Declare it anew in a constructor; elsewhere fill it with what an operator writes into all of it."""
        if super()._declared_anew(operator, run, operands):
            return True
        if is_lazy():
            return False
        written = constant_written(operator, operands)
        if written is None and device() == "CPU":  # which has no operator that draws
            written = law_written(operator, operands)
        if written is not None:
            self._fill_with(written)
        elif operator in _DRAWN:
            self._overwrite(run, operator)
        return written is not None or operator in _DRAWN

    def _fill_with(self, initializer: Initializer) -> None:
        """Fill it as that initializer would; what it is declared to begin with stays declared."""
        attributes = self.__dict__
        declared = {name: getattr(self, name) for name in ("_initializer", "_declared_dtype", "_draw")}
        begun, mode = self.init, self.init_mode
        self._redeclare(initializer)
        try:
            initialize_parameter(self)
        except BaseException:
            self.init, attributes["init_mode"] = begun, mode
            raise
        finally:
            attributes.update(declared)

    @while_declared
    def __setitem__(self, index: Any, value: Any) -> Any:
        number = None if is_lazy() else whole_number(index, value)
        return super().__setitem__(index, value) if number is None else self._fill_with(filled_with(number))

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
        if framework.is_meta(self) or (is_lazy() and framework.asks_for_all(sys._getframe(1))):
            return self
        if framework.is_only_reading(sys._getframe(1)):
            raise read_too_early(self, "saving or copying it")
        if layout is None:
            initialize_parameter(self)
        else:
            initialize_as_mindspore(self, layout)
        self.sliced = set_sliced
        return self

    @while_declared
    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`; `"same"` needs values.

        Raises:
            UninitializedParameterError: for `init="same"`.
        """
        if isinstance(init, str) and init == "same":
            raise read_too_early(self, 'clone("same")')
        return _clone_of_declared(self, init)


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
        if framework.is_meta(self) or (is_lazy() and framework.asks_for_all(sys._getframe(1))):
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

    @while_declared
    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`; `"same"` draws the values first."""
        if isinstance(init, str) and init == "same":
            self.init_data()
            return self.clone(init)
        return _clone_of_declared(self, init)

    @while_declared
    def set_data(self, data: Any, slice_shape: bool = False) -> Any:
        """As `Parameter.set_data`: another shape, too. An initializer replaces the declared one."""
        if slice_shape or not has_other_shape(self, data) or part_of(self) is not None:
            return DeclaredParameter.set_data(self, data, slice_shape)
        if is_declared(data) or not data.has_init:
            take(self, copy_given(data, dtype_name(self.dtype)), origin_of_call("set_data"))
        else:
            framework.take_storage(self, Tensor(shape=data.shape, dtype=self.dtype, init=data.init))
            self._redeclare(data.init, self._draw_for(data.init), data.dtype)
        self.sliced = False
        return self

    def _draw_for(self, initializer: Initializer) -> Draw | None:
        return draw_for(initializer, self._draw)

    def _check_shape(self, value: Any) -> None:
        """Take values of any shape, as MindSpore does: a rank may take its slice so. Only `set_data` checks."""
        check_part(self, value)


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


def adopt(parameter: Any) -> None:
    """Make a parameter that MindSpore has left uninitialized one of ours, of the kind of the innermost context."""
    mode, initializer, strict = parameter.init_mode, parameter.init, is_strict()
    draw = mode.__dict__.get("_draw")  # that another parameter made from this very tensor has drawn
    if isinstance(mode, Parameter):  # Parameter(another uninitialized parameter): its values are not ours
        parameter.init_mode = Tensor(shape=mode.shape, dtype=mode.dtype, init=initializer)
    elif draw is None and not strict:
        draw = mode.__dict__["_draw"] = draw_for(initializer)
    _become_declared(parameter, initializer, draw, strict=strict)


def _become_declared(parameter: Any, initializer: Initializer, draw: Draw | None, *, strict: bool) -> None:
    attributes = parameter.__dict__
    attributes["_initializer"], attributes["_declared_dtype"] = declared_by(initializer), name_of(parameter.dtype)
    attributes["_draw"] = draw
    attributes["_resizable"] = not strict
    parameter.__class__ = UninitializedParameter if strict else DeferredParameter


_WORTHWHILE = 1024
"""Bytes that a parameter without values takes itself, about."""


def adopt_filled(parameter: Any, by_layer: bool) -> None:
    """Have a parameter that was made from a Tensor begin with no values, if they are all the same.

    Args:
        parameter: of MindSpore's own class.
        by_layer: whether one of MindSpore's layers made it. Of users' own, small ones keep their values.
    """
    if not by_layer and parameter.nbytes < _WORTHWHILE:
        return
    constant = constant_given(parameter)
    if constant is None:
        return
    framework.take_storage(parameter, framework.tensor_without_values(constant, parameter.shape, parameter.dtype))
    parameter.init = constant
    _become_declared(parameter, constant, None, strict=is_strict())


def declare_again(parameter: Any, data: Tensor) -> None:
    """Have a parameter that has values take an initializer's, of any shape, when they are needed."""
    dtype = parameter.dtype
    framework.take_storage(parameter, Tensor(shape=data.shape, dtype=dtype, init=data.init))
    parameter.init, parameter.init_mode = data.init, data
    parameter.__dict__.pop("_origin", None)
    adopt(parameter)
    parameter.__dict__["_declared_dtype"] = dtype_name(data.dtype)


def clear_row(table: Any, index: int) -> Any:
    """Have the row of padding of an embedding be zeros, in a parameter or in a tensor with an initializer."""
    if isinstance(table, Parameter):
        table[index] = 0
        return table
    return Tensor(shape=table.shape, dtype=table.dtype, init=edited(table.init, Put(index, 0)))


def _clone_of_declared(parameter: Any, init: Any) -> Any:
    """Make what `Parameter.clone(init)` promises, without values where an initializer will give them.

    So the moments of an optimizer that is made for a net without values take no memory before the first step. They are
    ordinary parameters in all else: reading them draws them, also where the net is a LazyCell.
    """
    start = as_initializer(init, parameter.shape, parameter.dtype)
    if not start.has_init:
        return clone_with(parameter, init)
    clone = new_declared(
        DeferredParameter,
        start.init,
        tuple(parameter.shape),
        parameter.dtype,
        name=parameter.name,
        requires_grad=parameter.requires_grad,
    )
    clone.layerwise_parallel = parameter.layerwise_parallel
    clone.__dict__["_draw"] = draw_for(start.init)
    clone.__dict__["_is_state"] = True
    clone.__dict__.update(record_of_part(parameter))
    return as_clone(parameter, clone)


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
    attributes["_initializer"] = declared_by(initializer)
    attributes["_declared_dtype"] = name_of(dtype)
    if kind is DeferredParameter:
        attributes["_resizable"] = True
    return parameter


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
    seed: int | None = None,
    part: Mapping[str, Any] | None = None,
) -> Any:
    declared = framework.framework_dtype(declared_dtype)
    parameter = new_declared(kind, initializer, shape, declared, name=name, requires_grad=requires_grad)
    if dtype != declared_dtype:
        parameter.set_dtype(framework.framework_dtype(dtype))
    if seed is not None:
        parameter.__dict__["_draw"] = remade(seed)
    if part:
        parameter.__dict__.update(part)
    parameter.layerwise_parallel = layerwise_parallel
    parameter.parallel_optimizer = parallel_optimizer
    return parameter
