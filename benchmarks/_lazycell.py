# ruff: noqa: F821 (declarations: initializer names in quotes, hyperparameters as bare annotations)
"""lazycell's side: the nets declared as LazyCells, loaded and initialized with the defaults."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import mindspore
import numpy as np

from lazycell import LazyCell, Manifest, Param, child, children

from ._work import CONSTANTS, Work

SEED = 0


class Linear(LazyCell):
    """A weight and a bias."""

    width: int
    weight_init: str | float = "normal"
    bias_init: str | float = "zeros"
    weight: Param[weight_init, (width, width)]
    bias: Param[bias_init, (width,)]


class Layers(LazyCell):
    """A list of linear layers."""

    n_layers: int
    width: int
    weight_init: str | float = "normal"
    bias_init: str | float = "zeros"
    layers: list[Linear] = children(n_layers, Linear, width, weight_init, bias_init)


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
    cls, hyperparameters = _call(work)
    return cls(**hyperparameters)


def manifest(net: None, work: Work) -> Manifest:
    """List the parameters of the net with nothing built."""
    cls, hyperparameters = _call(work)
    return cls.manifest(**hyperparameters)


def _call(work: Work) -> tuple[Any, dict[str, Any]]:
    """Give the class, and what it is called with."""
    sizes = {"n_layers": work.n_layers, "width": work.width, "dtype": getattr(mindspore, work.dtype)}
    if work.net == "experts":
        return Experts, {**sizes, "n_experts": work.n_experts}
    if work.initializer in ("zeros", "ones"):
        return Layers, {**sizes, "weight_init": work.initializer, "bias_init": work.initializer}
    if work.initializer in CONSTANTS:
        value = CONSTANTS[work.initializer]
        return Layers, {**sizes, "weight_init": value, "bias_init": value}
    return Layers, sizes


def load(net: Any, work: Work) -> Any:
    """Load the checkpoint."""
    net.load_checkpoint(work.path)
    return net


def init(net: Any, work: Work) -> Any:
    """Initialize all parameters, each from a stream of its own."""
    net.init_parameters_data(SEED)
    return net


def shapes(result: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the name and shape of each parameter, of a net or in a manifest."""
    for each in result if isinstance(result, Manifest) else result.get_parameters():
        yield each.name, tuple(each.shape)


def arrays(net: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Give the memory of each parameter, as bytes. `asnumpy` would copy bfloat16."""
    for parameter in net.get_parameters():
        yield np.ctypeslib.as_array((ctypes.c_uint8 * parameter.nbytes).from_address(parameter.data_ptr()))
