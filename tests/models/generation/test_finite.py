"""Scores that are no numbers are an error, which says where they come from."""

from __future__ import annotations

import numpy as np
import pytest
from mindspore import Tensor

import lazycell
import models

from ...golden_cases import FAMILIES

PLACES = [
    ("llama", "model.embed_tokens.weight", "the embeddings"),
    ("llama", "model.layers.1.mlp.down_proj.weight", r"model\.layers\.1"),
    ("llama", "lm_head.weight", "the head"),
    ("gpt2", "transformer.h.0.mlp.c_proj.bias", r"transformer\.h\.0"),
    ("t5", "encoder.block.0.layer.1.DenseReluDense.wo.weight", r"encoder\.block\.0"),
    ("t5", "decoder.block.1.layer.2.DenseReluDense.wo.weight", r"decoder\.block\.1"),
]


@pytest.mark.parametrize(("family", "parameter", "place"), PLACES, ids=[name for _, name, _ in PLACES])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_where_they_come_from(family: str, parameter: str, place: str, value: float):
    """The message names the word, the text, and the first layer whose output is not finite."""
    case = FAMILIES[family]
    net = lazycell.from_pretrained(case.path)
    broken = dict(net.parameters_and_names())[parameter]
    broken.asnumpy()[...] = value
    texts = {name: Tensor(array) for name, array in case.generation.items()}
    with pytest.raises(FloatingPointError, match=rf"scores of word 1 of text 0 are not finite: .*{place}.*No word"):
        models.generate(net, **texts, max_new_tokens=3)


def test_later_words_and_later_texts():
    """The word is counted, and what came before is yielded; in half precision there is a way out."""
    case = FAMILIES["llama"]
    net = lazycell.from_pretrained(case.path, dtype="float16")
    ids = Tensor(case.arguments["input_ids"])
    stream = models.stream_generate(net, ids, max_new_tokens=5, eos_token_id=())
    next(stream)
    word = next(stream)
    assert word[0] != word[1]
    net.model.embed_tokens.weight.asnumpy()[word[1]] = np.inf
    with pytest.raises(FloatingPointError, match=r"word 3 of text 1 .*load the net with dtype='float32'"):
        next(stream)
