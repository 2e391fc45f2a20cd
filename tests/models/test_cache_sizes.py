"""What the zoo says of its caches is what its models keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor

from lazycell import LazyCell, find_preset
from models.gemma2 import Gemma2ForCausalLM
from models.gemma3 import Gemma3ForCausalLM
from models.gpt2 import GPT2LMHeadModel
from models.llama import LlamaForCausalLM
from models.mistral import MistralForCausalLM
from models.qwen2 import Qwen2ForCausalLM
from models.qwen3 import Qwen3ForCausalLM
from models.qwen3_moe import Qwen3MoeForCausalLM
from models.t5 import T5ForConditionalGeneration

SMALL = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 8, "num_hidden_layers": 4, "num_attention_heads": 4}
SMALL |= {"num_key_value_heads": 2, "head_dim": 6}
TYPES = ["full_attention", "sliding_attention", "full_attention", "sliding_attention"]
QWEN = {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 2}

CASES: list[tuple[Any, dict[str, Any], list[int | None]]] = [
    (LlamaForCausalLM, SMALL, [None] * 4),
    (MistralForCausalLM, SMALL | {"sliding_window": 3}, [3] * 4),
    (Gemma2ForCausalLM, SMALL | {"sliding_window": 3}, [3, None, 3, None]),
    (Gemma2ForCausalLM, SMALL | {"sliding_window": 3, "layer_types": TYPES}, [None, 3, None, 3]),
    (Gemma3ForCausalLM, SMALL | {"sliding_window": 3, "sliding_window_pattern": 3}, [3, 3, None, 3]),
    (Qwen2ForCausalLM, SMALL | QWEN, [None, None, 3, 3]),
    (Qwen2ForCausalLM, SMALL | QWEN | {"layer_types": TYPES}, [None, 3, None, 3]),
    (Qwen2ForCausalLM, SMALL | QWEN | {"use_sliding_window": False}, [None] * 4),
    (Qwen3ForCausalLM, SMALL | QWEN, [None, None, 3, 3]),
    (Qwen3MoeForCausalLM, SMALL | {"use_sliding_window": True, "sliding_window": 3, "num_experts": 2}, [3] * 4),
    (GPT2LMHeadModel, {"vocab_size": 32, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 8}, [None] * 2),
]


def parts(cache: Any) -> Iterator[Tensor]:
    """Give the tensors of a cache, however deep."""
    for part in cache:
        yield from [part] if isinstance(part, Tensor) else parts(part)


@pytest.mark.parametrize(("cls", "options", "windows"), CASES)
def test_what_is_declared_is_what_is_kept(cls: type[LazyCell], options: dict[str, Any], windows: list[int]) -> None:
    """Heads, sizes and dtype of what a model gives for a batch, and the windows that it masks by."""
    if cls is Qwen3MoeForCausalLM:
        options = options | {"num_experts_per_tok": 1, "moe_intermediate_size": 8}
    net: Any = cls(**options)
    net.init_parameters_data(seed=0)
    manifest = net.manifest()
    assert [each.window for each in manifest.caches] == windows
    assert manifest.caches == cls.manifest(**options).caches
    ids = Tensor(np.ones((2, 5), np.int64))
    kept = net(ids, use_cache=True).past_key_values
    sizes = manifest.sizes(batch=2, length=5).cache
    assert sum(part.nbytes for part in parts(kept)) == sizes.nbytes_without_windows
    inner = getattr(net, "model", None)
    if inner is not None:
        assert [inner.windows[kind] for kind in inner.kinds] == windows


def test_an_answer_to_a_text() -> None:
    """The decoder's own, and what it keeps of the text that is read."""
    options: dict[str, Any] = {"vocab_size": 32, "d_model": 16, "d_kv": 6, "d_ff": 8, "num_layers": 2, "num_heads": 4}
    net: Any = T5ForConditionalGeneration(**options)
    net.init_parameters_data(seed=0)
    ids, words = Tensor(np.ones((2, 7), np.int64)), Tensor(np.ones((2, 3), np.int64))
    kept = net(ids, decoder_input_ids=words, use_cache=True).past_key_values
    sizes = net.manifest().sizes(batch=2, length=3, source_length=7).cache
    assert sum(part.nbytes for part in parts(kept)) == sizes.nbytes
    assert {each.source for each in sizes.caches} == {True, False}


def test_a_preset_at_its_real_size() -> None:
    """Qwen3 0.6B: 28 layers of 8 heads of 128 numbers, keys and values, 2 bytes each."""
    registered, preset = find_preset("qwen3-0.6b")
    found = registered.cls.manifest(**preset.hyperparameters, dtype="bfloat16").sizes(batch=3, length=1000).cache
    assert found.nbytes == 28 * 2 * 8 * 128 * 2 * 3 * 1000
