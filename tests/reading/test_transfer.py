"""Tests of `lazycell.reading._transfer`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lazycell._dtypes import dtype_name, numpy_dtype
from lazycell.formats import ByteRange, TensorHeader
from lazycell.layout._layout import Transpose
from lazycell.reading._blocks import Located, locate
from lazycell.reading._read import Reader
from lazycell.reading._transfer import ITEM, Destination, MoveEach, MoveSmall, MoveWhole, Transfer
from lazycell.system._workers import Scratch

RNG = np.random.default_rng(0)


def write(path: Path, *arrays: np.ndarray, gap: int = 0) -> list[TensorHeader]:
    """Write arrays with `gap` bytes between them; call them 0, 1, …"""
    headers, content = [], b""
    for number, array in enumerate(arrays):
        content += b"x" * gap
        place = ByteRange(path, len(content), len(content) + array.nbytes)
        headers.append(TensorHeader(str(number), dtype_name(array.dtype), array.shape, (place,)))
        content += array.tobytes()
    path.write_bytes(content)
    return headers


class Outcome:
    """What tasks report."""

    def __init__(self) -> None:
        self.lost: dict[int, int] = {}
        self.arrays: dict[int, np.ndarray] = {}

    def count(self, index: int, number: int) -> None:
        """Take values that were lost."""
        self.lost[index] = self.lost.get(index, 0) + number


def everything(target: np.ndarray) -> Located:
    """Place a whole tensor."""
    return Located(target.shape, tuple((0, size) for size in target.shape), target)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_large_tensor_is_cut_into_tasks(tmp_path: Path, dtype: str) -> None:
    """Each fills its part, and tells how many bytes of the file that was."""
    values = RNG.normal(size=ITEM // 4 * 2 + 7).astype(np.float32)
    (tensor,) = write(tmp_path / "m", values)
    target = np.zeros(values.shape, numpy_dtype(dtype))
    with Reader() as reader:
        transfer = Transfer(tensor, (Destination(everything(target), 0, 4),))
        done = [task(Scratch()) for task in transfer.cut(reader, Outcome().count)]
    assert done == [ITEM, ITEM, 28]
    assert target.tobytes() == values.astype(numpy_dtype(dtype)).tobytes()


def test_one_read_serves_all_that_is_cut_from_a_tensor(tmp_path: Path) -> None:
    """One place takes it as it is, another turned and in another dtype; the bytes of both count."""
    values = RNG.normal(size=(300, 500)).astype(np.float32)
    (tensor,) = write(tmp_path / "m", values)
    same, turned = np.zeros((300, 500), np.float32), np.zeros((500, 300), np.float64)
    located = locate((300, 500), [Transpose((1, 0))], turned)
    assert located is not None
    with Reader() as reader:
        transfer = Transfer(tensor, (Destination(everything(same), 0, 4), Destination(located, 1, 4)))
        (task,) = transfer.cut(reader, Outcome().count)
        assert task(Scratch()) == 2 * values.nbytes
    np.testing.assert_array_equal(same, values)
    np.testing.assert_array_equal(turned, values.T)


@pytest.mark.parametrize("gap", [0, 3])
def test_small_neighbours_come_together(tmp_path: Path, gap: int) -> None:
    """Each in its dtype and shape; what lies side by side in one dtype shares one block, and no element."""
    arrays = [
        np.arange(4, dtype=np.float32),
        np.ones((2, 3), np.float32),
        np.array(7, np.int8),
        np.zeros((0,), np.int8),
    ]
    headers = write(tmp_path / "m", *arrays, gap=gap)
    outcome = Outcome()
    targets = ["bfloat16", "bfloat16", "int64", "int64"]
    members = [(header, dtype, index) for index, (header, dtype) in enumerate(zip(headers, targets, strict=True))]
    with Reader() as reader:
        done = MoveSmall(reader, outcome.count, members, outcome.arrays.__setitem__)(Scratch())
    assert done == sum(array.nbytes for array in arrays)
    for index, array in enumerate(arrays):
        expected = array.astype(numpy_dtype(targets[index]))
        assert outcome.arrays[index].dtype == expected.dtype
        assert outcome.arrays[index].shape == expected.shape
        assert outcome.arrays[index].tobytes() == expected.tobytes()
    one, two = outcome.arrays[0], outcome.arrays[1]
    assert not np.shares_memory(one, two)
    assert (two.ctypes.data - one.ctypes.data == one.nbytes) is (gap == 0)


def test_small_tensors_with_values_too_large_are_told_apart(tmp_path: Path) -> None:
    """They are converted together, and counted each."""
    headers = write(tmp_path / "m", *(np.array(each, np.float32) for each in ([1, 1e9], [2, 3], [1e9, -1e9])))
    for kind in (MoveSmall, MoveEach):
        outcome = Outcome()
        members = [(header, "float16", index) for index, header in enumerate(headers)]
        with Reader() as reader:
            kind(reader, outcome.count, members, outcome.arrays.__setitem__)(Scratch())
        assert outcome.lost == {0: 1, 2: 2}


def test_small_tensors_from_anywhere(tmp_path: Path) -> None:
    """One after the other, whatever their parts; the buffer is used again and never given away."""
    arrays = [RNG.normal(size=5).astype(np.float32), RNG.normal(size=(2, 2)).astype(np.float32)]
    headers = write(tmp_path / "m", *arrays)
    outcome = Outcome()
    members = [(header, "float32", index) for index, header in enumerate(headers)]
    with Reader() as reader:
        assert MoveEach(reader, outcome.count, members, outcome.arrays.__setitem__)(Scratch()) == 36
    for index, array in enumerate(arrays):
        np.testing.assert_array_equal(outcome.arrays[index], array)


def test_a_tensor_read_whole(tmp_path: Path) -> None:
    """For each of its blocks the operations are carried out as they stand."""
    values = RNG.normal(size=(3, 4)).astype(np.float32) * 1e6
    (tensor,) = write(tmp_path / "m", values)
    one, two = np.zeros((4, 3), np.float32), np.zeros((3, 4), np.float16)
    outcome = Outcome()
    with Reader() as reader:
        blocks = [((Transpose((1, 0)),), one, 0, 4), ((), two, 1, 4)]
        assert MoveWhole(reader, outcome.count, tensor, blocks)(Scratch()) == 96
    np.testing.assert_array_equal(one, values.T)
    assert outcome.lost == {1: int(np.isinf(two).sum())}
    assert outcome.lost[1] > 0
