"""`models.generate` beyond the recorded words: what ends a text, what is refused, and a model of a real size."""

from __future__ import annotations

from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

import lazycell
import models
from lazycell import find_preset

from ...golden_cases import FAMILIES

LLAMA = FAMILIES["llama"]


def test_without_a_mask_nothing_is_padding():
    """One text alone, without a mask, goes on as with a mask of ones; by default there are 20 words."""
    net = lazycell.from_pretrained(LLAMA.path)
    ids = Tensor(LLAMA.arguments["input_ids"][1:])
    words = models.generate(net, ids)
    assert words.shape == (1, 20)
    assert words.dtype == ids.dtype
    masked = models.generate(net, ids, Tensor(np.ones(ids.shape, np.int64)), 20)
    assert np.array_equal(words.asnumpy(), masked.asnumpy())


def test_padding_changes_nothing():
    """A text that is padded on the left goes on as it does alone."""
    net = lazycell.from_pretrained(LLAMA.path)
    ids = LLAMA.arguments["input_ids"][1:]
    padded = Tensor(np.concatenate((np.zeros((1, 4), ids.dtype), ids), 1))
    mask = Tensor(np.concatenate((np.zeros((1, 4), np.int64), np.ones(ids.shape, np.int64)), 1))
    alone = models.generate(net, Tensor(ids), max_new_tokens=8)
    assert np.array_equal(models.generate(net, padded, mask, 8).asnumpy(), alone.asnumpy())


@pytest.mark.parametrize("several", [False, True])
def test_a_word_ends_a_text(several: bool):
    """A text that has ended is filled with the word that ends it; when all have, nothing more is computed."""
    net = lazycell.from_pretrained(LLAMA.path)
    texts = {name: Tensor(array) for name, array in LLAMA.generation.items()}
    free = models.generate(net, **texts, max_new_tokens=8).asnumpy()
    end = int(free[0, 2])
    assert end not in free[0, :2]
    assert end not in free[1]
    words = models.generate(net, **texts, max_new_tokens=8, eos_token_id=[end, 127] if several else end).asnumpy()
    assert words[0].tolist() == [*free[0, :3], *[end] * 5]
    assert words[1].tolist() == free[1].tolist()
    first = {name: value[:1] for name, value in texts.items()}
    assert models.generate(net, **first, max_new_tokens=8, eos_token_id=end).shape == (1, 3)


def test_how_an_answer_begins():
    """T5 goes on from `decoder_input_ids`."""
    case = FAMILIES["t5"]
    net = lazycell.from_pretrained(case.path)
    texts = {name: Tensor(array) for name, array in case.generation.items() if name != "decoder_input_ids"}
    words = models.generate(net, **texts, max_new_tokens=6).asnumpy()
    start = np.concatenate((np.full((len(words), 1), net.decoder_start_token_id), words[:, :2]), 1)
    rest = models.generate(net, **texts, max_new_tokens=4, decoder_input_ids=Tensor(start))
    assert np.array_equal(rest.asnumpy(), words[:, 2:])


def test_what_is_refused():
    """A net without scores for words, and a number of words that is none."""
    ids = Tensor([[1, 2, 3]])
    with pytest.raises(TypeError, match="BertModel scores no next words: generate with …ForCausalLM"):
        models.generate(lazycell.from_pretrained(FAMILIES["bert"].path), ids)
    with pytest.raises(ValueError, match="'max_new_tokens' must be >= 1: 0"):
        models.generate(lazycell.from_pretrained(LLAMA.path), ids, max_new_tokens=0)


def test_a_llama_of_135_million_parameters(tmp_path: Path):
    """A checkpoint in float16 fills a net in float32, value by value, and the net generates."""
    model, preset = find_preset("smollm-135m")
    half = model.cls(**preset.hyperparameters, dtype="float16")
    half.init_parameters_data(seed=1)
    half.save_checkpoint(tmp_path / "model.safetensors")
    net = model.cls.from_pretrained(tmp_path, **preset.hyperparameters, dtype="float32")
    assert sum(parameter.size for parameter in net.get_parameters()) == 134_515_008
    assert {parameter.dtype for parameter in net.get_parameters()} == {ms.float32}
    name = "model.layers.29.mlp.down_proj.weight"
    values, stored = (dict(each.parameters_and_names())[name].asnumpy() for each in (net, half))
    assert np.array_equal(values, stored.astype(np.float32))
    ids = Tensor(np.random.default_rng(0).integers(0, 49152, (2, 12)))
    words = models.generate(net, ids, max_new_tokens=4).asnumpy()
    whole = Tensor(np.concatenate((ids.asnumpy(), words[:, :3]), 1))
    assert np.array_equal(net(whole).logits.asnumpy()[:, -4:].argmax(-1), words)


@pytest.mark.parametrize("family", [name for name in FAMILIES if FAMILIES[name].generation and name != "t5"])
def test_what_comes_after_a_word_does_not_reach_it(family: str):
    """A text, a shorter one beside a longer, and its first word: padded on the right or cut, the scores are the same."""
    case = FAMILIES[family]
    net = lazycell.from_pretrained(case.path)
    ids = case.arguments["input_ids"][:1]
    whole = net(Tensor(ids)).logits.asnumpy()
    padded = np.concatenate((ids, np.zeros((1, 3), ids.dtype)), 1)
    mask = np.concatenate((np.ones_like(ids), np.zeros((1, 3), ids.dtype)), 1)
    positions = Tensor(np.arange(padded.shape[1])[None])
    beside = net(Tensor(padded), Tensor(mask), positions).logits.asnumpy()[:, : ids.shape[1]]
    assert np.abs(beside - whole).max() <= case.meta["atol"]
    assert np.abs(net(Tensor(ids[:, :1])).logits.asnumpy() - whole[:, :1]).max() <= case.meta["atol"]
