"""Every family, held to the reference results: names, numbers, generated words."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from safetensors.numpy import load_file, save_file

import lazycell
import models

from ..golden_cases import FAMILIES, Case

ALL = pytest.mark.parametrize("case", FAMILIES.values(), ids=FAMILIES)
GENERATING = {name: case for name, case in FAMILIES.items() if case.generation}
DECODERS = {name: case for name, case in GENERATING.items() if name != "t5"}
EACH_DECODER = pytest.mark.parametrize("case", DECODERS.values(), ids=DECODERS)


@cache
def net_of(case: Case) -> Any:
    """Load the case's net, once."""
    return lazycell.from_pretrained(case.path)


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """Give the inputs as tensors."""
    return {name: Tensor(array) for name, array in arrays.items()}


def outputs_of(output: Any) -> dict[str, np.ndarray]:
    """Give what a model returned under the names of the reference: those of a tuple with numbers."""
    arrays: dict[str, np.ndarray] = {}
    for name, value in output._asdict().items():
        if isinstance(value, Tensor):
            arrays[name] = value.asnumpy()
        elif value is not None:
            arrays |= {f"{name}.{number}": each.asnumpy() for number, each in enumerate(value)}
    return arrays


def forward(net: Any, case: Case) -> dict[str, np.ndarray]:
    """Run a net on the case's inputs, and give everything that the reference has too."""
    return outputs_of(net(**tensors(case.arguments), output_hidden_states=True))


def recorded(case: Case) -> set[str]:
    """Name what the reference recorded of a single forward pass."""
    return {name for name in case.expected if not name.startswith("generated")}


def test_every_family_has_a_case():
    """The cases are those of all the families of language models that the package announces."""
    from importlib.metadata import entry_points

    modules = {entry.module.removeprefix("models.") for entry in entry_points(group="lazycell.models")}
    assert modules == FAMILIES.keys()


@ALL
def test_every_output(case: Case):
    """The config alone finds the class; every output that was recorded is there, and agrees."""
    net = net_of(case)
    assert type(net).__name__ == case.meta["model_class"]
    outputs = forward(net, case)
    assert outputs.keys() == recorded(case)
    assert case.differences(outputs) == {}


@ALL
def test_classic_config_and_shards(case: Case, tmp_path: Path):
    """A config as most files on the hub have it, and weights in shards, make the same model."""
    shutil.copy(case.path / "config.v4.json", tmp_path / "config.json")
    arrays = load_file(case.path / "model.safetensors")
    names = sorted(arrays)
    shards = {f"model-0000{number + 1}-of-00003.safetensors": names[number::3] for number in range(3)}
    for file, held in shards.items():
        save_file({name: arrays[name] for name in held}, tmp_path / file)
    places = {name: file for file, held in shards.items() for name in held}
    index = {"metadata": {"total_size": sum(array.nbytes for array in arrays.values())}, "weight_map": places}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))

    net = lazycell.from_pretrained(tmp_path)
    assert net.manifest().digest == net_of(case).manifest().digest
    ours, theirs = forward(net, case), forward(net_of(case), case)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


@ALL
def test_parameters_are_those_of_the_file(case: Case):
    """Nothing is renamed, missing, left over or cast, and every value is the file's."""
    net = type(net_of(case))(**hyperparameters(net_of(case)))
    report = net.load_checkpoint(case.path / "model.safetensors")
    assert (report.cast, report.renamed, report.initialized, report.ignored, report.computed) == ((),) * 5
    arrays = load_file(case.path / "model.safetensors")
    held = {parameter.name: parameter.asnumpy() for parameter in net.get_parameters()}
    assert held.keys() == arrays.keys() == set(report.loaded)
    for name, array in arrays.items():
        assert np.array_equal(held[name], array), name


def hyperparameters(net: Any) -> dict[str, Any]:
    """Give those that a net was built with."""
    return dict(net.manifest().hyperparameters)


# --------------------------------------------------------------------------------------------------- generating


@pytest.mark.parametrize("case", GENERATING.values(), ids=GENERATING)
def test_generated_words(case: Case):
    """Greedy decoding over a cache, of texts that are padded on the left, gives the recorded words."""
    words = models.generate(net_of(case), max_new_tokens=8, **tensors(case.generation))
    assert np.array_equal(words.asnumpy(), case.expected["generated"])
    first = models.generate(net_of(case), max_new_tokens=3, **tensors(case.generation))
    assert np.array_equal(first.asnumpy(), case.expected["generated"][:, :3])


@EACH_DECODER
def test_scores_of_the_generated_words(case: Case):
    """Reading the whole text at once scores each word as the reference did when it wrote it."""
    net, inputs, words = net_of(case), case.generation, case.expected["generated"]
    ids = np.concatenate((inputs["input_ids"], words[:, :-1]), 1)
    mask = inputs.get("attention_mask", np.ones_like(inputs["input_ids"]))
    mask = np.concatenate((mask, np.ones_like(words[:, :-1])), 1)
    positions = np.maximum(mask.cumsum(1) - 1, 0)
    logits = net(Tensor(ids), Tensor(mask), Tensor(positions)).logits.asnumpy()[:, -words.shape[1] :]
    expected = case.expected["generated_logits"]
    assert (np.abs(logits - expected) <= case.meta["atol"] + case.meta["rtol"] * np.abs(expected)).all()


@EACH_DECODER
def test_going_on_from_a_cache(case: Case):
    """A text that is read in three parts is scored as in one; without a mask, nothing is padding."""
    net, ids = net_of(case), Tensor(case.arguments["input_ids"][:1])
    whole = net(ids).logits.asnumpy()
    past, parts = None, []
    for start, end in ((0, 3), (3, 4), (4, ids.shape[1])):
        output = net(ids[:, start:end], past_key_values=past, use_cache=True)
        past = output.past_key_values
        parts.append(output.logits.asnumpy())
    assert np.abs(np.concatenate(parts, 1) - whole).max() <= case.meta["atol"]
    assert net(ids).past_key_values is None


# ------------------------------------------------------------------------------------------------ graphs and halves


@ALL
def test_compiled(case: Case):
    """The net called by a function that is compiled agrees."""
    net = net_of(case)

    @ms.jit
    def run(**inputs: Tensor) -> Any:
        return net(**inputs)

    output = run(**tensors(case.arguments))
    first = case.meta["primary"][0]
    assert first not in case.differences({first: output[0].asnumpy()})


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen3_moe", "t5"])
def test_graph_mode(family: str):
    """A net that runs as a whole as a graph agrees."""
    ms.set_context(mode=ms.GRAPH_MODE)
    case = FAMILIES[family]
    output = net_of(case)(**tensors(case.arguments))
    assert "logits" not in case.differences({"logits": output[0].asnumpy()})


@ALL
def test_float16(case: Case):
    """In float16, every parameter and output is float16, and near what float32 gives."""
    net = lazycell.from_pretrained(case.path, dtype="float16")
    output = net(**tensors(case.arguments))[0]
    assert output.dtype == ms.float16
    assert {entry.dtype for entry in net.manifest()} == {"float16"}
    name = case.meta["primary"][0]
    exact = case.expected[name].astype(np.float64)
    difference = np.abs(output.astype(ms.float32).asnumpy() - exact)
    if name in case.meta["masks"]:
        real = case.inputs[case.meta["masks"][name]].astype(bool)
        exact, difference = exact[real], difference[real]
    # Some 30 roundings in a row move a value by half an epsilon each of what it is made of.
    assert difference.mean() < 15 * 2.0**-10 * np.abs(exact).std()


@ALL
def test_bfloat16(case: Case, tmp_path: Path):
    """A checkpoint in bfloat16, as most are published, is filled in as it is, or runs in float32."""
    stored = lazycell.from_pretrained(case.path, dtype="bfloat16")
    assert {entry.dtype for entry in stored.manifest()} == {"bfloat16"}
    stored.save_checkpoint(tmp_path / "model.safetensors")
    shutil.copy(case.path / "config.json", tmp_path)
    name = case.meta["primary"][0]
    output = lazycell.from_pretrained(tmp_path, dtype="float32")(**tensors(case.arguments))[0].asnumpy()
    exact = case.expected[name]
    difference = np.abs(output - exact)
    if name in case.meta["masks"]:
        real = case.inputs[case.meta["masks"][name]].astype(bool)
        exact, difference = exact[real], difference[real]
    # The weights alone are rounded: each output is a sum over those of every layer.
    assert 0 < difference.mean() < 15 * 2.0**-7 * exact.std()


def test_no_bfloat16_on_the_cpu():
    """MindSpore's CPU has no kernel that looks up or multiplies bfloat16; on the day it has, the zoo can be tested there."""
    net = lazycell.from_pretrained(FAMILIES["llama"].path, dtype="bfloat16")
    with pytest.raises(TypeError, match="Unsupported data type"):
        net(**tensors(FAMILIES["llama"].arguments))
