"""A parameter that has values: MindSpore's own, but for two silent losses that it does not have."""

from __future__ import annotations

import sys
from typing import Any

import mindspore
import numpy as np
from mindspore import Parameter, Tensor
from mindspore.common.initializer import Initializer, initializer

from .._dtypes import dtype_name, numpy_dtype
from . import _framework as framework
from ._context import is_lazy
from ._draws import Draw
from ._guards import refuse_export, refuse_load, refuse_save
from ._life import AT_BIRTH, Origin
from ._part import cut, is_same_everywhere, part_of, record_of_part
from ._without_values import is_declared, title, wrong_shape


@framework.known_to_graphs
class LazyParameter(framework.ParameterTensor):
    """A parameter of lazycell's that has values.

    Two things differ from MindSpore's. `set_data` with another shape raises ValueError where the parameter is one of a
    LazyCell; MindSpore changes the shape in silence. And values of the same shape and dtype are copied INTO the
    storage, where MindSpore shares the source's. So a graph that `mindspore.jit` has compiled sees them, and two nets
    loaded from one dict stay two.
    """

    _origin: Origin = AT_BIRTH
    _draw: Draw | None = None  # what it has drawn, or will
    _resizable: bool = False  # porting projects resize the embeddings of plain cells
    _initializer: Initializer | None = None  # kept for `undeclare_parameter`
    _declared_dtype: str | None = None  # that the initializer draws in; `.to` may have changed the parameter's since

    def set_data(self, data: Any, slice_shape: bool = False) -> Any:
        """As `Parameter.set_data`, in place.

        Raises:
            ValueError: `data` has another shape, and the parameter is one of a LazyCell, and not `slice_shape`.
        """
        origin = origin_of_call("set_data")
        other = has_other_shape(self, data)
        if other and part_of(self) is not None:
            raise wrong_shape(self, data.shape)
        resized = self._resizable and not slice_shape and other
        if is_lazy() and (resized or not other) and _has_initializer(data):
            return framework.ParameterTensor.set_data(self, data, slice_shape)  # declares it again
        if resized:
            framework.take_storage(self, copy_given(data, dtype_name(self.dtype)))
        elif slice_shape and tuple(getattr(data, "shape", ())) != self.shape:
            framework.ParameterTensor.set_data(self, data, slice_shape)
        else:
            data = checked_value(self, data)
            if data.has_init:
                framework.draw(data)
            if is_lazy():  # no graph holds the storage yet, and what shares it in a constructor does not follow
                framework.take_storage(self, copy_given(data, dtype_name(self.dtype)))
            else:
                write_into(self, data)
        self._origin = origin
        self.init_mode = None
        self.sliced = slice_shape
        return self

    def assign_value(self, value: Any) -> Any:
        """As `Tensor.assign_value`; in place for a value of the same shape and dtype."""
        origin = origin_of_call("assign_value")
        if value.shape == self.shape and value.dtype == self.dtype:
            self._origin = origin
            write_into(self, value)
            return self
        check_part(self, value)
        self._origin = origin
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
            write_into(self, value)
            self._origin = origin_of_call("data")
        else:
            # `.to(dtype)`, which keeps the values, or a change of shape that the caller asked for by name.
            check_part(self, value)
            framework.set_storage(self, value)

    def clone(self, init: Any = "same") -> Any:
        """As `Parameter.clone`. With an `init` (an optimizer's state), the clone is an ordinary parameter."""
        if isinstance(init, str) and init == "same":
            return framework.ParameterTensor.clone(self, init)
        return clone_with(self, init)

    def __deepcopy__(self, memo: Any) -> Any:
        copied = framework.deepcopy_of(self, memo)
        copied.__class__ = type(self)
        copied.__dict__.update(_record(self))
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        values = framework.numpy_values(self).copy() if framework.has_no_asnumpy(self) else Tensor(self)
        return _remake_filled, (
            type(self),
            values,
            self.name,
            self.requires_grad,
            self.layerwise_parallel,
            _record(self),
        )

    if framework.NUMPY_HAS_NO_BFLOAT16:  # else MindSpore's own, which costs less

        def asnumpy(self) -> Any:
            """As `Tensor.asnumpy`.

            Raises:
                TypeError: the parameter is bfloat16, and NumPy 2 is installed.
            """
            if framework.has_no_asnumpy(self):
                raise TypeError(
                    f"{title(self)} is bfloat16, of which MindSpore {mindspore.__version__} makes no array with NumPy "
                    f"{np.__version__}: convert it first, `.astype(mindspore.float32).asnumpy()`, or install `numpy<2`"
                )
            return framework.ParameterTensor.asnumpy(self)

        def item(self) -> Any:
            """As `Tensor.item`, which kills the process for bfloat16."""
            return Tensor.item(self.float() if framework.has_no_asnumpy(self) else self)

        def tolist(self) -> Any:
            """As `Tensor.tolist`, which kills the process for bfloat16."""
            return Tensor.tolist(self.float() if framework.has_no_asnumpy(self) else self)


def has_other_shape(parameter: Any, data: Any) -> bool:
    """Tell whether `set_data` is given a Tensor of another shape than the parameter's."""
    return isinstance(data, Tensor) and data.shape != parameter.shape


def _has_initializer(data: Any) -> bool:
    return isinstance(data, Tensor) and data.init is not None and not is_declared(data)


def copy_of(value: Tensor, dtype: str | None = None) -> Tensor:
    """Copy the values of a tensor that has some, or an initializer, in a dtype."""
    if value.has_init:
        framework.draw(value)
    array = numpy_values = framework.numpy_values(value)
    if dtype is not None:
        array = array.astype(numpy_dtype(dtype), copy=False)
    return framework.tensor_of(np.array(array) if array is numpy_values else array)


def copy_given(data: Any, dtype: str) -> Tensor:
    """Copy what `set_data` was given."""
    if is_declared(data):
        data._need_values("set_data")
    return copy_of(data, dtype)


def _record(parameter: Any) -> dict[str, Any]:
    names = ("_origin", "_initializer", "_declared_dtype", "_resizable")
    record = {name: parameter.__dict__[name] for name in names if name in parameter.__dict__}
    record.update(record_of_part(parameter))
    return record


def _remake_filled(
    kind: type, values: Any, name: str, requires_grad: bool, layerwise_parallel: bool, record: dict[str, Any]
) -> Any:
    if isinstance(values, np.ndarray):
        values = framework.tensor_of(values)
    parameter = framework.parameter_of(values, name, requires_grad, layerwise_parallel)
    parameter.__class__ = kind
    parameter.__dict__.update(record)
    return parameter


def check_part(parameter: Any, value: Any) -> None:
    """Refuse to give a part another shape.

    Raises:
        ValueError: the parameter is a part, and the value has another shape.
    """
    if value.shape != parameter.shape and part_of(parameter) is not None:
        raise wrong_shape(parameter, value.shape)


def write_into(parameter: Any, value: Tensor) -> None:
    """Copy `value` into the storage of `parameter`: same shape, any dtype."""
    with framework.no_grad():
        parameter.copy_(value)


def checked_value(parameter: Any, data: Any) -> Any:
    """Check what `set_data` was given as MindSpore does, and its shape."""
    if not isinstance(data, (Tensor, int, float)):
        raise TypeError(
            f"{title(parameter)}: set_data takes a Tensor, an int or a float, and was given a {type(data).__name__}"
        )
    if isinstance(data, (int, float)):
        if isinstance(data, float) and np.issubdtype(numpy_dtype(dtype_name(parameter.dtype)), np.integer):
            raise TypeError(
                f"{title(parameter)} is {dtype_name(parameter.dtype)}, and the float {data} can not be converted to "
                "that: give it an int, or change its dtype with set_dtype"
            )
        data = Tensor(data, parameter.dtype)
    if data.shape != parameter.shape:
        raise wrong_shape(parameter, data.shape)
    if is_declared(data):
        data._need_values("set_data")
    return data


def origin_of_call(method: str) -> Origin:
    """Say where the values come from that MindSpore, or a user, hands to `method`."""
    source = framework.loading_source(sys._getframe(2))
    return Origin("assigned", method) if source is None else Origin("checkpoint", source)


def clone_with(parameter: Any, init: Any) -> Any:
    """Make what `Parameter.clone(init)` promises, without MindSpore's copy of the original on the way.

    That copy is made from the original's initializer, which it uses up.
    """
    begins, record = initializer(init, parameter.shape, parameter.dtype), record_of_part(parameter)
    place = part_of(parameter)
    if place is not None and begins.has_init and not is_same_everywhere(begins.init):
        whole = framework.draw(initializer(init, place.whole, parameter.dtype))
        begins = framework.tensor_of(cut(framework.numpy_values(whole), place))
    clone = Parameter(begins, parameter.name, parameter.requires_grad, parameter.layerwise_parallel)
    if record:  # which MindSpore's own class would leave behind when it is copied
        clone.__class__ = LazyParameter
        clone.__dict__.update(record)
    return as_clone(parameter, clone)


def as_clone(parameter: Any, clone: Any) -> Any:
    """Note on both that one is the clone of the other, as `Parameter.clone` does."""
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


framework.install_file_guard(refuse_save, refuse_export, refuse_load)
