"""Tests of `lazycell.formats.gguf._decoders`: each type against what ggml makes of it, bit by bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lazycell.formats import open_checkpoint
from lazycell.formats.gguf._decoders import DECODERS
from lazycell.formats.gguf._types import named
from lazycell.reading._read import read_tensor

from .reference import REFERENCE

GOLDEN = Path(__file__).parents[2] / "golden" / "sources" / "gguf_types"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.gguf")), ids=lambda path: path.stem)
@pytest.mark.parametrize("mmap", [True, False])
def test_golden_files(path: Path, mmap: bool) -> None:
    """The numbers of the package gguf."""
    found = open_checkpoint(path)
    wanted = open_checkpoint(path.with_suffix(".expected.safetensors"))
    assert found.tensors.keys() == wanted.tensors.keys()
    for name, tensor in found.tensors.items():
        array = read_tensor(tensor, mmap=mmap)
        expected = read_tensor(wanted.tensors[name])
        assert array.shape == expected.shape
        assert array.astype(np.float32).tobytes() == expected.tobytes()
    type = path.stem
    assert {tensor.origin for tensor in found.tensors.values()} == {f"{type} blocks" if type in DECODERS else ""}


def test_each_type_is_compared() -> None:
    """With golden numbers, or with the loops of ggml."""
    assert DECODERS.keys() == REFERENCE.keys()


@pytest.mark.parametrize("name", DECODERS)
def test_random_blocks(name: str) -> None:
    """Any bytes: scales that are infinite, not a number, subnormal, negative; one block, and several."""
    type = named(name)
    random = np.random.default_rng(7)
    blocks = random.integers(0, 256, (5, type.nbytes), np.uint8)
    blocks[1:3] &= 0x1F  # small scales
    blocks[3], blocks[4] = 0, 0xFF
    found = np.full((5, type.elements), 9, np.float32)
    with np.errstate(all="ignore"):
        DECODERS[name](blocks[:1], found[:1])
        DECODERS[name](blocks[1:], found[1:])
        wanted = np.array([[*REFERENCE[name](block.tobytes())] for block in blocks], np.float32)
    assert (np.isnan(found) == np.isnan(wanted)).all()
    assert np.nan_to_num(found).view(np.uint32).tolist() == np.nan_to_num(wanted).view(np.uint32).tolist()
    assert np.isfinite(wanted[1:3]).all()
    assert len(np.unique(wanted[1:3])) > 10
    if name != "MXFP4":  # whose scale of 0xFF is 2^127
        assert np.isnan(wanted[4]).any()
