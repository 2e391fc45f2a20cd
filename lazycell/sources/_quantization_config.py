"""What a `quantization_config` says about how the weights are stored: which library wrote them, and how."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .. import system
from .._location import did_you_mean
from ..formats import CheckpointHeader
from ._config_groups import weights_told

_APPLIED = ("fp8", "fbgemm_fp8", "compressed-tensors", "gptq", "awq", "bitsandbytes", "mxfp4")

_NOT_APPLIED = {
    "aqlm": "AQLM",
    "ascend": "MindSpore's and Ascend's W8A8 (golden-stick, ModelSlim)",
    "auto-round": "AutoRound",
    "bitnet": "BitNet",
    "eetq": "EETQ",
    "fp_quant": "FP-Quant",
    "golden-stick": "MindSpore's W8A8 (golden-stick)",
    "golden_stick": "MindSpore's W8A8 (golden-stick)",
    "higgs": "HIGGS",
    "hqq": "HQQ",
    "marlin": "Marlin",
    "mlx": "MLX",
    "modelopt": "ModelOpt",
    "modelslim": "MindSpore's and Ascend's W8A8 (ModelSlim)",
    "nvfp4": "NVFP4",
    "quanto": "quanto",
    "quark": "Quark",
    "quip": "QuIP",
    "quip_sharp": "QuIP#",
    "spqr": "SpQR",
    "torchao": "torchao",
    "vptq": "VPTQ",
}

_FORMATS = ("float-quantized", "int-quantized", "naive-quantized", "pack-quantized")
"""Those of compressed-tensors."""

_INSTEAD = "take the float original, or one that was written out in floats again"


def quantization_problem(quantization: Any) -> str | None:
    """Say why weights that are stored as a `quantization_config` says cannot be loaded; None where the tensors decide.

    Args:
        quantization: the value of `quantization_config`.
    """
    if not isinstance(quantization, Mapping):
        return f"quantization_config ({quantization!r:.80}) is no object with a quant_method"
    method = quantization.get("quant_method")
    if not isinstance(method, str):
        return (
            f"quantization_config ({dict(quantization)!r:.80}) names no quant_method, and nothing else tells what the "
            f"codes are (MLX writes none): {_INSTEAD}"
        )
    if method not in _APPLIED:
        known = _NOT_APPLIED.get(method.lower())
        if known is None:
            near = did_you_mean(method, _APPLIED)
            return f"quantization_config ({method}): lazycell knows no such quant_method{near or f': {_INSTEAD}'}"
        return f"quantization_config ({method}): lazycell does not unpack the codes of {known}: {_INSTEAD}"
    problem = _PROBLEMS[method](quantization) if method in _PROBLEMS else None
    return None if problem is None else f"quantization_config ({method}): {problem}: {_INSTEAD}"


def check_quantization(quantization: Any) -> None:
    """Check the argument `quantization`.

    Raises:
        TypeError: it is no mapping.
        ValueError: weights that are stored so cannot be loaded.
    """
    if not isinstance(quantization, Mapping):
        raise TypeError(
            f"quantization={quantization!r:.80} is no mapping: give what a config.json says under quantization_config, "
            'such as {"quant_method": "gptq", "bits": 4, "group_size": 128}'
        )
    problem = quantization_problem(quantization)
    if problem is not None:
        raise ValueError(problem.replace("quantization_config", "quantization", 1))


def quantization_of(header: CheckpointHeader, given: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Give what is said of how a checkpoint's weights are stored; empty where nothing is.

    Args:
        header: the checkpoint.
        given: what the user says; None: the `config.json` beside it is asked.
    """
    if given is not None:
        return given
    if header.format == "dict":
        return {}
    try:
        config: Any = json.loads(system.read_bounded(header.path.parent / "config.json"))
    except (OSError, ValueError):
        return {}
    quantization = config.get("quantization_config") if isinstance(config, Mapping) else None
    return quantization if isinstance(quantization, Mapping) else {}


def _gptq(options: Mapping[str, Any]) -> str | None:
    layout = options.get("checkpoint_format")
    if options.get("is_marlin_format"):
        layout = "marlin"
    if layout not in (None, "gptq", "gptq_v2"):
        return f"checkpoint_format={layout!r:.40} is one that lazycell does not unpack; it does gptq and gptq_v2"
    if options.get("pack_dtype") not in (None, "int32"):
        return f"pack_dtype={options['pack_dtype']!r:.40}: lazycell unpacks words of int32"
    if not isinstance(options.get("bits"), int) or options["bits"] not in (2, 4, 8):
        return f"bits={options.get('bits')!r:.40}: lazycell unpacks GPTQ of 2, 4 and 8 bits"
    return None


def _awq(options: Mapping[str, Any]) -> str | None:
    version = options.get("version")
    if version is not None and str(version).lower() != "gemm":
        return f"version={version!r:.40} is one that lazycell does not unpack; it does gemm"
    bits = options.get("bits", options.get("w_bit"))
    return None if bits == 4 else f"bits={bits!r:.40}: lazycell unpacks AWQ of 4 bits"


def _compressed_tensors(options: Mapping[str, Any]) -> str | None:
    formats = [options.get("format")]
    groups = options.get("config_groups")
    if formats == ["mixed-precision"] and isinstance(groups, Mapping):
        formats = [group.get("format") if isinstance(group, Mapping) else None for group in groups.values()]
    for each in formats:
        if each not in _FORMATS:
            return f"format={each!r:.40} is one that lazycell does not unpack; it does {', '.join(_FORMATS)}"
    sparsity = options.get("sparsity_config")
    if isinstance(sparsity, Mapping) and sparsity.get("format") not in (None, "dense"):
        return f"sparsity_config.format={sparsity['format']!r:.40}: lazycell unpacks dense weights"
    for weights in weights_told(options):
        if weights.get("actorder") not in (None, False, "static", "weight"):
            return f"actorder={weights['actorder']!r:.40}: lazycell does not apply it"
        if "pack-quantized" in formats and weights.get("num_bits") not in (None, 4, 8):
            return f"num_bits={weights['num_bits']!r:.40}: lazycell unpacks 4 and 8"
    return None


_PROBLEMS = {"gptq": _gptq, "awq": _awq, "compressed-tensors": _compressed_tensors}
