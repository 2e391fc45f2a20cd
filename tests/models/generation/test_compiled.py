"""Generation by graphs: the same words, compiled once for a shape, and never those of another net."""

from __future__ import annotations

import copy
import pickle
import sys
from io import StringIO
from typing import Any

import numpy as np
import pytest
from mindspore import Parameter, Tensor

import lazycell
import models
from models.generation.compiled import LEAST, MOST, Graphs, graphs_of, rounded

from ...golden_cases import FAMILIES, Case
from ..families import EACH_GENERATING

LLAMA = FAMILIES["llama"]


def words(net: Any, case: Case, **options: Any) -> np.ndarray:
    """Write eight words."""
    texts = {name: Tensor(array) for name, array in case.generation.items()}
    return models.generate(net, **texts, max_new_tokens=8, eos_token_id=(), **options).asnumpy()


@EACH_GENERATING
def test_the_words_are_the_same(case: Case):
    """Every family writes the words that the reference wrote; again too, when all is compiled."""
    net = lazycell.from_pretrained(case.path)
    assert np.array_equal(words(net, case, compiled=True), case.expected["generated"])
    assert np.array_equal(words(net, case, compiled=True), case.expected["generated"])


def test_one_net_through_its_life(monkeypatch: pytest.MonkeyPatch):
    """Texts of other lengths, padding, another load, a copy, another parameter: always what the net is now."""
    terminal = StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", terminal)
    net = lazycell.from_pretrained(LLAMA.path)
    ids = LLAMA.arguments["input_ids"]

    def same(net: Any, ids: np.ndarray, mask: np.ndarray | None = None) -> bool:
        inputs = [Tensor(ids)] if mask is None else [Tensor(ids), Tensor(mask)]
        plain, compiled = (
            models.generate(net, *inputs, max_new_tokens=6, eos_token_id=(), compiled=each) for each in (False, True)
        )
        return np.array_equal(plain.asnumpy(), compiled.asnumpy())

    assert same(net, ids)
    assert terminal.getvalue().count("compiling the prompt for 2 x 64 positions: ") == 1
    assert terminal.getvalue().count("compiling a step for 2 x 128 positions: ") == 1
    assert same(net, ids[:, :3])  # a shorter text, in the same shapes
    mask = np.ones_like(ids)
    mask[0, -2:] = 0
    assert same(net, ids, mask)
    net.load_checkpoint({each.name: each.asnumpy()[::-1].copy() for each in net.get_parameters()}, dtype="cast")
    assert same(net, ids)
    assert terminal.getvalue().count("positions: ") == 2  # nothing was compiled again

    graphs = graphs_of(net)
    other = copy.deepcopy(net)
    assert graphs_of(other) is not graphs
    assert graphs_of(other).steps == {}
    assert pickle.loads(pickle.dumps(graphs)).steps == {}

    net.lm_head.weight = Parameter(Tensor(np.random.default_rng(0).standard_normal(net.lm_head.weight.shape).astype(np.float32)))
    assert graphs_of(net) is not graphs
    assert same(net, ids)
    net.set_train()
    assert graphs_of(net).prompt is None


@pytest.mark.parametrize(("length", "size"), [(1, LEAST), (64, 64), (65, 128), (128, 128), (129, 256), (1000, 1024)])
def test_sizes_are_rounded_up(length: int, size: int):
    """To a power of two, so that few shapes are compiled."""
    assert rounded(length) == size


def test_so_many_steps_are_kept():
    """The one that has not been used for longest goes first."""
    graphs = Graphs()
    for key in range(MOST):
        graphs.step(key, object)
    kept = graphs.step(0, object)
    graphs.step(MOST, object)
    assert list(graphs.steps) == [*range(2, MOST), 0, MOST]
    assert graphs.step(0, object) is kept
