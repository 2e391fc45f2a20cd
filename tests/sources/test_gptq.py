"""Tests of `lazycell.sources._gptq`."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell import CheckpointFormatError
from lazycell.formats import CheckpointHeader
from lazycell.reading._read import Reader
from lazycell.sources._dequantized import dequantized
from lazycell.system._allocate import Array

from .checkpoints import check, checkpoint, floats, other, packed, why

Arrays = dict[str, Array]


def made(rows: int, columns: int, bits: int, size: int, order: str, offset: int, seed: int = 0) -> tuple[Arrays, Array]:
    """Give the tensors of a weight, and the weight: one element after the other."""
    random = np.random.default_rng(seed)
    groups = -(-columns // size)
    codes = random.integers(0, 1 << bits, (columns, rows))
    zeros = random.integers(0, 1 << bits, (groups, rows))  # as stored
    scales = random.normal(size=(groups, rows)).astype(np.float16)
    index = np.arange(columns) // size
    if order == "any":
        random.shuffle(index)
    weight = np.empty((rows, columns), np.float32)
    for o, i in np.ndindex(rows, columns):
        weight[o, i] = np.float32(scales[index[i], o]) * (int(codes[i, o]) - (int(zeros[index[i], o]) + offset))
    arrays = {"l.qweight": packed(codes, bits, 0), "l.qzeros": packed(zeros, bits, 1), "l.scales": scales}
    if order != "none":
        arrays["l.g_idx"] = index.astype(np.int32)
    return arrays, weight


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_weight(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """2, 4 and 8 bits, groups of any size, short ones, in any order; in a file and in memory."""
    bits = data.draw(st.sampled_from([2, 4, 8]))
    each = 32 // bits
    rows, columns = (each * data.draw(st.integers(1, 2)) for _ in range(2))
    told = data.draw(st.one_of(st.sampled_from([-1, 1 << 70]), st.integers(1, columns + 3)))
    layout = data.draw(st.sampled_from([None, "gptq", "gptq_v2"]))
    order = data.draw(st.sampled_from(["none", "in order", "any"]))
    size = columns if told == -1 else min(told, columns + 3)  # numpy has no number as large as is told
    arrays, weight = made(rows, columns, bits, size, order, 0 if layout == "gptq_v2" else 1)
    config = {"quant_method": "gptq", "bits": bits, "group_size": told, "checkpoint_format": layout}
    path = data.draw(st.sampled_from([None, tmp_path_factory.getbasetemp()]))
    check(checkpoint(arrays, path), config, weight, data)


CONFIG: dict[str, Any] = {"quant_method": "gptq", "bits": 4, "group_size": 8, "desc_act": False, "sym": True}


def four_bits() -> CheckpointHeader:
    return checkpoint(made(16, 32, 4, 8, "in order", 1)[0])


def test_zero_points_are_not_masked() -> None:
    """The largest that is stored means one more than four bits hold."""
    arrays, _ = made(8, 8, 4, 8, "none", 1)
    arrays["l.qzeros"][:] = -1
    arrays["l.qweight"][:] = 0
    arrays["l.scales"][:] = 1
    assert (floats(checkpoint(arrays), CONFIG) == -16).all()


def test_of_a_large_one_little_is_read_at_once(tmp_path: Path) -> None:
    """More rows than are computed at once, from the middle of one word to the middle of another."""
    random = np.random.default_rng(0)
    rows, columns = 2400, 512
    codes = random.integers(0, 256, (columns // 8, 4 * rows)).astype(np.uint8).view(np.int32)
    arrays = {
        "l.qweight": codes,
        "l.qzeros": np.full((1, rows // 8), 0x77777777, np.int32),
        "l.scales": random.normal(size=(1, rows)).astype(np.float16),
    }
    header = checkpoint(arrays, tmp_path)
    numbers = np.stack([(codes >> (4 * k)) & 15 for k in range(8)], axis=1).reshape(columns, rows)
    weight = ((numbers - 8) * arrays["l.scales"].astype(np.float32)).T
    config = {**CONFIG, "group_size": -1}
    assert np.array_equal(floats(header, config), weight)
    (tensor,) = dequantized(header, quantization=config).tensors.values()
    target = np.empty((1700, columns), np.float32)
    with Reader() as reader:
        reader.read_into(tensor, target.reshape(-1).view(np.uint8).data, 333 * columns * 4)
    assert np.array_equal(target, weight[333 : 333 + 1700])


@pytest.mark.parametrize("method", ["gptq", "awq"])
def test_memory(tmp_path: Path, method: str) -> None:
    """What is read for some rows lies all over the file, and no more of it is kept than for these."""
    rows, columns = 4096, 4096
    words = {"gptq": (columns // 8, rows), "awq": (columns, rows // 8)}[method]
    arrays = {
        "l.qweight": np.zeros(words, np.int32),
        "l.qzeros": np.zeros((32, rows // 8), np.int32),
        "l.scales": np.ones((32, rows), np.float16),
    }
    header = checkpoint(arrays, tmp_path)
    config = {"quant_method": method, "bits": 4, "group_size": 128}
    (tensor,) = dequantized(header, quantization=config).tensors.values()
    tracemalloc.start()
    with Reader() as reader:
        read = sum(len(piece) for piece in reader.chunks(tensor, 4 * tensor.piece))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 4 * rows * columns
    assert peak < 16_000_000


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"bits": 3}, "bits=3: lazycell unpacks GPTQ of 2, 4 and 8 bits"),
        ({"bits": None}, "bits=None"),
        ({"bits": 8}, "are not those of a weight of 8 bits"),
        ({"group_size": 16}, "4 groups of scales are not those of 32 columns with group_size=16"),
        ({"group_size": -1}, "group_size=-1"),
        ({"group_size": 0}, "group_size=0 is no number of columns"),
        ({"group_size": None}, "group_size=None is no number of columns"),
        ({"checkpoint_format": "marlin"}, "checkpoint_format='marlin' is one that lazycell does not unpack"),
        ({"is_marlin_format": True}, "checkpoint_format='marlin'"),
        ({"pack_dtype": "int16"}, "pack_dtype='int16'"),
        ({"quant_method": "fp8"}, "the quantization_config says fp8, and these are tensors of another layout"),
        ({"quant_method": "awq"}, "are not those of AWQ's version gemm"),
        ({"quant_method": None}, "is told by the quantization_config in a config.json beside the file"),
    ],
)
def test_configs_that_are_not_its(config: dict[str, Any], text: str) -> None:
    assert text in why(four_bits(), {**CONFIG, **config})


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("l.qweight", {"dtype": "uint8"}, "are not GPTQ's"),
        ("l.scales", {"dtype": "int8"}, "scales of int8"),
        ("l.qzeros", {"shape": None}, "`l.qzeros` is not there"),
        ("l.qzeros", {"shape": (4, 3)}, "zero points (4, 3)"),
        ("l.scales", {"shape": (4, 8)}, "scales (4, 8)"),
        ("l.qweight", {"shape": (4, 16, 1)}, "are no matrices"),
        ("l.g_idx", {"shape": (8,)}, "does not tell the groups of 32 columns"),
        ("l.g_idx", {"dtype": "float32"}, "does not tell the groups of 32 columns"),
    ],
)
def test_tensors_that_are_not_its(name: str, changes: dict[str, Any], text: str) -> None:
    assert text in why(other(four_bits(), name, **changes), CONFIG)


def test_a_group_that_has_no_scales() -> None:
    """It is known when the index is read, before anything has been loaded."""
    arrays, _ = made(8, 16, 4, 8, "in order", 1)
    arrays["l.g_idx"][3] = 2
    with pytest.raises(CheckpointFormatError, match=r"'l\.g_idx': groups 0 to 2, and there are scales of 2"):
        floats(checkpoint(arrays), CONFIG)


def test_a_weight_that_is_there_twice() -> None:
    arrays, weight = made(8, 16, 4, 8, "in order", 1)
    assert "`l.weight` is there too" in why(checkpoint({**arrays, "l.weight": weight}), CONFIG)
