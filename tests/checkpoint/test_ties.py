"""Tests of `lazycell.checkpoint._ties`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from lazycell._errors import CheckpointMismatchError
from lazycell.checkpoint import Reader, check_ties, make_plan, open_checkpoint

from .models import declared, manifest

MODEL = manifest(declared("embed", (600, 1000)), ties={"head": "embed"})


def check(path: Path, embed: np.ndarray, head: np.ndarray) -> None:
    """Save both names of the tie, and compare them as a load does."""
    safetensors.numpy.save_file({"embed": embed, "head": head}, path)
    with Reader() as reader:
        check_ties(make_plan(MODEL, open_checkpoint(path)), reader)


def test_equal_copies_pass(tmp_path: Path) -> None:
    """Bytes are compared: NaN equals NaN."""
    values = np.random.default_rng(0).normal(size=(600, 1000)).astype(np.float32)
    values[3, 4] = np.nan
    check(tmp_path / "m.safetensors", values, values.copy())


def test_one_different_value_is_an_error(tmp_path: Path) -> None:
    """The last of 600,000 values counts too; both keys are named."""
    values = np.zeros((600, 1000), np.float32)
    other = values.copy()
    other[-1, -1] = -0.0
    with pytest.raises(CheckpointMismatchError) as caught:
        check(tmp_path / "m.safetensors", values, other)
    assert str(caught.value) == (
        f"{tmp_path}/m.safetensors does not fit Net: 1 tie broken\n"
        "tied parameters that the checkpoint stores twice, differently:\n"
        "  embed: `embed` and `head` differ"
    )
    assert len(caught.value.problems) == 1
