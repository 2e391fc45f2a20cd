"""Tests of `lazycell.sources._quantization_config`."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell.sources._quantization_config import quantization_problem


@pytest.mark.parametrize(
    "config",
    [
        {"quant_method": "fp8", "weight_block_size": [128, 128]},
        {"quant_method": "fbgemm_fp8"},
        {"quant_method": "compressed-tensors", "format": "float-quantized"},
        {"quant_method": "compressed-tensors", "format": "int-quantized"},
    ],
)
def test_what_the_tensors_decide(config: dict[str, Any]) -> None:
    assert quantization_problem(config) is None


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"quant_method": "gptq", "bits": 4}, "gptq"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes"),
        ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "compressed-tensors pack-quantized"),
        ({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}, "nvfp4-pack-quantized"),
        ({"quant_method": ["fp8"]}, "['fp8']"),
        ({"bits": 4}, "{'bits': 4}"),
        ("fp8", "'fp8'"),
    ],
)
def test_what_is_refused_by_name(config: Any, what: str) -> None:
    text = quantization_problem(config)
    assert text is not None
    assert what in text
    assert "take the original, or one that was written out in floats again" in text
