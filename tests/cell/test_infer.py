"""Tests of `LazyCell.infer` on real files, and with cells that only MindSpore can look into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import mindspore as ms
import numpy as np
import pytest
from mindspore import nn

import lazycell
from lazycell import LazyCell, Param, child, children, derived, len_, require, when
from lazycell._errors import CheckpointMismatchError
from models.bert import BertForMaskedLM, BertModel
from tests.golden_cases import BERT, needs_minilm

UNTOLD = {
    "num_attention_heads",
    "hidden_act",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "initializer_range",
    "layer_norm_eps",
}


class Mixed(LazyCell):
    """A declared cell with plain ones in it."""

    hidden: int
    depth: int = 1
    with_norm: bool = False
    gain: Param["ones", (hidden,)]
    dense: Any = child(nn.Dense, hidden, 2 * hidden)
    layers: Any = children(depth, nn.Dense, hidden, hidden)
    norm: Any = when(with_norm, child(nn.LayerNorm, [3]))


def save(net: nn.Cell, path: Path) -> Path:
    """Write a net with MindSpore's own writer."""
    net.init_parameters_data()
    ms.save_checkpoint(net, str(path), format="safetensors")
    return path


@needs_minilm
def test_minilm():
    """Every size is told; the number of heads cannot be; the model that is built so loads the file."""
    from lazycell.demo._minilm import directory

    found = BertModel.infer(directory() / "model.safetensors")
    assert dict(found) == {
        "vocab_size": 30522,
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "intermediate_size": 1536,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "add_pooling_layer": True,
    }
    assert found.undetermined.keys() == UNTOLD
    assert str(found.undetermined["num_attention_heads"]) == "any divisor of 384 fits; default 12"
    assert (found.fits, found.dtype) == (True, "float32")
    net = BertModel(**found)
    net.load_checkpoint(directory() / "model.safetensors")
    assert lazycell.uninitialized(net) == []


def test_the_golden_bert():
    """Plain and sharded; with the number of heads given the model is the one of the config."""
    for place in ("model.safetensors", "sharded"):
        found = BertModel.infer(BERT.path / place, num_attention_heads=4)
        assert found.fits
        sizes = found["hidden_size"], found["num_hidden_layers"], found["vocab_size"]
        assert sizes == (48, 3, 128)
        assert BertModel(**found).num_attention_heads == 4


def test_a_head_with_ties(tmp_path: Path):
    """A table that is stored once for two says that it is tied; one that is stored twice, nothing."""
    sizes = {
        "vocab_size": 11,
        "hidden_size": 12,
        "num_hidden_layers": 2,
        "intermediate_size": 6,
        "max_position_embeddings": 5,
        "type_vocab_size": 2,
    }
    for tied in (True, False):
        net = BertForMaskedLM(**sizes, tie_word_embeddings=tied)
        found = BertForMaskedLM.infer(save(net, tmp_path / f"{tied}.safetensors"))
        assert dict(found) == sizes | ({"tie_word_embeddings": True, "tie_bias": True} if tied else {})
        assert found.fits  # two tables may be one that is stored twice: their values tell, when they are loaded
        if not tied:
            assert found.undetermined["tie_word_embeddings"].default is True


def test_plain_cells_are_looked_into_for_the_proof_alone(tmp_path: Path):
    """What they hold says nothing, unless nothing else does."""
    path = save(Mixed(hidden=3, depth=2), tmp_path / "mixed.safetensors")
    found = Mixed.infer(path)
    assert found["hidden"] == 3
    assert found.fits is (found.get("depth") == 2)
    assert Mixed.infer(path, depth=2).fits


def test_a_file_of_another_model():
    """No name is known."""
    with pytest.raises(CheckpointMismatchError, match="no name in it is one of the model's"):
        Mixed.infer(BERT.path / "model.safetensors")


def test_a_ckpt_tells_the_same(tmp_path: Path):
    """The format does not matter."""
    net = Mixed(hidden=3)
    net.init_parameters_data()
    ms.save_checkpoint(net, str(tmp_path / "mixed.ckpt"))
    found = Mixed.infer(tmp_path / "mixed.ckpt")
    assert found["hidden"] == 3
    assert np.prod(found.manifest["dense.weight"].shape) == 18


class Wide(LazyCell):
    """Its widths are seen through a function alone, and how many there are in no list."""

    widths: tuple[int, ...] = (64, 128)
    kinds: tuple[str, ...] = ("plain",)
    total = derived(sum, widths)
    require(derived(set, kinds) == {"plain"}, "kinds: only plain")
    weight: Param["ones", (total, len_(widths))]


def test_no_number_is_proposed_for_a_tuple(tmp_path: Path) -> None:
    """A value of another kind would fail in the class; the default is taken where it fits."""
    for widths, fits in (((64, 128), True), ((3, 4), False)):
        net = Wide(widths)
        net.init_parameters_data(seed=1)
        net.save_checkpoint(tmp_path / "wide.safetensors")
        found = Wide.infer(tmp_path / "wide.safetensors")
        told = found.undetermined["widths"]
        assert (told.default_fits, found.fits) == (fits, fits)
        assert told.example == ((64, 128) if fits else attrs.NOTHING)
        assert found.undetermined["kinds"].default_fits
