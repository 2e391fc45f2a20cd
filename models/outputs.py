"""What the models take and return, under the names that Hugging Face gives it; in graphs, without (`models.named`).

- `input_ids`: (batch, sequence), int; so are `token_type_ids`, default all 0, and `position_ids`, default counted on
  from the end of the cache.
- `attention_mask`: (batch, positions), 1 for a token and 0 for padding, what is in the cache included; default all 1.
- `past_key_values`: the cache of an earlier call, to go on from; returned if `use_cache` asks for it, else None.
- `cache_position`: (sequence,), int: where new positions are in a cache of fixed size (`models.attention.extended`).
- `hidden_states`: the embeddings and each layer's output, each (batch, sequence, hidden), the last one normalized where
  the model does that; returned if `output_hidden_states` asks for them, else None.
"""

from typing import Any, NamedTuple

from mindspore import Tensor

KeyValue = tuple[Tensor, Tensor]
"""Keys and values of one layer, each (batch, key heads, positions, head size)."""

Cache = tuple[Any, ...]
"""Those of every layer; in a decoder that reads another text too, a pair for each."""

States = tuple[Tensor, ...]
"""The embeddings and each layer's output."""


class EncoderOutput(NamedTuple):
    """What an encoder returns; `pooler_output` is (batch, hidden), or None without a pooler."""

    last_hidden_state: Tensor
    pooler_output: Tensor | None
    hidden_states: States | None


class DecoderOutput(NamedTuple):
    """What a decoder returns; `router_logits` are those of each layer with experts, (batch * sequence, experts)."""

    last_hidden_state: Tensor
    past_key_values: Cache | None
    hidden_states: States | None
    router_logits: tuple[Tensor, ...] = ()


class CausalLMOutput(NamedTuple):
    """What a language model returns: `logits` are (batch, sequence, vocabulary)."""

    logits: Tensor
    past_key_values: Cache | None
    hidden_states: States | None
    router_logits: tuple[Tensor, ...] = ()


class LogitsOutput(NamedTuple):
    """What the other heads return: (batch, sequence, scores), or (batch, scores) of whole texts."""

    logits: Tensor
    hidden_states: States | None


class QuestionAnsweringOutput(NamedTuple):
    """How much each position looks like the start of the answer, and like its end, each (batch, sequence)."""

    start_logits: Tensor
    end_logits: Tensor
    hidden_states: States | None


class Seq2SeqOutput(NamedTuple):
    """What an encoder with a decoder returns; `last_hidden_state` is the decoder's."""

    last_hidden_state: Tensor
    past_key_values: Cache | None
    decoder_hidden_states: States | None
    encoder_last_hidden_state: Tensor
    encoder_hidden_states: States | None


class Seq2SeqLMOutput(NamedTuple):
    """The same of a language model: `logits` are (batch, decoder's sequence, vocabulary)."""

    logits: Tensor
    past_key_values: Cache | None
    decoder_hidden_states: States | None
    encoder_last_hidden_state: Tensor
    encoder_hidden_states: States | None
