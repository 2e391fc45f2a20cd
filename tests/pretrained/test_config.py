"""What each key of a config is, and what the file beside it decides; the way from a directory is in `test_pretrained`."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from safetensors.numpy import save_file

import lazycell
from lazycell import ConfigError, ConfigRules, LazyCell, Param, tie, when
from lazycell.pretrained._config import hyperparameters_from_config, rules_of


class Tied(LazyCell):
    """Has one table or two, as the file has it."""

    width: int = 4
    one: bool = True

    table: Param["normal", (2, width)]
    head: Param["normal", (2, width)]
    both = when(one, tie("head", "table"))


def by_file(given, file):
    """Remember what was given, and follow the file."""
    asked.append(dict(given))
    return {"one": not file.differ("head", "table")}


asked: list[dict[str, object]] = []
Tied.config_rules = ConfigRules(by_file=by_file)


def tied(path, *, head, **config):
    """Write a config, a table and a head."""
    table = np.arange(8, dtype=np.float32).reshape(2, 4)
    save_file({"table": table, "head": table + head}, str(path / "model.safetensors"))
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(("head", "one"), [(0, True), (1, False)])
def test_the_file_has_the_last_word_where_the_class_asks_it(tmp_path, head, one):
    """Over the config; what is given by keyword is known to the class, and takes precedence over both."""
    path = tied(tmp_path, head=head, width=4, one=not one)
    asked.clear()
    assert Tied.from_pretrained(path).one is one
    assert Tied.from_pretrained(path, one=False).one is False
    assert asked == [{"width": 4, "one": not one}, {"width": 4, "one": False}]


def test_without_a_config_the_file_is_not_asked(tmp_path):
    """The class's own defaults stand, and contradict the file as before."""
    path = tied(tmp_path, head=1)
    (path / "config.json").unlink()
    asked.clear()
    with pytest.raises(lazycell.CheckpointMismatchError, match="1 tie broken"):
        Tied.from_pretrained(path)
    assert asked == []


def test_a_file_is_asked_as_it_is_loaded(tmp_path):
    """By the names after `rename`, without a map, and with its key."""
    path = tied(tmp_path, head=1)
    (path / "model.safetensors").unlink()
    ms.save_checkpoint(
        [
            {"name": name, "data": Tensor(np.full((2, 4), value, np.float32))}
            for name, value in {"t": 1, "h": 2}.items()
        ],
        str(path / "model.ckpt"),
        enc_key=bytes(16),
    )
    net = Tied.from_pretrained(path, rename={"t": "table", "h": "head"}, mmap=False, dec_key=bytes(16))
    assert net.one is False
    assert (net.head.asnumpy() == 2).all()
    with pytest.raises(ValueError, match="dec_mode"):
        Tied.from_pretrained(path, dec_key=bytes(16), dec_mode="AES-XYZ")


# ------------------------------------------------------------------------------------------------------ what a key is


class Base(LazyCell):
    """Has a width, a constant, and rules."""

    width: int = 4
    biased: bool = True

    weight: Param["normal", (2, width)]
    config_rules = ConfigRules(
        renamed={"n_embd": "width"}, only={"act": "relu", "language": "english"}, ignored={"stretch", "shift"}
    )


class Derived(Base):
    """Says more, something else of `shift` and `act`, and has made `biased` a constant."""

    biased = True

    config_rules = ConfigRules(only={"shift": (True, 1)}, ignored={"act"})


@pytest.mark.parametrize(
    "key",
    # One of each kind that hub files have.
    "_num_labels _attn_implementation_autoset _class_name _anything_else output_past n_special predict_special_tokens "
    "cache_implementation is_llama_config transformers.js_config unsloth_fixed unsloth_version max_sequence_length "
    "sbert_ce_default_activation_function sentence_transformers name num_labels architectures top_k trust_remote_code".split(),
)
def test_bookkeeping_is_one_list_for_every_class(key):
    """Whatever its value, and whatever the class says of others."""
    for cls in (Base, Derived, Tied):
        assert hyperparameters_from_config(cls, {key: "set", "width": 3}) == {"width": 3}


@pytest.mark.parametrize("key", ["use_mrope", "rope_interleaved", "pruned_heads", "shared_expert_intermediate_size"])
def test_a_switch_changes_nothing_only_while_it_is_off(key):
    """On, it is refused by its name."""
    for off in (False, None, 0, 0.0, "", [], {}):
        assert hyperparameters_from_config(Base, {key: off}) == {}
    for on in (True, 2, -0.5, "no", [0], {"a": None}):
        with pytest.raises(ConfigError, match=f"{key}=.*: Base knows no such option"):
            hyperparameters_from_config(Base, {key: on})


def test_rules_come_before_bookkeeping_and_before_switches_that_are_off():
    """A class that computes with what is bookkeeping for others says so; one that needs a switch refuses it off."""
    assert hyperparameters_from_config(Base, {"language": "english"}) == {}
    with pytest.raises(ConfigError, match="language='french': only 'english' is implemented"):
        hyperparameters_from_config(Base, {"language": "french"})
    with pytest.raises(ConfigError, match="shift=False: only True or 1 is implemented"):
        hyperparameters_from_config(Derived, {"shift": False})
    assert hyperparameters_from_config(Derived, {"shift": None, "language": None}) == {}


def test_a_constant_of_the_class_is_computed_with():
    """A switch under its name has to mean the same, off or on."""
    assert hyperparameters_from_config(Derived, {"biased": True}) == {}
    with pytest.raises(ConfigError, match="biased=False: only True is implemented"):
        hyperparameters_from_config(Derived, {"biased": False})


def test_the_rules_of_a_base_class_are_joined():
    """A subclass's take their place key by key, and leave the rest."""
    rules = rules_of(Derived)
    assert rules.renamed == {"n_embd": "width"}
    assert rules.only == {"language": "english", "shift": (True, 1)}
    assert rules.ignored == {"stretch", "act"}
    assert hyperparameters_from_config(Derived, {"n_embd": 3, "act": "tanh", "stretch": 2}) == {"width": 3}


class ByFile(Tied):
    """Adds a rule to those of a base that asks the file."""

    config_rules = ConfigRules(ignored={"stretch"})


def test_a_subclass_asks_the_file_as_its_base_does(tmp_path):
    """`by_file` is joined too."""
    assert ByFile.from_pretrained(tied(tmp_path, head=1, one=True, stretch=3)).one is False


def test_ignored_keys_are_passed_over_and_reported(tmp_path):
    """As if the config did not have them, hyperparameters among them; the report and `load_report` say so."""
    path = tied(tmp_path, head=0, width=5, stretched=True)
    for load in (Tied.from_pretrained, lambda path, **options: lazycell.from_pretrained(path, **options)):
        with pytest.raises(ConfigError):
            load(path)
    net = Tied.from_pretrained(path, ignore_config=["stretched", "width"])
    assert net.width == 4
    assert net.load_report.ignored_config == ("stretched", "width")
    assert str(net.load_report).split("\n")[-2].split() == ["ignored", "config", "stretched"]


def test_what_is_to_be_ignored_has_to_be_there(tmp_path):
    """A key that the config does not have, and a string in place of a list."""
    path = tied(tmp_path, head=0, stretched=True)
    with pytest.raises(ConfigError, match=r"names 'stretchd', .* no such key; did you mean `stretched`\?"):
        Tied.from_pretrained(path, ignore_config=["stretchd"])
    with pytest.raises(TypeError, match=r"ignore_config='stretched' is no list of keys: write .*\['stretched'\]"):
        Tied.from_pretrained(path, ignore_config="stretched")


def test_the_report_is_there_after_from_pretrained(tmp_path):
    """Not before, and not of another net."""
    assert Tied().load_report is None
    net = Tied.from_pretrained(tied(tmp_path, head=0))
    assert net.load_report.loaded == ("table",)
    assert net.load_report.ignored_config == ()
    assert "ignored config" not in str(net.load_report)
