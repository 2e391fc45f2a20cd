"""A checkpoint of quantized weights as it would be in floats: a view, whose parts are computed as they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from .._frozen import frozen
from ..formats import CheckpointHeader, Computed, TensorHeader
from ._awq import awq
from ._bitsandbytes import eight_bits, four_bits
from ._floats_view import View
from ._gptq import gptq
from ._mxfp4 import mxfp4
from ._pack_quantized import pack_quantized
from ._quantization_config import quantization_of, quantization_problem
from ._quantized import NO_CONFIG, Quantized, quantized_tensors
from ._scaled import scaled

_Tensors = Mapping[str, TensorHeader]
_Options = Mapping[str, Any]


@frozen
class _Reading:
    """How weights of one layout are read.

    Attributes:
        view: gives one as floats, or says why not.
        methods: the `quant_method` of configs that go with it.
    """

    view: Callable[[_Tensors, Quantized, _Options], View | str]
    methods: frozenset[str]


def dequantized(
    header: CheckpointHeader,
    is_kept: Callable[[str], bool] = lambda name: False,
    quantization: Mapping[str, Any] | None = None,
) -> CheckpointHeader:
    """Give a checkpoint as it would be in floats: codes become float32, and what belongs to them goes.

    Nothing is read but headers, a `config.json` beside the file, and the few bytes in which some layouts tell the shape
    of a weight. What cannot be told, or is of another layout, stays as it is.

    Args:
        header: the checkpoint.
        is_kept: whether a stored tensor is wanted as it is; the codes of a scale that is stay as they are, too.
        quantization: what a config says of it; None: that beside the file is asked.

    Raises:
        CheckpointFormatError: a file has changed since its header was read, or has gone.
    """
    found = tuple(quantized_tensors(header.tensors))
    if not found:
        return header
    options = quantization_of(header, quantization)
    floats: dict[str, TensorHeader] = {}
    gone: set[str] = set()
    staying: set[str] = set()
    for weight in found:
        kept = any(map(is_kept, weight.needed)) or (weight.codes != weight.name and is_kept(weight.codes))
        view = "" if kept else view_of(weight, header, options)
        if isinstance(view, str):
            staying.update(weight.names)
            continue
        part = Computed(view.shape, view.values)
        floats[weight.codes] = TensorHeader(weight.name, "float32", view.shape, (part,), view.origin)
        # Several weights of one cell may have a scale of activations between them.
        gone.update(name for name in weight.names[1:] if not is_kept(name))
    tensors: dict[str, TensorHeader] = {}
    for name, tensor in header.tensors.items():
        if name in floats:
            tensors[floats[name].name] = floats[name]
        elif name not in gone or name in staying:
            tensors[name] = tensor
    if not floats:
        return header
    return attrs.evolve(header, tensors=tensors, stored=header if header.stored is None else header.stored)


def view_of(weight: Quantized, header: CheckpointHeader, quantization: Mapping[str, Any]) -> View | str:
    """Give one weight as floats, or say why it cannot be.

    Args:
        weight: one of the checkpoint's.
        header: the checkpoint.
        quantization: what its config says, if it says anything.
    """
    reading = _READINGS.get(weight.layout)
    if reading is None:
        return "lazycell does not unpack this layout"
    method = quantization.get("quant_method")
    if isinstance(method, str):
        problem = quantization_problem(quantization)
        if problem is not None:
            return problem
        if method not in reading.methods:
            return f"the quantization_config says {method}, and these are tensors of another layout ({weight.layout})"
    if weight.name != weight.codes and weight.name in header.tensors:
        return f"`{weight.name}` is there too, and nothing tells which of them is meant"
    return reading.view(header.tensors, weight, quantization)


def _words(tensors: _Tensors, weight: Quantized, options: _Options) -> View | str:
    """Tell the two libraries apart that call the words alike."""
    cell = weight.codes.removesuffix("qweight")
    match options.get("quant_method"):
        case "gptq":
            return gptq(tensors, cell, options)
        case "awq":
            return awq(tensors, cell, options)
    return NO_CONFIG


_READINGS = {
    "GPTQ or AWQ": _Reading(_words, frozenset({"gptq", "awq"})),
    "compressed-tensors, packed": _Reading(
        lambda tensors, weight, options: pack_quantized(tensors, weight.codes.removesuffix("weight_packed"), options),
        frozenset({"compressed-tensors"}),
    ),
    "MXFP4": _Reading(lambda tensors, weight, options: mxfp4(tensors, weight.name, options), frozenset({"mxfp4"})),
    "bitsandbytes, 4 bit": _Reading(
        lambda tensors, weight, options: four_bits(tensors, weight.name, options), frozenset({"bitsandbytes"})
    ),
    "bitsandbytes, 8 bit": _Reading(
        lambda tensors, weight, options: eight_bits(tensors, weight.name, options), frozenset({"bitsandbytes"})
    ),
    "8 bit, a scale for each block": _Reading(scaled, frozenset({"fp8", "fbgemm_fp8", "compressed-tensors"})),
    "8 bit with scales": _Reading(scaled, frozenset({"fp8", "fbgemm_fp8", "compressed-tensors"})),
}
