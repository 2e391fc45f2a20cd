"""What a test does in another way with an older MindSpore."""

from __future__ import annotations

from typing import Any

import mindspore as ms
from mindspore import nn

VERSION = tuple(map(int, ms.__version__.split(".")[:2]))

HAS_CELL_TO = VERSION >= (2, 10)
"""Whether cells have `to` and `to_empty`; a `LazyCell` has its own `to_empty` with each version."""


def convert(cell: Any, dtype: Any) -> Any:
    """Do what `cell.to(dtype)` does: before 2.10 one changes the dtype of each parameter and buffer."""
    if HAS_CELL_TO:
        return cell.to(dtype)
    assert not hasattr(nn.Cell, "to")
    for tensor in (*cell.get_parameters(), *cell.buffers()):
        if tensor.dtype in (ms.float16, ms.bfloat16, ms.float32, ms.float64):
            tensor.set_dtype(dtype)
    return cell
