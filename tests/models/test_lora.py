"""Low-rank adapters: trained beside a model, saved as PEFT's, and merged into the model when they are loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, mint, nn, ops

import lazycell
from lazycell import CheckpointError, UninitializedParameterError
from lazycell.parameters import numpy_values
from models import LoRA
from models.bert import BertForSequenceClassification
from models.gpt2 import GPT2LMHeadModel
from models.llama import LlamaForCausalLM

IDS = Tensor(np.random.default_rng(0).integers(1, 30, (2, 5)), ms.int32)
LLAMA = {
    "vocab_size": 32,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "head_dim": 8,
}
GPT2 = {"vocab_size": 32, "n_positions": 8, "n_embd": 16, "n_layer": 1, "n_head": 2}


def base_at(path: Path, cls: Any, **hyperparameters: Any) -> Path:
    net = cls(**hyperparameters)
    net.init_parameters_data(seed=0)
    net.save_pretrained(path)
    return path


def logits(net: Any) -> Any:
    found = net(IDS)
    return found.logits if hasattr(found, "logits") else found


def train(net: Any, steps: int = 6) -> tuple[float, float]:
    optimizer = nn.Adam(net.trainable_params(), 0.05)

    def loss() -> Any:
        found = logits(net)
        return ops.cross_entropy(found.reshape(-1, found.shape[-1]), IDS.reshape(-1))

    step = ms.value_and_grad(loss, None, optimizer.parameters)
    losses = []
    for _ in range(steps):
        value, gradients = step()
        optimizer(gradients)
        losses.append(float(value))
    return losses[0], losses[-1]


@pytest.mark.parametrize(
    ("cls", "sizes", "patterns"),
    [
        (LlamaForCausalLM, LLAMA, ["*embed_tokens", "*.v_proj", "*.down_proj"]),
        (GPT2LMHeadModel, GPT2, ["*.c_attn", "*.mlp.c_proj"]),
    ],
    ids=["llama", "gpt2"],
)
def test_trained_saved_and_merged(tmp_path: Path, cls: Any, sizes: dict[str, Any], patterns: list[str]) -> None:
    """The loss falls, the base stays, and the merged model says what the trained one did."""
    base = base_at(tmp_path / "base", cls, **sizes)
    net = lazycell.from_pretrained(base)
    untrained = logits(net).asnumpy()
    lazycell.freeze(net)
    lazycell.swap(net, patterns, LoRA, rank=3, alpha=6)
    net.init_parameters_data(seed=1)
    kept = {name: numpy_values(each).copy() for name, each in net.parameters_and_names() if not each.requires_grad}
    assert all(".lora_" in each.name for each in net.trainable_params())
    before = logits(net).asnumpy()
    assert np.array_equal(before, untrained)  # an adapter begins by adding nothing
    first, last = train(net)
    assert last < first
    for name, each in net.parameters_and_names():
        assert name not in kept or np.array_equal(numpy_values(each), kept[name])
    lazycell.save_adapter(tmp_path / "adapter", net)
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["task_type"]) == (3, 6, "CAUSAL_LM")
    assert config["base_model_name_or_path"] == str(base)
    assert config["fan_in_fan_out"] is (cls is GPT2LMHeadModel)
    merged = lazycell.from_pretrained(tmp_path / "adapter")
    trained = logits(net).asnumpy()
    assert np.abs(logits(merged).asnumpy() - trained).max() < 1e-6
    assert np.abs(before - trained).max() > 1e-3
    half = lazycell.from_pretrained(base, adapter=tmp_path / "adapter", dtype="bfloat16")
    name = next(iter(merged.load_report.adapters[0].tensors))
    of_float = numpy_values(dict(merged.parameters_and_names())[name])
    of_half = numpy_values(dict(half.parameters_and_names())[name])
    assert np.array_equal(of_half.view(np.uint16), of_float.astype(of_half.dtype).view(np.uint16))


def test_resumed(tmp_path: Path) -> None:
    """A net with the same adapters takes what was saved, and goes on from there."""
    base = base_at(tmp_path / "base", GPT2LMHeadModel, **GPT2)

    def swapped() -> Any:
        net = lazycell.from_pretrained(base)
        lazycell.freeze(net)
        lazycell.swap(net, "*.c_attn", LoRA, rank=2)
        return net

    net, again = swapped(), swapped()
    net.init_parameters_data(seed=1)
    train(net, 2)
    lazycell.save_adapter(tmp_path / "adapter", net)
    again.load_checkpoint(
        tmp_path / "adapter" / "adapter_model.safetensors",
        rename={"base_model.model.{*layer}.lora_{side}.weight": "{*layer}.lora_{side}"},
        missing="init",
    )
    assert lazycell.uninitialized(again) == []
    assert np.array_equal(logits(again).asnumpy(), logits(net).asnumpy())
    lazycell.save_adapter(tmp_path / "again", again)  # of the same base
    config = json.loads((tmp_path / "again" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(base)


def test_heads_that_are_trained_too(tmp_path: Path) -> None:
    """They are saved whole where they are named, and nothing trained is lost in silence."""
    sizes = {
        "vocab_size": 32,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 8,
    }
    base = base_at(tmp_path / "base", BertForSequenceClassification, **sizes)
    net = lazycell.from_pretrained(base)
    lazycell.freeze(net, "bert.*")
    lazycell.swap(net, "*.query", LoRA, rank=2)
    with pytest.raises(UninitializedParameterError, match=r"`bert\.encoder\.layer\.0\.attention\.self\.query\.lora_A`"):
        lazycell.save_adapter(tmp_path / "adapter", net, modules_to_save=["classifier"])
    net.init_parameters_data(seed=1)
    with pytest.raises(CheckpointError, match=r"`classifier\.weight`, `classifier\.bias` are trained too"):
        lazycell.save_adapter(tmp_path / "adapter", net)
    with pytest.raises(ValueError, match="no cell has a name like 'clasifier'"):
        lazycell.save_adapter(tmp_path / "adapter", net, modules_to_save=["clasifier"])
    assert not (tmp_path / "adapter").exists()
    net.classifier.bias.set_data(net.classifier.bias + 1)
    lazycell.save_adapter(tmp_path / "adapter", net, modules_to_save=["classifier"])
    merged = BertForSequenceClassification.from_pretrained(base, adapter=tmp_path / "adapter")
    assert np.array_equal(merged.classifier.bias.asnumpy(), net.classifier.bias.asnumpy())
    lazycell.freeze(merged)
    lazycell.swap(merged, "*.key", LoRA, rank=2)
    merged.init_parameters_data()
    with pytest.raises(CheckpointError, match=r"another adapter merged into it \(default\)"):
        lazycell.save_adapter(tmp_path / "second", merged)


@pytest.mark.parametrize("layer", [nn.Dense(6, 4), mint.nn.Linear(6, 4, bias=False)], ids=["Dense", "Linear"])
def test_layers_of_mindspore(layer: Any) -> None:
    """What is added is alpha / rank times the product, in the layer's dtype."""
    cell = LoRA(layer, rank=2, alpha=1.0)
    lazycell.init_parameters_data(cell, seed=0)
    cell.lora_B.set_data(Tensor(np.ones((4, 2), np.float32)))
    x = np.random.default_rng(0).standard_normal((3, 6), np.float32)
    added = cell(Tensor(x)).asnumpy() - layer(Tensor(x)).asnumpy()
    assert np.allclose(added, 0.5 * x @ cell.lora_A.asnumpy().T @ np.ones((2, 4), np.float32), atol=1e-5)
    assert np.abs(cell.lora_A.asnumpy()).max() <= 6**-0.5


def test_pairs_in_a_dict(tmp_path: Path) -> None:
    """Under the module's name, or each under its own."""
    a, b = np.ones((2, 3), np.float32), np.ones((4, 2), np.float32)
    lazycell.save_adapter(tmp_path / "a", {"x.q": (a, b)}, alpha=1, base="org/base")
    lazycell.save_adapter(
        tmp_path / "b", {"x.q.lora_A": Tensor(a), "x.q.lora_B": Tensor(b)}, alpha={"x.q": 1}, base="org/base"
    )
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with pytest.raises(TypeError, match="alpha='1' has to be a finite number"):
        lazycell.save_adapter(tmp_path / "a", {"x.q": (a, b)}, alpha="1")  # type: ignore[arg-type]


def test_what_is_not_adapted() -> None:
    """A layer that is no matrix; a net without adapters; numbers that mean nothing."""
    with pytest.raises(TypeError, match="LoRA adapts linear layers and embeddings, and this is LayerNorm"):
        LoRA(nn.LayerNorm((4,)))
    with pytest.raises(TypeError, match="this Dense has an activation, which comes after the sum"):
        LoRA(nn.Dense(2, 2, activation="relu"))
    with pytest.raises(ValueError, match="rank has to be positive"):
        LoRA(nn.Dense(2, 2), rank=0)
    with pytest.raises(CheckpointError, match="Dense has no adapters"):
        lazycell.save_adapter("nowhere", nn.Dense(2, 2))
    with pytest.raises(TypeError, match="takes a path and a net or a dict"):
        lazycell.save_adapter("nowhere", 3)  # type: ignore[arg-type]
    assert not Path("nowhere").exists()
