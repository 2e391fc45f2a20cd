"""Tests of `lazycell.sources._scaled`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell import CheckpointFormatError
from lazycell._dtypes import dtype_name, numpy_dtype
from lazycell.formats import CheckpointHeader, Computed, open_checkpoint
from lazycell.reading._read import Reader, read_tensor
from lazycell.sources._dequantized import dequantized, view_of
from lazycell.sources._quantization_config import quantization_of
from lazycell.sources._quantized import quantized_tensors
from lazycell.sources._scaled import Scaled, block_size
from lazycell.system._allocate import Array

from ..loading.models import stored
from .checkpoints import GOLDEN, NAMES, check, checkpoint, file_of, why
from .layouts import F8, F32, Spec


def by_hand(codes: Array, scales: Array, blocks: tuple[int, int]) -> Array:
    """Multiply element by element."""
    values = codes.astype(np.float32)
    for *matrix, row, column in np.ndindex(*codes.shape):
        place = (*matrix, row // blocks[0], column // blocks[1])
        values[(*matrix, row, column)] *= scales[place].astype(np.float32)
    return values


@st.composite
def scaled(draw: st.DrawFn) -> tuple[Array, Array, tuple[int, int]]:
    shape = (*draw(st.sampled_from([(), (3,), (2, 2)])), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    blocks = draw(st.integers(1, 10)), draw(st.integers(1, 10))
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    codes = generator.integers(0, 127, shape).astype(np.uint8)
    dtype = draw(st.sampled_from(["float8_e4m3fn", "float8_e5m2", "int8"]))
    counts = (-(-shape[-2] // blocks[0]), -(-shape[-1] // blocks[1]))
    scales = generator.normal(size=(*shape[:-2], *counts)).astype(
        numpy_dtype(draw(st.sampled_from(["float32", "bfloat16"])))
    )
    return codes.view(numpy_dtype(dtype)), scales, blocks


def in_memory(codes: Array, scales: Array, blocks: tuple[int, int] | None, path: Path) -> CheckpointHeader:
    """Give a checkpoint whose config is at `path`."""
    header = open_checkpoint({"l.weight": codes, "l.weight_scale_inv": scales})
    config = {} if blocks is None else {"quantization_config": {"weight_block_size": blocks}}
    (path / "config.json").write_text(json.dumps(config))
    return attrs.evolve(header, path=path / "x.safetensors", format="safetensors")


@settings(max_examples=80, deadline=None)
@given(scaled(), st.data())
def test_any_bytes_of_any_blocks(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[Array, Array, tuple[int, int]], data: st.DataObject
) -> None:
    """Matrices, blocks larger than they are, the last ones short; read whole and from anywhere to anywhere."""
    codes, scales, blocks = case
    header = dequantized(in_memory(codes, scales, blocks, tmp_path_factory.mktemp("scaled")))
    (tensor,) = header.tensors.values()
    expected = by_hand(codes, scales, blocks).view(np.uint8).reshape(-1)
    with np.errstate(all="ignore"), Reader() as reader:
        assert reader.read(tensor).view(np.uint8).reshape(-1).tobytes() == expected.tobytes()
        start = data.draw(st.integers(0, expected.size))
        stop = data.draw(st.integers(start, expected.size))
        target = bytearray(stop - start)
        reader.read_into(tensor, memoryview(target), start)
    assert bytes(target) == expected[start:stop].tobytes()


@settings(max_examples=80, deadline=None)
@given(scaled(), st.data())
def test_any_box_of_any_blocks(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[Array, Array, tuple[int, int]], data: st.DataObject
) -> None:
    """What a rank has of it, and what another has of that: the same floats, though it begins inside a block."""
    codes, scales, blocks = case
    path = tmp_path_factory.mktemp("scaled")
    in_memory(codes, scales, blocks, path)  # writes the config
    arrays = {"l.weight": codes, "l.weight_scale_inv": scales}
    raw = {name: (NAMES[dtype_name(each.dtype)], each.shape, each.tobytes()) for name, each in arrays.items()}
    (tensor,) = dequantized(open_checkpoint(file_of(path / "x.safetensors", raw))).tensors.values()
    (part,), expected = tensor.ranges, by_hand(codes, scales, blocks)
    assert isinstance(part, Computed)
    assert isinstance(part.values, Scaled)
    for _ in range(2):
        ends = [sorted(data.draw(st.tuples(st.integers(0, n - 1), st.integers(1, n)))) for n in expected.shape]
        box = [(start, max(stop, start + 1)) for start, stop in ends]
        cut = part.taken(expected.shape, box, range(expected.ndim))
        if expected.ndim > 3:
            assert cut is None
            return
        assert cut is not None
        part, expected = cut, expected[tuple(slice(*each) for each in box)]
        target = np.empty(expected.shape, np.float32)
        part.read_into(target.reshape(-1).view(np.uint8).data, 0)
        assert target.tobytes() == expected.tobytes()


def test_large_tensors_are_computed_in_pieces(tmp_path: Path) -> None:
    """More elements than are computed at once, rows that end nowhere near a piece's end."""
    generator = np.random.default_rng(5)
    codes = generator.integers(-127, 128, (700, 1001)).astype(np.int8)
    scales = generator.normal(size=(6, 8)).astype(np.float32)
    (tensor,) = dequantized(in_memory(codes, scales, (128, 128), tmp_path)).tensors.values()
    whole = np.kron(scales, np.ones((128, 128), np.float32))[:700, :1001]
    assert np.array_equal(read_tensor(tensor), codes.astype(np.float32) * whole)


@pytest.mark.parametrize("dtype", ["F8_E8M0", "U8"])
def test_scales_that_are_exponents(dtype: str, tmp_path: Path) -> None:
    """A power of two, biased by 127: of a dtype that no array has."""
    tensors = {
        "w": ("F8_E4M3", (2, 2), bytes([0x38] * 4)),  # 1.0
        "w_scale_inv": (dtype, (2, 2), bytes([127, 130, 0, 255])),
    }
    (tmp_path / "config.json").write_text('{"quantization_config": {"weight_block_size": [1, 1]}}')
    (tensor,) = dequantized(open_checkpoint(file_of(tmp_path / "a.safetensors", tensors))).tensors.values()
    assert np.array_equal(read_tensor(tensor), np.float32([[1, 8], [2.0**-127, np.nan]]), equal_nan=True)


def test_a_file_that_changes(tmp_path: Path) -> None:
    """It is the state of when the header was read, or none."""
    path = shutil.copy(GOLDEN / "fp8_tensor" / "model.safetensors", tmp_path / "a.safetensors")
    (tensor,) = dequantized(open_checkpoint(path)).tensors.values()
    assert read_tensor(tensor).shape == (64, 128)
    (again,) = dequantized(open_checkpoint(path)).tensors.values()
    path.write_bytes(path.read_bytes() + b"0")
    with pytest.raises(CheckpointFormatError, match="the file has changed since its header was read"):
        read_tensor(again)


def test_parts_that_are_too_short() -> None:
    """A format of a third party may give anything."""
    header = open_checkpoint({"w": np.ones((2, 2), np.int8), "w_scale": np.ones((2, 1), np.float32)})
    lacking = attrs.evolve(header.tensors["w_scale"], ranges=header.tensors["w_scale"].ranges[:0])
    broken = attrs.evolve(header, tensors={**header.tensors, "w_scale": lacking})
    with pytest.raises(CheckpointFormatError, match="'w_scale': its parts hold fewer bytes than"):
        read_tensor(dequantized(broken).tensors["w"])


BLOCKS = "the size of their blocks is told by `weight_block_size` in a config.json beside the file"


@pytest.mark.parametrize(
    ("tensors", "text"),
    [
        ({"w": ((4, 4), F8), "w_scale_inv": ((2, 2), F32)}, BLOCKS),
        ({"w": ((4, 4), F8), "w_scale_inv": ((4, 1), F32)}, BLOCKS),
        ({"w": ((4, 4), F8), "w_scale": ((2, 2), F32)}, "neither one for the tensor nor one for each row"),
        ({"w": ((4, 4), F8), "w_scale": ((4,), F32)}, "neither one for the tensor nor one for each row"),
        ({"w": ((2, 4, 4), F8), "w_scale": ((4, 1), F32)}, "neither one for the tensor nor one for each row"),
        ({"w": ((4, 4), F8), "w_scale": ((), F8)}, "does not apply scales of float8_e4m3fn"),
        ({"w": ((4, 4), F8), "w_scale": ((), "uint8")}, "does not apply scales of uint8"),
        ({"w": ((4, 4), "int8"), "w_scale": ((), F32), "w_zero_point": ((), "int8")}, "no zero points"),
        ({"w": ((4, 4), F8), "w_scale": ((), F32), "w_scale_2": ((), F32)}, "scales of scales"),
        ({"w": ((4, 4), "uint8"), "w_scale": ((), F32)}, "does not unpack this layout"),
        ({"w": ((4,), F8), "w_scale": ((), F32)}, "does not unpack this layout"),
        ({"w": ((4, 4), "int8"), "w_scales": ((4, 1), F32)}, "does not unpack this layout"),
    ],
)
def test_what_is_left_as_it_is(tensors: dict[str, Spec], text: str) -> None:
    assert text in why(stored(tensors), {})


def test_a_config_that_tells_other_blocks(tmp_path: Path) -> None:
    """The scales there are decide whether it is believed."""
    header = in_memory(np.zeros((4, 4), np.int8), np.ones((2, 2), np.float32), (3, 4), tmp_path)
    assert dequantized(header).tensors == header.tensors
    (found,) = quantized_tensors(header.tensors)
    told = {"weight_block_size": [3, 4]}
    assert view_of(found, header, told) == "scales (2, 2) are not those of blocks of (3, 4)"


@pytest.mark.parametrize("size", [None, [128], [0, 128], ["a", 1], {"rows": 1}, [1, 2, 3], 128])
def test_a_config_that_tells_no_blocks(size: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"quantization_config": {"weight_block_size": size}}))
    header = attrs.evolve(stored({"w": ((4, 4), F8)}), path=tmp_path / "a.safetensors")
    assert block_size(quantization_of(header)) is None
    (tmp_path / "config.json").write_text("no JSON")
    assert block_size(quantization_of(header)) is None


def test_a_dict_has_no_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the working directory is not about it."""
    (tmp_path / "config.json").write_text('{"quantization_config": {"weight_block_size": [1, 1]}}')
    monkeypatch.chdir(tmp_path)
    assert block_size(quantization_of(open_checkpoint({"w": np.zeros(1, np.float32)}))) is None


def test_what_is_wanted_as_it_is() -> None:
    """A model of its own that has the scales."""
    header = stored({"a": ((2, 2), F8), "a_scale": ((), F32), "b": ((2, 2), F8), "b_scale": ((), F32)})
    found = dequantized(header, lambda name: name == "a_scale")
    assert {name: tensor.dtype for name, tensor in found.tensors.items()} == {"a": F8, "a_scale": F32, "b": F32}
    assert found.tensors["b"].origin == "float8_e4m3fn with scales"


def test_scales_of_activations() -> None:
    """They go with the weights, of which several may have one between them; unless the model has them."""
    tensors: dict[str, Spec] = {"input_scale": ((), F32)}
    for name in ("e.up", "e.down"):
        tensors |= {name: ((2, 2), F8), f"{name}_scale": ((), F32)}
    header = stored({**tensors, "e.input_scale": ((), F32)})
    assert list(dequantized(header).tensors) == ["input_scale", "e.up", "e.down"]
    assert list(dequantized(header, lambda name: name == "e.input_scale").tensors)[-1] == "e.input_scale"


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_scales_of_groups(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """compressed-tensors' strategy `group`; the size is told where it is no even part of the columns."""
    rows, columns = data.draw(st.integers(1, 6)), data.draw(st.integers(2, 20))
    size = data.draw(st.integers(1, columns - 1))
    random = np.random.default_rng(0)
    codes = random.integers(0, 127, (rows, columns)).astype(np.uint8)
    codes = codes.view(numpy_dtype(data.draw(st.sampled_from(["float8_e4m3fn", "int8"]))))
    scales = random.normal(size=(rows, -(-columns // size))).astype(np.float32)
    groups = {"group_0": {"weights": {"num_bits": 8, "strategy": "group", "group_size": size}}}
    config = {"quant_method": "compressed-tensors", "format": "int-quantized", "config_groups": groups}
    path = data.draw(st.sampled_from([None, tmp_path_factory.getbasetemp()]))
    header = checkpoint({"l.weight": codes, "l.weight_scale": scales}, path)
    check(header, config, by_hand(codes, scales, (1, size)), data)
    if columns % size == 0:
        check(header, {}, by_hand(codes, scales, (1, size)), data)
