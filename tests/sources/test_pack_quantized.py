"""Tests of `lazycell.sources._pack_quantized`."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.system._allocate import Array

from .checkpoints import check, checkpoint, other, packed, why


def made(rows: int, columns: int, bits: int, size: int, scale: str, zeros: bool) -> tuple[dict[str, Array], Array]:
    random = np.random.default_rng(columns)
    groups, half = -(-columns // size), 1 << (bits - 1)
    codes = random.integers(-half, half, (rows, columns))
    points = random.integers(-half, half, (rows, groups)) if zeros else np.zeros((rows, groups), int)
    shape = {"tensor": (1,), "row": (rows, 1), "group": (rows, groups)}[scale]
    scales = random.normal(size=shape).astype(ml_dtypes.bfloat16)
    each = np.broadcast_to(scales, (rows, groups))
    weight = np.empty((rows, columns), np.float32)
    for o, i in np.ndindex(rows, columns):
        weight[o, i] = (int(codes[o, i]) - int(points[o, i // size])) * np.float32(each[o, i // size])
    arrays = {
        "l.weight_packed": packed(codes + half, bits, 1),
        "l.weight_scale": scales,
        "l.weight_shape": np.array([rows, columns], np.int64),
    }
    if zeros:
        arrays["l.weight_zero_point"] = packed(points + half, bits, 0)
    return arrays, weight


def config_of(**weights: Any) -> dict[str, Any]:
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}},
    }


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_weight(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """4 and 8 bits, words that are not full, zero points, scales of tensor, row and group, groups that are short."""
    bits, rows, columns = (
        data.draw(st.sampled_from([4, 8])),
        data.draw(st.integers(1, 19)),
        data.draw(st.integers(5, 40)),
    )
    scale = data.draw(st.sampled_from(["tensor", "row", "group"]))
    size = data.draw(st.integers(1, columns)) if scale == "group" else columns
    zeros = data.draw(st.booleans())
    arrays, weight = made(rows, columns, bits, size, scale, zeros)
    told = config_of(num_bits=bits, strategy="group", group_size=size, symmetric=not zeros)
    even = columns % size == 0
    config = data.draw(st.sampled_from([told, {}] if even else [told]))
    path = data.draw(st.sampled_from([None, tmp_path_factory.getbasetemp()]))
    check(checkpoint(arrays, path), config, weight, data)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (config_of(num_bits=8), "are not those of a weight of (8, 16), of 4 or of 8 bits, and the config says 8"),
        (config_of(num_bits=3), "num_bits=3: lazycell unpacks 4 and 8"),
        (config_of(group_size=5), "scales (8, 2) are neither one for the tensor nor one for each row or group"),
        (config_of(symmetric=False), "codes are not symmetric, and `l.weight_zero_point` is not there"),
        (config_of(actorder="group"), "actorder='group': lazycell does not apply it"),
        ({**config_of(), "format": "marlin-24"}, "format='marlin-24' is one that lazycell does not unpack"),
        ({**config_of(), "sparsity_config": {"format": "sparse-24-bitmask"}}, "sparse-24-bitmask"),
        ({"quant_method": "gptq", "bits": 4}, "the quantization_config says gptq"),
    ],
)
def test_configs_that_are_not_its(config: dict[str, Any], text: str) -> None:
    assert text in why(checkpoint(made(8, 16, 4, 8, "group", False)[0]), config)


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("l.weight_packed", {"dtype": "uint8"}, "codes of uint8"),
        ("l.weight_packed", {"shape": (8, 3)}, "words (8, 3) are not those of a weight of (8, 16)"),
        ("l.weight_shape", {"shape": None}, "`l.weight_shape` does not tell rows and columns"),
        ("l.weight_scale", {"dtype": "uint8"}, "scales of uint8"),
        ("l.weight_scale", {"shape": (16,)}, "scales (16,) are neither"),
        ("l.weight_zero_point", {"dtype": "int8"}, "zero points of int8 (1, 2)"),
        ("l.weight_zero_point", {"shape": (8, 2)}, "zero points of int32 (8, 2)"),
    ],
)
def test_tensors_that_are_not_its(name: str, changes: dict[str, Any], text: str) -> None:
    assert text in why(other(checkpoint(made(8, 16, 4, 8, "group", True)[0]), name, **changes), config_of(num_bits=4))


@pytest.mark.parametrize("name", ["weight_g_idx", "weight_global_scale"])
def test_what_else_would_be_needed(name: str) -> None:
    """The order of activations, and scales of scales."""
    arrays = {**made(8, 16, 4, 8, "group", False)[0], f"l.{name}": np.zeros(16, np.float32)}
    assert f"`l.{name}`" in why(checkpoint(arrays), config_of(num_bits=4))
