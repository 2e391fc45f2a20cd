"""The families' reference results on ranks: `job.py MESH [graph] FAMILY …`, MESH such as `tp=2,pp=2`."""

from __future__ import annotations

import sys
from typing import Any

import mindspore as ms
import numpy as np

import lazycell
from lazycell import Mesh
from models.generation import generate
from tests.golden_cases import FAMILIES, Case
from tests.models.families import outputs_of, recorded, tensors
from tests.ranks.job import run, start

rank, ranks = start()
AXES = {name: int(size) for name, _, size in (each.partition("=") for each in sys.argv[1].split(","))}
GRAPH = "graph" in sys.argv


def loaded(case: Case, **changes: Any) -> Any:
    return lazycell.from_pretrained(case.path, mesh=Mesh(**AXES), **changes)


def checked(case: Case) -> Any:
    def check() -> None:
        net = loaded(case)
        inputs = tensors(case.arguments)
        if GRAPH:
            ms.set_context(mode=ms.GRAPH_MODE)
            found = net.output_type(*net(**inputs))
            ms.set_context(mode=ms.PYNATIVE_MODE)
            outputs = outputs_of(found)
        else:
            outputs = outputs_of(net(**inputs, output_hidden_states=True))
        outputs = {name: array for name, array in outputs.items() if name in case.expected}
        assert set(outputs) == recorded(case) or GRAPH
        assert (wrong := case.differences(outputs)) == {}, wrong
        if case.generation and not GRAPH:
            words = generate(net, **tensors(case.generation), max_new_tokens=case.expected["generated"].shape[1])
            print("words", words.asnumpy().tolist(), flush=True)
            assert np.array_equal(words.asnumpy(), case.expected["generated"]), words

    check.__name__ = case.path.name
    return check


if __name__ == "__main__":
    run(*(checked(FAMILIES[name]) for name in sys.argv[2:] if name != "graph"))
