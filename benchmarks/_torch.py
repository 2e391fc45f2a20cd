"""torch's side: the same nets on the meta device, then `load_state_dict(assign=True)`, or `to_empty` and `normal_`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from ._work import PROJECTIONS, Work


class Layers(nn.Module):
    """A list of linear layers."""

    def __init__(self, n_layers: int, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width, dtype=dtype) for _ in range(n_layers)])


class Projection(nn.Module):
    """A weight alone."""

    def __init__(self, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, width, dtype=dtype))


class Expert(nn.Module):
    """Three projections."""

    def __init__(self, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        for part in PROJECTIONS:
            setattr(self, part, Projection(width, dtype))


class Layer(nn.Module):
    """A list of experts."""

    def __init__(self, n_experts: int, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.experts = nn.ModuleList([Expert(width, dtype) for _ in range(n_experts)])


class Experts(nn.Module):
    """A list of layers of experts."""

    def __init__(self, n_layers: int, n_experts: int, width: int, dtype: Any) -> None:
        """Build it."""
        super().__init__()
        self.layers = nn.ModuleList([Layer(n_experts, width, dtype) for _ in range(n_layers)])


def build(net: None, work: Work) -> Any:
    """Build the net on the meta device."""
    dtype = getattr(torch, work.dtype)
    with torch.device("meta"):
        if work.net == "layers":
            return Layers(work.n_layers, work.width, dtype)
        return Experts(work.n_layers, work.n_experts, work.width, dtype)


def load(net: Any, work: Work) -> Any:
    """Load the checkpoint, convert each tensor whose dtype is not the net's, and assign."""
    state, dtype = load_file(work.path), getattr(torch, work.dtype)
    for name, tensor in state.items():
        if tensor.dtype != dtype:
            state[name] = tensor.to(dtype)
    net.load_state_dict(state, assign=True)
    return net


def init(net: Any, work: Work) -> Any:
    """Give every parameter memory, and fill it: weights with normal values, biases with zeros.

    The loop is the caller's to write: torch keeps no initializer for a parameter on the meta device.
    """
    if work.initializer != "normal":
        raise ValueError(f"{work.initializer} values are not drawn: numpy is the peer")
    net.to_empty(device="cpu")
    for layer in net.layers:
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)
    return net


def shapes(net: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the name and shape of each parameter."""
    for name, parameter in net.named_parameters():
        yield name, tuple(parameter.shape)


def arrays(net: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Give the memory of each parameter, as bytes."""
    for parameter in net.parameters():
        yield parameter.detach().view(torch.uint8).reshape(-1).numpy()
