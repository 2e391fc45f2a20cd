"""Initial values of many parameters at once, and what is left when that is interrupted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn
from mindspore.common.initializer import Constant, HeNormal, Initializer, Normal, One, Orthogonal, Uniform, Zero

import lazycell
from lazycell import LazyCell, Param, child
from lazycell._dtypes import dtype_name, numpy_dtype
from lazycell.parameters._declared import declare
from lazycell.parameters._foreign import describe
from lazycell.parameters._initial import Start, values_for
from lazycell.show._progress import ProgressBar
from lazycell.streams import Job, fill, stream_key
from lazycell.streams import Normal as NormalLaw
from tests.versions import convert


class Reversed(Initializer):  # type: ignore[misc]
    """Written by a user: random values in descending order."""

    def _initialize(self, arr: Any) -> None:
        arr[...] = -np.sort(-np.random.rand(*arr.shape), axis=None).reshape(arr.shape)


class Part(LazyCell):
    """Of every kind of initializer."""

    normal: Param[Normal(0.5), (7, 5)]
    he: Param[HeNormal(), (5, 3, 3, 3)]
    q: Param[Orthogonal(), (4, 6)]
    zeros: Param["zeros", (3,)]
    mine: Param[Reversed(), (9,)]
    half: Param["normal", (5,), ms.float16]


class Net(LazyCell):
    """Two parts, and one that is large enough to be cut into pieces."""

    one: Part = child(Part)
    two: Part = child(Part)
    large: Param["normal", (700, 1000)]


def values(net: nn.Cell) -> dict[str, bytes]:
    """Give the bits of every parameter."""
    return {name: each.float().asnumpy().tobytes() for name, each in net.parameters_and_names()}


def states(net: nn.Cell) -> set[str]:
    """Give the states that parameters are in."""
    return {entry.state for entry in lazycell.status(net).values()}


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    """The values of a net under seed 3."""
    net = Net()
    net.init_parameters_data(seed=3)
    return values(net)


# -------------------------------------------------------------------------------------------------- what is drawn


def drawn(initializer: Initializer, shape: tuple[int, ...], declared: Any, now: Any = None) -> np.ndarray[Any, Any]:
    """Draw for one parameter, which has been converted since it was declared."""
    tensor: Any = declare(initializer, shape, declared, name="w")
    if now is not None:
        cell = nn.Cell()
        cell.insert_param_to_cell("w", tensor)
        tensor = convert(cell, now).w
    (array,) = values_for([Start(tensor, tensor.name, 3)])
    return array


def test_values_are_those_of_the_stream() -> None:
    """Of the seed and the name."""
    array = np.empty((5, 3), np.float32)
    fill([Job(NormalLaw(0.0, 0.5), stream_key(3, "w"), array, "float32")])
    assert drawn(Normal(0.5), (5, 3), ms.float32).tobytes() == array.tobytes()


@pytest.mark.parametrize("now", [ms.float16, ms.bfloat16, ms.float64])
@pytest.mark.parametrize("declared", [ms.float32, ms.bfloat16])
@pytest.mark.parametrize("initializer", [Normal(0.5), Orthogonal(), Reversed(), Constant(0.1)], ids=describe)
def test_values_are_drawn_as_declared_and_converted(initializer: Initializer, declared: Any, now: Any) -> None:
    """As an eager build and `.to(dtype)` would."""
    array = drawn(initializer, (5, 3), declared, now)
    first = drawn(initializer, (5, 3), declared)
    assert first.dtype == numpy_dtype(dtype_name(declared))
    assert array.dtype == numpy_dtype(dtype_name(now))
    assert array.tobytes() == first.astype(array.dtype).tobytes()


@pytest.mark.parametrize("dtype", [ms.float32, ms.float16, ms.int32, ms.bool_, ms.complex64])
@pytest.mark.parametrize("initializer", [Zero(), One(), Constant(0), Constant(1), Constant(-0.0)], ids=describe)
def test_constants_are_mindspores(initializer: Initializer, dtype: Any) -> None:
    """To the last bit, of every dtype: a zero may have a sign."""
    array = drawn(initializer, (2, 3), dtype)
    eager = Tensor(shape=(2, 3), dtype=dtype, init=initializer).init_data().asnumpy()
    assert (array.dtype, array.tobytes()) == (eager.dtype, eager.tobytes())


def test_random_integers_are_drawn_as_mindspore_does() -> None:
    """No law says what they are: the initializer is run, from a state that the key decides."""
    array, again = (drawn(Uniform(100.0), (50,), ms.int32) for _ in range(2))
    assert array.tolist() == again.tolist()
    assert len(set(array.tolist())) > 20


@pytest.mark.parametrize("initializer", [Normal(), Zero(), Constant(2), Orthogonal(), Reversed()], ids=describe)
def test_arrays_are_new_and_writable(initializer: Initializer) -> None:
    """They become a parameter's own memory."""
    one, other = (drawn(initializer, (3, 3), ms.float32) for _ in range(2))
    one += 1
    assert (one != other).all()
    assert one.flags.c_contiguous


def test_progress_ends_with_the_bytes_of_all() -> None:
    """Those of zeros, and of initializers that are run as they are, among them."""
    net, seen = Net(), list[int]()
    parameters = net.get_parameters()
    arrays = values_for([Start(parameter, parameter.name, 3) for parameter in parameters], seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == sum(array.nbytes for array in arrays)


# ---------------------------------------------------------------------------------------------- order of events


def all_at_once(net: Net) -> None:
    """What is usual."""
    net.init_parameters_data(seed=3)


def attached(net: Net) -> None:
    """To another cell, before it is initialized; the other one's names do not count."""
    nn.SequentialCell(net)
    net.init_parameters_data(seed=3)
    for name, parameter in net.parameters_and_names():
        assert parameter.name == f"0.{name}"


def one_by_one(net: Net) -> None:
    """Under the seed of the process, with other draws in between."""
    ms.set_seed(3)
    for parameter in reversed(list(net.get_parameters())):
        np.random.rand(2)
        parameter.init_data()


def after_a_part_was_loaded(net: Net) -> None:
    """Of the values that it would have had, from another net."""
    other = Part()
    outer = nn.Cell()
    outer.one = other
    lazycell.init_parameters_data(outer, seed=3)
    for mine, theirs in zip(net.one.get_parameters(), other.get_parameters(), strict=True):
        mine.set_data(theirs)
    net.init_parameters_data(seed=3)


def after_conversion_and_back(net: Net) -> None:
    """The dtype that was declared decides."""
    half = net.one.half
    convert(net.two, ms.float32)
    net.init_parameters_data(seed=3)
    assert half.dtype == ms.float16


def a_second_time(net: Net) -> None:
    """Given up and drawn again."""
    net.init_parameters_data(seed=9)
    net.to_empty()
    net.init_parameters_data(seed=3)


@pytest.mark.parametrize(
    "path",
    [all_at_once, attached, one_by_one, after_a_part_was_loaded, after_conversion_and_back, a_second_time],
)
def test_values_do_not_depend_on_the_way_to_them(path: Callable[[Net], None], expected: dict[str, bytes]) -> None:
    """Seed and name alone decide."""
    net = Net()
    path(net)
    assert values(net) == expected


def test_a_part_that_was_built_eagerly_changes_nothing_for_the_others() -> None:
    """It has values, and keeps them."""

    def build(part: Callable[[], nn.Cell]) -> nn.Cell:
        return nn.CellList([part(), Part()])

    with lazycell.no_init_parameters():
        lazy = build(lambda: nn.Dense(4, 4))
    eager = build(lambda: nn.Dense(4, 4))
    kept = eager[0].weight.asnumpy().tobytes()
    for net in (lazy, eager):
        lazycell.init_parameters_data(net, seed=3)
    assert values(eager)["0.weight"] == kept != values(lazy)["0.weight"]
    others = [{name: each for name, each in values(net).items() if name.startswith("1.")} for net in (eager, lazy)]
    assert others[0] == others[1]
    assert len(others[0]) == 6


def test_values_of_plain_cells_do_not_depend_on_the_order_of_initialization() -> None:
    """They are those that an eager build would have drawn."""
    nets = []
    for sequence in ((0, 1), (1, 0)):
        ms.set_seed(5)
        with lazycell.no_init_parameters():
            net = nn.CellList([nn.Dense(4, 4), nn.Dense(4, 4)])
        for index in sequence:
            lazycell.init_parameters_data(net[index])
        nets.append(values(net))
    assert nets[0] == nets[1]


def test_the_streams_of_a_part_count_from_it() -> None:
    """So it has the values of the same net by itself, under one seed; another seed is another part."""
    whole, alone = Net(), Part()
    lazycell.init_parameters_data(whole.two, seed=3)
    lazycell.init_parameters_data(whole.one, seed=4)
    alone.init_parameters_data(seed=3)
    assert values(whole.two) == values(alone) != values(whole.one)


# ------------------------------------------------------------------------------------------------------ interrupts


def test_an_interrupt_of_the_drawing_leaves_everything_declared(
    monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    """Raised where the progress is told; a second call gives what one alone would have given."""
    net = Net()

    def interrupt(bar: ProgressBar, done: int, total: int) -> None:
        assert 0 < done <= total
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ProgressBar, "__call__", interrupt)
        with pytest.raises(KeyboardInterrupt):
            net.init_parameters_data(seed=3)
    assert states(net) == {"declared"}
    net.init_parameters_data(seed=3)
    assert values(net) == expected


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_of_a_users_initializer_leaves_everything_declared(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    """Also numpy's global generator is as it was before."""
    net = Net()

    def interrupt(initializer: Initializer, arr: Any) -> None:
        np.random.rand(100)
        raise error

    np.random.seed(1)
    undisturbed = np.random.rand()
    np.random.seed(1)
    with monkeypatch.context() as patch:
        patch.setattr(Reversed, "_initialize", interrupt)
        with pytest.raises((KeyboardInterrupt, lazycell.InitializationError)):
            net.init_parameters_data(seed=3)
    assert np.random.rand() == undisturbed
    assert states(net) == {"declared"}
    net.init_parameters_data(seed=3)
    assert values(net) == expected


def test_the_bar_is_told_all_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of strict and plain cells together, in one sum that is reached."""
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(ProgressBar, "__call__", lambda bar, done, total: seen.append((done, total)))
    with lazycell.no_init_parameters():
        dense = nn.Dense(30, 30)
    net = nn.CellList([dense, Net()])
    lazycell.init_parameters_data(net)
    nbytes = sum(math.prod(each.shape) * each.itemsize for each in net.get_parameters())
    assert {total for _, total in seen} == {nbytes}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == nbytes
