"""Tests of `lazycell.declaration._class_doc`: what a class declares, as text for `help`."""

from __future__ import annotations

import pydoc
from typing import Any

from mindspore import nn

from lazycell import INDEX, Buffer, LazyCell, Param, buffer, cells, child, children, hyper, len_, param, when


class Linear(LazyCell):
    """Affine map.

    Of the last axis.
    """

    n: int
    m: int = hyper(8, doc="length of the last axis\n of the result")
    use_bias: bool = True
    both = n + m
    weight: Any = param("he_uniform", (m, n), doc="one row an output")
    bias: Param["zeros", (m,)] = when(use_bias)
    mean: Buffer["zeros", (m,)]
    table: Any = buffer(0.5, (m,), "int64", persistent=False)

    def construct(self, x: Any) -> Any:
        return x


class Net(LazyCell):
    n: int
    layers: list[Linear] = children(n // 2, Linear, n + INDEX, use_bias=False)
    either: nn.Cell = when(n > 2, child(nn.ReLU), otherwise=child(Linear, n))
    absent: Any = when(n > 2, None, otherwise=child(nn.Dense, n, n))


class Rows(LazyCell):
    sizes: tuple[int, ...]
    scales: Any = children(len_(sizes), param("ones", (sizes[INDEX],)))
    row: nn.SequentialCell = cells(child(nn.ReLU), child(nn.Dense, sizes[0], 3))
    ways: nn.CellDict = cells(up=child(nn.ReLU), down=when(sizes[0] > 2, child(nn.Tanh)))
    grid: list[nn.SequentialCell] = children(2, cells(child(nn.ReLU), child(nn.Tanh)))
    square: list[Any] = children(2, children(sizes[INDEX], nn.Dense, INDEX.inner, 3))


class Empty(LazyCell):
    pass


DECLARED = """\
Affine map.

Of the last axis.

Hyperparameters:
    n: int
    m: int = 8  length of the last axis of the result
    use_bias: bool = True

Derived values:
    both = n + m

Parameters:
    weight: (m, n), he_uniform  one row an output
    bias: (m,), zeros if use_bias

Buffers:
    mean: (m,), zeros
    table: (m,) int64, 0.5, not saved"""

CHILDREN = """\
Hyperparameters:
    n: int

Children:
    layers: (n // 2) × Linear(n + INDEX, use_bias=False)
    either: ReLU() if n > 2, else Linear(n)
    absent: Dense(n, n) unless n > 2"""


ROWS = """\
Hyperparameters:
    sizes: tuple[int, ...]

Parameters:
    scales: len_(sizes) × (sizes[INDEX],), ones

Children:
    row: ReLU(), Dense(sizes[0], 3)
    ways: up: ReLU(), down: Tanh() if sizes[0] > 2
    grid: 2 × (ReLU(), Tanh())
    square: 2 × sizes[INDEX] × Dense(INDEX.inner, 3)"""


def test_what_a_class_declares_is_in_its_docstring() -> None:
    """Below what is written; a class that says and declares nothing has none, as any."""
    assert Linear.__doc__ == DECLARED
    assert Net.__doc__ == CHILDREN
    assert Rows.__doc__ == ROWS
    assert Empty.__doc__ is None
    assert (LazyCell.__doc__ or "").startswith("A cell whose class body declares its parameters")


def test_the_docstring_may_be_written_later() -> None:
    """Some tools do."""

    class Later(LazyCell):
        n: int

    Later.__doc__ = "Said later."
    assert Later.__doc__ == "Said later.\n\nHyperparameters:\n    n: int"


def test_help_begins_with_it_and_leaves_out_what_every_cell_has() -> None:
    """MindSpore's cells have some 1,700 lines of it; to everybody but `help` their names are there."""
    text = pydoc.plain(pydoc.render_doc(Linear))
    lines = [line.removeprefix(" |").strip() for line in text.splitlines()]
    assert [line for line in lines[4:] if line][:4] == [
        "Affine map.",
        "Of the last axis.",
        "Hyperparameters:",
        "n: int",
    ]
    assert len(lines) < 400
    assert {"construct(self, x: 'Any') -> 'Any'", "hyperparameters"} <= {*lines}
    assert "set_train" not in text
    assert {"set_train", "construct", "manifest"} <= {*dir(Linear)}
