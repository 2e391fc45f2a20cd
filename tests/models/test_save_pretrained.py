"""Every family, saved as a directory: what the reference wrote is written again, and loads as what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import lazycell
from models.bert import BertForSequenceClassification, BertModel
from models.llama import LlamaForSequenceClassification
from models.roberta import RobertaForMaskedLM

from ..golden_cases import BERT, FAMILIES, Case
from .families import ALL, net_of

MORE = {"gemma3": {"sliding_window_pattern"}, "qwen2": {"head_dim"}, "t5": {"scale_decoder_outputs"}}
"""Keys that are written where the reference does not: hyperparameters here."""


def tensors_of(path: Path) -> dict[str, bytes]:
    """Give the bytes of each tensor of a file."""
    return {name: array.tobytes() for name, array in load_file(path).items()}


@ALL
def test_what_the_reference_wrote_is_written_again(case: Case, tmp_path: Path) -> None:
    """Names, forms and bytes of the tensors, each tie once; and the config, key by key."""
    net = net_of(case)
    net.save_pretrained(tmp_path)
    assert tensors_of(tmp_path / "model.safetensors") == tensors_of(case.path / "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", "np") as file:
        assert file.metadata()["format"] == "pt"  # without which transformers 4 refuses it
    written, expected = (
        json.loads((path / "config.json").read_text(encoding="utf-8")) for path in (tmp_path, case.path)
    )
    assert {key: written[key] for key in expected} == expected
    assert written.keys() - expected.keys() == MORE.get(case.path.name.removesuffix("-a"), set())


@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
def test_a_net_that_was_trained_comes_back(family: str, tmp_path: Path) -> None:
    """With its values, its class and its hyperparameters, in shards too."""
    net = lazycell.from_pretrained(FAMILIES[family].path)
    for parameter in net.get_parameters():
        parameter.set_data(parameter * 2)
    net.save_pretrained(tmp_path, max_shard_size="100KB")
    again = lazycell.from_pretrained(tmp_path)
    assert type(again) is type(net)
    assert again.manifest().hyperparameters == net.manifest().hyperparameters
    values = {each.name: each.asnumpy() for each in net.get_parameters()}
    assert all(np.array_equal(values[each.name], each.asnumpy()) for each in again.get_parameters())


@pytest.mark.parametrize(
    ("cls", "source"), [(LlamaForSequenceClassification, "llama"), (BertForSequenceClassification, "bert")]
)
def test_another_head_says_so(cls: Any, source: str, tmp_path: Path) -> None:
    """The config of what was loaded names another class and has no labels."""
    with pytest.warns(lazycell.HeadWarning):
        net = cls.from_pretrained(FAMILIES[source].path, num_labels=3)
    net.init_parameters_data(seed=1)
    net.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["architectures"], len(config["id2label"])) == ([cls.__name__], 3)
    assert config["pad_token_id"] == 0
    again = lazycell.from_pretrained(tmp_path)
    assert (type(again), again.num_labels) == (cls, 3)


def test_a_family_keeps_its_other_name(tmp_path: Path) -> None:
    """What was loaded as CamemBERT is no RoBERTa for those who look for a tokenizer."""
    with pytest.warns(lazycell.HeadWarning):
        net = RobertaForMaskedLM.from_pretrained(FAMILIES["roberta"].path)
    net.init_parameters_data(seed=1)
    net.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    names = {"model_type": "camembert", "architectures": ["CamembertForMaskedLM"]}
    (tmp_path / "config.json").write_text(json.dumps({**config, **names}))
    lazycell.from_pretrained(tmp_path).save_pretrained(tmp_path / "again")
    again = json.loads((tmp_path / "again" / "config.json").read_text())
    assert {key: again[key] for key in names} == names


def test_an_encoder_without_its_pooler_is_refused(tmp_path: Path) -> None:
    """transformers would give it a new one."""
    net = BertModel.from_pretrained(BERT.path, add_pooling_layer=False, unexpected="ignore")
    with pytest.raises(lazycell.ConfigError, match="add_pooling_layer=False"):
        net.save_pretrained(tmp_path / "model")
    assert not (tmp_path / "model").exists()
