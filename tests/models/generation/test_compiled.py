"""Generation by graphs: the same words, compiled once for a shape, and never those of another net."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor

import lazycell
import models
from models.generation.graphs import LEAST, MOST, Graphs, graphs_of, rounded

from ... import forked
from ...golden_cases import FAMILIES, Case
from ..families import EACH_GENERATING, another

LLAMA = FAMILIES["llama"]
ROOT = Path(models.__file__).parents[1]


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

    net.lm_head.weight = Parameter(
        Tensor(np.random.default_rng(0).standard_normal(net.lm_head.weight.shape).astype(np.float32))
    )
    assert graphs_of(net) is not graphs
    assert same(net, ids)
    net.set_train()
    assert graphs_of(net).prompt is None


@pytest.mark.parametrize(("length", "size"), [(1, LEAST), (64, 64), (65, 128), (128, 128), (129, 256), (1000, 1024)])
def test_sizes_are_rounded_up(length: int, size: int):
    """To a power of two, so that few shapes are compiled."""
    assert rounded(length) == size


def test_so_many_steps_are_kept():
    """The one that has not been used for longest goes first; one that is taken is nobody else's."""
    graphs = Graphs()
    for key in range(MOST):
        graphs.put_back(key, graphs.take(key, object))
    kept = graphs.take(0, object)
    assert graphs.take(0, object) is not kept
    graphs.put_back(0, kept)
    graphs.put_back(MOST, graphs.take(MOST, object))
    assert list(graphs.steps) == [*range(2, MOST), 0, MOST]
    assert graphs.take(0, object) is kept


def test_texts_that_are_written_in_turns():
    """Two streams of one net and one shape do not write into one cache; and one that is left leaves its cache."""
    net = lazycell.from_pretrained(LLAMA.path)
    texts = [Tensor([[5, 6, 7]]), Tensor([[40, 3, 9]])]
    options = {"max_new_tokens": 6, "eos_token_id": ()}
    alone = [models.generate(net, text, **options).asnumpy()[0].tolist() for text in texts]
    streams = [models.stream_generate(net, text, **options, compiled=True) for text in texts]
    words = [[int(word) for (word,) in turn] for turn in zip(*streams, strict=True)]
    assert [list(each) for each in zip(*words, strict=True)] == alone

    steps = graphs_of(net).steps
    (kept,) = steps.values()
    left = models.stream_generate(net, texts[0], **options, compiled=True)
    next(left)
    assert steps == {}
    left.close()
    assert list(steps.values()) == [kept]
    assert models.generate(net, texts[1], **options, compiled=True).asnumpy()[0].tolist() == alone[1]


def test_a_cache_with_what_is_no_number_is_not_used_again():
    """After the error, and a load that mends the net, a text is what it is."""
    net = lazycell.from_pretrained(LLAMA.path)
    text, options = Tensor([[5, 6, 7]]), {"max_new_tokens": 4, "eos_token_id": (), "compiled": True}
    words = models.generate(net, text, **options).asnumpy()
    values = net.model.embed_tokens.weight.asnumpy()
    before = values.copy()
    values[7] = np.nan
    with pytest.raises(FloatingPointError):
        models.generate(net, text, **options)
    values[...] = before
    assert np.array_equal(models.generate(net, text, **options).asnumpy(), words)


ANOTHER_PROCESS = """
import sys
import lazycell, models
from mindspore import Tensor
net = lazycell.from_pretrained(sys.argv[1])
print(models.generate(net, Tensor([[5, 6, 7]]), max_new_tokens=6, eos_token_id=(), compiled=True).asnumpy().tolist())
"""


def test_what_the_compile_cache_keeps_is_right(tmp_path: Path):
    """Another process takes the graphs that one has compiled, and writes the same words, of the weights that it has."""
    net = lazycell.from_pretrained(LLAMA.path)
    words = models.generate(net, Tensor([[5, 6, 7]]), max_new_tokens=6, eos_token_id=()).asnumpy().tolist()
    environment = {**os.environ, "MS_COMPILER_CACHE_ENABLE": "1", "MS_COMPILER_CACHE_PATH": str(tmp_path / "cache")}
    script = tmp_path / "another.py"  # the cache looks into the program's file
    script.write_text(ANOTHER_PROCESS)
    environment["PYTHONPATH"] = str(ROOT)
    for _ in range(2):
        command = [*forked.python(), str(script), str(LLAMA.path)]
        output = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout
        assert output.splitlines()[-1] == str(words)
    assert list((tmp_path / "cache").rglob("*.mindir"))


def test_a_net_without_values_is_initialized():
    """It is executed as any call executes it."""
    net = another(LLAMA)
    ms.set_seed(4)
    assert lazycell.uninitialized(net)
    texts = Tensor([[5, 6, 7]])
    compiled = models.generate(net, texts, max_new_tokens=4, compiled=True)
    assert lazycell.uninitialized(net) == []
    assert np.array_equal(compiled.asnumpy(), models.generate(net, texts, max_new_tokens=4).asnumpy())
