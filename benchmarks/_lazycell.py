# ruff: noqa: F821 (declarations: initializer names in quotes, hyperparameters as bare annotations)
"""lazycell's side: the nets declared as LazyCells, loaded with the defaults of `load_checkpoint`."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import mindspore
import numpy as np

from lazycell import LazyCell, Param, child, children

from ._work import Work


class Linear(LazyCell):
    """A weight and a bias."""

    width: int
    weight: Param["normal", (width, width)]
    bias: Param["zeros", (width,)]


class Layers(LazyCell):
    """A list of linear layers."""

    n_layers: int
    width: int
    layers: list[Linear] = children(n_layers, Linear, width)


class Projection(LazyCell):
    """A weight alone."""

    width: int
    weight: Param["normal", (width, width)]


class Expert(LazyCell):
    """Three projections."""

    width: int
    gate: Projection = child(Projection, width)
    up: Projection = child(Projection, width)
    down: Projection = child(Projection, width)


class Layer(LazyCell):
    """A list of experts."""

    n_experts: int
    width: int
    experts: list[Expert] = children(n_experts, Expert, width)


class Experts(LazyCell):
    """A list of layers of experts."""

    n_layers: int
    n_experts: int
    width: int
    layers: list[Layer] = children(n_layers, Layer, n_experts, width)


def build(net: None, work: Work) -> Any:
    """Build the net; no parameter has values or memory."""
    dtype = getattr(mindspore, work.dtype)
    if work.net == "layers":
        return Layers(n_layers=work.n_layers, width=work.width, dtype=dtype)
    return Experts(n_layers=work.n_layers, n_experts=work.n_experts, width=work.width, dtype=dtype)


def load(net: Any, work: Work) -> Any:
    """Load the checkpoint."""
    net.load_checkpoint(work.path)
    return net


def arrays(net: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Give the memory of each parameter, as bytes. `asnumpy` would copy bfloat16."""
    for parameter in net.get_parameters():
        yield np.ctypeslib.as_array((ctypes.c_uint8 * parameter.nbytes).from_address(parameter.data_ptr()))
