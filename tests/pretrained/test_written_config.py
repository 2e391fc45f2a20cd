"""The way back from hyperparameters to a config: it is read as what was written, whatever config was loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lazycell
from lazycell import UNUSED, ConfigError, ConfigRules, LazyCell, hyper, register
from lazycell.declaration import declaration_of
from lazycell.manifest import bind, bind_values, hyperparameters_of
from lazycell.pretrained._config import hyperparameters_from_config
from lazycell.pretrained._written_config import as_json, config_bytes, written_config

from ..golden_cases import FAMILIES

MODELS = [model for model in lazycell.registered_models() if model.cls.__module__.startswith("models.")]
CLASSES = list(dict.fromkeys(model.cls for model in MODELS))
PRESETS = [(model.cls, preset) for model in MODELS for preset in model.presets]


def values_of(cls: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Give all hyperparameters of a class of which some are given."""
    declaration = declaration_of(cls)
    assert declaration is not None
    return hyperparameters_of(declaration, bind_values(declaration, bind(cls, (), options)[0]))


def read(cls: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Give the hyperparameters that a class reads from a config that went through a file."""
    return values_of(cls, hyperparameters_from_config(cls, json.loads(json.dumps(config))))


# --------------------------------------------------------------------------------------------------------- the zoo


@pytest.mark.parametrize(("cls", "preset"), PRESETS, ids=[preset.name for _, preset in PRESETS])
def test_presets_are_read_as_they_were_written(cls: Any, preset: Any) -> None:
    """Hyperparameters → config → hyperparameters → config: what is read is what was written, each time."""
    values = values_of(cls, preset.hyperparameters)
    config = written_config(cls, values, None, "bfloat16")
    again = read(cls, config)
    assert as_json(again) == as_json(values)
    assert written_config(cls, again, config, "bfloat16") == config
    assert config["torch_dtype"] == "bfloat16"


@pytest.mark.parametrize("style", ["config.json", "config.v4.json"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_still_true_stays_as_it_was_written(family: str, style: str) -> None:
    """Every key of a reference's config has its very value, in the style of the version that wrote it."""
    source = json.loads((FAMILIES[family].path / style).read_text(encoding="utf-8"))
    cls = lazycell.find_model(source["model_type"], source["architectures"][0])
    config = written_config(cls, read(cls, source), source, "float32")
    assert {key: config[key] for key in source} == source
    assert read(cls, config) == read(cls, source)
    # Besides, what the class has, and the reference does not write.
    assert config.keys() - source.keys() <= {
        *("head_dim", "layer_types", "sliding_window_pattern", "scale_decoder_outputs")
    }


def changes(cls: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Draw hyperparameters of a class that go with the others, whatever these are."""
    free: dict[str, st.SearchStrategy[Any]] = {
        "num_hidden_layers": st.integers(1, 5),
        "n_layer": st.integers(1, 5),
        "n_layers": st.integers(1, 5),
        "num_layers": st.integers(1, 5),
        "vocab_size": st.integers(2, 99),
        "pad_token_id": st.integers(0, 9),
        "hidden_act": st.sampled_from(["relu", "gelu"]),
        "rope_scaling": st.sampled_from([None, {"rope_type": "linear", "factor": 2.0}]),
        "sliding_window": st.integers(1, 9),
        "id2label": st.sampled_from([{}, {0: "a"}, {"0": "a", "1": "b", "2": "c"}]),
        "num_labels": st.integers(1, 4),
        "mlp_only_layers": st.sampled_from([(), [1], (0, 2)]),
        "feed_forward_proj": st.sampled_from(["relu", "gated-gelu"]),
    }
    declaration = declaration_of(cls)
    assert declaration is not None
    drawn = {}
    for item in declaration.hyperparameters:
        if item.name in free:
            drawn[item.name] = free[item.name]
        elif isinstance(item.default, bool):
            drawn[item.name] = st.booleans()
        elif isinstance(item.default, float):
            drawn[item.name] = st.floats(0.25, 4.0)
    for name in ("add_pooling_layer", "tie_bias"):  # no key says these
        drawn.pop(name, None)
    return st.fixed_dictionaries({}, optional=drawn)


@pytest.mark.parametrize("cls", CLASSES, ids=[cls.__name__ for cls in CLASSES])
def test_changed_hyperparameters_are_read_as_they_were_written(cls: Any) -> None:
    """Whatever config was loaded before they were changed. Labels get names where there are others than labels."""

    @settings(max_examples=6, deadline=None)
    @given(changes(cls), changes(cls))
    def holds(former: dict[str, Any], options: dict[str, Any]) -> None:
        values = values_of(cls, options)
        for source in (None, written_config(cls, values_of(cls, former), None, "float32")):
            again = read(cls, written_config(cls, values, source, "float32"))
            found = {name: as_json(value) for name, value in again.items()}
            expected = {name: as_json(value) for name, value in values.items()}
            labels = found.pop("id2label", None)
            if (former := expected.pop("id2label", None)) is not None:
                assert len(labels) == expected["num_labels"] or labels == former == {}
                assert labels == former or len(former) != expected["num_labels"]
            assert found == expected

    holds()


@pytest.mark.parametrize(
    ("architecture", "options", "named"),
    [
        ("BertModel", {"add_pooling_layer": False}, "add_pooling_layer=False: it would be read as True"),
        ("BertForMaskedLM", {"tie_bias": False}, "tie_bias=False: it would be read as True"),
    ],
)
def test_what_no_key_says_is_refused(architecture: str, options: dict[str, Any], named: str) -> None:
    """transformers would make another model of it."""
    cls = lazycell.find_model("bert", architecture)
    with pytest.raises(ConfigError, match=named):
        config_bytes(cls, values_of(cls, options), None, "float32")


def test_labels_have_names_in_both_directions() -> None:
    """transformers reads how many there are from `id2label` alone."""
    cls = lazycell.find_model("bert", "BertForSequenceClassification")
    source = {"id2label": {"0": "no", "1": "yes"}, "label2id": {"no": 0, "yes": 1}, "num_labels": 2}
    config = written_config(cls, values_of(cls, {"id2label": source["id2label"], "num_labels": 3}), source, None)
    assert config["id2label"] == {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
    assert config["label2id"] == {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2}
    assert "num_labels" not in config
    same = written_config(cls, values_of(cls, {"id2label": source["id2label"]}), source, None)
    assert {key: same[key] for key in ("id2label", "label2id")} == {
        key: source[key] for key in ("id2label", "label2id")
    }


def test_what_follows_is_written_anew() -> None:
    """transformers 5 takes the two keys for true, whatever `feed_forward_proj` says."""
    cls = lazycell.find_model("t5")
    source = {"feed_forward_proj": "relu", "dense_act_fn": "relu", "is_gated_act": False}
    config = written_config(cls, values_of(cls, {"feed_forward_proj": "gated-gelu"}), source, None)
    written = [config[key] for key in ("feed_forward_proj", "dense_act_fn", "is_gated_act")]
    assert written == ["gated-gelu", "gelu_new", True]


def test_the_rotation_is_written_in_the_style_in_which_it_was_given() -> None:
    """Old programs read the old keys alone, and new ones both: neither may find a theta that is not true."""
    cls = lazycell.find_model("llama")
    new = {"rope_type": "linear", "factor": 2.0, "rope_theta": 7.0}
    old = {"rope_type": "linear", "factor": 2.0}
    config = written_config(cls, values_of(cls, {"rope_parameters": new}), None, None)
    assert config["rope_parameters"] == new
    assert not {"rope_theta", "rope_scaling"} & config.keys()
    config = written_config(cls, values_of(cls, {"rope_scaling": old, "rope_theta": 7.0}), None, None)
    assert (config["rope_scaling"], config["rope_theta"]) == (old, 7.0)
    assert "rope_parameters" not in config


def test_the_other_name_of_a_family_stays() -> None:
    """A net that was loaded as XLM-RoBERTa is no RoBERTa for a tokenizer."""
    cls = lazycell.find_model("roberta", "RobertaForMaskedLM")
    source = {"model_type": "xlm-roberta", "architectures": ["XLMRobertaForMaskedLM"]}
    for given_source, expected in ((source, source), (None, {"model_type": "roberta"})):
        config = written_config(cls, values_of(cls, {}), given_source, None)
        assert {key: config[key] for key in expected} == expected


def test_a_class_may_have_another_name_in_configs() -> None:
    """transformers' `Gemma3ForSequenceClassification` reads images too."""
    cls = lazycell.find_model("gemma3_text", "Gemma3ForSequenceClassification")
    source = {"model_type": "gemma3_text", "architectures": ["Gemma3ForSequenceClassification"]}
    config = written_config(cls, values_of(cls, {}), source, None)
    assert config["architectures"] == ["Gemma3TextForSequenceClassification"]
    assert lazycell.pretrained.class_of(lazycell.pretrained.Config(FAMILIES["bert"].path, True, config)) is cls


# ------------------------------------------------------------------------------------------------------ any class


class Own(LazyCell):
    """A class with a hyperparameter of each kind, and without rules."""

    width: int
    rate: float = 0.5
    sizes: tuple[int, ...] = (1, 2)
    kind: str | None = None
    double: int = 2 * width
    fill: Any = None


def test_a_class_without_rules_is_read_by_its_own_names() -> None:
    """There is no family, but the class is named; what is left of the loaded config stays, but for what is not true."""
    source = {
        "width": 1,
        "double": None,
        "eos_token_id": 7,
        "_name_or_path": "here",
        "quantization_config": {"bits": 8},
    }
    config = written_config(Own, values_of(Own, {"width": 4}), source, "float16")
    assert config == {
        "architectures": ["Own"],
        "double": 8,
        "eos_token_id": 7,
        "fill": None,
        "kind": None,
        "rate": 0.5,
        "sizes": [1, 2],
        "torch_dtype": "float16",
        "width": 4,
    }
    assert as_json(read(Own, config)) == as_json(values_of(Own, {"width": 4}))
    assert config_bytes(Own, values_of(Own, {"width": 4}), None, None).startswith(b'{\n  "architectures": [\n')


def test_a_null_that_would_mean_another_value_is_written_out() -> None:
    """`double` is null in the config, which meant twice the width of that time."""
    config = written_config(Own, values_of(Own, {"width": 4, "double": 3}), {"width": 1, "double": None}, None)
    assert (config["width"], config["double"]) == (4, 3)


@pytest.mark.parametrize("value", [len, object(), float("nan"), np.zeros(3), {1: len}])
def test_what_json_has_nothing_for_is_refused(value: Any) -> None:
    """By its name; two such values are named together."""
    with pytest.raises(ConfigError, match=r"(?s)Own.*\n  fill=") as caught:
        written_config(Own, values_of(Own, {"width": 1, "fill": value}), None, None)
    with pytest.raises(ConfigError, match=r"(?s)  kind=.*  fill="):
        written_config(Own, values_of(Own, {"width": 1, "kind": object(), "fill": value}), None, None)
    assert "nothing was written" in str(caught.value)


@pytest.mark.parametrize("value", [np.int64(3), np.float32(0.5), True, {"a": [1, (2,)]}, "text"])
def test_what_json_has_is_read_back(value: Any) -> None:
    """numpy's numbers too, and tuples as lists."""
    config = written_config(Own, values_of(Own, {"width": 1, "fill": value}), None, None)
    assert as_json(read(Own, config)["fill"]) == as_json(value)


class Needs(LazyCell):
    """What it needs, JSON cannot say."""

    act: Any


def test_a_required_hyperparameter_that_json_cannot_say_is_named() -> None:
    """There is no default that would be read instead."""
    with pytest.raises(ConfigError, match=r"\n  act=<built-in function len>: no key can say it"):
        written_config(Needs, {"act": len}, None, None)


class Defaulted(LazyCell):
    """A default that JSON cannot say need not be said."""

    act: Any = len


def test_a_default_that_json_cannot_say_is_left_to_the_class() -> None:
    """What is read is the same object."""
    assert written_config(Defaulted, {"act": len}, None, None) == {"architectures": ["Defaulted"]}


class Twice(LazyCell):
    """Reads twice what is written."""

    width: int = hyper(1, converter=lambda value: 2 * value)


def test_a_converter_that_has_no_way_back_is_found() -> None:
    """What was loaded is still said by the config that was loaded; what was given otherwise, by none."""
    values = values_of(Twice, {"width": 3})
    assert written_config(Twice, values, {"width": 3}, None)["width"] == 3
    with pytest.raises(ConfigError, match="width=6: it would be read as 12"):
        written_config(Twice, values, None, None)


@register("written-toy", architectures=["ToyModel"])
class Ruled(LazyCell):
    """Says under which keys its hyperparameters are written."""

    width: int = 4
    bias: bool = True
    config_rules = ConfigRules(
        renamed={"hidden_size": "width"},
        written={"hidden_size": "width", "bias": UNUSED, "area": lambda values: values["width"] ** 2},
        ignored={"area"},
    )


def test_rules_say_what_is_written() -> None:
    """Under another key, not at all, or computed; the key of a config that was loaded goes before."""
    expected = {"architectures": ["ToyModel"], "model_type": "written-toy", "hidden_size": 8, "area": 64}
    assert written_config(Ruled, {"width": 8, "bias": True}, None, None) == expected
    source = {"width": 1, "area": 1}
    assert written_config(Ruled, {"width": 8, "bias": True}, source, None) == {
        **{key: value for key, value in expected.items() if key != "hidden_size"},
        "width": 8,
    }
    with pytest.raises(ConfigError, match="bias=False: it would be read as True"):
        written_config(Ruled, {"width": 8, "bias": False}, None, None)


class Typed(LazyCell):
    """Has hyperparameters that configs mean otherwise."""

    dtype: str = "float32"
    model_type: str = "a"


def test_the_dtype_is_that_of_the_file() -> None:
    """Under the key that the loaded config has, also where it is a hyperparameter; the family is refused if it is not."""
    values = {"dtype": "float32", "model_type": "a"}
    assert written_config(Typed, values, None, "float16")["dtype"] == "float16"
    assert written_config(Own, values_of(Own, {"width": 1}), {"dtype": "float32"}, "float16")["dtype"] == "float16"
    other = register("written-typed")(type("Other", (Typed,), {}))
    with pytest.raises(ConfigError, match="model_type='a': it would be read as 'written-typed'"):
        written_config(other, values, None, None)
