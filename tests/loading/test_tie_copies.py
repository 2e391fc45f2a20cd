"""Tests of `lazycell.loading._tie_copies`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from lazycell._errors import CheckpointMismatchError
from lazycell.formats import ByteRange, TensorHeader, open_checkpoint
from lazycell.layout._layout import Transpose
from lazycell.loading._plan import LoadPlan, LoadStep, Piece
from lazycell.loading._tie_copies import check_ties, same_bytes
from lazycell.reading._read import Reader

from .models import declared, make_plan, manifest

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
    assert str(caught.value).startswith(
        f"{tmp_path}/m.safetensors does not fit Net: 1 tie broken\n"
        "tied parameters that the checkpoint stores twice, differently:\n"
        "  embed: `embed` and `head` differ"
    )
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("place", [0, 5_000_000, -1])
def test_large_copies_are_compared_in_parts(tmp_path: Path, place: int, threads: int) -> None:
    """By all threads: one different byte is found anywhere."""
    values = np.zeros(10_000_000, np.uint8)
    other = values.copy()
    other[place] = 1
    safetensors.numpy.save_file({"a": values, "b": values, "c": other}, tmp_path / "m.safetensors")
    tensors = open_checkpoint(tmp_path / "m.safetensors").tensors
    with Reader(threads=threads) as reader:
        assert same_bytes(tensors["a"], tensors["b"], reader)
        assert not same_bytes(tensors["a"], tensors["c"], reader)


def test_copies_of_other_lengths_differ(tmp_path: Path) -> None:
    """Nothing is read to know it."""
    one = TensorHeader("a", "uint8", (2,), (ByteRange(tmp_path / "none", 0, 2),))
    other = TensorHeader("a", "uint8", (3,), (ByteRange(tmp_path / "none", 0, 3),))
    with Reader() as reader:
        assert not same_bytes(one, other, reader)


@pytest.mark.parametrize("equal", [True, False])
def test_a_parameter_of_pieces_is_put_together(tmp_path: Path, equal: bool) -> None:
    """Its copy lies in one piece."""
    embed = np.random.default_rng(0).normal(size=(600, 1000)).astype(np.float32)
    head = embed.copy()
    head[7, 8] += not equal
    safetensors.numpy.save_file({"embed": np.ascontiguousarray(embed.T), "head": head}, tmp_path / "m.safetensors")
    tensors = open_checkpoint(tmp_path / "m.safetensors").tensors
    whole = TensorHeader("embed", "float32", embed.shape, ())
    pieces = (Piece(tensors["embed"], (Transpose((1, 0)),)),)
    step = LoadStep("embed", "embed", whole, "bfloat16", (tensors["head"],), pieces)
    plan = LoadPlan(tmp_path / "m.safetensors", "Net", (step,))
    with Reader() as reader:
        if equal:
            check_ties(plan, reader)
        else:
            with pytest.raises(CheckpointMismatchError, match="`embed` and `head` differ"):
                check_ties(plan, reader)
