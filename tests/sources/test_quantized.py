"""Tests of `lazycell.sources._quantized`."""

from __future__ import annotations

import pytest

from lazycell.sources._quantized import quantized_tensors

from ..loading.models import stored
from .layouts import BF16, F8, F32, LAYOUTS, Spec


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout(layout: str) -> None:
    """The codes, what they need and what they do not, in any order, among other weights."""
    name, needed, others = LAYOUTS[layout]
    tensors = {"a.weight": ((3,), F32), **needed, **others, "l.bias": ((64,), BF16)}
    for order in (tensors, dict(reversed(tensors.items()))):
        (found,) = quantized_tensors(stored(order).tensors)
        assert found.name == name
        assert found.names[0] == next(iter(needed))
        assert set(found.needed) == set(needed) - {found.codes}
        assert set(found.others) == set(others)
        assert found.layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_at_the_top_of_a_model(layout: str) -> None:
    """Names without a module."""
    name, needed, others = LAYOUTS[layout]
    tensors = {each.removeprefix("l."): spec for each, spec in {**needed, **others}.items()}
    (found,) = quantized_tensors(stored(tensors).tensors)
    assert found.name == name.removeprefix("l.")
    assert set(found.names) == set(tensors)


@pytest.mark.parametrize(
    "tensors",
    [
        {"l.weight": ((2, 3), F8)},  # a float, that can be converted
        {"l.weight": ((2, 3), F32), "l.weight_scale": ((), F32)},  # a model that scales its weights
        {"l.weight": ((2, 3), BF16), "l.scale": ((2,), F32), "l.scales": ((2,), F32), "l.input_scale": ((), F32)},
        {"l.weight": ((2, 3), "int8"), "m.weight_scale": ((), F32)},
        {"l.mask": ((2, 3), "uint8"), "l.scale": ((2,), F32)},
        {"l.steps": ((), "int64"), "l.steps_scale": ((), F32)},
        {"l.qweight": ((2, 3), "int32"), "l.qzeros": ((2, 3), "int32")},
        {"k_scale": ((), F32), "v_scale": ((), F32), "num_blocks": ((), "int32")},
    ],
)
def test_what_is_no_code(tensors: dict[str, Spec]) -> None:
    """Dtypes that weights have, and codes without a scale that has their name."""
    assert list(quantized_tensors(stored(tensors).tensors)) == []


@pytest.mark.parametrize(
    ("codes", "dtype", "scale"),
    [
        ("l.weight", F8, "l.weight.scale"),
        ("l.weight", F8, "l.weight.block_scale"),
        ("l.weight", F8, "l.w_scale"),
        ("l.up", "float8_e5m2", "l.Scale"),
        ("weight", "int8", "row_scale"),
        ("l.weight", "uint8", "l.quantizer_scale"),
    ],
)
def test_scales_of_unknown_names(codes: str, dtype: str, scale: str) -> None:
    """What is beside FP8, or an 8-bit weight, and called a scale, is taken for one; not that of an activation."""
    header = stored({codes: ((2, 3), dtype), scale: ((), F32), "l.act_scale": ((), F32), "m.scale": ((), F32)})
    (found,) = quantized_tensors(header.tensors)
    assert (found.codes, found.needed) == (codes, (scale,))
    assert "does not know" in found.layout


def test_scales_are_no_codes() -> None:
    """NVFP4: codes in bytes, scales in FP8, and a scale of the scales."""
    tensors: dict[str, Spec] = {
        "l.weight": ((64, 64), "uint8"),
        "l.weight_scale": ((64, 8), F8),
        "l.weight_scale_2": ((), F32),
        "l.input_scale": ((), F32),
    }
    (found,) = quantized_tensors(stored(tensors).tensors)
    assert found.names == ("l.weight", "l.weight_scale", "l.weight_scale_2", "l.input_scale")
