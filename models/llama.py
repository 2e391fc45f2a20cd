"""Llama (Touvron et al. 2023, arXiv:2302.13971, arXiv:2307.09288), and what later families take from it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from mindspore import Tensor, ops
from mindspore.common.initializer import Normal

from lazycell import (
    INDEX,
    SELF,
    ConfigRules,
    LazyCell,
    child,
    children,
    divide,
    hyper,
    on,
    register,
    require,
    same,
    shared,
    tie,
    when,
    whole,
)

from .activations import activation
from .attention import causal_mask
from .decoder import Attention, GatedMLP, LayerOutput, Rotation, completed, decode
from .heads import OF_HEADS, CausalLM, LastTokenClassification
from .inputs import Reader
from .layers import Embedding, Linear, Part, RMSNorm, WholeLinear
from .outputs import Cache, DecoderOutput, KeyValue
from .presets.llama import PRESETS
from .rotary import ROPE_WRITTEN, Rotary, check_rope
from .stages import stages_of


class LlamaOptions(LazyCell):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    base_model_prefix: ClassVar[str] = "model"

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = num_attention_heads
    head_dim: int = hidden_size // num_attention_heads
    hidden_act: str = activation("silu")
    max_position_embeddings: int = 2048
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    rope_scaling: Any = hyper(None, validator=check_rope)
    rope_parameters: Any = hyper(None, validator=check_rope)
    attention_bias: bool = False
    mlp_bias: bool = False
    attention_dropout: float = 0.0
    divide(tp=(vocab_size, intermediate_size, num_attention_heads, shared(num_key_value_heads)), pp=num_hidden_layers)
    require(num_attention_heads % num_key_value_heads == 0, "num_key_value_heads must divide num_attention_heads")
    require(head_dim % 2 == 0, "head_dim must be even: positions turn pairs")

    init = Normal(initializer_range)
    qkv_bias = attention_bias
    output_bias = attention_bias
    whole_vocab_size = whole(vocab_size)
    depth = whole(num_hidden_layers)
    experts = 0  # that each router chooses from

    config_rules = ConfigRules(
        only={"is_causal": True, "partial_rotary_factor": 1},
        ignored=OF_HEADS | {"pretraining_tp"},  # the same product, in slices
        written=ROPE_WRITTEN,
    )


class LlamaLayer(Part):
    """Attention and the feed-forward network: each takes what is normalized, and is added to what is not."""

    index: int
    window: int | None = None

    input_layernorm: RMSNorm = child(RMSNorm, config.hidden_size, config.rms_norm_eps)
    self_attn: Attention = child(Attention, config, window)
    post_attention_layernorm: RMSNorm = child(RMSNorm, config.hidden_size, config.rms_norm_eps)
    mlp: Any = child(GatedMLP, config, config.intermediate_size)

    def construct(self, x: Tensor, mask: Tensor, positions: Rotation, past: KeyValue | None) -> LayerOutput:
        """Go through both.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
            positions: cosines and sines, as `Rotary` gives them.
            past: keys and values of earlier positions, each (batch, key heads, positions, head size), or None.

        Returns:
            (batch, sequence, hidden), in the same dtype, keys and values, those of `past` included, and the logits of
            the router or None.
        """
        found, cache = self.self_attn(self.input_layernorm(x), mask, positions, past)
        x = ops.add(x, found)
        added, router = self.feed_forward(self.post_attention_layernorm(x))
        return ops.add(x, added), cache, router

    def feed_forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Give what the network adds, and the logits of its router if it has one.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            The shape of `x`, and (batch * sequence, experts) or None.
        """
        return self.mlp(x), None


@register("llama")
class LlamaModel(LlamaOptions, Reader):
    """The decoder: from ids to a vector for each position."""

    output_type: ClassVar[Any] = DecoderOutput

    embed_tokens: Embedding = when(on(pp=0), child(Embedding, vocab_size, hidden_size, init))  # type: ignore[assignment]
    layers: list[Any] = children(num_hidden_layers, LlamaLayer, SELF, INDEX)
    norm: RMSNorm = when(on(pp=-1), child(RMSNorm, hidden_size, rms_norm_eps))  # type: ignore[assignment]
    rotary_emb: Rotary = child(Rotary, head_dim, max_position_embeddings, rope_parameters, rope_scaling, rope_theta)

    def __post_init__(self) -> None:
        windows = [layer.window for layer in self.layers]
        self.windows = tuple(dict.fromkeys(windows))
        self.rotated_heads = self.num_attention_heads + self.num_key_value_heads
        self.kinds = tuple(self.windows.index(window) for window in windows)
        self.stages = stages_of(self, self.layers, self.depth, self.routers(), self.experts)

    def construct(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool = False,
        output_hidden_states: bool = False,
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
            cache_position: (sequence,), int: where the new positions are in a cache of fixed size.

        Returns:
            What is in a `DecoderOutput`: the last layer's output, normalized, (batch, sequence, hidden), in the dtype
            of the parameters, keys and values or None, the output of each layer or None, and the logits of each router.

        Raises:
            ValueError: outside a graph: an id that there is no vector for, or a mask of another shape than the text's.
        """
        attention_mask, position_ids = completed(input_ids, attention_mask, position_ids, past_key_values)
        if self.embed_tokens is not None:
            x = self.embed(input_ids)
        else:
            x = self.stages.received(input_ids, self.layers, self.layers[0].input_layernorm.weight)
        rotations = self.rotations(position_ids)
        length, heads = input_ids.shape[1], self.num_attention_heads
        masks = [causal_mask(attention_mask, length, window, cache_position, heads) for window in self.windows]
        kinds = [(masks[kind], rotations[kind]) for kind in self.kinds]
        return decode(self.layers, self.norm, x, kinds, past_key_values, use_cache, output_hidden_states, self.stages)

    def routers(self) -> Sequence[int]:
        """Give the positions of the layers that have a router, of those of the whole model.

        Returns:
            The positions, from 0; none here.
        """
        return ()

    def embed(self, input_ids: Tensor) -> Tensor:
        """Give the vectors of words.

        Args:
            input_ids: (batch, sequence), int.

        Returns:
            (batch, sequence, hidden), in the dtype of the parameters.
        """
        return self.embed_tokens(input_ids)

    def rotations(self, position_ids: Tensor) -> tuple[Rotation, ...]:
        """Give the rotation that goes with each window.

        Args:
            position_ids: (batch, sequence), int.

        Returns:
            For each of `self.windows` cosines and sines, each (batch, heads, sequence, head size), float32.
        """
        return (self.rotary_emb(position_ids, self.rotated_heads),) * len(self.windows)


@register("llama", presets=PRESETS)
class LlamaForCausalLM(LlamaOptions, CausalLM):
    """The decoder, and a score for each word that may come next."""

    tie_word_embeddings: bool = False

    model: LlamaModel = child(LlamaModel, **same(LlamaOptions))
    lm_head: WholeLinear = when(on(pp=-1), child(WholeLinear, hidden_size, vocab_size, False, init))  # type: ignore[assignment]
    one_table = when(tie_word_embeddings, tie("lm_head.weight", "model.embed_tokens.weight"))


@register("llama")
class LlamaForSequenceClassification(LlamaOptions, LastTokenClassification):
    """The decoder, and a score for each label."""

    model: LlamaModel = child(LlamaModel, **same(LlamaOptions))
    score: Linear = child(Linear, hidden_size, num_labels, False, init)
