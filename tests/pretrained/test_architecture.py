"""From the names in a config to a class."""

from __future__ import annotations

import json
import shutil
import warnings

import numpy as np
import pytest
from mindspore import Tensor
from safetensors.numpy import save_file

import lazycell
from lazycell import ConfigError, ConfigWarning, LazyCell, Param, RegistryError, child, find_model, register
from lazycell.pretrained._architecture import class_of, text_part
from lazycell.pretrained._config import Config, find_config

from ..golden_cases import FAMILIES

FAMILY = "test_architecture"


@register(FAMILY, also={"other-name": "OtherModel"})
class Plain(LazyCell):
    width: int = 2

    weight: Param["zeros", (width,)]


@register(FAMILY, also={"other-name": "OtherForMaskedLM", FAMILY: "PlainForPreTraining"})
class PlainForMaskedLM(LazyCell):
    plain: Plain = child(Plain)


@register(FAMILY)
class PlainLMHeadModel(LazyCell):
    plain: Plain = child(Plain)


def config(path, **options):
    """Write a config, and read it as `from_pretrained` does."""
    (path / "config.json").write_text(json.dumps(options))
    return find_config(path)


@pytest.mark.parametrize(
    ("architecture", "cls"),
    [
        ("Plain", Plain),
        (None, Plain),
        ("PlainForMaskedLM", PlainForMaskedLM),
        ("PlainForPreTraining", PlainForMaskedLM),  # another name in the same family
    ],
)
def test_what_a_family_has_is_taken_without_a_word(tmp_path, architecture, cls):
    """A config that names no architecture means the base model."""
    names = {} if architecture is None else {"architectures": [architecture]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert class_of(config(tmp_path, model_type=FAMILY, **names)) is cls


@pytest.mark.parametrize(
    ("architecture", "cls", "told"),
    [
        ("PLAINForMaskedLM", PlainForMaskedLM, "PlainForMaskedLM is taken, which has the same head"),
        ("PLAINForCausalLM", PlainLMHeadModel, "PlainLMHeadModel is taken, which has the same head"),
        ("PlainForNextSentencePrediction", Plain, "Plain is taken, the base model, without a head"),
        ("Retriever", Plain, "Plain is taken, the base model, without a head"),
    ],
)
def test_what_a_family_does_not_have_is_the_same_head_or_the_base(tmp_path, architecture, cls, told):
    """And a warning says so."""
    with pytest.warns(ConfigWarning, match=f"names '{architecture}', which '{FAMILY}' does not have here: {told}"):
        assert class_of(config(tmp_path, model_type=FAMILY, architectures=[architecture])) is cls


def test_the_warning_points_at_whoever_loads(tmp_path):
    """Not into lazycell."""
    save_file({"weight": np.ones(2, np.float32)}, str(tmp_path / "model.safetensors"))
    config(tmp_path, model_type=FAMILY, architectures=["Retriever"])
    with pytest.warns(ConfigWarning) as caught:
        net = lazycell.from_pretrained(tmp_path)
    assert type(net) is Plain
    assert caught[0].filename == __file__


def test_a_family_under_another_name():
    """Is found by it, is not listed, and cannot be another class's."""
    assert find_model("other-name") is Plain
    assert find_model("other-name", "OtherForMaskedLM") is PlainForMaskedLM
    assert lazycell.registered_models("other-name") == []
    with pytest.raises(RegistryError, match="'other-name' has no architecture 'PlainForMaskedLM'"):
        find_model("other-name", "PlainForMaskedLM")

    with pytest.raises(RegistryError, match="other-name/OtherModel is registered twice"):

        @register("test_architecture_2", also={"other-name": "OtherModel"})
        class Another(LazyCell):
            pass


@pytest.mark.parametrize(
    ("model_type", "architecture", "name"),
    [
        ("xlm-roberta", None, "RobertaModel"),
        ("xlm-roberta", "XLMRobertaForSequenceClassification", "RobertaForSequenceClassification"),
        ("camembert", "CamembertForMaskedLM", "RobertaForMaskedLM"),
        ("t5", "T5WithLMHeadModel", "T5ForConditionalGeneration"),
        ("gemma3_text", "Gemma3TextForSequenceClassification", "Gemma3ForSequenceClassification"),
    ],
)
def test_the_zoo_under_other_names(model_type, architecture, name):
    """As published."""
    assert find_model(model_type, architecture).__name__ == name


def test_the_architecture_tells_the_family(tmp_path):
    """Where it has the name alone; a warning says what told it."""
    with pytest.warns(ConfigWarning, match=f"no model_type: the architecture 'PlainForMaskedLM' tells .* '{FAMILY}'"):
        assert class_of(config(tmp_path, architectures=["PlainForMaskedLM"])) is PlainForMaskedLM


def test_the_tensors_tell_the_family(tmp_path):
    """By their prefix, where it is the name of one family; else the config is refused."""
    told = config(tmp_path)
    save_file({"bert.a": np.ones(1), "cls.b": np.ones(1)}, str(tmp_path / "model.safetensors"))
    with pytest.warns(
        ConfigWarning, match=r"no model_type: the prefix `bert\.` of the tensors tells that it is 'bert'"
    ):
        assert class_of(told).__name__ == "BertModel"
    for tensors in ({"bert.a": np.ones(1), "roberta.b": np.ones(1)}, {"berta.a": np.ones(1)}):
        save_file(tensors, str(tmp_path / "model.safetensors"))
        with pytest.raises(ConfigError, match="has no model_type"):
            class_of(told)


@register("test_architecture_text", also={"test_architecture_word": "Word"})
class Text(LazyCell):
    width: int = 2

    weight: Param["zeros", (width,)]


INNER = {"model_type": "test_architecture_text", "width": 3, "architectures": ["Text"]}


@pytest.mark.parametrize("inner", ["test_architecture_text", "test_architecture_word"])
def test_the_text_model_inside_a_model_of_several(tmp_path, inner):
    """Its class reads `text_config`; the dtype stands beside that. What the others are is none of its options."""
    save_file({"weight": np.ones(3, np.float16)}, str(tmp_path / "model.safetensors"))
    options = {"vision_config": {"layers": 2}, "image_token_index": 9, "torch_dtype": "float16"}
    config(tmp_path, model_type="test_of_several", text_config={**INNER, "model_type": inner}, **options)
    net = Text.from_pretrained(tmp_path)
    assert (net.width, str(net.weight.dtype)) == (3, "Float16")


def test_how_its_weights_are_stored_stands_beside_it_too(tmp_path):
    """Codes are refused as in any other config."""
    options = {"quantization_config": {"quant_method": "gptq"}}
    config(tmp_path, model_type="test_of_several", text_config=INNER, **options)
    save_file({"weight": np.ones(3, np.float32)}, str(tmp_path / "model.safetensors"))
    with pytest.raises(ConfigError, match="gptq"):
        Text.from_pretrained(tmp_path)


def test_a_text_config_of_another_model_is_not_read(tmp_path):
    """Nor one in a config of the class's own family."""
    for options in ({"model_type": "x", "text_config": {"model_type": "y"}}, {**INNER, "text_config": INNER}):
        given = Config(tmp_path / "config.json", True, options)
        assert text_part(Text, given) is given


def test_a_model_of_several_names_the_class_of_its_text_model(tmp_path):
    """Where it is here."""
    with pytest.raises(
        RegistryError, match=r"inside is 'test_architecture_text', .* and Text\.from_pretrained\(path\)"
    ):
        class_of(config(tmp_path, model_type="test_of_several", text_config=INNER))


@pytest.mark.parametrize(
    ("model_type", "prefix"), [("xlm-roberta", "XLMRoberta"), ("camembert", "Camembert"), ("roberta", "Roberta")]
)
def test_a_family_of_the_zoo_loads_under_its_other_names(tmp_path, model_type, prefix):
    """The same numbers as under its own."""
    case = FAMILIES["roberta"].path
    written = json.loads((case / "config.v4.json").read_text())
    architecture = written["architectures"][0].replace("Roberta", prefix)
    config(tmp_path, **{**written, "model_type": model_type, "architectures": [architecture]})
    shutil.copy(case / "model.safetensors", tmp_path)
    words = Tensor(np.arange(4, 12)[None])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = lazycell.from_pretrained(tmp_path)
    own = lazycell.from_pretrained(case)
    assert type(net) is type(own)
    np.testing.assert_array_equal(net(words)[0].asnumpy(), own(words)[0].asnumpy())
