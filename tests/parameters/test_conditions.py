"""What a compiled graph decides by a parameter's value is decided when it runs, whatever class the parameter has."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import initializer

from lazycell import Buffer, LazyCell, Param, buffer, child, init_parameters_data, lazy, no_init_parameters, tie
from lazycell.parameters._buffer import UninitializedBuffer
from lazycell.parameters._declared import DeclaredParameter, DeferredParameter, UninitializedParameter
from lazycell.parameters._filled import LazyParameter
from tests.versions import convert

X = Tensor([10.0])
ONE = Tensor([1.0])
CLASSES = [LazyParameter, DeclaredParameter, UninitializedParameter, DeferredParameter, UninitializedBuffer]

# --- what may stand in a graph ---------------------------------------------------------------------------------------
# Each gives x + 1 while `self.flag` is 1, and x - 1 while it is 0. `self.other` is 0, `self.one` a number.


class Equal:
    def construct(self: Any, x: Any) -> Any:
        if self.flag == 1:
            return x + 1
        return x - 1


class EqualFloat:
    def construct(self: Any, x: Any) -> Any:
        if self.flag == 1.0:
            return x + 1
        return x - 1


class Unequal:
    def construct(self: Any, x: Any) -> Any:
        if self.flag != 1:
            return x - 1
        return x + 1


class ElseIf:
    def construct(self: Any, x: Any) -> Any:
        if self.flag == 5:
            x = x + 50
        elif self.flag == 1:
            x = x + 1
        else:
            x = x - 1
        return x


class Negated:
    def construct(self: Any, x: Any) -> Any:
        if not self.flag == 1:  # noqa: SIM201
            return x - 1
        return x + 1


class NegatedAlone:
    def construct(self: Any, x: Any) -> Any:
        if not self.flag:
            return x - 1
        return x + 1


class Alone:
    def construct(self: Any, x: Any) -> Any:
        if self.flag:
            return x + 1
        return x - 1


class Conjunction:
    def construct(self: Any, x: Any) -> Any:
        if self.flag == 1 and self.other == 0:
            return x + 1
        return x - 1


class Disjunction:
    def construct(self: Any, x: Any) -> Any:
        if self.other == 1 or self.flag == 1:
            return x + 1
        return x - 1


class Greater:
    def construct(self: Any, x: Any) -> Any:
        if self.flag > 0:
            return x + 1
        return x - 1


class AtLeast:
    def construct(self: Any, x: Any) -> Any:
        if self.flag >= 1:
            return x + 1
        return x - 1


class Less:
    def construct(self: Any, x: Any) -> Any:
        if self.flag < 1:
            return x - 1
        return x + 1


class Loop:
    def construct(self: Any, x: Any) -> Any:
        count = self.flag + 0
        while count == 1:
            x = x + 2
            count = count - 1
        return x - 1


class LoopOverTheParameter:
    def construct(self: Any, x: Any) -> Any:
        while self.flag != 0:
            x = x + 2
            break
        return x - 1


class Ternary:
    def construct(self: Any, x: Any) -> Any:
        return x + 1 if self.flag == 1 else x - 1


class ReversedOperands:
    def construct(self: Any, x: Any) -> Any:
        if 1 == self.flag:  # noqa: SIM300
            return x + 1
        return x - 1


class WithAnAttribute:
    def construct(self: Any, x: Any) -> Any:
        if self.flag == self.one:
            return x + 1
        return x - 1


class WithAnotherParameter:
    def construct(self: Any, x: Any) -> Any:
        if self.flag == self.other:
            return x - 1
        return x + 1


class InAVariable:
    def construct(self: Any, x: Any) -> Any:
        flag = self.flag
        if flag == 1:
            return x + 1
        return x - 1


class ResultInAVariable:
    def construct(self: Any, x: Any) -> Any:
        is_set = self.flag == 1
        if is_set:
            return x + 1
        return x - 1


class NotNone:
    def construct(self: Any, x: Any) -> Any:
        if self.flag is None:
            return x - 5
        if self.flag is not None and self.flag == 1:
            return x + 1
        return x - 1


CONSTRUCTS: list[type] = [
    *(Equal, EqualFloat, Unequal, ElseIf, Negated, NegatedAlone, Alone, Conjunction, Disjunction),
    *(Greater, AtLeast, Less, Loop, LoopOverTheParameter, Ternary, ReversedOperands),
    *(WithAnAttribute, WithAnotherParameter, InAVariable, ResultInAVariable, NotNone),
]

# --- the cells -------------------------------------------------------------------------------------------------------


class Plain(Equal, nn.Cell):  # type: ignore[misc]
    """A cell of MindSpore's."""

    def __init__(self) -> None:
        super().__init__()
        self.flag = Parameter(initializer("zeros", (1,), ms.float32))
        self.other = Parameter(initializer("zeros", (1,), ms.float32))
        self.one = 1


@lazy
class Decorated(Plain):
    """The same, whose class says that it is lazy."""


class Declared(Equal, LazyCell):
    """The same, declared."""

    one: int = 1
    flag: Param["zeros", (1,)]
    other: Param["zeros", (1,)]


class Saved(Equal, LazyCell):
    """The flag is a buffer."""

    one: int = 1
    flag: Buffer["zeros", (1,)]
    other: Buffer["zeros", (1,)]


def zeros(shape: Any, dtype: Any) -> Any:
    return np.zeros(shape, dtype)


class Computed(Equal, LazyCell):
    """The flag is a buffer that is computed, and not saved."""

    one: int = 1
    flag: Any = buffer(zeros, (1,), persistent=False)
    other: Any = buffer(zeros, (1,), persistent=False)


def ones(shape: Any, dtype: Any) -> Any:
    return np.ones(shape, dtype)


class ComputedOnes(Computed):
    flag: Any = buffer(ones, (1,), persistent=False)


class Holder(LazyCell):
    flag: Param["zeros", (1,)]


class Tied(Equal, LazyCell):
    """The flag is another cell's parameter."""

    one: int = 1
    holder: Holder = child(Holder)
    flag: Param["zeros", (1,)]
    other: Param["zeros", (1,)]
    tied = tie("flag", "holder.flag")


def made(kind: type) -> Any:
    """Make a net whose parameters have no values."""
    with no_init_parameters():  # a LazyCell needs it as little as a decorated one
        return kind()


def that_runs(construct: type, kind: type) -> type:
    return kind if issubclass(kind, construct) else type(kind)("Net", (construct, kind), {"__module__": __name__})


def results(net: Any, how: str) -> list[float]:
    """Run a net while its flag is 0, 1 and 0 again; it is compiled at the first of them."""
    if how == "graph mode":
        ms.set_context(mode=ms.GRAPH_MODE)
    run = ms.jit(net) if how == "jit" else net
    found = [run(X).asnumpy().item()]
    for change in (ops.assign_add, ops.assign_sub):
        change(net.flag, ONE)
        found.append(run(X).asnumpy().item())
    return found


@pytest.mark.parametrize("how", ["jit", "graph mode"])
@pytest.mark.parametrize("construct", CONSTRUCTS)
@pytest.mark.parametrize("kind", [Plain, Declared])
def test_each_construct(construct: type, kind: type, how: str) -> None:
    """In a net that is compiled before anybody gave it values."""
    assert results(made(that_runs(construct, kind)), how) == [9, 11, 9]


# --- the lives of a parameter ----------------------------------------------------------------------------------------


def declared(net: Any, path: Path) -> Any:
    return net


def initialized(net: Any, path: Path) -> Any:
    init_parameters_data(net)
    return net


def loaded(net: Any, path: Path) -> Any:
    if not isinstance(net, LazyCell):
        return loaded_by_mindspore(net, path)
    net.load_checkpoint(_zeros_of(net, path))
    return net


def loaded_by_mindspore(net: Any, path: Path) -> Any:
    ms.load_checkpoint(_zeros_of(net, path), net=net)
    return net


def loaded_twice(net: Any, path: Path) -> Any:
    return loaded(loaded(net, path), path)


def copied(net: Any, path: Path) -> Any:
    return copy.deepcopy(net)


def copied_with_values(net: Any, path: Path) -> Any:
    return copy.deepcopy(initialized(net, path))


def pickled(net: Any, path: Path) -> Any:
    return pickle.loads(pickle.dumps(net))


def pickled_with_values(net: Any, path: Path) -> Any:
    return pickle.loads(pickle.dumps(loaded(net, path)))


def converted(net: Any, path: Path) -> Any:
    return convert(convert(net, ms.float16), ms.float32)


def _zeros_of(net: Any, path: Path) -> str:
    file = str(path / "zeros.ckpt")
    ms.save_checkpoint(
        [{"name": each.name, "data": Tensor(np.zeros(each.shape, np.float32))} for each in net.get_parameters()], file
    )
    return file


LIVES: list[Callable[..., Any]] = [
    *(declared, initialized, loaded, loaded_by_mindspore, loaded_twice),
    *(copied, copied_with_values, pickled, pickled_with_values, converted),
]


@pytest.mark.parametrize("how", ["jit", "graph mode"])
@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("kind", [Plain, Decorated, Declared, Saved, Tied])
def test_each_life(kind: type, life: Callable[..., Any], how: str, tmp_path: Path) -> None:
    """However a parameter came by its values, and before it has any."""
    assert results(life(made(kind), tmp_path), how) == [9, 11, 9]


@pytest.mark.parametrize("how", ["jit", "graph mode"])
@pytest.mark.parametrize("life", [declared, initialized, copied, copied_with_values, pickled, converted])
@pytest.mark.parametrize(("kind", "result"), [(Computed, 9), (ComputedOnes, 11)])
def test_computed_buffers(kind: type, result: float, life: Callable[..., Any], how: str, tmp_path: Path) -> None:
    """A Tensor that is no parameter is a constant of the graph, MindSpore's own too: what it is then decides."""
    net = life(made(kind), tmp_path)
    if how == "graph mode":
        ms.set_context(mode=ms.GRAPH_MODE)
    assert (ms.jit(net) if how == "jit" else net)(X).asnumpy() == result


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_each_construct_on_a_computed_buffer(construct: type) -> None:
    assert ms.jit(made(that_runs(construct, ComputedOnes)))(X).asnumpy() == 11


# --- what the name must not change -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
def test_a_class_is_found_and_shown_by_its_own_name(kind: type) -> None:
    """Pickle and `repr` read `__qualname__`."""
    assert pickle.loads(pickle.dumps(kind)) is kind
    assert f".{kind.__qualname__}'>" in repr(kind)
    assert kind.__qualname__ in vars(sys.modules[kind.__module__])
