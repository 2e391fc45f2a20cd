"""PyTorch's files fill a net as the same tensors in safetensors do, wherever their numbers lie."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
import safetensors.numpy

import lazycell
from lazycell import LazyCell, Param, child, open_checkpoint, read_tensor
from lazycell._dtypes import numpy_dtype
from lazycell.reading import _transfer

from ..formats.torchfiles import legacy, zipped


class Linear(LazyCell):
    """Affine."""

    in_features: int
    out_features: int
    weight: Param["normal", (out_features, in_features)]
    bias: Param["zeros", (out_features,)]


class Net(LazyCell):
    """Two layers, the first of them large."""

    width: int
    first: Linear = child(Linear, 600, width)
    last: Linear = child(Linear, width, 3)


def tensors(width: int) -> dict[str, np.ndarray[Any, Any]]:
    """The net's tensors, with their numbers in order, apart from each other, repeated and turned."""
    turned = np.arange(600 * width, dtype=np.float32).reshape(600, width).T
    apart = np.arange(6 * width, dtype=np.float32).reshape(3, 2 * width)[:, ::2]
    return {
        "first.weight": turned,
        "first.bias": np.broadcast_to(np.full(1, 7, np.float32), (width,)),
        "last.weight": apart,
        "last.bias": np.arange(5, dtype=np.float32)[1:4],
    }


def values(net: Net) -> dict[str, np.ndarray[Any, Any]]:
    """What is in a net."""
    return {parameter.name: parameter.astype(ms.float32).asnumpy() for parameter in net.get_parameters()}


@pytest.fixture
def small_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut large tensors into many tasks."""
    monkeypatch.setattr(_transfer, "ITEM", 1 << 16)


@pytest.mark.parametrize("write", [zipped, legacy])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.usefixtures("small_items")
def test_a_load_is_that_of_safetensors(tmp_path: Path, write: Callable[[Any], bytes], dtype: str, mmap: bool) -> None:
    """Each value is the same, cast or not, mapped or read."""
    width = 100
    (tmp_path / "net.bin").write_bytes(write(tensors(width)))
    packed = {name: np.ascontiguousarray(array) for name, array in tensors(width).items()}
    safetensors.numpy.save_file(packed, tmp_path / "net.safetensors")
    found = []
    for name in ("net.bin", "net.safetensors"):
        net = Net(width, dtype=getattr(ms, dtype))
        net.load_checkpoint(tmp_path / name, mmap=mmap)
        found.append(values(net))
    for name, array in found[1].items():
        np.testing.assert_array_equal(found[0][name], array)
        np.testing.assert_array_equal(array, packed[name].astype(numpy_dtype(dtype)).astype(np.float32))


def test_two_nets_do_not_share_what_a_file_shares(tmp_path: Path) -> None:
    """Tensors over one storage become parameters of their own, which the file does not follow."""
    w = np.arange(300, dtype=np.float32)
    arrays = tensors(3) | {"first.bias": w[:3], "last.bias": w[:3]}
    (tmp_path / "net.pt").write_bytes(zipped(arrays))
    before = (tmp_path / "net.pt").read_bytes()
    net = Net(3)
    net.load_checkpoint(tmp_path / "net.pt")
    net.first.bias.set_data(ms.Tensor(np.full(3, 9, np.float32)))
    np.testing.assert_array_equal(net.last.bias.asnumpy(), [0, 1, 2])
    assert (tmp_path / "net.pt").read_bytes() == before


@pytest.mark.usefixtures("small_items")
def test_a_conversion(tmp_path: Path) -> None:
    """What safetensors has after it is what PyTorch's file had; so with a shard for each few tensors."""
    width = 100
    (tmp_path / "net.bin").write_bytes(zipped({"state_dict": tensors(width)}))
    lazycell.convert(tmp_path / "net.bin", tmp_path / "new.safetensors", rename={"state_dict.{*rest}": "{*rest}"})
    header = open_checkpoint(tmp_path / "new.safetensors")
    for name, array in tensors(width).items():
        np.testing.assert_array_equal(read_tensor(header.tensors[name]), array)
    lazycell.convert(tmp_path / "net.bin", tmp_path / "new.ckpt", dtype="float16")
    found = open_checkpoint(tmp_path / "new.ckpt").tensors["state_dict.last.weight"]
    np.testing.assert_array_equal(read_tensor(found), tensors(width)["last.weight"].astype(np.float16))


def test_there_are_no_checksums(tmp_path: Path) -> None:
    """A file of PyTorch, or shards of it, cannot be verified; the message says so."""
    (tmp_path / "a.bin").write_bytes(zipped({"w": np.zeros(1, np.float32)}))
    (tmp_path / "pytorch_model.bin.index.json").write_text('{"weight_map": {"w": "a.bin"}}')
    for name in ("a.bin", "pytorch_model.bin.index.json"):
        with pytest.raises(lazycell.CheckpointFormatError, match=f"{name}: holds no checksums"):
            lazycell.verify(tmp_path / name)


_SD = tensors(3)
_OPTIMIZER = {"state": {0: {"step": np.full((), 1, np.float32), "exp_avg": np.ones((3, 600), np.float32)}}}


@pytest.mark.parametrize(
    "value",
    [
        {f"module.{name}": array for name, array in _SD.items()},
        {f"_orig_mod.{name}": array for name, array in _SD.items()},
        {f"_orig_mod.module.{name}": array for name, array in _SD.items()},
        {"state_dict": _SD},
        {"epoch": 3, "state_dict": _SD, "optimizer": _OPTIMIZER},
        {"epoch": 3, "model_state_dict": {f"module.{name}": each for name, each in _SD.items()}, "opt": _OPTIMIZER},
    ],
    ids=["module", "_orig_mod", "both", "state_dict", "training", "training module"],
)
def test_what_is_proposed_loads(tmp_path: Path, value: Mapping[str, Any]) -> None:
    """The advice, followed to the letter, gives the values that are meant."""
    path = tmp_path / "net.pt"
    path.write_bytes(zipped(value))
    options: dict[str, Any] = {}
    with pytest.raises(lazycell.CheckpointMismatchError) as caught:
        Net(3).load_checkpoint(path)
    rename = re.search(r'pass rename=\{"([^"]+)": "([^"]+)"\}', str(caught.value))
    assert rename is not None
    options["rename"] = {rename[1]: rename[2]}
    if "epoch" in value:  # then the rest is named
        with pytest.raises(lazycell.CheckpointMismatchError) as caught:
            Net(3).load_checkpoint(path, **options)
        rest = re.search(r'pass unexpected=\["([^"]+)"\]', str(caught.value))
        assert rest is not None
        options["unexpected"] = [rest[1]]
    net = Net(3)
    net.load_checkpoint(path, **options)
    for name, array in _SD.items():
        np.testing.assert_array_equal(values(net)[name], array)
