from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from lazycell import CheckpointError, ConfigError
from lazycell.formats import open_checkpoint
from lazycell.sources import adapters

from .golden import KOHYA, PEFT, merge, numbers, values

BASE = {"down.0.to_q.weight": numbers(4, 3), "mid.weight": numbers(3, 3)}
DOWN, UP = numbers(2, 3), numbers(4, 2)
PRODUCT = UP @ DOWN


def test_what_kohyas_scripts_merge() -> None:
    base = open_checkpoint(PEFT / "base_conv" / "model.safetensors")
    merged = adapters.merged(base, adapters.read_adapters(KOHYA / "lora.safetensors"))
    expected = load_file(KOHYA / "expected_merged_weights.safetensors")
    assert {name for name, tensor in merged.tensors.items() if tensor.origin} == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(values(merged.tensors[name]), value, rtol=1e-6, atol=1e-6)


def save(folder: Path, tensors: dict[str, Any], metadata: dict[str, str] | None = None) -> Path:
    save_file(tensors, folder / "lora.safetensors", metadata)
    return folder / "lora.safetensors"


@pytest.mark.parametrize(
    ("names", "alpha", "scale"),
    [
        (("lora_unet_down_0_to_q.lora_down.weight", "lora_unet_down_0_to_q.lora_up.weight"), None, 1.0),
        (("lora_unet_down_0_to_q.lora_down.weight", "lora_unet_down_0_to_q.lora_up.weight"), 3.0, 1.5),
        (("lora_te1_down_0_to_q.lora_down.weight", "lora_te1_down_0_to_q.lora_up.weight"), np.float16(1), 0.5),
        (("unet.down.0.to_q.lora_A.weight", "unet.down.0.to_q.lora_B.weight"), None, 1.0),
        (("transformer.down.0.to_q.lora.down.weight", "transformer.down.0.to_q.lora.up.weight"), 4.0, 2.0),
        (("text_encoder_2.down.0.to_q.lora_A.weight", "text_encoder_2.down.0.to_q.lora_B.weight"), None, 1.0),
    ],
)
def test_names_and_scales(tmp_path: Path, names: tuple[str, str], alpha: Any, scale: float) -> None:
    tensors = dict(zip(names, (DOWN, UP), strict=True))
    if alpha is not None:
        tensors[names[0].split(".lora")[0] + ".alpha"] = np.asarray(alpha, getattr(alpha, "dtype", np.float32))
    found = merge(BASE, (save(tmp_path, tensors), 0.5))
    assert [*found] == ["down.0.to_q.weight"]
    np.testing.assert_allclose(
        found["down.0.to_q.weight"], BASE["down.0.to_q.weight"] + 0.5 * scale * PRODUCT, rtol=0, atol=1e-6
    )


def test_what_diffusers_say_in_the_metadata(tmp_path: Path) -> None:
    tensors = {"unet.down.0.to_q.lora_A.weight": DOWN, "unet.down.0.to_q.lora_B.weight": UP}
    told = {"unet.r": 2, "unet.lora_alpha": 8, "unet.alpha_pattern": {"to_k": 1}, "text_encoder.lora_alpha": 1}
    path = save(tmp_path, tensors, {"lora_adapter_metadata": json.dumps(told)})
    found = merge(BASE, path)["down.0.to_q.weight"]
    np.testing.assert_allclose(found, BASE["down.0.to_q.weight"] + 4 * PRODUCT, rtol=0, atol=2e-6)
    path = save(tmp_path, tensors, {"lora_adapter_metadata": json.dumps({**told, "unet.use_qalora": True})})
    with pytest.raises(ConfigError, match="use_qalora"):
        merge(BASE, path)
    path = save(tmp_path, tensors, {"lora_adapter_metadata": "["})
    with pytest.raises(CheckpointError, match="the metadata lora_adapter_metadata is not JSON"):
        merge(BASE, path)


def test_what_is_for_another_model_is_left_out_and_noted(tmp_path: Path) -> None:
    tensors = {"unet.down.0.to_q.lora_A.weight": DOWN, "unet.down.0.to_q.lora_B.weight": UP}
    tensors |= {f"text_encoder.layers.0.lora_{each}.weight": numbers(2, 2) for each in "AB"}
    path = save(tmp_path, tensors)
    found = adapters.merged(open_checkpoint(BASE), adapters.read_adapters(path))
    assert [name for name, tensor in found.tensors.items() if tensor.origin] == ["down.0.to_q.weight"]
    assert [*map(str, found.notes)] == [f"{path}: what it has for text_encoder is not in <dict>, and was left out"]


PAIR = {"lora_unet_down_0_to_q.lora_down.weight": DOWN, "lora_unet_down_0_to_q.lora_up.weight": UP}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (
            {"lora_unet_none.lora_down.weight": DOWN, "lora_unet_none.lora_up.weight": UP},
            "it changes what <dict> does not have: none: this",
        ),
        ({**PAIR, "lora_unet_none.lora_up.weight": UP}, "does not have: none"),
        ({"lora_unet_input_blocks_1.lora_up.weight": UP}, "lazycell does not translate names of before diffusers"),
        ({**PAIR, "lora_unet_mid.lora_up.weight": numbers(3, 2)}, "half a pair"),
        ({**PAIR, "lora_unet_mid.alpha": numbers(1)}, "'lora_unet_mid.alpha' has no pair of matrices beside it"),
        ({**PAIR, "lora_unet_mid.lora_mid.weight": UP}, "no tensor 'lora_unet_mid.lora_mid.weight' .*LyCORIS"),
        ({**PAIR, "lora_unet_mid.hada_w1_a": UP}, "no tensor .*hada_w1_a"),
        ({**PAIR, "lora_unet_mid.lokr_w1": UP}, "no tensor .*lokr_w1"),
        ({**PAIR, "lora_unet_mid.dora_scale": UP}, "no tensor .*dora_scale"),
        (
            {**PAIR, "lora_unet_down_0_to_q.alpha": numbers(2)},
            r"'lora_unet_down_0_to_q.alpha' has to be one number, not \(2,\)",
        ),
        ({**PAIR, "lora_unet_down_0_to_q.alpha": np.float32([np.inf])}, "is inf: it has to be finite"),
        ({**PAIR, "lora_unet_down_0_to_q.alpha": np.bool_([True])}, "has to be one number, not .* of bool"),
    ],
)
def test_refusals(tmp_path: Path, tensors: dict[str, Any], message: str) -> None:
    path = save(tmp_path, tensors)
    with pytest.raises(CheckpointError, match=message) as caught:
        merge(BASE, path)
    assert str(caught.value).startswith(str(path))


def test_a_path_that_two_modules_have(tmp_path: Path) -> None:
    base = {"down.0_to.q.weight": BASE["down.0.to_q.weight"], **BASE}
    with pytest.raises(
        CheckpointError, match="'down_0_to_q' is 'down.0_to.q' or 'down.0.to_q' of <dict>, and nothing tells"
    ):
        merge(base, save(tmp_path, PAIR))
