"""T5 (Raffel et al. 2020, arXiv:1910.10683) and T5 v1.1: from one text to another."""

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import mindspore
from mindspore import Tensor, ops
from mindspore.common.initializer import Normal

from lazycell import (
    INDEX,
    SELF,
    UNUSED,
    ConfigRules,
    ConfigWarning,
    LazyCell,
    StoredTensors,
    child,
    children,
    divide,
    hyper,
    key_value_cache,
    register,
    rename,
    tie,
    when,
    whole,
)

from .activations import ACTIVATIONS, activate
from .attention import attend, causal_mask, extended, padding_mask, split_heads
from .heads import OF_HEADS
from .inputs import Reader, check_mask
from .layers import Dropout, Embedding, Linear, Part, RMSNorm, WholeLinear, cast
from .outputs import Cache, EncoderOutput, KeyValue, Seq2SeqLMOutput, Seq2SeqOutput, States
from .presets.t5 import PRESETS
from .relative import bucket_of_pairs, buckets


class FeedForwardProj(str):
    """`feed_forward_proj`, as configs write it: an activation, perhaps with `gated-` before it."""

    @property
    def gated(self) -> bool:
        return self.startswith("gated-")

    @property
    def activation(self) -> str:
        return "gelu_new" if self == "gated-gelu" else self.removeprefix("gated-")


def check_activation(_: Any, field: Any, value: FeedForwardProj) -> None:
    """Refuse an activation that is not implemented: a validator.

    Args:
        _: the cell that is built, as attrs hands it to validators.
        field: the hyperparameter.
        value: the name of an activation, after `gated-` or not.

    Raises:
        ValueError: it is none.
    """
    if value.activation not in ACTIVATIONS:
        raise ValueError(f"{field.name}={value!r}: the activation is none of {', '.join(ACTIVATIONS)}")


class T5Options(LazyCell):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    base_model_prefix: ClassVar[str] = "transformer"

    vocab_size: int = 32128
    d_model: int = 512
    d_kv: int = 64
    d_ff: int = 2048
    num_layers: int = 6
    num_decoder_layers: int = num_layers
    num_heads: int = 8
    relative_attention_num_buckets: int = 32
    relative_attention_max_distance: int = 128
    dropout_rate: float = 0.1
    layer_norm_epsilon: float = 1e-6
    initializer_factor: float = 1.0
    feed_forward_proj: Any = hyper("relu", converter=FeedForwardProj, validator=check_activation)
    decoder_start_token_id: int = 0

    divide(tp=(vocab_size, num_heads, d_ff))
    inner = num_heads * d_kv
    table_init = Normal(initializer_factor)
    init = Normal(initializer_factor * d_model**-0.5)
    query_init = Normal(initializer_factor * (d_model * d_kv) ** -0.5)
    output_init = Normal(initializer_factor * inner**-0.5)
    down_init = Normal(initializer_factor * d_ff**-0.5)
    whole_vocab_size = whole(vocab_size)
    config_rules = ConfigRules(
        renamed={"hidden_size": "d_model", "num_hidden_layers": "num_layers", "num_attention_heads": "num_heads"},
        only={"is_encoder_decoder": (True, False)},  # the encoder alone is none
        ignored=OF_HEADS | {"dense_act_fn", "is_gated_act", "n_positions", "scale_decoder_outputs"},
        written={
            "dense_act_fn": lambda values: values["feed_forward_proj"].activation,
            "is_gated_act": lambda values: values["feed_forward_proj"].gated,
        },
    )


class T5Attention(Part):
    """Attention in heads, unscaled, with a bias for each distance where the stack's first layer has it."""

    has_bias: bool = False
    causal: bool = False

    width = config.d_model

    q: Linear = child(Linear, width, config.inner, False, config.query_init)
    k: Linear = child(Linear, width, config.inner, False, config.init)
    v: Linear = child(Linear, width, config.inner, False, config.init)
    o: Linear = child(Linear, config.inner, width, False, config.output_init)
    relative_attention_bias: Any = when(
        has_bias, child(Embedding, config.relative_attention_num_buckets, config.num_heads, config.init)
    )
    dropout: Dropout = child(Dropout, config.dropout_rate)

    def __post_init__(self) -> None:
        count, most = self.config.relative_attention_num_buckets, self.config.relative_attention_max_distance
        self.buckets = Tensor(buckets(count, most, both_ways=not self.causal))
        self.later = 0 if self.causal else count // 2

    def construct(
        self, x: Tensor, mask: Tensor, other: Tensor | None, past: KeyValue | None
    ) -> tuple[Tensor, KeyValue]:
        """Attend to `x` itself, after what is in the cache; or to `other`, which the cache has whole.

        Args:
            x: (batch, sequence, d_model), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
            other: what the encoder gave, (batch, read, d_model), or None.
            past: keys and values of earlier positions, each (batch, key heads, positions, head size), or None.

        Returns:
            (batch, sequence, d_model), in the same dtype, and keys and values.
        """
        if other is not None and past is not None:
            key, value = past
        else:
            source = x if other is None else other
            key, value = split_heads(self.k(source), self.config.d_kv), split_heads(self.v(source), self.config.d_kv)
            key, value = extended(past, key, value)
        query = split_heads(self.q(x), self.config.d_kv)
        return self.o(attend(query, key, value, mask, self.dropout, 1.0)), (key, value)

    def bias(self, queries: Tensor, total: int) -> Tensor:
        """Give what is added to the scores of the positions `queries` of `total`: (1, heads, queries, total).

        Args:
            queries: (queries,), int.
            total: how many positions there are.

        Returns:
            (1, heads, queries, total), float32.
        """
        pairs = bucket_of_pairs(self.buckets, self.later, queries, total)
        return self.relative_attention_bias(pairs).transpose(2, 0, 1)[None].astype(mindspore.float32)


def without_float16(dtype: Any) -> Any:
    """Give float32 for float16, and any other dtype as it is.

    Args:
        dtype: one of MindSpore's, or its name.

    Returns:
        A dtype.
    """
    return "float32" if dtype in ("float16", mindspore.float16) else dtype


class WideLinear(Linear):
    """A linear map that is kept and computed in float32 where the net is float16.

    The sums that T5 passes from block to block exceed what float16 holds
    (huggingface/transformers, `T5PreTrainedModel._keep_in_fp32_modules`).
    """

    dtype: Any = hyper("float32", converter=without_float16)

    def construct(self, x: Tensor) -> Tensor:
        """Compute y = x Wᵀ of the last axis, in the weight's dtype.

        Args:
            x: (…, in_features), floating-point.

        Returns:
            (…, out_features), in the dtype of the weight.
        """
        return super().construct(cast(x, self.weight.dtype))


class T5FeedForward(Part):
    """wo(act(wi(x))), or wo(act(wi_0(x)) · wi_1(x)) where it is gated."""

    gated = config.feed_forward_proj.gated
    act = config.feed_forward_proj.activation

    wi: Any = when(~gated, child(Linear, config.d_model, config.d_ff, False, config.init))
    wi_0: Any = when(gated, child(Linear, config.d_model, config.d_ff, False, config.init))
    wi_1: Any = when(gated, child(Linear, config.d_model, config.d_ff, False, config.init))
    wo: WideLinear = child(WideLinear, config.d_ff, config.d_model, False, config.down_init)
    dropout: Dropout = child(Dropout, config.dropout_rate)

    def construct(self, x: Tensor) -> tuple[Tensor, None]:
        """Map the last axis.

        Args:
            x: (…, d_model), floating-point.

        Returns:
            (…, d_model), and None: there is no cache.
        """
        inner = activate(self.act, self.wi_0(x)) * self.wi_1(x) if self.gated else activate(self.act, self.wi(x))
        return self.wo(self.dropout(inner)), None


class SubLayer(Part):
    """One part of a block, by its place there: it takes what is normalized, and is added to what is not."""

    decoder: bool
    block: int
    place: int
    later = when(decoder & (place == 1), "EncDecAttention", otherwise="DenseReluDense")
    part = when(place == 0, "SelfAttention", otherwise=later)

    SelfAttention: Any = when(part == "SelfAttention", child(T5Attention, config, block == 0, decoder))
    EncDecAttention: Any = when(part == "EncDecAttention", child(T5Attention, config))
    DenseReluDense: Any = when(part == "DenseReluDense", child(T5FeedForward, config))
    layer_norm: RMSNorm = child(RMSNorm, config.d_model, config.layer_norm_epsilon)
    dropout: Dropout = child(Dropout, config.dropout_rate)
    key_values = when(decoder & (place == 0), key_value_cache(config.num_heads, config.d_kv))
    read_key_values = when(decoder & (place == 1), key_value_cache(config.num_heads, config.d_kv, source=True))
    # Of the attention to the other text, which has no positions in common: old files have it all the same.
    rename({"EncDecAttention.relative_attention_bias.weight": UNUSED})

    def construct(self, x: Tensor, *inputs: Any) -> tuple[Tensor, Any]:
        """Add what the part makes of `x`, normalized.

        Args:
            x: (batch, sequence, d_model), float32 where the net is float16.
            inputs: what the part takes besides.

        Returns:
            The shape of `x`, and keys and values or None.
        """
        found, cache = getattr(self, self.part)(self.layer_norm(x), *inputs)
        return x + self.dropout(found), cache


class T5Block(Part):
    """Attention and the feed-forward network; in the decoder, attention to the other text between them."""

    decoder: bool
    index: int

    layer: list[SubLayer] = children(2 + decoder, SubLayer, config, decoder, index, INDEX)

    def construct(
        self, x: Tensor, mask: Tensor, other: Tensor | None, other_mask: Tensor | None, past: Cache | None
    ) -> tuple[Tensor, Cache]:
        """Go through the parts.

        Args:
            x: (batch, sequence, d_model), float32 where the net is float16.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
            other: what the encoder gave, (batch, read, d_model), or None.
            other_mask: added to the scores of that, (batch, heads, sequence, read), float32, or None.
            past: keys and values of earlier positions, in the decoder those of the other text as well, or None.

        Returns:
            The shape of `x`, and what `past` will be.
        """
        x, cache = self.layer[0](x, mask, None, None if past is None else past[0])
        if not self.decoder:
            return self.layer[1](x)[0], (cache,)
        x, other_cache = self.layer[1](x, other_mask, other, None if past is None else past[1])
        return self.layer[2](x)[0], (cache, other_cache)


class T5Stack(Part):
    """The encoder or the decoder: from ids to a vector for each position."""

    decoder: bool

    embed_tokens: Embedding = child(Embedding, config.vocab_size, config.d_model, config.table_init)
    block: list[T5Block] = children(
        when(decoder, config.num_decoder_layers, otherwise=config.num_layers), T5Block, config, decoder, INDEX
    )
    final_layer_norm: RMSNorm = child(RMSNorm, config.d_model, config.layer_norm_epsilon)
    dropout: Dropout = child(Dropout, config.dropout_rate)

    def construct(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        other: Tensor | None = None,
        other_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        cache_position: Tensor | None = None,
    ) -> tuple[States, Cache]:
        """Give the embeddings and each block's output, the last one normalized, and the cache.

        Args:
            input_ids: (batch, sequence), int.
            attention_mask: (batch, positions), 1 for a token and 0 for padding, those in the cache included; default
                all 1.
            other: what the encoder gave, (batch, read, d_model), or None.
            other_mask: (batch, read), 1 for a token and 0 for padding; default all 1.
            past_key_values: the cache of an earlier call, or None.
            cache_position: (sequence,), int: where the new positions are in a cache of fixed size.

        Returns:
            One more than there are blocks, each (batch, sequence, d_model), and the cache of each block.
        """
        batch, length = input_ids.shape
        if attention_mask is None:
            seen = 0 if past_key_values is None else past_key_values[0][0][0].shape[2]
            attention_mask = ops.ones((batch, seen + length), mindspore.int64)
        total = attention_mask.shape[1]
        if self.decoder:
            mask = causal_mask(attention_mask, length, None, cache_position)
        else:
            mask = padding_mask(attention_mask)
        queries = ops.arange(total - length, total) if cache_position is None else cache_position
        mask = mask + self.block[0].layer[0].SelfAttention.bias(queries, total)
        if other is not None:
            read = ops.ones(other.shape[:2], mindspore.int64) if other_mask is None else other_mask
            other_mask = padding_mask(read, self.config.num_heads, length)
        x = self.dropout(self.embed_tokens(input_ids))
        if x.dtype == mindspore.float16:  # the sums of the blocks' parts exceed it
            x = x.astype(mindspore.float32)
        states: States = (x,)
        caches: Cache = ()
        for index, block in enumerate(self.block):
            x, cache = block(x, mask, other, other_mask, None if past_key_values is None else past_key_values[index])
            states += (x,)
            caches += (cache,)
        return (*states[:-1], self.dropout(self.final_layer_norm(x))), caches


@register("t5")
class T5Model(T5Options, Reader):
    """The encoder and the decoder: from two texts to a vector for each position of the second."""

    output_type: ClassVar[Any] = Seq2SeqOutput
    ids_below: ClassVar[dict[str, str]] = {"input_ids": "vocab_size", "decoder_input_ids": "vocab_size"}

    shared: Embedding = child(Embedding, vocab_size, d_model, table_init)
    encoder: T5Stack = child(T5Stack, SELF, False)
    decoder: T5Stack = child(T5Stack, SELF, True)
    encoder_table = tie("encoder.embed_tokens.weight", "shared.weight")
    decoder_table = tie("decoder.embed_tokens.weight", "shared.weight")
    rename({"lm_head.weight": UNUSED})

    def construct(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: tuple[Tensor, ...] | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool = False,
        output_hidden_states: bool = False,
        cache_position: Tensor | None = None,
    ) -> Any:
        """Read one text, and another as far as it is written.

        Args:
            input_ids: (batch, sequence), int32 or int64, each less than `vocab_size`: the text that is read.
            attention_mask: (batch, sequence), int or bool, 1 for a token and 0 for padding; default all 1.
            decoder_input_ids: (batch, written), int: the text that is written, or what of it is not in the cache.
            decoder_attention_mask: (batch, positions), int or bool, what is in the cache included; default all 1.
            encoder_outputs: what `T5EncoderModel` gave, where the text was read before; the first of it is used.
            past_key_values: what an earlier call returned, to go on from.
            use_cache: whether keys and values are returned, to go on from.
            output_hidden_states: whether the output of each layer is returned, of both.
            cache_position: (written,), int: where the new positions are in a cache of fixed size.

        Returns:
            What is in a `Seq2SeqOutput`, of a class with a head a `Seq2SeqLMOutput`: the decoder's last output, (batch,
            written, d_model), or the logits, (batch, written, vocabulary), keys and values or None, the decoder's
            layers or None, the encoder's last output, (batch, sequence, d_model), and its layers or None.

        Raises:
            ValueError: outside a graph: an id that there is no vector for, or a mask of another shape than the text's.
        """
        if encoder_outputs is None:
            read = self.encoder(input_ids, attention_mask)[0]
            encoded = read[-1]
        else:
            read, encoded = None, encoder_outputs[0]
        states, cache = self.decoder(
            decoder_input_ids, decoder_attention_mask, encoded, attention_mask, past_key_values, cache_position
        )
        written, read = (states, read) if output_hidden_states else (None, None)
        return self.answer(states[-1]), cache if use_cache else None, written, encoded, read

    def check_lengths(self, given: dict[str, Any]) -> None:
        """Refuse a mask that is not its text's; positions there may be as many as one likes.

        Args:
            given: what the model is called with, by name.

        Raises:
            ValueError: a mask has another shape.
        """
        for name in ("", "decoder_"):
            ids, mask, past = given.get(f"{name}input_ids"), given.get(f"{name}attention_mask"), None
            if name and given.get("past_key_values") is not None:
                past = given["past_key_values"][0][0]
            if ids is not None and (past is None or len(past) == 2):
                seen = 0 if past is None else past[0].shape[2]
                check_mask(self, f"{name}attention_mask", mask, (ids.shape[0], seen + ids.shape[1]))

    def answer(self, x: Tensor) -> Tensor:
        """Give what is made of the decoder's last output: here itself.

        Args:
            x: (batch, written, d_model).

        Returns:
            The same.
        """
        return x


TABLES = "shared", "encoder.embed_tokens", "decoder.embed_tokens"
"""The names by which a file may have the one table."""


def head_of_file(given: Mapping[str, Any], file: StoredTensors) -> dict[str, Any]:
    """Tell whether the head is the table, which the file alone says, and whether it is scaled, which the config says.

    Version 1.1 has a head of its own and does not scale, and its configs say `tie_word_embeddings: false` for both;
    transformers 5 writes `true` for all, and `scale_decoder_outputs` beside it.

    Args:
        given: the hyperparameters so far.
        file: the tensors.

    Returns:
        `tie_word_embeddings` and `scale_decoder_outputs`.
    """
    tied = given.get("tie_word_embeddings", True)
    scaled = given.get("scale_decoder_outputs", tied)
    own = any(file.differ("lm_head.weight", f"{table}.weight") for table in TABLES)
    if own and tied and scaled:
        warnings.warn(
            "config.json says that the head of this T5 is its table, and the file has a head that differs: it is used, "
            "as transformers 5 uses it, and scaled; tie_word_embeddings=False says so, without scaling",
            ConfigWarning,
            stacklevel=5,  # of whoever called from_pretrained
        )
    return {"tie_word_embeddings": not own, "scale_decoder_outputs": scaled}


@register("t5", presets=PRESETS, also={"t5": "T5WithLMHeadModel"})
class T5ForConditionalGeneration(T5Model):
    """The encoder, the decoder, and a score for each word that may come next."""

    output_type: ClassVar[Any] = Seq2SeqLMOutput

    tie_word_embeddings: bool = True
    scale_decoder_outputs: bool = tie_word_embeddings

    base_model_heads: ClassVar[tuple[str, ...]] = ("lm_head",)
    lm_head: WholeLinear = child(WholeLinear, d_model, vocab_size, False, table_init)
    rename({"lm_head.weight": None})
    head_table = when(tie_word_embeddings, tie("lm_head.weight", "shared.weight"))
    config_rules = ConfigRules(by_file=head_of_file)

    def answer(self, x: Tensor) -> Tensor:
        """Score every word at each position.

        Args:
            x: (batch, written, d_model), in the dtype of the parameters.

        Returns:
            (batch, written, vocabulary).
        """
        return self.lm_head(x * self.d_model**-0.5 if self.scale_decoder_outputs else x)


@register("t5")
class T5EncoderModel(T5Options, Reader):
    """The encoder alone."""

    output_type: ClassVar[Any] = EncoderOutput

    shared: Embedding = child(Embedding, vocab_size, d_model, table_init)
    encoder: T5Stack = child(T5Stack, SELF, False)
    encoder_table = tie("encoder.embed_tokens.weight", "shared.weight")
    rename({"decoder.{*rest}": UNUSED, "lm_head.weight": UNUSED})

    def construct(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, output_hidden_states: bool = False
    ) -> tuple[Any, ...]:
        """Encode a batch.

        Args:
            input_ids: (batch, sequence), int32 or int64, each less than `vocab_size`.
            attention_mask: (batch, sequence), int or bool, 1 for a token and 0 for padding; default all 1.
            output_hidden_states: whether the output of each layer is returned.

        Returns:
            What is in an `EncoderOutput`: the last layer's output, (batch, sequence, hidden), in the dtype of the
            parameters, None, as there is no pooler, and the output of each layer or None.

        Raises:
            ValueError: outside a graph: an id that there is no vector for, or a mask of another shape than the text's.
        """
        states, _ = self.encoder(input_ids, attention_mask)
        return states[-1], None, states if output_hidden_states else None
