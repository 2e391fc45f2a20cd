"""Which word comes next: each option against its definition, with numpy alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.generation.choosing import Choice

SCORES = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(2, 12)), elements=st.floats(-20, 20, width=32), unique=True
)


def drawn(choice: Choice, scores: np.ndarray, times: int) -> np.ndarray:
    """Draw so many words from the first row."""
    [generator] = choice.generators(1)
    return np.concatenate([choice.words(scores[:1], [np.zeros(0, int)], 0, [generator]) for _ in range(times)])


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Give softmax, in float64."""
    grown = np.exp(scores.astype(np.float64) - scores.max())
    return grown / grown.sum()


@given(SCORES)
def test_without_sampling_it_is_the_highest(scores: np.ndarray):
    """Nothing is drawn unless it is asked for; nor at temperature 0."""
    seen = [np.zeros(0, int)] * len(scores)
    for choice in (Choice(), Choice.made({"do_sample": True}, temperature=0)):
        assert choice.words(scores, seen, 0, choice.generators(len(scores))).tolist() == scores.argmax(-1).tolist()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_words_come_as_often_as_they_are_probable(temperature: float):
    """The shares of 20,000 draws are within five standard deviations of softmax(scores / temperature)."""
    scores = np.array([[1.0, 0.5, -1.0, 2.0]], np.float32)
    expected, times = probabilities(scores[0] / temperature), 20_000
    words = drawn(Choice(do_sample=True, temperature=temperature, seed=3), scores, times)
    shares = np.bincount(words, minlength=4) / times
    assert (np.abs(shares - expected) < 5 * np.sqrt(expected * (1 - expected) / times)).all()


@given(SCORES, st.integers(1, 12), st.floats(0.01, 1.0))
def test_what_is_drawn_from(scores: np.ndarray, top_k: int, top_p: float):
    """Only the `top_k` highest; of these, the fewest whose probability adds up to `top_p`."""
    row = scores[0]
    order = np.argsort(-row)[:top_k]
    summed = np.cumsum(probabilities(row[order]))
    margin = np.abs(summed - top_p).min()
    fewest = order[: int((summed < top_p).sum()) + 1]
    words = set(drawn(Choice(do_sample=True, top_k=top_k, top_p=top_p, seed=1), scores, 40).tolist())
    if margin > 1e-6:  # where rounding does not decide
        assert words <= set(fewest.tolist())
    assert words <= set(order.tolist())


def test_all_that_may_be_drawn_is():
    """The last of those that are kept is drawn too."""
    scores = np.zeros((1, 5), np.float32)
    assert set(drawn(Choice(do_sample=True, seed=0), scores, 200).tolist()) == set(range(5))
    assert set(drawn(Choice(do_sample=True, top_k=3, seed=0), scores, 200).tolist()) == {0, 1, 2}
    assert set(drawn(Choice(do_sample=True, top_p=0.39, seed=0), scores, 200).tolist()) == {0, 1}


def test_a_penalty_for_what_was_said():
    """A positive score is divided, a negative one multiplied, once a word, however often it was said; each text its own."""
    scores = np.array([[3.0, 2.0, -1.0, -1.5], [3.0, 2.0, -1.0, -1.5]], np.float32)
    choice = Choice(repetition_penalty=2.0)
    seen = [np.array([0, 0, 2]), np.array([1])]
    assert choice.words(scores, seen, 0, choice.generators(2)).tolist() == [1, 0]
    assert scores[0].tolist() == [3.0, 2.0, -1.0, -1.5]
    only_negative = np.array([[-9.0, -3.0, -2.0, -9.0]], np.float32)
    assert choice.words(only_negative, [np.array([2])], 0, choice.generators(1)).tolist() == [1]


def test_no_end_before_so_many_words():
    """The words that end a text are not chosen before `min_new_tokens`, however high their scores."""
    scores = np.array([[1.0, 9.0, 8.0, 2.0]], np.float32)
    for do_sample in (False, True):
        choice = Choice(eos_token_id=[1, 2], min_new_tokens=2, do_sample=do_sample, top_k=1)
        assert [int(choice.words(scores, [np.zeros(0, int)], n, choice.generators(1))[0]) for n in range(3)] == [
            3,
            3,
            1,
        ]


def test_a_seed_repeats_a_text_whatever_stands_beside_it():
    """The same seed draws the same; another, and none, draws others; further texts change nothing for the first."""
    scores = np.zeros((1, 1000), np.float32)

    def text(seed: int | None, texts: int) -> list[int]:
        choice = Choice(do_sample=True, seed=seed)
        generators, seen = choice.generators(texts), [np.zeros(0, int)] * texts
        return [int(choice.words(scores.repeat(texts, 0), seen, n, generators)[0]) for n in range(8)]

    assert text(7, 1) == text(7, 1) == text(7, 3)
    assert text(7, 1) != text(8, 1)
    assert text(None, 1) != text(None, 1)
    choice = Choice(do_sample=True, seed=7)
    both = choice.words(scores.repeat(2, 0), [np.zeros(0, int)] * 2, 0, choice.generators(2))
    assert both[0] != both[1]


def test_what_is_asked_for_comes_before_what_the_checkpoint_says():
    """Options given are used, None is the checkpoint's default, and what neither says is the class's."""
    defaults = {"temperature": 0.6, "top_k": 20, "do_sample": True, "eos_token_id": [5, 6], "max_length": 4096}
    choice = Choice.made(defaults, temperature=0.9, top_p=None, eos_token_id=None, max_new_tokens=None)
    assert choice == Choice(do_sample=True, temperature=0.9, top_k=20, eos_token_id=(5, 6))
    assert Choice.made(defaults, do_sample=False).do_sample is False
    assert Choice.made(defaults, eos_token_id=()).eos_token_id == ()


@pytest.mark.parametrize("option", [{"temperature": 0.7}, {"top_k": 5}, {"top_p": 0.5}, {"seed": 0}])
def test_an_option_of_sampling_asks_for_it(option: dict[str, float]):
    """Whoever gives a temperature means to draw; unless they say that they do not."""
    assert Choice.made({}, **option).do_sample
    assert not Choice.made({}, **option, do_sample=False).do_sample
    assert not Choice.made({}, repetition_penalty=1.1).do_sample


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"temperature": -1}, "temperature"),
        ({"top_k": -1}, "top_k"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"min_new_tokens": -1}, "min_new_tokens"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, float], names: str):
    """A value out of range is refused by its name."""
    with pytest.raises(ValueError, match=names):
        Choice.made({}, **options)


def test_what_is_not_done_is_refused():
    """A checkpoint that asks for beams or the like is not quietly written from without them."""
    with pytest.raises(ValueError, match=r"num_beams=4, which generate does not do.*del net.generation_config"):
        Choice.made({"num_beams": 4})
    assert Choice.made({"num_beams": 1, "no_repeat_ngram_size": 0, "typical_p": None}) == Choice()
