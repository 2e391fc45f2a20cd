"""Every private hook into MindSpore: a test that fails the day MindSpore stops calling it.

Each test says which assumption of `lazycell/parameters/_framework.py` it holds, on MindSpore's own objects where that is possible.
"""

from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import mindspore as ms
import ml_dtypes
import numpy as np
import pytest
from mindspore import Parameter, Tensor, mint, nn, ops
from mindspore._c_expression import TensorPy
from mindspore.common.initializer import Initializer, Normal, initializer
from mindspore.nn.utils import no_init_parameters as mindspores_own

from lazycell._dtypes import dtype_name, numpy_dtype
from lazycell.parameters import _framework as framework
from lazycell.parameters import _supported
from lazycell.parameters._buffer import UninitializedBuffer, declare_buffer
from lazycell.parameters._declared import DeferredParameter, UninitializedParameter, declare
from lazycell.parameters._draws import _ONE_NUMBER
from lazycell.parameters._filled import LazyParameter
from lazycell.parameters._lazy import no_init_parameters
from lazycell.parameters._without_values import _MEMORY_READERS, is_declared

# MindSpore captures no bytecode of Python 3.12.
CAPTURE_MODES = ["ast", "bytecode"] if sys.version_info < (3, 12) else ["ast"]


def test_what_a_cell_holds_is_where_mindspore_keeps_it() -> None:
    """Parameters, buffers and the names of those that are not saved; and what is taken away there is gone."""
    cell = nn.Dense(2, 3)
    cell.register_buffer("kept", Tensor([1]))
    cell.register_buffer("table", Tensor([2]), persistent=False)
    assert list(framework.parameters_of(cell)) == ["weight", "bias"]
    assert list(framework.buffers_of(cell)) == ["kept", "table"]
    assert framework.unsaved_buffers_of(cell) == {"table"}
    assert framework.parameters_of(cell)["bias"] is cell.bias
    delattr(cell, "bias")
    assert [name for name, _ in cell.parameters_and_names()] == ["weight"]


def test_a_cell_can_be_made_to_check_again_before_its_next_call() -> None:
    """MindSpore asks `_init_check` at the first call only, and again after the two flags are put back."""

    class Checked(nn.Cell):  # type: ignore[misc]
        checks = 0

        def _init_check(self) -> None:
            Checked.checks += 1
            super()._init_check()

        def construct(self, x: Any) -> Any:
            return x

    cell = Checked()
    cell(Tensor([1.0]))
    cell(Tensor([1.0]))
    assert Checked.checks == 1
    framework.expect_first_call(cell)
    cell(Tensor([1.0]))
    assert Checked.checks == 2


@pytest.mark.parametrize("given", ["dict", "file"])
def test_the_loader_looks_names_up_in_a_dict_that_can_be_seen(given: str, tmp_path: Path) -> None:
    """`load_param_into_net` asks the net for its parameters while it holds the dict; nothing else is taken for it."""
    seen: list[Any] = []

    class Watched(nn.Dense):  # type: ignore[misc]
        def parameters_and_names(self, *arguments: Any, **keywords: Any) -> Any:
            seen.append(framework.names_looked_up(sys._getframe(1)))
            return super().parameters_and_names(*arguments, **keywords)

    net, source = Watched(2, 3), nn.Dense(2, 3)
    list(net.parameters_and_names())
    assert seen == [None]
    if given == "dict":
        ms.load_param_into_net(net, source.parameters_dict())
    else:
        ms.save_checkpoint(source, str(tmp_path / "net.ckpt"))
        ms.load_checkpoint(str(tmp_path / "net.ckpt"), net=net)
    assert any(found is not None and sorted(found) == ["bias", "weight"] for found in seen)


def fresh() -> Any:
    parameter = framework.new_uninitialized(framework.ParameterTensor, Normal(), (2, 2), ms.float32, "w", True)
    parameter.init_mode = Tensor(shape=(2, 2), dtype=ms.float32, init=parameter.init)
    return parameter


def test_a_tensor_without_values_is_as_mindspore_makes_it() -> None:
    """What skips the checks of `Tensor.__init__` gives what it gives: no storage, the initializer kept, values drawn."""
    law = Normal(0.5, 2.0)
    made = framework.tensor_without_values(law, (64, 64), ms.float16)
    own = Tensor(shape=(64, 64), dtype=ms.float16, init=law)
    assert (type(made), made.shape, made.dtype) == (type(own), own.shape, own.dtype)
    assert made.has_init
    assert made.init is law
    assert {*made.__dict__} == {*own.__dict__}
    values = made.init_data().asnumpy().astype(np.float32)
    assert abs(values.mean() - 2.0) < 0.1
    assert abs(values.std() - 0.5) < 0.1


class Gated(framework.ParameterTensor):  # type: ignore[misc,name-defined]
    """A parameter class with a probe for each hook."""

    seen: list[str]


def probe(name: str, result: Any = None) -> Any:
    def get(self: Any) -> Any:
        self.seen.append(name)
        if result is None:
            raise AttributeError(name)
        return result

    return property(get)


def test_a_tested_version_is_installed() -> None:
    """Everything here was measured on each of them."""
    assert _supported.OLDEST <= _supported.numbers_of(ms.__version__) <= _supported.NEWEST


def test_parameters_are_instances_of_the_dynamic_class() -> None:
    """`Parameter(...)` makes instances of `_get_base_class(Tensor)`, of which ours are subclasses."""
    assert type(Parameter(Tensor([1.0]))) is framework.ParameterTensor
    assert issubclass(framework.ParameterTensor, Parameter)
    assert issubclass(framework.ParameterTensor, Tensor)


def test_init_param_on_a_subclass_leaves_a_parameter_uninitialized() -> None:
    """`Parameter.__new__` reads `init_param` from the class it is called on."""
    parameter = fresh()
    assert parameter.has_init
    assert parameter.init_mode.has_init
    assert type(parameter) is framework.ParameterTensor
    assert parameter.init is parameter.init_mode.init


def test_classes_of_parameters_can_be_changed() -> None:
    """The state is the class: CPython allows the assignment as long as the layouts agree."""
    parameter = fresh()
    parameter.__class__ = Gated
    parameter.__class__ = framework.ParameterTensor
    tensor = Tensor([1.0])
    tensor.__class__ = type("Sub", (Tensor,), {})
    tensor.__class__ = Tensor
    assert (tensor + 1).asnumpy() == 2


def test_operators_probe_for_fallback() -> None:
    """Pyboost operators ask each tensor argument for `__fallback__`."""
    parameter = fresh()
    kind = type("Kind", (Gated,), {"seen": [], "__fallback__": probe("__fallback__")})
    parameter.__class__ = kind
    with pytest.raises(RuntimeError):
        ops.relu(parameter)
    assert "__fallback__" in kind.seen  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda p, x: p + x, "AddExt"),
        (lambda p, x: x.mul(p), "Mul"),
        (lambda p, x: ops.dense(x, p), "Dense"),
        (lambda p, x: ops.concat([x, p]), "Concat"),
        (lambda p, x: ops.assign(p, x), "Assign"),
        (lambda p, x: p.copy_(x), "InplaceCopy"),
        (lambda p, x: p.to(ms.float16), "ToDtype"),
        (lambda p, x: p.to(device=None, dtype=ms.float16), "ToDevice"),
        (lambda p, x: p.half(), "ToDtype"),
        (lambda p, x: mint.empty_like(p), "EmptyLike"),
        (lambda p, x: p.value(), "Identity"),
        (lambda p, x: ops.stop_gradient(p), "StopGradient"),
        (lambda p, x: ops.stack([x, p]), "Stack"),
        (lambda p, x: ops.Print()(p), "Print"),
        (lambda p, x: mint.add(x, other=p, alpha=2), "AddExt"),
    ],
)
def test_the_handler_gets_the_operators_by_these_names(call: Any, name: str, monkeypatch: Any) -> None:
    """The names that `_without_values` decides by, and the operands in order."""
    from lazycell.parameters import _declared as module

    calls: list[Any] = []

    def record(self: Any, reader: str) -> None:
        calls.append(reader)
        raise ZeroDivisionError

    for method in ("_twin", "_overwrite"):
        monkeypatch.setattr(module.UninitializedParameter, method, lambda self, *args: calls.append(args) or self)
    monkeypatch.setattr(module.UninitializedParameter, "_need_values", record)
    parameter = declare(Normal(), (2, 2), ms.float32, name="w")
    try:
        call(parameter, Tensor(np.ones((2, 2), np.float32)))
    except ZeroDivisionError:
        assert calls == [name]
    else:
        assert len(calls) == 1
        assert name in {"Assign", "InplaceCopy", "ToDtype", "ToDevice", "EmptyLike"}


def test_running_the_operator_of_a_fallback_gives_its_result() -> None:
    """`func(*args)` inside `__fallback__` runs the operator, with gradients."""
    with no_init_parameters():
        parameter = Parameter(initializer("ones", (2, 2), ms.float32), name="w")
    x = Tensor(np.full((2, 2), 3, np.float32))
    value, gradients = ms.value_and_grad(
        lambda a: a.mul(parameter).sum(), None, weights=ms.ParameterTuple([parameter])
    )(x)
    assert value.asnumpy() == 12
    assert gradients[0].asnumpy().tolist() == [[3, 3], [3, 3]]


def test_only_an_older_mindspore_hides_the_error_of_a_fallback(capfd: pytest.CaptureFixture[str]) -> None:
    """Which is why `_carry` is used before 2.10, and not since."""

    def fallback(*_: Any) -> None:
        raise ZeroDivisionError

    tensor = Tensor([1.0])
    tensor.__class__ = type("Kind", (Tensor,), {"__fallback__": property(lambda self: fallback)})
    if framework.IS_BEFORE_2_10:
        with pytest.raises(RuntimeError) as caught:
            tensor + 1
        assert framework._is_failed_fallback(caught.value)
        assert "ZeroDivisionError" in capfd.readouterr().err
    else:
        with pytest.raises(ZeroDivisionError):
            tensor + 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_an_error_on_the_way_to_values_arrives_as_it_is(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the frame that called the operator, and nothing is printed; the next operator is as ever."""
    from lazycell.parameters import _declared as module

    def fail(self: Any, reader: str) -> None:
        raise error(reader)

    monkeypatch.setattr(module.UninitializedParameter, "_need_values", fail)
    parameter = declare(Normal(), (2, 2), ms.float32, name="w")
    for read in (lambda: parameter + 1, lambda: mint.add(1, parameter), lambda: ops.relu(parameter)):
        with pytest.raises(error) as caught:
            read()
        names = [entry.name for entry in caught.traceback]
        assert "<lambda>" in names
        assert names[-1] == "fail"
    assert (sys.gettrace(), (Tensor([1.0]) + 1).asnumpy().tolist()) == (None, [2.0])
    assert "Error" not in capfd.readouterr().err


def test_functions_with_overloads_name_what_they_call_first() -> None:
    """Before 2.10 that is called again, in place of what MindSpore hands on, which ends the process."""
    found = [value for value in framework._overloads.values() if inspect.isfunction(value)]
    functions = [each for each in found if each.__globals__ is framework._overloads]  # the graph compiler adds others
    assert mint.add in functions
    assert mint.clamp in functions
    for function in functions:
        called = framework._overloads[function.__code__.co_names[0]]
        assert callable(called)
        assert not inspect.isfunction(called), function


@pytest.mark.parametrize(
    "call",
    [
        lambda x, y: mint.add(x, y, alpha=2),
        lambda x, y: mint.sub(y, 1, alpha=2),
        lambda x, y: mint.clamp(y, 0.0, 3.0),
        lambda x, y: mint.eq(y, 2),
        lambda x, y: mint.div(x, y, rounding_mode="floor"),
        lambda x, y: ops.cat([x, y]),
        lambda x, y: ops.Concat(1)([x, y]),
        lambda x, y: ops.meshgrid(x[0], y[0])[1],
        lambda x, y: ops.Meshgrid("ij")((x[0], y[0]))[0],
    ],
)
def test_operators_run_again_with_all_they_were_given(call: Any) -> None:
    """Functions with overloads, and tensors in lists."""
    x = Tensor(np.arange(4, dtype=np.float32).reshape(2, 2))
    with no_init_parameters():
        parameter = Parameter(initializer(2.0, (2, 2), ms.float32), name="w")
    expected = call(x, Tensor(np.full((2, 2), 2, np.float32)))
    assert call(x, parameter).asnumpy().tolist() == expected.asnumpy().tolist()


def test_plain_tensors_offer_no_fallback() -> None:
    """Outside of a call that involves a gate, the attribute is missing."""
    assert not hasattr(Tensor([1.0]), "__fallback__")
    assert not hasattr(Parameter(Tensor([1.0])), "__fallback__")


def test_the_tensor_constructor_calls_the_python_check() -> None:
    """`Tensor(p)` passes through `mindspore.common.tensor._init`, looked up at each call."""
    calls = []
    module = sys.modules["mindspore.common.tensor"]
    original = module._init  # type: ignore[attr-defined]
    try:
        module._init = lambda *args, **kwargs: calls.append(args) or original(*args, **kwargs)  # type: ignore[attr-defined]
        Tensor(Tensor([1.0]))
    finally:
        module._init = original  # type: ignore[attr-defined]
    assert len(calls) == 2


def test_assign_value_looks_for_stub_on_its_argument() -> None:
    """The one thing that C++'s assign_value asks of the source."""
    source = fresh()
    kind = type("Kind", (Gated,), {"seen": [], "stub": probe("stub")})
    source.__class__ = kind
    Tensor(np.ones((2, 2), np.float32)).assign_value(source)
    assert kind.seen == ["stub"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", CAPTURE_MODES)
def test_the_graph_parser_probes_parameter(mode: str) -> None:
    """Compiling asks each Parameter for `__parameter__`, from a frame that `is_compiling` recognises."""
    asked = []

    def get(self: Any) -> Any:
        asked.append(framework.is_compiling(sys._getframe(1)))
        return framework.ParameterTensor.__parameter__

    parameter = Parameter(Tensor(np.ones((2, 2), np.float32)), name="w")
    parameter.__class__ = type("Kind", (framework.ParameterTensor,), {"__parameter__": property(get)})

    @ms.jit(capture_mode=mode)
    def add(x: Any) -> Any:
        return x + parameter

    add(Tensor(np.ones((2, 2), np.float32)))
    assert True in asked
    asked.clear()
    ops.stop_gradient(parameter)
    assert True not in asked


class Deciding(nn.Cell):  # type: ignore[misc]
    """Adds one while `flag` is 1, else takes one away."""

    def __init__(self, flag: Any) -> None:
        super().__init__()
        self.flag = flag

    def construct(self, x: Any) -> Any:
        if self.flag == 1:
            return x + 1
        return x - 1


def compiled_while_the_flag_is_0(kind: type) -> float:
    """Compile a net of MindSpore's alone, and give its result when the flag is 1."""
    flag = Parameter(Tensor([0.0]), name="flag")
    flag.__class__ = kind
    run = ms.jit(Deciding(flag))
    assert run(Tensor([10.0])).asnumpy() == 9
    ops.assign(flag, Tensor([1.0]))
    result: float = run(Tensor([10.0])).asnumpy().item()
    return result


def test_the_graph_parser_knows_parameters_by_the_name_of_their_class() -> None:
    """By `__name__`, and by nothing else: `isinstance` decides nothing, nor does `__qualname__`."""
    unknown = type("Unknown", (framework.ParameterTensor,), {})
    assert compiled_while_the_flag_is_0(framework.ParameterTensor) == 11
    assert compiled_while_the_flag_is_0(unknown) == 9  # if 11: `known_to_graphs` is needed no more
    unknown.__name__ = "Parameter"
    assert unknown.__qualname__ == "Unknown"
    assert compiled_while_the_flag_is_0(unknown) == 11


def test_the_graph_parser_is_told_the_name_of_a_class_by_this_function() -> None:
    """C++ asks it of every attribute that is compared; the names are those of MindSpore's own classes."""
    if framework.IS_BEFORE_2_9:
        from mindspore._extends.parse.parser import get_node_type
    else:
        from mindspore.graph._parse.parser import get_node_type

    assert get_node_type(Parameter(Tensor([1.0])))[0] == "Parameter"
    assert get_node_type(Tensor([1.0]))[0] == "Tensor"
    with no_init_parameters():
        deferred = Parameter(initializer("ones", (2,), ms.float32))
    assert get_node_type(deferred)[0] == "Parameter"
    assert get_node_type(declare_buffer(Normal(), (2,), ms.float32))[0] == "Tensor"


def _subclasses(kind: type) -> set[type]:
    return {kind, *(each for below in type.__subclasses__(kind) for each in _subclasses(below))}


def test_every_class_of_ours_has_the_name_that_graphs_know() -> None:
    """Whatever lazycell derives from MindSpore's tensors."""
    ours = {kind for kind in _subclasses(Tensor) if kind.__module__.startswith("lazycell.")} - {
        framework._Uninitialized
    }
    assert {LazyParameter, UninitializedParameter, DeferredParameter, UninitializedBuffer} <= ours
    for kind in ours:
        assert kind.__name__ == ("Parameter" if issubclass(kind, Parameter) else "Tensor")


def test_birth_asks_the_class_attribute_and_then_the_constructor() -> None:
    """The switch is `Parameter.init_param`; the hook is `Parameter.__init__`."""
    with no_init_parameters():
        assert isinstance(Parameter.__dict__["init_param"], framework.BirthSwitch)
        assert Parameter.init_param is False
        assert is_declared(Parameter(initializer("ones", (2,), ms.float32)))
    assert Parameter.init_param is True
    assert not Parameter(initializer("ones", (2,), ms.float32)).has_init
    assert list(inspect.signature(Parameter.__init__).parameters)[:4] == [
        "self",
        "default_input",
        "name",
        "requires_grad",
    ]


def test_parameter_new_still_counts_references() -> None:
    """A Tensor that nobody else holds is not copied: wrapping `__new__` would copy every one."""
    held = Tensor(np.ones((2, 2), np.float32))
    address = held.asnumpy().ctypes.data
    assert Parameter(held).asnumpy().ctypes.data != address
    array = np.ones((2, 2), np.float32)
    parameter = Parameter(Tensor.from_numpy(array))  # not within the assert: pytest would hold a reference
    assert parameter.asnumpy().ctypes.data == array.ctypes.data


def test_mindspores_own_context_sets_our_switch() -> None:
    """It nests in ours and ours in it, neither ends the other, and after both nothing is lazy."""

    def born_lazy() -> tuple[bool, bool]:
        parameter = Parameter(initializer("ones", (2,), ms.float32))
        return bool(parameter.has_init), is_declared(parameter)

    with no_init_parameters():
        with mindspores_own():
            assert born_lazy() == (True, True)
        assert born_lazy() == (True, True)
    assert born_lazy() == (False, False)
    with mindspores_own():
        assert born_lazy() == (True, False)
        with no_init_parameters():
            assert born_lazy() == (True, True)
        assert born_lazy() == (True, False)
    assert born_lazy() == (False, False)


_FIRST_USE_INSIDE = """
import sys
sys.path.insert(0, sys.argv[1])
import mindspore as ms
from mindspore import Parameter
from mindspore.common.initializer import initializer
from mindspore.nn.utils import no_init_parameters as mindspores_own
from lazycell.parameters._lazy import no_init_parameters
def lazy():
    return Parameter(initializer("ones", (2,), ms.float32)).has_init
with mindspores_own():
    with no_init_parameters():
        assert lazy()
    assert lazy()
assert not lazy(), "mindspore's context must end"
with mindspores_own():
    assert lazy()
assert not lazy()
print("done")
"""


def test_our_first_context_may_open_inside_mindspores() -> None:
    """MindSpore has set its bool before our switch is installed, and sets it again on the way out."""
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", _FIRST_USE_INSIDE, root], capture_output=True, text=True)
    assert done.stdout.endswith("done\n"), done.stderr


def test_callers_are_told_apart(tmp_path: Path) -> None:
    """Saving reads; executing does not; loading has a source."""
    reading, loading = [], []

    class Watched(framework.ParameterTensor):  # type: ignore[misc,name-defined]
        def init_data(self, *args: Any, **kwargs: Any) -> Any:
            reading.append(framework.is_only_reading(sys._getframe(1)))
            return self

        def set_data(self, data: Any, slice_shape: bool = False) -> Any:
            loading.append(framework.loading_source(sys._getframe(1)))
            return self

        def assign_value(self, value: Any) -> Any:
            loading.append(framework.loading_source(sys._getframe(1)))
            return self

    net = nn.Dense(2, 2, has_bias=False)
    net.weight.__class__ = Watched
    path = str(tmp_path / "net.ckpt")
    ms.save_checkpoint(net, path)
    assert reading == [True]
    reading.clear()
    net.weight.init = Normal()
    net(Tensor(np.ones((1, 2), np.float32)))
    net.init_parameters_data()
    net.weight.init_data()
    net.weight.init = None
    assert reading
    assert True not in reading
    ms.load_checkpoint(path, net=net)
    ms.load_param_into_net(net, ms.load_checkpoint(path))
    net.load_state_dict({"weight": Parameter(Tensor(np.ones((2, 2), np.float32)))})
    net.weight.set_data(None)
    assert loading == [path, "load_param_into_net", "load_state_dict", None]


def test_storage_can_be_shared() -> None:
    """`assign_value_cpp` and the `data` property of TensorPy are there, and share."""
    array = np.ones((2, 2), np.float32)
    for take in (framework.take_storage, framework.set_storage):
        tensor = Tensor(np.zeros((2, 2), np.float32))
        take(tensor, Tensor.from_numpy(array))
        assert tensor.asnumpy().ctypes.data == array.ctypes.data
    assert framework.get_storage(Parameter(Tensor.from_numpy(array))).asnumpy().tolist() == array.tolist()
    assert type(TensorPy.__dict__["data"]).__name__ == "getset_descriptor"


def test_bfloat16_has_the_bits_of_ml_dtypes() -> None:
    """MindSpore's numpy bfloat16 is another type; its bits are the same."""
    tensor = Tensor([1.0, -2.5, 1e30], ms.bfloat16)
    values = framework.numpy_values(tensor)
    assert values.dtype == ml_dtypes.bfloat16
    assert values[1] == -2.5
    assert values.ctypes.data == tensor.data_ptr()
    assert framework.tensor_of(values).dtype == ms.bfloat16


@pytest.mark.parametrize("dtype", [ms.bfloat16, ms.float32])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_share_the_memory_of_arrays(dtype: Any, shape: tuple[int, ...]) -> None:
    """Also of bfloat16, of which MindSpore makes no tensor with NumPy 2; operators see what is written to either."""
    array = np.full(shape, 1.5, numpy_dtype(dtype_name(dtype)))
    tensor = framework.tensor_of(array)
    assert (tensor.shape, tensor.dtype, framework.is_view(tensor)) == (shape, dtype, False)
    array[...] = -2.5
    assert (tensor.astype(ms.float32).asnumpy() == -2.5).all()
    if array.size:
        assert tensor.data_ptr() == array.ctypes.data
        framework.host_memory(tensor)[:] = 0  # type: ignore[index]
        assert not array.any()


def test_values_of_a_part_of_a_tensor_are_its_own() -> None:
    """A view that is strided, or begins within the memory, in bfloat16 too."""
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    for part in (np.s_[1:3], np.s_[:, ::2], np.s_[2, 3]):
        values = framework.numpy_values(Tensor(whole, ms.float32).astype(ms.bfloat16)[part])
        np.testing.assert_array_equal(values.astype(np.float32), whole[part])


def test_the_first_operator_runs_whatever_numpy_is_installed() -> None:
    """With NumPy 2, MindSpore fails in the first that is given more than tensors; nothing is printed, either."""
    code = (
        "import lazycell.parameters as p; p.numpy_values; import mindspore as ms\n"
        "print((ms.Tensor([1, 2], ms.int16) + 1).view(ms.int8).shape, ms.mint.ones((2,), dtype=ms.bfloat16).dtype)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(4,) BFloat16\n", "")


def test_dtypes_go_by_their_canonical_names() -> None:
    """Both ways."""
    for name in ("bool", "int32", "float16", "bfloat16", "float32", "float64", "complex64"):
        assert str(framework.framework_dtype(name)).lower() == name


def test_no_grad_suspends_recording() -> None:
    """Filling a parameter is never part of a gradient."""
    parameter = Parameter(Tensor([2.0]), name="w")

    def forward(x: Any) -> Any:
        with framework.no_grad():
            y = x * parameter
        return y + x

    assert ms.grad(forward)(Tensor([3.0])).asnumpy() == 1


def test_named_initializers() -> None:
    """MindSpore's table of aliases."""
    names = framework.initializer_classes()
    assert {"normal", "zeros", "ones", "xavier_uniform", "he_uniform", "truncatednormal"} <= set(names)
    assert all(issubclass(each, Initializer) for each in names.values())


def test_initializers_keep_what_they_were_built_with() -> None:
    """`describe` reads `_kwargs`, and `draw` restores `_seed`."""
    assert Normal(0.5)._kwargs == {"sigma": 0.5, "mean": 0.0}
    assert Normal()._seed is None


def test_the_rewriter_has_a_list_of_base_classes() -> None:
    """AMP O1 copies every base class that is not in the list into the rewritten source."""
    from mindspore.rewrite.parsers.class_def_parser import ClassDefParser

    class Base(nn.Cell):  # type: ignore[misc]
        pass

    framework.keep_base_class_when_rewriting(Base)
    framework.keep_base_class_when_rewriting(Base)
    assert ClassDefParser.final_networks.count(Base) == 1
    ClassDefParser.final_networks.remove(Base)


def test_every_reader_of_memory_is_still_a_method_of_tensors() -> None:
    """One that was renamed would read zeros in silence: its new name would not be caught."""
    gone = [name for name in _MEMORY_READERS if not hasattr(Tensor, name)]
    assert gone == (["__iter__"] if framework.IS_BEFORE_2_9 else [])


def test_a_tensor_keeps_storage_that_another_gives_up() -> None:
    """`assign_value_cpp` shares storage: what held it still does when the other takes another, and can give it back."""
    parameter = Parameter(Tensor(np.arange(3, dtype=np.float32)), name="p")
    before = parameter.data_ptr()
    held = framework.storage_of(parameter)
    framework.take_storage(parameter, Tensor.from_numpy(np.ones((2, 2), np.float16)))
    assert parameter.shape == (2, 2)
    framework.take_storage(parameter, held)
    assert (parameter.shape, parameter.dtype, parameter.data_ptr()) == ((3,), ms.float32, before)
    assert parameter.asnumpy().tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [ms.float32, ms.bfloat16, ms.bool_])
def test_the_host_writes_to_a_tensor_through_its_memory(dtype: Any) -> None:
    """`asnumpy` shares the memory on CPU, `data_ptr` says so, and operators see what is written there."""
    source, target = (Tensor(numbers).astype(dtype) for numbers in ([[1, 0], [0, 1]], [[0, 1], [1, 1]]))
    memory, other = framework.host_memory(target), framework.host_memory(source)
    assert memory is not None
    assert other is not None
    assert memory.size == target.nbytes
    memory[:] = other
    assert (target.astype(ms.float32) == source.astype(ms.float32)).all()


def test_memory_is_given_after_the_operators_that_use_it() -> None:
    """`asnumpy` waits for every operator that was called, also those that only read the tensor."""
    w = Tensor(np.random.default_rng(0).random((700, 700), np.float32))
    expected = w.asnumpy() @ w.asnumpy()
    products = [ops.matmul(w, w) for _ in range(4)]
    memory = framework.host_memory(w)
    assert memory is not None
    memory[:] = 0
    for product in products:
        np.testing.assert_allclose(product.asnumpy(), expected, rtol=1e-3)


def test_a_view_is_known_and_its_memory_is_not_given() -> None:
    """`asnumpy` copies what is strided or begins within a storage, and writing to that would be lost."""
    base = Tensor(np.arange(12, dtype=np.float32).reshape(4, 3))
    assert not framework.is_view(base)
    for view in (base[1:], base.T):
        assert framework.is_view(view)
        assert framework.host_memory(view) is None


@pytest.mark.parametrize("mode", ["AES-GCM", "AES-CBC", "SM4-CBC"])
def test_mindspore_encrypts_blocks_and_decrypts_files(mode: str, tmp_path: Path) -> None:
    """Two blocks one after the other are one file; with another key there is None."""
    key = b"0123456789abcdef"
    blocks = [framework.encrypt_block(content, key, mode) for content in (b"one", b"two")]
    (tmp_path / "secret").write_bytes(b"".join(blocks))
    assert framework.decrypt_file(str(tmp_path / "secret"), key, mode) == b"onetwo"
    assert framework.decrypt_file(str(tmp_path / "secret"), key[::-1], mode) is None


@pytest.mark.parametrize("shape", [(2, 3), ()])
@pytest.mark.parametrize(("dtype", "trainable"), [(ms.float32, True), (ms.bfloat16, False), (ms.int64, True)])
def test_a_parameter_that_is_made_at_once_is_what_mindspore_makes(shape: Any, dtype: Any, trainable: bool) -> None:
    """Every attribute of the parameter, of its `param_info` and of the tensor in it; none shares what may change."""
    normal = Normal()

    def ours() -> Any:
        return framework.new_uninitialized(framework.ParameterTensor, normal, shape, dtype, "w", trainable)

    with mindspores_own():
        theirs = Parameter(Tensor(shape=shape, dtype=dtype, init=normal), name="w", requires_grad=trainable)
    _same_parameter(ours(), theirs, without={"init_mode"})
    assert ours()._pipeline_stage_list is not ours()._pipeline_stage_list
    with no_init_parameters():
        born = Parameter(Tensor(shape=shape, dtype=dtype, init=normal), name="w", requires_grad=trainable)
        unnamed = Parameter(Tensor(shape=shape, dtype=dtype, init=normal))
        for name in (3, "w" * 2000):
            with pytest.raises(ValueError, match="name"):
                Parameter(Tensor(shape=shape, dtype=dtype, init=normal), name=name)
        with pytest.raises(TypeError, match="requires_grad"):
            Parameter(Tensor(shape=shape, dtype=dtype, init=normal), name="w", requires_grad="no")
    assert unnamed.name.startswith("Parameter")
    born.__class__ = framework.ParameterTensor
    for name in ("_initializer", "_declared_dtype", "_draw", "_resizable"):
        del born.__dict__[name]
    _same_parameter(born, theirs, without=set())


def _same_parameter(made: Any, theirs: Any, without: set[str]) -> None:
    assert type(made) is type(theirs)
    assert made.__dict__.keys() == theirs.__dict__.keys() - without
    for name, value in theirs.__dict__.items():
        if name not in ("_param_info", "init_mode", "load"):
            assert made.__dict__[name] == value, name
    assert type(made.load) is type(theirs.load)
    for name in dir(theirs.param_info):
        if not name.startswith("__") and name not in ("obj", "clone"):
            assert getattr(made.param_info, name) == getattr(theirs.param_info, name), name
    assert made.param_info.obj is made
    for name in ("shape", "dtype", "size", "itemsize", "nbytes", "ndim", "strides", "has_init", "init", "init_flag"):
        assert getattr(made, name) == getattr(theirs, name), name
    for name in ("requires_grad", "_requires_grad", "const_arg", "device"):
        assert getattr(made, name) == getattr(theirs, name), name
    assert framework.is_meta(made) is framework.is_meta(theirs) is False


def test_a_parameter_that_is_made_at_once_lives_as_mindspores_do() -> None:
    """`value()` loads it through the operator that all share; it trains, and graphs take two such for two."""
    one, two = (
        framework.new_uninitialized(framework.ParameterTensor, Normal(), (2,), ms.float32, name, True) for name in "ab"
    )
    for parameter, number in ((one, 1.0), (two, 2.0)):
        parameter.init_mode = None
        framework.take_storage(parameter, Tensor.from_numpy(np.full(2, number, np.float32)))
        parameter.init = None
    assert (one.value().asnumpy() == 1).all()

    def product() -> Any:
        return (one * two * two).sum()

    gradient = ms.value_and_grad(product, None, [one, two])
    for run in (gradient, ms.jit(gradient)):
        value, (first, second) = run()
        assert (value.asnumpy(), first.asnumpy().tolist(), second.asnumpy().tolist()) == (8, [4, 4], [4, 4])
    nn.SGD([one, two], learning_rate=0.5)((ops.ones_like(one), ops.ones_like(two)))
    assert (one.asnumpy().tolist(), two.asnumpy().tolist()) == ([0.5, 0.5], [1.5, 1.5])


class Reversed(nn.Cell):  # type: ignore[misc]
    """A cell with a gradient of its own."""

    def bprop(self, x: Any, out: Any, dout: Any) -> Any:
        """Give the gradient."""
        return (-dout,)


@pytest.mark.parametrize("kind", [nn.Cell, Reversed])
def test_a_cell_that_is_initialized_at_once_is_what_mindspore_makes(kind: type) -> None:
    """The same attributes with the same values, containers of its own, and MindSpore's books kept."""
    count = nn.Cell.total_instance_count
    theirs, ours, other = kind(), kind.__new__(kind), kind.__new__(kind)
    framework.initialize_cell(ours)
    framework.initialize_cell(other)
    assert nn.Cell.total_instance_count == count + 3
    assert ours.__dict__.keys() == theirs.__dict__.keys()
    for name, value in theirs.__dict__.items():
        assert type(ours.__dict__[name]) is type(value), name
        if name != "_create_time":
            assert ours.__dict__[name] == value, name
        if isinstance(value, (dict, list, set)):
            assert ours.__dict__[name] is not other.__dict__[name], name
    assert ours.create_time >= theirs.create_time
    assert framework.cells_compile_cache[id(ours)] is ours.compile_cache
    assert ours.__getstate__()[0] == theirs.__getstate__()[0]
    assert ours.has_bprop == (kind is Reversed)


def test_whoever_replaces_the_constructor_of_cells_sees_every_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools wrap `nn.Cell.__init__`; the short way is taken only where it is MindSpore's."""
    seen: list[nn.Cell] = []
    original = nn.Cell.__init__

    def watched(self: nn.Cell, *arguments: Any, **keywords: Any) -> None:
        seen.append(self)
        original(self, *arguments, **keywords)

    monkeypatch.setattr(nn.Cell, "__init__", watched)
    cell = nn.Cell.__new__(nn.Cell)
    framework.initialize_cell(cell)
    assert seen == [cell]


def test_what_is_recorded_is_told() -> None:
    """Within the function of a gradient alone; what fails there, caught or not, ends the recording."""
    seen = []

    def function(x: Tensor) -> Tensor:
        seen.append(framework.is_recording())
        return x * x

    assert not framework.is_recording()
    assert ms.grad(function)(Tensor([3.0])) == 6
    assert seen == [True]
    assert not framework.is_recording()

    def failing(x: Tensor) -> Tensor:
        with pytest.raises(TypeError):
            ops.gather(Tensor([[1.0]], ms.bfloat16), Tensor([0], ms.int32), 0).asnumpy()
        return x * x

    with pytest.raises(RuntimeError, match="Can not find top cell"):
        ms.grad(failing)(Tensor([3.0]))


def test_children_are_where_mindspore_keeps_them() -> None:
    """What is put there is an attribute, is walked, and is run."""
    cell, child = nn.Cell(), nn.ReLU()
    framework.cells_of(cell)["act"] = child
    assert cell.act is child
    assert [name for name, _ in cell.cells_and_names()] == ["", "act"]


def test_arguments_that_were_checked_are_not_checked_again() -> None:
    """The constructor of tensors asks `_init` in Python, which lets them pass; ordinary ones are checked as ever."""
    with pytest.raises(TypeError):
        Tensor(shape=(2,), dtype="nonsense", init=Normal())
    checked = framework._CheckedArguments(ms.float16, (5,), None)
    tensor = Tensor.__new__(Tensor)
    TensorPy.__init__(tensor, checked)
    assert (tensor.shape, tensor.dtype, tensor.has_init) == ((5,), ms.float16, False)


def test_the_device_is_that_of_the_context() -> None:
    """The parameter that `get_context` reads, too."""
    assert framework.device_target() == ms.get_context("device_target") == "CPU"


def test_dtypes_are_constants_of_one_class() -> None:
    """Equal to themselves alone, with equal hashes."""
    dtypes = [ms.float32, ms.float16, ms.bfloat16, ms.int8, ms.uint8, ms.bool_]
    assert all(isinstance(dtype, framework.FrameworkType) for dtype in dtypes)
    assert len(set(dtypes)) == len(dtypes)
    assert {ms.float32, Tensor([1.0]).dtype} == {ms.float32}


def test_operators_can_be_launched_one_at_a_time_and_not(capfd: pytest.CaptureFixture[str]) -> None:
    """The context takes it, says it, and no warning is logged; an operator that fails then fails where it is called."""
    before = framework.launches_blocking()
    try:
        for blocking in (False, True):
            framework.set_launches_blocking(blocking)
            assert framework.launches_blocking() is blocking
            assert ms.get_context("pynative_synchronize") is blocking
        with pytest.raises(TypeError, match="Unsupported data type"):
            ops.MatMul()(*[Tensor(np.ones((2, 2)), ms.bfloat16)] * 2)
    finally:
        framework.set_launches_blocking(before)
    assert "deprecated" not in capfd.readouterr().err


def test_initializers_take_one_number_that_can_be_chosen() -> None:
    """From numpy's generator, by the name `_numpy_seed` of the module; each in this list exactly one."""
    for kind in _ONE_NUMBER:
        values = [np.empty((4, 5), np.float32) for _ in range(3)]
        np.random.seed(1)
        number = framework.draw_number()
        after = np.random.rand()
        np.random.seed(1)
        kind()(values[0])
        assert np.random.rand() == after, kind
        with framework.number_to_draw(number), framework.number_to_draw(number):
            kind()(values[1])
        with framework.number_to_draw(None):
            kind()(values[2])
        assert (values[0] == values[1]).all()
        assert (values[0] != values[2]).any()


def test_seedings_are_counted_by_whatever_name() -> None:
    """And whether somebody has drawn since is known."""
    for seed in (ms.set_seed, ms.common.set_seed):
        before = framework.seedings()
        seed(5)
        assert framework.seedings() == before + 1
        assert framework.is_freshly_seeded()
        np.random.rand()
        assert not framework.is_freshly_seeded()
        framework.count_as_freshly_seeded()
        assert framework.is_freshly_seeded()


def test_generators_are_put_back() -> None:
    """Numpy's, that of the operators with a seed and an offset, and the counters of the seeds of kernels."""
    ms.set_seed(5)
    ms.manual_seed(6)
    state = framework.generators()

    def draws() -> tuple[Any, ...]:
        operators = ms.default_generator._step(Tensor(10))
        numbers = [int(each.asnumpy()) for each in operators]
        return np.random.rand(), numbers, ops.standard_normal((2,)).asnumpy().tolist()

    first = draws()
    with framework.generators_as_in(state):
        assert draws() == first
    second = draws()
    framework.set_generators(state)
    assert draws() == first
    assert draws()[:2] == second[:2] != first[:2]


def test_layers_that_draw_by_numpy_do_so_by_the_name_of_their_module() -> None:
    """`np.random.uniform`, `randn` and `normal`, of which a Tensor is made; and outside the context as ever."""
    for build in (lambda: nn.LSTM(2, 2), lambda: nn.GRUCell(2, 2), lambda: mint.nn.BatchNorm1d(3)):
        with no_init_parameters():
            lazy = build()
        parameters = [each for each in lazy.get_parameters() if each.shape]
        assert parameters
        assert all(map(is_declared, parameters))
        assert not any(map(is_declared, build().get_parameters()))


def test_embeddings_clear_the_row_of_padding_by_these_means() -> None:
    """`Embedding.__init__` has the argument, and `EmbeddingExt` the method."""
    assert list(inspect.signature(nn.Embedding).parameters)[-1] == "padding_idx"
    with no_init_parameters():
        tables = [nn.Embedding(4, 2, padding_idx=1).embedding_table, mint.nn.Embedding(4, 2, padding_idx=1).weight]
    for table in tables:
        assert is_declared(table)
        assert not table.asnumpy()[1].any()


def test_set_data_of_mindspores_own_parameters_is_seen() -> None:
    """Where it would draw; outside the context it draws."""
    filled = Parameter(Tensor([1.0, 2.0]))
    filled.set_data(initializer("normal", (2,), ms.float32))
    assert not filled.has_init
    with no_init_parameters():
        filled.set_data(Tensor([3.0, 4.0]))
        assert type(filled) is framework.ParameterTensor
        filled.set_data(initializer("normal", (2,), ms.float32))
    assert is_declared(filled)


def test_who_asks_for_all_parameters_is_told_apart(tmp_path: Path) -> None:
    """A user, also by a method that overrides; not MindSpore, which saves, exports or compiles."""
    asked = []

    class Asked(nn.Cell):  # type: ignore[misc]
        def init_parameters_data(self, auto_parallel_mode: bool = False) -> Any:
            asked.append(framework.asks_for_all(sys._getframe(0)))
            return {}

    Asked().init_parameters_data()
    ms.save_checkpoint(Asked(), str(tmp_path / "asked.ckpt"))
    assert asked == [True, False]
    assert not framework.asks_for_all(sys._getframe(0))


def test_the_page_about_hooks_names_each_of_them() -> None:
    """None that is gone, and none is missing; what a function only wraps, or what a type says, is no hook."""
    page = Path(framework.__file__).with_name("README.md").read_text(encoding="utf-8")
    tables = re.findall(r"\| hook \| why \|\n\| --- \| --- \|\n((?:\|.*\n)+)", page)
    named = {
        name for table in tables for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    public = {
        name
        for name, value in vars(framework).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == framework.__name__
    }
    assert named - {"ParameterTensor", "FrameworkType"} == public
    assert {"ParameterTensor", "FrameworkType"} <= named & vars(framework).keys()


# ------------------------------------------------------------------------------------------- cells, and what is compiled


def test_cells_are_walked_each_once() -> None:
    """A cell at two places, too; those are the cells that MindSpore's own walk gives."""
    shared = nn.Dense(2, 2)
    net = nn.SequentialCell(shared, nn.SequentialCell(nn.Dense(2, 2), shared))
    walked = list(framework.cells_below(net))
    assert len(walked) == len({*map(id, walked)})
    assert {*map(id, walked)} == {id(cell) for _, cell in net.cells_and_names()}


def test_a_structure_changes_with_its_parts() -> None:
    """A cell or a parameter that is replaced gives another number, a value does not."""
    net = nn.SequentialCell(nn.Dense(2, 2), nn.Dense(2, 2))
    before = framework.structure_of(net)
    net[0].weight.set_data(ops.ones((2, 2)))
    assert framework.structure_of(net) == before
    net[0].weight = Parameter(ops.ones((2, 2)), name="weight")
    after = framework.structure_of(net)
    assert after != before
    net[1] = nn.Dense(2, 2)
    assert framework.structure_of(net) not in (before, after)


def test_mindspore_does_not_compile_again_by_itself() -> None:
    """The day it does, `forget_compiled` is not needed. What it does is held where parts are replaced, in tests/cell."""
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        net, x = nn.SequentialCell(nn.ReLU()), ops.full((2,), -1.0)
        assert net(x).asnumpy().tolist() == [0, 0]
        net[0] = nn.LeakyReLU(0.5)
        assert net(x).asnumpy().tolist() == [0, 0]
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_operators_are_pickled() -> None:
    """With what they were made with; without the hook it is a TypeError."""
    operator = pickle.loads(pickle.dumps(ops.ReduceSum(keep_dims=True)))
    assert operator(ops.ones((2, 3)), 1).shape == (2, 1)


def test_a_strict_state_dict_takes_a_dot_for_a_cell() -> None:
    """So `LazyCell._load_from_state_dict` takes back what is called unexpected of a row of parameters."""
    cell = nn.Cell()
    cell.insert_param_to_cell("scales.0", Parameter(Tensor(np.ones(2, np.float32))), check_name_contain_dot=False)
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\) in state_dict: \"scales.0\""):
        cell.load_state_dict(cell.state_dict())


def test_mindspore_saves_exports_and_loads_by_the_functions_that_are_guarded(tmp_path: Path) -> None:
    """Each is called by its own name in the module, once, before anything is done."""
    program = (
        "import mindspore as ms\n"
        "from mindspore import Tensor, nn\n"
        "from lazycell.parameters import _framework as framework\n"
        "called = []\n"
        "def refuse(*given):\n"
        "    called.append([type(each).__name__ for each in given])\n"
        "    raise ZeroDivisionError\n"
        "framework.install_file_guard(refuse, refuse, refuse)\n"
        "net = nn.Dense(2, 2)\n"
        "for call in (\n"
        "    lambda: ms.save_checkpoint(net, 'a.ckpt', choice_func=str.isidentifier, append_dict={'n': 1}),\n"
        "    lambda: ms.save_checkpoint([net.weight], 'a.ckpt', async_save=True),\n"
        "    lambda: ms.export(net, Tensor([[1.0, 2.0]]), file_name='a', file_format='MINDIR'),\n"
        "    lambda: ms.load_param_into_net(net, {'weight': net.weight}),\n"
        "):\n"
        "    try:\n"
        "        call()\n"
        "    except ZeroDivisionError:\n"
        "        print(called.pop())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300, cwd=tmp_path
    )
    assert run.stdout.splitlines() == [
        "['Dense', 'method_descriptor', 'dict']",
        "['list', 'NoneType', 'NoneType']",
        "['Dense']",
        "['Dense', 'dict']",
    ]
    assert not list(tmp_path.iterdir())


def test_parts_are_no_attributes_that_dir_knows() -> None:
    """They are in three dictionaries; should MindSpore ever tell them, `LazyCell.__dir__` can go."""
    net = nn.BatchNorm1d(2)
    net.child = nn.ReLU()
    net.register_buffer("table", Tensor([1.0]))
    assert {"gamma", "beta", "child", "table"} <= {*framework.parts_of(net)}
    assert {"gamma", "child", "table"}.isdisjoint(dir(net))
