"""What someone is told who declares cells within a cell wrongly."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

import inspect
from typing import Any

from mindspore import nn

from lazycell import INDEX, SELF, LazyCell, Param, cells, child, children, param, when

from .telling import Linear, told


@told(
    "A.layers: what is in a plain list is not registered, so its parameters would be lost: write `layers: "
    "list[Block] = children(count, Block, …)`, or `layers: list = cells(child(…), child(…))` for unlike ones"
)
def test_a_plain_list_of_cells_in_the_body() -> None:
    """MindSpore would not register them."""

    class A(LazyCell):
        n: int
        layers: list[Linear] = [child(Linear, n, n), child(Linear, n, n)]  # here


@told(
    "A.layers: cells in a plain list are not registered...`layers: list[Block] = children(count, Block, "
    "…)`...`self.layers = nn.CellList(…)`"
)
def test_a_plain_list_of_cells_in_post_init() -> None:
    """MindSpore would not register them either."""

    class A(LazyCell):
        def __post_init__(self) -> None:
            self.layers = [Linear(3, 3)]  # here

    A()


@told(
    "A.parts: cells in a plain dict are not registered...`parts: list[Block] = children(count, Block, "
    "…)`...`self.parts = nn.CellList(…)`"
)
def test_a_plain_dict_of_cells_in_post_init() -> None:
    """The same."""

    class A(LazyCell):
        def __post_init__(self) -> None:
            self.parts = {"a": nn.Dense(3, 3)}  # here

    A()


@told(
    "Linear: `in_features` was given the symbol `n`: inside a class body a cell is declared, not built. Write "
    "`child(Linear, …)`"
)
def test_a_lazy_cell_built_in_the_body() -> None:
    """Its arguments have no values yet."""

    class A(LazyCell):
        n: int
        part: Linear = Linear(n, n)  # here


@told("A.act: this ReLU is built already, once for all instances...`act: ReLU = child(ReLU, …)`")
def test_a_plain_cell_built_in_the_body() -> None:
    """All instances would share it."""

    class A(LazyCell):
        act: nn.Cell = nn.ReLU()  # here


@told("child() takes the class and its arguments, not a cell that is built already...`child(Linear, …)`")
def test_child_of_an_instance() -> None:
    """The class is wanted."""

    class A(LazyCell):
        part: Linear = child(Linear(3, 3))  # here


@told("children() takes the class and its arguments, not a cell that is built already...`children(count, Linear, …)`")
def test_children_of_an_instance() -> None:
    """The same."""

    class A(LazyCell):
        parts: list[Linear] = children(3, Linear(3, 3))  # here


def test_a_cell_as_an_argument_of_a_child() -> None:
    """All instances would share its parameters; a cell without any may be shared."""

    with told(
        "a Dense that is built already cannot be an argument of a child...share it...`child(make_stack, hidden)`"
    ):

        class A(LazyCell):
            part: nn.Cell = child(nn.SequentialCell, nn.Dense(3, 3), nn.ReLU())  # here

    assert child(nn.Dense, 3, 3, activation=nn.ReLU()) is not None


@told("a declaration cannot be an argument of a child...`child(make_stack, hidden)`")
def test_a_declaration_as_an_argument_of_a_child() -> None:
    """Declarations are not nested."""

    class A(LazyCell):
        parts: Any = children(2, nn.SequentialCell, child(nn.Dense, 3, 3))  # here


@told("child() takes a class or a function, not 'Linear'...`child(Block, hidden)`")
def test_child_of_something_else() -> None:
    """It has to be called."""

    class A(LazyCell):
        part: Any = child("Linear", 3, 3)  # here


@told("children() repeats cells, or parameters...`children(count, child(Block, hidden))` or `children(count, param(...")
def test_children_of_a_mixture() -> None:
    """What is repeated is of one kind."""

    class A(LazyCell):
        parts: Any = children(3, when(INDEX > 1, param("zeros", (3,)), otherwise=child(nn.ReLU)))  # here


@told(
    "A.steps: the annotation does not say what holds a row of cells: write `steps: nn.SequentialCell = cells(…)`...`steps: list = cells(…)`"
)
def test_a_row_of_cells_that_nothing_holds() -> None:
    """MindSpore has two containers for it."""

    class A(LazyCell):
        steps: Any = cells(child(nn.ReLU), child(nn.ReLU))  # here


@told("children(count, child(…)) takes no further arguments...`children(count, child(Block, hidden))`")
def test_children_of_a_child_with_arguments() -> None:
    """They belong to the child."""

    class A(LazyCell):
        parts: Any = children(3, child(Linear, 3), 4)  # here


@told("A.parts: nothing is declared for position 0...`otherwise=child(…)`")
def test_a_position_without_a_cell() -> None:
    """A list has no holes."""

    class A(LazyCell):
        n: int
        parts: Any = children(n, when(INDEX > 0, child(Linear, 3, 3)))  # here

    A(2)


def test_wrong_arguments_for_a_child() -> None:
    """The call with its values, and what the class takes; the same when only a manifest is made."""

    class A(LazyCell):
        n: int
        part: Linear = child(Linear, n, use_bia=False)  # here

    text = (
        "A.part: `Linear(3, use_bia=False)` does not fit: missing a required argument: 'out_features'. It takes "
        "(in_features, out_features, use_bias, dtype)"
    )
    with told(text):
        A(3)
    with told(text):
        A.manifest(3)


@told(
    f"A.part: `ReLU(1, 2, 3)` does not fit: too many positional arguments. It takes ({', '.join(inspect.signature(nn.ReLU).parameters)})"
)
def test_wrong_arguments_for_a_plain_cell() -> None:
    """The same."""

    class A(LazyCell):
        part: nn.Cell = child(nn.ReLU, 1, 2, 3)  # here

    A()


def test_a_child_that_is_no_cell() -> None:
    """Whatever the factory gives is checked; the same when only a manifest is made."""

    class A(LazyCell):
        part: Any = child(dict, a=1)  # here

    text = "A.part: `dict(a=1)` gave a dict...has to be an nn.Cell"
    with told(text):
        A()
    with told(text):
        A.manifest()


@told("A.part: `(INDEX, 3)` uses `INDEX`, which is only known in the arguments of children(…)")
def test_index_elsewhere() -> None:
    """Only `children` counts."""

    class A(LazyCell):
        part: Linear = child(Linear, INDEX, 3)  # here


@told("A.w: `(SELF.n,)` uses `SELF`, which is only known in the arguments of child(…) and children(…)")
def test_self_elsewhere() -> None:
    """A parameter's shape names hyperparameters directly."""

    class A(LazyCell):
        n: int
        w: Param["zeros", (SELF.n,)]  # here
