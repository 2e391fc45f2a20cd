"""Every way in which a config and a file may say, together, whether a model's head is the table of its words.

`make.py` runs them through transformers and keeps what comes out; the weights are drawn by both, here and in
`tests.variants.cases`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from ..variants.cases import VARIANTS, VOCABULARY, Variant, draw

STATES = "absent", "equal", "different", "alone"
"""Of the first of two tensors: not in the file, like the second, unlike it, or there in place of the second."""


@attrs.frozen
class Pair:
    """Two tensors of a file that may be one: the first is given up where they are."""

    first: str
    second: str


@attrs.frozen
class Family:
    """A language model of the zoo, with the pairs of its weights, and the switches of its config."""

    variant: Variant
    weights: Pair
    biases: Pair | None = None
    scales: bool = False
    tables: tuple[str, ...] = ()  # further names of the table, which a file has once

    @property
    def options(self) -> dict[str, Any]:
        """What its config says, but for the switches."""
        return {name: value for name, value in self.variant.options.items() if name != "tie_word_embeddings"}

    def cases(self) -> Iterator[Case]:
        """Give every case."""
        switches = (None, True, False)
        biases: tuple[str | None, ...] = STATES if self.biases else (None,)
        ties = switches[1:] if self.biases else switches  # fewer, where there are many
        every = itertools.product(ties, switches if self.scales else (None,), STATES, biases)
        return (Case(*each) for each in every)


@attrs.frozen
class Case:
    """What a config says (None: nothing), and what its file has."""

    tie: bool | None
    scale: bool | None
    weights: str
    biases: str | None

    @property
    def name(self) -> str:
        """It, in words."""
        said = [f"tie {self.tie}"] + [f"scale {self.scale}"] * (self.scale is not None)
        return ", ".join([*said, f"head {self.weights}"] + [f"bias {self.biases}"] * (self.biases is not None))

    @property
    def switches(self) -> dict[str, bool]:
        """The keys of the config."""
        said = {"tie_word_embeddings": self.tie, "scale_decoder_outputs": self.scale}
        return {key: value for key, value in said.items() if value is not None}

    def tensors(self, family: Family, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
        """Draw the file's tensors.

        Args:
            family: whose case it is.
            shapes: of everything that the model has, under all names.
        """
        drawn = {name: draw(name, shape) for name, shape in shapes.items() if name not in family.tables}
        for pair, state in ((family.weights, self.weights), (family.biases, self.biases)):
            if pair is None:
                continue
            if state == "absent":
                del drawn[pair.first]
            elif state == "alone":
                del drawn[pair.second]
            elif state == "equal":
                drawn[pair.first] = drawn[pair.second].copy()
        return drawn


def _of(family: str, first: str, second: str, biases: Pair | None = None, **options: Any) -> Family:
    variants = (each for each in VARIANTS[family] if each.generates or each.architecture.endswith("MaskedLM"))
    return Family(next(variants), Pair(first, second), biases, **options)


_DECODERS = "llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen3_moe", "gemma2", "gemma3"
FAMILIES: dict[str, Family] = {
    **{each: _of(each, "lm_head.weight", "model.embed_tokens.weight") for each in _DECODERS},
    "gpt2": _of("gpt2", "lm_head.weight", "transformer.wte.weight"),
    "bert": _of(
        "bert",
        "cls.predictions.decoder.weight",
        "bert.embeddings.word_embeddings.weight",
        Pair("cls.predictions.decoder.bias", "cls.predictions.bias"),
    ),
    "roberta": _of(
        "roberta",
        "lm_head.decoder.weight",
        "roberta.embeddings.word_embeddings.weight",
        Pair("lm_head.decoder.bias", "lm_head.bias"),
    ),
    "distilbert": _of("distilbert", "vocab_projector.weight", "distilbert.embeddings.word_embeddings.weight"),
    "t5": _of(
        "t5",
        "lm_head.weight",
        "shared.weight",
        scales=True,
        tables=("encoder.embed_tokens.weight", "decoder.embed_tokens.weight"),
    ),
}


def inputs_of(family: Family) -> dict[str, np.ndarray]:
    """Give one text, and for T5 the beginning of another."""
    draws = np.random.default_rng(0)
    inputs = {"input_ids": draws.integers(6, VOCABULARY, (1, 5))}
    if family.scales:
        inputs["decoder_input_ids"] = draws.integers(6, VOCABULARY, (1, 3))
    return inputs
