"""Plans for files of GGUF: what is computed fits any float dtype, what is not is refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell._errors import CheckpointMismatchError
from lazycell.formats import open_checkpoint

from ..formats.ggufs import Tensor, gguf_bytes
from .models import declared, make_plan, manifest

NET = manifest(declared("w", (2, 32), "float16"), declared("v", (256,)))


def test_what_is_stored_is_told(tmp_path: Path) -> None:
    """A plan says which blocks a parameter is computed from, and into which dtype they are rounded."""
    tensors = {"w": Tensor((2, 32), "Q4_0", bytes(36)), "v": Tensor((256,), "F32", bytes(1024))}
    (tmp_path / "m.gguf").write_bytes(gguf_bytes(tensors))
    found = make_plan(NET, open_checkpoint(tmp_path / "m.gguf"))
    assert [(step.parameter, step.source, step.dtype) for step in found.steps] == [
        ("w", "Q4_0 blocks", "float16"),
        ("v", "float32", "float32"),
    ]


def test_types_that_are_not_computed(tmp_path: Path) -> None:
    """Of each the type and what to take instead; a tensor that the model does not have is in nobody's way."""
    tensors = {
        "w": Tensor((2, 32), 98, bytes(36)),
        "v": Tensor((256,), "IQ2_XXS", bytes(66)),
        "more": Tensor((256,), "IQ2_XXS", bytes(66)),
    }
    (tmp_path / "m.gguf").write_bytes(gguf_bytes(tensors))
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(NET, open_checkpoint(tmp_path / "m.gguf"), unexpected="ignore")
    for type in ("type 98", "IQ2_XXS"):
        advice = "take a file of the model in another quantization, such as Q4_K_M, Q6_K or Q8_0"
        assert f"lazycell does not compute {type} of GGUF: {advice}" in str(caught.value)
    assert "more" not in str(caught.value)
