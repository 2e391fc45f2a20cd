"""What a `config.json` says about how the weights are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_APPLIED = frozenset({"fp8", "fbgemm_fp8"})
_APPLIED_FORMATS = frozenset({"float-quantized", "int-quantized", "naive-quantized"})  # of compressed-tensors


def quantization_problem(quantization: Any) -> str | None:
    """Say why weights that are stored as a `quantization_config` says cannot be loaded; None where the tensors decide.

    Args:
        quantization: the value of `quantization_config`.
    """
    options: Mapping[str, Any] = quantization if isinstance(quantization, Mapping) else {}
    method, layout = str(options.get("quant_method", "")), str(options.get("format", ""))
    if method in _APPLIED or (method == "compressed-tensors" and layout in _APPLIED_FORMATS):
        return None
    what = f"{method} {layout}".strip() or f"{quantization!r:.80}"
    return (
        f"quantization_config ({what}): the weights are stored as codes, which lazycell does not unpack: take the "
        "original, or one that was written out in floats again"
    )
