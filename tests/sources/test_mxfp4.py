"""Tests of `lazycell.sources._mxfp4`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.system._allocate import Array

from .checkpoints import check, checkpoint, floats, other, why

SIZES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


def made(experts: int, outputs: int, groups: int) -> tuple[dict[str, Array], Array]:
    random = np.random.default_rng(outputs)
    codes = random.integers(0, 16, (experts, outputs, groups, 32))
    scales = random.integers(0, 255, (experts, outputs, groups)).astype(np.uint8)
    blocks = np.zeros((experts, outputs, groups, 16), np.uint8)
    weight = np.empty((experts, 32 * groups, outputs), np.float32)
    for e, o, g, i in np.ndindex(*codes.shape):
        code = codes[e, o, g, i]
        blocks[e, o, g, i // 2] |= code << (4 if i % 2 else 0)
        value = -SIZES[code - 8] if code > 7 else SIZES[code]
        weight[e, 32 * g + i, o] = np.float64(value) * 2.0 ** (int(scales[e, o, g]) - 127)
    return {"e.up_blocks": blocks, "e.up_scales": scales}, weight


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_any_weight(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """From inside a block of one expert to that of another; negative zeros; in a file and in memory."""
    arrays, weight = made(*(data.draw(st.integers(1, 3)) for _ in range(3)))
    path = data.draw(st.sampled_from([None, tmp_path_factory.getbasetemp()]))
    check(checkpoint(arrays, path), data.draw(st.sampled_from([{"quant_method": "mxfp4"}, {}])), weight, data)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("e.up_blocks", {"shape": (4, 2, 16)}),
        ("e.up_blocks", {"dtype": "int8"}),
        ("e.up_scales", {"shape": (2, 2, 3)}),
        ("e.up_scales", {"dtype": "float32"}),
    ],
)
def test_tensors_that_are_not_its(name: str, changes: dict[str, Any]) -> None:
    assert "are not those of stacked experts" in why(other(checkpoint(made(2, 2, 2)[0]), name, **changes), {})


def test_an_exponent_that_is_none() -> None:
    """255 says that the block is not a number."""
    arrays, weight = made(1, 2, 1)
    arrays["e.up_scales"][0, 1] = 255
    weight[:, :, 1] = np.nan
    assert np.array_equal(floats(checkpoint(arrays), {}, "e.up"), weight, equal_nan=True)
