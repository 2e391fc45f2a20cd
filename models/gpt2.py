"""GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners")."""

import math
from typing import Any, ClassVar

import mindspore
from mindspore import Tensor, ops
from mindspore.common.initializer import Normal

from lazycell import (
    INDEX,
    SELF,
    UNUSED,
    ConfigRules,
    Enter,
    LazyCell,
    Leave,
    Param,
    child,
    children,
    divide,
    fused,
    key_value_cache,
    on,
    register,
    rename,
    require,
    same,
    shard_of,
    tie,
    when,
    whole,
)

from .activations import activate, activation
from .attention import attend, causal_mask, extended, split_heads
from .decoder import LayerOutput, completed, decode
from .heads import OF_HEADS, CausalLM, Head, LastTokenClassification, TokenClassification
from .inputs import Reader
from .layers import Dropout, Embedding, LayerNorm, Linear, Part, WholeLinear
from .outputs import Cache, DecoderOutput, KeyValue
from .presets.gpt2 import PRESETS
from .stages import stages_of

SUMMARY = "activation", "first_dropout", "proj_to_labels", "type", "use_proj"
"""Options of a head that is not here: `summary_…`."""


class GPT2Options(LazyCell):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    base_model_prefix: ClassVar[str] = "transformer"

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    n_inner: int = 4 * n_embd
    activation_function: str = activation("gelu_new")
    resid_pdrop: float = 0.1
    embd_pdrop: float = 0.1
    attn_pdrop: float = 0.1
    layer_norm_epsilon: float = 1e-5
    initializer_range: float = 0.02
    scale_attn_weights: bool = True
    scale_attn_by_inverse_layer_idx: bool = False
    reorder_and_upcast_attn: bool = False
    divide(tp=(vocab_size, n_inner, n_head), pp=n_layer)
    require(n_embd % n_head == 0, "n_embd must be divisible by n_head")

    init = Normal(initializer_range)
    head_size = n_embd // n_head
    width = n_head * head_size
    whole_vocab_size = whole(vocab_size)
    depth = whole(n_layer)
    residual_init = Normal(initializer_range / (2 * n_layer) ** 0.5)

    config_rules = ConfigRules(
        renamed={
            "hidden_size": "n_embd",
            "max_position_embeddings": "n_positions",
            "num_attention_heads": "n_head",
            "num_hidden_layers": "n_layer",
        },
        ignored=OF_HEADS | {"n_ctx", *(f"summary_{each}" for each in SUMMARY)},
        written={"n_ctx": UNUSED},  # an old name of n_positions
    )


_PRODUCT = ops.MatMul()


class Conv1D(LazyCell):
    """Affine map of the last axis whose weight is (in, out), as a convolution of width 1 has it.

    Ranks divide it as they do a `Linear`.
    """

    divided: ClassVar[bool] = False

    in_features: int
    out_features: int
    initializer: Any

    weight: Param[initializer, (in_features, out_features)]
    bias: Param["zeros", (out_features,)]

    def __post_init__(self) -> None:
        columns, rows = shard_of(self.weight)
        if rows is not None or columns is not None:
            self.divided = True  # type: ignore[misc]
            self.enter = None if rows is None else Enter(rows)
            self.leave = None if columns is None else Leave(columns)

    def construct(self, x: Tensor) -> Tensor:
        """Compute y = x W + b of the last axis.

        Args:
            x: (…, in), in the dtype of the weight.

        Returns:
            (…, out), in the same dtype.
        """
        if self.divided and self.enter is not None:
            x = self.enter(x)
        flat = _PRODUCT(x.reshape(-1, self.in_features), self.weight)
        if self.divided and self.leave is not None:
            flat = self.leave(flat)  # the bias is added once
        return ops.bias_add(flat, self.bias).reshape((*x.shape[:-1], self.out_features))


class GPT2Attention(Part):
    """Causal attention in heads; query, key and value in one map."""

    index: int

    width = config.width

    c_attn: Conv1D = child(Conv1D, config.n_embd, fused(q=width, k=width, v=width), config.init)
    c_proj: Conv1D = child(Conv1D, width, config.n_embd, config.residual_init)
    attn_dropout: Dropout = child(Dropout, config.attn_pdrop)
    resid_dropout: Dropout = child(Dropout, config.resid_pdrop)
    key_values = key_value_cache(config.n_head, config.head_size)
    rename({"bias": UNUSED, "masked_bias": UNUSED})  # causal masks, once saved with the weights

    def __post_init__(self) -> None:
        scale = 1 / math.sqrt(self.config.head_size) if self.config.scale_attn_weights else 1.0
        self.scale = scale / (self.index + 1) if self.config.scale_attn_by_inverse_layer_idx else scale

    def construct(self, x: Tensor, mask: Tensor, past: KeyValue | None) -> tuple[Tensor, KeyValue]:
        """Attend to the positions up to each.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
            past: keys and values of earlier positions, each (batch, key heads, positions, head size), or None.

        Returns:
            (batch, sequence, hidden), in the same dtype, and keys and values, those of `past` included.
        """
        query, key, value = (
            split_heads(each, self.config.head_size) for each in ops.split(self.c_attn(x), self.width, -1)
        )
        cache = key, value = extended(past, key, value)
        if self.config.reorder_and_upcast_attn:
            query, key = query.astype(mindspore.float32), key.astype(mindspore.float32)
        found = attend(query, key, value, mask, self.attn_dropout, self.scale)
        return self.resid_dropout(self.c_proj(found)), cache


class GPT2MLP(Part):
    """Two linear maps with an activation between them."""

    c_fc: Conv1D = child(Conv1D, config.n_embd, config.n_inner, config.init)
    c_proj: Conv1D = child(Conv1D, config.n_inner, config.n_embd, config.residual_init)
    dropout: Dropout = child(Dropout, config.resid_pdrop)

    def construct(self, x: Tensor) -> Tensor:
        """Map the last axis.

        Args:
            x: (…, hidden), in the dtype of the parameters.

        Returns:
            (…, hidden), in the same dtype.
        """
        return self.dropout(self.c_proj(activate(self.config.activation_function, self.c_fc(x))))


class GPT2Block(Part):
    """Attention and a feed-forward network: each takes what is normalized, and is added to what is not."""

    index: int

    ln_1: LayerNorm = child(LayerNorm, config.n_embd, config.layer_norm_epsilon)
    attn: GPT2Attention = child(GPT2Attention, config, index)
    ln_2: LayerNorm = child(LayerNorm, config.n_embd, config.layer_norm_epsilon)
    mlp: GPT2MLP = child(GPT2MLP, config)

    def construct(self, x: Tensor, mask: Tensor, past: KeyValue | None) -> LayerOutput:
        """Go through both.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
            past: keys and values of earlier positions, each (batch, key heads, positions, head size), or None.

        Returns:
            (batch, sequence, hidden), in the same dtype, keys and values, those of `past` included, and None: there is
            no router.
        """
        found, cache = self.attn(self.ln_1(x), mask, past)
        x = x + found
        return x + self.mlp(self.ln_2(x)), cache, None


@register("gpt2")
class GPT2Model(GPT2Options, Reader):
    """The decoder: from ids to a vector for each position."""

    output_type: ClassVar[Any] = DecoderOutput
    ids_below: ClassVar[dict[str, str]] = {"input_ids": "vocab_size", "token_type_ids": "vocab_size"}
    positions: ClassVar[str | None] = "n_positions"

    wte: Embedding = when(on(pp=0), child(Embedding, vocab_size, n_embd, init))  # type: ignore[assignment]
    wpe: Embedding = when(on(pp=0), child(Embedding, n_positions, n_embd, init))  # type: ignore[assignment]
    drop: Dropout = child(Dropout, embd_pdrop)
    h: list[GPT2Block] = children(n_layer, GPT2Block, SELF, INDEX)
    ln_f: LayerNorm = when(on(pp=-1), child(LayerNorm, n_embd, layer_norm_epsilon))  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.stages = stages_of(self, self.h, self.depth)

    def construct(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool = False,
        output_hidden_states: bool = False,
        token_type_ids: Tensor | None = None,
        cache_position: Tensor | None = None,
    ) -> tuple[Any, ...]:
        """Read a batch of texts, or go on reading one.

        Args:
            input_ids: (batch, sequence), int32 or int64, each less than `vocab_size`.
            attention_mask: (batch, positions), int or bool, 1 for a token and 0 for padding, what is in the cache
                included; default all 1.
            position_ids: (batch, sequence), int; default counted on from the end of the cache.
            past_key_values: what an earlier call returned, to go on from.
            use_cache: whether keys and values are returned, to go on from.
            output_hidden_states: whether the output of each layer is returned.
            token_type_ids: (batch, sequence), int, looked up in the table of words; default none.
            cache_position: (sequence,), int: where the new positions are in a cache of fixed size.

        Returns:
            What is in a `DecoderOutput`: the last layer's output, normalized, (batch, sequence, hidden), in the dtype
            of the parameters, keys and values or None, the output of each layer or None, and no routers.

        Raises:
            ValueError: outside a graph: an id that there is no vector for, more positions than there are, or a mask of
                another shape than the text's.
        """
        attention_mask, position_ids = completed(input_ids, attention_mask, position_ids, past_key_values)
        if self.wte is not None:
            x = self.embed(input_ids, position_ids, token_type_ids)
        else:
            x = self.stages.received(input_ids, self.h, self.h[0].ln_1.weight)
        mask = causal_mask(attention_mask, input_ids.shape[1], None, cache_position, self.n_head)
        kinds = [(mask,)] * self.n_layer
        return decode(self.h, self.ln_f, x, kinds, past_key_values, use_cache, output_hidden_states, self.stages)

    def embed(self, input_ids: Tensor, position_ids: Tensor, token_type_ids: Tensor | None) -> Tensor:
        """Give the vectors of words, with those of their positions and types.

        Args:
            input_ids: (batch, sequence), int.
            position_ids: (batch, sequence), int.
            token_type_ids: (batch, sequence), int, or None.

        Returns:
            (batch, sequence, hidden), in the dtype of the parameters.
        """
        x = self.wte(input_ids) + self.wpe(position_ids)
        if token_type_ids is not None:
            x = x + self.wte(token_type_ids)
        return self.drop(x)


class GPT2Head(GPT2Options, Head):
    """What GPT-2's heads share: the decoder."""

    hidden_size = n_embd

    transformer: GPT2Model = child(GPT2Model, **same(GPT2Options))


@register("gpt2", presets=PRESETS)
class GPT2LMHeadModel(CausalLM, GPT2Head):
    """GPT-2, and a score for each word that may come next."""

    tie_word_embeddings: bool = True

    lm_head: WholeLinear = when(on(pp=-1), child(WholeLinear, n_embd, vocab_size, False, init))  # type: ignore[assignment]
    one_table = when(tie_word_embeddings, tie("lm_head.weight", "transformer.wte.weight"))


@register("gpt2")
class GPT2ForSequenceClassification(LastTokenClassification, GPT2Head):
    """GPT-2, and a score for each label, by the vector of a text's last word."""

    score: Linear = child(Linear, n_embd, num_labels, False, init)


@register("gpt2")
class GPT2ForTokenClassification(TokenClassification, GPT2Head):
    """GPT-2, and a score for each label at each position."""

    classifier_dropout: float = 0.1
