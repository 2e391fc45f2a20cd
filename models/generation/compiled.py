"""The scores of the next word from graphs: one for the prompt, one for a step over a cache of fixed size.

A graph is compiled for the shapes of its inputs. So prompts are padded on the left, and caches have room, up to a power
of two; what is compiled stays with the net.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mindspore
import numpy as np
from mindspore import Parameter, Tensor, ops
from numpy.typing import NDArray

from ..heads import CausalLM
from .choosing import Scores
from .padding import Ids, padded, positions_of
from .plain import last

Pairs = Sequence[tuple[Tensor, Tensor]]
"""Keys and values of each layer, each (batch, heads, positions, size)."""

LEAST = 64
"""Positions of the smallest prompt, and the smallest cache, that are compiled."""

MOST = 8
"""So many steps are kept for a net, the latest; each has a cache, and the memory that its graph works in."""

jit: Callable[[Callable[..., Any]], Callable[..., Any]] = mindspore.jit

_PLACE = "graphs_of_generation"


def rounded(length: int) -> int:
    """Give the power of two that holds so many positions."""
    return max(LEAST, 1 << (length - 1).bit_length())


class Graphs:
    """What is compiled of a net.

    Attributes:
        made_of: the net as it was then.
        prompt: the function that reads a prompt; MindSpore compiles it for each shape.
        shapes: those that it is compiled for.
        steps: by batch and positions, each with a cache of its own.
    """

    def __init__(self, made_of: Any = None) -> None:
        self.made_of = made_of
        self.prompt: Any = None
        self.shapes: set[Any] = set()
        self.steps: dict[Any, Step] = {}

    def __deepcopy__(self, _: Any) -> "Graphs":
        return Graphs()  # the copy of a net compiles its own

    def __reduce__(self) -> Any:
        return Graphs, ()

    def read(self, make: Callable[[], Any], *inputs: NDArray[Any]) -> Any:
        """Run the prompt's function, made if it is not there."""
        self.prompt = self.prompt or make()
        shapes = tuple(each.shape for each in inputs)
        with announced("the prompt", shapes[0], shapes not in self.shapes):
            found = self.prompt(*map(Tensor, inputs))
        self.shapes.add(shapes)
        return found

    def step(self, key: Any, make: Callable[[], "Step"]) -> "Step":
        """Give the step of a key, made if it is not there, and let go of the one that has not been used for longest."""
        step = self.steps.pop(key, None) or make()
        self.steps[key] = step
        if len(self.steps) > MOST:
            self.steps.pop(next(iter(self.steps)))
        return step


def graphs_of(net: Any) -> Graphs:
    """Give what is compiled of a net, as it is now: with another parameter in it, all is compiled anew."""
    made_of = net.training, [(id(each), str(each.dtype)) for each in net.get_parameters()]
    graphs: Graphs | None = net.__dict__.get(_PLACE)
    if graphs is None or graphs.made_of != made_of:
        graphs = net.__dict__[_PLACE] = Graphs(made_of)
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

    def __init__(self, like: Tensor, room: int) -> None:
        batch, heads, _, size = like.shape
        self.shape = batch, heads, room, size
        self.parameter = Parameter(ops.zeros((batch * heads * room, size), like.dtype), requires_grad=False)

    def fill(self, first: Tensor) -> None:
        """Put in what there is of the first positions, (batch, heads, positions, size)."""
        left = self.shape[2] - first.shape[2]
        if left:
            first = ops.concat((first, ops.zeros((*self.shape[:2], left, self.shape[3]), first.dtype)), 2)
        # In place: a graph goes on reading the memory that it was compiled with.
        ops.assign(self.parameter, first.reshape(self.parameter.shape))


class Step:
    """One word for each text: a cache, and the graph that reads and writes it.

    Args:
        past: keys and values of each layer, as the prompt gave them; they tell the sizes.
        room: how many positions the cache has.
        make: gives the function to compile, from the parameters of `past` and `others`, and the first row of each head.
        others: those of another text, which are as many as there are.
    """

    def __init__(self, past: Pairs, room: int, make: Callable[[Any, Tensor], Any], others: Pairs = ()) -> None:
        self.tables = [[Table(each, room) for each in pair] for pair in past]
        self.tables += [[Table(each, each.shape[2]) for each in pair] for pair in others]
        batch, heads = past[0][0].shape[:2]
        starts = Tensor(np.arange(batch * heads, dtype=np.int32) * room)
        self.function = make([[table.parameter for table in pair] for pair in self.tables], starts)
        self.shape, self.is_new = (batch, room), True

    def fill(self, past: Pairs) -> None:
        """Begin with what a prompt gave."""
        for tables, pair in zip(self.tables, past, strict=True):
            for table, first in zip(tables, pair, strict=True):
                table.fill(first)

    def __call__(self, *inputs: Any) -> Any:
        with announced("a step", self.shape, self.is_new):
            output = self.function(*inputs)
        self.is_new = False
        return output


class Continuing:
    """Goes on with texts."""

    def __init__(self, net: Any, ids: Ids, mask: Ids, words: int) -> None:
        length = rounded(ids.shape[1])
        self.net, self.graphs = net, graphs_of(net)
        self.ids, self.mask = padded(ids, length), padded(mask, length)
        self.positions, self.room, self.place = positions_of(self.mask), rounded(length + words), length
        self.step: Step | None = None

    def scores(self) -> Scores:
        """Score what comes after the words so far."""
        if self.step is None:
            output = self.graphs.read(lambda: _prompt(self.net), self.ids, self.mask, self.positions)
            past = output.past_key_values
            self.step = self.graphs.step((len(self.ids), self.room), lambda: Step(past, self.room, self._make))
            self.step.fill(past)
            after = np.ones((len(self.mask), self.room - self.mask.shape[1]), self.mask.dtype)
            self.whole = Tensor(np.concatenate((self.mask, after), 1))
        else:
            output = self.step(Tensor(self.ids), self.whole, Tensor(self.positions), _index(self.place))
            self.place += 1
        return last(output.logits)

    def go_on(self, words: NDArray[Any]) -> None:
        """Take the words that were chosen, (batch,)."""
        self.ids = words[:, None].astype(self.ids.dtype)
        self.positions = self.positions[:, -1:] + 1

    def _make(self, tables: Any, starts: Tensor) -> Any:
        net = self.net

        @jit
        def step(ids: Tensor, mask: Tensor, positions: Tensor, place: Tensor) -> Any:
            rows = starts + place
            past = tuple([(keys, values, rows) for keys, values in tables])
            return net(ids, mask, positions, past, cache_position=place)

        return step


class Answering:
    """Writes answers to texts, each of which is read once."""

    def __init__(self, net: Any, ids: Ids, mask: Ids, start: Ids, words: int) -> None:
        length = rounded(ids.shape[1])
        self.net, self.graphs, self.ids = net, graphs_of(net), start
        self.question, self.mask = padded(ids, length), padded(mask, length)
        self.place = start.shape[1]
        self.room = rounded(self.place + words)
        self.step: Step | None = None

    def scores(self) -> Scores:
        """Score what comes after the words so far."""
        if self.step is None:
            output = self.graphs.read(lambda: _question(self.net), self.question, self.mask, self.ids)
            self.read = output.encoder_last_hidden_state
            own, others = (list(pairs) for pairs in zip(*output.past_key_values, strict=True))
            key = len(self.ids), self.room, self.mask.shape[1]
            self.step = self.graphs.step(key, lambda: Step(own, self.room, self._make, others))
            self.step.fill(own + others)
            self.seen, self.whole = Tensor(self.mask), ops.ones((len(self.ids), self.room), mindspore.int64)
        else:
            output = self.step(Tensor(self.ids), self.seen, self.whole, self.read, _index(self.place))
            self.place += 1
        return last(output.logits)

    def go_on(self, words: NDArray[Any]) -> None:
        """Take the words that were chosen, (batch,)."""
        self.ids = words[:, None].astype(self.ids.dtype)

    def _make(self, tables: Any, starts: Tensor) -> Any:
        net, count, size = self.net, len(tables) // 2, tables[0][0].shape[-1]
        own, others = tables[:count], tables[count:]
        read = (len(self.ids), len(starts) // len(self.ids), self.mask.shape[1], size)

        @jit
        def step(ids: Tensor, mask: Tensor, own_mask: Tensor, encoded: Tensor, place: Tensor) -> Any:
            rows = starts + place
            past = tuple(
                [
                    ((own[i][0], own[i][1], rows), (others[i][0].reshape(read), others[i][1].reshape(read)))
                    for i in range(count)
                ]
            )
            return net(None, mask, ids, own_mask, (encoded,), past, cache_position=place)

        return step


def _prompt(net: Any) -> Any:
    options = {"logits_to_keep": 1} if isinstance(net, CausalLM) else {}

    @jit
    def prompt(ids: Tensor, mask: Tensor, positions: Tensor) -> Any:
        return net(ids, mask, positions, None, use_cache=True, **options)

    return prompt


def _question(net: Any) -> Any:
    @jit
    def question(ids: Tensor, mask: Tensor, start: Tensor) -> Any:
        return net(ids, mask, start, use_cache=True)

    return question


def _index(place: int) -> Tensor:
    return Tensor([place], mindspore.int32)
