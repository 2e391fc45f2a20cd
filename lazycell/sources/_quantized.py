"""Find the stored tensors that are codes: numbers that are no weights without the scales beside them.

The layouts are those of the libraries that write them, as they are named in `_LAYOUTS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .. import _dtypes
from .._frozen import frozen
from ..formats import TensorHeader

NO_BLOCKS = "the size of their blocks is told by `weight_block_size` in a config.json beside the file"
NO_CONFIG = "how its words are to be read is told by the quantization_config in a config.json beside the file"
"""Why codes are not computed, where a config would do. Here, as who explains a misfit computes nothing."""


@frozen
class Quantized:
    """One weight, stored as codes.

    Attributes:
        name: what the weight is called where it is stored in floats.
        codes: the stored tensor of the codes; of some layouts it has the weight's name.
        needed: the stored tensors without which the codes have no values: scales, zero points, tables.
        others: stored tensors that belong to it, and are not needed for its values.
        layout: who writes such tensors, in words.
    """

    name: str
    codes: str
    needed: tuple[str, ...]
    others: tuple[str, ...]
    layout: str

    @property
    def names(self) -> tuple[str, ...]:
        """All its stored tensors."""
        return (self.codes, *self.needed, *self.others)


@frozen
class _Layout:
    """How the tensors of one quantized weight are called: each begins with `{cell}`, or with `{codes}`.

    Attributes:
        title: who writes it.
        codes: the end of the name of the codes; empty: any.
        weight: what takes its place in the weight's name.
        scale: the first of these that is there is the scale; where none is, the layout is another.
        needed: further tensors that the values need, where they are there.
        others: tensors that they do not need.
    """

    title: str
    codes: str
    weight: str
    scale: tuple[str, ...]
    needed: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


_ACTIVATIONS = (
    "{cell}input_scale",
    "{cell}input_scale_ub",
    "{cell}output_scale",
    "{cell}activation_scale",
    "{cell}input_zero_point",
)

_OF_ACTIVATIONS = re.compile(r"input|output|(?:^|_)act")

_LAYOUTS = (
    _Layout("GPTQ or AWQ", ".qweight", ".weight", ("{cell}scales",), ("{cell}qzeros", "{cell}g_idx")),
    _Layout(
        "compressed-tensors, packed",
        ".weight_packed",
        ".weight",
        ("{cell}weight_scale",),
        ("{cell}weight_zero_point", "{cell}weight_g_idx", "{cell}weight_global_scale"),
        ("{cell}weight_shape", "{cell}input_global_scale", *_ACTIVATIONS),
    ),
    _Layout("MXFP4", "_blocks", "", ("{weight}_scales",)),
    _Layout("HQQ", ".W_q", ".weight", ("{cell}scale", "{cell}meta"), ("{cell}zero",)),
    _Layout("AQLM", ".codes", ".weight", ("{cell}codebooks",), ("{cell}scales",)),
    _Layout("quanto", "._data", "", ("{cell}_scale",), ("{cell}_shift",)),
    _Layout(
        "bitsandbytes, 4 bit",
        "",
        "",
        ("{codes}.absmax",),
        ("{codes}.quant_map", "{codes}.nested_absmax", "{codes}.nested_quant_map"),
        ("{codes}.quant_state.bitsandbytes__nf4", "{codes}.quant_state.bitsandbytes__fp4"),
    ),
    _Layout(
        "golden-stick or ModelSlim",
        ".weight",
        ".weight",
        ("{cell}deq_scale", "{cell}dequant_scale", "{cell}weight_offset"),
        ("{cell}weight_scale",),
        ("{cell}quant_bias", "{cell}input_offset", "{cell}input_zp", *_ACTIVATIONS),
    ),
    _Layout("bitsandbytes, 8 bit", ".weight", ".weight", ("{cell}SCB",), (), ("{cell}weight_format",)),
    _Layout("8 bit, a scale for each block", "", "", ("{codes}_scale_inv",), (), _ACTIVATIONS),
    _Layout(
        "8 bit with scales",
        "",
        "",
        ("{codes}_scale", "{codes}_scales"),
        ("{codes}_zero_point", "{codes}_scale_2"),
        _ACTIVATIONS,
    ),
    _Layout("MLX", ".weight", ".weight", ("{cell}scales",), ("{cell}biases",)),
    _Layout(
        "8 bit with scales",
        ".weight",
        ".weight",
        ("{cell}scale", "{cell}scale_weight", "{cell}qscale_weight", "{cell}weight_quantizer.scale"),
        (),
        ("{cell}scale_input", "{cell}qscale_act", *_ACTIVATIONS),
    ),
)


def quantized_tensors(tensors: Mapping[str, TensorHeader]) -> Iterator[Quantized]:
    """Walk the quantized weights of a checkpoint, in its order.

    A tensor is taken for codes if its dtype is none that weights are stored in, and a scale has the name that goes with
    its own, or, of FP8 and of what is called a weight, any scale is beside it. FP8 without scales is a weight.
    """
    scales: dict[str, list[str]] | None = None
    for name, tensor in tensors.items():
        if tensor.dtype in _dtypes.OF_WEIGHTS and f"{name}.absmax" not in tensors:  # bytes, as if they were floats
            continue
        found = _quantized(name, tensors)
        cell, _, last = name.rpartition(".")
        if found is None and _is_scalable(last, tensor.dtype):
            scales = _scales_by_cell(tensors) if scales is None else scales
            beside = (*scales.get(cell, ()), *scales.get(name, ()))
            found = (
                Quantized(name, name, beside, (), "scales of a layout that lazycell does not know") if beside else None
            )
        if found is not None:
            yield found


def _is_scalable(last: str, dtype: str) -> bool:
    return (dtype.lower().startswith(("float8", "f8")) or last == "weight") and "scale" not in last


def _scales_by_cell(tensors: Mapping[str, TensorHeader]) -> dict[str, list[str]]:
    """Give the names of scales by what is before the last dot, those of activations left out."""
    found: dict[str, list[str]] = {}
    for name in tensors:
        cell, _, last = name.rpartition(".")
        if "scale" in last.lower() and not _OF_ACTIVATIONS.search(last):
            found.setdefault(cell, []).append(name)
    return found


def _quantized(codes: str, tensors: Mapping[str, TensorHeader]) -> Quantized | None:
    dotted = f".{codes}"  # so that a name without a cell ends as the others do
    for layout in _LAYOUTS:
        if not dotted.endswith(layout.codes):
            continue
        weight = (dotted.removesuffix(layout.codes) + layout.weight)[1:]
        path, dot, _ = codes.rpartition(".")
        words = {"cell": path + dot, "codes": codes, "weight": weight}
        scale = next(_present(layout.scale, words, tensors), None)
        if scale is not None:
            needed = (scale, *_present(layout.needed, words, tensors))
            return Quantized(weight, codes, needed, tuple(_present(layout.others, words, tensors)), layout.title)
    return None


def _present(names: tuple[str, ...], words: Mapping[str, str], tensors: Mapping[str, TensorHeader]) -> Iterator[str]:
    for each in names:
        name = each.format_map(words)
        if name in tensors:
            yield name
