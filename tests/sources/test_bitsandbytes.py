"""Tests of `lazycell.sources._bitsandbytes`."""

from __future__ import annotations

import json
import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.system._allocate import Array

from .checkpoints import check, checkpoint, floats, other, why

CONFIG = {"quant_method": "bitsandbytes", "load_in_4bit": True}


def as_bytes(said: Any) -> Array:
    return np.frombuffer(json.dumps(said).encode(), np.uint8).copy()


def made(shape: tuple[int, ...], size: int, kind: str, nested: int) -> tuple[dict[str, Array], Array]:
    """Give the tensors of a weight, and the weight: one element after the other."""
    random = np.random.default_rng(size)
    count = math.prod(shape)
    blocks = -(-count // size)
    codes = random.integers(0, 16, count)
    table = random.normal(size=16).astype(np.float32)
    said: dict[str, Any] = {"quant_type": kind, "blocksize": size, "dtype": "float16", "shape": list(shape)}
    arrays = {"l.weight.quant_map": table}
    if nested:
        stored = random.integers(0, 256, blocks).astype(np.uint8)
        levels = random.normal(size=256).astype(np.float32)
        outer = random.normal(size=-(-blocks // nested)).astype(np.float32)
        said |= {"nested_blocksize": nested, "nested_dtype": "float32", "nested_offset": 0.3125}
        absmax = np.empty(blocks, np.float32)
        for block in range(blocks):
            absmax[block] = levels[stored[block]] * outer[block // nested] + np.float32(0.3125)
        arrays |= {"l.weight.absmax": stored, "l.weight.nested_absmax": outer, "l.weight.nested_quant_map": levels}
    else:
        absmax = random.normal(size=blocks).astype(np.float32)
        arrays["l.weight.absmax"] = absmax
    weight = np.empty(count, np.float32)
    packed = np.zeros(((count + 1) // 2, 1), np.uint8)
    for i, code in enumerate(codes):
        weight[i] = table[code] * absmax[i // size]
        packed[i // 2, 0] |= code << (0 if i % 2 else 4)
    arrays |= {"l.weight": packed, f"l.weight.quant_state.bitsandbytes__{kind}": as_bytes(said)}
    return arrays, weight.reshape(shape)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_weight(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Rows that end inside a block, an odd number of elements, scales that are codes; in a file and in memory."""
    shape = data.draw(st.sampled_from([(3, 5), (8, 16), (7,), (2, 3, 11), (33, 2)]))
    size, nested = 2 * data.draw(st.integers(1, 20)), data.draw(st.sampled_from([0, 1, 3, 256]))
    arrays, weight = made(shape, size, data.draw(st.sampled_from(["nf4", "fp4"])), nested)
    path = data.draw(st.sampled_from([None, tmp_path_factory.getbasetemp()]))
    config = data.draw(st.sampled_from([CONFIG, {}]))  # the state in the file says all
    check(checkpoint(arrays, path), config, weight, data)


def test_bytes_that_are_stored_as_floats() -> None:
    """`bnb_4bit_quant_storage`: the same bytes under another dtype."""
    arrays, weight = made((8, 16), 64, "nf4", 0)
    arrays["l.weight"] = arrays["l.weight"].reshape(-1).view(ml_dtypes.bfloat16).reshape(-1, 1)
    assert np.array_equal(floats(checkpoint(arrays), CONFIG), weight)


STATE = "l.weight.quant_state.bitsandbytes__nf4"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"shape": [8, 16]}, "blocksize=None is none"),
        ({"shape": [8, 16], "blocksize": 7}, "blocksize=7 is none"),
        ({"shape": [8, 16], "blocksize": 1 << 40}, "is none"),
        ({"shape": [8, -16], "blocksize": 64}, "shape=[8, -16] is none"),
        ({"shape": [8, 17], "blocksize": 64}, "64 bytes of codes are not those of a weight of (8, 17) in 4 bits"),
        ({"shape": [8, 16], "blocksize": 32}, "scales (2,) are not those of 4 blocks of 32"),
        ({"shape": [8, 16], "blocksize": 64, "nested_blocksize": 256}, "which its state tells of, are not there"),
        ([], "is not a JSON object"),
    ],
)
def test_a_state_that_is_not_its(said: Any, text: str) -> None:
    arrays, _ = made((8, 16), 64, "nf4", 0)
    assert text in why(checkpoint({**arrays, STATE: as_bytes(said)}), CONFIG)


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        (STATE, {"shape": None}, f"`{STATE}` or `__fp4`"),
        (STATE, {"dtype": "float32"}, "says nothing of its shape"),
        ("l.weight.quant_map", {"shape": None}, "are not there"),
        ("l.weight.quant_map", {"shape": (8,)}, "a table (8,)"),
        ("l.weight.absmax", {"dtype": "float32"}, "scales of float32 are not what the state of the weight says"),
        ("l.weight.nested_absmax", {"shape": (2,)}, "scales (2,) and a table (256,)"),
        ("l.weight.nested_quant_map", {"shape": None}, "are not there"),
    ],
)
def test_tensors_that_are_not_its(name: str, changes: dict[str, Any], text: str) -> None:
    assert text in why(other(checkpoint(made((8, 16), 64, "nf4", 256)[0]), name, **changes), CONFIG)


def test_a_state_of_any_size_is_not_read() -> None:
    arrays, _ = made((8, 16), 64, "nf4", 0)
    arrays[STATE] = np.full(1 << 15, ord(" "), np.uint8)
    assert "says nothing of its shape" in why(checkpoint(arrays), CONFIG)


def eight(layout: int | None = 0) -> tuple[dict[str, Array], Array]:
    random = np.random.default_rng(1)
    codes, scales = random.integers(-127, 128, (5, 9)).astype(np.int8), random.normal(size=5).astype(np.float32)
    weight = np.empty((5, 9), np.float32)
    for o, i in np.ndindex(5, 9):
        weight[o, i] = np.float32(codes[o, i]) * scales[o] / np.float32(127)
    arrays: dict[str, Array] = {"l.weight": codes, "l.SCB": scales}
    return arrays if layout is None else {**arrays, "l.weight_format": np.array(layout, np.uint8)}, weight


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_eight_bits(data: st.DataObject) -> None:
    arrays, weight = eight(data.draw(st.sampled_from([0, None])))
    check(checkpoint(arrays), data.draw(st.sampled_from([CONFIG, {}])), weight, data)


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("l.SCB", {"shape": (4,)}, "does not scale 5 rows"),
        ("l.weight", {"dtype": "uint8"}, "codes of uint8"),
        ("l.weight_format", {"dtype": "float32"}, "tells no order of the codes"),
    ],
)
def test_eight_bits_that_are_not_its(name: str, changes: dict[str, Any], text: str) -> None:
    assert text in why(other(checkpoint(eight()[0]), name, **changes), CONFIG)


def test_another_order_of_the_codes() -> None:
    assert "`l.weight_format` is 2: lazycell reads codes that are stored row by row" in why(
        checkpoint(eight(2)[0]), CONFIG
    )


@pytest.mark.parametrize(
    ("key", "value"), [("nested_blocksize", 1 << 70), ("nested_offset", "0.5"), ("nested_blocksize", 0)]
)
def test_scales_of_scales_that_nothing_tells(key: str, value: Any) -> None:
    arrays, _ = made((8, 16), 64, "nf4", 256)
    said = json.loads(arrays[STATE].tobytes())
    text = why(checkpoint({**arrays, STATE: as_bytes({**said, key: value})}), CONFIG)
    assert "do not tell the scales of the scales" in text
