"""Tests of `lazycell.formats._memory`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from lazycell import parameters
from lazycell._errors import CheckpointFormatError
from lazycell.formats import CheckpointHeader, open_checkpoint
from lazycell.formats._memory import read_arrays


def values(header: CheckpointHeader, name: str, dtype: Any) -> Any:
    """Copy a tensor's bytes out of its parts."""
    tensor = header.tensors[name]
    content = bytearray(tensor.nbytes)
    for part in tensor.ranges:
        part.read_into(memoryview(content), 0)
    return np.frombuffer(content, dtype).reshape(tensor.shape)


ARRAYS = {
    "turned": np.arange(6).reshape(2, 3).T,
    "every other": np.arange(9, dtype=np.int16).reshape(3, 3)[::2, ::2],
    "big-endian": np.arange(3, dtype=">f4"),
    "bfloat16": np.arange(3).astype(ml_dtypes.bfloat16),
    "float8": np.arange(3).astype(ml_dtypes.float8_e5m2),
    "scalar": np.float64(2.5),
    "no dims": np.array(True),
    "empty": np.zeros((0, 3), np.float32),
    "read-only": np.frombuffer(b"\1\2\3", np.uint8),
    "bytes of": np.asfortranarray(np.arange(8, dtype=np.complex64).reshape(2, 2, 2)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_every_array_is_described_and_copied(name: str) -> None:
    """Whatever its strides and order of bytes, its values come out little-endian and row-major."""
    array = ARRAYS[name]
    header = read_arrays({name: array})
    tensor = header.tensors[name]
    assert (tensor.dtype, tensor.shape, tensor.nbytes) == (array.dtype.name, array.shape, array.nbytes)
    np.testing.assert_array_equal(values(header, name, array.dtype.newbyteorder("<")), array)


def test_an_ordinary_array_is_not_copied_before_it_is_read() -> None:
    """A header costs no memory: what changes before the read is read."""
    array = np.zeros(4, np.float32)
    header = read_arrays({"w": array})
    array[:] = 7
    first = values(header, "w", np.float32)
    array[:] = 8
    np.testing.assert_array_equal(first, [7, 7, 7, 7])


def test_what_mindspore_loads_is_taken(tmp_path: Path) -> None:
    """Tensors, parameters and strings of `mindspore.load_checkpoint`, bfloat16 to the bit."""
    import mindspore as ms

    half = np.array([0x3F80, 0xFF80, 0x7FC1, 0x0001], np.uint16).view(ml_dtypes.bfloat16)
    path = tmp_path / "net.ckpt"
    saved = {"w": ms.Tensor([[1.0, 2.0]]), "h": parameters.tensor_of(half), "s": ms.Tensor(3, ms.int32)}
    ms.save_checkpoint(
        [{"name": name, "data": tensor} for name, tensor in saved.items()], str(path), append_dict={"note": "x"}
    )
    for arrays in (ms.load_checkpoint(str(path)), {**saved, "note": "x"}):
        header = open_checkpoint(arrays)
        assert (header.format, str(header.path), dict(header.metadata)) == ("dict", "<dict>", {"note": "x"})
        assert [(name, t.dtype, t.shape) for name, t in header.tensors.items()] == [
            ("w", "float32", (1, 2)),
            ("h", "bfloat16", (4,)),
            ("s", "int32", ()),
        ]
        np.testing.assert_array_equal(values(header, "w", np.float32), [[1, 2]])
        np.testing.assert_array_equal(values(header, "h", np.uint16), half.view(np.uint16))


@pytest.mark.parametrize("mmap", [True, False])
def test_nets_loaded_from_one_dict_share_nothing(mmap: bool) -> None:
    """Neither with each other nor with the dict, of which MindSpore makes views."""
    import mindspore as ms

    from ..cell.test_corpus import Tiny

    for arrays in ({"w": np.arange(3, dtype=np.float32)}, {"w": ms.Tensor([0.0, 1.0, 2.0])}):
        first, second = Tiny(3), Tiny(3)
        for net in (first, second):
            net.load_checkpoint(arrays, mmap=mmap)
        ms.ops.assign_add(first.w, ms.Tensor([5.0, 5.0, 5.0]))
        np.testing.assert_array_equal(first.w.asnumpy(), [5, 6, 7])
        for other in (second.w, arrays["w"]):
            np.testing.assert_array_equal(other if isinstance(other, np.ndarray) else other.asnumpy(), [0, 1, 2])


class TorchLike:
    """Looks like another framework's tensor."""

    __module__ = "torch"
    __qualname__ = "Tensor"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (3, "of type int, which is no array"),
        ([1.0], "of type list, which is no array"),
        (None, "of type NoneType, which is no array"),
        (b"bytes", "of type bytes, which is no array"),
        (Path("x"), f"of type {type(Path()).__module__}.{type(Path()).__qualname__}, which is no array"),
        (TorchLike(), "of type torch.Tensor, which is no array; give `tensor.numpy()`"),
        (np.array(["a"]), "an array of dtype <U1, which no MindSpore tensor can hold"),
        (np.array([None]), "an array of dtype object, which no MindSpore tensor can hold"),
        (np.zeros(2, "f4,i4"), "an array of dtype [('f0', '<f4'), ('f1', '<i4')], which no MindSpore tensor can hold"),
        (np.ma.array([1.0], mask=[True]), "a masked array: fill it first, with `.filled()`"),
    ],
)
def test_what_is_no_array_is_refused_by_name(value: object, what: str) -> None:
    """The message says which, and what it is."""
    with pytest.raises(CheckpointFormatError) as caught:
        read_arrays({"good": np.zeros(1), "layers.0.w": value})
    assert str(caught.value) == f"<dict>: tensor 'layers.0.w': it is {what}"


def test_names_are_strings() -> None:
    """Anything else names no parameter."""
    with pytest.raises(CheckpointFormatError) as caught:
        read_arrays({7: np.zeros(1)})  # type: ignore[dict-item]
    assert str(caught.value) == "<dict>: the key 7 is not a string: give each tensor its name"


def test_strings_are_unicode_text() -> None:
    """No format of files could hold another."""
    for name, text in (("note", "\ud800"), ("\ud800", "note")):
        with pytest.raises(CheckpointFormatError, match="is not Unicode text"):
            read_arrays({name: text})


def test_parameters_without_values_are_refused() -> None:
    """MindSpore's own and lazycell's: neither gives random memory."""
    from mindspore import nn
    from mindspore.nn import no_init_parameters

    from ..cell.test_corpus import Tiny

    with no_init_parameters():
        plain = nn.Dense(2, 3)
    for value in (plain.weight, Tiny(2).w):
        with pytest.raises(CheckpointFormatError, match=r"<dict>: tensor 'w': it is a parameter without values: "):
            read_arrays({"w": value})


def test_no_mindspore_is_imported() -> None:
    """A dict of numpy arrays is opened without MindSpore."""
    code = (
        "import sys, numpy as np; from lazycell.formats import open_checkpoint\n"
        "open_checkpoint({'a': np.zeros(3)}); sys.exit('mindspore' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
