"""How llama.cpp calls the tensors of each kind of model, and what it does to their values when it converts one.

Names (llama.cpp, gguf-py/gguf/tensor_mapping.py) and values (conversion/llama.py, gemma.py):

- `llama`, which Llama, Mistral and Mixtral are: the rows of queries and keys are in another order, in each head.
- `gemma2` and `gemma3`: weights of norms have 1 added, so that all norms compute alike.
- Experts of a layer are one tensor, (experts, out, in).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..._frozen import frozen
from ._file import GgufFile

_OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}

_ATTENTION = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
}

_MLP = {"ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}

_LAYER = re.compile(r"blk\.(?P<layer>\d+)\.(?P<what>\w+)(\.(?P<expert>\d+))?\.(?P<part>weight|bias)")


@frozen
class Architecture:
    """A kind of model that GGUF files hold.

    Attributes:
        model_type: the family, as a config.json has it.
        layer: what GGUF calls each module of a layer, to its path there.
        experts: likewise for those of which a layer has several; `{}` is the expert's number.
        turns_heads: whether rows of queries and keys are in another order.
        adds_one: whether weights of norms are stored with 1 added.
        computed: tensors that are no weights: a config says what they are made of.
    """

    model_type: str
    layer: Mapping[str, str]
    experts: Mapping[str, str] = {}
    turns_heads: bool = False
    adds_one: bool = False
    computed: frozenset[str] = frozenset()

    def names(self, name: str, count: int) -> Iterator[str]:
        """Give the names that a tensor had before: of each expert's part where those of a layer are one; else one.

        What is not known keeps its name.

        Args:
            name: in the file.
            count: how many parts there are along the first axis.
        """
        found = _LAYER.fullmatch(name)
        if found is None:
            what, _, part = name.rpartition(".")
            yield f"{_OUTSIDE[what]}.{part}" if what in _OUTSIDE else name
            return
        what, where = found["what"], f"model.layers.{found['layer']}"
        stacked = what.removesuffix("_exps")
        if what != stacked and stacked in self.experts:
            path = self.experts[stacked]
            yield from (f"{where}.{path.format(expert)}.{found['part']}" for expert in range(count))
        elif found["expert"] is not None and what in self.experts:  # files of before 2024 have them one by one
            yield f"{where}.{self.experts[what].format(found['expert'])}.{found['part']}"
        elif found["expert"] is None and what in self.layer:
            yield f"{where}.{self.layer[what]}.{found['part']}"
        else:
            yield name

    def is_stacked(self, name: str) -> bool:
        """Whether a tensor holds the experts of a layer."""
        found = _LAYER.fullmatch(name)
        return found is not None and found["what"].endswith("_exps") and found["what"][:-5] in self.experts


def layer_and_module(name: str) -> tuple[int, str] | None:
    """Give the layer that a tensor of a file is in, and what it is of; None: it is in none."""
    found = _LAYER.fullmatch(name)
    return None if found is None else (int(found["layer"]), found["what"])


_GEMMA = {
    **_ATTENTION,
    **_MLP,
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}

_LLAMA = Architecture("llama", {**_ATTENTION, **_MLP}, turns_heads=True, computed=frozenset({"rope_freqs.weight"}))

_MIXTRAL = Architecture(
    "mixtral",
    {**_ATTENTION, "ffn_gate_inp": "block_sparse_moe.gate"},
    {
        "ffn_gate": "block_sparse_moe.experts.{}.w1",
        "ffn_down": "block_sparse_moe.experts.{}.w2",
        "ffn_up": "block_sparse_moe.experts.{}.w3",
    },
    turns_heads=True,
    computed=_LLAMA.computed,
)

_KNOWN = {
    "llama": _LLAMA,
    "qwen2": Architecture("qwen2", {**_ATTENTION, **_MLP}),
    "qwen3": Architecture("qwen3", {**_ATTENTION, **_MLP}),
    "qwen3moe": Architecture(
        "qwen3_moe",
        {**_ATTENTION, **_MLP, "ffn_gate_inp": "mlp.gate"},
        {what: path.replace("mlp.", "mlp.experts.{}.") for what, path in _MLP.items()},
    ),
    "gemma2": Architecture("gemma2", _GEMMA, adds_one=True),
    "gemma3": Architecture("gemma3_text", _GEMMA, adds_one=True),
    "phi3": Architecture(
        "phi3",
        {**_ATTENTION, "attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj", "ffn_down": "mlp.down_proj"},
    ),
}

KNOWN = tuple(_KNOWN)
"""The architectures, as GGUF calls them, whose files are given as they were before they were converted."""


def name_of(file: GgufFile) -> str:
    """Give what a file calls its architecture."""
    return str(file.metadata.get("general.architecture", ""))


def architecture_of(file: GgufFile) -> Architecture | None:
    """Give the kind of model that a file holds; None: it is none of those that are known."""
    name = name_of(file)
    if name == "llama" and file.metadata.get("llama.expert_count"):
        return _MIXTRAL
    return _KNOWN.get(name)
