"""Tensors without values: every way to read one, operators included, is caught and asks for values first."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mindspore import Parameter, Tensor

from .._dtypes import dtype_name, numpy_dtype
from .._errors import UninitializedParameterError
from . import _framework as framework
from ._part import part_of


class WithoutValues:
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

    def _overwrite(self, run: Callable[[], Any], operator: str) -> Any:
        """Give it storage and run an operator that writes all of it."""
        raise NotImplementedError

    def _declared_anew(self, operator: str, run: framework.Operator, operands: tuple[Any, ...]) -> bool:
        """Tell whether an operator that writes into it need not run: it is declared otherwise instead."""
        return False

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
    *("__bool__", "__int__", "__float__", "__index__"),
)
for _name in filter(functools.partial(hasattr, Tensor), _MEMORY_READERS):  # before 2.9 there is no `__iter__`
    setattr(WithoutValues, _name, _reader(_name))


def is_declared(tensor: Any) -> bool:
    """Tell whether a parameter or buffer of lazycell's has no values yet."""
    return isinstance(type(tensor), type) and issubclass(type(tensor), WithoutValues)


def lacks_values(tensor: Any) -> bool:
    """Tell whether a parameter or buffer has no values yet, be it lazycell or MindSpore that made it without."""
    return is_declared(tensor) or (isinstance(tensor, Parameter) and tensor.init is not None)


def while_declared(method: Any) -> Any:
    """Have a method that was looked up before the tensor got its values, as in `p.set_data(p * 2)`, be that of now."""

    @functools.wraps(method)
    def called(self: Any, *arguments: Any, **keywords: Any) -> Any:
        if is_declared(self):
            return method(self, *arguments, **keywords)
        return getattr(self, method.__name__)(*arguments, **keywords)

    return called


# Operators that write all of their first operand, and read only the second.
_ASSIGNMENTS = frozenset({"Assign", "InplaceCopy"})
# Operators that Cell.to and Cell.to_empty apply to every parameter.
_CONVERSIONS = frozenset({"ToDtype", "ToDevice", "ToOther", "EmptyLike"})

# Operators that ask a tensor only for its shape and dtype: home-made optimizers start their state with them.
_CONSTANTS = frozenset({"ZerosLike", "ZerosLikeExt", "OnesLike", "OnesLikeExt"})


def _on_operator(name: str, run: framework.Operator, operands: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """Decide what an operator means for the operands that have no values, then run it."""
    first: Any = operands[0] if operands else None
    if is_declared(first):
        others = [*operands[1:], *keywords.values()]
        if name in _CONVERSIONS:
            return first._twin(_target_dtype(others))
        if name in _CONSTANTS:
            stand_in = framework.tensor_of(np.zeros(first.shape, numpy_dtype(dtype_name(first.dtype))))
            return run(stand_in, *operands[1:])
        if first._declared_anew(name, run, operands):
            return first
        if name in _ASSIGNMENTS:
            _need_values_of(name, others)
            _check_assigned_shape(first, others[0], exact=name == "Assign")
            return first._overwrite(run, name)
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
        raise wrong_shape(target, shape)


def wrong_shape(parameter: Any, shape: tuple[int, ...]) -> ValueError:
    place = part_of(parameter)
    if place is not None:
        load = "`net.load_checkpoint(…)` takes its part out of a file or a dict of the whole"
        return ValueError(
            f"{title(parameter)}: this rank has a part of it, {place.shape} of {place.whole}, and was given values of "
            f"shape {tuple(shape)}: give it values of its own shape; {load}"
        )
    return ValueError(
        f"{title(parameter)} has shape {tuple(parameter.shape)}, and was given values of shape {tuple(shape)}: "
        f"give it values of its own shape"
    )


def title(tensor: Any) -> str:
    return f"parameter {tensor.name!r}" if isinstance(tensor, Parameter) else "a buffer"


def read_too_early(tensor: Any, reader: str) -> UninitializedParameterError:
    return UninitializedParameterError(
        f"{title(tensor)} (shape {tuple(tensor.shape)}, {dtype_name(tensor.dtype)}) is declared and has no values, "
        f"but {reader} needs them. Load a checkpoint that has it (`net.load_checkpoint(path)` or "
        f"`mindspore.load_checkpoint(path, net=net)`), or call `net.init_parameters_data()` to initialize it"
    )


framework.install_operator_handler(_on_operator, is_declared)
framework.install_constructor_guard(lambda tensor: tensor._need_values("Tensor(...)"), is_declared)
framework.install_pickling_of_operators()
