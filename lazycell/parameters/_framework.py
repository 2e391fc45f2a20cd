"""Everything lazycell uses of MindSpore that MindSpore does not promise: each hook by itself, with its reason.

Measured on MindSpore 2.8.0, 2.9.0 and 2.10.0. `tests/parameters/test_framework.py` fails loudly the day one is gone.
"""

from __future__ import annotations

import functools
import inspect
import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, suppress
from types import FrameType
from typing import Any, TypeVar

# First: another MindSpore may lack what is imported next.
from . import _supported

# isort: split
import mindspore
import mindspore.mint.nn.layer.normalization as _mint_normalization
import mindspore.nn.layer.rnn_cells as _rnn_cells
import mindspore.nn.layer.rnns as _rnns
import mindspore.nn.probability.bnn_layers.layer_distribution as _bnn_distribution
import mindspore.nn.utils.init as _mindspore_init
import numpy as np
from mindspore import Parameter, ParameterTuple, Tensor, _c_expression, nn
from mindspore._c_expression import Cell_, ParamInfo, TensorPy
from mindspore.common import dtype as mstype
from mindspore.common.initializer import _INITIALIZER_ALIAS, Zero

try:
    from mindspore.graph import api as _graph_api
except ImportError:  # before 2.9
    from mindspore.common import api as _graph_api

from .._dtypes import dtype_name, numpy_dtype
from ._carry import raise_in

IS_BEFORE_2_9 = _supported.numbers_of(mindspore.__version__) < (2, 9)
IS_BEFORE_2_10 = _supported.numbers_of(mindspore.__version__) < (2, 10)

cells_compile_cache = _graph_api.cells_compile_cache

_tensor_module = sys.modules["mindspore.common.tensor"]  # `mindspore.common.tensor` itself is a function

_parameter_module = sys.modules["mindspore.common.parameter"]

_serialization: Any = sys.modules["mindspore.train.serialization"]

_initializer_module: Any = sys.modules["mindspore.common.initializer"]

_seed_module: Any = sys.modules["mindspore.common.seed"]  # `mindspore.common.seed` is a function, too

# --- classes -------------------------------------------------------------------------------------------------------

# `Parameter(tensor)` makes an instance of a class built at run time from (Parameter, Tensor). Our own classes derive
# from it, so that `parameter.__class__ = OurClass` is allowed.
ParameterTensor: Any = Parameter._get_base_class(Tensor)

# Parameter.__init__ as MindSpore has it, before `install_birth_hook` wraps it.
_parameter_init = Parameter.__init__

_TensorClass = TypeVar("_TensorClass", bound=type)


def is_meta(tensor: Any) -> bool:
    """Tell whether a tensor is one of MindSpore's device "meta", new in 2.9, which has no values ever."""
    return getattr(tensor, "is_meta", False)


def known_to_graphs(kind: _TensorClass) -> _TensorClass:
    """Have the graph parser know a class of parameters, or of tensors, for what it is: a class decorator.

    Of `if self.weight == 1` the parser asks whether the class of `self.weight` has the `__name__` "Parameter" or
    "Tensor". If it has not, it takes the attribute for a constant, compares it once while it compiles, and leaves one
    branch out. `isinstance` is not asked. `__qualname__`, which `repr` and pickle read, stays the class's own.
    """
    kind.__name__ = (ParameterTensor if issubclass(kind, ParameterTensor) else Tensor).__name__
    return kind


class _Uninitialized(Parameter):
    # Parameter.__new__ reads `init_param` from the class that it is called on: False keeps the initializer, unrun.
    # Called on a class of ours, no process-wide flag is needed.
    init_param = False


def new_uninitialized(
    kind: type, initializer: Any, shape: tuple[int, ...], dtype: Any, name: str, requires_grad: bool
) -> Any:
    """Make a Parameter with an initializer, without running it.

    It is what `Parameter(Tensor(shape=shape, dtype=dtype, init=initializer), name, requires_grad)` makes under
    MindSpore's `no_init_parameters`, but for `init_mode`, which is left out; in an eighth of the time: MindSpore checks
    the arguments twice, makes three tensors, and a `Load` operator, 65 microseconds in all.

    Args:
        kind: its class, derived from `ParameterTensor`.
        initializer: a MindSpore initializer.
        shape: numbers.
        dtype: MindSpore's.
        name: not empty.
        requires_grad: whether it is trainable.
    """
    # Before 2.9, operators look for `__fallback__` at what was born with it, whatever becomes of it.
    parameter = Tensor.__new__(ParameterTensor if IS_BEFORE_2_9 else kind)
    TensorPy.__init__(parameter, _CheckedArguments(dtype, shape, initializer))
    if IS_BEFORE_2_9:
        parameter.__class__ = kind
    parameter.init_flag = False
    _begin(parameter, name, requires_grad, shape)
    return parameter


def tensor_without_values(initializer: Any, shape: tuple[int, ...], dtype: Any) -> Tensor:
    """Make `Tensor(shape=shape, dtype=dtype, init=initializer)` of what was a tensor's, and need not be checked."""
    return Tensor(_CheckedArguments(dtype, shape, initializer))


def _begin(parameter: Any, name: str, requires_grad: bool, shape: Any) -> None:
    """Do what `Parameter.__init__` does for a tensor."""
    attributes = parameter.__dict__
    constant, fresh = _attributes_at_birth()
    attributes.update({**constant, **attributes})  # what `Parameter.__new__` has noted stays
    for attribute, make in fresh:
        attributes[attribute] = make()
    attributes["is_in_parallel"] = _parameter_module._is_in_auto_parallel_mode()
    information = attributes["_param_info"] = ParamInfo()
    information.obj = parameter
    information.name = name
    information.requires_grad = requires_grad
    information.layerwise_parallel = False
    information.parallel_optimizer = True
    information.parameter_shape = shape
    information.storage_format = ""
    TensorPy.set_param_info(parameter, information)
    parameter._requires_grad = requires_grad


class _CheckedArguments:
    """Stands for the arguments of a tensor that need not be checked again: see `install_constructor_guard`."""

    __slots__ = ("arguments",)

    def __init__(self, dtype: Any, shape: Any, initializer: Any) -> None:
        self.arguments = {"dtype": dtype, "shape": shape, "init": initializer}


@functools.cache
def _attributes_at_birth() -> tuple[dict[str, Any], tuple[tuple[str, type], ...]]:
    """Give what `Parameter.__init__` puts into `__dict__`: values that all may share, and empty containers."""
    tensor = Tensor(shape=(1,), dtype=mstype.float32, init=Zero())
    made = Parameter.__new__(_Uninitialized, tensor)
    _parameter_init(made, tensor, name="model")
    return _shared_and_fresh(made, without=("_param_info", "init_mode"))


def _shared_and_fresh(made: Any, without: tuple[str, ...]) -> tuple[dict[str, Any], tuple[tuple[str, type], ...]]:
    attributes = {name: value for name, value in made.__dict__.items() if name not in without}
    fresh = {name: type(value) for name, value in attributes.items() if isinstance(value, (list, dict, set))}
    shared = {name: value for name, value in attributes.items() if name not in fresh}
    return shared, tuple(fresh.items())


# Cell.__init__ as MindSpore has it.
_cell_init = nn.Cell.__init__


def initialize_cell(cell: nn.Cell) -> None:
    """Do what `nn.Cell.__init__(cell)` does, which sets sixty attributes one by one: copy them from one it has made."""
    if nn.Cell.__init__ is not _cell_init:  # somebody has to see every cell
        nn.Cell.__init__(cell)
        return
    Cell_.__init__(cell, str(type(cell))[8:-2])
    nn.Cell.total_instance_count += 1
    attributes = cell.__dict__
    constant, fresh = _cell_at_birth()
    attributes.update(constant)
    for attribute, make in fresh:
        attributes[attribute] = make()
    attributes["_create_time"] = time.time_ns()
    cells_compile_cache[id(cell)] = attributes["_compile_cache"]
    if hasattr(type(cell), "bprop"):
        attributes["has_bprop"] = True


@functools.cache
def _cell_at_birth() -> tuple[dict[str, Any], tuple[tuple[str, type], ...]]:
    return _shared_and_fresh(nn.Cell(), without=())


# --- dtypes and storage --------------------------------------------------------------------------------------------


FrameworkType: Any = _c_expression.typing.Type
"""The class of MindSpore's dtypes: constants, of which two are equal where they mean the same."""


name_of = functools.cache(dtype_name)
"""Give the canonical name of one of MindSpore's dtypes."""


def framework_dtype(name: str) -> Any:
    """Give MindSpore's dtype of a canonical name."""
    return getattr(mstype, "bool_" if name == "bool" else name)


# MindSpore is compiled against NumPy 1, with which it registers a bfloat16 of its own. With NumPy 2 it cannot, and
# refuses bfloat16 in both directions: there the bits go as int16, and a view is taken on the other side.
NUMPY_HAS_NO_BFLOAT16 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"


def _spend_lookup_of_numpy() -> None:
    """Have MindSpore look for NumPy 1 now, where NumPy 2 is installed.

    It does so once in a process, at the first operator that is given something else than tensors. NumPy prints a page,
    MindSpore a line, and the operator fails: `SystemError`, or `ImportError: numpy.core.multiarray failed to import`.
    The sum here fails before it gets to a device.
    """
    one = Tensor.from_numpy(np.zeros(1, np.uint8))
    with redirect_stderr(io.StringIO()), _silent_stderr(), suppress(ImportError, SystemError, TypeError):
        one + object()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keep C++ from writing to the standard error, for a moment."""
    try:
        kept = os.dup(2)
    except OSError:  # closed
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


if NUMPY_HAS_NO_BFLOAT16:
    _spend_lookup_of_numpy()


def numpy_values(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Give the values of a tensor that has some, as a view in the numpy dtypes that lazycell uses.

    MindSpore registers a bfloat16 of its own with numpy; ml_dtypes' has the same bits, and converts to other dtypes.
    """
    array = _array_of(tensor)
    wanted = numpy_dtype(name_of(tensor.dtype))
    return array if array.dtype == wanted else array.view(wanted)


def has_no_asnumpy(tensor: Tensor) -> bool:
    """Tell whether MindSpore gives no numpy array of a tensor, and none of what it makes by one: copies, pickles."""
    return NUMPY_HAS_NO_BFLOAT16 and tensor.dtype == mstype.bfloat16


def _seen_as(tensor: Tensor, dtype: Any) -> Tensor:
    """Give the same memory in a dtype of the same size."""
    with no_grad():
        return Tensor.view(tensor, dtype)


def _array_of(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Give `tensor.asnumpy()`, in some dtype of the same size."""
    if not has_no_asnumpy(tensor):
        array: np.ndarray[Any, Any] = TensorPy.asnumpy(tensor)
    elif tensor.size == 0 or is_view(tensor) or device_target() != "CPU":
        array = TensorPy.asnumpy(_seen_as(tensor, mstype.int16))  # a copy, as of any view
    else:
        TensorPy.asnumpy(Tensor.from_numpy(np.zeros(1, np.uint8)))  # waits, as it does for any tensor
        array = np.asarray(_Memory(tensor))
    return array


class _Memory:
    """The memory of a bfloat16 tensor, of which numpy makes an array that keeps it."""

    def __init__(self, tensor: Tensor) -> None:
        self.kept = storage_of(tensor)
        self.__array_interface__ = {
            "version": 3,
            "typestr": "<i2",
            "shape": tuple(tensor.shape),
            "data": (tensor.data_ptr(), False),
        }


def tensor_of(array: np.ndarray[Any, Any]) -> Tensor:
    """Give the Tensor that shares the memory of an array, which is contiguous, aligned and writable.

    Raises:
        TypeError, ValueError, RuntimeError: MindSpore has no tensors of the array's dtype.
    """
    if NUMPY_HAS_NO_BFLOAT16 and array.dtype.name == "bfloat16":
        return _seen_as(Tensor.from_numpy(array.view(np.int16)), mstype.bfloat16)
    return Tensor.from_numpy(array)


def parameter_of(values: Tensor, *arguments: Any) -> Any:
    """Make `Parameter(values, *arguments)`, with a copy of the values: MindSpore makes it by `asnumpy`."""
    if not has_no_asnumpy(values):
        return Parameter(values, *arguments)
    parameter = Parameter(_seen_as(values, mstype.int16), *arguments)
    TensorPy.assign_value_cpp(parameter, _seen_as(TensorPy.data.__get__(parameter), mstype.bfloat16))
    return parameter


def draw(tensor: Tensor, *arguments: Any) -> Tensor:
    """Do what `tensor.init_data(*arguments)` does: of bfloat16 it draws float32, too, and rounds."""
    if not has_no_asnumpy(tensor):
        return tensor.init_data(*arguments)
    drawn = Tensor(shape=tensor.shape, dtype=mstype.float32, init=tensor.init).init_data(*arguments)
    tensor.init = None
    take_storage(tensor, tensor_of(numpy_values(drawn).astype(numpy_dtype("bfloat16"))))
    return tensor


def deepcopy_of(parameter: Any, memo: Any) -> Any:
    """Do what `Parameter.__deepcopy__` does."""
    if not has_no_asnumpy(parameter):
        return ParameterTensor.__deepcopy__(parameter, memo)
    copied = parameter_of(parameter, parameter.name, parameter.requires_grad)
    copied._inited_param = parameter._inited_param
    return copied


def take_storage(tensor: Tensor, source: Tensor) -> None:
    """Make `tensor` share the storage (and take shape and dtype) of `source`: MindSpore's own `assign_value`."""
    TensorPy.assign_value_cpp(tensor, source)


def set_storage(tensor: Tensor, source: Tensor) -> None:
    """Do what MindSpore's `tensor.data = source` does: the property is C++'s, our classes override it."""
    TensorPy.data.__set__(tensor, source)


def get_storage(tensor: Tensor) -> Tensor:
    """Do what MindSpore's `tensor.data` does."""
    return TensorPy.data.__get__(tensor)


def storage_of(tensor: Tensor) -> Tensor:
    """Give a Tensor that keeps the storage which `tensor` has now, whatever it takes later."""
    held = Tensor.from_numpy(np.empty(1, np.uint8))
    TensorPy.assign_value_cpp(held, tensor)
    return held


def host_memory(tensor: Tensor) -> np.ndarray[Any, Any] | None:
    """Give the bytes of a tensor that has values, as they lie in memory, to be read and written.

    Waits for the operators that were called before, which may read or write them: MindSpore runs them later.

    Returns:
        A flat array of uint8; None where they are elsewhere: on a device, or in a part of a tensor (`is_view`).
    """
    array = _array_of(tensor)  # waits; a copy, if they are elsewhere
    if array.__array_interface__["data"][0] != tensor.data_ptr():
        return None
    flat: np.ndarray[Any, Any] = array.reshape(-1).view(np.uint8)
    return flat


def is_view(tensor: Tensor) -> bool:
    """Tell whether a tensor is strided, or begins within its storage: MindSpore writes to neither in place on CPU."""
    return not tensor.is_contiguous() or tensor.storage_offset() != 0


def device_target() -> str:
    """Do what `mindspore.get_context("device_target")` does, which makes a dict of all enum members, in a tenth."""
    target: str = mindspore.context._context().get_param(mindspore.context.ms_ctx_param.device_target)
    return target


def launches_blocking() -> bool:
    """Tell whether each PyNative operator is waited for where it is called."""
    return bool(mindspore.get_context("pynative_synchronize"))


def set_launches_blocking(blocking: bool) -> None:
    """Have each PyNative operator waited for, or not.

    `mindspore.runtime.launch_blocking()` cannot be undone, and `mindspore.set_context(pynative_synchronize=…)` logs a
    warning at every call.
    """
    context = mindspore.context._context()
    context.set_param(mindspore.context.ms_ctx_param.pynative_synchronize, blocking)


def no_grad() -> AbstractContextManager[Any]:
    """Give the context in which PyNative operators are not recorded for differentiation."""
    return _graph_api._no_grad()


def is_recording() -> bool:
    """Tell whether PyNative records operators for a gradient. One that fails then ends the recording, in any thread."""
    return bool(_graph_api._pynative_executor.requires_grad())


# --- what a cell holds ------------------------------------------------------------------------------------------
# The public methods walk whole trees, skip what is there twice, and know buffers by no name of their own.


def cells_below(cell: nn.Cell) -> Iterator[nn.Cell]:
    """Walk a cell and those below it, each once, in no order that means anything: in a quarter of the usual time."""
    seen = {id(cell)}
    waiting = [cell]
    while waiting:
        each = waiting.pop()
        yield each
        for below in each._cells.values():
            if below is not None and id(below) not in seen:
                seen.add(id(below))
                waiting.append(below)


def parameters_of(cell: nn.Cell) -> dict[str, Any]:
    """Give a cell's own parameters by attribute name, as MindSpore keeps them; a value may be None."""
    return cell._params


def parameters_in_groups(cell: nn.Cell) -> Iterator[tuple[str, Any]]:
    """Give the state that an optimizer keeps in the dicts of its groups alone, by name: what `amsgrad` compares with.

    They are no attributes of the cell, so that MindSpore's own save leaves them out.
    """
    groups = cell.__dict__.get("param_groups")
    for group in groups if isinstance(groups, list) else ():
        for key, value in group.items() if isinstance(group, dict) else ():
            if key != "params" and isinstance(value, ParameterTuple):
                yield from ((parameter.name, parameter) for parameter in value)


def cells_of(cell: nn.Cell) -> dict[str, Any]:
    """Give a cell's own children by attribute name, as MindSpore keeps them; a value may be None."""
    return cell._cells


def buffers_of(cell: nn.Cell) -> dict[str, Any]:
    """Give a cell's own buffers by attribute name, as MindSpore keeps them; a value may be None."""
    return cell._buffers


def unsaved_buffers_of(cell: nn.Cell) -> frozenset[str]:
    """Give the attribute names of a cell's own buffers that are not persistent."""
    return frozenset(cell._non_persistent_buffers_set)


def slice_arguments(parameter: Any, layout: Any) -> tuple[Any, ...]:
    """Give what `Tensor.init_data` takes for a slice, from the layout that `Parameter.init_data` is given."""
    return parameter._get_init_data_args(layout)


# --- operators -----------------------------------------------------------------------------------------------------
# PyNative operators probe each tensor argument for `__fallback__` and, when one has it, call it INSTEAD of running,
# with an object that runs the operator. It is how a parameter without values learns that somebody reads it.

Operator = Callable[..., Any]  # runs the operator as it was called, or on other operands that it is given
OperatorHandler = Callable[[str, Operator, tuple[Any, ...], Mapping[str, Any]], Any]
_handler: OperatorHandler | None = None


class _ProbedCall(threading.local):
    """Which call, in this thread, has just found a gate: the calling frame, and its position there."""

    site: tuple[int, int] | None = None


_probed = _ProbedCall()


def _call_site(frame: FrameType) -> tuple[int, int]:
    return id(frame), frame.f_lasti


def _run_fallback(operator: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any] | None = None) -> Any:
    _probed.site = None
    assert _handler is not None
    keywords = keywords or {}
    if len(arguments) == 3 and isinstance(arguments[1], str) and isinstance(arguments[2], tuple):
        *primitive, operands = arguments  # (primitive, its name, operands)
        return _handler(
            operator.name, lambda *new: operator(*primitive, new or operands, **keywords), operands, keywords
        )
    return _handler(operator.name, lambda *new: operator(*(new or arguments), **keywords), arguments, keywords)


class _Overloaded:
    """Stands for what MindSpore before 2.10 hands on to run a function of `mint` that has overloads, such as `add`.

    To call that ends the process. The Python function calls an object that may be called again.
    """

    def __init__(self, name: str, frame: FrameType) -> None:
        self.name = name
        self._function = frame.f_globals[frame.f_code.co_names[0]]

    def __call__(self, *operands: Any, **keywords: Any) -> Any:
        return self._function(*operands, **keywords)


def _run_old_fallback(operator: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any] | None = None) -> Any:
    """Do so with MindSpore before 2.10, which raises `RuntimeError("Python fallback failed.")` whatever is raised."""
    frame = sys._getframe(1)
    try:
        if frame.f_globals is _overloads:
            operator = _Overloaded(operator.name, frame)
        return _run_fallback(operator, arguments, keywords)
    except BaseException as error:
        raised = error
    raise_in(frame, raised, _is_failed_fallback)


def _is_failed_fallback(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and str(error).startswith("Python fallback failed")


_overloads = vars(sys.modules["mindspore.ops.functional_overload"])
_fallback = _run_old_fallback if IS_BEFORE_2_10 else _run_fallback


class OperatorGate:
    """The attribute `__fallback__` of a class of tensors without values."""

    def __get__(self, tensor: Any, owner: Any = None) -> Any:
        if tensor is None:
            return self
        _probed.site = _call_site(sys._getframe(1))
        return _fallback


class _PlainTensorGate:
    """The attribute `__fallback__` of every other tensor: missing, but during a call in which a gate was found.

    A method such as `x.mul(p)` finds the gate on `p` and then takes `__fallback__` from `x`, which fails for a plain x
    ("Cannot found __fallback__ attr from object Tensor").
    """

    def __get__(self, tensor: Any, owner: Any = None) -> Any:
        site = _probed.site
        if site is not None:
            if site == _call_site(sys._getframe(1)):
                return _fallback
            _probed.site = None
        raise AttributeError("__fallback__")


def install_operator_handler(handler: OperatorHandler, is_watched: Callable[[Any], bool]) -> None:
    """Have `handler(name, run, operands, keywords)` called for every operator that is given a watched tensor.

    Watched tensors are those whose class has an `OperatorGate`. Operators of the older kind (`ops.stack`)
    probe nothing and read zeros: they all pass through `run_op_async`, which is wrapped. `ops.Print` passes through
    nothing.
    """
    global _handler
    if _handler is not None:
        raise RuntimeError("the operator handler is already installed")
    _handler = handler
    Tensor.__fallback__ = _PlainTensorGate()
    executor = _graph_api._PyNativeExecutor
    original = executor.run_op_async

    def run_op_async(self: Any, *arguments: Any) -> Any:
        """Run an operator of the older kind, unless an operand has no values."""
        if any(is_watched(operand) for operand in flat_operands(arguments[2])):
            *primitive, operands = arguments
            return handler(primitive[1], lambda *new: original(self, *primitive, new or operands), operands, {})
        return original(self, *arguments)

    executor.run_op_async = run_op_async
    if IS_BEFORE_2_10:
        _watch_sequences(handler, is_watched)

    printer = mindspore.ops.Print
    print_operands = printer.__call__

    def __call__(self: Any, *arguments: Any) -> Any:
        if any(is_watched(argument) for argument in arguments):
            return handler("Print", lambda *new: print_operands(self, *(new or arguments)), arguments, {})
        return print_operands(self, *arguments)

    printer.__call__ = __call__


def _watch_sequences(handler: OperatorHandler, is_watched: Callable[[Any], bool]) -> None:
    """Have operators that take tensors in a list or tuple look at them: before 2.10 they do in a tuple, if at all."""
    inner = sys.modules["mindspore.ops.auto_generate.pyboost_inner_prim"]
    for name in ("Concat", "Meshgrid", "StackExt"):
        for kind in (getattr(mindspore.ops.auto_generate, name), getattr(inner, f"_Pyboost{name}Prim")):
            kind.__call__ = _watching(name, kind.__call__, handler, is_watched)


def _watching(
    name: str, original: Callable[..., Any], handler: OperatorHandler, is_watched: Callable[[Any], bool]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def __call__(self: Any, *operands: Any) -> Any:
        if any(map(is_watched, flat_operands(operands))):
            return handler(name, lambda *new: original(self, *(new or operands)), operands, {})
        return original(self, *operands)

    return __call__


def flat_operands(value: Any) -> Iterator[Any]:
    """Walk operands, with lists and tuples of them (`concat`, `stack`) opened."""
    for item in value:
        if isinstance(item, (list, tuple)):
            yield from flat_operands(item)
        else:
            yield item


def install_constructor_guard(before_read: Callable[[Any], None], is_watched: Callable[[Any], bool]) -> None:
    """Have `before_read(p)` called when `Tensor(p)` is about to copy a watched tensor: MindSpore gives zeros, silently.

    The C++ constructor of Tensor has its arguments checked by the Python function `mindspore.common.tensor._init`.
    """
    original = _tensor_module._init

    def _init(input_data: Any = None, *arguments: Any, **keywords: Any) -> Any:
        if type(input_data) is _CheckedArguments:
            return input_data.arguments
        if type(input_data) is _DrawnArray and input_data.initializer is not None:
            return _arguments_of_drawn(input_data, *arguments, **keywords)
        if is_watched(input_data):
            before_read(input_data)
        return original(input_data, *arguments, **keywords)

    _tensor_module._init = _init  # type: ignore[attr-defined]


# --- pickle -------------------------------------------------------------------------------------------------------


def install_pickling_of_operators() -> None:
    """Let operators be pickled, as MindSpore copies them: made again, with the arguments that they were made with.

    Most cells keep some as attributes (`nn.Dense` its `Reshape`), so that no net with such a cell in it can be pickled:
    "cannot pickle 'Reshape' object".
    """
    if mindspore.ops.Primitive.__reduce__ is not object.__reduce__:  # MindSpore has a way of its own
        return

    def __reduce__(operator: Any) -> Any:
        return _remake_operator, (type(operator), operator.init_attrs)

    mindspore.ops.Primitive.__reduce__ = __reduce__


def _remake_operator(kind: type, arguments: dict[str, Any]) -> Any:
    return kind(**arguments)


# --- birth of parameters -------------------------------------------------------------------------------------------


class BirthSwitch:
    """The class attribute `Parameter.init_param`, asked at each birth: False leaves the parameter uninitialized.

    MindSpore puts a plain bool there, for the whole process. This descriptor asks the current thread and task, and
    falls back on the bool that MindSpore's own context set last.
    """

    def __init__(self, is_lazy: Callable[[], bool]) -> None:
        self.is_lazy = is_lazy
        self.otherwise = True

    def __get__(self, instance: Any, owner: Any = None) -> bool:
        return self.otherwise and not self.is_lazy()


class _SwitchSetter:
    """Stands for `Parameter` inside MindSpore's own `no_init_parameters`, which only sets `Parameter.init_param`.

    Its assignment reaches the switch instead of replacing it: MindSpore's context nests in ours, and ours in it.
    """

    def __init__(self, switch: BirthSwitch) -> None:
        object.__setattr__(self, "_switch", switch)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "init_param":
            install_birth_switch(self._switch)  # type: ignore[attr-defined]
            self._switch.otherwise = bool(value)  # type: ignore[attr-defined]
        else:
            setattr(Parameter, name, value)


def install_birth_switch(switch: BirthSwitch) -> None:
    """Put `switch` at `Parameter.init_param`, again if somebody replaced it by a bool meanwhile."""
    current = Parameter.__dict__.get("init_param", True)
    if current is switch:
        return
    switch.otherwise = bool(current)
    Parameter.init_param = switch
    _mindspore_init.Parameter = _SwitchSetter(switch)


def install_birth_hook(
    is_lazy: Callable[[], bool], adopt: Callable[[Any], None], adopt_filled: Callable[[Any, bool], None]
) -> None:
    """Have `adopt(parameter)` called for each parameter that is born uninitialized while `is_lazy()`.

    And `adopt_filled(parameter, by_layer)` for each that is made from a Tensor meanwhile; `by_layer`: by one of
    MindSpore's own layers.

    `Parameter.__new__` must not be wrapped: it counts references to its argument to decide whether to copy it.
    """

    def __init__(
        self: Any, default_input: Any, name: Any = None, requires_grad: Any = True, *arguments: Any, **keywords: Any
    ) -> None:
        lazy = type(self) is ParameterTensor and is_lazy()
        from_tensor = lazy and isinstance(default_input, Tensor)
        if from_tensor and isinstance(requires_grad, bool) and not (arguments or keywords) and -1 not in self.shape:
            # At once: MindSpore makes another tensor, and an operator, which take most of the time of a lazy build.
            _begin(self, "", requires_grad, self.shape)
            self.name = name  # checks it, and makes one up
        else:
            _parameter_init(self, default_input, name, requires_grad, *arguments, **keywords)
        if lazy and self.init is not None:
            adopt(self)
        elif from_tensor:
            adopt_filled(self, _file(sys._getframe(1)).startswith(_LAYERS))

    __init__.__doc__ = _parameter_init.__doc__
    __init__.__wrapped__ = _parameter_init  # type: ignore[attr-defined]
    Parameter.__init__ = __init__


# --- draws ---------------------------------------------------------------------------------------------------------
# An initializer takes one number from numpy's global generator, by `_numpy_seed`, and makes its values from that.

draw_number: Callable[[], int] = _initializer_module._numpy_seed
"""Take the number that MindSpore's initializers take, from numpy's global generator."""


class _ChosenNumber(threading.local):
    number: int | None = None


_chosen = _ChosenNumber()


def _numpy_seed() -> int:
    number = _chosen.number
    return draw_number() if number is None else number


_initializer_module._numpy_seed = _numpy_seed


class number_to_draw:
    """Context in which MindSpore's initializers draw this number, in this thread; None: whatever is next."""

    def __init__(self, number: int | None) -> None:
        self._number = number

    def __enter__(self) -> None:
        self._outer, _chosen.number = _chosen.number, self._number

    def __exit__(self, *exception: object) -> None:
        _chosen.number = self._outer


class _Seedings:
    """How often `mindspore.set_seed` was called, and where it left numpy's generator."""

    count = 0
    fresh: tuple[int, int] | None = None


def _position() -> tuple[int, int]:
    state: Any = np.random.get_state(legacy=False)
    return int(state["state"]["key"][0]), int(state["state"]["pos"])


_reset_op_seed = _seed_module._reset_op_seed


def _count_seeding() -> None:
    # `set_seed` has many names by which it was imported. It calls this by its own, after seeding numpy.
    _reset_op_seed()
    _Seedings.count += 1
    _Seedings.fresh = _position()


_seed_module._reset_op_seed = _count_seeding


def seedings() -> int:
    """Tell how often `mindspore.set_seed` has been called."""
    return _Seedings.count


def is_freshly_seeded() -> bool:
    """Tell whether nobody has drawn from numpy's generator since `mindspore.set_seed`."""
    return _Seedings.fresh is not None and _Seedings.fresh == _position()


def count_as_freshly_seeded() -> None:
    """Take what was drawn since `mindspore.set_seed` as not drawn."""
    _Seedings.fresh = _position()


def generators(*, with_numpy: bool = True) -> tuple[Any, ...]:
    """Give the states of what operators and initializers draw from; numpy's takes most of the time."""
    of_numpy = np.random.get_state() if with_numpy else None
    return of_numpy, mindspore.get_rng_state(), dict(_seed_module._KERNEL_SEED)


def set_generators(state: tuple[Any, ...]) -> None:
    """Have operators and initializers draw on from these states."""
    of_numpy, of_operators, of_kernels = state
    if of_numpy is not None:
        np.random.set_state(of_numpy)
    mindspore.set_rng_state(of_operators)
    _seed_module._KERNEL_SEED.clear()
    _seed_module._KERNEL_SEED.update(of_kernels)


@contextmanager
def generators_as_in(state: tuple[Any, ...]) -> Iterator[None]:
    """Have everything drawn as in these states of the generators, which are as they were afterwards."""
    now = generators()
    set_generators(state)
    try:
        yield
    finally:
        set_generators(now)


class _DrawnArray(np.ndarray[Any, Any]):
    """What one of MindSpore's layers has drawn to make a Tensor of, and how to draw it again."""

    initializer: Any = None

    def astype(self, *arguments: Any, **keywords: Any) -> Any:
        cast: Any = super().astype(*arguments, **keywords)
        if self.initializer is not None:
            cast.initializer = self.initializer.cast(cast.dtype)
        return cast


def _arguments_of_drawn(drawn: Any, dtype: Any = None, *_: Any, **__: Any) -> dict[str, Any]:
    own = framework_dtype(dtype_name(drawn.dtype))
    return {"dtype": own if dtype is None else dtype, "shape": drawn.shape, "init": drawn.initializer}


class _Generator:
    """Stands for `numpy.random` in a module of MindSpore's: what it draws may be drawn again."""

    def __init__(self, is_lazy: Callable[[], bool], record: Callable[[str, tuple[Any, ...], Any], Any]) -> None:
        self._is_lazy = is_lazy
        self._record = record

    def __getattr__(self, name: str) -> Any:
        draw = getattr(np.random, name)
        if name not in {"uniform", "normal", "randn"} or not self._is_lazy():
            return draw

        def drawn(*arguments: Any) -> Any:
            initializer = self._record(name, arguments, np.random.get_state())
            array = np.asarray(draw(*arguments)).view(_DrawnArray)
            array.initializer = initializer
            return array

        return drawn


class _Numpy:
    """Stands for numpy in a module of MindSpore's."""

    def __init__(self, is_lazy: Callable[[], bool], record: Callable[[str, tuple[Any, ...], Any], Any]) -> None:
        self.random = _Generator(is_lazy, record)
        self._is_lazy = is_lazy

    def __getattr__(self, name: str) -> Any:
        # Batch norms begin with what was in memory, and assign constants then: zeros are seen to be a constant.
        return getattr(np, "zeros" if name == "empty" and self._is_lazy() else name)


def install_recorder(is_lazy: Callable[[], bool], record: Callable[[str, tuple[Any, ...], Any], Any]) -> None:
    """Have what MindSpore's layers draw by numpy, while `is_lazy()`, made into Tensors that are to be drawn again.

    The recurrent layers do so, and Bayesian ones; no `initializer` is asked.

    Args:
        is_lazy: asked at each draw.
        record: gives an Initializer with a method `cast(dtype)`, for the function's name, its arguments, and the state
            of numpy's generator before.
    """
    for module in (_rnns, _rnn_cells, _bnn_distribution, _mint_normalization):
        module.np = _Numpy(is_lazy, record)


def install_padding_hook(is_lazy: Callable[[], bool], clear_row: Callable[[Any, int], Any]) -> None:
    """Have the embeddings of MindSpore that draw a table, and clear the row of padding in it, not draw while lazy.

    Args:
        is_lazy: asked at each embedding.
        clear_row: given the table, a Parameter or a Tensor that has an initializer, and the index of the row.
    """
    embedding, extended = nn.Embedding, nn.EmbeddingExt
    initialize, zero_row = embedding.__init__, extended._zero_weight_by_index
    signature = inspect.signature(initialize)
    before_padding = [*signature.parameters].index("padding_idx")  # arguments, the cell itself among them

    @functools.wraps(initialize)
    def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:
        unpadded = keywords.get("padding_idx") is None and len(arguments) < before_padding
        if unpadded or not is_lazy():
            initialize(self, *arguments, **keywords)
            return
        given = signature.bind(self, *arguments, **keywords)
        index, size = given.arguments.get("padding_idx"), given.arguments["vocab_size"]
        if type(index) is not int or type(size) is not int or not 0 <= index < size:  # none, or refused
            initialize(self, *arguments, **keywords)
            return
        given.arguments["padding_idx"] = None
        initialize(*given.args, **given.kwargs)
        self.padding_idx = index
        clear_row(self.embedding_table, index)

    def _zero_weight_by_index(self: Any, table: Any) -> Any:
        if self.padding_idx is None or table.init is None or not is_lazy():
            return zero_row(self, table)
        zero_row(self, Tensor.from_numpy(np.zeros(self.num_embeddings, np.float32)))  # checks the index
        return clear_row(table, self.padding_idx)

    embedding.__init__ = __init__
    extended._zero_weight_by_index = _zero_weight_by_index


def install_set_data_hook(is_lazy: Callable[[], bool], declare_again: Callable[[Any, Tensor], None]) -> None:
    """Have `declare_again(parameter, data)` called where `set_data` would draw the values of `data` while `is_lazy()`.

    A parameter that was made from a Tensor is one of MindSpore's own, which no class of ours sees. That a constructor
    gives it an initializer afterwards is a declaration all the same.
    """
    original = Parameter.set_data

    @functools.wraps(original)
    def set_data(self: Any, data: Any, slice_shape: bool = False) -> Any:
        if isinstance(data, Tensor) and data.init is not None and self.init is None and is_lazy():
            declare_again(self, data)
            self.sliced = slice_shape
            return self
        return original(self, data, slice_shape)

    Parameter.set_data = set_data


# --- who is calling ------------------------------------------------------------------------------------------------
# Cell.init_parameters_data, Parameter.init_data and set_data are called by users and by MindSpore for quite different
# ends, with the same arguments. Only the caller tells them apart.


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename.replace("\\", "/")


_PACKAGE = mindspore.__file__.replace("\\", "/").rsplit("/", 1)[0] + "/"
_CELL = _PACKAGE + "nn/cell.py"
_LAYERS = (_PACKAGE + "nn/layer/", _PACKAGE + "mint/nn/")
_SERIALIZATION = _PACKAGE + "train/serialization.py"
_GRAPH = (
    _PACKAGE + "graph/",
    *(_PACKAGE + each for each in ("_extends/", "common/api.py", "common/_pijit_context.py")),  # before 2.9
)
_EXECUTION = (*_GRAPH, _PACKAGE + "parallel/")
_OPERATOR_CALLS = frozenset({"run_op_async", "real_run_op"})
_INITIALIZATION = frozenset({"init_parameters_data", "_updata"})  # the latter is a function within the former
_HERE = __file__.replace("\\", "/").rsplit("/", 2)[0] + "/"


def is_compiling(frame: FrameType | None) -> bool:
    """Tell whether `frame`, the caller of a hook, compiles a graph, rather than runs one PyNative operator.

    The graph parser and some operators probe the same attribute, `__parameter__`, of a Parameter.
    """
    if frame is None or frame.f_code.co_name in _OPERATOR_CALLS:
        return False
    return _file(frame).startswith(_GRAPH)


def _outside_lazycell(frame: FrameType | None) -> FrameType | None:
    while frame is not None and _file(frame).startswith(_HERE):
        frame = frame.f_back
    return frame


def asks_for_all(frame: FrameType | None) -> bool:
    """Tell whether a user has `init_parameters_data` called; MindSpore does so to run, to export and to save a net."""
    asked = False
    while frame is not None and (_file(frame).startswith(_HERE) or frame.f_code.co_name in _INITIALIZATION):
        asked = asked or frame.f_code.co_name == "init_parameters_data"
        frame = frame.f_back
    return asked and frame is not None and not _file(frame).startswith(_PACKAGE)


def is_only_reading(frame: FrameType | None) -> bool:
    """Tell whether MindSpore asks for values to save, copy or convert them, and not to execute a net."""
    # Whoever overrides init_parameters_data only passes the call on.
    while frame is not None and (_file(frame).startswith(_HERE) or frame.f_code.co_name in _INITIALIZATION):
        frame = frame.f_back
    if frame is None or _file(frame) == _CELL:  # in nn.Cell that leaves _init_check: the cell is being called
        return False
    return _file(frame).startswith(_PACKAGE) and not _file(frame).startswith(_EXECUTION)


def loading_source(frame: FrameType | None) -> str | None:
    """Say which checkpoint MindSpore is loading in `frame` or above, or None if it is not loading one."""
    frame = _outside_lazycell(frame)
    if frame is None:
        return None
    if _file(frame) == _CELL:
        return "load_state_dict" if frame.f_code.co_name == "_load_from_state_dict" else None
    if _file(frame) != _SERIALIZATION:
        return None
    while frame is not None and _file(frame).startswith(_PACKAGE):  # decorators from other files lie between
        if frame.f_code.co_name == "load_checkpoint":
            return str(frame.f_locals.get("ckpt_file_name", "load_checkpoint"))
        frame = frame.f_back
    return "load_param_into_net"


def names_looked_up(frame: FrameType) -> Mapping[str, Any] | None:
    """Give the dict in which `load_param_into_net` looks up parameters, if `frame` is its; else None.

    It asks a net for its parameters, and each for its name; a tied parameter has two, and only the caller tells that
    the one which the dict has is wanted.
    """
    if frame.f_code.co_name != "load_param_into_net" or _file(frame) != _SERIALIZATION:
        return None
    return frame.f_locals["parameter_dict"]


def expect_first_call(cell: nn.Cell) -> None:
    """Have `_init_check` called at the next call of a cell: MindSpore does so only while both flags are False."""
    object.__setattr__(cell, "_init_flag", False)
    object.__setattr__(cell, "_is_check_and_refresh", False)


def parts_of(cell: nn.Cell) -> list[str]:
    """Give the names of the attributes that are parameters, buffers and cells: `dir` does not have them.

    MindSpore keeps them aside, in three dictionaries that `Cell.__getattr__` looks into.
    """
    return [*cell._params, *cell._buffers, *cell._cells]


def structure_of(cell: nn.Cell) -> int:
    """Give a number that is another one when cells or parameters below a cell have been replaced, added or deleted.

    The times are when the cells were made: a new one may have the id of one that is gone.
    """
    parts: list[Any] = []
    for each in cells_below(cell):
        parts.append(each._create_time)
        parts += map(id, each._params.values())
    return hash(tuple(parts))


def forget_compiled(cell: nn.Cell) -> None:
    """Have a cell compiled again at its next call in graph mode, and let go of what it held: MindSpore never looks."""
    own = {phase for phase in cell.compile_cache if f".{id(cell)}." in phase}  # a copy has the original's, too
    _graph_api._cell_graph_executor.del_net_res(cell, own)
    cell.compile_cache.clear()


# --- files that MindSpore writes and reads ---------------------------------------------------------------------------
# `save_checkpoint`, `export` and `load_param_into_net` have many names by which they were imported. Each calls a
# function beside it by its own name, before it has done anything.


def install_file_guard(
    before_save: Callable[[Any, Callable[[str], bool] | None, Any], None],
    before_export: Callable[[Any], None],
    before_load: Callable[[nn.Cell, Mapping[str, Any]], None],
) -> None:
    """Have functions called that may raise before MindSpore saves, exports or loads.

    Args:
        before_save: given the object, the function that chooses names, and the dict of what is appended.
        before_export: given the net, or a function.
        before_load: given the net, and the dict of parameters, when both have been checked.
    """
    convert, export = _serialization._convert_save_obj_to_param_list, _serialization._export
    check = _serialization._check_load_param_into_net

    @functools.wraps(convert)
    def _convert_save_obj_to_param_list(save_obj: Any, integrated_save: Any, append_dict: Any, choice_func: Any) -> Any:
        before_save(save_obj, choice_func, append_dict)
        return convert(save_obj, integrated_save, append_dict, choice_func)

    @functools.wraps(export)
    def _export(net: Any, *arguments: Any, **keywords: Any) -> Any:
        try:
            before_export(net)
        except BaseException:
            # `export` has changed this for the whole process, and does not change it back when it fails.
            level = sys._getframe(1).f_locals.get("old_ms_jit_value")
            if level is not None:
                mindspore.set_context(jit_syntax_level=level)
            raise
        return export(net, *arguments, **keywords)

    @functools.wraps(check)
    def _check_load_param_into_net(net: Any, parameter_dict: Any) -> None:
        check(net, parameter_dict)
        before_load(net, parameter_dict)

    _serialization._convert_save_obj_to_param_list = _convert_save_obj_to_param_list
    _serialization._export = _export
    _serialization._check_load_param_into_net = _check_load_param_into_net


# --- encryption ----------------------------------------------------------------------------------------------------
# `mindspore.save_checkpoint(enc_key=…)` and `load_checkpoint(dec_key=…)` have no other way to it. MindSpore logs the
# cause of a failure, and gives none.


def decrypt_file(path: str, key: bytes, mode: str) -> bytes | None:
    """Give the content of an encrypted file; None where the key, the mode or the file is wrong.

    Raises:
        RuntimeError: not on this platform (AttributeError: not in this build).
    """
    content: bytes | None = _c_expression._decrypt(path, key, len(key), mode)
    return content


def encrypt_block(block: bytes, key: bytes, mode: str) -> bytes:
    """Encrypt at most 64 MB.

    Raises:
        RuntimeError: not on this platform (AttributeError: not in this build).
    """
    encrypted: bytes = _c_expression._encrypt(block, len(block), key, len(key), mode)
    return encrypted


# --- names and rewriting -------------------------------------------------------------------------------------------


def initializer_classes() -> Mapping[str, type]:
    """Give the initializers that MindSpore knows by name ("normal", "zeros", ...): lower-case alias to class."""
    return _INITIALIZER_ALIAS


def keep_base_class_when_rewriting(base: type) -> None:
    """Keep AMP level O1, which rewrites a net's source, from copying `base` and its metaclass into the new file.

    Without it: "NameError: name 'LazyCellMeta' is not defined". Imported here: the rewriter is slow to import and
    few need it.
    """
    from mindspore.rewrite.parsers.class_def_parser import ClassDefParser  # slow, and only for whoever rewrites

    if base not in ClassDefParser.final_networks:
        ClassDefParser.final_networks.append(base)
