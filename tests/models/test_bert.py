"""BERT, held to the reference results: names, numbers, and every option honoured or refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from safetensors.numpy import load_file, save_file

import lazycell
from lazycell import ConfigError, LazyCellError
from models.bert import BertForMaskedLM, BertModel

from .. import forked
from ..golden_cases import BERT, GOLDEN, needs_minilm
from . import numpy_bert

CONFIG = json.loads((BERT.path / "config.json").read_text(encoding="utf-8"))
SMALL: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 16,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
}


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """Give the inputs as tensors."""
    return {name: Tensor(array) for name, array in arrays.items()}


def outputs_of(output: Any) -> dict[str, np.ndarray]:
    """Give a `BertOutput` under the names of the reference; in a graph it may be a plain tuple."""
    last, pooled, states = output
    arrays = {"last_hidden_state": last.asnumpy(), "pooler_output": pooled.asnumpy()}
    return arrays | {f"hidden_states.{number}": state.asnumpy() for number, state in enumerate(states or ())}


def directory(path: Path, **options: Any) -> Path:
    """Make a copy of the reference model whose config has other options."""
    config = {**CONFIG, **options}
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shutil.copy(BERT.path / "model.safetensors", path)
    return path


# --------------------------------------------------------------------------------------------------- the same numbers


@pytest.mark.parametrize("place", [BERT.path, BERT.path / "sharded"], ids=["one file", "sharded"])
def test_reference(place: Path):
    """Every hidden state and the pooler's output agree, from one file and from shards."""
    net = lazycell.from_pretrained(place)
    assert type(net) is BertModel
    outputs = outputs_of(net(**tensors(BERT.inputs), output_hidden_states=True))
    assert outputs.keys() == BERT.expected.keys()
    assert BERT.differences(outputs) == {}


def test_reference_of_a_classic_config(tmp_path: Path):
    """A config in the style of the hub, `torch_dtype` and all, builds the same model."""
    shutil.copy(BERT.path / "config.v4.json", tmp_path / "config.json")
    shutil.copy(BERT.path / "model.safetensors", tmp_path)
    net = lazycell.from_pretrained(tmp_path)
    assert BERT.differences(outputs_of(net(**tensors(BERT.inputs), output_hidden_states=True))) == {}
    assert net.manifest() == lazycell.from_pretrained(BERT.path).manifest()


def test_reference_in_graph_mode():
    """The whole model compiled as a graph agrees."""
    ms.set_context(mode=ms.GRAPH_MODE)
    net = lazycell.from_pretrained(BERT.path)
    assert BERT.differences(outputs_of(net(**tensors(BERT.inputs)))) == {}


@pytest.mark.parametrize("first", ["load", "compile"])
def test_reference_in_jit(first: str):
    """The model called by a compiled function agrees, whether it was loaded before the function was made or after."""
    net = BertModel(**{name: CONFIG[name] for name in BertModel.manifest().hyperparameters if name in CONFIG})

    @ms.jit
    def forward(input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Any:
        return net(input_ids, attention_mask, token_type_ids)

    inputs = tensors(BERT.inputs)
    arguments = inputs["input_ids"], inputs["attention_mask"], inputs["token_type_ids"]
    if first == "compile":
        forward(*arguments)
    net.load_checkpoint(BERT.path / "model.safetensors")
    assert BERT.differences(outputs_of(net.output_type(*forward(*arguments)))) == {}


def test_defaults_of_the_arguments():
    """Without mask, token types and positions: nothing is padding, all types are 0, and positions count up."""
    net = lazycell.from_pretrained(BERT.path)
    ids = Tensor(BERT.inputs["input_ids"])
    positions = Tensor(np.tile(np.arange(ids.shape[1]), (2, 1)))
    given = net(ids, Tensor(np.ones(ids.shape, np.int64)), Tensor(np.zeros(ids.shape, np.int64)), positions)
    assert np.array_equal(net(ids).last_hidden_state.asnumpy(), given.last_hidden_state.asnumpy())
    backwards = net(ids, position_ids=positions[:, ::-1])
    assert np.abs(backwards.last_hidden_state.asnumpy() - given.last_hidden_state.asnumpy()).max() > 0.01


@needs_minilm
def test_minilm():
    """The real MiniLM computes the reference's embeddings, cosines and hidden states."""
    from lazycell.demo._minilm import directory as minilm

    expected = load_file(GOLDEN / "minilm" / "minilm_expected.safetensors")
    net = lazycell.from_pretrained(minilm())
    mask = expected["attention_mask"]
    output = net(Tensor(expected["input_ids"]), Tensor(mask), Tensor(expected["token_type_ids"]))
    means = (output.last_hidden_state.asnumpy() * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    embeddings = means / np.linalg.norm(means, axis=1, keepdims=True)
    assert np.abs(embeddings - expected["embeddings"]).max() < 5e-6
    assert np.abs(embeddings @ embeddings.T - expected["cosine"]).max() < 5e-6

    length = expected["sentence1.last_hidden_state"].shape[1]
    assert mask[1].sum() == length
    output = net(Tensor(expected["input_ids"][1:2, :length]))
    assert np.abs(output.last_hidden_state.asnumpy() - expected["sentence1.last_hidden_state"]).max() < 2e-4
    assert np.abs(output.pooler_output.asnumpy() - expected["sentence1.pooler_output"]).max() < 2e-4


def test_found_without_an_import():
    """`from_pretrained` finds the class by the config's model_type in a process that imported only lazycell."""
    code = (
        "import sys, lazycell\n"
        "assert not any(name.split('.')[0] == 'models' for name in sys.modules)\n"
        f"net = lazycell.from_pretrained({str(BERT.path)!r})\n"
        "print(type(net).__module__, type(net).__qualname__, len(lazycell.uninitialized(net)))"
    )
    done = subprocess.run(
        [*forked.python(), "-c", code], capture_output=True, text=True, check=True, cwd=GOLDEN.parents[1]
    )
    assert done.stdout.splitlines()[-1] == "models.bert BertModel 0"


# ----------------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize("activation", ["relu", "gelu_new", "silu", "quick_gelu", "gelu_python", "gelu"])
def test_activations(tmp_path: Path, activation: str):
    """`hidden_act` is honoured: the output is that of the formula, computed in numpy."""
    net = lazycell.from_pretrained(directory(tmp_path, hidden_act=activation))
    weights = load_file(BERT.path / "model.safetensors")
    expected = numpy_bert.encode(weights, {**CONFIG, "hidden_act": activation}, BERT.inputs)
    real = BERT.inputs["attention_mask"] == 1
    output = net(**tensors(BERT.inputs)).last_hidden_state.asnumpy()
    assert np.abs(output - expected)[real].max() < BERT.meta["atol"]
    if activation not in ("gelu", "gelu_python"):  # the case itself is sensitive to the option
        assert np.abs(output - BERT.expected["last_hidden_state"])[real].max() > 10 * BERT.meta["atol"]


def test_layer_norm_eps(tmp_path: Path):
    """`layer_norm_eps` is honoured."""
    net = lazycell.from_pretrained(directory(tmp_path, layer_norm_eps=0.1))
    expected = numpy_bert.encode(
        load_file(BERT.path / "model.safetensors"), {**CONFIG, "layer_norm_eps": 0.1}, BERT.inputs
    )
    real = BERT.inputs["attention_mask"] == 1
    output = net(**tensors(BERT.inputs)).last_hidden_state.asnumpy()
    assert np.abs(output - expected)[real].max() < BERT.meta["atol"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("position_embedding_type", "relative_key"),
        ("is_decoder", True),
        ("add_cross_attention", True),
        ("pruned_heads", {"0": [1]}),
        ("rotary_base", 10000),
        ("some_new_switch", True),
        ("hidden_act", "mish"),
    ],
)
def test_refused_options(tmp_path: Path, option: str, value: Any):
    """An option that the model does not implement is refused by its name, with the value."""
    # A value that a hyperparameter's validator refuses is the validator's ValueError; so are lazycell's own.
    with pytest.raises(ValueError) as caught:  # noqa: PT011 the message is looked at below
        lazycell.from_pretrained(directory(tmp_path, **{option: value}))
    assert option in str(caught.value)
    assert repr(value) in str(caught.value)


def test_every_refused_option_is_in_the_one_message(tmp_path: Path):
    """Two options that are not implemented are both named, not one after the other."""
    with pytest.raises(ConfigError, match=r"(?s)is_decoder=True.*rotary_base=10000"):
        lazycell.from_pretrained(directory(tmp_path, is_decoder=True, rotary_base=10000))


def test_heads_have_to_divide_the_hidden_size():
    """A hidden size that the heads do not divide is refused when the model is built."""
    with pytest.raises(LazyCellError, match="hidden_size must be divisible by num_attention_heads"):
        BertModel(**{**SMALL, "hidden_size": 25})


@pytest.mark.parametrize("key", ["dtype", "torch_dtype"])
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_dtype(tmp_path: Path, key: str, dtype: str):
    """A config's dtype is that of every parameter; the file's float32 values are cast to it."""
    path = directory(tmp_path)
    config = {name: value for name, value in CONFIG.items() if name != "dtype"}
    (path / "config.json").write_text(json.dumps({**config, key: dtype}), encoding="utf-8")
    net = lazycell.from_pretrained(path)
    assert {str(parameter.dtype) for parameter in net.get_parameters()} == {
        {"float64": "Float64", "float16": "Float16"}[dtype]
    }
    assert {entry.dtype for entry in net.manifest()} == {dtype}
    stored = load_file(BERT.path / "model.safetensors")["pooler.dense.weight"]
    values = net.pooler.dense.weight.astype(ms.float32).asnumpy()
    assert np.abs(values - stored).max() <= np.abs(stored).max() * 2**-11


def test_runs_in_float16(tmp_path: Path):
    """In float16 the outputs are those of float32 to the precision of float16, padded rows included."""
    net = lazycell.from_pretrained(directory(tmp_path, dtype="float16"))
    output = net(**tensors(BERT.inputs)).last_hidden_state
    assert output.dtype == ms.float16
    real = BERT.inputs["attention_mask"] == 1
    assert np.abs(output.asnumpy() - BERT.expected["last_hidden_state"])[real].max() < 0.02


def test_without_pooler():
    """`add_pooling_layer=False` has no pooler: not in the manifest, not in the output."""
    net = BertModel(**SMALL, add_pooling_layer=False)
    assert [entry.name for entry in net.manifest() if "pooler" in entry.name] == []
    assert net(Tensor([[1, 2, 3]])).pooler_output is None


def test_dropout_only_in_training():
    """Dropout is the identity in evaluation, and random in training."""
    net = BertModel(**SMALL)
    ids = Tensor([[1, 2, 3]])
    assert np.array_equal(net(ids)[0].asnumpy(), net(ids)[0].asnumpy())
    net.set_train()
    assert not np.array_equal(net(ids)[0].asnumpy(), net(ids)[0].asnumpy())


# ------------------------------------------------------------------------------------------------------- masked LM


def masked_lm_names(layers: int) -> set[str]:
    """Give the names that Hugging Face's BertForMaskedLM has for its parameters, each tied one once."""
    affine = ("weight", "bias")
    names = {f"bert.embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type")}
    names |= {f"bert.embeddings.LayerNorm.{each}" for each in affine}
    parts = [f"attention.self.{name}" for name in ("query", "key", "value")]
    parts += [
        "attention.output.dense",
        "attention.output.LayerNorm",
        "intermediate.dense",
        "output.dense",
        "output.LayerNorm",
    ]
    names |= {f"bert.encoder.layer.{i}.{part}.{each}" for i in range(layers) for part in parts for each in affine}
    names |= {f"cls.predictions.transform.{part}.{each}" for part in ("dense", "LayerNorm") for each in affine}
    return names | {"cls.predictions.bias"}


def test_masked_lm_names():
    """The parameters' names are those of Hugging Face's checkpoints; an untied decoder has its own weight and bias."""
    tied = BertForMaskedLM.manifest(**SMALL)
    assert {entry.name for entry in tied} == masked_lm_names(2)
    assert tied.ties == {
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.bias": "cls.predictions.bias",
    }
    separate = BertForMaskedLM.manifest(**SMALL, tie_word_embeddings=False)
    decoder = {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}
    assert {entry.name for entry in separate} == masked_lm_names(2) | decoder
    assert separate.ties == {}


def random_masked_lm(*, tied: bool) -> dict[str, np.ndarray]:
    """Make weights for a small BertForMaskedLM, the decoder's under its own name."""
    generator = np.random.default_rng(7)
    manifest = BertForMaskedLM.manifest(**SMALL, tie_word_embeddings=False, tie_bias=tied)
    weights = {entry.name: generator.normal(0, 0.3, entry.shape).astype(np.float32) for entry in manifest}
    if tied:
        weights["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"]
    return weights


def masked_lm_directory(path: Path, weights: dict[str, np.ndarray], **options: Any) -> Path:
    """Write a BertForMaskedLM in Hugging Face layout."""
    config = {**SMALL, "model_type": "bert", "architectures": ["BertForMaskedLM"], **options}
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(weights, path / "model.safetensors")
    return path


@pytest.mark.parametrize("stored", ["embedding", "decoder", "both"])
def test_tied_masked_lm(tmp_path: Path, stored: str):
    """A tied decoder is filled from either of its names or from both, and the scores are those of the formula."""
    weights = random_masked_lm(tied=True)
    leave_out = {"embedding": "cls.predictions.decoder.weight", "decoder": "bert.embeddings.word_embeddings.weight"}
    kept = {name: array for name, array in weights.items() if name != leave_out.get(stored)}
    if stored == "both":
        kept["cls.predictions.decoder.bias"] = kept["cls.predictions.bias"]
    net = lazycell.from_pretrained(masked_lm_directory(tmp_path, kept, tie_word_embeddings=True))
    assert type(net) is BertForMaskedLM
    assert net.cls.predictions.decoder.weight is net.bert.embeddings.word_embeddings.weight
    check_scores(net, weights)


def test_untied_masked_lm(tmp_path: Path):
    """With `tie_word_embeddings: false` the decoder's weight is its own, and so is its bias, which alone counts."""
    weights = random_masked_lm(tied=False)
    net = lazycell.from_pretrained(masked_lm_directory(tmp_path, weights, tie_word_embeddings=False))
    assert net.cls.predictions.decoder.weight is not net.bert.embeddings.word_embeddings.weight
    check_scores(net, weights)


def test_tied_masked_lm_refuses_two_values(tmp_path: Path):
    """Both names of a tied weight, with different values, are an error that names both."""
    weights = random_masked_lm(tied=False)
    with pytest.raises(lazycell.CheckpointError) as caught:
        lazycell.from_pretrained(masked_lm_directory(tmp_path, weights, tie_word_embeddings=True))
    assert "cls.predictions.decoder.weight" in str(caught.value)
    assert "bert.embeddings.word_embeddings.weight" in str(caught.value)


def check_scores(net: Callable[..., Any], weights: dict[str, np.ndarray]) -> None:
    """Compare the scores with those that numpy computes."""
    generator = np.random.default_rng(8)
    inputs = {
        "input_ids": generator.integers(0, SMALL["vocab_size"], (2, 9)),
        "attention_mask": np.array([[1] * 9, [1] * 6 + [0] * 3]),
        "token_type_ids": generator.integers(0, 2, (2, 9)),
    }
    expected = numpy_bert.predict(weights, SMALL, inputs)
    logits = net(**tensors(inputs)).logits.asnumpy()
    assert logits.shape == (2, 9, SMALL["vocab_size"])
    real = inputs["attention_mask"] == 1
    assert np.abs(logits - expected)[real].max() < 1e-4 * np.abs(expected).max()


def test_masked_lm_hidden_states():
    """Hidden states are given when asked for: the embeddings, and one for each layer."""
    net = BertForMaskedLM(**SMALL)
    assert net(Tensor([[1, 2]])).hidden_states is None
    assert [state.shape for state in net(Tensor([[1, 2]]), output_hidden_states=True).hidden_states] == [(1, 2, 24)] * 3
