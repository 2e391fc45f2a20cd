"""Tests of `lazycell.sources._quantization_config`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lazycell.sources._quantization_config import check_quantization, quantization_problem


@pytest.mark.parametrize(
    "config",
    [
        {"quant_method": "fp8", "weight_block_size": [128, 128]},
        {"quant_method": "fbgemm_fp8"},
        {"quant_method": "compressed-tensors", "format": "float-quantized"},
        {"quant_method": "compressed-tensors", "format": "int-quantized"},
        {"quant_method": "compressed-tensors", "format": "naive-quantized", "sparsity_config": {"format": "dense"}},
        {
            "quant_method": "compressed-tensors",
            "format": "pack-quantized",
            "config_groups": {"group_0": {"weights": {"num_bits": 4, "actorder": "static"}}},
        },
        {
            "quant_method": "compressed-tensors",
            "format": "mixed-precision",
            "config_groups": {"a": {"format": "pack-quantized"}, "b": {"format": "float-quantized"}},
        },
        {"quant_method": "gptq", "bits": 8, "checkpoint_format": "gptq_v2"},
        {"quant_method": "awq", "bits": 4, "version": "GEMM"},
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        {"quant_method": "mxfp4"},
    ],
)
def test_what_the_tensors_decide(config: dict[str, Any]) -> None:
    assert quantization_problem(config) is None
    check_quantization(config)


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"quant_method": "gptq", "bits": 3}, "(gptq): bits=3: lazycell unpacks GPTQ of 2, 4 and 8 bits"),
        ({"quant_method": "gptq", "bits": 4, "checkpoint_format": "marlin"}, "checkpoint_format='marlin'"),
        ({"quant_method": "awq", "bits": 4, "version": "gemv_fast"}, "version='gemv_fast'"),
        ({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}, "format='nvfp4-pack-quantized'"),
        ({"quant_method": "compressed-tensors", "format": "marlin-24"}, "format='marlin-24'"),
        ({"quant_method": "compressed-tensors"}, "format=None"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "ModelOpt"),
        *(
            ({"quant_method": method}, f"({method}): lazycell does not unpack the codes of {known}")
            for method, known in {
                "hqq": "HQQ",
                "aqlm": "AQLM",
                "quip": "QuIP",
                "eetq": "EETQ",
                "torchao": "torchao",
                "quark": "Quark",
                "vptq": "VPTQ",
                "spqr": "SpQR",
                "higgs": "HIGGS",
                "bitnet": "BitNet",
                "golden-stick": "MindSpore's W8A8",
                "modelslim": "MindSpore's and Ascend's W8A8",
            }.items()
        ),
        ({"quant_method": "ours"}, "(ours): lazycell knows no such quant_method"),
        ({"quant_method": "gptq", "bits": 4.0}, "bits=4.0"),
        ({"quant_method": ["fp8"]}, "names no quant_method"),
        ({"group_size": 64, "bits": 4}, "names no quant_method, and nothing else tells what the codes are (MLX"),
    ],
)
def test_what_is_refused_by_name(config: Any, what: str) -> None:
    text = quantization_problem(config)
    assert text is not None
    assert what in text
    assert "take the float original, or one that was written out in floats again" in text
    with pytest.raises(ValueError, match=re.escape(text.removeprefix("quantization_config"))):
        check_quantization(config)


def test_a_name_that_is_nearly_one() -> None:
    text = quantization_problem({"quant_method": "gtpq"})
    assert text == "quantization_config (gtpq): lazycell knows no such quant_method; did you mean `gptq`?"


def test_what_is_no_config() -> None:
    assert quantization_problem("fp8") == "quantization_config ('fp8') is no object with a quant_method"
    with pytest.raises(TypeError, match=r"quantization='fp8' is no mapping: give what a config\.json says"):
        check_quantization("fp8")
