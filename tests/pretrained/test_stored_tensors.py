"""Tests of `lazycell.pretrained._stored_tensors`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lazycell import StoredTensors
from lazycell._errors import CheckpointFormatError

TABLE = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a table, what equals it, and what nearly does."""
    tensors = {
        "table": TABLE,
        "same": TABLE.copy(),
        "near": TABLE + np.float32([0, 0, 1e-6]),
        "other dtype": TABLE.astype(np.float16),
        "other bits": TABLE.view(np.int32).copy(),
        "other shape": TABLE.reshape(3, 2).copy(),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    return tmp_path


def test_what_is_there(path: Path) -> None:
    """By its name in the model, and by no other."""
    file = StoredTensors.at(path, {"table": "head.weight"})
    assert "head.weight" in file
    assert "table" not in file
    assert 3 not in file
    assert sorted(file) == ["head.weight", "near", "other bits", "other dtype", "other shape", "same"]


@pytest.mark.parametrize("mmap", [True, False])
def test_what_differs(path: Path, mmap: bool) -> None:
    """In one value of six, in its dtype alone, or in its shape."""
    file = StoredTensors.at(path, mmap=mmap)
    differing = {name for name in file if file.differ("table", name)}
    assert differing == {"near", "other dtype", "other bits", "other shape"}
    assert not file.differ("table", "absent")
    assert not file.differ("absent", "table")


def test_a_file_that_changes(path: Path) -> None:
    """What is read is what was listed."""
    file = StoredTensors.at(path)
    save_file({"table": TABLE}, path / "model.safetensors")
    with pytest.raises(CheckpointFormatError, match="the file has changed"):
        file.differ("table", "same")
