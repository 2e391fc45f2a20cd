from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from lazycell import ConfigError
from lazycell.sources.adapters._adapter_config import AdapterConfig, config_of, read_config

from .golden import PEFT

PATH = Path("adapter_config.json")


def config(**told: Any) -> AdapterConfig:
    return config_of({"peft_type": "LORA", "lora_alpha": 8, **told}, PATH)


@pytest.mark.parametrize(
    ("told", "module", "rank", "scale"),
    [
        ({}, "a", 4, 2.0),
        ({"use_rslora": True}, "a", 4, 4.0),
        ({"use_rslora": True}, "a", 3, 8 / math.sqrt(3)),
        ({"lora_alpha": 0.5}, "a", 2, 0.25),
        ({"alpha_pattern": {"q_proj": 4}}, "x.q_proj", 4, 1.0),
        ({"alpha_pattern": {"q_proj": 4}}, "x.aq_proj", 4, 2.0),
        ({"alpha_pattern": {"x.q_proj": 4, "q_proj": 2}}, "m.x.q_proj", 4, 1.0),
        ({"alpha_pattern": {"q_proj": 2, "x.q_proj": 4}}, "m.x.q_proj", 4, 0.5),
        ({"alpha_pattern": {r"layers\.[01]\..*": 16}}, "model.layers.1.q", 4, 4.0),
        ({"alpha_pattern": {r"^layers\.[01]\..*": 16}}, "model.layers.1.q", 4, 2.0),
        ({"alpha_pattern": {"q|k": 16}}, "a.k", 4, 4.0),
        ({"alpha_pattern": None}, "a", 8, 1.0),
    ],
)
def test_scales(told: dict[str, Any], module: str, rank: int, scale: float) -> None:
    assert config(**told).scale(module, rank) == pytest.approx(scale, rel=1e-12)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        *(
            (
                {"peft_type": kind},
                f"peft_type='{kind}': lazycell merges LORA and IA3: merge it where it was trained, with "
                "`merge_and_unload",
            )
            for kind in ("ADALORA", "VERA", "LOHA", "LOKR", "OFT")
        ),
        (
            {"peft_type": "PROMPT_TUNING"},
            "peft_type='PROMPT_TUNING': it adds to what a model is given, and changes no weights",
        ),
        ({"peft_type": "PREFIX_TUNING"}, "so that nothing can be merged: train LORA or IA3, .*merge_and_unload"),
        ({"peft_type": None}, "peft_type=None"),
        ({"peft_type": 7}, "peft_type=7"),
        ({"layer_replication": [[0, 4], [2, 5]]}, "layer_replication=.* layers are repeated.*merge_and_unload"),
        ({"use_qalora": True}, "use_qalora=True"),
        ({"alora_invocation_tokens": [1]}, "alora_invocation_tokens=.*from a certain token on"),
        ({"use_bdlora": {"a": 1}}, "use_bdlora"),
        ({"arrow_config": {"a": 1}}, "arrow_config.*for each token"),
        (
            {"init_lora_weights": "pissa_niter_4"},
            "init_lora_weights='pissa_niter_4'.*path_initial_model_for_weight_conversion",
        ),
        ({"init_lora_weights": "olora"}, "other weights than the base's"),
        ({"lora_alpha": "8"}, "lora_alpha='8' has to be a finite number"),
        ({"lora_alpha": True}, "lora_alpha=True has to be a finite number"),
        ({"lora_alpha": 10**400}, "lora_alpha=1000.* has to be a finite number"),
        ({"alpha_pattern": []}, r"alpha_pattern=\[\] has to be an object"),
        ({"alpha_pattern": {"q": "x"}}, r"alpha_pattern\['q'\]='x' has to be a finite number"),
        ({"alpha_pattern": {"(": 1}}, r"alpha_pattern has '\(', which is no regular expression"),
        (
            {"alpha_pattern": {r"(a)\1": 1}},
            "which has what lazycell does not match: groupref: write a key for each name",
        ),
        ({"alpha_pattern": {f"a{each}*": 1 for each in range(201)}}, "has more than 200 regular expressions"),
        ({"alpha_pattern": {str(each): 1 for each in range(20_001)}}, "has 20,001 keys, and at most 20,000 are read"),
        ({"target_modules": ["a"] * 20_001}, "target_modules=.* has to be a list of names, at most 20,000"),
        ({"use_rslora": 1}, "use_rslora=1 has to be true or false"),
        ({"fan_in_fan_out": "yes"}, "fan_in_fan_out='yes' has to be true or false"),
        ({"modules_to_save": [1]}, r"modules_to_save=\[1\] has to be a list of names"),
        ({"trainable_token_indices": [1.5]}, "trainable_token_indices=.* has to be a list of rows"),
        ({"trainable_token_indices": {"a": 1}}, "trainable_token_indices=.* has to be a list of rows"),
        ({"feedforward_modules": "(?=a)"}, "feedforward_modules has .* does not match: assert"),
    ],
)
def test_refusals(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        config(**told)
    assert str(caught.value).startswith("adapter_config.json: ")


def test_a_config_without_a_kind() -> None:
    with pytest.raises(ConfigError, match="there is no peft_type"):
        config_of({}, PATH)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b'{"a": 1, "a": 2}', "gives the key 'a' twice"),
        (b"\xff", "UTF-8"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "adapter_config.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_config(path)
    assert str(path) in str(caught.value)


def test_a_directory_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_config(tmp_path / "adapter_config.json")


@pytest.mark.parametrize("path", sorted(PEFT.glob("*/adapter/adapter_config.json")), ids=lambda path: path.parts[-3])
def test_what_peft_writes_is_read(path: Path) -> None:
    told = json.loads(path.read_text())
    found = read_config(path)
    assert found.is_ia3 == (told["peft_type"] == "IA3")
    assert found.targets == tuple(told["target_modules"])


def test_modules_that_are_saved() -> None:
    found = config(modules_to_save=["classifier", "a.b"])
    assert [
        found.is_saved(name) for name in ("classifier.weight", "x.classifier.dense.bias", "x.a.b.c", "classifiers.a")
    ] == [*(True, True, True, False)]
