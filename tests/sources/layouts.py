"""One weight of (64, 128) as each library stores it quantized: the names, dtypes and shapes of its tensors.

From files that the libraries wrote, or that were packed as their sources say: fp8, compressed-tensors, bitsandbytes,
GPTQ, AWQ, MXFP4. The others from their documentation.
"""

from __future__ import annotations

F8, F16, BF16, F32 = "float8_e4m3fn", "float16", "bfloat16", "float32"

Spec = tuple[tuple[int, ...], str]

# The codes first, then what their values need, then the rest.
LAYOUTS: dict[str, tuple[str, dict[str, Spec], dict[str, Spec]]] = {
    "fp8, blocks": (
        "l.weight",
        {"l.weight": ((64, 128), F8), "l.weight_scale_inv": ((2, 4), F32)},
        {"l.activation_scale": ((), F32)},
    ),
    "fp8, channels": ("l.weight", {"l.weight": ((64, 128), F8), "l.weight_scale": ((64, 1), BF16)}, {}),
    "fp8, tensor": (
        "l.weight",
        {"l.weight": ((64, 128), F8), "l.weight_scale": ((), BF16)},
        {"l.input_scale": ((), F32)},
    ),
    "fp8, other names": ("l.weight", {"l.weight": ((64, 128), F8), "l.scale_weight": ((), F32)}, {}),
    "fp8, no module": ("gate_up", {"gate_up": ((64, 128), F8), "gate_up_scale_inv": ((2, 4), F32)}, {}),
    "int8": ("l.weight", {"l.weight": ((64, 128), "int8"), "l.weight_scale": ((64, 1), BF16)}, {}),
    "int8, zero points": (
        "l.weight",
        {
            "l.weight": ((64, 128), "int8"),
            "l.weight_scale": ((64, 1), BF16),
            "l.weight_zero_point": ((64, 1), "int8"),
        },
        {},
    ),
    "uint8": ("l.weight", {"l.weight": ((64, 128), "uint8"), "l.weight_scale": ((64, 1), F32)}, {}),
    "compressed-tensors, packed": (
        "l.weight",
        {"l.weight_packed": ((64, 16), "int32"), "l.weight_scale": ((64, 4), BF16)},
        {"l.weight_shape": ((2,), "int64")},
    ),
    "bitsandbytes, 4 bit": (
        "l.weight",
        {"l.weight": ((4096, 1), "uint8"), "l.weight.absmax": ((128,), F32), "l.weight.quant_map": ((16,), F32)},
        {"l.weight.quant_state.bitsandbytes__nf4": ((78,), "uint8")},
    ),
    "bitsandbytes, 4 bit, nested": (
        "l.weight",
        {
            "l.weight": ((4096, 1), "uint8"),
            "l.weight.absmax": ((128,), "uint8"),
            "l.weight.quant_map": ((16,), F32),
            "l.weight.nested_absmax": ((1,), F32),
            "l.weight.nested_quant_map": ((256,), F32),
        },
        {"l.weight.quant_state.bitsandbytes__fp4": ((167,), "uint8")},
    ),
    "bitsandbytes, 8 bit": (
        "l.weight",
        {"l.weight": ((64, 128), "int8"), "l.SCB": ((64,), F32)},
        {"l.weight_format": ((), "uint8")},
    ),
    "gptq": (
        "l.weight",
        {
            "l.qweight": ((16, 64), "int32"),
            "l.scales": ((4, 64), F16),
            "l.qzeros": ((4, 8), "int32"),
            "l.g_idx": ((128,), "int32"),
        },
        {},
    ),
    "awq": (
        "l.weight",
        {"l.qweight": ((128, 8), "int32"), "l.scales": ((4, 64), F16), "l.qzeros": ((4, 8), "int32")},
        {},
    ),
    "mxfp4": ("e.down", {"e.down_blocks": ((2, 16, 2, 16), "uint8"), "e.down_scales": ((2, 16, 2), "uint8")}, {}),
    "mlx": (
        "l.weight",
        {"l.weight": ((64, 16), "uint32"), "l.scales": ((64, 2), F16), "l.biases": ((64, 2), F16)},
        {},
    ),
    "w8a8": (
        "l.weight",
        {
            "l.weight": ((64, 128), "int8"),
            "l.weight_offset": ((64, 1), F32),
            "l.weight_scale": ((64, 1), F32),
        },
        {"l.input_offset": ((1,), F32), "l.input_scale": ((1,), F32), "l.quant_bias": ((64,), "int32")},
    ),
    "w8a8, one scale": ("l.weight", {"l.weight": ((64, 128), "int8"), "l.deq_scale": ((64,), F32)}, {}),
    "hqq": ("l.weight", {"l.W_q": ((32, 128), "uint8"), "l.scale": ((128, 1), F16), "l.zero": ((128, 1), F16)}, {}),
    "quanto": ("l.weight", {"l.weight._data": ((64, 128), "int8"), "l.weight._scale": ((64, 1), F16)}, {}),
    "aqlm": (
        "l.weight",
        {"l.codes": ((64, 16, 1), "int16"), "l.codebooks": ((1, 256, 1, 8), F16), "l.scales": ((64, 1, 1, 1), F16)},
        {},
    ),
}

APPLIED = ("fp8, channels", "fp8, tensor", "int8")
"""The layouts whose scales a cast applies; those of `fp8, blocks` too, where a config tells the size of the blocks."""

TOLD = ("fp8, blocks", "fp8, no module", "gptq", "awq")
"""Those that a config beside the file makes readable."""

IN_FILE = ("compressed-tensors, packed", "bitsandbytes, 4 bit", "bitsandbytes, 4 bit, nested", "bitsandbytes, 8 bit")
"""Those of which some bytes have to be read before it is known what they are."""

REFUSED = tuple(each for each in LAYOUTS if each not in (*APPLIED, *IN_FILE, "mxfp4"))
"""Those that headers alone do not make floats of."""
