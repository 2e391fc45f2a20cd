"""Every malformed checkpoint of the corpus is refused, with one typed error, in little memory; every legal one is read."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
import safetensors

from lazycell._errors import CheckpointFormatError
from lazycell.cell._planning import plan
from lazycell.formats import ByteRange, open_checkpoint
from lazycell.formats._computed import Computed
from lazycell.formats._strided import StridedRange, span

from ..loading.models import declared, manifest
from .corpus import BAD, GOOD, WHITE, Bad, Good

# What reading the largest file of the corpus, of two million bytes, may take; most of it is its dims as numbers.
MEMORY = 50_000_000


def test_every_case_has_a_name_of_its_own() -> None:
    """A failure points at one case."""
    labels = [case.label for case in (*BAD, *GOOD)]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.label)
def test_malformed(tmp_path: Path, case: Bad) -> None:
    """The error names the file, the tensor where there is one, and the cause; planning a load fails the same way."""
    path = case.write(tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointFormatError) as caught:
            open_checkpoint(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    named = path.parent / case.file if case.file else path
    assert message.startswith(str(named))
    assert case.cause in message
    assert case.tensor is None or repr(case.tensor) in message
    assert len(message) < 1000 + 2 * len(str(path))
    with pytest.raises(CheckpointFormatError) as again:
        plan(manifest(declared("w", (1,))), path, missing="init", unexpected="ignore")
    assert str(again.value) == message


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.label)
def test_legal_but_unusual(tmp_path: Path, case: Good) -> None:
    """Names, dtypes and shapes are those of the file; every part lies inside it; a load can be planned."""
    path = case.write(tmp_path)
    header = open_checkpoint(path)
    assert {name: (tensor.dtype, tensor.shape) for name, tensor in header.tensors.items()} == case.tensors
    for tensor in header.tensors.values():
        for part in tensor.ranges:
            if isinstance(part, StridedRange):  # of PyTorch
                assert part.start + span(part.shape, part.strides) * part.itemsize <= part.path.stat().st_size
                continue
            for place in part.ranges if isinstance(part, Computed) else (part,):
                assert isinstance(place, ByteRange)
                assert 0 <= place.start <= place.stop <= place.path.stat().st_size
    if header.tensors.get("w") and header.tensors["w"].is_readable:
        entry = declared("w", header.tensors["w"].shape, header.tensors["w"].dtype)
        assert [step.key for step in plan(manifest(entry), path, unexpected="ignore").steps] == ["w"]


@pytest.mark.parametrize(
    "case",
    [case for case in (*BAD, *GOOD) if case.label.startswith("safetensors: ") and getattr(case, "cause", "") != WHITE],
    ids=lambda case: case.label,
)
def test_the_formats_own_library_agrees(tmp_path: Path, case: Bad | Good) -> None:
    """What is refused breaks a rule of the format, what is accepted none."""
    content = case.write(tmp_path).read_bytes()
    if isinstance(case, Good):
        found = {name: tuple(tensor["shape"]) for name, tensor in safetensors.deserialize(content)}
        assert found == {name: shape for name, (_, shape) in case.tensors.items()}
    else:
        with pytest.raises(safetensors.SafetensorError):
            safetensors.deserialize(content)
