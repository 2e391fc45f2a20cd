"""`derived(function, …)` and `len_` on real cells: attributes, shapes, conditions, counts, and what `infer` tells."""

import inspect
from typing import Any

import pytest
from mindspore import nn

from lazycell import INDEX, DeclarationError, LazyCell, Param, children, derived, hyper, len_, require, when
from tests.words import live


def round_up(number: int, multiple: int) -> int:
    """The smallest multiple that is not smaller."""
    return -(-number // multiple) * multiple


def half(sizes: tuple[int, ...]) -> list[int]:
    """Each size, halved."""
    return [size // 2 for size in sizes]


class Linear(LazyCell):
    a: int
    b: int
    weight: Param["normal", (a, b)]


class Net(LazyCell):
    depths: tuple[int, ...]
    widths: tuple[int, ...]
    hidden: int = 8
    activation: str = hyper("gelu", kw_only=True)
    inner: int = derived(round_up, 8 * hidden // 3, 64)
    narrow = derived(half, widths)
    pairs = len_(widths) // 2
    here = derived(round_up, widths[INDEX], multiple=10)
    require(len_(depths) == len_(widths), "a depth for each width")

    layers: list[Linear] = children(len_(widths), Linear, widths[INDEX], here)
    out: Param["ones", (inner, derived(round_up, hidden, multiple=3))]
    more: Param["ones", (hidden,)] = when(derived(str.startswith, activation, "g"))


def test_life(tmp_path: Any) -> None:
    """In shapes, counts and conditions, with nothing built, in files, and in what a file tells."""
    net = live(Net, tmp_path, depths=(1, 1), widths=(4, 25))
    assert (net.inner, net.narrow, net.pairs) == (64, [2, 12], 1)
    assert [tuple(each.weight.shape) for each in net.layers] == [(4, 10), (25, 30)]
    assert net.out.shape == (64, 9)
    assert Net((), (), activation="relu").more is None
    assert not hasattr(net, "here")
    entry = net.manifest()["out"]
    assert entry.expression == "(inner, derived(round_up, hidden, multiple=3))"

    found = Net.infer(tmp_path / "net.safetensors")
    assert found["widths"] == (4, 25)
    assert "len_(depths)=2" in found.undetermined["depths"].reason
    assert found["inner"] == 64
    told = Net.infer(tmp_path / "net.safetensors", depths=(1, 1))
    assert told.fits
    assert Net(**told).manifest().digest == net.manifest().digest


def test_each_instance_has_its_own_list() -> None:
    """What a function makes is made for each, where it can be changed."""
    assert Net((1,), (4,)).narrow is not Net((1,), (4,)).narrow


def test_a_default_is_an_argument() -> None:
    """With an annotation it is what a caller may give."""
    assert Net((), (), inner=5).out.shape == (5, 9)
    assert "inner: int = derived(round_up, 8 * hidden // 3, 64)" in inspect.getsource(Net.__init__)


def test_functions_of_one_name_are_told_apart(tmp_path: Any) -> None:
    """Two lambdas of one argument are two functions, also to the solver."""

    class Lambdas(LazyCell):
        n: int
        a: Param["ones", (derived(lambda n: n + 1, n), n)]
        b: Param["ones", (derived(lambda n: n + 2, n),)]

    net = Lambdas(3)
    net.init_parameters_data()
    net.save_checkpoint(tmp_path / "net.safetensors")
    assert Lambdas.infer(tmp_path / "net.safetensors")["n"] == 3


def test_a_cell_is_no_value() -> None:
    """It is declared as a child."""
    with pytest.raises(
        DeclarationError, match=r"derived\(\) is for values, and Dense makes a cell: write `child\(Dense"
    ):

        class Wrong(LazyCell):
            n: int
            dense = derived(nn.Dense, n, n)


def test_a_length_that_does_not_fit_is_refused() -> None:
    """A requirement of lengths says both."""
    with pytest.raises(
        ValueError, match=r"`len_\(depths\) == len_\(widths\)` does not hold with depths=\(1,\), widths=\(\)"
    ):
        Net((1,), ())
