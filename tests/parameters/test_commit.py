"""Filling all parameters of a load or none: what fails, wherever, and what interrupts, whenever, changes nothing."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mindspore as ms
import ml_dtypes
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Normal, initializer

from lazycell._errors import CheckpointError
from lazycell.parameters import _framework as framework
from lazycell.parameters._commit import _BLOCK, Assignment, fill_all
from lazycell.parameters._declared import UninitializedParameter, declare
from lazycell.parameters._filling import initialize_parameter
from lazycell.parameters._framework import ParameterTensor, numpy_values
from lazycell.parameters._lazy import no_init_parameters
from lazycell.parameters._life import Mark, Origin, left_by_checkpoint, life_of, was_left
from tests.parameters.filling import everything_about, fill

SHAPE = (3, 3)
FROM_FILE = Origin("checkpoint", "net.safetensors: w")


def declared(dtype: Any = ms.float32, shape: tuple[int, ...] = SHAPE, name: str = "w") -> UninitializedParameter:
    return declare(Normal(), shape, dtype, name=name)


def ones(shape: tuple[int, ...] = SHAPE, dtype: Any = np.float32) -> Tensor:
    return Tensor(np.ones(shape, dtype))


def storage(tensor: Any) -> int:
    return int(tensor.asnumpy().ctypes.data)


def filled(dtype: Any = ms.float32, shape: tuple[int, ...] = SHAPE) -> Any:
    parameter = declared(dtype, shape)
    initialize_parameter(parameter, 1)
    return parameter


def all_kinds() -> list[Any]:
    """Give a parameter in every state that a load may find one in."""
    with no_init_parameters():
        deferred = Parameter(initializer("ones", SHAPE, ms.float32), name="w")
    left = declared()
    left_by_checkpoint(left)
    retyped = declared()
    retyped.set_dtype(ms.float16)
    strided = Parameter(ones((4, 2)), name="w")
    strided.data = Tensor(np.arange(9, dtype=np.float32).reshape(SHAPE)).T
    part = Parameter(ones(), name="w")
    part.data = Tensor(np.arange(12, dtype=np.float32).reshape(4, 3))[1:]
    several_blocks = filled(shape=(3, _BLOCK // 4))
    return [
        declared(),
        deferred,
        left,
        retyped,
        filled(),
        several_blocks,
        filled(ms.bfloat16),
        Parameter(ones(), name="eager"),
        declared(shape=()),
        strided,
        part,
    ]


def values_for(parameter: Any, dtype: Any = np.float32) -> np.ndarray:
    size = int(np.prod(parameter.shape))
    return (100 + np.arange(size) % 99).reshape(parameter.shape).astype(dtype)


def assignments(parameters: list[Any], dtype: Any = np.float32) -> list[Assignment]:
    return [Assignment(parameter, values_for(parameter, dtype), FROM_FILE) for parameter in parameters]


# ------------------------------------------------------------------------------------------------------ the loader


def test_fill_takes_the_storage_of_the_first_values() -> None:
    """The loader's way in copies nothing."""
    p: Any = declared()
    values = np.ones(SHAPE, np.float32)
    fill(p, values, FROM_FILE)
    assert storage(p) == values.ctypes.data
    assert life_of(p) == ("loaded", FROM_FILE)


def test_fill_copies_into_the_storage_of_later_values() -> None:
    """A net that has run keeps its storage, and its graphs see the new values."""
    p: Any = declared()
    initialize_parameter(p, 1)
    before, values = storage(p), np.full(SHAPE, 3, np.float32)
    fill(p, values, FROM_FILE)
    assert storage(p) == before != values.ctypes.data
    assert (p.asnumpy() == 3).all()
    assert life_of(p) == ("loaded", FROM_FILE)


def test_fill_works_on_any_parameter() -> None:
    """A plain eager parameter of a plain child is filled in place, and has an origin then."""
    p = Parameter(ones(), name="w")
    before = storage(p)
    fill(p, np.full(SHAPE, 3, np.float32), FROM_FILE)
    assert storage(p) == before
    assert (p.asnumpy() == 3).all()
    assert life_of(p) == ("loaded", FROM_FILE)


def test_fill_takes_another_dtype_but_no_other_shape() -> None:
    """The dtype of the values becomes the parameter's; the shape has been checked before, or else."""
    p: Any = declared()
    fill(p, np.ones(SHAPE, ml_dtypes.bfloat16), FROM_FILE)
    assert p.dtype == ms.bfloat16
    fill(p, np.ones(SHAPE, np.float16), FROM_FILE)
    assert p.dtype == ms.float16
    with pytest.raises(ValueError, match="has shape"):
        fill(p, np.ones((2, 2), np.float16), FROM_FILE)


def test_fill_copies_what_mindspore_would_crash_on() -> None:
    """Read-only, strided and misaligned arrays."""
    read_only = np.ones(SHAPE, np.float32)
    read_only.flags.writeable = False
    misaligned = np.frombuffer(bytearray(37), np.uint8)[1:].view(np.float32).reshape(SHAPE)
    for values in (read_only, np.ones((3, 6), np.float32)[:, ::2], misaligned):
        p: Any = declared()
        fill(p, values, FROM_FILE)
        assert storage(p) != values.ctypes.data
        assert storage(p) % 4 == 0
        p.copy_(ones() * 2)
        assert (p.asnumpy() == 2).all()


def test_a_parameter_that_mindspore_left_uninitialized_is_filled() -> None:
    """MindSpore's own `no_init_parameters` makes parameters that are none of ours."""
    from mindspore.nn.utils import no_init_parameters as mindspores_own

    with mindspores_own():
        p = Parameter(initializer("ones", SHAPE, ms.float32), name="w")
    before = everything_about([p])
    with pytest.raises(ZeroDivisionError):
        fill_all(assignments([p]), finish=lambda: 1 // 0)
    assert everything_about([p]) == before
    fill(p, np.full(SHAPE, 3, np.float32), FROM_FILE)
    assert not p.has_init
    assert (p.asnumpy() == 3).all()
    p.init_data()
    assert (p.asnumpy() == 3).all()


def test_a_view_takes_the_values_memory() -> None:
    """MindSpore's own way to write to a part of a tensor, or a transposed one, loses the values on CPU."""
    base = Tensor(np.arange(12, dtype=np.float32).reshape(4, 3))
    part, turned = Parameter(ones(), name="p"), Parameter(ones((3, 4)), name="t")
    part.data, turned.data = base[1:], base.T
    fill_all(assignments([part, turned]))
    assert_filled([part, turned])
    np.testing.assert_array_equal(base.asnumpy(), np.arange(12).reshape(4, 3))


def test_values_on_a_device_are_copied_there_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their memory cannot be written to by the host, so they go in by an operator, and the former ones are kept."""
    monkeypatch.setattr(framework, "host_memory", lambda tensor: None)
    parameters = [filled(), filled(ms.bfloat16)]
    before = everything_about(parameters)
    with pytest.raises(ZeroDivisionError):
        fill_all(assignments(parameters), finish=lambda: 1 // 0)
    assert everything_about(parameters) == before
    given = assignments(parameters[:1])
    fill_all(given)
    assert_filled(parameters[:1])
    assert storage(parameters[0]) == before[0][-1][1] != given[0].values.ctypes.data


def test_operators_that_were_called_before_read_the_old_values() -> None:
    """MindSpore runs operators later: a load does not write under them."""
    w = filled(shape=(600, 600))
    expected = w.asnumpy() @ w.asnumpy()
    products = [ops.matmul(w, w) for _ in range(4)]
    fill(w, np.zeros((600, 600), np.float32), FROM_FILE)
    for product in products:
        np.testing.assert_allclose(product.asnumpy(), expected, rtol=1e-3, atol=1e-3)
    assert not w.asnumpy().any()


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
def test_a_compiled_graph_and_an_optimizer_see_the_values(mode: int) -> None:
    """Both were made before the load; also when another load has been undone in between."""
    ms.set_context(mode=mode)
    try:
        p = filled()

        @ms.jit
        def double(x: Tensor) -> Tensor:
            return x + p + p

        optimizer = nn.SGD([p], learning_rate=1.0)
        x = Tensor(np.zeros(SHAPE, np.float32))
        before = double(x).asnumpy().copy()
        with pytest.raises(ZeroDivisionError):
            fill_all(assignments([p]), finish=lambda: 1 // 0)
        np.testing.assert_array_equal(double(x).asnumpy(), before)
        fill_all(assignments([p]))
        np.testing.assert_array_equal(double(x).asnumpy(), 2 * values_for(p))
        optimizer((ones(),))
        np.testing.assert_array_equal(p.asnumpy(), values_for(p) - 1)
        np.testing.assert_array_equal(double(x).asnumpy(), 2 * (values_for(p) - 1))
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_marks_and_the_last_step_belong_to_the_load() -> None:
    """What was left out is recorded, what is filled is no longer left out, and `finish` gives the result."""
    left, net, given = declared(), nn.Cell(), declared()
    fill_all([], [left_by_checkpoint(left), left_by_checkpoint(given)])
    assert was_left(left)
    result = fill_all(assignments([given]), [Mark(net, "_layout", ("a",))], finish=lambda: life_of(given)[0])
    assert result == "loaded"
    assert net._layout == ("a",)
    assert was_left(left)
    assert not was_left(given)


# ------------------------------------------------------------------------------------------------- all or nothing


def assert_filled(parameters: list[Any], dtype: Any = np.float32) -> None:
    for parameter in parameters:
        np.testing.assert_array_equal(numpy_values(parameter), values_for(parameter, dtype))
        assert life_of(parameter) == ("loaded", FROM_FILE)


class Failing(ParameterTensor):  # type: ignore[misc]
    """A parameter of a class that somebody wrote, and that cannot be asked for its initializer at the moment."""

    @property
    def init(self) -> Any:
        raise OSError("no initializer today")


class Signalling(ParameterTensor):  # type: ignore[misc]
    """A parameter that sends the process a signal when it is asked for its initializer."""

    @property
    def init(self) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.002)  # the main thread handles it now


class Interrupt(BaseException):
    """What the handler raises."""


@contextmanager
def handler(number: int) -> Iterator[None]:
    """Have the signal raise `Interrupt` in the main thread."""

    def strike(*_: object) -> None:
        raise Interrupt

    former = signal.signal(number, strike)
    try:
        yield
    finally:
        signal.signal(number, former)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_every_kind_of_parameter_is_filled_and_can_be_filled_again(dtype: Any) -> None:
    """Declared, deferred, filled, of another dtype, strided, a part of a tensor, a scalar, of several blocks."""
    parameters = all_kinds()
    for _ in range(2):
        fill_all(assignments(parameters, dtype))
        assert_filled(parameters, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("position", range(12))
def test_a_parameter_that_cannot_be_filled_leaves_all_as_they_were(position: int, dtype: Any) -> None:
    """Class, attributes, dtype, record, memory and every byte, of those before it and after it."""
    parameters = all_kinds()
    failing = Parameter(ones(), name="failing")
    failing.__class__ = Failing
    before = everything_about(parameters)
    with pytest.raises(OSError, match="no initializer today"):
        fill_all(assignments([*parameters[:position], failing, *parameters[position:]], dtype))
    assert everything_about(parameters) == before
    fill_all(assignments(parameters))
    assert_filled(parameters)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("position", range(12))
def test_an_interrupt_leaves_all_parameters_as_they_were(position: int, dtype: Any) -> None:
    """It strikes the thread that waits, while the parameter at that position is filled."""
    parameters = all_kinds()
    signalling = Parameter(ones(), name="signalling")
    signalling.__class__ = Signalling
    before = everything_about(parameters)
    with handler(signal.SIGUSR1), pytest.raises(Interrupt):
        fill_all(assignments([*parameters[:position], signalling, *parameters[position:]], dtype))
    assert everything_about(parameters) == before
    assert (numpy_values(signalling) == 1).all()
    fill_all(assignments(parameters))
    assert_filled(parameters)


def test_a_second_interrupt_does_not_stop_what_the_first_began() -> None:
    """Two signals, with one handler or two, while parameters are filled: the first is raised, and all is undone."""
    parameters = all_kinds()
    before = everything_about(parameters)

    def signal_twice() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.02)

    with handler(signal.SIGUSR1), handler(signal.SIGUSR2), pytest.raises(Interrupt):
        fill_all(assignments(parameters), finish=signal_twice)
    assert everything_about(parameters) == before


def test_a_load_in_a_signal_handler_comes_after_the_one_that_it_interrupts() -> None:
    """Both fill the same parameters, each in a thread of its own: never at the same time."""
    parameters, order = all_kinds(), []

    def load(*_: object) -> None:
        fill_all(assignments(parameters), finish=lambda: order.append("the handler's"))

    def interrupted() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        order.append("the first")

    former = signal.signal(signal.SIGUSR1, load)
    try:
        others = [Assignment(each, values_for(each) + 1, FROM_FILE) for each in parameters]
        fill_all(others, finish=interrupted)
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert order == ["the first", "the handler's"]
    assert_filled(parameters)


def test_a_failure_of_marks_or_of_the_last_step_is_undone() -> None:
    """Attributes that were set are as before: another value, or none."""
    parameters, net = all_kinds(), nn.Cell()
    object.__setattr__(net, "_layout", "old")
    before = everything_about(parameters)
    marks = [Mark(net, "_layout", "new"), Mark(net, "_other", 1), left_by_checkpoint(parameters[0])]
    with pytest.raises(ZeroDivisionError):
        fill_all(assignments(parameters), marks, finish=lambda: 1 // 0)
    with pytest.raises(AttributeError, match="__dict__"):
        fill_all(assignments(parameters), [*marks, Mark(object(), "_layout", "new")])
    assert everything_about(parameters) == before
    assert net._layout == "old"
    assert "_other" not in net.__dict__


def test_everything_is_checked_before_anything_is_filled() -> None:
    """A wrong shape, a dtype that MindSpore has not, and an assignment that fails to come."""
    parameters = all_kinds()
    before = everything_about(parameters)

    def stop_halfway() -> Iterator[Assignment]:
        yield from assignments(parameters[:3])
        raise OSError("no more")

    with pytest.raises(ValueError, match="has shape"):
        fill_all([*assignments(parameters), Assignment(declared(), np.ones((2, 2), np.float32), FROM_FILE)])
    with pytest.raises(CheckpointError, match=r"parameter 'w': MindSpore makes no tensor of complex256 values"):
        fill_all([*assignments(parameters), Assignment(declared(), np.ones(SHAPE, np.complex256), FROM_FILE)])
    with pytest.raises(OSError, match="no more"):
        fill_all(stop_halfway())
    assert everything_about(parameters) == before


# The handler may run in a callback of Python's own, which tells of its exception and goes on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_any_moment_is_right_for_an_interrupt() -> None:
    """A timer strikes at moments spread over the whole: unless it returns, all parameters are as they were."""
    interrupted = 0
    with handler(signal.SIGALRM):
        for moment in range(150):
            parameters = [declared(name=str(number)) for number in range(100)] + [filled() for _ in range(50)]
            before, given = everything_about(parameters), assignments(parameters)
            returned = False
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, (moment + 1) * 2e-5)
                    fill_all(given)
                    returned = True
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupt:
                interrupted += 1
            after = everything_about(parameters)
            if returned or (after != before and sys.version_info < (3, 11)):  # 3.10: a signal may precede a return
                assert_filled(parameters)
            else:
                assert after == before
    assert interrupted > 10


def test_a_system_without_another_thread_to_give_fills_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is Python's own, and the next load works."""
    parameters = all_kinds()
    before = everything_about(parameters)

    def refuse(*_: object) -> int:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        fill_all(assignments(parameters))
    monkeypatch.undo()
    assert everything_about(parameters) == before
    fill_all(assignments(parameters))
    assert_filled(parameters)


def test_a_load_works_in_any_thread() -> None:
    """Only the main thread is interrupted; the others load all the same, several at once."""
    sets = [all_kinds() for _ in range(4)]
    threads = [threading.Thread(target=fill_all, args=(assignments(parameters),)) for parameters in sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for parameters in sets:
        assert_filled(parameters)
