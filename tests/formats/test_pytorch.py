"""Tests of `lazycell.formats._pytorch`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell._errors import CheckpointFormatError
from lazycell.formats import ByteRange, open_checkpoint
from lazycell.formats._pytorch import read_pytorch
from lazycell.formats._strided import StridedRange
from lazycell.reading._read import Reader, read_tensor

from .torchfiles import STORAGES, Persistent, archive, legacy, pickled, rebuild, storage, tensor, zipped

GOLDEN = Path(__file__).parents[1] / "golden" / "pytorch"
W = np.arange(6, dtype=np.float32).reshape(2, 3)


def written(folder: Path, content: bytes, name: str = "w.pt") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(folder: Path, content: bytes) -> str:
    """Give why a file is refused, without its name."""
    path = written(folder, content)
    with pytest.raises(CheckpointFormatError) as caught:
        read_pytorch(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ").removeprefix("not a file of torch.save that lazycell reads: it ")


def flat(value: Any, prefix: str = "") -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a value by the way to them."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, np.ndarray):
            found[f"{prefix}{key}"] = each
        else:
            found |= flat(each, f"{prefix}{key}.")
    return found


def check(path: Path, expected: dict[str, np.ndarray[Any, Any]]) -> None:
    """All tensors have the dtype, the shape and the values that numpy has, mapped or read."""
    header = open_checkpoint(path)
    assert header.format == "pytorch"
    assert list(header.tensors) == list(expected)
    for name, array in expected.items():
        found = header.tensors[name]
        assert (found.dtype, found.shape, found.nbytes) == (array.dtype.name, array.shape, array.nbytes)
        for mmap in (True, False):
            values = read_tensor(found, mmap=mmap)
            assert values.flags.aligned
            assert values.flags.c_contiguous
            assert values.tobytes() == array.tobytes()


_DTYPES = [*STORAGES, "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"]


def numbers(dtype: str, count: int) -> np.ndarray[Any, Any]:
    """Numbers of a dtype, one after the other."""
    kind = getattr(ml_dtypes, dtype, None) or np.dtype(dtype)
    return (np.arange(count) % 100).astype(kind)


@st.composite
def views(draw: st.DrawFn, bases: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """A view of a base: reshaped, sliced, turned, expanded."""
    base = draw(st.sampled_from(bases))
    view = base.reshape(draw(st.sampled_from([(24,), (2, 12), (2, 3, 4), (1, 24, 1)])))
    for axis in range(view.ndim):
        start = draw(st.integers(0, view.shape[axis]))
        stop = draw(st.integers(start, view.shape[axis]))
        step = draw(st.sampled_from([1, 1, 2]))
        view = np.moveaxis(np.moveaxis(view, axis, 0)[start:stop:step], 0, axis)
    view = view.transpose(draw(st.permutations(range(view.ndim))))
    if draw(st.integers(0, 4)) == 0:
        view = np.broadcast_to(view, (3, *view.shape))
    return view


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([2, 3, 4]))
def test_any_views_in_any_nest(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, protocol: int) -> None:
    """What is read is what numpy has, in both layouts, whatever shares a storage."""
    bases = [numbers(data.draw(st.sampled_from(_DTYPES)), 24) for _ in range(2)]
    leaves = views(bases)
    nest = st.recursive(
        st.dictionaries(st.sampled_from("abcd"), leaves, max_size=3),
        lambda inner: st.dictionaries(st.sampled_from("abcdé"), inner, max_size=3) | st.lists(inner, max_size=2),
        max_leaves=4,
    )
    value: dict[str, Any] = {"w": data.draw(leaves), "more": data.draw(nest), "epoch": 3}
    folder = tmp_path_factory.getbasetemp()
    expected = {"w": value["w"], **flat(value["more"], "more.")}
    check(written(folder, zipped(value, protocol=protocol), "zip.pt"), expected)
    check(written(folder, legacy(value, protocol=protocol), "legacy.bin"), expected)


@pytest.mark.parametrize("dtype", _DTYPES)
def test_each_dtype(tmp_path: Path, dtype: str) -> None:
    """Exact, bit by bit."""
    w = numbers(dtype, 12).reshape(3, 4)
    value = {"w": w, "t": w.T, "s": w[1, 2:3].reshape(())}
    for content in (zipped(value), legacy(value)):
        check(written(tmp_path, content), value)


def golden(name: str) -> dict[str, np.ndarray[Any, Any]]:
    """What `tests/golden/pytorch/make.py` saved, by the formulas that are there."""
    w = np.arange(12, dtype=np.float32).reshape(3, 4)
    views = {"w": w, "tied": w, "transposed": w.T, "sliced": w[1:, ::2]}
    views |= {"expanded": np.broadcast_to(w[:, :1], (3, 4)), "scalar": np.full((), 3.5, np.float32)}
    views |= {"empty": np.zeros((0, 4), np.float32), "parameter": w + 1}
    if name == "train":
        w, b = np.full((2, 3), 0.5, np.float32), np.arange(2, dtype=np.float32)
        moment = {"step": np.full((), 1, np.float32), "exp_avg": np.zeros((2, 3), np.float32)}
        return flat({"state_dict": {"fc.weight": w, "fc.bias": b}, "optimizer": {"state": {0: moment}}})
    if name == "dtypes":
        names = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float64", "complex64"]
        names += ["uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"]
        return {each: (np.arange(6) % (2 if each == "bool" else 6)).astype(numbers(each, 1).dtype) for each in names}
    return views


@pytest.mark.parametrize("name", ["views", "dtypes", "train"])
def test_what_torch_wrote(name: str) -> None:
    """PyTorch 2.13's own files, in both layouts."""
    check(GOLDEN / f"{name}.pt", golden(name))
    if name != "dtypes":
        check(GOLDEN / f"{name}.legacy.bin", golden(name))


def test_what_torch_wrote_that_is_not_read() -> None:
    """A module is code; a sparse tensor is listed."""
    with pytest.raises(CheckpointFormatError, match=r"asks for torch\.nn\.modules\.module\.Module, and what a pickle"):
        open_checkpoint(GOLDEN / "module.pt")
    tensors = open_checkpoint(GOLDEN / "sparse.pt").tensors
    assert {name: (each.is_readable, each.shape) for name, each in tensors.items()} == {
        "sparse": (False, (3, 3)),
        "conjugated": (False, (2,)),
        "dense": (True, (2,)),
    }


def test_parts(tmp_path: Path) -> None:
    """What lies one after the other is a range of bytes, which can be mapped; a view is not."""
    tensors = open_checkpoint(written(tmp_path, zipped({"w": W, "row": W[1], "t": W.T, "none": W[:0]}))).tensors
    assert [type(tensors[name].ranges[0]) for name in ("w", "row", "t", "none")] == [
        ByteRange,
        StridedRange,  # the bytes are those of `w`: two views of one map would write into each other
        StridedRange,
        ByteRange,
    ]
    with Reader(mmap=True) as reader:
        assert reader.view(tensors["w"]) is not None
        assert reader.view(tensors["t"]) is None


@pytest.mark.parametrize("write", [zipped, legacy])
def test_cut_at_every_byte(tmp_path: Path, write: Callable[[Any], bytes]) -> None:
    """No beginning of a file is one."""
    content = write({"w": W, "t": W.T})
    for length in range(len(content)):
        refusal(tmp_path, content[:length])


def of(value: Any, entries: dict[str, bytes] | None = None, **more: bytes) -> bytes:
    """An archive of stand-ins."""
    return archive({"data.pkl": pickled(value), **({"data/0": W.tobytes()} if entries is None else entries), **more})


FLOATS = storage("float32", "0", 6)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "is neither a zip archive nor a pickle"),
        (b"version https://git-lfs.github.com/spec/v1\n", "(it looks like a Git LFS pointer, not the file itself: run"),
        (b"\x80\x02}q\x00.", "begins with no magic number of torch.save: it is another program's pickle"),
        (archive({"x": b""}), "is a zip archive with no data.pkl"),
        (archive({"data.pkl": b"", "constants.pkl": b""}), "is a program of torch.jit.save"),
        (archive({"data.pkl": b"N."}, "a/b"), "is a zip archive with no data.pkl"),
        (of({"w": tensor(FLOATS, 0, (6,), (1,))}, byteorder=b"big"), "bytes run the other way, big-endian"),
        (of({"w": tensor(FLOATS, 0, (6,), (1,))}, byteorder=b"middle"), "says that its bytes run b'middle'"),
        (of({"w": tensor(FLOATS, 0, (6,), (1,))}, {}), "without the entry 'archive/data/0'"),
        (
            of({"w": tensor(storage("float32", "../../x", 6), 0, (6,), (1,))}),
            "without the entry 'archive/data/../../x'",
        ),
        (
            of({"w": tensor(FLOATS, 0, (6,), (1,))}, {"data/0": bytes(23)}),
            "has 23 bytes for the storage '0', which needs",
        ),
        (of({"w": tensor(FLOATS, 1, (6,), (1,))}), "has a tensor 'w' that reaches beyond its storage '0'"),
        (of({"w": tensor(FLOATS, 0, (2, 3), (4, 1))}), "has a tensor 'w' that reaches beyond its storage '0'"),
        (of({"w": tensor(FLOATS, 1 << 62, (1,), (1,))}), "has a tensor 'w' that reaches beyond its storage '0'"),
        (of({"w": tensor(FLOATS, 0, (1 << 40, 1 << 40), (0, 0))}), "which is larger than any memory"),
        (of({"w": tensor(FLOATS, 0, (1 << 30,), (0,))}), "of 4,294,967,296 bytes, more than the file"),
        (of({"w": tensor(FLOATS, 0, (*[1] * 32, 2), (*[1] * 32, 2))}), "of 33 axes"),
        (
            of({"a.b": tensor(FLOATS, 0, (1,), (1,)), "a": {"b": tensor(FLOATS, 0, (1,), (1,))}}),
            "two tensors called 'a.b'",
        ),
        (of({"epoch": 3}), "holds no tensor: it is no checkpoint of a model"),
        (
            of({"w": rebuild("_rebuild_tensor_v3", FLOATS, 0, (6,), (1,), False, {}, storage("float64", "1", 1))}),
            "has a tensor whose dtype is none",
        ),
    ],
)
def test_refusals(tmp_path: Path, content: bytes, cause: str) -> None:
    """Each mistake has its message."""
    assert cause in refusal(tmp_path, content)


def old(*parts: Any, rest: bytes = b"") -> bytes:
    """An old file of these pickles."""
    return b"".join(pickled(part) for part in parts) + rest


MAGIC, SYSTEM = 0x1950A86A20F9469CFC6C, {"little_endian": True}
VALUE = {"w": tensor(FLOATS, 0, (6,), (1,))}
STORED = (6).to_bytes(8, "little") + W.tobytes()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (old(1, 1001, SYSTEM, VALUE, ["0"], rest=STORED), "begins with no magic number"),
        (old(MAGIC, 1000, SYSTEM, VALUE, ["0"], rest=STORED), "is of version 1000; 1001 is read"),
        (old(MAGIC, 1001, {"little_endian": False}, VALUE, ["0"], rest=STORED), "big-endian"),
        (old(MAGIC, 1001, SYSTEM, VALUE, 3, rest=STORED), "does not say which storages follow"),
        (old(MAGIC, 1001, SYSTEM, VALUE, ["1"], rest=STORED), "has a storage '1' that nothing names"),
        (old(MAGIC, 1001, SYSTEM, VALUE, ["0", "0"], rest=2 * STORED), "has the storage '0' twice"),
        (old(MAGIC, 1001, SYSTEM, VALUE, [], rest=STORED), "has no bytes for the storage '0'"),
        (old(MAGIC, 1001, SYSTEM, VALUE, ["0"], rest=STORED[:-1]), "was cut: the storage '0' ends at byte"),
        (old(MAGIC, 1001, SYSTEM, VALUE, ["0"], rest=b"\xff" * 8 + W.tobytes()), "has -1 elements in the storage '0'"),
        (old(MAGIC, 1001, SYSTEM, VALUE, ["0"], rest=(7).to_bytes(8, "little") + bytes(28)), "has 7 elements"),
        (old(MAGIC, 1001, SYSTEM, {"w": Persistent(("storage", 1))}, ["0"], rest=STORED), "a storage that is none"),
    ],
)
def test_refusals_of_old_files(tmp_path: Path, content: bytes, cause: str) -> None:
    """Each mistake has its message."""
    assert cause in refusal(tmp_path, content)


def test_two_archives_in_one(tmp_path: Path) -> None:
    """Which of two pickles is meant is not guessed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a/data.pkl", b"N.")
        made.writestr("b/data.pkl", b"N.")
    assert refusal(tmp_path, out.getvalue()) == "is a zip archive with more than one data.pkl"


def test_an_old_file_whose_names_are_long(tmp_path: Path) -> None:
    """More of it is read until they end."""
    value = {f"{number}." + "x" * 1000: W for number in range(3000)}
    content = legacy(value)
    assert len(content) > 3_000_000
    assert list(open_checkpoint(written(tmp_path, content)).tensors) == list(value)
