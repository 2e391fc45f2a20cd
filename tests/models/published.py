"""What repositories on the hub hold: sizes from their `config.json`, and the names and shapes of their tensors.

Written down from the repositories, and nothing here is asked of the models: it is what they are held against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

Tensors = dict[str, tuple[int, ...]]


@attrs.frozen
class Repository:
    """One of them.

    Attributes:
        config: the keys of its `config.json` that the model computes with.
        tensors: names and shapes of what its files hold.
        dtype: of the weights, as safetensors has it.
        shards: how many files they are in.
        integers: names of tensors that are int64, whatever the weights are.
        new_head: what the preset's model has and the files lack.
    """

    config: Mapping[str, Any]
    tensors: Tensors
    dtype: str = "F32"
    shards: int = 1
    integers: frozenset[str] = frozenset()
    new_head: frozenset[str] = frozenset()


def _norm(name: str, width: int, old: bool = False) -> Tensors:
    weight, bias = ("gamma", "beta") if old else ("weight", "bias")
    return {f"{name}.{weight}": (width,), f"{name}.{bias}": (width,)}


def _dense(name: str, ins: int, outs: int) -> Tensors:
    return {f"{name}.weight": (outs, ins), f"{name}.bias": (outs,)}


# ------------------------------------------------------------------------------------------------------------- encoders


def _bert_base(
    prefix: str, vocab: int, layers: int, width: int, inner: int, old: bool, places: int, types: int
) -> Tensors:
    found = {
        f"{prefix}embeddings.word_embeddings.weight": (vocab, width),
        f"{prefix}embeddings.position_embeddings.weight": (places, width),
        f"{prefix}embeddings.token_type_embeddings.weight": (types, width),
        **_norm(f"{prefix}embeddings.LayerNorm", width, old),
    }
    for index in range(layers):
        layer = f"{prefix}encoder.layer.{index}"
        for part in ("query", "key", "value"):
            found |= _dense(f"{layer}.attention.self.{part}", width, width)
        found |= _dense(f"{layer}.attention.output.dense", width, width)
        found |= _norm(f"{layer}.attention.output.LayerNorm", width, old)
        found |= _dense(f"{layer}.intermediate.dense", width, inner)
        found |= _dense(f"{layer}.output.dense", inner, width)
        found |= _norm(f"{layer}.output.LayerNorm", width, old)
    return found


def bert(vocab: int, layers: int, width: int, heads: int) -> Repository:
    """BertForPreTraining, as Google's weights were converted: old names of the norms, and the head tied."""
    config = {
        "model_type": "bert",
        "architectures": ["BertForMaskedLM"],
        "vocab_size": vocab,
        "num_hidden_layers": layers,
        "hidden_size": width,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
    }
    tensors = {
        **_bert_base("bert.", vocab, layers, width, 4 * width, True, 512, 2),
        **_dense("bert.pooler.dense", width, width),
        **_dense("cls.predictions.transform.dense", width, width),
        **_norm("cls.predictions.transform.LayerNorm", width, True),
        "cls.predictions.bias": (vocab,),
        **_dense("cls.seq_relationship", width, 2),
    }
    return Repository(config, tensors)


def sentences() -> Repository:
    """A model without prefix and head, with its positions saved."""
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": 30522,
        "num_hidden_layers": 6,
        "hidden_size": 384,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
    }
    tensors = {
        **_bert_base("", 30522, 6, 384, 1536, False, 512, 2),
        **_dense("pooler.dense", 384, 384),
        "embeddings.position_ids": (1, 512),
    }
    return Repository(config, tensors, integers=frozenset({"embeddings.position_ids"}))


def roberta(layers: int, width: int, heads: int) -> Repository:
    """The masked-LM head, positions saved, and no pooler."""
    config = {
        "model_type": "roberta",
        "architectures": ["RobertaForMaskedLM"],
        "vocab_size": 50265,
        "num_hidden_layers": layers,
        "hidden_size": width,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "pad_token_id": 1,
    }
    positions = "roberta.embeddings.position_ids"
    tensors = {
        **_bert_base("roberta.", 50265, layers, width, 4 * width, False, 514, 1),
        **_dense("lm_head.dense", width, width),
        **_norm("lm_head.layer_norm", width),
        "lm_head.bias": (50265,),
        positions: (1, 514),
    }
    new = frozenset({"pooler.dense.weight", "pooler.dense.bias"})
    return Repository(config, tensors, integers=frozenset({positions}), new_head=new)


def distilbert(vocab: int) -> Repository:
    """The masked-LM head, whose table is the words'."""
    config = {
        "model_type": "distilbert",
        "architectures": ["DistilBertForMaskedLM"],
        "vocab_size": vocab,
        "n_layers": 6,
        "dim": 768,
        "n_heads": 12,
        "hidden_dim": 3072,
    }
    tensors = {
        "distilbert.embeddings.word_embeddings.weight": (vocab, 768),
        "distilbert.embeddings.position_embeddings.weight": (512, 768),
        **_norm("distilbert.embeddings.LayerNorm", 768),
        **_dense("vocab_transform", 768, 768),
        **_norm("vocab_layer_norm", 768),
        "vocab_projector.bias": (vocab,),
    }
    for index in range(6):
        layer = f"distilbert.transformer.layer.{index}"
        for part in ("q_lin", "k_lin", "v_lin", "out_lin"):
            tensors |= _dense(f"{layer}.attention.{part}", 768, 768)
        tensors |= _dense(f"{layer}.ffn.lin1", 768, 3072) | _dense(f"{layer}.ffn.lin2", 3072, 768)
        tensors |= _norm(f"{layer}.sa_layer_norm", 768) | _norm(f"{layer}.output_layer_norm", 768)
    return Repository(config, tensors)


# ------------------------------------------------------------------------------------------------------------- decoders


def gpt2(layers: int, width: int, heads: int, prefix: str = "", head: bool = False) -> Repository:
    """Causal masks in each layer, the base's names; the smaller one has a prefix and its head's copy of the table."""
    config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 50257}
    config |= {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": 1024}
    tensors: Tensors = {f"{prefix}wte.weight": (50257, width), f"{prefix}wpe.weight": (1024, width)}
    tensors |= _norm(f"{prefix}ln_f", width)
    for index in range(layers):
        layer = f"{prefix}h.{index}"
        tensors |= _norm(f"{layer}.ln_1", width) | _norm(f"{layer}.ln_2", width)
        tensors[f"{layer}.attn.bias"] = (1, 1, 1024, 1024)
        for part, ins, outs in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, 4 * width),
            ("mlp.c_proj", 4 * width, width),
        ):
            tensors |= {f"{layer}.{part}.weight": (ins, outs), f"{layer}.{part}.bias": (outs,)}
    if head:
        tensors["lm_head.weight"] = (50257, width)
    return Repository(config, tensors)


@attrs.frozen
class Decoder:
    """Llama and what is made like it, by the numbers in `config.json`."""

    family: str
    vocab: int
    layers: int
    width: int
    inner: int
    heads: int
    kv: int
    head: int | None = None
    tied: bool = False
    dtype: str = "BF16"
    shards: int = 1
    experts: int = 0
    copy: bool = False
    more: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def repository(self) -> Repository:
        """Its config and its files."""
        return Repository(self._config(), dict(self._tensors()), self.dtype, self.shards)

    def _config(self) -> dict[str, Any]:
        name = {"gemma3_text": "Gemma3", "qwen3_moe": "Qwen3Moe"}.get(self.family, self.family.capitalize())
        config: dict[str, Any] = {
            "model_type": self.family,
            "architectures": [f"{name}ForCausalLM"],
            "vocab_size": self.vocab,
            "num_hidden_layers": self.layers,
            "hidden_size": self.width,
            "intermediate_size": self.inner,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv,
            "tie_word_embeddings": self.tied,
            **self.more,
        }
        if self.head is not None:
            config["head_dim"] = self.head
        if self.experts:
            config["num_local_experts" if self.family == "mixtral" else "num_experts"] = self.experts
        return config

    def _tensors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        head = self.head or self.width // self.heads
        gemma, normed = self.family.startswith("gemma"), self.family in ("qwen3", "qwen3_moe", "gemma3_text")
        norms = ["input_layernorm", "post_attention_layernorm"]
        norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"] if gemma else []
        yield "model.embed_tokens.weight", (self.vocab, self.width)
        yield "model.norm.weight", (self.width,)
        if not self.tied or self.copy:
            yield "lm_head.weight", (self.vocab, self.width)
        for index in range(self.layers):
            layer = f"model.layers.{index}"
            for norm in norms:
                yield f"{layer}.{norm}.weight", (self.width,)
            for part, count in (("q", self.heads), ("k", self.kv), ("v", self.kv)):
                yield f"{layer}.self_attn.{part}_proj.weight", (count * head, self.width)
                if self.family == "qwen2":
                    yield f"{layer}.self_attn.{part}_proj.bias", (count * head,)
                if normed and part != "v":
                    yield f"{layer}.self_attn.{part}_norm.weight", (head,)
            yield f"{layer}.self_attn.o_proj.weight", (self.width, self.heads * head)
            if self.family == "llama" and self.dtype == "F16":
                yield f"{layer}.self_attn.rotary_emb.inv_freq", (head // 2,)
            yield from self._feed_forward(layer)

    def _feed_forward(self, layer: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        inside = f"{layer}.block_sparse_moe" if self.family == "mixtral" else f"{layer}.mlp"
        names = ("w1", "w3", "w2") if self.family == "mixtral" else ("gate_proj", "up_proj", "down_proj")
        inner = self.more.get("moe_intermediate_size", self.inner)
        if self.experts:
            yield f"{inside}.gate.weight", (self.experts, self.width)
        for place in [f"{inside}.experts.{each}" for each in range(self.experts)] or [inside]:
            for name, shape in zip(names, [(inner, self.width)] * 2 + [(self.width, inner)], strict=True):
                yield f"{place}.{name}.weight", shape


# ------------------------------------------------------------------------------------------------------- both together


def t5(width: int, inner: int, layers: int, heads: int, kind: str, shards: int = 1, head: int = 64) -> Repository:
    """T5: `first` has one table and a bias that nothing uses; `v1.1` a head of its own; `flan` all copies besides."""
    gated = kind != "first"
    config = {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "vocab_size": 32128}
    config |= {"d_model": width, "d_ff": inner, "num_layers": layers, "num_decoder_layers": layers}
    config |= {"num_heads": heads, "d_kv": head, "feed_forward_proj": "gated-gelu" if gated else "relu"}
    config |= {"tie_word_embeddings": False} if gated else {}
    all_heads = heads * head
    tensors: Tensors = {"shared.weight": (32128, width)}
    for stack in ("encoder", "decoder"):
        tensors[f"{stack}.final_layer_norm.weight"] = (width,)
        tensors[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (32, heads)
        for index in range(layers):
            parts = ["SelfAttention", *(["EncDecAttention"] if stack == "decoder" else []), "DenseReluDense"]
            for place, part in enumerate(parts):
                layer = f"{stack}.block.{index}.layer.{place}"
                tensors[f"{layer}.layer_norm.weight"] = (width,)
                if part == "DenseReluDense":
                    ways = ["wi_0", "wi_1"] if gated else ["wi"]
                    tensors |= {f"{layer}.{part}.{way}.weight": (inner, width) for way in ways}
                    tensors[f"{layer}.{part}.wo.weight"] = (width, inner)
                else:
                    tensors |= {f"{layer}.{part}.{way}.weight": (all_heads, width) for way in "qkv"}
                    tensors[f"{layer}.{part}.o.weight"] = (width, all_heads)
    if gated:
        tensors["lm_head.weight"] = (32128, width)
    else:
        tensors["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = (32, heads)
    if kind == "flan":
        tensors |= {f"{stack}.embed_tokens.weight": (32128, width) for stack in ("encoder", "decoder")}
    return Repository(config, tensors, shards=shards)
