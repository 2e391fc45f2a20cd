"""A decoder's parameters, as checkpoints have them, and how ranks divide them. Needs nothing but Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Decoder(NamedTuple):
    """Sizes of a decoder of the kind of Llama."""

    layers: int
    hidden: int
    inner: int
    heads: int
    key_heads: int
    words: int

    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Give the full name and the shape of each parameter, in order."""
        keys = self.hidden // self.heads * self.key_heads
        yield "model.embed_tokens.weight", (self.words, self.hidden)
        for layer in range(self.layers):
            within = f"model.layers.{layer}"
            yield f"{within}.self_attn.q_proj.weight", (self.hidden, self.hidden)
            yield f"{within}.self_attn.k_proj.weight", (keys, self.hidden)
            yield f"{within}.self_attn.v_proj.weight", (keys, self.hidden)
            yield f"{within}.self_attn.o_proj.weight", (self.hidden, self.hidden)
            yield f"{within}.mlp.gate_proj.weight", (self.inner, self.hidden)
            yield f"{within}.mlp.up_proj.weight", (self.inner, self.hidden)
            yield f"{within}.mlp.down_proj.weight", (self.hidden, self.inner)
            yield f"{within}.input_layernorm.weight", (self.hidden,)
            yield f"{within}.post_attention_layernorm.weight", (self.hidden,)
        yield "model.norm.weight", (self.hidden,)
        yield "lm_head.weight", (self.words, self.hidden)

    def config(self) -> Mapping[str, Any]:
        """Give its `config.json`."""
        return {
            "model_type": "llama",
            "architectures": ["LlamaForCausalLM"],
            "num_hidden_layers": self.layers,
            "hidden_size": self.hidden,
            "intermediate_size": self.inner,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_heads,
            "vocab_size": self.words,
            "tie_word_embeddings": False,
            "torch_dtype": "bfloat16",
        }

    def units(self, name: str) -> tuple[int, ...]:
        """Give, for each dimension of a parameter, how many things in it cannot be cut; 0: it is left whole."""
        match name.split(".")[-2]:
            case "embed_tokens" | "lm_head":
                return self.words, 0
            case "q_proj":
                return self.heads, 0
            case "k_proj" | "v_proj":
                return self.key_heads, 0
            case "o_proj":
                return 0, self.heads
            case "gate_proj" | "up_proj":
                return self.inner, 0
            case "down_proj":
                return 0, self.inner
        return (0,)
