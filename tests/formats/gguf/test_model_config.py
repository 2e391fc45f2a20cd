"""The config of a GGUF file's model: what its metadata says, what is derived, and what is refused by its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell import CheckpointFormatError
from lazycell.formats import gguf

from ...models.converted import frequency_factors, value_bytes
from ..ggufs import Tensor, gguf_bytes

USUAL = {
    "block_count": 2,
    "context_length": 64,
    "embedding_length": 32,
    "feed_forward_length": 48,
    "attention.head_count": 4,
    "attention.layer_norm_rms_epsilon": 1e-6,
}
TABLE = {"token_embd.weight": Tensor((40, 32), "F32", bytes(40 * 32 * 4))}


def config(
    path: Path,
    architecture: str = "llama",
    values: dict[str, Any] | None = None,
    tensors: dict[str, Tensor] | None = None,
    outside: dict[str, Any] | None = None,
) -> Any:
    """Give the config of a file with usual metadata, and more: a value of None takes one away."""
    own = {f"{architecture}.{key}": each for key, each in (USUAL | (values or {})).items() if each is not None}
    metadata = {"general.architecture": architecture, **own, **(outside or {})}
    written = {key: value_bytes(each) for key, each in metadata.items()}
    file = path / "model.gguf"
    file.write_bytes(gguf_bytes(TABLE | (tensors or {}), written))
    return gguf.config_of(gguf.read_file(file))


def floats(values: Any) -> Tensor:
    """Give a tensor of float32."""
    array = np.asarray(values, np.float32)
    return Tensor(array.shape, "F32", array.tobytes())


def test_what_is_said_least(tmp_path: Path):
    """Defaults are llama.cpp's; floats are as they were written, and words as many as the table has rows."""
    assert config(tmp_path) == {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": 40,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "head_dim": 8,
        "hidden_act": "silu",
        "max_position_embeddings": 64,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
    }
    assert config(tmp_path, values={"vocab_size": 99})["vocab_size"] == 40
    output = {"output.weight": floats(np.zeros((40, 32)))}
    assert config(tmp_path, tensors=output)["tie_word_embeddings"] is False


@pytest.mark.parametrize("key", sorted(USUAL))
def test_what_has_to_be_said(key: str, tmp_path: Path):
    """A default of a class would be another model's."""
    with pytest.raises(CheckpointFormatError, match=rf"model\.gguf: its metadata has no llama\.{key}"):
        config(tmp_path, values={key: None})
    with pytest.raises(CheckpointFormatError, match=rf"llama\.{key}=many in its metadata is no number"):
        config(tmp_path, values={key: "many"})


def test_no_table(tmp_path: Path):
    """Words alone are no model."""
    with pytest.raises(CheckpointFormatError, match=r"there is no matrix token_embd\.weight"):
        config(tmp_path, tensors={"token_embd.weight": floats([1.0])})


def test_values_by_layer(tmp_path: Path):
    """The same of every layer is one; else no class has it."""
    assert config(tmp_path, values={"attention.head_count_kv": [2, 2]})["num_key_value_heads"] == 2
    with pytest.raises(CheckpointFormatError, match=r"head_count_kv=\[2, 4\] in its metadata is not the same for all"):
        config(tmp_path, values={"attention.head_count_kv": [2, 4]})


def test_size_of_heads(tmp_path: Path):
    """As it is said, else by the tensors, which Mistral Nemo's older files need; a part that turns is refused."""
    assert config(tmp_path, values={"attention.key_length": 16})["head_dim"] == 16
    query = {"blk.0.attn_q.weight": floats(np.zeros((48, 32)))}
    assert config(tmp_path, tensors=query)["head_dim"] == 12
    for key in ("attention.value_length", "rope.dimension_count"):
        with pytest.raises(CheckpointFormatError, match=rf"llama\.{key}=4 in its metadata, and heads of 8: only"):
            config(tmp_path, values={key: 4})


def test_kinds_of_llama(tmp_path: Path):
    """A window makes it Mistral, experts Mixtral; a window of which nothing is said to be is none."""
    mistral = config(tmp_path, values={"attention.sliding_window": 8})
    assert (mistral["model_type"], mistral["architectures"]) == ("mistral", ["MistralForCausalLM"])
    assert mistral["sliding_window"] == 8
    assert "attention_bias" in mistral
    mixtral = config(tmp_path, values={"expert_count": 8, "expert_used_count": 2})
    assert (mixtral["model_type"], mixtral["architectures"]) == ("mixtral", ["MixtralForCausalLM"])
    assert (mixtral["num_local_experts"], mixtral["num_experts_per_tok"]) == (8, 2)
    assert mixtral["sliding_window"] is None
    assert config(tmp_path, values={"expert_count": 0})["model_type"] == "llama"


def test_windows_of_others(tmp_path: Path):
    """Which layers of a Qwen have one, no file says."""
    for window, refused in ((0, False), (64, False), (32, True)):
        found = config(tmp_path, "qwen2", {"attention.sliding_window": window})
        assert ("qwen2.attention.sliding_window" in found) is refused
        assert "sliding_window" not in found


def test_gemma(tmp_path: Path):
    """Layers with windows, the scale of scores, and the local rotation are told by nothing but the layers' number."""
    second = config(tmp_path, "gemma2", {"attention.sliding_window": 16, "attention.key_length": 4})
    assert second["layer_types"] == ["sliding_attention", "full_attention"]
    assert (second["query_pre_attn_scalar"], second["sliding_window"]) == (4, 16)
    assert "attn_logit_softcapping" not in second  # as in the first files: the class's own, 50
    values = {"block_count": 13, "rope.freq_base": 1e6, "attention.key_length": 16}
    without = config(tmp_path, "gemma3", values)
    assert ("sliding_window" in without, {*without["layer_types"]}) == (False, {"full_attention"})
    third = config(tmp_path, "gemma3", values | {"attention.sliding_window": 8})
    sees = ["sliding_attention"] * 5 + ["full_attention"]
    assert third["layer_types"] == [*sees, *sees, "sliding_attention"]
    assert (third["rope_theta"], third["rope_local_base_freq"], third["query_pre_attn_scalar"]) == (1e6, 10000.0, 16)
    assert third["model_type"] == "gemma3_text"
    for architecture, layers in (("gemma2", 46), ("gemma3", 62)):
        large = config(tmp_path, architecture, {"block_count": layers, "attention.key_length": 16})
        assert large["query_pre_attn_scalar"] == 8


def test_experts_of_qwen(tmp_path: Path):
    """Layers without experts are told by their tensors."""
    values = {"expert_count": 4, "expert_used_count": 2, "expert_feed_forward_length": 16}
    found = config(tmp_path, "qwen3moe", values, {"blk.1.ffn_gate.weight": floats(np.zeros((48, 32)))})
    assert (found["num_experts"], found["num_experts_per_tok"], found["moe_intermediate_size"]) == (4, 2, 16)
    assert (found["norm_topk_prob"], found["mlp_only_layers"]) == (True, [1])
    assert config(tmp_path, "qwen3moe", values | {"expert_weights_norm": False})["norm_topk_prob"] is False


LLAMA3 = {
    "rope_type": "llama3",
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def test_frequencies_of_llama_3(tmp_path: Path):
    """Their parameters are told by what they give; other factors are refused under the tensor's name."""
    values = {"attention.key_length": 64, "rope.freq_base": 500000.0}
    factors = frequency_factors(LLAMA3 | {"rope_theta": 500000.0}, 64)
    name = "rope_freqs.weight"
    found = config(tmp_path, values=values, tensors={name: floats(factors)})
    assert found["rope_scaling"] == LLAMA3
    assert name not in found
    of_other = frequency_factors(LLAMA3 | {"rope_theta": 500000.0, "original_max_position_embeddings": 4096}, 64)
    found = config(tmp_path, values=values, tensors={name: floats(of_other)})
    assert found[name] == "up to 32.0, which are not those of Llama 3"
    assert "rope_scaling" not in found
    assert "rope_scaling" not in config(tmp_path, values=values, tensors={name: floats(np.ones(32))})
    for wrong in (np.ones(31), np.full(32, np.nan), np.zeros(32)):
        assert name in config(tmp_path, values=values, tensors={name: floats(wrong)})
    assert name in config(tmp_path, "qwen2", values, {name: floats(factors)})


def test_scaling(tmp_path: Path):
    """As transformers says it."""
    for values, scaling in (
        ({"rope.scaling.type": "none", "rope.scaling.factor": 4.0}, None),
        ({"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}, {"rope_type": "linear", "factor": 4.0}),
        ({"rope.scale_linear": 2.0}, {"rope_type": "linear", "factor": 2.0}),
        ({"rope.scaling.factor": 1.0}, None),
        (
            {
                "rope.scaling.type": "yarn",
                "rope.scaling.factor": 4.0,
                "rope.scaling.original_context_length": 16,
                "rope.scaling.yarn_beta_fast": 16.0,
                "rope.scaling.finetuned": True,
            },
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 16.0},
        ),
    ):
        found = config(tmp_path, values=values)
        assert found.get("rope_scaling") == scaling
        assert not [key for key in found if "." in key]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rope.scaling.type", "longrope"),
        ("rope.scaling.attn_factor", 0.5),
        ("rope.scaling.yarn_log_multiplier", 0.1),
        ("rope.scaling.yarn_ext_factor", 0.0),
        ("attention.causal", False),
        ("expert_gating_func", 2),
        ("logit_scale", 0.0625),
        ("nextn_predict_layers", 1),
    ],
)
def test_what_is_not_known_is_left_for_the_class_to_refuse(key: str, value: object, tmp_path: Path):
    """Under its own key, which no class has."""
    assert f"llama.{key}" in config(tmp_path, values={key: value})


@pytest.mark.parametrize(
    "key", ["logit_scale", "nextn_predict_layers", "expert_weights_scale", "use_parallel_residual"]
)
def test_what_is_off_changes_nothing(key: str, tmp_path: Path):
    """As in a config.json."""
    assert config(tmp_path, values={key: 0}) == config(tmp_path)


def test_what_describes_the_file(tmp_path: Path):
    """Its makers, its words and its blocks are no options of a model; what ends a text is."""
    outside = {
        "general.name": "tiny",
        "general.file_type": 7,
        "general.quantization_version": 2,
        "quantize.imatrix.file": "data.txt",
        "mradermacher.quantized_by": "me",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": ["a", "b"],
        "tokenizer.chat_template": "{{ messages }}",
    }
    values = {"tensor_data_layout": "Meta AI original pth"}
    assert config(tmp_path, values=values, outside=outside) == config(tmp_path)


def test_what_ends_a_text(tmp_path: Path):
    """Of a turn and of a message, too; each once."""
    tokens = {"bos": 1, "eos": 2, "padding": 0}
    found = config(tmp_path, outside={f"tokenizer.ggml.{key}_token_id": each for key, each in tokens.items()})
    assert (found["bos_token_id"], found["eos_token_id"], found["pad_token_id"]) == (1, 2, 0)
    tokens |= {"eot": 7, "eom": 2}
    found = config(tmp_path, outside={f"tokenizer.ggml.{key}_token_id": each for key, each in tokens.items()})
    assert found["eos_token_id"] == [2, 7]


def test_other_architectures(tmp_path: Path):
    """They are named, with those that are known."""
    assert config(tmp_path, "mamba") is None
    file = gguf.read_file(tmp_path / "model.gguf")
    assert "its architecture is 'mamba', and" in gguf.why_no_config(file)
    assert "llama, qwen2, qwen3, qwen3moe, gemma2, gemma3, phi3" in gguf.why_no_config(file)


@pytest.mark.parametrize("key", sorted(USUAL.keys() - {"attention.layer_norm_rms_epsilon"}))
def test_counts_that_are_none(key: str, tmp_path: Path) -> None:
    """Nothing is made of a number before it is looked at."""
    with pytest.raises(CheckpointFormatError, match=rf"llama\.{key}=0\.5 in its metadata is no count"):
        config(tmp_path, values={key: 0.5})


def test_more_layers_than_there_can_be(tmp_path: Path) -> None:
    """As of a file that was damaged: a list of them would not fit in memory."""
    with pytest.raises(CheckpointFormatError, match=r"gemma3\.block_count=\d+ in its metadata is no count"):
        config(tmp_path, "gemma3", {"block_count": 0xFFFFFFFF})


def test_patterns_of_windows(tmp_path: Path) -> None:
    """In newer files: of each layer, or every how many there is none."""
    for pattern, full in (([True, False], [1]), (1, [0, 1]), (0, [0, 1]), ([False, False], [0, 1]), (2, [1])):
        found = config(tmp_path, "gemma3", {"attention.sliding_window": 8, "attention.sliding_window_pattern": pattern})
        assert [layer for layer, kind in enumerate(found["layer_types"]) if kind == "full_attention"] == full
    with pytest.raises(CheckpointFormatError, match=r"sliding_window_pattern=six in its metadata is no number"):
        config(tmp_path, "gemma3", {"attention.sliding_window": 8, "attention.sliding_window_pattern": "six"})
