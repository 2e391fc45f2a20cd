"""Loads with adapters, on real nets: what the models say is what `peft` makes them say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from safetensors.numpy import load_file

import lazycell
from lazycell import CheckpointError, CheckpointMismatchError
from models.bert import BertForSequenceClassification
from models.llama import LlamaForCausalLM
from models.mixtral import MixtralForCausalLM

from ..sources.adapters.golden import PEFT, Case, numbers, write_adapter

LLAMA = PEFT / "base_llama"
A, B = PEFT / "llama_lora" / "adapter", PEFT / "llama_lora_b" / "adapter"
MOST = 5e-6


def logits(net: Any) -> np.ndarray:
    ids = ms.Tensor(load_file(PEFT / "inputs.safetensors")["ids"].astype(np.int32))
    found = net(ids)
    return getattr(found, "logits", found[0] if isinstance(found, tuple) else found).asnumpy()


@pytest.fixture(scope="module")
def llama() -> Any:
    return LlamaForCausalLM.from_pretrained(LLAMA, adapter=A)


def test_one_and_several_with_weights(llama: Any) -> None:
    expected = load_file(PEFT / "two_adapters" / "expected_logits.safetensors")
    np.testing.assert_allclose(logits(llama), expected["a"], rtol=0, atol=MOST)
    for adapter, name in (([(A, 0.7), (str(B), 0.3)], "cat_0.7a_0.3b"), ([A, B], "a_and_b"), (None, "disabled")):
        llama.load_checkpoint(LLAMA, adapter=adapter)
        np.testing.assert_allclose(logits(llama), expected[name], rtol=0, atol=MOST, err_msg=name)


@pytest.mark.parametrize(
    ("model", "name"), [(BertForSequenceClassification, "bert_ia3"), (MixtralForCausalLM, "mixtral_parameters")]
)
def test_other_families(model: Any, name: str) -> None:
    case = Case(name)
    net = model.from_pretrained(PEFT / case.told["base"], adapter=case.adapter)
    expected = load_file(case.path / "expected_logits.safetensors")["logits_merged"]
    np.testing.assert_allclose(logits(net), expected, rtol=0, atol=MOST)


def test_what_is_read_is_told(llama: Any, tmp_path: Path) -> None:
    tensors = {
        "model.layers.0.mlp.up_proj.lora_A.weight": numbers(2, 32),
        "model.layers.0.mlp.up_proj.lora_B.weight": numbers(48, 2),
    }
    path = write_adapter(tmp_path / "one", tensors, target_modules=["up_proj", "router"])
    report = llama.load_checkpoint(LLAMA, adapter=path)
    assert [(each.parameter, each.source, each.target) for each in report.cast] == [
        ("model.layers.0.mlp.up_proj.weight", "float32 + adapter", "float32")
    ]
    assert "target_modules of its config has 'router'" in str(report)
    assert report.notes == lazycell.plan(llama, LLAMA, adapter=path).notes


def test_an_adapter_that_does_not_fit_leaves_the_net_as_it_was(llama: Any) -> None:
    before = logits(llama)
    with pytest.raises(CheckpointError, match=r"does not have: bert.encoder.layer.\{0..1\}.attention"):
        llama.load_checkpoint(LLAMA, adapter=PEFT / "bert_lora" / "adapter")
    np.testing.assert_array_equal(logits(llama), before)


def test_checksums_are_of_what_is_stored(llama: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    llama.load_checkpoint(LLAMA)
    llama.save_checkpoint(path)
    llama.load_checkpoint(path, adapter=A, verify=True)
    expected = load_file(PEFT / "two_adapters" / "expected_logits.safetensors")["a"]
    np.testing.assert_allclose(logits(llama), expected, rtol=0, atol=MOST)


def test_dtypes_are_those_of_the_base(llama: Any) -> None:
    case = Case("llama_bf16")
    base = PEFT / case.told["base"]
    steps = {
        step.parameter: step for step in lazycell.plan(llama, base, adapter=case.adapter, dtype="checkpoint").steps
    }
    assert {step.dtype for step in steps.values()} == {"bfloat16"}
    assert steps["model.layers.0.self_attn.q_proj.weight"].source == "bfloat16 + adapter"
    with pytest.raises(CheckpointMismatchError, match="bfloat16"):
        lazycell.plan(llama, base, adapter=case.adapter, dtype="strict")


@pytest.fixture(scope="module")
def tied(llama: Any) -> tuple[Any, dict[str, np.ndarray]]:
    net = LlamaForCausalLM(**{**llama.hyperparameters, "tie_word_embeddings": True})
    tensors = load_file(LLAMA / "model.safetensors")
    del tensors["lm_head.weight"]
    return net, tensors


def test_an_embedding_that_is_the_head_too(tied: tuple[Any, dict[str, np.ndarray]], llama: Any) -> None:
    net, tensors = tied
    adapter = PEFT / "llama_tied_embedding" / "adapter"
    both = {**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"]}
    for base in (tensors, both):
        with pytest.raises(
            CheckpointError,
            match=r"changes 'model.embed_tokens.weight', which LlamaForCausalLM uses as lm_head.weight too: .*"
            r"`merge_and_unload` of peft lets happen.*tie_word_embeddings=False",
        ):
            net.load_checkpoint(base, adapter=adapter)
    llama.load_checkpoint(both, adapter=adapter)  # this has a head of its own


def test_rows_of_tokens_are_the_heads_too(tied: tuple[Any, dict[str, np.ndarray]]) -> None:
    net, tensors = tied
    net.load_checkpoint(tensors, adapter=PEFT / "llama_tokens" / "adapter")
    expected = load_file(PEFT / "llama_tokens" / "expected_merged_weights.safetensors")["model.embed_tokens.weight"]
    np.testing.assert_array_equal(net.model.embed_tokens.weight.asnumpy(), expected)


def test_a_larger_table_needs_a_larger_model(tied: tuple[Any, dict[str, np.ndarray]], tmp_path: Path) -> None:
    """As `peft` writes it where a model got more words: both names of what is tied."""
    net, tensors = tied
    table = numbers(42, 32)
    path = write_adapter(tmp_path / "one", {"model.embed_tokens.weight": table, "lm_head.weight": table})
    with pytest.raises(CheckpointMismatchError, match="vocab_size=42"):
        net.load_checkpoint(tensors, adapter=path)
    larger = LlamaForCausalLM(**{**net.hyperparameters, "vocab_size": 42})
    larger.load_checkpoint(tensors, adapter=path)
    np.testing.assert_array_equal(larger.model.embed_tokens.weight.asnumpy(), table)
