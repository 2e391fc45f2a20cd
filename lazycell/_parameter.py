"""The life of one parameter: declared, then filled. THE STATE IS THE CLASS.

A parameter without values is an instance of `UninitializedParameter` (reading its values is an error) or of
`DeferredParameter` (reading draws them, as MindSpore does). Filling it changes its class to `LazyParameter`, which has
none of their hooks: a filled parameter costs what MindSpore's own costs.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs
import numpy as np
from mindspore import Parameter, Tensor
from mindspore.common.initializer import Initializer, initializer

from . import _framework as framework
from ._dtypes import dtype_name, numpy_dtype
from ._errors import UninitializedParameterError
from ._streams import ComputedTable, describe, draw, process_seed, stream_key

__all__ = [
    "ComputedTable",
    "DeferredParameter",
    "LazyParameter",
    "Origin",
    "State",
    "UninitializedBuffer",
    "UninitializedParameter",
    "adopt",
    "declare",
    "declare_buffer",
    "fill",
    "initialize_parameter",
    "is_declared",
    "life_of",
    "undeclare_parameter",
]

State = Literal["declared", "loaded", "initialized"]

# Two threads may run one net for the first time at once: each parameter is filled by one of them.
_filling = threading.RLock()


@attrs.frozen
class Origin:
    """Where the values of a parameter come from."""

    kind: Literal["checkpoint", "initializer", "assigned"]
    """a checkpoint or state dict; an initializer; or somebody's `set_data`, `copy_`, ..."""
    detail: str
    """the file and key; the initializer as one writes it; or what assigned it"""
    seed: int | None = None
    """of the stream, where there is one"""

    def __str__(self) -> str:
        return self.detail if self.seed is None else f"{self.detail}, seed {self.seed}"


_AT_BIRTH = Origin("initializer", "when it was made")


# ------------------------------------------------------------------------------------------------------- no values


class _NoValues:
    """What is common to every tensor without values: each way to read them asks `_need_values` first.

    Operators arrive through the gate, and everything that reads memory without an operator through the methods below.
    """

    __fallback__ = framework.OperatorGate()

    def _need_values(self, reader: str) -> None:
        """Fill the tensor, or raise `UninitializedParameterError`: somebody, by way of `reader`, reads its values."""
        raise NotImplementedError

    def _twin(self, dtype: Any) -> Any:
        """Give a tensor without values that is this one in another dtype."""
        raise NotImplementedError

    def _overwrite(self, run: Callable[[], Any], origin: Origin) -> Any:
        """Give it storage and run an operator that writes all of it."""
        raise NotImplementedError

    @property
    def stub(self) -> Any:
        # `other.assign_value(this)` looks for this attribute on its argument, and otherwise shares a null pointer.
        self._need_values("assign_value")
        raise AttributeError("stub")


def _reader(name: str) -> Any:
    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._need_values(name)
        return getattr(self, name)(*args, **kwargs)  # of the class that it has now

    read.__name__ = read.__qualname__ = name
    read.__doc__ = f"`Tensor.{name}`, which needs values."
    return read


# What reads memory without an operator: without this they give zeros, a null pointer, or a crash (set_).
_MEMORY_READERS = (
    *(
        "asnumpy",
        "numpy",
        "tolist",
        "item",
        "get_bytes",
        "data_ptr",
        "_data_ptr",
        "untyped_storage",
        "move_to",
        "set_",
    ),
    *(
        "_item",
        "_tolist",
        "_getitem",
        "_getitem_origin",
        "_setitem",
        "_setitem_origin",
        "flush_from_cache",
        "_offload",
    ),
    *("__getitem__", "__setitem__", "__iter__", "__contains__", "__array__"),
    *("__bool__", "__int__", "__float__", "__index__", "__complex__"),
)
for _name in _MEMORY_READERS:
    setattr(_NoValues, _name, _reader(_name))


def is_declared(tensor: Any) -> bool:
    """Tell whether a parameter or buffer of lazycell's has no values yet."""
    return isinstance(type(tensor), type) and issubclass(type(tensor), _NoValues)


# Operators that write all of their first operand, and read only the second.
_ASSIGNMENTS = frozenset({"Assign", "InplaceCopy"})
# Operators that Cell.to and Cell.to_empty apply to every parameter.
_CONVERSIONS = frozenset({"ToDtype", "ToDevice", "ToOther", "EmptyLike"})


def _on_operator(
    name: str, run: framework.Operator, operands: tuple[Any, ...], keywords: Mapping[str, Any]
) -> Any:
    """Decide what an operator means for the operands that have no values, then run it."""
    first: Any = operands[0] if operands else None
    if is_declared(first):
        others = [*operands[1:], *keywords.values()]
        if name in _CONVERSIONS:
            return first._twin(_target_dtype(others))
        if name in _ASSIGNMENTS:
            _need_values_of(name, others)
            _check_assigned_shape(first, others[0], exact=name == "Assign")
            return first._overwrite(run, Origin("assigned", name))
    _need_values_of(name, [*operands, *keywords.values()])
    return run()


def _need_values_of(reader: str, operands: Any) -> None:
    for operand in framework.flat_operands(operands):
        if is_declared(operand):
            operand._need_values(reader)


def _target_dtype(arguments: list[Any]) -> Any:
    """Find the dtype that `to`, `astype` or `empty_like` was given, in whatever position; None if there is none."""
    for argument in arguments:
        if isinstance(argument, Tensor):
            return argument.dtype
        if argument is None or isinstance(argument, (bool, int)):
            continue
        try:
            return framework.framework_dtype(dtype_name(argument))
        except TypeError:
            continue  # a device
    return None


def _check_assigned_shape(target: Any, value: Any, *, exact: bool) -> None:
    shape = tuple(getattr(value, "shape", ()))
    if exact and shape == target.shape:
        return
    try:
        fits = not exact and np.broadcast_shapes(shape, target.shape) == target.shape
    except ValueError:
        fits = False
    if not fits:
        raise _wrong_shape(target, shape)


def _wrong_shape(parameter: Any, shape: tuple[int, ...]) -> ValueError:
    return ValueError(
        f"{_title(parameter)} has shape {tuple(parameter.shape)}, and was given values of shape {tuple(shape)}: "
        f"give it values of its own shape"
    )


def _title(tensor: Any) -> str:
    return f"parameter {tensor.name!r}" if isinstance(tensor, Parameter) else "a buffer"


def _error(tensor: Any, reader: str) -> UninitializedParameterError:
    return UninitializedParameterError(
        f"{_title(tensor)} (shape {tuple(tensor.shape)}, {dtype_name(tensor.dtype)}) is declared and has no values, "
        f"but {reader} needs them. Load a checkpoint that has it (`net.load_checkpoint(path)` or "
        f"`mindspore.load_checkpoint(path, net=net)`), or call `net.init_parameters_data()` to initialize it"
    )


framework.install_operator_handler(_on_operator, is_declared)
framework.install_constructor_guard(lambda tensor: tensor._need_values("Tensor(...)"), is_declared)


# ---------------------------------------------------------------------------------------------------------- filled


class LazyParameter(framework.ParameterTensor):  # type: ignore[misc]
    """A parameter of lazycell's that has values.

    Two things differ from MindSpore's: `set_data` with another shape raises ValueError, where MindSpore changes the
    shape in silence; and values of the same shape and dtype are copied INTO the storage, where MindSpore shares the
    source's. So a graph that `mindspore.jit` has compiled sees them, and two nets loaded from one dict stay two.
    """

    _origin: Origin = _AT_BIRTH
    _initializer: Initializer | None = None  # kept for `undeclare_parameter`
    _declared_dtype: str | None = (
        None  # that the initializer draws in; `.to` may have changed the parameter's since
    )

    def set_data(self, data: Any, slice_shape: bool = False) -> Any:
        """As `Parameter.set_data`, in place.

        Raises:
            ValueError: `data` has another shape, and not `slice_shape`.
        """
        origin = _origin_of_call("set_data")
        if slice_shape and tuple(getattr(data, "shape", ())) != self.shape:
            framework.ParameterTensor.set_data(self, data, slice_shape)
        else:
            data = _checked_value(self, data)
            if data.has_init:
                data.init_data()
            _write(self, data)
        self._origin = origin
        self.init_mode = None
        self.sliced = slice_shape
        return self

    def assign_value(self, value: Any) -> Any:
        """As `Tensor.assign_value`; in place for a value of the same shape and dtype."""
        self._origin = _origin_of_call("assign_value")
        if value.shape == self.shape and value.dtype == self.dtype:
            _write(self, value)
            return self
        return framework.ParameterTensor.assign_value(self, value)

    @property
    def data(self) -> Any:
        """The values as a Tensor that shares the storage."""
        return framework.get_storage(self)

    @data.setter
    def data(self, value: Any) -> None:
        if value is self:
            return
        if is_declared(value):
            value._need_values("data")
        if value.shape == self.shape and value.dtype == self.dtype:
            _write(self, value)
            self._origin = _origin_of_call("data")
        else:
            # `.to(dtype)`, which keeps the values, or a change of shape that the caller asked for by name.
            framework.set_storage(self, value)

    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`. With an `init` (an optimizer's state), the clone is an ordinary parameter."""
        if isinstance(init, str) and init == "same":
            return framework.ParameterTensor.clone(self, init)
        return _clone_with(self, init)

    def __deepcopy__(self, memo: Any) -> Any:
        copied = framework.ParameterTensor.__deepcopy__(self, memo)
        copied.__class__ = LazyParameter
        copied.__dict__.update(_record(self))
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        values = Tensor(self)
        return _remake_filled, (values, self.name, self.requires_grad, self.layerwise_parallel, _record(self))


def _record(parameter: Any) -> dict[str, Any]:
    names = ("_origin", "_initializer", "_declared_dtype")
    return {name: parameter.__dict__[name] for name in names if name in parameter.__dict__}


def _remake_filled(
    values: Tensor, name: str, requires_grad: bool, layerwise_parallel: bool, record: dict[str, Any]
) -> Any:
    parameter = Parameter(values, name, requires_grad, layerwise_parallel)
    parameter.__class__ = LazyParameter
    parameter.__dict__.update(record)
    return parameter


def _write(parameter: Any, value: Tensor) -> None:
    """Copy `value` into the storage of `parameter`: same shape, any dtype."""
    with framework.no_grad():
        parameter.copy_(value)


def _checked_value(parameter: Any, data: Any) -> Any:
    """Check what `set_data` was given as MindSpore does, and its shape."""
    if not isinstance(data, (Tensor, int, float)):
        raise TypeError(
            f"{_title(parameter)}: set_data takes a Tensor, an int or a float, and was given a {type(data).__name__}"
        )
    if isinstance(data, (int, float)):
        if isinstance(data, float) and np.issubdtype(numpy_dtype(dtype_name(parameter.dtype)), np.integer):
            parameter._raise_type_error(framework.framework_dtype("float32"))
        data = Tensor(data, parameter.dtype)
    if data.shape != parameter.shape:
        raise _wrong_shape(parameter, data.shape)
    if is_declared(data):
        data._need_values("set_data")
    return data


def _origin_of_call(method: str) -> Origin:
    """Say where the values come from that MindSpore, or a user, hands to `method`."""
    source = framework.loading_source(sys._getframe(2))
    return Origin("assigned", method) if source is None else Origin("checkpoint", source)


def _clone_with(parameter: Any, init: Any) -> Any:
    """Make what `Parameter.clone(init)` promises, without MindSpore's copy of the original on the way.

    That copy is made from the original's initializer, which it uses up.
    """
    clone = Parameter(
        initializer(init, parameter.shape, parameter.dtype),
        parameter.name,
        parameter.requires_grad,
        parameter.layerwise_parallel,
    )
    information = parameter.param_info
    if not hasattr(information, "cloned_obj"):
        information.cloned_obj = []
    information.cloned_obj.append(clone)
    cloned_information = information.clone()
    cloned_information.obj = clone
    clone.param_info = cloned_information
    clone.cache_enable = parameter.cache_enable
    if parameter.cache_shape:
        clone.cache_shape = parameter.cache_shape
    clone.requires_aggr = parameter.requires_aggr
    return clone


# -------------------------------------------------------------------------------------------------------- declared


class _DeclaredParameter(_NoValues, LazyParameter):
    """A parameter without values: name, shape, dtype and initializer, and no storage."""

    init_mode: Any  # the Tensor that it was made from, which has the initializer
    _declared_dtype: str

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
        _fill(self, _copy(value), _origin_of_call("data"))

    def set_data(self, data: Any, slice_shape: bool = False) -> Any:
        """As `Parameter.set_data`; an initializer, `initializer("ones", shape)`, replaces the declared one.

        Raises:
            ValueError: `data` has another shape, and not `slice_shape`.
        """
        origin = _origin_of_call("set_data")
        if not (slice_shape and isinstance(data, Tensor)):
            data = _checked_value(self, data)
        elif is_declared(data):
            data._need_values("set_data")
        if data.has_init:
            self.init = data.init
            self.init_mode = Tensor(shape=data.shape, dtype=data.dtype, init=data.init)
            self._initializer, self._declared_dtype = data.init, dtype_name(data.dtype)
        else:
            _fill(self, _copy(data, dtype_name(self.dtype)), origin)
        self.sliced = slice_shape
        return self

    def assign_value(self, value: Any) -> Any:
        """As `Tensor.assign_value`, with a copy of the value."""
        if is_declared(value):
            value._need_values("assign_value")
        self._check_shape(value)
        _fill(self, _copy(value), _origin_of_call("assign_value"))
        return self

    def _check_shape(self, value: Any) -> None:
        if value.shape != self.shape:
            raise _wrong_shape(self, value.shape)

    def _overwrite(self, run: Callable[[], Any], origin: Origin) -> Any:
        # The operator runs on storage of this very object. Should it fail, the parameter is as declared as before.
        original = self.__class__
        with _filling, framework.no_grad():
            _fill(self, Tensor.from_numpy(np.empty(self.shape, numpy_dtype(dtype_name(self.dtype)))), origin)
            try:
                return run()
            except BaseException:
                undeclare_parameter(self, original)
                raise

    def _copy_of_declaration(self, kind: type | None = None) -> Any:
        """Make another declared parameter of the same name, shape, dtype, initializer and options."""
        copied = _new_declared(
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
        )


class UninitializedParameter(_DeclaredParameter):
    """A declared parameter of a LazyCell: reading its values raises `UninitializedParameterError`.

    Known: shape, dtype, name, requires_grad, size, nbytes, repr, has_init (True), init_mode. It takes values from a
    checkpoint, from `init_parameters_data`, from the first run of its net, or from anybody who assigns all of them.
    """

    def _need_values(self, reader: str) -> None:
        raise _error(self, reader)

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
            raise _error(self, "saving or copying it")
        if layout is None:
            initialize_parameter(self)
        else:
            _initialize_as_mindspore(self, layout)
        self.sliced = set_sliced
        return self

    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`; `"same"` needs values.

        Raises:
            UninitializedParameterError: for `init="same"`.
        """
        if isinstance(init, str) and init == "same":
            raise _error(self, 'clone("same")')
        return _clone_with(self, init)


class DeferredParameter(_DeclaredParameter):
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
            _initialize_as_mindspore(self, layout)
        else:  # what somebody converted before there was anything to convert
            if is_declared(source):
                source.init_data(layout, set_sliced)
            _fill(self, _copy(source, dtype_name(self.dtype)), source._origin)
        self.sliced = set_sliced
        return self

    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`; `"same"` draws the values first."""
        if isinstance(init, str) and init == "same":
            self.init_data()
            return self.clone(init)
        return _clone_with(self, init)

    def _check_shape(self, value: Any) -> None:
        """Take values of any shape, as MindSpore does: a rank may take its slice so. Only `set_data` checks."""


class UninitializedBuffer(_NoValues, Tensor):  # type: ignore[misc]
    """A non-persistent buffer that is computed when it is needed: a Tensor without values, never saved.

    It is registered by `Cell.register_buffer(name, buffer, persistent=False)`.
    """

    _initializer: Initializer
    _declared_dtype: str

    def _need_values(self, reader: str) -> None:
        raise _error(self, reader)

    def init_data(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the buffer, in place."""
        initialize_parameter(self)
        return self

    def _twin(self, dtype: Any) -> Any:
        twin = declare_buffer(self._initializer, self.shape, framework.framework_dtype(self._declared_dtype))
        if dtype is not None:
            twin.set_dtype(dtype)
        return twin

    def _overwrite(self, run: Callable[[], Any], origin: Origin) -> Any:
        _fill(self, Tensor.from_numpy(np.empty(self.shape, numpy_dtype(dtype_name(self.dtype)))), origin)
        return run()

    def __repr__(self) -> str:
        return f"UninitializedBuffer(shape={tuple(self.shape)}, dtype={dtype_name(self.dtype)})"

    __str__ = __repr__

    def __deepcopy__(self, memo: Any) -> Any:
        return self._twin(self.dtype)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _remake_buffer, (self._initializer, self.shape, self._declared_dtype, dtype_name(self.dtype))


# ---------------------------------------------------------------------------------------------------------- making


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
    return _new_declared(  # type: ignore[no-any-return]
        UninitializedParameter, initializer, shape, dtype, name=name, requires_grad=trainable
    )


def declare_buffer(initializer: Initializer, shape: tuple[int, ...], dtype: Any) -> UninitializedBuffer:
    """Make a buffer without values: a Tensor, not a Parameter."""
    buffer = Tensor(shape=shape, dtype=dtype, init=initializer)
    buffer.__class__ = UninitializedBuffer
    buffer._initializer, buffer._declared_dtype = initializer, dtype_name(dtype)
    return buffer  # type: ignore[no-any-return]


def adopt(parameter: Any, kind: type[_DeclaredParameter]) -> None:
    """Make a parameter that MindSpore has left uninitialized one of ours."""
    mode = parameter.init_mode
    if isinstance(mode, Parameter):  # Parameter(another uninitialized parameter): its values are not ours
        parameter.init_mode = Tensor(shape=mode.shape, dtype=mode.dtype, init=parameter.init)
    parameter._initializer, parameter._declared_dtype = parameter.init, dtype_name(parameter.dtype)
    parameter.__class__ = kind


def _new_declared(
    kind: type,
    initializer: Initializer,
    shape: tuple[int, ...],
    dtype: Any,
    *,
    name: str,
    requires_grad: bool,
) -> Any:
    tensor = Tensor(shape=shape, dtype=dtype, init=initializer)
    parameter = framework.new_uninitialized(tensor, name, requires_grad)
    parameter._initializer, parameter._declared_dtype = initializer, dtype_name(dtype)
    parameter.__class__ = kind
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
) -> Any:
    declared = framework.framework_dtype(declared_dtype)
    parameter = _new_declared(kind, initializer, shape, declared, name=name, requires_grad=requires_grad)
    if dtype != declared_dtype:
        parameter.set_dtype(framework.framework_dtype(dtype))
    parameter.layerwise_parallel = layerwise_parallel
    return parameter


def _remake_buffer(initializer: Initializer, shape: tuple[int, ...], declared_dtype: str, dtype: str) -> Any:
    return declare_buffer(initializer, shape, framework.framework_dtype(declared_dtype))._twin(
        framework.framework_dtype(dtype)
    )


# --------------------------------------------------------------------------------------------------------- filling


def fill(parameter: Any, values: np.ndarray[Any, Any] | Tensor, origin: Origin) -> None:
    """Give a parameter its values: the loader's way in, for values that nobody else will write to.

    Args:
        parameter: any Parameter of a net. A declared one takes the storage of `values` as it is; one that has values
            gets them copied into its storage, so that compiled graphs see them.
        values: of the parameter's shape. Their dtype becomes the parameter's. An array that is read-only, not
            contiguous, or not aligned to its element size is copied first: MindSpore would crash on it.
        origin: for the record.

    Raises:
        ValueError: wrong shape.
    """
    if tuple(values.shape) != tuple(parameter.shape):
        raise _wrong_shape(parameter, tuple(values.shape))
    tensor = values if isinstance(values, Tensor) else Tensor.from_numpy(_usable(values))
    if is_declared(parameter) or tensor.dtype != parameter.dtype:
        _fill(parameter, tensor, origin)
    else:
        _write(parameter, tensor)
        parameter._origin = origin


def _usable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned and flags.writeable else np.array(array, order="C")


def _copy(value: Tensor, dtype: str | None = None) -> Tensor:
    """Copy the values of a tensor that has some, in a dtype."""
    if value.has_init:
        value.init_data()
    array = numpy_values = framework.numpy_values(value)
    if dtype is not None:
        array = array.astype(numpy_dtype(dtype), copy=False)
    return Tensor.from_numpy(np.array(array) if array is numpy_values else array)


def _fill(tensor: Any, source: Tensor, origin: Origin) -> None:
    """Make the transition: take the storage of `source`, change the class, write the record."""
    with _filling:
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
        seed: default `mindspore.get_seed()`.
        name: of the stream; default: the parameter's.
    """
    with _filling:
        if not is_declared(tensor):
            return
        seed = process_seed() if seed is None else seed
        key = stream_key(seed, name if name is not None else getattr(tensor, "name", ""))
        # Drawn in the dtype that was declared, then converted: what an eager build followed by `.to(dtype)` does.
        values = draw(tensor._initializer, tuple(tensor.shape), tensor._declared_dtype, key)
        values = values.astype(numpy_dtype(dtype_name(tensor.dtype)), copy=False)
        _fill(tensor, Tensor.from_numpy(values), Origin("initializer", describe(tensor._initializer), seed))


def _initialize_as_mindspore(parameter: Any, layout: Any) -> None:
    """Draw as `Parameter.init_data` does: from numpy's global state, in the shape of `init_mode`, or a slice of it."""
    with _filling:
        if not is_declared(parameter):
            return
        mode, dtype = parameter.init_mode, parameter.dtype
        if mode.has_init:
            drawn = mode.init_data(*parameter._get_init_data_args(layout))
        else:  # two parameters made from one initializer tensor, which the other has used: the same values, as eagerly
            drawn = _copy(mode)
        _fill(parameter, drawn, Origin("initializer", describe(parameter._initializer)))
        if parameter.dtype != dtype:
            parameter.set_dtype(dtype)


def undeclare_parameter(parameter: Any, kind: type[_DeclaredParameter] = UninitializedParameter) -> None:
    """Give up the values of a parameter that was once declared: it is declared again, and holds no memory."""
    if is_declared(parameter) or parameter._initializer is None:
        return
    with _filling:
        dtype = framework.framework_dtype(parameter._declared_dtype)
        empty = Tensor(shape=parameter.shape, dtype=parameter.dtype, init=parameter._initializer)
        framework.take_storage(parameter, empty)
        parameter.init = parameter._initializer
        parameter.init_mode = Tensor(shape=parameter.shape, dtype=dtype, init=parameter._initializer)
        parameter.__class__ = kind
        parameter.__dict__.pop("_origin", None)


def life_of(tensor: Any) -> tuple[State, Origin | None]:
    """Give the state of a parameter or buffer, and where its values come from (None while it has none).

    A parameter that lazycell did not make has been initialized when it was made, unless MindSpore's own
    `no_init_parameters` left it without values.
    """
    if is_declared(tensor) or (isinstance(tensor, Parameter) and tensor.init is not None):
        return "declared", None
    origin: Origin = tensor.__dict__.get("_origin", _AT_BIRTH)
    return ("initialized" if origin.kind == "initializer" else "loaded"), origin
