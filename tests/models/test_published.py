"""Every preset that names a repository fits what is there, at its real size: sparse files, whose headers are real."""

from __future__ import annotations

import inspect
import json
import shutil
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lazycell import find_preset, registered_models
from lazycell.cli._check import check
from lazycell.pretrained._config import find_config, hyperparameters_from_config

from .published import Repository
from .published_sizes import REPOSITORIES

BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8}


def names_of_presets() -> Iterator[str]:
    """List those that say where they are published."""
    for model in registered_models():
        if model.cls.__module__.startswith("models."):
            yield from (preset.name for preset in model.presets if preset.source is not None)


def write(path: Path, names: tuple[str, ...], repository: Repository) -> None:
    """Write a header, and a hole where the data is, but for a bit of the head: it is no copy of the table."""
    header, place = {}, 0
    for name in names:
        dtype = "I64" if name in repository.integers else repository.dtype
        size = BYTES[dtype]
        for length in repository.tensors[name]:
            size *= length
        header[name] = {"dtype": dtype, "shape": repository.tensors[name], "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        if "lm_head.weight" in header and not repository.config.get("tie_word_embeddings", True):
            file.seek(8 + len(text) + header["lm_head.weight"]["data_offsets"][0])
            file.write(b"\x01")
        file.truncate(8 + len(text) + place)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Give a directory that is gone afterwards: what is in it seems to take hundreds of gigabytes."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def lay_out(repository: Repository, directory: Path) -> None:
    """Write a repository's config and files."""
    (directory / "config.json").write_text(json.dumps(repository.config))
    if repository.shards == 1:
        write(directory / "model.safetensors", (*repository.tensors,), repository)
        return
    places: dict[str, str] = {}
    every, most = (*repository.tensors,), -(-len(repository.tensors) // repository.shards)
    for number in range(1, repository.shards + 1):
        names = every[(number - 1) * most : number * most]
        file = f"model-{number:05}-of-{repository.shards:05}.safetensors"
        write(directory / file, names, repository)
        places |= dict.fromkeys(names, file)
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))


def default_of(cls: Any, name: str) -> Any:
    """Give a hyperparameter's default."""
    return inspect.signature(cls).parameters[name].default


def without(given: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Give the others."""
    return {key: value for key, value in given.items() if key not in names}


def test_all_are_here() -> None:
    """Whoever adds a preset says what its repository holds."""
    assert {*REPOSITORIES} == {*names_of_presets()}


@pytest.mark.parametrize("name", [*names_of_presets()])
def test_it_fits_what_is_published(name: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`lazycell check PRESET DIR` says yes, and nothing is left to initializers but the head that files lack."""
    repository = REPOSITORIES[name]
    lay_out(repository, directory)
    status = check.main([name, str(directory), "--json"], standalone_mode=False)
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["causes"] == []
    assert (status, verdict["fits"]) == (0, True)
    assert {*verdict["plan"]["initialize"]} == repository.new_head


@pytest.mark.parametrize("name", [*names_of_presets()])
def test_it_is_what_the_config_asks_for(name: str, directory: Path) -> None:
    """By its config, as many layers, and the same tensors in the same shapes in the first of them."""
    model, preset = find_preset(name)
    (directory / "config.json").write_text(json.dumps(REPOSITORIES[name].config))
    asked = hyperparameters_from_config(model.cls, find_config(directory).options)
    layers = next(key for key in asked if key in ("num_hidden_layers", "n_layers", "n_layer", "num_layers"))
    assert preset.hyperparameters.get(layers, default_of(model.cls, layers)) == asked[layers]
    one = {key: 1 for key in asked if key in (layers, "num_decoder_layers")}
    ours, theirs = (
        model.cls.manifest(**given, **one) for given in (without(preset.hyperparameters, one), without(asked, one))
    )
    assert ours.ties == theirs.ties
    assert [(each.name, each.shape) for each in ours] == [(each.name, each.shape) for each in theirs]
