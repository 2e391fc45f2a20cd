"""A small transformer of real cells, files with one fault each, and someone who does what is written, to the letter."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from mindspore import nn

from lazycell import (
    INDEX,
    LazyCell,
    Param,
    child,
    children,
    direction,
    fused,
    magnitude,
    require,
    reshaped,
    squeezed,
    tie,
    transposed,
    when,
)
from lazycell.cli._shell import Shell
from lazycell.mismatch import PYTHON, Argument, Cause, Mismatch

Arrays = dict[str, Any]


class Linear(LazyCell):
    """A matrix and perhaps a vector."""

    in_features: int
    out_features: int
    use_bias: bool = True

    weight: Param["normal", (out_features, in_features)]
    bias: Param["normal", (out_features,)] = when(use_bias)


class Attention(LazyCell):
    """Queries, keys and values apart, each of the width of the model."""

    hidden: int
    use_bias: bool

    q: Linear = child(Linear, hidden, hidden, use_bias)
    k: Linear = child(Linear, hidden, hidden, use_bias)
    v: Linear = child(Linear, hidden, hidden, use_bias)


class Block(LazyCell):
    """One layer."""

    hidden: int
    inner: int
    use_bias: bool

    attn: Attention = child(Attention, hidden, use_bias)
    up: Linear = child(Linear, hidden, inner)
    down: Linear = child(Linear, inner, hidden)


class Body(LazyCell):
    """Embeddings and layers."""

    base_model_prefix: ClassVar[str] = "body"

    vocab_size: int = 30
    hidden: int = 8
    inner: int = 12
    n_layers: int = 3
    use_bias: bool = True

    embed: Linear = child(Linear, hidden, vocab_size, use_bias=False)
    layers: list[Block] = children(n_layers, Block, hidden, inner, use_bias)


class Net(LazyCell):
    """A body, an output layer that may be tied, and a head."""

    base_model_prefix: ClassVar[str] = "body"

    vocab_size: int = 30
    hidden: int = 8
    inner: int = 12
    n_layers: int = 3
    n_labels: int = 3
    use_bias: bool = True
    tie_words: bool = False
    n_heads: int = 2
    require(hidden % n_heads == 0, "heads share the width")

    body: Body = child(Body, vocab_size, hidden, inner, n_layers, use_bias)
    lm_head: Linear = child(Linear, hidden, vocab_size, use_bias=False)
    classifier: Linear = child(Linear, hidden, n_labels)
    tied = when(tie_words, tie("lm_head.weight", "body.embed.weight"))


class Plain(LazyCell):
    """The same without saying that it has a base."""

    hidden: int = 8
    n_labels: int = 3

    body: Body = child(Body, 30, hidden, 12, 3)
    classifier: Linear = child(Linear, hidden, n_labels)


class Convolution(LazyCell):
    """One kernel."""

    inputs: int
    outputs: int

    weight: Param["normal", (outputs, inputs, 1, 3)]


class Stage(LazyCell):
    """Some layers."""

    depth: int

    layers: list[Linear] = children(depth, Linear, 4, 4)


class Pyramid(LazyCell):
    """Stages of several widths and depths."""

    widths: tuple[int, ...] = (4, 8, 16)
    depths: tuple[int, ...] = (1, 2)

    steps: list[Convolution] = children(2, Convolution, widths[INDEX], widths[INDEX + 1])
    stages: list[Stage] = children(2, Stage, depths[INDEX])


class Merged(LazyCell):
    """Queries, keys and values in one."""

    width: int = 4

    qkv: Linear = child(Linear, width, 3 * width, use_bias=False)
    norm: Param["normal", (width,)]
    out: Linear = child(Linear, width, width)


def arrays_of(net: nn.Cell) -> Arrays:
    """Give what a file of a net holds, by the net's own names."""
    return {name: parameter.asnumpy() for name, parameter in net.parameters_and_names()}


def made(cls: type[LazyCell], **hyperparameters: Any) -> Arrays:
    """Make a net with values, and give them."""
    net = cls(**hyperparameters)
    net.init_parameters_data(seed=7)
    return arrays_of(net)


class Way:
    """One thing to do: a net to build, and arguments to pass."""

    def __init__(self, settings: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        self.settings, self.arguments = dict(settings), dict(arguments)


_FORMS = {
    "direction": direction,
    "fused": fused,
    "magnitude": magnitude,
    "reshaped": reshaped,
    "squeezed": squeezed,
    "transposed": transposed,
}


def _read(text: str) -> dict[str, Any]:
    """Read arguments as Python would, pasted into a call."""
    return dict(eval(f"dict({text})", {"__builtins__": {"dict": dict, "True": True, "False": False}, **_FORMS}))


def ways_in_python(mismatch: Mismatch) -> list[Way]:
    """Read what to do off the text: what is to be built and passed at once, then each of the other ways."""
    todo = mismatch.text().partition("\nwhat to do:\n")[2].splitlines()
    settings, arguments = {}, {}
    for line in todo:
        if (found := re.fullmatch(r"  build the model with `(.*)`", line)) is not None:
            settings |= _read(found[1])
        elif (found := re.fullmatch(r"  pass (\w+=.*)", line)) is not None:
            arguments |= _read(found[1])
    ways = [Way(settings, arguments)] if settings or arguments else []
    for given in alternatives(mismatch.causes):
        text = ", ".join(PYTHON.argument(each) for each in given)
        assert all(PYTHON.argument(each) in "\n".join(todo) for each in given)
        ways.append(Way({}, _read(text)))
    return ways


def ways_in_shell(mismatch: Mismatch) -> Iterator[list[str]]:
    """Read the same as the command says it: options, as a shell would split them."""
    todo = mismatch.text(Shell()).partition("\nwhat to do:\n")[2].splitlines()
    for line in todo:
        if line.startswith("  add "):
            yield shlex.split(line.removeprefix("  add "))
    for given in alternatives(mismatch.causes):
        yield shlex.split(" ".join(Shell().argument(each) for each in given))


def alternatives(causes: tuple[Cause, ...]) -> Iterator[list[Argument]]:
    """Give the arguments in each part of a sentence, that can be passed as they are."""
    for cause in causes:
        parts: list[list[Argument]] = [[]]
        for word in cause.todo if isinstance(cause.todo, tuple) else ():
            if isinstance(word, Argument):
                parts[-1].append(word)
            elif word.strip(" ").startswith(";"):
                parts.append([])
        for given in parts:
            if given and all(each.value not in (None, ()) and "…" not in str(each.value) for each in given):
                yield given


def turned(arrays: Arrays, *ends: str) -> Arrays:
    """Store matrices the other way round."""
    return {name: array.T.copy() if name.endswith(ends) else array for name, array in arrays.items()}


def renamed(arrays: Arrays, rename: Callable[[str], str | None]) -> Arrays:
    """Give the arrays other names; None leaves one out."""
    return {new: array for name, array in arrays.items() if (new := rename(name)) is not None}


def joined(arrays: Arrays) -> Arrays:
    """Store queries, keys and values in one tensor."""
    found: Arrays = {}
    for name, array in arrays.items():
        if name.endswith((".q.weight", ".q.bias")):
            place, _, _, last = name.rsplit(".", 3)[0], *name.rsplit(".", 3)[1:]
            parts = [arrays[f"{place}.attn.{each}.{last}"] for each in "qkv"]
            found[f"{place}.attn.qkv.{last}"] = np.concatenate(parts)
        elif ".attn." not in name:
            found[name] = array
    return found
