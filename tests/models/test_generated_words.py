"""Greedy decoding and its cache, held to the words that the reference generated."""

from __future__ import annotations

import numpy as np
import pytest
from mindspore import Tensor

import models

from ..golden_cases import Case
from .families import EACH_DECODER, EACH_GENERATING, T5, net_of, tensors

PARTS = (0, 3), (3, 4), (4, 9)


@EACH_GENERATING
def test_generated_words(case: Case):
    """Greedy decoding over a cache gives the recorded words; of fewer, the first."""
    words = models.generate(net_of(case), max_new_tokens=8, **tensors(case.generation))
    assert np.array_equal(words.asnumpy(), case.expected["generated"])
    first = models.generate(net_of(case), max_new_tokens=3, **tensors(case.generation))
    assert np.array_equal(first.asnumpy(), case.expected["generated"][:, :3])


@EACH_GENERATING
@pytest.mark.parametrize("row", [0, 1])
def test_generated_words_of_one_text(case: Case, row: int):
    """A text alone, nothing but its words given, goes on as it does among others."""
    ids = case.generation["input_ids"][row : row + 1]
    words = models.generate(net_of(case), Tensor(ids), max_new_tokens=8)
    assert np.array_equal(words.asnumpy(), case.expected["generated"][row : row + 1])


@EACH_GENERATING
@pytest.mark.parametrize("padding", [0, 7])
def test_generated_words_of_padded_texts(case: Case, padding: int):
    """Texts that are padded on the left to the length of a longer one go on as they do alone, whatever pads them."""
    net, short = net_of(case), case.generation["input_ids"]
    longer = np.concatenate((short[:1], case.arguments["input_ids"][:1, :5]), 1)
    alone = models.generate(net, Tensor(longer), max_new_tokens=8).asnumpy()

    padded = np.pad(short, ((0, 0), (5, 0)), constant_values=padding)
    mask = np.ones((3, padded.shape[1]), np.int64)
    mask[:2, :5] = 0
    words = models.generate(net, Tensor(np.concatenate((padded, longer))), Tensor(mask), max_new_tokens=8).asnumpy()
    assert np.array_equal(words[:2], case.expected["generated"])
    assert np.array_equal(words[2:], alone)


@EACH_DECODER
def test_scores_of_padded_texts(case: Case):
    """The words of a text that is padded on the left are scored as without the padding."""
    net, ids = net_of(case), case.arguments["input_ids"]
    mask = np.pad(np.ones_like(ids), ((0, 0), (3, 0)))
    positions = np.pad(np.tile(np.arange(ids.shape[1]), (2, 1)), ((0, 0), (3, 0)))
    output = net(Tensor(np.pad(ids, ((0, 0), (3, 0)), constant_values=7)), Tensor(mask), Tensor(positions))
    assert case.differences({"logits": output.logits.asnumpy()[:, 3:]}) == {}


def test_scores_of_the_translation_of_a_padded_text():
    """What T5 writes is scored as without the padding, on whichever side it is."""
    ids, written = T5.arguments["input_ids"], Tensor(T5.arguments["decoder_input_ids"])
    for sides in ((3, 0), (0, 3)):
        padded, mask = (np.pad(each, ((0, 0), sides)) for each in (ids, np.ones_like(ids)))
        output = net_of(T5)(Tensor(padded), Tensor(mask), written)
        start = sides[0]
        read = output.encoder_last_hidden_state.asnumpy()[:, start : start + ids.shape[1]]
        outputs = {"logits": output.logits.asnumpy(), "encoder_last_hidden_state": read}
        assert T5.differences(outputs) == {}


@EACH_DECODER
def test_scores_of_the_generated_words(case: Case):
    """Reading the whole text at once scores each word as the reference did when it wrote it."""
    ids, words = case.generation["input_ids"], case.expected["generated"]
    logits = net_of(case)(Tensor(np.concatenate((ids, words[:, :-1]), 1))).logits.asnumpy()
    check_generated_scores(case, logits[:, -words.shape[1] :])


def test_scores_of_the_translation():
    """The same of T5, which writes another text."""
    inputs, words = T5.generation, T5.expected["generated"]
    written = np.concatenate((inputs["decoder_input_ids"], words[:, :-1]), 1)
    check_generated_scores(
        T5, net_of(T5)(Tensor(inputs["input_ids"]), decoder_input_ids=Tensor(written)).logits.asnumpy()
    )


def check_generated_scores(case: Case, logits: np.ndarray) -> None:
    """Compare with what the reference recorded word by word."""
    expected = case.expected["generated_logits"]
    assert logits.shape == expected.shape
    assert (np.abs(logits - expected) <= case.meta["atol"] + case.meta["rtol"] * np.abs(expected)).all()


@EACH_DECODER
def test_going_on_from_a_cache(case: Case):
    """A text that is read in three parts is scored as in one; without a mask, nothing is padding."""
    net, ids = net_of(case), Tensor(case.arguments["input_ids"][:1])
    past, parts = None, []
    for start, end in PARTS:
        output = net(ids[:, start:end], past_key_values=past, use_cache=True)
        past = output.past_key_values
        parts.append(output.logits.asnumpy())
    whole = net(ids[:, : PARTS[-1][1]])
    assert np.abs(np.concatenate(parts, 1) - whole.logits.asnumpy()).max() <= case.meta["atol"]
    assert whole.past_key_values is None


def test_going_on_from_a_cache_of_a_translation():
    """What T5 writes in three parts is scored as in one, the other text read once."""
    net, written = net_of(T5), Tensor(T5.arguments["decoder_input_ids"])
    whole = net(Tensor(T5.arguments["input_ids"]), decoder_input_ids=written)
    read, past, parts = (whole.encoder_last_hidden_state,), None, []
    for start, end in PARTS:
        output = net(
            decoder_input_ids=written[:, start:end], encoder_outputs=read, past_key_values=past, use_cache=True
        )
        past = output.past_key_values
        parts.append(output.logits.asnumpy())
    assert np.abs(np.concatenate(parts, 1) - whole.logits.asnumpy()).max() <= T5.meta["atol"]
    assert whole.past_key_values is None
