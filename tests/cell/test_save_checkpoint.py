"""Saving a net: what of it goes into the file, and what comes back."""

from __future__ import annotations

import json
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
import safetensors
from mindspore import Tensor, nn

from lazycell import LazyCell, Param, UninitializedParameterError, buffer, child, children, lazy, tie
from lazycell.declaration._stored import fused, rename, reshaped, transposed
from lazycell.formats import open_checkpoint
from lazycell.parameters import numpy_values
from lazycell.reading._read import read_tensor


class Layer(LazyCell):
    width: int = 3
    weight: Param["normal", (width, 2 * width)]
    scale: Param[0.5, ()]


class Net(LazyCell):
    width: int = 3
    n_layers: int = 2

    embed: Param["normal", (5, width)]
    head: Param["normal", (5, width)]
    layers: list[Layer] = children(n_layers, Layer, width)
    steps = buffer("zeros", (2,), dtype=ms.int64)
    table = buffer("ones", (width,), persistent=False)
    plain: nn.Dense = child(nn.Dense, width, width)
    tied = tie("head", "embed")


STORED = ["embed", "layers.0.weight", "layers.0.scale", "layers.1.weight", "layers.1.scale", "steps"]


def initialized(dtype: object = ms.float32) -> Net:
    """Build a net that has values."""
    net = Net(dtype=dtype)
    net.init_parameters_data(seed=3)
    return net


def values(net: nn.Cell) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Give dtype, shape and bytes of every parameter."""
    return {
        name: (str(parameter.dtype), tuple(parameter.shape), numpy_values(parameter).tobytes())
        for name, parameter in net.parameters_and_names()
    }


@pytest.mark.parametrize("dtype", [ms.float32, ms.bfloat16, ms.float16])
@pytest.mark.parametrize("name", ["net.safetensors", "net.ckpt"])
def test_what_is_saved_can_be_loaded(tmp_path: Path, name: str, dtype: object) -> None:
    """Every value, bit for bit, and verified."""
    net = initialized(dtype)
    report = net.save_checkpoint(tmp_path / name, format=name.partition(".")[2])
    assert report.path == tmp_path / name
    other = Net(dtype=dtype)
    loaded = other.load_checkpoint(tmp_path / name, verify=True)
    assert values(other) == values(net)
    assert not loaded.initialized
    assert report.nbytes == loaded.nbytes


def test_what_is_in_the_file(tmp_path: Path) -> None:
    """Every parameter and saved buffer once, ties under the owner's name, nothing that is computed."""
    net = initialized()
    net.save_checkpoint(tmp_path / "net.safetensors")
    header = open_checkpoint(tmp_path / "net.safetensors")
    assert set(header.tensors) == {*STORED, "plain.weight", "plain.bias"}
    assert header.tensors["layers.0.scale"].shape == ()
    metadata = dict(header.metadata)
    assert set(json.loads(metadata.pop("lazycell.crc32"))) == set(header.tensors)
    assert metadata == {"format": "pt", "lazycell.model": "Net", "lazycell.digest": net.manifest().digest}


def test_other_libraries_read_it(tmp_path: Path) -> None:
    """MindSpore's loader and Hugging Face's, both formats."""
    net = initialized()
    net.save_checkpoint(tmp_path / "net.safetensors")
    net.save_checkpoint(tmp_path / "net.ckpt", format="ckpt")
    expected = {name: array for name, (_, _, array) in values(net).items()}
    for name, format in (("net.safetensors", "safetensors"), ("net.ckpt", "ckpt")):
        read = ms.load_checkpoint(str(tmp_path / name), format=format, crc_check=True)
        assert {key: parameter.asnumpy().tobytes() for key, parameter in read.items()} == expected
    with safetensors.safe_open(tmp_path / "net.safetensors", "numpy") as file:
        assert {key: file.get_tensor(key).tobytes() for key in file.keys()} == expected  # noqa: SIM118


def test_dtype(tmp_path: Path) -> None:
    """Floats are converted in the file; the net, and integers, stay as they are."""
    net = initialized()
    before = values(net)
    net.save_checkpoint(tmp_path / "net.safetensors", dtype=ms.bfloat16)
    assert values(net) == before
    header = open_checkpoint(tmp_path / "net.safetensors")
    assert {name: tensor.dtype for name, tensor in header.tensors.items()} == {
        name: "int64" if name == "steps" else "bfloat16" for name in header.tensors
    }
    assert header.metadata["lazycell.digest"] == Net(dtype=ms.bfloat16).manifest().digest
    expected = net.embed.asnumpy().astype(read_tensor(header.tensors["embed"]).dtype)
    assert read_tensor(header.tensors["embed"]).tobytes() == expected.tobytes()


def test_values_too_large_for_the_dtype(tmp_path: Path) -> None:
    """A warning says which tensor lost how many; the net keeps them."""
    net = initialized()
    net.embed.set_data(Tensor(np.full((5, 3), 1e6, np.float32)))
    with pytest.warns(RuntimeWarning, match=r"tensor 'embed': 15 values too large for float16") as seen:
        net.save_checkpoint(tmp_path / "net.safetensors", dtype="float16")
    assert seen[0].filename == __file__


def test_shards(tmp_path: Path) -> None:
    """A directory with an index, that loads as one file does."""
    net = initialized()
    report = net.save_checkpoint(tmp_path, max_shard_size=100)
    assert report.path == tmp_path / "model.safetensors.index.json"
    assert len(report.paths) > 2
    other = Net()
    other.load_checkpoint(tmp_path, verify=True)
    assert values(other) == values(net)


def test_saving_over_the_file_that_was_loaded(tmp_path: Path) -> None:
    """The net's values may be views of it: they stay, in the net and in the file."""
    path = tmp_path / "net.safetensors"
    initialized().save_checkpoint(path)
    net = Net()
    net.load_checkpoint(path, mmap=True)
    net.layers[0].scale.set_data(Tensor(np.float32(7)))
    before = values(net)
    net.save_checkpoint(path)
    assert values(net) == before
    other = Net()
    other.load_checkpoint(path)
    assert values(other) == before


@pytest.mark.parametrize("format", ["safetensors", "ckpt"])
def test_declared_parameters_are_refused(tmp_path: Path, format: str) -> None:
    """Nothing random gets into a file; the message names them, and the old file stays."""
    net = Net()
    net.head.init_data()
    with pytest.raises(UninitializedParameterError) as caught:
        net.save_checkpoint(tmp_path / f"net.{format}", format=format)
    assert str(caught.value).startswith(
        "7 parameter(s) of Net are declared and have no values to save: steps, layers.{0..1}.weight, layers.{0..1}.scale, "
    )
    assert "`net.init_parameters_data()`" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_those_of_plain_cells_too(tmp_path: Path) -> None:
    """A cell that was made lazy has no values either until somebody reads them."""

    @lazy
    class Plain(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Dense(2, 2)

    class Holder(LazyCell):
        inner: Plain = child(Plain)

    with pytest.raises(UninitializedParameterError, match="2 parameter"):
        Holder().save_checkpoint(tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("net.ckpt", {}, 'the name is that of a .ckpt file, and format="safetensors"'),
        ("net.safetensors", {"format": "ckpt"}, 'the name is that of a .safetensors file, and format="ckpt"'),
        ("net.safetensors", {"enc_key": b"0" * 16}, "enc_key: only a .ckpt can be encrypted"),
        ("net.ckpt", {"format": "ckpt", "enc_key": b"0"}, "enc_key has 1 bytes"),
        ("net.ckpt", {"format": "ckpt", "enc_key": b"0" * 16, "enc_mode": "ROT13"}, "enc_mode='ROT13'"),
        ("net.ckpt", {"format": "ckpt", "max_shard_size": "5GB"}, "a .ckpt is one file"),
        ("net.safetensors", {"dtype": ms.int8}, 'dtype="int8": floating-point tensors can only become'),
    ],
)
def test_contradictions(tmp_path: Path, name: str, arguments: dict[str, object], message: str) -> None:
    """Arguments that do not fit each other are refused before anything is written."""
    with pytest.raises(ValueError, match=r".") as caught:
        initialized().save_checkpoint(tmp_path / name, **arguments)
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", ["AES-GCM", "AES-CBC"])
def test_encryption(tmp_path: Path, mode: str) -> None:
    """MindSpore reads it with the key, and so does a net."""
    net, path, key = initialized(), tmp_path / "net.ckpt", b"0123456789abcdef"
    net.save_checkpoint(path, format="ckpt", enc_key=key, enc_mode=mode)
    assert b"layers" not in path.read_bytes()
    read = ms.load_checkpoint(str(path), dec_key=key, dec_mode=mode)
    assert {name: each.asnumpy().tobytes() for name, each in read.items()} == {
        name: array for name, (_, _, array) in values(net).items()
    }
    other = Net()
    other.load_checkpoint(path, dec_key=key, dec_mode=mode)
    assert values(other) == values(net)


class Attention(LazyCell):
    width: int = 4
    heads: int = 2

    q: Param["normal", (width, width)]
    k: Param["normal", (width, width)]
    v: Param["normal", (width, width)]
    qkv: Param["normal", (fused(q=2 * width, k=width, v=width), width)]
    proj: Param["normal", (width, 2 * width)]
    rename(
        {
            "c_attn.weight": transposed(fused(q="q", k="k", v="v")),
            "a_q": "qkv[q]",
            "a_k": "qkv[k]",
            "a_v": "qkv[v]",
            "patch": reshaped("proj", (width, width, 2)),
        }
    )


def test_the_declared_layout(tmp_path: Path) -> None:
    """A net that was not loaded is saved under the checkpoint's names, joined, cut and turned as they say."""
    net = Attention()
    net.init_parameters_data(seed=1)
    net.save_checkpoint(tmp_path / "net.safetensors")
    tensors = open_checkpoint(tmp_path / "net.safetensors").tensors
    stored = {name: read_tensor(tensor) for name, tensor in tensors.items()}
    assert set(stored) == {"c_attn.weight", "a_q", "a_k", "a_v", "patch"}
    q, k, v, qkv, proj = (each.asnumpy() for each in (net.q, net.k, net.v, net.qkv, net.proj))
    np.testing.assert_array_equal(stored["c_attn.weight"], np.concatenate([q, k, v]).T)
    np.testing.assert_array_equal(np.concatenate([stored["a_q"], stored["a_k"], stored["a_v"]]), qkv)
    np.testing.assert_array_equal(stored["patch"].reshape(4, 8), proj)
    other = Attention()
    other.load_checkpoint(tmp_path / "net.safetensors", verify=True)
    assert values(other) == values(net)


def test_the_layout_that_was_loaded(tmp_path: Path) -> None:
    """A file that has the model's own names is saved with them again."""
    net = Attention()
    net.init_parameters_data(seed=1)
    own = {name: parameter.asnumpy() for name, parameter in net.parameters_and_names()}
    import safetensors.numpy

    safetensors.numpy.save_file(own, tmp_path / "own.safetensors")
    other = Attention()
    other.load_checkpoint(tmp_path / "own.safetensors")
    other.save_checkpoint(tmp_path / "again.safetensors")
    tensors = open_checkpoint(tmp_path / "again.safetensors").tensors
    assert {name: read_tensor(tensor).tobytes() for name, tensor in tensors.items()} == {
        name: array.tobytes() for name, array in own.items()
    }
