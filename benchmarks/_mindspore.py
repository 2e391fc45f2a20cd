"""MindSpore's side: the same nets as plain cells, and its own loader. lazycell is not imported."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mindspore
import numpy as np
from mindspore import Parameter, nn
from mindspore.common.initializer import initializer
from mindspore.nn.utils import no_init_parameters

from ._work import PROJECTIONS, Work


class Layers(nn.Cell):
    """A list of linear layers."""

    def __init__(self, n_layers: int, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.layers = nn.CellList([nn.Dense(width, width, dtype=dtype) for _ in range(n_layers)])


class Projection(nn.Cell):
    """A weight alone."""

    def __init__(self, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.weight = Parameter(initializer("normal", (width, width), dtype), name="weight")


class Expert(nn.Cell):
    """Three projections."""

    def __init__(self, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        for part in PROJECTIONS:
            setattr(self, part, Projection(width, dtype))


class Layer(nn.Cell):
    """A list of experts."""

    def __init__(self, n_experts: int, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.experts = nn.CellList([Expert(width, dtype) for _ in range(n_experts)])


class Experts(nn.Cell):
    """A list of layers of experts."""

    def __init__(self, n_layers: int, n_experts: int, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.layers = nn.CellList([Layer(n_experts, width, dtype) for _ in range(n_layers)])


def build_eagerly(net: None, work: Work) -> Any:
    """Build the net; every parameter is initialized."""
    dtype = getattr(mindspore, work.dtype)
    if work.net == "layers":
        return Layers(work.n_layers, work.width, dtype)
    return Experts(work.n_layers, work.n_experts, work.width, dtype)


def build(net: None, work: Work) -> Any:
    """Build the net under MindSpore's own `no_init_parameters`."""
    with no_init_parameters():
        return build_eagerly(None, work)


def load(net: Any, work: Work) -> Any:
    """Load the checkpoint with `mindspore.load_checkpoint`, which converts where the dtypes differ."""
    mindspore.load_checkpoint(work.path, net, format=Path(work.path).suffix[1:])
    return net


def arrays(net: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Give the memory of each parameter, as bytes. `asnumpy` would copy bfloat16."""
    for parameter in net.get_parameters():
        yield np.ctypeslib.as_array((ctypes.c_uint8 * parameter.nbytes).from_address(parameter.data_ptr()))
