"""What the numbers in a `config.json` count, told by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from .._frozen import frozen


class Counts(Enum):
    """What a key says how many there are of."""

    WIDTH = "numbers for each position"
    INNER = "numbers inside a feed-forward network"
    HEADS = "heads of queries"
    KEY_HEADS = "heads of keys and values"
    HEAD_SIZE = "numbers in each head"
    LAYERS = "layers"
    EXPERTS = "experts"
    WORDS = "words"
    POSITIONS = "positions"
    TYPES = "kinds of segments"
    BUCKETS = "buckets of distances"
    LABELS = "labels"
    CHANNELS = "channels"
    OTHER = "something else"
    NO_SIZE = "no size"


_BY_NAME = (
    (r"(token|eos|bos|pad|sep|cls)_id|_ids?$|dropout|window|distance|per_tok|interval|epsilon|_eps$", Counts.NO_SIZE),
    (r"scalar|pretraining|step|groups?$|stride|sample_size|rotary|theta|seed|max_window", Counts.NO_SIZE),
    (r"type_vocab", Counts.TYPES),
    (r"vocab", Counts.WORDS),
    (r"bucket", Counts.BUCKETS),
    (r"position|n_ctx|seq_len|sequence|context_length|block_size", Counts.POSITIONS),
    (r"label", Counts.LABELS),
    (r"shared_expert.*(size|dim)|moe_.*(size|dim)|expert.*(size|dim)", Counts.INNER),
    (r"experts", Counts.EXPERTS),
    (r"head_dim|d_kv|head_size|kv_channels|dim_head", Counts.HEAD_SIZE),
    (r"(key_value|kv).*head|num_kv|n_kv", Counts.KEY_HEADS),
    (r"heads?$", Counts.HEADS),
    (r"layers?$|depth|blocks?$", Counts.LAYERS),
    (r"intermediate|ffn|d_ff|inner|mlp|ff_dim", Counts.INNER),
    (r"channels|planes|filters", Counts.CHANNELS),
    (r"hidden_size|d_model|n_embd|embed_dim|embedding_size|hidden_dim|^dim$|width|projection_dim", Counts.WIDTH),
)
_COMPILED = [(re.compile(pattern), counts) for pattern, counts in _BY_NAME]


def counts_of(name: str, names: Sequence[str]) -> Counts:
    """Tell what a key counts.

    Args:
        name: the key.
        names: all keys of the config.
    """
    if name == "hidden_dim" and {"dim", "hidden_size"} & {*names}:
        return Counts.INNER  # DistilBERT's
    return next((counts for pattern, counts in _COMPILED if pattern.search(name)), Counts.OTHER)


@frozen
class Key:
    """A key whose value is a size, or may be one.

    Attributes:
        values: for each config its value; None where a config leaves it open.
    """

    name: str
    counts: Counts
    values: tuple[int | None, ...]

    @property
    def is_open(self) -> bool:
        """Whether some config leaves it open."""
        return None in self.values


def size_keys(configs: Sequence[Mapping[str, Any]]) -> list[Key]:
    """Give the keys of some configs that are sizes in each, or left open."""
    keys = []
    names = [*dict.fromkeys(name for config in configs for name in config)]
    for name in names:
        values = tuple(config.get(name) for config in configs)
        fits = all(value is None or (type(value) is int and value > 0) for value in values)
        counts = counts_of(name, names)
        sized = counts not in (Counts.NO_SIZE, Counts.OTHER)
        if fits and counts is not Counts.NO_SIZE and (sized or None not in values):
            keys.append(Key(name, counts, values))
    return keys


def switches(configs: Sequence[Mapping[str, Any]]) -> dict[str, tuple[bool, ...]]:
    """Give the keys of some configs that are true or false in each."""
    found: dict[str, tuple[bool, ...]] = {}
    for name in dict.fromkeys(name for config in configs for name in config):
        values = [config.get(name) for config in configs]
        if all(type(value) is bool for value in values):
            found[name] = tuple(map(bool, values))
    return found
