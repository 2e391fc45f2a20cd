"""Tests of `lazycell.cli._side`."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError, ManifestError
from lazycell.cli._model import find
from lazycell.cli._side import find_side, find_sides, is_class

from ..mismatch.transformer import model
from ..saving.saved import save_arrays
from ..sources.checkpoints import GOLDEN

QUANTIZED = GOLDEN.parent / "quant_models"


def save(path: Path, count: int = 2, shard_size: int | None = None) -> str:
    """Save a checkpoint."""
    save_arrays(path, {f"w.{k}": np.zeros(100, np.float32) for k in range(count)}, shard_size)
    return str(path)


def test_a_manifest(tmp_path: Path) -> None:
    """What was written is read."""
    path = tmp_path / "net.json"
    path.write_text(model().to_json())
    assert find_side(str(path)).digest == model().digest
    assert not is_class(str(path))


@pytest.mark.parametrize("name", ["net.ckpt", "net.safetensors"])
def test_a_checkpoint(tmp_path: Path, name: str) -> None:
    """As a file, and as a directory that holds it, with or without a config."""
    path = save(tmp_path / name)
    for side in (path, str(tmp_path)):
        found = find_side(side)
        assert ([entry.name for entry in found], found.declared) == (["w.0", "w.1"], False)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert not is_class(str(tmp_path))
    assert not find_side(str(tmp_path)).declared


def test_an_index(tmp_path: Path) -> None:
    """Its name ends as a manifest's does."""
    save(tmp_path / "net.safetensors", shard_size=400)
    assert len(find_side(str(tmp_path / "net.safetensors.index.json"))) == 2


def test_a_directory_that_says_which_model_it_is(tmp_path: Path) -> None:
    """Without weights, it is the model."""
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert is_class(str(tmp_path))


@pytest.mark.parametrize("weights", ["model.gguf", "pytorch_model.bin"])
def test_a_directory_with_weights_of_others_is_the_weights(tmp_path: Path, weights: str) -> None:
    """Else a model would be held against itself, and nothing would ever differ."""
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / weights).touch()
    assert not is_class(str(tmp_path))


def test_names_are_classes() -> None:
    """Whatever is no file."""
    assert is_class("bert-tiny")
    assert is_class("models.bert:BertModel")


def test_what_is_nothing(tmp_path: Path) -> None:
    """Each message says what was looked for."""
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(CheckpointFormatError, match="has no weight_map.*; nor is it a manifest, which `lazycell mani"):
        find_side(str(tmp_path / "other.json"))
    (tmp_path / "broken.json").write_text('{"format": "lazycell.manifest"}')
    with pytest.raises(ManifestError):
        find_side(str(tmp_path / "broken.json"))
    with pytest.raises(click.UsageError, match="there is no file"):
        find_side(str(tmp_path / "gone.safetensors"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointFormatError, match="the directory is empty"):
        find_side(str(tmp_path / "empty"))
    (tmp_path / "net.safetensors.index.json").write_text("{}")
    with pytest.raises(CheckpointFormatError) as caught:
        find_side(str(tmp_path / "net.safetensors.index.json"))
    assert "nor is it a manifest" not in str(caught.value)


@pytest.mark.parametrize("case", sorted(each.name for each in QUANTIZED.iterdir()))
def test_codes_are_floats_beside_a_model(case: str, tmp_path: Path) -> None:
    """As a load finds them: no scale is added, no weight packed; beside another checkpoint they are what is stored."""
    shutil.copy(QUANTIZED / case / "config.json", tmp_path)
    paper = tmp_path / "paper.json"
    paper.write_text(find(str(tmp_path)).manifest.to_json())
    file = str(QUANTIZED / case)
    declared, loaded = find_sides(str(paper), file)
    difference = declared.diff(loaded)
    assert difference.retyped
    assert not any((difference.added, difference.removed, difference.reshaped, difference.renamed))
    loaded, declared = find_sides(file, str(paper))
    assert len(loaded.diff(declared).retyped) == len(difference.retyped)
    shutil.copy(QUANTIZED / case / "model.safetensors", tmp_path / "copy.safetensors")
    stored, copy = find_sides(file, str(tmp_path / "copy.safetensors"))
    assert not stored.diff(copy)
    assert len(stored) >= len(loaded) + len(difference.retyped)  # each weight has a scale at least
