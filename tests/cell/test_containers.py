"""Cells and parameters in containers: lists of lists, unlike cells in a row and under names, rows of parameters."""

from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, ParameterTuple, Tensor, nn, ops

from lazycell import (
    INDEX,
    SELF,
    DeclarationError,
    LazyCell,
    Param,
    buffer,
    cells,
    child,
    children,
    hyper,
    len_,
    param,
    rename,
    tie,
    when,
)
from tests.versions import convert
from tests.words import live


class Linear(LazyCell):
    a: int
    b: int
    place: Any = None
    weight: Param["normal", (a, b)]

    def construct(self, x: Tensor) -> Tensor:
        return ops.matmul(x, self.weight)


class Grid(LazyCell):
    depths: tuple[int, ...] = (2, 1, 3)
    widths: tuple[int, ...] = (4, 5, 6)
    grid: list[list[Linear]] = children(
        len_(depths),
        children(depths[INDEX], Linear, widths[INDEX], widths[INDEX] + INDEX.inner, place=(INDEX, INDEX.inner)),
    )
    mixed: list[nn.SequentialCell] = children(
        2, when(INDEX == 0, children(2, Linear, 3, 3), otherwise=cells(child(Linear, 3, 4), child(nn.ReLU)))
    )


class Row(LazyCell):
    width: int
    middle: bool = True
    extra: int = 1
    steps: nn.SequentialCell = cells(
        child(Linear, 3, width),
        when(middle, child(Linear, width, width), otherwise=None),
        child(nn.ReLU),
        children(extra, Linear, width, width),
        cells(child(nn.Dense, width, 2), child(nn.ReLU)),
    )
    loose: list[nn.Cell] = cells(child(Linear, width, 1), child(nn.Dense, width, 1))
    ways: nn.CellDict = cells(up=child(Linear, width, 2), down=when(middle, child(Linear, width, 1)))

    def construct(self, x: Tensor) -> Tensor:
        return self.steps(x)


class Scales(LazyCell):
    depth: int
    widths: tuple[int, ...] = (4, 5, 6)
    doubled = 2 * widths[INDEX]
    scales: Any = children(depth, param("ones", (widths[INDEX], doubled)))
    alike: Any = children(2, param("normal", (3,), tags=("alike",)))
    means: Any = when(depth > 1, children(2, buffer("zeros", (2,))))
    grid: Any = children(2, children(INDEX + 1, param("normal", "INDEX+1 INDEX.inner+1")))
    more: Linear = child(Linear, 2, 2)

    def construct(self, x: Tensor) -> Tensor:
        total = x
        for scale in self.scales:
            total = total + scale.sum()
        return total + self.alike[1] + self.grid[1][0].sum()


def names(net: LazyCell) -> list[str]:
    """The names of all parameters."""
    return [entry.name for entry in net.manifest()]


def test_lists_of_lists(tmp_path: Any) -> None:
    """`INDEX` is the position in the outer list, `INDEX.inner` that in the list inside of it."""
    net = live(Grid, tmp_path)
    assert [[each.weight.shape for each in row] for row in net.grid] == [
        [(4, 4), (4, 5)],
        [(5, 5)],
        [(6, 6), (6, 7), (6, 8)],
    ]
    assert net.grid[2][1].place == (2, 1)
    assert names(net)[:3] == ["grid.0.0.weight", "grid.0.1.weight", "grid.1.0.weight"]
    assert [type(each) for each in net.mixed] == [nn.SequentialCell, nn.SequentialCell]
    assert net.mixed[1](Tensor(np.ones((1, 3), np.float32))).shape == (1, 4)

    # One more list could be empty, so that nothing tells how many there are.
    found = Grid.infer(tmp_path / "net.safetensors")
    assert "shapes tell depths[0]=2, depths[1]=1, depths[2]=3" in found.undetermined["depths"].reason
    assert found.undetermined["depths"].default_fits
    assert found.fits


def test_a_row_of_unlike_cells(tmp_path: Any) -> None:
    """The annotation says what holds it; what is absent has no place."""
    net = live(Row, tmp_path, width=5)
    assert (type(net.steps), type(net.loose), type(net.ways)) == (nn.SequentialCell, nn.CellList, nn.CellDict)
    assert names(net) == [
        "steps.0.weight",
        "steps.1.weight",
        "steps.3.0.weight",
        "steps.4.0.weight",
        "steps.4.0.bias",
        "loose.0.weight",
        "loose.1.weight",
        "loose.1.bias",
        "ways.up.weight",
        "ways.down.weight",
    ]
    x = Tensor(np.ones((1, 3), np.float32))
    np.testing.assert_array_equal(net(x).asnumpy(), ms.jit(net)(x).asnumpy())
    assert net(x).shape == (1, 2)
    assert Row.infer(tmp_path / "net.safetensors") == {"width": 5, "middle": True, "extra": 1}

    fewer = live(Row, tmp_path, width=5, middle=False, extra=2)
    assert names(fewer)[:3] == ["steps.0.weight", "steps.2.0.weight", "steps.2.1.weight"]
    assert "ways.down.weight" not in names(fewer)
    assert list(fewer.ways.keys()) == ["up"]
    assert Row.infer(tmp_path / "net.safetensors")["middle"] is False


def test_rows_of_parameters(tmp_path: Any) -> None:
    """A tuple of parameters, named by their positions."""
    net = live(Scales, tmp_path, depth=2)
    assert isinstance(net.scales, ParameterTuple)
    assert [each.shape for each in net.scales] == [(4, 8), (5, 10)]
    assert names(net) == [
        *("scales.0", "scales.1", "alike.0", "alike.1", "means.0", "means.1"),
        *("grid.0.0", "grid.1.0", "grid.1.1", "more.weight"),
    ]
    assert net.manifest()["scales.1"].declared_by == "Scales.scales"
    assert net.manifest()["alike.1"].tags == ("alike",)
    assert [parameter.name for parameter in net.trainable_params()] == [n for n in names(net) if "means" not in n]
    assert net.scales[0].name == "scales.0"
    assert Scales(1).means is None
    x = Tensor(np.ones(3, np.float32))
    np.testing.assert_allclose(net(x).asnumpy(), ms.jit(net)(x).asnumpy(), rtol=1e-6)
    assert Scales.infer(tmp_path / "net.safetensors")["depth"] == 2
    assert not np.array_equal(net.alike[0].asnumpy(), net.alike[1].asnumpy())  # each has its stream


class Whole(LazyCell):
    part: Scales = child(Scales, 2, (3, 4))
    parts: list[Scales] = children(2, Scales, 1, (2,))


def test_rows_below_others(tmp_path: Any) -> None:
    """As parts of a model, with a gradient, an optimizer, and values that are given later."""
    net = live(Whole, tmp_path)
    assert "parts.1.grid.1.0" in names(net)
    part = net.part
    gradients = ms.grad(lambda x: part(x).sum(), None, part.trainable_params())(Tensor(np.ones(3, np.float32)))
    assert len(gradients) == len(part.trainable_params())
    optimizer = nn.SGD(Whole().trainable_params())
    assert [each.name for each in optimizer.parameters] == [parameter.name for parameter in net.trainable_params()]
    part.scales[1].set_data(Tensor(np.full((4, 8), 7, np.float32)))
    assert (net.part.scales[1].asnumpy() == 7).all()
    assert convert(part, ms.float16).scales[0].dtype == ms.float16


class Tied(LazyCell):
    """Rules and ties reach what is in containers."""

    n: int = 2
    scales: Any = children(n, param("normal", (3,)))
    other: Any = children(n, param("normal", (3,)))
    row: list = cells(child(Linear, 2, 2), child(Linear, 2, 2))
    tied = tie("other.1", "scales.0")
    also = tie("row.1.weight", "row.0.weight")
    rename({"s{i}": "scales.{i}", "first": "row.0.weight"})


def test_ties_and_rules(tmp_path: Any) -> None:
    """By name, as for others."""
    net = live(Tied, tmp_path)
    assert net.manifest().ties == {"other.1": "scales.0", "row.1.weight": "row.0.weight"}
    assert [tensor.name for tensor in net.manifest().stored] == ["s0", "s1", "first"]
    assert net.other[1] is net.scales[0]
    assert net.row[1].weight is net.row[0].weight


def test_inheritance() -> None:
    """Overridden and removed as other declarations."""

    class Heir(Row):
        loose = None
        steps: nn.SequentialCell = cells(child(Linear, 3, width))

    class Shorter(Scales):
        scales: Any = children(1, param("zeros", (depth,)))
        grid = None

    net = Heir(4)
    assert net.loose is None
    assert names(net) == ["steps.0.weight", "ways.up.weight", "ways.down.weight"]
    assert names(Shorter(3)) == ["scales.0", "alike.0", "alike.1", "means.0", "means.1", "more.weight"]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: cells(), r"cells\(\) declares nothing"),
        (lambda: cells(child(nn.ReLU), up=child(nn.ReLU)), "in a row or under names, not both"),
        (lambda: cells(param("ones", (1,))), "a ParameterSpec cannot be a part of cells"),
        (lambda: cells(nn.ReLU), r"`ReLU` cannot be a part of cells\(…\): write `child"),
        (lambda: cells(up=children(2, nn.ReLU)), "CellDict takes no other containers"),
        (lambda: cells(cells(up=child(nn.ReLU))), "cells under names stand by themselves"),
        (lambda: children(2, cells(up=child(nn.ReLU))), "cells under names stand by themselves"),
        (lambda: children(2, buffer("zeros", (1,), persistent=False)), "a buffer that is not saved cannot be one of"),
    ],
)
def test_mistakes(make: Any, problem: str) -> None:
    """Refused where they are written."""
    with pytest.raises(DeclarationError, match=problem):
        make()


def test_mistakes_in_a_class() -> None:
    """Of a container that nothing says, and of names that MindSpore refuses."""
    with pytest.raises(DeclarationError, match=r"Wrong.steps: the annotation does not say what holds a row of cells"):

        class Wrong(LazyCell):
            steps = cells(child(nn.ReLU), child(nn.ReLU))

    class Named(LazyCell):
        ways: nn.CellDict = cells(update=child(nn.ReLU))

    with pytest.raises(DeclarationError, match=r"Named.ways: nn.CellDict refuses it: .* got key update"):
        Named()

    class Short(LazyCell):
        n: int
        rows: Any = children(n, when(INDEX < 1, param("ones", (1,))))

    with pytest.raises(DeclarationError, match="nothing is declared for position 1"):
        Short(2)


def test_strings_and_self() -> None:
    """Annotations that are text mean the same, and `SELF` is known in containers."""

    class Quoted(LazyCell):
        width: int = hyper(2)
        steps: "nn.SequentialCell | None" = when(width > 1, cells(child(Linear, SELF.width, 3), child(nn.ReLU)))
        unknown: "list[Nowhere]" = cells(child(Linear, width, 1))  # type: ignore[name-defined]
        many: "list[nn.SequentialCell]" = children(2, cells(child(Linear, SELF.width, INDEX + 1)))

    net = Quoted()
    assert isinstance(net.steps, nn.SequentialCell)
    assert isinstance(net.unknown, nn.CellList)
    assert isinstance(net.many[0], nn.SequentialCell)
    assert Quoted(1).steps is None
    assert isinstance(Parameter, type)
