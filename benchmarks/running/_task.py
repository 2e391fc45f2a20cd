"""What a model is to do: its shape, its checkpoint, and the inputs. Needs nothing but Python."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

Shapes = Iterator[tuple[str, tuple[int, ...]]]


class Task(NamedTuple):
    """One model, and one thing that it does again and again."""

    name: str
    """`generate`, `embed` or `train`"""
    net: str
    """`llama` (Touvron et al. 2023), its word table shared with its head, or `bert` (Devlin et al. 2018)"""
    n_layers: int
    width: int
    inner: int
    """of the feed-forward network"""
    n_heads: int
    n_groups: int
    """heads of keys and values"""
    vocabulary: int
    batch: int
    length: int
    """of each text, in words; of `embed`, the most that there is room for"""
    answers: int
    """how many words are written to each text, or how many losses are held against the other sides'"""
    repeats: int
    """how often it is done, for a median"""
    dtype: str = "float32"
    path: str = ""
    """the checkpoint, beside its config and the inputs"""

    def config(self) -> dict[str, Any]:
        """Give what stands in `config.json`; there is no dropout, so that all sides compute the same."""
        shape = {
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "intermediate_size": self.inner,
            "num_hidden_layers": self.n_layers,
            "num_attention_heads": self.n_heads,
            "max_position_embeddings": self.length + self.answers if self.net == "llama" else self.length,
        }
        if self.net == "llama":
            return {
                "model_type": "llama",
                "architectures": ["LlamaForCausalLM"],
                **shape,
                "num_key_value_heads": self.n_groups,
                "hidden_act": "silu",
                "rms_norm_eps": 1e-5,
                "rope_theta": 10000.0,
                "tie_word_embeddings": True,
                "bos_token_id": None,
                "eos_token_id": None,
            }
        return {
            "model_type": "bert",
            "architectures": ["BertForSequenceClassification" if self.name == "train" else "BertModel"],
            **shape,
            "hidden_act": "gelu",
            "type_vocab_size": 2,
            "layer_norm_eps": 1e-12,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        }

    def shapes(self) -> Shapes:
        """Give the full name and the shape of each parameter, as checkpoints of the family have them."""
        if self.net == "llama":
            yield from self._llama()
        elif self.name == "train":
            for name, shape in self._bert():
                yield f"bert.{name}", shape
            yield from (("classifier.weight", (2, self.width)), ("classifier.bias", (2,)))
        else:
            yield from self._bert()

    def _llama(self) -> Shapes:
        keys = self.width // self.n_heads * self.n_groups
        yield "model.embed_tokens.weight", (self.vocabulary, self.width)
        for layer in range(self.n_layers):
            stem = f"model.layers.{layer}"
            yield f"{stem}.input_layernorm.weight", (self.width,)
            for part, rows in (("q", self.width), ("k", keys), ("v", keys), ("o", self.width)):
                yield f"{stem}.self_attn.{part}_proj.weight", (rows, self.width)
            yield f"{stem}.post_attention_layernorm.weight", (self.width,)
            yield f"{stem}.mlp.gate_proj.weight", (self.inner, self.width)
            yield f"{stem}.mlp.up_proj.weight", (self.inner, self.width)
            yield f"{stem}.mlp.down_proj.weight", (self.width, self.inner)
        yield "model.norm.weight", (self.width,)

    def _bert(self) -> Shapes:
        for table, rows in (("word", self.vocabulary), ("position", self.length), ("token_type", 2)):
            yield f"embeddings.{table}_embeddings.weight", (rows, self.width)
        yield from self._affine("embeddings.LayerNorm", self.width)
        for layer in range(self.n_layers):
            stem = f"encoder.layer.{layer}"
            for part in ("query", "key", "value"):
                yield from self._affine(f"{stem}.attention.self.{part}", self.width, self.width)
            yield from self._affine(f"{stem}.attention.output.dense", self.width, self.width)
            yield from self._affine(f"{stem}.attention.output.LayerNorm", self.width)
            yield from self._affine(f"{stem}.intermediate.dense", self.inner, self.width)
            yield from self._affine(f"{stem}.output.dense", self.width, self.inner)
            yield from self._affine(f"{stem}.output.LayerNorm", self.width)
        yield from self._affine("pooler.dense", self.width, self.width)

    @staticmethod
    def _affine(stem: str, *shape: int) -> Shapes:
        yield f"{stem}.weight", shape
        yield f"{stem}.bias", shape[:1]

    @property
    def n_values(self) -> int:
        """How many numbers the parameters hold."""
        return sum(math.prod(shape) for _, shape in self.shapes())

    def first(self) -> Task:
        """Give the task itself: nothing else is done before it, since its first time is measured apart."""
        return self

    def __str__(self) -> str:
        heads = f"{self.n_heads} heads" + (f", {self.n_groups} of keys and values" if self.net == "llama" else "")
        shape = f"{self.n_layers} layers of {self.width}, {heads}, inner width {self.inner:,}"
        what = {
            "generate": f"{self.batch} x {self.length} words read, {self.answers} written to each",
            "embed": f"{self.batch} sentences at once",
            "train": f"{self.batch} texts of {self.length} words a step",
        }[self.name]
        return f"{shape}, {self.vocabulary:,} words known; {what}"
