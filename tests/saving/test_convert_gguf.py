"""From llama.cpp's files to others: blocks become floats, a piece at a time."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from lazycell import CheckpointFormatError, Manifest
from lazycell.formats import open_checkpoint
from lazycell.saving._convert import convert
from lazycell.saving._verify import verify

from ..formats.ggufs import Tensor, gguf_bytes, string, strings
from .saved import load_arrays

GOLDEN = Path(__file__).parents[1] / "golden" / "sources" / "gguf_types"


@pytest.mark.parametrize("dtype", [None, "float16", "bfloat16"])
@pytest.mark.parametrize("to", ["m.safetensors", "m.ckpt"])
def test_blocks_become_floats(tmp_path: Path, dtype: str | None, to: str) -> None:
    """Those of the package gguf, rounded once; with checksums, and nothing of the other file's metadata."""
    convert(GOLDEN / "Q5_K.gguf", tmp_path / to, dtype=dtype)
    (wanted,) = load_arrays(GOLDEN / "Q5_K.expected.safetensors").values()
    found = load_arrays(tmp_path / to)
    assert list(found) == ["t.weight"]
    wanted = wanted.astype(found["t.weight"].dtype)
    assert found["t.weight"].dtype.name == (dtype or "float32")
    assert found["t.weight"].tobytes() == wanted.tobytes()
    verify(tmp_path / to)
    assert not any("general" in key or "llama" in key for key in open_checkpoint(tmp_path / to).metadata)


def test_nothing_differs_afterwards(tmp_path: Path) -> None:
    """Names, shapes and dtypes of the manifest are those of the floats."""
    convert(GOLDEN / "Q4_0.gguf", tmp_path / "m.safetensors", rename={"t.{*rest}": "net.{*rest}"})
    one, other = Manifest.of_checkpoint(GOLDEN / "Q4_0.gguf"), Manifest.of_checkpoint(tmp_path / "m.safetensors")
    assert (one["t.weight"].shape, one["t.weight"].dtype) == (other["net.weight"].shape, other["net.weight"].dtype)


def test_little_memory(tmp_path: Path) -> None:
    """Of a tensor of 64 MiB no more than pieces are there at any time."""
    blocks = bytes(range(34)) * (1 << 19)
    (tmp_path / "m.gguf").write_bytes(gguf_bytes({"w": Tensor((1 << 12, 1 << 12), "Q8_0", blocks)}))
    del blocks
    tracemalloc.start()
    try:
        convert(tmp_path / "m.gguf", tmp_path / "m.safetensors", dtype="float16")
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()
    assert (tmp_path / "m.safetensors").stat().st_size > 32 << 20


def test_types_that_are_not_computed(tmp_path: Path) -> None:
    """The first is named, and what to take instead; nothing is written."""
    (tmp_path / "m.gguf").write_bytes(gguf_bytes({"w": Tensor((256,), "IQ2_XXS", bytes(66))}))
    with pytest.raises(CheckpointFormatError) as caught:
        convert(tmp_path / "m.gguf", tmp_path / "m.safetensors")
    assert str(caught.value) == (
        f"{tmp_path}/m.gguf: tensor 'w': lazycell does not compute IQ2_XXS of GGUF: take a file of the model in "
        "another quantization, such as Q4_K_M, Q6_K or Q8_0"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["m.gguf"]


def test_there_are_no_checksums(tmp_path: Path) -> None:
    """The format has none; metadata that looks like lazycell's own is none either."""
    (tmp_path / "m.gguf").write_bytes(
        gguf_bytes({"w": Tensor()}, {"lazycell.crc32": string('{"w": "00000000"}'), "k": strings(["a"])})
    )
    for path in (GOLDEN / "Q8_0.gguf", tmp_path / "m.gguf"):
        with pytest.raises(CheckpointFormatError, match="holds no checksums: only files of safetensors and .ckpt can"):
            verify(path)


def test_a_key_is_for_none(tmp_path: Path) -> None:
    """Only a `.ckpt` can be encrypted."""
    with pytest.raises(CheckpointFormatError, match="only a .ckpt can be encrypted: load it without `dec_key`"):
        open_checkpoint(GOLDEN / "Q8_0.gguf", decrypt=lambda path: b"")
