"""Manifests and headers made by hand, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lazycell import _dtypes
from lazycell.formats import ByteRange, CheckpointHeader, TensorHeader
from lazycell.layout._entry import ManifestEntry
from lazycell.loading import _fit
from lazycell.loading._options import LoadOptions
from lazycell.loading._plan import LoadPlan
from lazycell.manifest._manifest import Manifest

Spec = tuple[tuple[int, ...], str]


def make_plan(manifest: Manifest, header: CheckpointHeader, *, again: Any = None, **options: Any) -> LoadPlan:
    """Fit a checkpoint to a model, with the keywords of a load."""
    return _fit.make_plan(manifest, header, LoadOptions(**options), again=again)


def declared(name: str, shape: tuple[int, ...] = (2, 3), dtype: str = "float32", **more: Any) -> ManifestEntry:
    """Declare one parameter."""
    where = {"expression": "(n, m)", "declared_by": "Linear.weight", "declared_at": "layers.py:7"} | more
    return ManifestEntry(name, shape, dtype, "normal", **where)


def manifest(*entries: ManifestEntry, **more: Any) -> Manifest:
    """Declare a model called Net."""
    return Manifest("Net", entries, **more)


def stored(tensors: Mapping[str, Spec] | Iterable[str]) -> CheckpointHeader:
    """Describe a file that holds the tensors; names alone are float32 of shape (2, 3)."""
    path = Path("net.safetensors")
    specs = tensors if isinstance(tensors, Mapping) else dict.fromkeys(tensors, ((2, 3), "float32"))
    headers, end = {}, 0
    for name, (shape, dtype) in specs.items():
        count = _dtypes.ITEMSIZES[dtype]
        for size in shape:
            count *= size
        headers[name] = TensorHeader(name, dtype, shape, (ByteRange(path, end, end + count),))
        end += count
    return CheckpointHeader(path, "safetensors", headers)
