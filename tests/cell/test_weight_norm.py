"""PyTorch's 1-D convolutions in MindSpore's plain cells: with an axis less, and with weight norm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn
from safetensors.numpy import load_file, save_file

from lazycell import (
    LazyCell,
    child,
    children,
    direction,
    magnitude,
    open_checkpoint,
    rename,
    squeezed,
    verify,
)

Array = Any


class Block(LazyCell):
    c: int
    conv: nn.Conv1d = child(nn.Conv1d, c, c, 3, pad_mode="valid", has_bias=True)

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        return self.conv(x)


class Net(LazyCell):
    c: int = 4
    layers: list[Block] = children(2, Block, c)

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Declared(Block):
    rename(
        {
            "conv.weight_g": magnitude(squeezed("conv.weight", axis=2)),
            "conv.weight_v": direction(squeezed("conv.weight", axis=2)),
        }
    )


def torch_file(norm: tuple[str, str] | None) -> dict[str, Array]:
    """Give what PyTorch saves; the names of the halves, if it has a norm."""
    rng, tensors = np.random.default_rng(0), {}
    for i in range(2):
        tensors[f"layers.{i}.conv.bias"] = rng.normal(size=4).astype(np.float32)
        weight = rng.normal(size=(4, 4, 3)).astype(np.float32)
        if norm is None:
            tensors[f"layers.{i}.conv.weight"] = weight
        else:
            tensors[f"layers.{i}.conv.{norm[0]}"] = rng.random((4, 1, 1)).astype(np.float32)
            tensors[f"layers.{i}.conv.{norm[1]}"] = weight
    return tensors


def weights(tensors: dict[str, Array], norm: tuple[str, str] | None) -> list[Array]:
    """Give each layer's weight, in float64."""
    if norm is None:
        return [tensors[f"layers.{i}.conv.weight"].astype(np.float64) for i in range(2)]
    pairs = [[tensors[f"layers.{i}.conv.{half}"].astype(np.float64) for half in norm] for i in range(2)]
    return [g * v / np.sqrt(np.square(v).sum((1, 2), keepdims=True)) for g, v in pairs]


@pytest.mark.parametrize(
    "norm", [None, ("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1")]
)
def test_what_torch_parts_computes_what_torch_computes(norm: tuple[str, str] | None, tmp_path: Path) -> None:
    """Loaded, computed with, and saved as the file was, from which it is loaded to the bit."""
    tensors = torch_file(norm)
    save_file(tensors, tmp_path / "torch.safetensors")
    net = Net()
    assert net.load_checkpoint(tmp_path / "torch.safetensors").naming == "torch"
    x = np.random.default_rng(1).normal(size=(2, 4, 9)).astype(np.float32)
    expected = x.astype(np.float64)
    for i, weight in enumerate(weights(tensors, norm)):
        windows = np.lib.stride_tricks.sliding_window_view(expected, 3, axis=2)
        expected = np.einsum("bitk,oik->bot", windows, weight) + tensors[f"layers.{i}.conv.bias"][:, None]
    np.testing.assert_allclose(net(ms.Tensor(x)).asnumpy(), expected, rtol=1e-4, atol=1e-4)

    net.save_checkpoint(tmp_path / "again.safetensors")
    verify(tmp_path / "again.safetensors")
    assert {key: each.shape for key, each in load_file(tmp_path / "again.safetensors").items()} == {
        key: each.shape for key, each in tensors.items()
    }
    other = Net()
    other.load_checkpoint(tmp_path / "again.safetensors")
    for mine, theirs in zip(net.get_parameters(), other.get_parameters(), strict=True):
        np.testing.assert_array_equal(mine.asnumpy(), theirs.asnumpy())


@pytest.mark.parametrize("dtype", [None, "float16"])
def test_declared_it_is_saved_so(dtype: str | None, tmp_path: Path) -> None:
    """Norms in float32 at least, of what is stored: in half precision, too, the weight is what it would be without."""
    net = Declared(4)
    net.init_parameters_data(seed=0)
    net.save_checkpoint(tmp_path / "m.safetensors", dtype=dtype)
    found = open_checkpoint(tmp_path / "m.safetensors").tensors
    assert {key: (each.dtype, each.shape) for key, each in found.items()} == {
        "conv.bias": (dtype or "float32", (4,)),
        "conv.weight_g": ("float32", (4, 1, 1)),
        "conv.weight_v": (dtype or "float32", (4, 4, 3)),
    }
    again = Declared(4, dtype=dtype)
    again.load_checkpoint(tmp_path / "m.safetensors", dtype="strict")
    expected = net.conv.weight.asnumpy().astype(dtype or "float32")
    np.testing.assert_array_equal(again.conv.weight.asnumpy(), expected)
