"""The families' reference results on ranks: `zoo.py KIND:MESH:FAMILY,… …`, as in `texts:pp=2,tp=2:llama,mixtral`.

KIND is `texts`: outputs and words; `graph`: outputs in graph mode; `compiled`: words by compiled steps.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import mindspore as ms
import numpy as np

import lazycell
from lazycell import Mesh
from models.generation import generate
from tests.golden_cases import FAMILIES, Case
from tests.models.families import outputs_of, recorded, tensors
from tests.ranks.job import run, start

WORDS = 4
"""So many are written: each takes a while."""

rank, ranks = start()


def check_outputs(net: Any, case: Case, graph: bool) -> None:
    ms.set_context(mode=ms.GRAPH_MODE if graph else ms.PYNATIVE_MODE)
    found = net(**tensors(case.arguments), output_hidden_states=not graph)
    ms.set_context(mode=ms.PYNATIVE_MODE)
    outputs = outputs_of(net.output_type(*found))
    outputs = {name: array for name, array in outputs.items() if name in case.expected}
    assert graph or set(outputs) == recorded(case)
    assert (wrong := case.differences(outputs)) == {}, wrong


def check_words(net: Any, case: Case, compiled: bool) -> None:
    asked = tensors(case.generation)
    words = generate(net, **asked, max_new_tokens=WORDS, compiled=compiled).asnumpy()
    assert np.array_equal(words, case.expected["generated"][:, :WORDS]), words
    if not compiled and case is FAMILIES["llama"]:
        options = {"temperature": 2.0, "seed": 5, "max_new_tokens": WORDS}
        alone = generate(lazycell.from_pretrained(case.path), **asked, **options).asnumpy()
        assert np.array_equal(generate(net, **asked, **options).asnumpy(), alone)
        assert not np.array_equal(alone, words)


def checks() -> Iterator[Callable[[], None]]:
    for asked in sys.argv[1:]:
        kind, axes, families = asked.split(":")
        mesh = Mesh(**{name: int(size) for name, _, size in (each.partition("=") for each in axes.split(","))})
        for family in families.split(","):
            yield checked(kind, mesh, FAMILIES[family], f"{kind}:{axes}:{family}")


def checked(kind: str, mesh: Mesh, case: Case, name: str) -> Callable[[], None]:
    def check() -> None:
        net = lazycell.from_pretrained(case.path, mesh=mesh)
        if kind != "compiled":
            check_outputs(net, case, kind == "graph")
        if kind != "graph" and case.generation:
            check_words(net, case, kind == "compiled")

    check.__name__ = name
    return check


if __name__ == "__main__":
    run(*checks())
