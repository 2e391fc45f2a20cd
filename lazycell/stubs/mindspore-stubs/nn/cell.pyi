"""`nn.Cell` as checkers see a `LazyCell`, so that it is one, for whoever puts the folder `stubs` on their path."""

from lazycell._nn_cell import Cell as Cell

class GraphCell(Cell):
    """`mindspore.nn.GraphCell`."""

    def __init__(self, graph: object, params_init: object = None, obf_random_seed: int | None = None) -> None: ...
