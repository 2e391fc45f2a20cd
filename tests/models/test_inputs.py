"""What a model refuses to read, for every family, before a kernel is called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mindspore import Tensor

import models

from ..golden_cases import FAMILIES, Case
from .families import ALL, net_of, tensors

POSITIONS = {
    "bert": "max_position_embeddings",
    "roberta": "max_position_embeddings",
    "distilbert": "max_position_embeddings",
    "gpt2": "n_positions",
}


def refusal(net: Any, **inputs: np.ndarray) -> str:
    """Give the message with which a net refuses inputs."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        net(**tensors(inputs))
    return str(caught.value)


@ALL
@pytest.mark.parametrize("wrong", [-1, "vocab_size"])
def test_ids(case: Case, wrong: Any):
    """An id without a vector is refused with its place and the hyperparameter."""
    net = net_of(case)
    size = net.hyperparameters["vocab_size"] if hasattr(net, "hyperparameters") else net.vocab_size
    for name in [each for each in case.arguments if each.endswith("input_ids")]:
        ids = case.arguments[name].copy()
        ids[1, 2] = wrong = size if wrong == "vocab_size" else wrong
        message = refusal(net, **case.arguments | {name: ids})
        assert f"{name} has {wrong} at (1, 2)" in message
        assert f"vocab_size={size}" in message


@ALL
def test_masks(case: Case):
    """A mask of another shape is refused with both shapes."""
    net = net_of(case)
    ids = next(array for name, array in case.arguments.items() if name == "input_ids")
    short = np.ones((ids.shape[0], ids.shape[1] - 1), np.int64)
    message = refusal(net, **case.arguments | {"attention_mask": short})
    assert f"attention_mask is of shape {short.shape}" in message
    assert str(ids.shape) in message


def test_masks_of_what_is_in_the_cache():
    """A mask counts the positions of the cache."""
    case = FAMILIES["llama"]
    net, ids = net_of(case), Tensor(case.arguments["input_ids"])
    past = net(ids, use_cache=True).past_key_values
    with pytest.raises(ValueError, match=rf"needs \(2, {ids.shape[1] + 1}\)"):
        net(ids[:, :1], Tensor(np.ones((2, 1), np.int64)), None, past)


@pytest.mark.parametrize("family", sorted(POSITIONS))
def test_lengths(family: str):
    """A text that is longer than there are vectors for positions is refused; one that is not is read."""
    case, name = FAMILIES[family], POSITIONS[family]
    net = net_of(case)
    room = getattr(net, name) - (net.pad_token_id + 1 if family == "roberta" else 0)
    ids = np.full((1, room + 1), 5, np.int64)
    message = refusal(net, input_ids=ids)
    assert f"input_ids has {room + 1} positions" in message
    assert f"{name}={getattr(net, name)}" in message
    net(Tensor(ids[:, :-1]))


def test_given_positions():
    """Positions that are given are ids too."""
    net = net_of(FAMILIES["gpt2"])
    message = refusal(net, input_ids=np.array([[1, 2]]), position_ids=np.array([[0, net.n_positions]]))
    assert f"position_ids has {net.n_positions} at (0, 1)" in message


def test_generation_is_refused_before_it_begins():
    """More words than there are positions for, and unknown words, before one is written or anything compiled."""
    net = net_of(FAMILIES["gpt2"])
    room = net.n_positions
    for compiled in (False, True):
        with pytest.raises(ValueError, match=f"4 positions and max_new_tokens={room - 2} .*n_positions={room}"):
            models.generate(net, Tensor([[1, 2, 3, 4]]), max_new_tokens=room - 2, compiled=compiled)
        with pytest.raises(ValueError, match=f"input_ids has {net.vocab_size} at"):
            models.generate(net, Tensor([[net.vocab_size]]), compiled=compiled)
    assert not hasattr(net, "graphs_of_generation")


def test_how_an_answer_begins_is_checked_too():
    """Before a graph reads it, which checks nothing."""
    net = net_of(FAMILIES["t5"])
    for compiled in (False, True):
        with pytest.raises(ValueError, match=f"decoder_input_ids has {net.vocab_size} at"):
            models.generate(net, Tensor([[1, 2]]), decoder_input_ids=Tensor([[net.vocab_size]]), compiled=compiled)
