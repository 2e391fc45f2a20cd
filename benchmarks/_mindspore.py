"""MindSpore's side: the same nets as plain cells, and its own loader and initializers. lazycell is not
imported.
"""

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

from ._work import CONSTANTS, PROJECTIONS, Work


class Layers(nn.Cell):
    """A list of linear layers."""

    def __init__(self, n_layers: int, width: int, dtype: Any, weight_init: Any, bias_init: Any) -> None:
        """Build it."""
        super().__init__()
        self.layers = nn.CellList(
            [nn.Dense(width, width, weight_init=weight_init, bias_init=bias_init, dtype=dtype) for _ in range(n_layers)]
        )


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
        return Layers(work.n_layers, work.width, dtype, *_initializers(work))
    return Experts(work.n_layers, work.n_experts, work.width, dtype)


def build(net: None, work: Work) -> Any:
    """Build the net under MindSpore's own `no_init_parameters`."""
    with no_init_parameters():
        return build_eagerly(None, work)


def _initializers(work: Work) -> tuple[Any, Any]:
    """Give those of weight and bias; None: the default of `Dense`."""
    if work.initializer == "normal":
        return "normal", "zeros"
    value = CONSTANTS.get(work.initializer)
    return value, value


def load(net: Any, work: Work) -> Any:
    """Load the checkpoint with `mindspore.load_checkpoint`, which converts where the dtypes differ."""
    mindspore.load_checkpoint(work.path, net, format=Path(work.path).suffix[1:])
    return net


def init(net: Any, work: Work) -> Any:
    """Initialize all parameters."""
    net.init_parameters_data()
    return net


def shapes(net: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the name and shape of each parameter."""
    for name, parameter in net.parameters_and_names():
        yield name, tuple(parameter.shape)


def arrays(net: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Give the memory of each parameter, as bytes. `asnumpy` would copy bfloat16."""
    for parameter in net.get_parameters():
        yield np.ctypeslib.as_array((ctypes.c_uint8 * parameter.nbytes).from_address(parameter.data_ptr()))
