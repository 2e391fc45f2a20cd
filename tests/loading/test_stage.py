"""Tests of `lazycell.loading._stage`."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest

from lazycell._dtypes import dtype_name, numpy_dtype
from lazycell._errors import CheckpointFormatError
from lazycell.formats import ByteRange, MemoryRange, TensorHeader, open_checkpoint
from lazycell.layout._layout import Reshape, Slice, Transpose
from lazycell.loading._plan import LoadPlan, LoadStep, Piece
from lazycell.loading._stage import stage
from lazycell.reading._read import Reader
from lazycell.reading._transfer import ITEM

RNG = np.random.default_rng(0)
LARGE = ITEM // 4 + 1000
"""Elements of float32 that need more than one task."""


def write(path: Path, arrays: Mapping[str, np.ndarray], skew: int = 0) -> dict[str, TensorHeader]:
    """Write arrays one after the other behind `skew` bytes; give their headers."""
    headers, content = {}, bytes(skew)
    for name, array in arrays.items():
        place = ByteRange(path, len(content), len(content) + array.nbytes)
        headers[name] = TensorHeader(name, dtype_name(array.dtype), array.shape, (place,))
        content += array.tobytes()
    path.write_bytes(content)
    return headers


def write_safetensors(path: Path, **arrays: np.ndarray) -> dict[str, TensorHeader]:
    """Write float32 arrays as a real file, long ago; give the headers that are read of it."""
    import safetensors.numpy

    safetensors.numpy.save_file(arrays, path)
    os.utime(path, ns=(10**18, 10**18))
    return dict(open_checkpoint(path).tensors)


def plan_of(headers: Mapping[str, TensorHeader], dtype: str | None = None) -> LoadPlan:
    """Load each tensor as the parameter of its name."""
    steps = [LoadStep(name, name, tensor, dtype or tensor.dtype) for name, tensor in headers.items()]
    return LoadPlan(Path("model.safetensors"), "Net", tuple(steps))


def pieces_plan(shape: tuple[int, ...], *pieces: Piece, dtype: str = "float32") -> LoadPlan:
    """Load one parameter that is made of pieces."""
    whole = TensorHeader("w", pieces[0].tensor.dtype, shape, ())
    return LoadPlan(Path("model.safetensors"), "Net", (LoadStep("w", "w", whole, dtype, pieces=pieces),))


def staged(plan: LoadPlan, progress: Callable[[int, int], None] | None = None, **options: object) -> dict:
    """Stage with a reader of its own."""
    with Reader(**options) as reader:
        return stage(plan, reader, progress)


def owner(array: np.ndarray) -> object:
    """Give what holds the memory of an array."""
    found: object = array
    while isinstance(found, (np.ndarray, memoryview)):
        inner = found.base if isinstance(found, np.ndarray) else found.obj
        if inner is None:
            return found
        found = inner
    return found


def is_view(array: np.ndarray) -> bool:
    """Whether the memory of an array is a file's, as the kernel has it."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, stop = (int(each, 16) for each in line.split()[0].split("-"))
        if start <= array.ctypes.data < stop:
            return "/" in line
    return False


def check(array: np.ndarray, expected: np.ndarray) -> None:
    """The same bits, in memory that MindSpore can use."""
    assert array.dtype == expected.dtype
    assert array.shape == expected.shape
    assert array.tobytes() == expected.tobytes()
    assert array.flags.writeable
    assert array.flags.c_contiguous
    assert array.ctypes.data % array.dtype.itemsize == 0


@pytest.fixture(autouse=True)
def no_thread_outlives_the_call() -> Iterator[None]:
    """Hold for every test of this file."""
    before = threading.active_count()
    yield
    assert threading.active_count() == before


SIZES = {"scalar": (), "empty": (0, 3), "one": (1,), "small": (3, 5), "middle": (300, 301), "large": (LARGE,)}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("skew", [0, 1])
@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize(
    ("source", "target"), [("float32", "float32"), ("float32", "bfloat16"), ("bfloat16", "float32"), ("int8", "int32")]
)
def test_every_size_arrives(tmp_path: Path, source: str, target: str, mapped: bool, skew: int, threads: int) -> None:
    """Scalars, nothing at all, small ones side by side and large ones in parts, converted or not, aligned or not."""
    arrays = {name: (100 * RNG.normal(size=shape)).astype(numpy_dtype(source)) for name, shape in SIZES.items()}
    arrays |= {f"more{number}": arrays["small"] + number for number in range(5)}
    arrays = {name: np.asarray(array, numpy_dtype(source)) for name, array in arrays.items()}
    plan = plan_of(write(tmp_path / "m", arrays, skew), target)
    result = staged(plan, mmap=mapped, threads=threads)
    assert list(result) == list(arrays)
    for name, array in arrays.items():
        check(result[name], array.astype(numpy_dtype(target)))


def test_what_can_be_used_as_it_lies_is_a_view(tmp_path: Path) -> None:
    """All of one file are views of one map, and writing to one reaches neither the file nor the others."""
    arrays = {"a": RNG.normal(size=(8, 8)), "b": RNG.normal(size=(LARGE,))}
    result = staged(plan_of(write(tmp_path / "m", arrays)))
    assert is_view(result["a"])
    assert owner(result["a"]) is owner(result["b"])
    before = (tmp_path / "m").read_bytes()
    result["a"][:] = 0
    assert (tmp_path / "m").read_bytes() == before
    check(result["b"], arrays["b"])


@pytest.mark.parametrize("change", ["skew", "mmap", "dtype"])
def test_what_cannot_be_viewed_has_memory_of_its_own(tmp_path: Path, change: str) -> None:
    """Misaligned, converted, or not wanted: then nothing of the file is left in the arrays."""
    path = tmp_path / "m"
    arrays = {"small": RNG.normal(size=(8, 8)), "large": RNG.normal(size=(LARGE,))}
    plan = plan_of(write(path, arrays, int(change == "skew")), "float32" if change == "dtype" else None)
    result = staged(plan, mmap=change != "mmap")
    path.write_bytes(bytes(path.stat().st_size))
    for name, array in arrays.items():
        assert not is_view(result[name])
        check(result[name], array.astype(numpy_dtype("float32")) if change == "dtype" else array)


def test_two_parameters_of_one_tensor_share_nothing(tmp_path: Path) -> None:
    """Training one does not train the other."""
    (tensor,) = write(tmp_path / "m", {"w": np.ones(4, np.float32)}).values()
    steps = tuple(LoadStep(name, "w", tensor, "float32") for name in "ab")
    result = staged(LoadPlan(tmp_path / "m", "Net", steps))
    result["a"][:] = 2
    check(result["b"], np.ones(4, np.float32))


def test_memory_is_always_copied() -> None:
    """Two nets loaded from one dict share nothing, with it or with each other."""
    arrays = {"small": np.ones(4, np.float32), "large": np.ones(LARGE, np.float32)}
    headers = {
        name: TensorHeader(name, "float32", array.shape, (MemoryRange(memoryview(array).cast("B")),))
        for name, array in arrays.items()
    }
    plan = plan_of(headers)
    one, two = staged(plan), staged(plan)
    for name, array in arrays.items():
        assert not np.shares_memory(one[name], array)
        assert not np.shares_memory(one[name], two[name])
        check(one[name], array)


@attrs.frozen(eq=False)
class Foreign:
    """A part as a format of a third party may bring it; it remembers what was read."""

    content: bytes
    reads: list[tuple[int, int]] = attrs.field(factory=list)

    @property
    def nbytes(self) -> int:
        return len(self.content)

    def read_into(self, target: memoryview, start: int) -> None:
        self.reads.append((start, len(target)))
        target[:] = self.content[start : start + len(target)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parts_of_a_third_party(tmp_path: Path, dtype: str) -> None:
    """Also next to parts of files, with borders inside an element, and more than one tensor."""
    values = RNG.normal(size=LARGE).astype(np.float32)
    raw = values.tobytes()
    (tmp_path / "m").write_bytes(raw)
    parts = (Foreign(raw[:6]), ByteRange(tmp_path / "m", 6, 1001), MemoryRange(memoryview(raw)[1001:5000]))
    last = Foreign(raw[5000:])
    headers = {
        "large": TensorHeader("large", "float32", values.shape, (*parts, last)),
        "small": TensorHeader("small", "float32", (2,), (Foreign(raw[:5]), Foreign(raw[5:8]))),
    }
    result = staged(plan_of(headers, dtype))
    check(result["large"], values.astype(dtype))
    check(result["small"], values[:2].astype(dtype))
    assert sum(count for _, count in last.reads) == last.nbytes


@pytest.mark.parametrize("shape", [(3,), (LARGE,)])
def test_parts_that_do_not_fill_the_shape(shape: tuple[int, ...]) -> None:
    """A format that contradicts itself is refused: the rest would be whatever the memory held."""
    header = TensorHeader("w", "float32", shape, (Foreign(bytes(8)),))
    with pytest.raises(
        CheckpointFormatError, match=r"tensor 'w': its parts hold 8 bytes, which are not those of float32"
    ):
        staged(plan_of({"w": header}))


# ---------------------------------------------------------------------------------------------------------- pieces


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("hidden", [6, 1200])
def test_a_tensor_that_holds_three_parameters_turned_is_read_once(hidden: int, dtype: str, threads: int) -> None:
    """As GPT-2 stores its attention: (in, 3 × out)."""
    stored = RNG.normal(size=(hidden, 3 * hidden)).astype(np.float32)
    part = Foreign(stored.tobytes())
    tensor = TensorHeader("c_attn", "float32", stored.shape, (part,))
    whole = TensorHeader("", "float32", (hidden, hidden), ())
    steps = tuple(
        LoadStep(
            name,
            "c_attn",
            whole,
            dtype,
            pieces=(Piece(tensor, (Transpose((1, 0)), Slice(0, start * hidden, (start + 1) * hidden))),),
        )
        for start, name in enumerate("qkv")
    )
    result = staged(LoadPlan(Path("m"), "Net", steps), threads=threads)
    for start, name in enumerate("qkv"):
        block = stored.T[start * hidden : (start + 1) * hidden]
        check(result[name], np.ascontiguousarray(block).astype(numpy_dtype(dtype)))
    assert sum(count for _, count in part.reads) == part.nbytes


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [4, 70_000])
def test_a_parameter_that_is_three_tensors(tmp_path: Path, rows: int, dtype: str) -> None:
    """Each goes to its rows; one of them is turned."""
    arrays = {name: RNG.normal(size=(rows, 16)).astype(np.float32) for name in "qk"}
    arrays["v"] = RNG.normal(size=(16, rows)).astype(np.float32)
    tensors = write(tmp_path / "m", arrays, 1)
    pieces = [
        Piece(tensors[name], (Transpose((1, 0)),) if name == "v" else (), ((start * rows, (start + 1) * rows), (0, 16)))
        for start, name in enumerate("qkv")
    ]
    result = staged(pieces_plan((3 * rows, 16), *pieces, dtype=dtype))
    check(result["w"], np.concatenate([arrays["q"], arrays["k"], arrays["v"].T]).astype(dtype))


def test_a_piece_that_lies_in_order_is_a_view(tmp_path: Path) -> None:
    """Rows of a fused tensor, perhaps under another shape, cost nothing."""
    array = RNG.normal(size=(6, 8)).astype(np.float32)
    (tensor,) = write(tmp_path / "m", {"qkv": array}).values()
    result = staged(pieces_plan((4, 4), Piece(tensor, (Slice(0, 2, 4), Reshape((4, 4))))))
    check(result["w"], array[2:4].reshape(4, 4))
    assert is_view(result["w"])


def test_columns_of_a_tensor_are_no_view(tmp_path: Path) -> None:
    """They do not lie side by side, and MindSpore wants them so."""
    array = RNG.normal(size=(6, 8)).astype(np.float32)
    (tensor,) = write(tmp_path / "m", {"qkv": array}).values()
    result = staged(pieces_plan((6, 3), Piece(tensor, (Slice(1, 2, 5),))))
    check(result["w"], np.ascontiguousarray(array[:, 2:5]))


def test_small_tensors_that_overlap(tmp_path: Path) -> None:
    """No format of ours has them; one of a third party may."""
    values = np.arange(8, dtype=np.float32)
    path = tmp_path / "m"
    path.write_bytes(values.tobytes())
    places = {"all": (0, 8), "last": (2, 8), "inner": (3, 5)}
    headers = {
        name: TensorHeader(name, "float32", (stop - start,), (ByteRange(path, 4 * start, 4 * stop),))
        for name, (start, stop) in places.items()
    }
    result = staged(plan_of(headers, "float64"))
    for name, (start, stop) in places.items():
        check(result[name], values[start:stop].astype(np.float64))


def test_operations_that_need_the_tensor_whole(tmp_path: Path) -> None:
    """They are carried out all the same."""
    array = RNG.normal(size=(60, 80)).astype(np.float32)
    (tensor,) = write(tmp_path / "m", {"w": array}).values()
    chain = (Transpose((1, 0)), Reshape((4800,)), Slice(0, 7, 107))
    result = staged(pieces_plan((100,), Piece(tensor, chain), dtype="float64"))
    check(result["w"], array.T.reshape(-1)[7:107].astype(np.float64))


def test_a_scalar_out_of_a_vector(tmp_path: Path) -> None:
    """The result may have no axis at all."""
    (tensor,) = write(tmp_path / "m", {"w": np.arange(3, dtype=np.float32)}).values()
    result = staged(pieces_plan((), Piece(tensor, (Slice(0, 2, 3), Reshape(()))), dtype="float64"))
    check(result["w"], np.array(2.0))


def test_pieces_that_leave_elements_out_are_a_mistake_of_the_plan(tmp_path: Path) -> None:
    """They would hold whatever the memory held."""
    (tensor,) = write(tmp_path / "m", {"w": np.ones((2, 4), np.float32)}).values()
    with pytest.raises(ValueError, match="the pieces of 'w' are 8 elements, it has 12"):
        staged(pieces_plan((3, 4), Piece(tensor, (), ((0, 2), (0, 4)))))


def test_a_piece_of_another_shape_is_a_mistake_of_the_plan(tmp_path: Path) -> None:
    """Viewed or copied."""
    (tensor,) = write(tmp_path / "m", {"w": np.ones((2, 4), np.float32)}).values()
    for mapped in (True, False):
        with pytest.raises(ValueError, match=r"\(8,\)"):
            staged(pieces_plan((4, 2), Piece(tensor, (Reshape((8,)),))), mmap=mapped)


# ---------------------------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize("way", ["converted", "private", "turned"])
def test_all_memory_beside_the_result_is_a_few_buffers(tmp_path: Path, way: str) -> None:
    """No temporary of a tensor's size, however it is read. The result comes from the kernel, and is not counted."""
    array = np.ones((3000, 4000), np.float32)
    (tensor,) = write(tmp_path / "m", {"w": array}).values()
    del array
    dtype = "bfloat16" if way == "converted" else "float32"
    plan = plan_of({"w": tensor}, dtype)
    if way == "turned":
        plan = pieces_plan((4000, 3000), Piece(tensor, (Transpose((1, 0)),)))
    tracemalloc.start()
    result = staged(plan, mmap=False, threads=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(owner(result["w"]), mmap.mmap)
    assert peak < 2 * (4 << 20) + (1 << 20)


def test_a_file_that_cannot_be_mapped_is_read(tmp_path: Path) -> None:
    """A limit on address space is met by what needs the least of it."""
    code = (
        "import os, resource, sys\n"
        "from tests.loading.test_stage import *\n"
        "path = Path(sys.argv[1])\n"
        "headers = write(path, {'w': np.arange(5.0)})\n"
        "os.truncate(path, 1 << 34)\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), used + (1 << 30)))\n"
        "result = staged(plan_of(headers))['w']\n"
        "print(result.tolist(), is_view(result))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "m")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert run.stdout == "[0.0, 1.0, 2.0, 3.0, 4.0] False\n", run.stderr


# ---------------------------------------------------------------------------------------------------------- overflow


def test_values_that_become_infinite_are_told_once(tmp_path: Path) -> None:
    """Which parameters, how many values, and what else to choose; small and large ones, in all threads."""
    large = np.ones(LARGE, np.float32)
    large[[5, -5]] = 1e30, -1e30
    arrays = {"bias": np.array([1, 7e4], np.float32), "fine": np.array([6e4, np.inf], np.float32), "weight": large}
    plan = plan_of(write(tmp_path / "m", arrays), "float16")
    with pytest.warns(RuntimeWarning) as caught:
        result = staged(plan, threads=3)
    assert [str(each.message) for each in caught] == [
        "model.safetensors: 3 values too large for float16 (at most 65504) became infinite: bias (1), weight (2); "
        "a dtype with a wider range, such as bfloat16 or float32, keeps them"
    ]
    assert caught[0].filename == __file__
    assert np.isposinf(result["weight"][5])
    assert np.isneginf(result["weight"][-5])


def test_many_parameters_with_such_values_are_cut(tmp_path: Path) -> None:
    """A list of five, and how many more; by dtype; float8_e4m3fn has no infinity."""
    headers = write(tmp_path / "m", {f"w{number}": np.array([1e5], np.float32) for number in range(8)})
    steps = [LoadStep(n, n, h, "float8_e4m3fn" if n == "w7" else "float16") for n, h in headers.items()]
    with pytest.warns(RuntimeWarning) as caught:
        staged(LoadPlan(Path("m"), "Net", tuple(steps)))
    assert str(caught[0].message) == (
        "m: 7 values too large for float16 (at most 65504) became infinite: w0 (1), w1 (1), w2 (1), w3 (1), w4 (1) "
        "and 2 more; 1 value too large for float8_e4m3fn (at most 448) became NaN: w7 (1); "
        "a dtype with a wider range, such as bfloat16 or float32, keeps them"
    )


def test_infinities_and_nans_of_the_file_are_no_news(tmp_path: Path) -> None:
    """Nor are values that become zero."""
    values = np.array([np.inf, -np.inf, np.nan, 1e-40, 65504], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        staged(plan_of(write(tmp_path / "m", {"w": values}), "float16"))


# ---------------------------------------------------------------------------------------------------------- progress


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("threads", [1, 3])
def test_progress_ends_with_everything(tmp_path: Path, mapped: bool, threads: int) -> None:
    """In the calling thread, in bytes of the file, never backwards."""
    arrays = {"view": RNG.normal(size=LARGE), "cast": RNG.normal(size=LARGE).astype(np.float32), "b": np.ones(3)}
    plan = plan_of(write(tmp_path / "m", arrays), "float64")
    seen: list[tuple[int, int, int]] = []
    staged(plan, lambda done, total: seen.append((threading.get_ident(), done, total)), mmap=mapped, threads=threads)
    assert {(thread, total) for thread, _, total in seen} == {(threading.get_ident(), plan.nbytes)}
    amounts = [done for _, done, _ in seen]
    assert amounts == sorted(amounts)
    assert amounts[-1] == plan.nbytes == sum(array.nbytes for array in arrays.values())


def test_a_plan_of_nothing_is_progress_too() -> None:
    """Whoever waits for the end is told."""
    seen: list[tuple[int, int]] = []
    assert staged(LoadPlan(Path("m"), "Net", ()), lambda *each: seen.append(each)) == {}
    assert seen == [(0, 0)]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("threads", [1, 3])
def test_progress_may_end_the_load(tmp_path: Path, threads: int, error: type[BaseException]) -> None:
    """What it raises is what the caller gets."""

    def progress(done: int, total: int) -> None:
        if done:
            raise error("stop")

    plan = plan_of(write(tmp_path / "m", {"w": np.ones(LARGE, np.float32)}))
    with pytest.raises(error, match="stop"):
        staged(plan, progress, mmap=False, threads=threads)


# ---------------------------------------------------------------------------------------------- files that change


def truncate(path: Path) -> None:
    """Leave the first half."""
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    """Write other values in place; the length stays."""
    with path.open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(bytes(8))


def append(path: Path) -> None:
    """Go on writing."""
    with path.open("ab") as file:
        file.write(b"more")


def replace(path: Path) -> None:
    """Put another file of the same length and time in its place."""
    other = path.with_suffix(".other")
    other.write_bytes(bytes(path.stat().st_size))
    os.utime(other, ns=(10**18, 10**18))
    other.replace(path)


def delete(path: Path) -> None:
    """Take the file away."""
    path.unlink()


CHANGES = {
    truncate: "the file has changed since its header was read: it had {size} bytes, it has {half}; "
    "load it again when nothing writes to it any more",
    append: "the file has changed since its header was read: it had {size} bytes, it has {longer}; "
    "load it again when nothing writes to it any more",
    overwrite: "the file has changed since its header was read: it has been written to; "
    "load it again when nothing writes to it any more",
    replace: "the file has changed since its header was read: another file has taken its place; "
    "load it again when nothing writes to it any more",
    delete: "the file has gone since its header was read",
}


@pytest.mark.parametrize("size", [10, LARGE])
@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changed_after_its_header_was_read(
    tmp_path: Path, change: Callable[[Path], None], mapped: bool, size: int
) -> None:
    """One error that names file and tensor, before a value is used."""
    path = tmp_path / "m.safetensors"
    headers = write_safetensors(path, w=np.ones(size, np.float32))
    length = path.stat().st_size
    change(path)
    message = CHANGES[change].format(size=length, half=length // 2, longer=length + 4)
    with pytest.raises(CheckpointFormatError) as caught:
        staged(plan_of(headers), mmap=mapped)
    assert str(caught.value) == f"{path}: tensor 'w': {message}"


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("change", [truncate, append, overwrite])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, change: Callable[[Path], None], dtype: str, threads: int
) -> None:
    """Between two tasks of one tensor."""
    path = tmp_path / "m.safetensors"
    headers = write_safetensors(path, w=np.ones(3 * LARGE, np.float32))
    changed: list[int] = []

    def progress(done: int, total: int) -> None:
        if done and not changed:
            changed.append(done)
            change(path)

    with pytest.raises(CheckpointFormatError) as caught:
        staged(plan_of(headers, dtype), progress, mmap=False, threads=threads)
    assert str(caught.value).startswith(f"{path}: tensor 'w': the file has ")
    assert "since its header was read" in str(caught.value)


@pytest.mark.parametrize("change", [truncate, append, overwrite])
def test_a_mapped_file_that_changes_while_another_tensor_is_read(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """The views are not touched; the load fails, and the process lives."""
    mapped = write_safetensors(tmp_path / "mapped", v=np.ones(LARGE, np.float32))
    read = write_safetensors(tmp_path / "read", w=np.ones(LARGE, np.float32))
    steps = (
        LoadStep("v", "v", mapped["v"], "float32"),
        LoadStep("w", "w", read["w"], "bfloat16"),
    )
    with pytest.raises(CheckpointFormatError, match="mapped: tensor 'v': the file has changed since"):
        staged(LoadPlan(tmp_path, "Net", steps), lambda done, total: change(tmp_path / "mapped"))


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("change", [replace, delete])
def test_a_file_that_loses_its_name_while_it_is_read_is_read_to_the_end(
    tmp_path: Path, change: Callable[[Path], None], mapped: bool
) -> None:
    """A save through a temporary file, as ours, never disturbs a load."""
    path = tmp_path / "m.safetensors"
    headers = write_safetensors(path, w=np.ones(2 * LARGE, np.float32), v=np.ones(2 * LARGE, np.float32))
    changed: list[int] = []

    def progress(done: int, total: int) -> None:
        if done and not changed:
            changed.append(done)
            change(path)

    result = staged(plan_of(headers), progress, mmap=mapped)
    check(result["w"], np.ones(2 * LARGE, np.float32))
    check(result["v"], np.ones(2 * LARGE, np.float32))
