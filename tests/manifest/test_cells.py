"""Path and class of every cell, without building one."""

from __future__ import annotations

from lazycell.manifest._outline import Outline, cells_of_class
from tests.pure import run

SOURCE = """
class Leaf(PureCell):
    n: int
    w: Param["normal", (n,)]

class Block(PureCell):
    n: int
    has: bool = True
    leaf: Leaf = when(has, child(Leaf, n))
    plain: object = child(dict)

class Net(PureCell):
    m: int
    first: Block = child(Block, 3)
    blocks: list = children(m, Block, 3, has=INDEX == 1)
"""


def test_every_cell_that_is_there() -> None:
    """Lists by position, absent children not at all, plain ones as they are looked into."""
    module = run(SOURCE, strings=True)
    net, block, leaf = module["Net"], module["Block"], module["Leaf"]
    expected = {
        "": net,
        "first": block,
        "first.leaf": leaf,
        "blocks.0": block,
        "blocks.1": block,
        "blocks.1.leaf": leaf,
    }
    assert cells_of_class(net, (), {"m": 2}) == expected
    inside = {"first.plain.x": leaf, "blocks.0.plain.x": leaf, "blocks.1.plain.x": leaf}
    assert cells_of_class(net, (2,), {}, lambda one, dtype: Outline(cells={"x": leaf})) == expected | inside
