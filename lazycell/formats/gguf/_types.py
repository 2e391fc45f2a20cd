"""The types of tensors in GGUF: their numbers, and what a block of each takes (`ggml.h`, `enum ggml_type`)."""

from __future__ import annotations

from ..._frozen import frozen


@frozen
class Type:
    """How numbers are stored.

    Attributes:
        name: what ggml calls it.
        elements: of a block.
        nbytes: of a block.
    """

    name: str
    elements: int
    nbytes: int


TYPES = {
    number: Type(name, elements, nbytes)
    for number, name, elements, nbytes in (
        (0, "F32", 1, 4),
        (1, "F16", 1, 2),
        (2, "Q4_0", 32, 18),
        (3, "Q4_1", 32, 20),
        (6, "Q5_0", 32, 22),
        (7, "Q5_1", 32, 24),
        (8, "Q8_0", 32, 34),
        (9, "Q8_1", 32, 36),
        (10, "Q2_K", 256, 84),
        (11, "Q3_K", 256, 110),
        (12, "Q4_K", 256, 144),
        (13, "Q5_K", 256, 176),
        (14, "Q6_K", 256, 210),
        (15, "Q8_K", 256, 292),
        (16, "IQ2_XXS", 256, 66),
        (17, "IQ2_XS", 256, 74),
        (18, "IQ3_XXS", 256, 98),
        (19, "IQ1_S", 256, 50),
        (20, "IQ4_NL", 32, 18),
        (21, "IQ3_S", 256, 110),
        (22, "IQ2_S", 256, 82),
        (23, "IQ4_XS", 256, 136),
        (24, "I8", 1, 1),
        (25, "I16", 1, 2),
        (26, "I32", 1, 4),
        (27, "I64", 1, 8),
        (28, "F64", 1, 8),
        (29, "IQ1_M", 256, 56),
        (30, "BF16", 1, 2),
        (34, "TQ1_0", 256, 54),
        (35, "TQ2_0", 256, 66),
        (39, "MXFP4", 32, 17),
        (40, "NVFP4", 64, 36),
        (41, "Q1_0", 128, 18),
    )
}
"""By the number in the file. Others are of a later version, or were taken out: Q4_0_4_4 and its like."""

PLAIN = {
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F64": "float64",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
}
"""Those that are numbers as they lie, and their dtypes."""

_BY_NAME = {each.name: each for each in TYPES.values()}


def named(name: str) -> Type:
    """Give the type of a name."""
    return _BY_NAME[name]


def why_not_computed(name: str) -> str | None:
    """Say why a tensor of a type cannot be read, and what to do; None: it is none of GGUF's.

    Args:
        name: the dtype that the tensor is listed with.
    """
    if name not in _BY_NAME and not name.startswith("type "):
        return None
    return (
        f"lazycell does not compute {name} of GGUF: take a file of the model in another quantization, such as Q4_K_M, "
        "Q6_K or Q8_0"
    )
