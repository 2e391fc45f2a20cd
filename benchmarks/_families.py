"""A small net of every family of the zoo, with weights that float16 holds exactly and scores of a given size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import attrs
import mindspore
import numpy as np
from mindspore import Tensor
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

VOCABULARY = 48
PADDING = 1
"""The id of the padding; RoBERTa counts its positions by it."""
_WIDTH, _HEADS, _HEAD_DIM = 16, 2, 8
_SLOW = slice(2, 4)
"""Where in a head a rotation hardly turns."""
_LEVEL = 3.0
"""About what the layers' normalization makes of a column that is 4 for every word, between the first and the last."""

_ENCODER = {
    "vocab_size": VOCABULARY,
    "hidden_size": _WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": _HEADS,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
    "initializer_range": 0.3,
}
_DECODER = {**_ENCODER, "num_key_value_heads": 1, "head_dim": _HEAD_DIM}
_BIASED = {**_DECODER, "attention_bias": True}
_GEMMA = {**_BIASED, "query_pre_attn_scalar": _HEAD_DIM, "sliding_window": 4}
# Every expert reads every word: which one is best is no continuous function of what rounding changes.
_EXPERTS = {"num_experts_per_tok": 2}


@attrs.frozen
class Family:
    """A net of the zoo.

    Attributes:
        model: the module and the class.
        options: its hyperparameters.
        takes_positions: `position_ids` are an input.
        padding: where padding leaves the numbers of a text what they are without: "anywhere", at the "ends" (distances
            within the text count), or on the "right" (positions are counted from the left).
        shifted_by: what makes its scores large: a "bias" of queries and keys, the weight of their "norm", or a "column"
            of the table of words that is the same for all.
    """

    model: str
    options: Mapping[str, Any]
    takes_positions: bool = True
    padding: str = "anywhere"
    shifted_by: str = "bias"

    @property
    def reads_two_texts(self) -> bool:
        return self.model.startswith("t5.")

    @property
    def scale(self) -> float:
        """What queries are multiplied by."""
        return 1.0 if self.reads_two_texts else 1 / math.sqrt(_HEAD_DIM)

    def net(self, dtype: str) -> Any:
        """Build a net without values."""
        module, _, name = self.model.partition(".")
        net = getattr(import_module(f"models.{module}"), name)(**self.options, dtype=dtype)
        net.set_train(False)
        return net

    def weights(self, size: float, held_by: Any = np.float16) -> Arrays:
        """Draw weights, float32, that a dtype holds exactly.

        Args:
            size: scores are about -size in the first head, and +size in the second.
            held_by: the dtype, as numpy has it.
        """
        net = self.net("float32")
        net.init_parameters_data(seed=1)
        arrays = {each.name: each.asnumpy().copy() for each in net.get_parameters()}
        self._shift_scores(arrays, size)
        return {name: array.astype(held_by).astype(np.float32) for name, array in arrays.items()}

    def _shift_scores(self, arrays: Arrays, size: float) -> None:
        reach = math.sqrt(size / (self.scale * (_SLOW.stop - _SLOW.start)))
        direction = np.zeros(_HEAD_DIM, np.float32)
        direction[_SLOW] = 1
        queries, keys = np.concatenate([direction, -direction]), np.concatenate([-direction, -direction])
        for name, array in arrays.items():
            part, kind = name.split(".")[-2:]
            shift = (queries if part.startswith("q") else keys)[: array.shape[0]]
            match self.shifted_by, part, kind:
                case "bias", "c_attn", "bias":
                    array[: 2 * _WIDTH] = np.concatenate([queries, keys]) * reach
                case "bias", "query" | "q_lin" | "q_proj" | "key" | "k_lin" | "k_proj", "bias":
                    array[:] = shift * reach
                # What is normalized keeps the direction, at about twice its root mean square.
                case "norm", "q_proj" | "k_proj", "bias":
                    array[:] = shift * 6
                case "norm", "q_norm" | "k_norm", _:
                    array[:] = reach / 2 - (1 if self.model.startswith("gemma") else 0)
                case "column", "embed_tokens" | "shared", _:
                    array[:, 0] = 4
                case "column", "q" | "q_proj" | "k" | "k_proj", _:
                    array[:, 0] = shift * reach / _LEVEL
                case "column", "o" | "o_proj" | "wo" | "w2" | "down_proj", _:
                    array[0] = 0

    def counts(self, output: str, read: NDArray[Any], written: NDArray[Any]) -> NDArray[np.bool_]:
        """Say where an output counts, by the masks of what is read, and of what is written after it."""
        mask = written if self.reads_two_texts and not output.startswith("encoder") else read
        return mask > 0

    def inputs(self, ids: NDArray[Any], mask: NDArray[Any], *, other: tuple[Any, Any] | None = None) -> Arrays:
        """Give what the net is called with.

        Args:
            ids: (batch, sequence), int64.
            mask: the same shape, 1 for a word and 0 for padding.
            other: both of the text that is written, where a net reads two.
        """
        if "roberta" in self.model:
            ids = np.where(mask, ids, PADDING)
        inputs = {"input_ids": ids, "attention_mask": mask}
        if self.takes_positions:
            inputs["position_ids"] = np.maximum(mask.cumsum(1) - 1, 0)
        if other is not None:
            inputs["decoder_input_ids"], inputs["decoder_attention_mask"] = other
        return inputs


FAMILIES: Mapping[str, Family] = {
    "bert": Family("bert.BertForMaskedLM", _ENCODER),
    "distilbert": Family(
        "distilbert.DistilBertForMaskedLM",
        {
            "vocab_size": VOCABULARY,
            "dim": _WIDTH,
            "hidden_dim": 24,
            "n_layers": 2,
            "n_heads": _HEADS,
            "max_position_embeddings": 32,
            "initializer_range": 0.3,
        },
        takes_positions=False,
        padding="right",
    ),
    "gemma2": Family("gemma2.Gemma2ForCausalLM", _GEMMA, padding="ends"),
    "gemma3": Family(
        "gemma3.Gemma3ForCausalLM", {**_GEMMA, "sliding_window_pattern": 2}, padding="ends", shifted_by="norm"
    ),
    "gpt2": Family(
        "gpt2.GPT2LMHeadModel",
        {
            "vocab_size": VOCABULARY,
            "n_positions": 32,
            "n_embd": _WIDTH,
            "n_layer": 2,
            "n_head": _HEADS,
            "initializer_range": 0.3,
        },
    ),
    "llama": Family("llama.LlamaForCausalLM", _BIASED),
    "mistral": Family(
        "mistral.MistralForCausalLM",
        {**_DECODER, "initializer_range": 0.2, "sliding_window": 4},
        padding="ends",
        shifted_by="column",
    ),
    "mixtral": Family(
        "mixtral.MixtralForCausalLM",
        {**_DECODER, **_EXPERTS, "initializer_range": 0.2, "num_local_experts": 2},
        shifted_by="column",
    ),
    "qwen2": Family(
        "qwen2.Qwen2ForCausalLM",
        {**_DECODER, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
        padding="ends",
    ),
    "qwen3": Family("qwen3.Qwen3ForCausalLM", _BIASED, shifted_by="norm"),
    "qwen3_moe": Family(
        "qwen3_moe.Qwen3MoeForCausalLM",
        {**_BIASED, **_EXPERTS, "num_experts": 2, "moe_intermediate_size": 16},
        shifted_by="norm",
    ),
    "roberta": Family("roberta.RobertaForMaskedLM", {**_ENCODER, "pad_token_id": PADDING}, takes_positions=False),
    "t5": Family(
        "t5.T5ForConditionalGeneration",
        {
            "vocab_size": VOCABULARY,
            "d_model": _WIDTH,
            "d_kv": _HEAD_DIM,
            "d_ff": 24,
            "num_layers": 2,
            "num_heads": _HEADS,
            "feed_forward_proj": "gated-gelu",
        },
        takes_positions=False,
        padding="ends",
        shifted_by="column",
    ),
}


def fill(net: Any, weights: Arrays) -> Any:
    """Give a net its values, cast to the dtypes that it keeps them in."""
    for parameter in net.get_parameters():
        parameter.set_data(Tensor(weights[parameter.name], parameter.dtype))
    return net


def compiled(net: Any) -> Any:
    """Give the net as a graph, which other values of its parameters do not change."""

    def run(**inputs: Tensor) -> Any:
        return net(**inputs)

    graph = mindspore.jit(run)

    def named(**inputs: Tensor) -> Any:
        found = graph(**inputs)
        # Where a graph gives a plain tuple, the net knows its names.
        return net.output_type(*found)

    return named


def call(run: Any, inputs: Arrays) -> Arrays:
    """Call a net or a function, and give its outputs by name, each of them (batch, sequence, …)."""
    batch, length = inputs["input_ids"].shape
    output = run(**{name: Tensor(array) for name, array in inputs.items()}, output_hidden_states=True)
    arrays: Arrays = {}
    for name, value in output._asdict().items():
        for number, each in enumerate(value if isinstance(value, tuple) else () if value is None else (value,)):
            array = each.asnumpy()
            arrays[f"{name}.{number}"] = array.reshape(batch, length, -1) if name == "router_logits" else array
    return arrays
