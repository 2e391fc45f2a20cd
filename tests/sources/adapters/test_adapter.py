from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell import CheckpointError, ConfigError
from lazycell.sources import adapters

from .golden import KOHYA, PEFT, numbers, write_adapter

ONE = PEFT / "llama_lora" / "adapter"


@pytest.mark.parametrize(
    ("given", "weights"),
    [
        (ONE, [1.0]),
        (str(ONE), [1.0]),
        ((ONE, 0.5), [0.5]),
        ((str(ONE), 2), [2.0]),
        ((ONE, np.float32(0.25)), [0.25]),
        ([ONE], [1.0]),
        ([ONE, (ONE, -1)], [1.0, -1.0]),
        ((ONE, ONE), [1.0, 1.0]),
        ([(ONE, 0.0), (ONE, 0.5)], [0.0, 0.5]),
        (ONE / "adapter_model.safetensors", [1.0]),
        (ONE / "adapter_config.json", [1.0]),
    ],
)
def test_what_may_be_given(given: Any, weights: list[float]) -> None:
    found = adapters.read_adapters(given)
    assert [each.weight for each in found] == weights
    assert {each.path for each in found} == {ONE}
    assert all(len(each.header.tensors) == 12 for each in found)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], ValueError, "empty list: leave it out, or give the directory of an adapter"),
        ("", ValueError, "adapter is empty"),
        (7, TypeError, "the directory of an adapter, .directory, weight. or a list of those, not 7"),
        ([7], TypeError, "not 7"),
        ((ONE, 0.5, 0.5), TypeError, "or a list of those, not 0.5"),
        ([(ONE, 0.5, 0.5)], TypeError, "neither a directory nor .directory, weight."),
        ((ONE, "0.5"), FileNotFoundError, "there is no adapter at 0.5"),
        ((ONE, True), TypeError, "the weight of .* has to be a number, not True"),
        ((ONE, float("nan")), ValueError, "has to be a finite number, not nan"),
        ((ONE, 10**400), ValueError, "has to be a finite number"),
        (ONE / "none", FileNotFoundError, "there is no adapter at .*none"),
        (ONE.parent, ConfigError, "there is no adapter_config.json.* give the directory that `save_pretrained`"),
        (
            ONE.parent / "expected_merged_weights.safetensors",
            CheckpointError,
            "no adapter in one file.*give the directory",
        ),
    ],
)
def test_what_may_not(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        adapters.read_adapters(given)


def test_a_directory_without_tensors(tmp_path: Path) -> None:
    shutil.copy(ONE / "adapter_config.json", tmp_path)
    with pytest.raises(CheckpointError, match=r"neither adapter_model.safetensors nor adapter_model.bin"):
        adapters.read_adapters(tmp_path)


def test_safetensors_come_before_a_pickle(tmp_path: Path) -> None:
    write_adapter(tmp_path, {"a.lora_A.weight": numbers(2, 3)})
    shutil.copy(PEFT / "llama_bin" / "adapter" / "adapter_model.bin", tmp_path)
    assert [*adapters.read_adapters(tmp_path)[0].header.tensors] == ["base_model.model.a.lora_A.weight"]


def test_a_directory_that_diffusers_wrote(tmp_path: Path) -> None:
    shutil.copy(KOHYA / "lora.safetensors", tmp_path / "pytorch_lora_weights.safetensors")
    assert adapters.read_adapters(tmp_path)[0].path == tmp_path / "pytorch_lora_weights.safetensors"
