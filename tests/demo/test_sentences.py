"""From sentences to vectors, and which of them are near."""

from __future__ import annotations

import json

import numpy as np
from safetensors.numpy import load_file

import lazycell
from lazycell.demo._examples import SENTENCES
from lazycell.demo._minilm import declared, directory
from lazycell.demo._sentences import Pair, embed, nearest_pairs, tokenize

from ..golden_cases import GOLDEN, needs_minilm

MINILM = GOLDEN / "minilm"


def test_examples_are_the_reference_sentences():
    """The built-in sentences are those that the reference results were made for."""
    expected = json.loads((MINILM / "minilm_sentences.json").read_text(encoding="utf-8"))["sentences"]
    assert list(SENTENCES) == expected


@needs_minilm
def test_tokens():
    """Ids, mask and types of the built-in sentences are the reference's: cut at 256, padded to the longest."""
    expected = load_file(MINILM / "minilm_expected.safetensors")
    tokens = tokenize(SENTENCES, directory())
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        assert getattr(tokens, name).dtype == np.int64
        assert np.array_equal(getattr(tokens, name), expected[name]), name


@needs_minilm
def test_padded_to_the_longest_of_the_batch():
    """A batch of short sentences is as wide as its longest one, not as the model's length."""
    tokens = tokenize(["Hello.", ""], directory())
    assert tokens.attention_mask.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]


@needs_minilm
def test_embeddings():
    """The vectors of the built-in sentences and their cosines are the reference's."""
    expected = load_file(MINILM / "minilm_expected.safetensors")
    embeddings = embed(lazycell.from_pretrained(directory()), tokenize(SENTENCES, directory()))
    assert embeddings.dtype == np.float32
    assert np.abs(embeddings - expected["embeddings"]).max() < 5e-6
    assert np.abs(embeddings @ embeddings.T - expected["cosine"]).max() < 5e-6


@needs_minilm
def test_declared():
    """What the demo builds is what `from_pretrained` builds."""
    cls, hyperparameters = declared(directory())
    assert cls.manifest(**hyperparameters) == lazycell.from_pretrained(directory()).manifest()


def test_nearest_pairs():
    """Pairs come by falling cosine, each once, at most as many as asked for."""
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    pairs = nearest_pairs(vectors, 2)
    assert [(pair.first, pair.second) for pair in pairs] == [(1, 2), (0, 1)]
    assert np.allclose([pair.cosine for pair in pairs], [0.8, 0.6])
    assert len(nearest_pairs(vectors, 9)) == 3


def test_nearest_to_one():
    """With `of`, every pair begins with that sentence."""
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    assert nearest_pairs(vectors, 1, of=0) == [Pair(0, 1, float(np.float32(0.6)))]
    assert [pair.second for pair in nearest_pairs(vectors, 9, of=2)] == [1, 0]
