"""Adapters that `peft` wrote, and the weights that it merged them to; `tests/golden/sources/README.md` says more."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from safetensors.numpy import save_file

from lazycell._dtypes import numpy_dtype
from lazycell.formats import CheckpointHeader, TensorHeader, open_checkpoint
from lazycell.sources import adapters

from ...golden_cases import GOLDEN

PEFT = GOLDEN / "sources" / "peft"
KOHYA = GOLDEN / "sources" / "kohya"
PREFIX = "base_model.model."


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


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Random float32, of another kind for each shape."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape, np.float32)


def write_adapter(folder: Path, tensors: Mapping[str, np.ndarray], **config: Any) -> Path:
    """Write an adapter; names without the prefix that all have."""
    folder.mkdir(exist_ok=True)
    save_file({PREFIX + name: value for name, value in tensors.items()}, folder / "adapter_model.safetensors")
    told = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": None, **config}
    (folder / "adapter_config.json").write_text(json.dumps(told))
    return folder


def merge(
    base: Mapping[str, np.ndarray], given: Path | Sequence[Any] | tuple[Path, float], *, as_stored: bool = False
) -> dict[str, np.ndarray]:
    """Give a base in memory with adapters merged into it; what they leave is left out."""
    header = adapters.merged(open_checkpoint(dict(base)), adapters.read_adapters(given), as_stored=as_stored)  # type: ignore[arg-type]
    return {name: values(tensor) for name, tensor in header.tensors.items() if tensor.origin}
