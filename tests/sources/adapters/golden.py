"""Adapters that `peft` wrote, and the weights that it merged them to; `tests/golden/sources` says more."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from lazycell._dtypes import numpy_dtype
from lazycell.formats import CheckpointHeader, TensorHeader, open_checkpoint
from lazycell.sources import adapters

from ...golden_cases import GOLDEN

PEFT = GOLDEN / "sources" / "peft"


@attrs.frozen
class Case:
    """One adapter with its base."""

    name: str

    @property
    def path(self) -> Path:
        return PEFT / self.name

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def told(self) -> dict[str, Any]:
        return json.loads((self.path / "case.json").read_text())

    @property
    def base(self) -> CheckpointHeader:
        return open_checkpoint(PEFT / self.told["base"] / "model.safetensors")

    @property
    def expected(self) -> CheckpointHeader:
        return open_checkpoint(self.path / "expected_merged_weights.safetensors")

    def merged(self, *, as_stored: bool = True) -> CheckpointHeader:
        return adapters.merged(self.base, adapters.read_adapters(self.adapter), as_stored=as_stored)


def values(tensor: TensorHeader) -> np.ndarray:
    """Read all of a tensor."""
    raw = bytearray(tensor.nbytes)
    start = 0
    for part in tensor.ranges:
        part.read_into(memoryview(raw)[start : start + part.nbytes], 0)
        start += part.nbytes
    assert start == math.prod(tensor.shape) * tensor.itemsize
    return np.frombuffer(bytes(raw), numpy_dtype(tensor.dtype)).reshape(tensor.shape)
