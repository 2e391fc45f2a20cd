"""What is written, piece by piece."""

from __future__ import annotations

import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell import _dtypes
from lazycell.formats import open_checkpoint
from lazycell.reading._cast import CHUNK
from lazycell.reading._read import Reader
from lazycell.saving import _output
from lazycell.saving._output import Content, Output, content_of_array, content_of_stored

from .saved import save_arrays, unexpected_loss


def joined(content: Content) -> bytes:
    """Give all the bytes of a tensor."""
    return b"".join(bytes(piece) for piece in content.pieces())


@pytest.mark.parametrize(
    "view",
    [
        lambda array: array,
        lambda array: array.T,
        lambda array: array[::2],
        lambda array: array[:, ::-1],
        lambda array: array[3, 3],
        lambda array: array[:0],
        lambda array: array[:, :0],
        lambda array: np.broadcast_to(array[0], array.shape),
    ],
)
def test_arrays_of_any_strides(view: object) -> None:
    """Row-major bytes come out, whatever way the values lie."""
    array = view(np.arange(70_000, dtype=np.float32).reshape(700, 100))  # type: ignore[operator]
    content = content_of_array("a", "float32", array.shape, lambda: array, unexpected_loss)
    assert joined(content) == array.tobytes()
    assert content.nbytes == array.nbytes


def test_a_transposed_array_is_copied_in_parts() -> None:
    """Not as a whole: no piece is larger than a chunk."""
    array = np.arange(4 * CHUNK, dtype=np.float32).reshape(-1, 64).T
    sizes = [
        len(piece) for piece in content_of_array("a", "float32", array.shape, lambda: array, unexpected_loss).pieces()
    ]
    assert sum(sizes) == array.nbytes
    assert max(sizes) <= 4 * CHUNK


@pytest.mark.parametrize("target", sorted(_dtypes.FLOATING))
def test_conversion(target: str) -> None:
    """In chunks, to the values that the whole would have."""
    array = np.random.default_rng(0).standard_normal((3, CHUNK // 2 + 5)).astype(np.float32)
    content = content_of_array("a", target, array.shape, lambda: array, unexpected_loss)
    assert joined(content) == array.astype(_dtypes.numpy_dtype(target)).tobytes()


def test_values_that_get_lost_are_counted() -> None:
    """Those that are finite, and too large for the dtype."""
    array = np.array([1, 70_000, -1e30, np.inf, np.nan], np.float32)
    lost: list[tuple[str, int]] = []
    joined(content_of_array("a.b", "float16", (5,), lambda: array, lambda name, count: lost.append((name, count))))
    assert lost == [("a.b", 2)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_tensors_of_a_file(tmp_path: Path, dtype: str) -> None:
    """As they are, or converted, under another name."""
    array = np.random.default_rng(0).standard_normal(CHUNK + 77).astype(np.float32)
    save_arrays(tmp_path / "a.safetensors", {"w": array})
    tensor = open_checkpoint(tmp_path / "a.safetensors").tensors["w"]
    with Reader(mmap=False) as reader:
        content = content_of_stored(tensor, reader, "new", dtype, unexpected_loss)
        assert (content.name, content.dtype, content.shape) == ("new", dtype, (CHUNK + 77,))
        assert joined(content) == array.astype(_dtypes.numpy_dtype(dtype)).tobytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=30))
def test_output(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    """Small pieces are gathered, large ones are not; the bytes, their sums and the progress are the same."""
    path = tmp_path_factory.mktemp("output") / "a"
    random = np.random.default_rng(len(sizes))
    pieces = [random.bytes(size) for size in sizes]
    told: list[int] = []
    with pytest.MonkeyPatch.context() as patch, path.open("wb", buffering=0) as file:
        patch.setattr(_output, "_BUFFERED", 64)
        patch.setattr(_output, "PIECE", 100)
        crc = 0
        with Output(file.fileno(), told.append) as output:
            for piece in pieces:
                crc = output.write(piece, crc)
            output.flush()
    assert path.read_bytes() == b"".join(pieces)
    assert crc == zlib.crc32(b"".join(pieces))
    assert sum(told) == sum(sizes)


def test_overwrite(tmp_path: Path) -> None:
    """A header that was provisional gets its values."""
    path = tmp_path / "a"
    with path.open("w+b", buffering=0) as file, Output(file.fileno(), lambda count: None) as output:
        output.write(b"0123456789")
        output.overwrite(2, b"ab")
    assert path.read_bytes() == b"01ab456789"


def test_what_is_summed_is_what_is_written(tmp_path: Path) -> None:
    """A net that trains while it is saved gives a file that is whole: sum and bytes are of one copy."""
    moving = np.zeros(60 << 20, np.uint8)
    path, other = tmp_path / "moving", np.uint8(1)
    stop = threading.Event()

    def train() -> None:
        while not stop.is_set():
            np.add(moving, other, out=moving)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        with path.open("wb") as file, Output(file.fileno(), lambda count: None) as output:
            crc = output.write(memoryview(moving))
            output.flush()
    finally:
        stop.set()
        thread.join()
    assert zlib.crc32(path.read_bytes()) == crc
