"""Tests of `lazycell.formats.gguf._decoders`: each type against what gguf.quants makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lazycell.formats import open_checkpoint
from lazycell.formats.gguf._decoders import DECODERS
from lazycell.reading._read import read_tensor

GOLDEN = Path(__file__).parents[2] / "golden" / "sources" / "gguf_types"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.gguf")), ids=lambda path: path.stem)
@pytest.mark.parametrize("mmap", [True, False])
def test_golden_files(path: Path, mmap: bool) -> None:
    """The numbers of the package gguf, bit by bit."""
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
