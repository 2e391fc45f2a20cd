"""Every family, held to the reference results: names and numbers, however the checkpoint is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import lazycell

from ..golden_cases import FAMILIES, Case
from .families import ALL, another, forward, net_of, recorded


def test_every_family_has_a_case():
    """The cases are those of all the families of language models that the package announces."""
    from importlib.metadata import entry_points

    modules = [entry.module for entry in entry_points(group="lazycell.models")]
    families = {module.removeprefix("models.") for module in modules if module.startswith("models.")}
    assert families == FAMILIES.keys()


@ALL
def test_every_output(case: Case):
    """The config alone finds the class; every output that was recorded is there, and agrees."""
    net = net_of(case)
    assert type(net).__name__ == case.meta["model_class"]
    outputs = forward(net, case)
    assert outputs.keys() == recorded(case)
    assert case.differences(outputs) == {}


@ALL
@pytest.mark.parametrize(
    ("config", "sharded"),
    [("config.v4.json", False), ("config.json", True), ("config.v4.json", True)],
    ids=["classic config", "shards", "classic config and shards"],
)
def test_other_ways_to_write_it(case: Case, config: str, sharded: bool, tmp_path: Path):
    """A config as most files on the hub have it, and weights in shards, make the same model."""
    shutil.copy(case.path / config, tmp_path / "config.json")
    if sharded:
        write_in_shards(load_file(case.path / "model.safetensors"), tmp_path)
    else:
        shutil.copy(case.path / "model.safetensors", tmp_path)

    net, usual = lazycell.from_pretrained(tmp_path), net_of(case)
    assert type(net) is type(usual)
    assert (list(net.manifest()), net.manifest().ties) == (list(usual.manifest()), usual.manifest().ties)
    assert net.manifest().digest == usual.manifest().digest
    outputs = forward(net, case)
    assert outputs.keys() == recorded(case)
    assert case.differences(outputs) == {}


def write_in_shards(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Write a checkpoint in three files with an index, neighbours in different ones."""
    names = sorted(arrays)
    shards = {f"model-0000{number + 1}-of-00003.safetensors": names[number::3] for number in range(3)}
    for file, held in shards.items():
        save_file({name: arrays[name] for name in held}, path / file)
    places = {name: file for file, held in shards.items() for name in held}
    index = {"metadata": {"total_size": sum(array.nbytes for array in arrays.values())}, "weight_map": places}
    (path / "model.safetensors.index.json").write_text(json.dumps(index))


@ALL
def test_parameters_are_those_of_the_file(case: Case):
    """Nothing is renamed, missing, left over, rearranged or cast; every tensor of the file is a parameter, bit by bit."""
    net = another(case)
    report = net.load_checkpoint(case.path / "model.safetensors")
    done = (report.cast, report.renamed, report.rearranged, report.initialized, report.ignored, report.computed)
    assert done == ((),) * 6
    assert lazycell.uninitialized(net) == []
    arrays = load_file(case.path / "model.safetensors")
    assert report.nbytes == sum(array.nbytes for array in arrays.values())
    held = {parameter.name: parameter.asnumpy() for parameter in net.get_parameters()}
    assert held.keys() == arrays.keys() == set(report.loaded)
    for name, array in arrays.items():
        assert (held[name].shape, held[name].dtype) == (array.shape, array.dtype), name
        assert held[name].tobytes() == array.tobytes(), name


@ALL
def test_parameters_are_not_copied(case: Case):
    """Every parameter lies where the file is mapped, after the model has run too."""
    net = net_of(case)
    forward(net, case)
    places = mapped(case.path / "model.safetensors")
    outside = [each.name for each in net.get_parameters() if not any(each.data_ptr() in place for place in places)]
    assert outside == []


def mapped(path: Path) -> list[range]:
    """Give the addresses at which this process has mapped a file."""
    lines = [line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text().splitlines()]
    places = [line[0].split("-") for line in lines if len(line) == 6 and line[5] == str(path.resolve())]
    return [range(int(start, 16), int(end, 16)) for start, end in places]
