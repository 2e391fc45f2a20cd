"""Graphs of a net, and caches of fixed size: kept with the net, each compiled once for a shape.

A graph is compiled for the shapes of its inputs. So prompts are padded on the left, and caches have room, up to a power
of two; what is compiled stays with the net.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import mindspore
import numpy as np
from mindspore import Parameter, ParameterTuple, Tensor, ops
from numpy.typing import NDArray

Pairs = Sequence[tuple[Tensor, Tensor]]
"""Keys and values of each layer, each (batch, heads, positions, size)."""

LEAST = 64
"""Positions of the smallest prompt, and the smallest cache, that are compiled."""

MOST = 8
"""So many steps are kept for a net, the latest, beside those in use. Each has a cache, and what its graph works in."""

_PLACE = "graphs_of_generation"


def rounded(length: int) -> int:
    """Give the power of two that holds so many positions."""
    return max(LEAST, 1 << (length - 1).bit_length())


class Graphs:
    """What is compiled of a net.

    Attributes:
        training: as the net was then.
        parameters: those of the net then, each with its dtype.
        prompt: the cell that reads a prompt; MindSpore compiles it for each shape.
        shapes: those that it is compiled for.
        steps: by batch and positions, those that no text is written with now; each has a cache of its own.
    """

    def __init__(self, training: bool = False, parameters: Sequence[tuple[Any, Any]] = ()) -> None:
        self.training, self.parameters = training, parameters
        self.prompt: Any = None
        self.shapes: set[Any] = set()
        self.steps: dict[Any, Step] = {}

    def __deepcopy__(self, _: Any) -> "Graphs":
        return Graphs()  # the copy of a net compiles its own

    def __reduce__(self) -> Any:
        return Graphs, ()

    def read(self, make: Callable[[], Any], *inputs: NDArray[Any]) -> Any:
        """Run the prompt's cell, made if it is not there."""
        self.prompt = self.prompt or mindspore.jit(make())
        shapes = tuple(each.shape for each in inputs)
        with announced("the prompt", shapes[0], shapes not in self.shapes):
            found = self.prompt(*map(Tensor, inputs))
        self.shapes.add(shapes)
        return found

    def are_of(self, training: bool, parameters: Sequence[tuple[Any, Any]]) -> bool:
        """Tell whether the net is still what it was: the same parameters, and not others that are where they were."""
        if self.training != training or len(self.parameters) != len(parameters):
            return False
        pairs = zip(self.parameters, parameters, strict=True)
        return all(was is each and dtype == now for (was, dtype), (each, now) in pairs)

    def take(self, key: Any, make: Callable[[], "Step"]) -> "Step":
        """Take the step of a key, made if it is not there: its cache is one text's until it is put back."""
        return self.steps.pop(key, None) or make()

    def put_back(self, key: Any, step: "Step") -> None:
        """Keep a step for the next text, and let go of the one that has not been used for longest."""
        self.steps[key] = step
        if len(self.steps) > MOST:
            self.steps.pop(next(iter(self.steps)))


def graphs_of(net: Any) -> Graphs:
    """Give what is compiled of a net, as it is now: with another parameter in it, all is compiled anew."""
    parameters = [(each, each.dtype) for each in net.get_parameters()]
    graphs: Graphs | None = net.__dict__.get(_PLACE)
    if graphs is None or not graphs.are_of(net.training, parameters):
        graphs = net.__dict__[_PLACE] = Graphs(net.training, parameters)
    return graphs


@contextmanager
def announced(what: str, shape: tuple[int, ...], is_new: bool) -> Iterator[None]:
    """Say on a terminal that something is compiled, and how long it took: seconds, in which nothing else is seen."""
    if not is_new or not sys.stderr.isatty():
        yield
        return
    text = f"compiling {what} for {shape[0]} x {shape[1]} positions"
    print(f"{text} ...", end="\r", file=sys.stderr, flush=True)
    start = time.perf_counter()
    yield
    print(f"{text}: {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)


class Table:
    """Keys or values of one layer in a cache of fixed size: a parameter, (batch * heads * positions, size)."""

    def __init__(self, like: Tensor, room: int, name: str) -> None:
        batch, heads, _, size = like.shape
        self.room = room
        empty = ops.zeros((batch * heads * room, size), like.dtype)
        self.parameter = Parameter(empty, name=name, requires_grad=False)

    def fill(self, first: Tensor) -> None:
        """Put in the first positions, (batch, heads, positions, size): in place, where the graph reads.

        What an earlier text left behind them is not seen.
        """
        batch, heads, count, size = first.shape
        rows = _rows(batch * heads, self.room, count)
        ops.scatter_update(self.parameter, rows, first.reshape(-1, size))


@lru_cache(maxsize=4)
def _rows(heads: int, room: int, count: int) -> Tensor:
    return Tensor((np.arange(heads)[:, None] * room + np.arange(count)).reshape(-1).astype(np.int32))


class Step:
    """One word for each text: a cache, and the graph that reads and writes it.

    Args:
        past: keys and values of each layer, as the prompt gave them; they tell the sizes.
        room: how many positions the cache has.
        make: gives the cell to compile, from the parameters of `past` and `others`, and the first row of each head.
        others: those of another text, which are as many as there are.
    """

    def __init__(self, past: Pairs, room: int, make: Callable[[Any, Tensor], Any], others: Pairs = ()) -> None:
        sizes = [(pair, room) for pair in past] + [(pair, pair[0].shape[2]) for pair in others]
        self.tables = [
            [Table(each, size, f"{_PLACE}.{index}.{place}") for place, each in enumerate(pair)]
            for index, (pair, size) in enumerate(sizes)
        ]
        batch, heads = past[0][0].shape[:2]
        starts = Tensor(np.arange(batch * heads, dtype=np.int32) * room)
        parameters = [ParameterTuple([table.parameter for table in pair]) for pair in self.tables]
        self.run = mindspore.jit(make(parameters, starts))
        self.shape, self.is_new = (batch, room), True

    def fill(self, past: Pairs) -> None:
        """Begin with what a prompt gave."""
        for tables, pair in zip(self.tables, past, strict=True):
            for table, first in zip(tables, pair, strict=True):
                table.fill(first)

    def __call__(self, *inputs: Any) -> Any:
        with announced("a step", self.shape, self.is_new):
            logits = self.run(*inputs)
        self.is_new = False
        return logits
