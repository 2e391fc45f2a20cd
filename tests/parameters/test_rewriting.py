"""What constructors do to parameters without values: in the context it is a new declaration, and no draw."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Normal, initializer

from lazycell._errors import UninitializedParameterError
from lazycell.parameters._declared import DeclaredParameter
from lazycell.parameters._lazy import building, no_init_parameters
from lazycell.parameters._lifecycle import init_parameters_data, uninitialized
from lazycell.parameters._status import status
from lazycell.parameters._without_values import is_declared

SHAPE = (40, 50)


class Rewritten(nn.Cell):  # type: ignore[misc]
    def __init__(self, rewrite: Callable[[Any], Any]) -> None:
        super().__init__()
        self.weight = Parameter(initializer(Normal(5.0), SHAPE, ms.float32))
        rewrite(self.weight)


CONSTANTS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "zero_": (lambda w: w.zero_(), 0),
    "data.zero_": (lambda w: w.data.zero_(), 0),
    "fill_": (lambda w: w.data.fill_(2.5), 2.5),
    "fill_ with a tensor": (lambda w: w.data.fill_(Tensor(2.5)), 2.5),
    "[:] =": (lambda w: w.__setitem__(slice(None), 0), 0),
    "[...] =": (lambda w: w.data.__setitem__(..., 1.5), 1.5),
    "set_data(initializer)": (lambda w: w.set_data(initializer(3.0, SHAPE, ms.float32)), 3),
    "set_data(constant)": (lambda w: w.set_data(ops.ones(SHAPE)), 1),
    "assign": (lambda w: ops.assign(w, ops.ones(SHAPE) * 2), 2),
    "copy_": (lambda w: w.copy_(ops.ones(SHAPE)), 1),
    "data =": (lambda w: setattr(w, "data", ops.ones(SHAPE)), 1),
}


@pytest.mark.parametrize("context", [no_init_parameters, building])
@pytest.mark.parametrize("rewrite", CONSTANTS)
def test_a_constant_is_declared(rewrite: str, context: Any) -> None:
    """MindSpore has no kernel of zero_ and fill_ on a CPU: nothing is run."""
    write, value = CONSTANTS[rewrite]
    with context():
        net = Rewritten(write)
    assert uninitialized(net) == ["weight"]
    init_parameters_data(net)
    assert (net.weight.asnumpy() == value).all()
    assert net.weight.dtype == ms.float32


def test_minus_zero_is_not_zero() -> None:
    """Bit for bit."""
    with no_init_parameters():
        net = Rewritten(lambda w: w.set_data(ops.zeros(SHAPE) * -1.0))
    init_parameters_data(net)
    assert np.signbit(net.weight.asnumpy()).all()


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_a_draw_is_declared(context: Any) -> None:
    """With the mean and the spread that were given; a CPU has no such operators, and any other gives its seeds."""
    ms.set_seed(2)
    draws = {
        "normal": (lambda w: w.data.normal_(mean=1.0, std=0.5), 1.0, 0.5),
        "uniform": (lambda w: w.uniform_(-1, 1), 0.0, 2 / 12**0.5),
        "uniform to": (lambda w: w.data.uniform_(to=4.0), 2.0, 4 / 12**0.5),
    }
    for write, mean, deviation in draws.values():
        with context():
            net = Rewritten(write)
        assert uninitialized(net) == ["weight"]
        init_parameters_data(net)
        values = net.weight.asnumpy()
        assert abs(values.mean() - mean) < 0.1 * deviation
        assert abs(values.std() / deviation - 1) < 0.05


def test_the_row_of_padding_is_written_when_the_others_are_drawn() -> None:
    """`weight[padding_idx] = 0` in every spelling of porting projects; the other rows are an eager build's."""
    spellings: list[Callable[[Any], Any]] = [
        lambda w: w.__setitem__(3, 0),
        lambda w: w.data.__setitem__(3, 0.0),
        lambda w: w.data[3].zero_(),
        lambda w: w[3].fill_(0),
        lambda w: w[3].__setitem__(slice(None), 0),
    ]
    ms.set_seed(4)
    eager = Rewritten(lambda w: w.__setitem__(3, 0)).weight.asnumpy()
    assert not eager[3].any()
    for write in spellings:
        ms.set_seed(4)
        with no_init_parameters():
            net = Rewritten(write)
        assert is_declared(net.weight)
        assert net.weight.asnumpy().tobytes() == eager.tobytes()


def test_several_rows_and_copies() -> None:
    """Edits add up, in their order; a copy and a pickle have them."""

    def write(weight: Any) -> None:
        weight[0] = 1
        weight[1:3, 0] = 2
        weight[..., 0] = 3
        weight[-1] = 4

    ms.set_seed(4)
    eager = Rewritten(write).weight.asnumpy()
    ms.set_seed(4)
    with no_init_parameters():
        net = Rewritten(write)
    copies = [copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    for each in (net, *copies):
        assert is_declared(each.weight)
        assert each.weight.asnumpy().tobytes() == eager.tobytes()
    with no_init_parameters(), pytest.raises(IndexError):
        Rewritten(lambda w: w.__setitem__(40, 0))


def test_a_part_that_is_read_has_values() -> None:
    """Reading is what it was: it draws, and in a LazyCell it is an error."""
    seen = []
    with no_init_parameters():
        net = Rewritten(lambda w: seen.append((w[1] + 1).asnumpy()))
    assert not is_declared(net.weight)
    assert (seen[0] == net.weight.asnumpy()[1] + 1).all()
    with building(), pytest.raises(UninitializedParameterError, match="weight|Parameter"):
        Rewritten(lambda w: w[1].asnumpy())


def test_what_reads_its_own_values_is_right() -> None:
    """It cannot be delayed. The method was looked up before the values came."""
    for write in (lambda w: w.set_data(w * 0.5), lambda w: w.assign_value(w * 0.5)):
        ms.set_seed(6)
        eager = Rewritten(write)
        ms.set_seed(6)
        with no_init_parameters():
            net = Rewritten(write)
        assert uninitialized(net) == []
        assert net.weight.asnumpy().tobytes() == eager.weight.asnumpy().tobytes()
        assert status(net)["weight"].state == "loaded"


def test_an_initializer_declares_what_had_values() -> None:
    """A parameter that was made from a Tensor, and one that was read, and then are drawn anew."""

    class Net(nn.Cell):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.made = Parameter(Tensor(np.arange(4, dtype=np.float16)))
            self.read = Parameter(initializer("normal", (3, 2), ms.float32))
            self.kept = Parameter(Tensor(self.read.data))
            for weight in (self.made, self.read):
                weight.set_data(initializer("normal", weight.shape, ms.float32))

    ms.set_seed(5)
    eager = Net()
    ms.set_seed(5)
    with no_init_parameters():
        net = Net()
    assert uninitialized(net) == ["made", "read"]
    for name, parameter in eager.parameters_and_names():
        ours = net.parameters_dict()[name]
        assert ours.dtype == parameter.dtype
        assert ours.asnumpy().tobytes() == parameter.asnumpy().tobytes()


@pytest.mark.parametrize("n", [2000, 20_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.bool_])
def test_what_is_one_number_is_told_by_its_bits(dtype: Any, n: int) -> None:
    """Short tensors are looked at in another way than long ones. -0.0 is one number, and NaN is none."""
    with no_init_parameters():
        for value in (0, 1, 3):
            array = np.full(n, value, dtype)
            other = np.append(array[1:], np.asarray([not value], dtype))
            whole, edited = Parameter(Tensor(array), name="whole"), Parameter(Tensor(other), name="edited")
            assert [is_declared(whole), is_declared(edited)] == [True, False]
            assert whole.asnumpy().tobytes() == array.tobytes()
            assert edited.asnumpy().tobytes() == other.tobytes()
        if np.dtype(dtype).kind == "f":
            minus, nothing = (Parameter(Tensor(np.full(n, each, dtype)), name="w") for each in (-0.0, np.nan))
            assert [is_declared(minus), is_declared(nothing)] == [True, False]
            assert np.signbit(minus.asnumpy()).all()


def test_large_constants_that_users_make_tensors_of_wait() -> None:
    """They take as much memory as the declaration only where they are small."""
    with no_init_parameters():
        large = Parameter(ops.zeros((32, 32)), name="large")
        small = Parameter(ops.zeros((3,)), name="small")
        table = Parameter(Tensor(np.arange(1000, dtype=np.float32)), name="table")
        array = Parameter(np.zeros((32, 32), np.float32), name="array")
    assert [each.has_init for each in (large, small, table, array)] == [True, False, False, False]
    assert not large.asnumpy().any()


def test_initializing_all_waits_in_the_context() -> None:
    """`self.init_parameters_data()` at the end of a constructor; running the net does not wait."""

    class Net(nn.Cell):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Dense(2, 2)
            self.init_parameters_data()
            init_parameters_data(self)

        def construct(self, x: Any) -> Any:
            return self.dense(x)

        def init_parameters_data(self, auto_parallel_mode: bool = False) -> Any:
            return super().init_parameters_data(auto_parallel_mode)

    for context in (no_init_parameters, building):
        with context():
            net = Net()
        assert len(uninitialized(net)) == 2
    with no_init_parameters():
        ran = Net()
        ran(ops.ones((1, 2)))
        one = Net()
        one.dense.weight.init_data()
    assert uninitialized(ran) == []
    assert uninitialized(one) == ["dense.bias"]
    assert not any(isinstance(p, DeclaredParameter) for p in Net().get_parameters())


def test_outside_the_context_nothing_is_delayed() -> None:
    """There `zero_` is MindSpore's, and assigning is what it was."""
    with no_init_parameters():
        net = Rewritten(lambda w: None)
    net.weight.set_data(ops.zeros(SHAPE))
    assert status(net)["weight"].state == "loaded"
    with no_init_parameters():
        net = Rewritten(lambda w: None)
    net.weight[0] = 1
    assert not is_declared(net.weight)
