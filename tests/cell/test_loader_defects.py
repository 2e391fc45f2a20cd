"""What MindSpore's loader gets wrong, as it was measured, is right through `lazycell.load_checkpoint`, for plain cells.

Wrong shapes, missing names, names that end alike, dicts that are shared and values that a run overwrites are in
`test_any_cell`; here are files.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, nn
from mindspore.common.initializer import initializer

import lazycell
from lazycell import CheckpointError, CheckpointFormatError, CheckpointMismatchError, no_init_parameters
from tests.formats.files import record

A, B = np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(4, dtype=np.float32)


class Net(nn.Cell):
    def __init__(self, dtype: ms.dtype = ms.float32) -> None:
        super().__init__()
        self.a = Parameter(initializer("normal", (2, 3), dtype))
        self.b = Parameter(initializer("normal", (4,), dtype))


def lazy() -> Net:
    with no_init_parameters():
        return Net()


nets = pytest.mark.parametrize("build", [Net, lazy], ids=["with values", "without"])


def safetensors(path: Path, header: dict[str, object], data: bytes) -> Path:
    raw = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + data)
    return path


def entry(array: np.ndarray, start: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": list(array.shape), "data_offsets": [start, start + array.nbytes]}


def is_filled(net: Net) -> bool:
    return np.array_equal(net.a.asnumpy(), A) and np.array_equal(net.b.asnumpy(), B)


def untouched(net: Net, act: Callable[[], object], error: type[Exception], message: str) -> None:
    """Check that a load fails with a message, and that nothing of the net is another object, or has other values."""
    drawn = lazycell.uninitialized(net)
    before = {} if drawn else {name: each.asnumpy().copy() for name, each in net.parameters_and_names()}
    with pytest.raises(error, match=message):
        act()
    assert lazycell.uninitialized(net) == drawn
    for name, value in before.items():
        np.testing.assert_array_equal(net.parameters_dict()[name].asnumpy(), value)


@nets
def test_a_dtype_that_does_not_fit_changes_nothing(build: Callable[[], Net]) -> None:
    """MindSpore's fills what comes before it."""
    net = build()
    untouched(
        net,
        lambda: lazycell.load_checkpoint({"a": A, "b": B > 1}, net),
        CheckpointMismatchError,
        r"b.*bool|bool.*float32",
    )


@nets
@pytest.mark.parametrize("first", ["a", "b"])
def test_a_header_in_any_order(tmp_path: Path, build: Callable[[], Net], first: str) -> None:
    """The format asks for no order of names; MindSpore's reader wants the offsets to rise."""
    header = (
        {"b": entry(B, A.nbytes), "a": entry(A, 0)} if first == "b" else {"a": entry(A, 0), "b": entry(B, A.nbytes)}
    )
    net = build()
    lazycell.load_checkpoint(safetensors(tmp_path / "net.safetensors", header, A.tobytes() + B.tobytes()), net)
    assert is_filled(net)


def test_metadata_under_the_name_of_a_tensor(tmp_path: Path) -> None:
    """Legal, and MindSpore's reader takes it for the tensor."""
    header = {"__metadata__": {"a": "F16", "format": "np"}, "a": entry(A, 0), "b": entry(B, A.nbytes)}
    net = lazy()
    lazycell.load_checkpoint(safetensors(tmp_path / "net.safetensors", header, A.tobytes() + B.tobytes()), net)
    assert is_filled(net)


@pytest.mark.parametrize(
    ("code", "array", "told"),
    [
        ("C64", B.astype(np.complex64), "complex64"),
        ("F8_E4M3", np.ones(4, np.uint8), "float8_e4m3fn"),
        ("F9", B, "F9"),
    ],
)
def test_dtypes_that_mindspore_does_not_know(tmp_path: Path, code: str, array: np.ndarray, told: str) -> None:
    """MindSpore's raises `KeyError: 'F8_E4M3'`."""
    header = {"a": entry(A, 0), "b": entry(array, A.nbytes, code)}
    path, net = safetensors(tmp_path / "net.safetensors", header, A.tobytes() + array.tobytes()), lazy()
    if code == "F8_E4M3":  # any float is cast
        lazycell.load_checkpoint(path, net)
        assert net.b.asnumpy().tolist() == [np.float32(2**-9)] * 4
    else:
        untouched(net, lambda: lazycell.load_checkpoint(path, net), CheckpointError, told)


@nets
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda raw: raw[:-1], "bytes"),
        (lambda raw: raw[:4], "header|byte"),
        (lambda raw: raw.replace(b'"F32"', b'"F32', 1), "JSON"),
        (lambda raw: b"\xff" * 8 + raw[8:], "header|100"),
    ],
    ids=["cut", "nearly empty", "no JSON", "endless"],
)
def test_a_damaged_file_says_how(
    tmp_path: Path, build: Callable[[], Net], spoil: Callable[[bytes], bytes], told: str
) -> None:
    """MindSpore has one sentence for all."""
    path, net = tmp_path / "net.safetensors", build()
    lazycell.convert({"a": A, "b": B}, path)
    path.write_bytes(spoil(path.read_bytes()))
    untouched(net, lambda: lazycell.load_checkpoint(path, net), CheckpointFormatError, told)


@nets
def test_a_ckpt_that_was_cut_between_two_records(tmp_path: Path, build: Callable[[], Net]) -> None:
    """It is a whole one of fewer tensors, and MindSpore's leaves the others as they are, with a line in the log."""
    path, net = tmp_path / "net.ckpt", build()
    ms.save_checkpoint([{"name": "a", "data": ms.Tensor(A)}], str(path))
    untouched(net, lambda: lazycell.load_checkpoint(path, net), CheckpointMismatchError, "1 parameter missing")
    path.write_bytes(path.read_bytes()[:-1])
    untouched(net, lambda: lazycell.load_checkpoint(path, net), CheckpointFormatError, "byte")


def index(directory: Path, weight_map: dict[str, str]) -> Path:
    path = directory / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return path


@nets
def test_an_index_of_the_hub(tmp_path: Path, build: Callable[[], Net]) -> None:
    """MindSpore's wants a `param_name_map.json` of its own."""
    lazycell.convert({"a": A}, tmp_path / "one.safetensors")
    lazycell.convert({"b": B}, tmp_path / "two.safetensors")
    index(tmp_path, {"a": "one.safetensors", "b": "two.safetensors"})
    for path in (tmp_path, tmp_path / "model.safetensors.index.json"):
        net = build()
        lazycell.load_checkpoint(path, net)
        assert is_filled(net)


@pytest.mark.parametrize("place", ["../other/two.safetensors", "{absolute}"])
def test_an_index_leads_out_of_its_directory(tmp_path: Path, place: str) -> None:
    """A stranger's file would have any file opened; MindSpore's follows it."""
    for name in ("model", "other"):
        (tmp_path / name).mkdir()
    lazycell.convert({"a": A}, tmp_path / "model" / "one.safetensors")
    lazycell.convert({"b": B}, tmp_path / "other" / "two.safetensors")
    place = place.format(absolute=tmp_path / "other" / "two.safetensors")
    path, net = index(tmp_path / "model", {"a": "one.safetensors", "b": place}), Net()
    untouched(net, lambda: lazycell.load_checkpoint(path, net), CheckpointFormatError, "two.safetensors")


def test_a_shard_lacks_what_the_index_promises(tmp_path: Path) -> None:
    """MindSpore's passes over it."""
    lazycell.convert({"a": A}, tmp_path / "one.safetensors")
    path, net = index(tmp_path, {"a": "one.safetensors", "b": "one.safetensors"}), Net()
    untouched(net, lambda: lazycell.load_checkpoint(path, net), CheckpointFormatError, r"'b'")


def test_a_file_that_is_cut_after_a_load(tmp_path: Path) -> None:
    """With `mmap=False` nothing refers to the file."""
    path, net = tmp_path / "net.safetensors", Net()
    lazycell.convert({"a": A, "b": B}, path)
    lazycell.load_checkpoint(path, net, mmap=False)
    with path.open("r+b") as file:
        file.truncate(8)
    assert is_filled(net)


def test_values_that_were_loaded_stay(tmp_path: Path) -> None:
    """MindSpore's delayed parameters are drawn again at the next read or run, though `load_state_dict` has filled them."""
    path, net = tmp_path / "net.safetensors", lazy()
    lazycell.convert({"a": A, "b": B}, path)
    lazycell.load_checkpoint(path, net)
    net.init_parameters_data()
    assert is_filled(net)


def test_bfloat16(tmp_path: Path) -> None:
    """`safetensors.numpy` cannot read it, and casting is exact."""
    path, net = tmp_path / "net.safetensors", lazy()
    lazycell.convert({"a": A, "b": B}, path, dtype="bfloat16")
    lazycell.load_checkpoint(path, net)
    assert is_filled(net)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (record("a", dims=(1 << 20, 1 << 10)) + record("b"), "bytes"),
        (record("a") + record("a"), "twice"),
    ],
    ids=["dims that disagree with the content", "a name twice"],
)
def test_a_ckpt_that_contradicts_itself(tmp_path: Path, content: bytes, told: str) -> None:
    """MindSpore fills up with zeros, 4 GB of them from 50 bytes, and takes the last of two."""
    path, net = tmp_path / "net.ckpt", Net()
    path.write_bytes(content)
    untouched(net, lambda: lazycell.load_checkpoint(path, net), CheckpointFormatError, told)


def test_a_checksum_that_is_asked_for_has_to_be_there(tmp_path: Path) -> None:
    """MindSpore's `crc_check=True` is content with a file that has none."""
    path, net = tmp_path / "net.ckpt", Net()
    ms.save_checkpoint(Net(), str(path))
    untouched(net, lambda: lazycell.load_checkpoint(path, net, crc_check=True), CheckpointFormatError, "checksum")
