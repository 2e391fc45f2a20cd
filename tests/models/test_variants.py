"""Configurations beside the reference cases, held to what transformers computes with the same weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import lazycell
import models

from ..variants.cases import VARIANTS, Variant, draw, inputs_of

EXPECTED = Path(__file__).parents[1] / "variants" / "expected"
ALL = {f"{family}-{number}": each for family, several in VARIANTS.items() for number, each in enumerate(several, 1)}
# As in the reference cases: some 20 times what the order of float32's sums alone makes of logits of this size.
ATOL, RTOL = 2e-4, 1e-4


def tensors(variant: Variant) -> dict[str, Tensor]:
    """Give the inputs."""
    return {name: Tensor(array) for name, array in inputs_of(variant).items()}


def metadata(name: str) -> dict[str, Any]:
    """Give what the reference wrote beside its outputs."""
    with safe_open(EXPECTED / f"{name}.safetensors", "np") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def directory(path: Path, name: str, config: dict[str, Any]) -> Path:
    """Write a model's directory, as transformers would."""
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    weights = {key: draw(key, tuple(shape)) for key, shape in metadata(name)["shapes"].items()}
    save_file(weights, path / "model.safetensors", {"format": "pt"})
    return path


def classic(config: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Write a config as files on the hub have it: rope in two keys, the dtype under its former name, no derived lists."""
    config = {**config, "torch_dtype": config["dtype"]}
    del config["dtype"]
    if "layer_types" not in options:
        config.pop("layer_types", None)
    rope = config.pop("rope_parameters", None)
    if rope is None:
        return config
    if "full_attention" in rope:
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        rope = rope["full_attention"]
    rope = dict(rope)
    config["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"type": kind, **rope}
    return config


def outputs_of(output: Any) -> dict[str, np.ndarray]:
    """Give the outputs by their names."""
    arrays: dict[str, np.ndarray] = {}
    for name, value in output._asdict().items():
        if isinstance(value, Tensor):
            arrays[name] = value.asnumpy()
        elif value is not None:
            arrays |= {f"{name}.{number}": each.asnumpy() for number, each in enumerate(value)}
    return arrays


def real(name: str, variant: Variant, array: np.ndarray) -> np.ndarray:
    """Leave out what was computed at padding, where an output has positions of the text that is read."""
    mask = inputs_of(variant)["attention_mask"].astype(bool)
    if name.startswith("router_logits"):
        return array[mask.reshape(-1)]
    written = variant.architecture.startswith("T5") and name in ("logits", "last_hidden_state")
    if array.shape[:2] == mask.shape and not (written and "Encoder" not in variant.architecture):
        return array[mask]
    return array


@pytest.mark.parametrize("name", ALL)
def test_variant(name: str, tmp_path: Path):
    """The names are those of the file, the outputs agree, and so do the generated words."""
    variant, kept = ALL[name], metadata(name)
    net = lazycell.from_pretrained(directory(tmp_path, name, kept["config"]))
    assert type(net).__name__ == variant.architecture
    expected = load_file(EXPECTED / f"{name}.safetensors")
    outputs = outputs_of(net(**tensors(variant)))
    for output in expected.keys() - {"generated"}:
        ours, theirs = (real(output, variant, array) for array in (outputs[output], expected[output]))
        assert ours.shape == theirs.shape, output
        assert (np.abs(ours - theirs) <= ATOL + RTOL * np.abs(theirs)).all(), output
    assert expected.keys() - {"generated"}
    if variant.generates:
        texts = {key: value for key, value in tensors(variant).items() if key in ("input_ids", "attention_mask")}
        count = expected["generated"].shape[1]  # written with nothing to end a text
        words = models.generate(net, max_new_tokens=count, eos_token_id=(), **texts)
        assert np.array_equal(words.asnumpy(), expected["generated"])


@pytest.mark.parametrize("name", [name for name in ALL if "rope_parameters" in metadata(name)["config"]])
def test_variant_of_a_classic_config(name: str, tmp_path: Path):
    """The same config in the style of the hub computes the same."""
    variant, kept = ALL[name], metadata(name)
    net = lazycell.from_pretrained(directory(tmp_path, name, classic(kept["config"], variant.options)))
    expected = load_file(EXPECTED / f"{name}.safetensors")
    output = "logits" if "logits" in expected else "last_hidden_state"
    ours = real(output, variant, outputs_of(net(**tensors(variant)))[output])
    theirs = real(output, variant, expected[output])
    assert (np.abs(ours - theirs) <= ATOL + RTOL * np.abs(theirs)).all()


def test_every_variant_was_made():
    """There is a file for each, and none that nobody asks for."""
    assert {path.stem for path in EXPECTED.glob("*.safetensors")} == ALL.keys()
