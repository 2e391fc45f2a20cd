"""Tests of `lazycell.manifest._manifest`."""

from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest

from ..formats.files import entry, record, safetensors_bytes, write_tensors


def test_safetensors(tmp_path: Path) -> None:
    """Names, shapes and dtypes in the order of the file; the name is the file's."""
    header = {"b": entry("BF16", (2, 3), (0, 12)), "a": entry("F32", (), (12, 16))}
    (tmp_path / "m.safetensors").write_bytes(safetensors_bytes(header, bytes(16)))
    manifest = Manifest.of_checkpoint(tmp_path / "m.safetensors")
    assert manifest.entries == (ManifestEntry("b", (2, 3), "bfloat16", ""), ManifestEntry("a", (), "float32", ""))
    assert manifest == Manifest("m.safetensors", manifest.entries, declared=False)
    assert manifest == Manifest.of_checkpoint(str(tmp_path))


def test_the_model_is_what_the_metadata_says(tmp_path: Path) -> None:
    """A checkpoint that lazycell wrote knows the class."""
    header = {"__metadata__": {"lazycell.model": "BertModel"}, "a": entry()}
    (tmp_path / "m.safetensors").write_bytes(safetensors_bytes(header, bytes(4)))
    assert Manifest.of_checkpoint(tmp_path).model == "BertModel"


def test_other_sources(tmp_path: Path) -> None:
    """A `.ckpt`, an index with its shards, arrays in memory."""
    (tmp_path / "net.ckpt").write_bytes(record("w", (2,), "Float16", bytes(4)))
    assert Manifest.of_checkpoint(tmp_path / "net.ckpt").entries == (ManifestEntry("w", (2,), "float16", ""),)
    write_tensors(tmp_path / "s.safetensors", {"a": (1,), "b": (2, 2)})
    (tmp_path / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "s.safetensors", "b": "s.safetensors"}})
    )
    sharded = Manifest.of_checkpoint(tmp_path / "model.safetensors.index.json")
    assert {each.name: each.shape for each in sharded} == {"a": (1,), "b": (2, 2)}
    arrays = {"x\udc80": np.zeros((2, 3), ml_dtypes.bfloat16), "y": np.zeros((), np.int8)}
    manifest = Manifest.of_checkpoint(arrays)
    assert [(each.name, each.shape, each.dtype) for each in manifest] == [
        ("x\udc80", (2, 3), "bfloat16"),
        ("y", (), "int8"),
    ]
    assert len(manifest.digest) == 64


def test_only_headers_are_read(tmp_path: Path) -> None:
    """The data may be larger than the memory: a file with a hole of a terabyte."""
    size = 1 << 40
    path = tmp_path / "m.safetensors"
    path.write_bytes(safetensors_bytes({"w": entry("U8", (size,), (0, size))}))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + size)
    assert Manifest.of_checkpoint(path).nbytes == size


@pytest.mark.parametrize(("dtype", "shape", "nbytes"), [("F4", (6,), 3), ("F8_E8M0", (2, 2), 4), ("F6_E2M3", (4,), 3)])
def test_a_dtype_that_no_tensor_can_hold(tmp_path: Path, dtype: str, shape: tuple[int, ...], nbytes: int) -> None:
    """It goes by the file's name for it, takes the bytes that it has there, and can be shown and written."""
    header = {"a": entry(dtype, shape, (0, nbytes)), "b": entry("U8", (1,), (nbytes, nbytes + 1))}
    (tmp_path / "m.safetensors").write_bytes(safetensors_bytes(header, bytes(nbytes + 1)))
    manifest = Manifest.of_checkpoint(tmp_path)
    assert (manifest["a"].dtype, manifest["a"].nbytes, manifest.nbytes) == (dtype, nbytes, nbytes + 1)
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert f"{nbytes + 1:,} bytes" in str(manifest)
    assert f"`{dtype}`" in manifest.to_markdown()


def test_a_dtype_of_a_ckpt_that_no_tensor_can_hold(tmp_path: Path) -> None:
    """MindSpore's `qint4x2`: two elements a byte."""
    (tmp_path / "net.ckpt").write_bytes(record("q", (4,), "Int4", bytes(2)))
    manifest = Manifest.of_checkpoint(tmp_path / "net.ckpt")
    assert (manifest["q"].dtype, manifest["q"].nbytes) == ("Int4", 2)


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    """The error is that of the format."""
    with pytest.raises(FileNotFoundError, match="there is no checkpoint at"):
        Manifest.of_checkpoint(tmp_path / "nowhere.safetensors")
    (tmp_path / "m.safetensors").write_bytes(b"1234")
    with pytest.raises(CheckpointFormatError, match="m.safetensors"):
        Manifest.of_checkpoint(tmp_path / "m.safetensors")
