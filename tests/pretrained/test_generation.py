"""How a checkpoint's authors mean texts to be written, as `net.generation_config`."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import lazycell
from lazycell import ConfigError, LazyCell, Param


class Net(LazyCell):
    """The least that can be loaded."""

    n: int = 2
    weight: Param["zeros", (n,)]


def directory(path: Path, config: dict[str, Any], generation: str | None = None) -> Path:
    """Write a checkpoint with its configs."""
    net = Net()
    net.init_parameters_data()
    net.save_checkpoint(path / "model.safetensors")
    (path / "config.json").write_text(json.dumps(config))
    if generation is not None:
        (path / "generation_config.json").write_text(generation)
    return path


def test_the_file_is_kept(tmp_path: Path):
    """What `generation_config.json` says, whole, and what `config.json` says besides is not mixed in."""
    said = {"eos_token_id": [1, 2], "temperature": 0.6, "transformers_version": "5.0"}
    net = Net.from_pretrained(directory(tmp_path, {"eos_token_id": 7}, json.dumps(said)))
    assert net.generation_config == said
    assert copy.deepcopy(net).generation_config == said


def test_old_configs_say_it_themselves(tmp_path: Path):
    """Without the file, what the config says of writing; what it leaves open is not there."""
    net = Net.from_pretrained(directory(tmp_path, {"n": 2, "eos_token_id": 7, "top_k": 50, "num_beams": None}))
    assert net.generation_config == {"eos_token_id": 7, "top_k": 50}


def test_nothing_said(tmp_path: Path):
    """A dict that can be written into; each net's own."""
    nets = [Net.from_pretrained(directory(tmp_path, {})) for _ in range(2)]
    nets[0].generation_config["eos_token_id"] = 1
    assert nets[1].generation_config == {}


def test_a_broken_file_is_refused(tmp_path: Path):
    """By its name, before anything is built."""
    with pytest.raises(ConfigError, match=r"generation_config\.json is not JSON"):
        Net.from_pretrained(directory(tmp_path, {}, "{"))


def test_a_class_may_have_its_own(tmp_path: Path):
    """A hyperparameter of that name stays what it is."""

    class Own(Net):
        generation_config: str = "mine"

    assert Own.from_pretrained(directory(tmp_path, {"eos_token_id": 7})).generation_config == "mine"


def test_the_zoo(tmp_path: Path):
    """So it is for `lazycell.from_pretrained`."""
    golden = Path(__file__).parents[1] / "golden" / "llama-a"
    said = json.loads((golden / "config.json").read_text())
    assert lazycell.from_pretrained(golden).generation_config["eos_token_id"] == said["eos_token_id"]
