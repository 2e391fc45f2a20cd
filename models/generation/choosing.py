"""Which word comes next, from the scores of all: numpy alone, so that any device chooses the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from attrs.validators import ge, gt, le, optional
from numpy.typing import NDArray

Scores = NDArray[np.float32]

NOT_DONE: Mapping[str, Any] = {
    "num_beams": 1,
    "num_beam_groups": 1,
    "penalty_alpha": 0,
    "typical_p": 1.0,
    "min_p": 0,
    "epsilon_cutoff": 0,
    "eta_cutoff": 0,
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
    "encoder_repetition_penalty": 1.0,
    "forced_bos_token_id": None,
    "forced_eos_token_id": None,
    "bad_words_ids": None,
    "suppress_tokens": None,
    "begin_suppress_tokens": None,
    "sequence_bias": None,
    "guidance_scale": 1,
}
"""What a `generation_config.json` may ask for and is not done here, each with the value that asks for nothing."""


def ends_of(value: int | Sequence[int] | None) -> tuple[int, ...]:
    """Give the words that end a text: a converter."""
    return () if value is None else tuple(int(each) for each in np.atleast_1d(np.asarray(value, np.int64)))


@frozen(slots=False)
class Choice:
    """How words are chosen. The names are those of `generation_config.json`.

    Attributes:
        max_new_tokens: how many words are written at most.
        min_new_tokens: before so many are written, none ends a text.
        eos_token_id: the words that end a text.
        do_sample: draw a word by its probability; else the word with the highest score is taken.
        temperature: the scores are divided by it: above 1 the draw is more even, below 1 less.
        top_k: only so many of the most probable words are drawn from; None or 0: all.
        top_p: only the most probable words that together have at least this probability are (Holtzman et al. 2019,
            arXiv:1904.09751).
        repetition_penalty: the scores of words that the text has are divided by it where positive, and multiplied where
            negative (Keskar et al. 2019, arXiv:1909.05858).
        seed: what is drawn follows from it, and from the text's place in the batch; None: fresh at every call.
    """

    max_new_tokens: int = field(default=20, validator=ge(1))
    min_new_tokens: int = field(default=0, validator=ge(0))
    eos_token_id: tuple[int, ...] = field(default=(), converter=ends_of)
    do_sample: bool = False
    temperature: float = field(default=1.0, validator=gt(0))
    top_k: int | None = field(default=None, validator=optional(ge(0)))
    top_p: float = field(default=1.0, validator=[gt(0), le(1)])
    repetition_penalty: float = field(default=1.0, validator=gt(0))
    seed: int | None = None

    @classmethod
    def made(cls, defaults: Mapping[str, Any], **asked: Any) -> "Choice":
        """Join what is asked for, None where nothing is, with the defaults that a checkpoint came with.

        Raises:
            ValueError: the defaults ask for what is not done here; a value means nothing.
        """
        refuse_others(defaults)
        asked = {name: value for name, value in asked.items() if value is not None}
        if asked.get("temperature") == 0:  # what is drawn is then the most probable word
            asked |= {"do_sample": False, "temperature": 1.0}
        elif asked.keys() & {"temperature", "top_k", "top_p", "seed"}:
            asked.setdefault("do_sample", True)
        known = {each.alias for each in cls.__attrs_attrs__}
        given = {name: value for name, value in defaults.items() if name in known and value is not None}
        return cls(**{**given, **asked})

    def generators(self, texts: int) -> list[np.random.Generator]:
        """Give each text a stream of its own, so that what stands beside it changes nothing."""
        return [np.random.default_rng(each) for each in np.random.SeedSequence(self.seed).spawn(texts)]

    def words(
        self, scores: Scores, seen: Sequence[NDArray[Any]], written: int, generators: Sequence[np.random.Generator]
    ) -> NDArray[np.int64]:
        """Choose a word for each text: (texts,), from scores of (texts, vocabulary).

        Args:
            scores: float32.
            seen: the words of each text so far.
            written: how many of them are new.
            generators: of each text, as `generators` gives them.
        """
        if self.repetition_penalty != 1:
            scores = penalized(scores, seen, self.repetition_penalty)
        if written < self.min_new_tokens and self.eos_token_id:
            scores = scores.copy()
            scores[:, list(self.eos_token_id)] = -np.inf
        if not self.do_sample:
            return scores.argmax(-1)
        return np.asarray([self._drawn(row, draw.random()) for row, draw in zip(scores, generators, strict=True)])

    def _drawn(self, scores: Scores, at: float) -> int:
        order = np.argsort(-scores, kind="stable")
        if self.top_k:
            order = order[: self.top_k]
        scaled = scores[order].astype(np.float64) / self.temperature
        probability = np.exp(scaled - scaled[0])
        summed = np.cumsum(probability / probability.sum())
        count = int(np.searchsorted(summed, self.top_p)) + 1 if self.top_p < 1 else len(order)
        summed = summed[:count]
        return int(order[min(int(np.searchsorted(summed, at * summed[-1], side="right")), len(summed) - 1)])


def penalized(scores: Scores, seen: Sequence[NDArray[Any]], penalty: float) -> Scores:
    """Give the scores, (texts, vocabulary), with those of the words that each text has made less."""
    scores = scores.copy()
    for row, words in zip(scores, seen, strict=True):
        words = np.unique(words)
        row[words] = np.where(row[words] < 0, row[words] * penalty, row[words] / penalty)
    return scores


def refuse_others(defaults: Mapping[str, Any]) -> None:
    """Refuse defaults that ask for what is not done here, rather than write another text than they mean."""
    for name, nothing in NOT_DONE.items():
        value = defaults.get(name)
        if value is not None and value != nothing:
            raise ValueError(
                f"the checkpoint's generation_config.json has {name}={value!r}, which generate does not do; to write"
                f" without it: `del net.generation_config[{name!r}]`"
            )
