"""From one checkpoint to another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

import tests
from lazycell import CheckpointError, CheckpointFormatError
from lazycell._dtypes import FLOATING, numpy_dtype
from lazycell.formats import open_checkpoint
from lazycell.saving._convert import convert
from lazycell.saving._verify import verify
from lazycell.saving._write_safetensors import CRC32
from lazycell.system._allocate import Array

from ..formats.files import entry, safetensors_bytes
from ..loading.strategies import COMMON, checkpoints
from ..sources.layouts import APPLIED, LAYOUTS
from .saved import load_arrays, same_arrays, save_arrays, some_arrays

ROOT = Path(tests.__file__).parents[1]
ARRAYS = some_arrays(1) | {"n": np.arange(5, dtype=np.int64), "flag": np.array([True, False])}


@settings(max_examples=40, deadline=None)
@given(checkpoints(COMMON, min_size=1))
@pytest.mark.usefixtures("no_flush")
def test_there_and_back(tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Array]) -> None:
    """safetensors, .ckpt, shards, safetensors: nothing changes."""
    assume("__metadata__" not in arrays)  # no tensor can have the name
    directory = tmp_path_factory.mktemp("convert")
    save_arrays(directory / "a.safetensors", arrays)
    convert(directory / "a.safetensors", directory / "b.ckpt")
    convert(directory / "b.ckpt", directory / "c.safetensors.index.json", max_shard_size=20)
    convert(directory / "c.safetensors.index.json", directory / "d.safetensors")
    for name in ("b.ckpt", "c.safetensors.index.json", "d.safetensors"):
        assert same_arrays(load_arrays(directory / name), arrays)
        verify(directory / name)
    assert (directory / "a.safetensors").read_bytes() == (directory / "d.safetensors").read_bytes()


def test_dtype_is_for_floats(tmp_path: Path) -> None:
    """Integers and bools stay as they are."""
    save_arrays(tmp_path / "a.safetensors", ARRAYS)
    report = convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors", dtype="bfloat16")
    expected = {
        name: array.astype(numpy_dtype("bfloat16")) if array.dtype.name in FLOATING else array
        for name, array in ARRAYS.items()
    }
    assert same_arrays(load_arrays(tmp_path / "b.safetensors"), expected)
    assert report.nbytes == sum(array.nbytes for array in expected.values())
    verify(tmp_path / "b.safetensors")


@pytest.mark.parametrize(("dtype", "error"), [("int8", ValueError), ("bool", ValueError), ("float33", TypeError)])
def test_what_is_no_dtype_for_floats(tmp_path: Path, dtype: str, error: type[Exception]) -> None:
    """An integer cannot hold them."""
    save_arrays(tmp_path / "a.safetensors", ARRAYS)
    with pytest.raises(error, match=r"dtype=.*can only become another floating-point dtype|is not a dtype"):
        convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors", dtype=dtype)


def test_values_too_large_for_the_dtype(tmp_path: Path) -> None:
    """They become infinite, and a warning says how many, and where."""
    save_arrays(tmp_path / "a.safetensors", {"w": np.array([1, 1e6, 1e7], np.float32)})
    with pytest.warns(RuntimeWarning, match=r"b\.safetensors: tensor 'w': 2 values too large for float16") as seen:
        convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors", dtype="float16")
    assert seen[0].filename == __file__
    assert load_arrays(tmp_path / "b.safetensors")["w"].tolist() == [1, np.inf, np.inf]


def test_rename(tmp_path: Path) -> None:
    """By names and patterns; what no rule matches keeps its name."""
    save_arrays(tmp_path / "a.safetensors", ARRAYS)
    convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors", rename={"w.{i}": "layers.{i}.weight", "n": "steps"})
    new = {"w.0": "layers.0.weight", "w.1": "layers.1.weight", "n": "steps"}
    expected = {new.get(name, name): array for name, array in ARRAYS.items()}
    assert same_arrays(load_arrays(tmp_path / "b.safetensors"), expected)
    verify(tmp_path / "b.safetensors")


@pytest.mark.parametrize(
    ("rename", "expected"),
    [
        ({"x.{i}": "y.{i}"}, "the rule 'x.{i}' matches none of its 6 tensors"),
        ({"w.{i}": "w"}, "`w.0`, `w.1` would all become `w`"),
        ({"n": "flag"}, "`n`, `flag` would all become `flag`"),
        ({"w.{i}": "a.{i}", "w.1": "b"}, "`w.1` is matched by 2 rules"),
    ],
)
def test_renaming_that_makes_no_sense(tmp_path: Path, rename: dict[str, str], expected: str) -> None:
    """Dead rules, collisions and overlaps are found before anything is written."""
    save_arrays(tmp_path / "a.safetensors", ARRAYS)
    with pytest.raises(CheckpointError) as caught:
        convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors", rename=rename)
    assert str(caught.value).startswith(f"{tmp_path / 'a.safetensors'}: cannot rename:\n")
    assert expected in str(caught.value)
    assert not (tmp_path / "b.safetensors").exists()


@pytest.mark.parametrize("size", [None, 2500])
@pytest.mark.parametrize("before", [None, 2500])
def test_in_place(tmp_path: Path, before: int | None, size: int | None) -> None:
    """What is read may be what is replaced, in one file or in several."""
    save_arrays(tmp_path, ARRAYS, before)
    convert(tmp_path, tmp_path, dtype="float16", max_shard_size=size, rename={"n": "m"})
    read = load_arrays(tmp_path)
    assert set(read) == set(ARRAYS) - {"n"} | {"m"}
    assert read["w.0"].dtype == np.float16
    verify(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_metadata(tmp_path: Path) -> None:
    """Strings stay, but for those that describe the old file; checksums are made anew."""
    source, target = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_arrays(source, ARRAYS, metadata={"format": "np", "note": "mine", "lazycell.digest": "1", "crc_num": "5"})
    convert(source, target)
    same = open_checkpoint(target).metadata
    assert {key: same[key] for key in same if key != CRC32} == {"format": "np", "note": "mine", "lazycell.digest": "1"}
    convert(source, target, dtype="float16")
    other = open_checkpoint(target).metadata
    assert {key: other[key] for key in other if key != CRC32} == {"format": "np", "note": "mine"}
    assert json.loads(other[CRC32]).keys() == ARRAYS.keys()


def test_strings_of_a_ckpt(ms: Any, tmp_path: Path) -> None:
    """`append_dict` becomes metadata and back; what is about a safetensors file alone does not become an entry."""
    ms.save_checkpoint([{"name": "w", "data": ms.Tensor([1.0])}], str(tmp_path / "a.ckpt"), append_dict={"note": "hi"})
    convert(tmp_path / "a.ckpt", tmp_path / "b.safetensors")
    metadata = open_checkpoint(tmp_path / "b.safetensors").metadata
    assert {key: metadata[key] for key in metadata if key != CRC32} == {"format": "pt", "note": "hi"}
    convert(tmp_path / "b.safetensors", tmp_path / "c.ckpt")
    read = ms.load_checkpoint(str(tmp_path / "c.ckpt"), crc_check=True)
    assert set(read) == {"w", "note"}
    assert (read["note"], read["w"].asnumpy().tolist()) == ("hi", [1.0])


def test_a_tensor_that_cannot_be_read(tmp_path: Path) -> None:
    """A dtype that lazycell has no arrays of is refused by name."""
    (tmp_path / "a.safetensors").write_bytes(safetensors_bytes({"a": entry("F8_E8M0", (4,))}, bytes(4)))
    with pytest.raises(CheckpointFormatError, match="tensor 'a': its dtype F8_E8M0 is one that lazycell does not read"):
        convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors")


def test_a_dict(tmp_path: Path) -> None:
    """Arrays in memory are a checkpoint too."""
    convert(ARRAYS, tmp_path / "a.ckpt")
    assert same_arrays(load_arrays(tmp_path / "a.ckpt"), ARRAYS)


def test_the_source_is_missing(tmp_path: Path) -> None:
    """Nothing is written then."""
    with pytest.raises(FileNotFoundError, match=r"a\.safetensors"):
        convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert not list(tmp_path.iterdir())


def test_an_error_while_writing_leaves_the_source(tmp_path: Path) -> None:
    """In place too: it is the last moment that counts."""
    save_arrays(tmp_path, ARRAYS)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(tmp_path, tmp_path, dtype="float16", max_shard_size=1000, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    assert same_arrays(load_arrays(tmp_path), ARRAYS)


PEAK = """
import resource, sys
from lazycell.saving._convert import convert
source, target, dtype = sys.argv[1:]
convert(source, target + "/warm.safetensors", dtype=dtype or None, rename={"large": "x"})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
convert(source, target + "/b.safetensors", dtype=dtype or None)
convert(source, target + "/b.ckpt", dtype=dtype or None, max_shard_size=None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
print(before)
"""


@pytest.mark.parametrize("dtype", ["", "bfloat16"])
def test_memory(tmp_path: Path, dtype: str) -> None:
    """Even less than the largest tensor is in memory: pieces of it."""
    save_arrays(tmp_path / "small.safetensors", {"large": np.zeros(1 << 10, np.float32)})
    save_arrays(tmp_path / "large.safetensors", {"large": np.zeros(32 << 20, np.float32)})
    peaks = []
    for name in ("small", "large"):
        run = subprocess.run(
            [sys.executable, "-c", PEAK, str(tmp_path / f"{name}.safetensors"), str(tmp_path), dtype],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(sum(map(int, run.stdout.split())))  # kB
    assert peaks[1] - peaks[0] < 32 << 10  # of 128 MB


def test_mindspores_own_mark_is_left_behind(ms: Any, tmp_path: Path) -> None:
    """Transformers refuses a file whose format is `ms`; MindSpore itself does not look."""
    source, target = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    ms.save_checkpoint([{"name": "w", "data": ms.Tensor([1.0])}], str(source), format="safetensors")
    assert open_checkpoint(source).metadata["format"] == "ms"
    convert(source, target)
    assert open_checkpoint(target).metadata["format"] == "pt"
    assert set(ms.load_checkpoint(str(target), format="safetensors")) == {"w"}


@pytest.fixture
def quantized(tmp_path: Path) -> Path:
    """Give an FP8 file: every weight is 0.64, stored as 0.01 times 64."""
    path = tmp_path / "fp8.safetensors"
    arrays = {
        "a.weight": np.full((2, 4), 64.0, numpy_dtype("float8_e4m3fn")),
        "a.weight_scale_inv": np.full((1, 1), 0.01, np.float32),
        "norm": np.ones(4, np.float32),
    }
    save_arrays(path, arrays)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_codes_are_not_converted(layout: str, tmp_path: Path) -> None:
    """To no dtype; and without one, the file is what it was."""
    _, needed, others = LAYOUTS[layout]
    arrays = {name: np.ones(shape, numpy_dtype(dtype)) for name, (shape, dtype) in {**needed, **others}.items()}
    save_arrays(tmp_path / "a.safetensors", arrays)
    for dtype in ("float8_e4m3fn",) if layout in (*APPLIED, "mxfp4") else ("float32", "bfloat16", "float8_e4m3fn"):
        with pytest.raises(CheckpointError, match="a quantized checkpoint") as caught:
            convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors", dtype=dtype)
        assert f"`{next(iter(needed))}` are codes, and weights only together with `{list(needed)[1]}`" in str(
            caught.value
        )
        assert "Convert it without a dtype" in str(caught.value)
    assert not (tmp_path / "b.safetensors").exists()
    convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert same_arrays(load_arrays(tmp_path / "b.safetensors"), arrays)


def test_codes_and_scales_keep_together(quantized: Path, tmp_path: Path) -> None:
    """Both are renamed, or neither."""
    out = tmp_path / "out.safetensors"
    for rename in (
        {"a.weight": "b.weight"},
        {"a.weight_scale_inv": "scale"},
        {"a.weight": "x", "a.weight_scale_inv": "y"},
    ):
        with pytest.raises(CheckpointError, match="`a.weight` are codes, which would become `.*Rename both alike"):
            convert(quantized, out, rename=rename)
    convert(quantized, out, rename={"a.{name}": "b.{name}", "norm": "a.weight"})
    assert set(load_arrays(out)) == {"b.weight", "b.weight_scale_inv", "a.weight"}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_codes_become_what_they_are_with_their_scales(quantized: Path, dtype: str, tmp_path: Path) -> None:
    """Without the scales, which nothing needs any more."""
    out = tmp_path / "out.safetensors"
    report = convert(quantized, out, dtype=dtype, rename={"a.weight": "b.weight"})
    arrays = load_arrays(out)
    assert set(arrays) == {"b.weight", "norm"}
    assert report.tensors == 2
    assert np.array_equal(
        arrays["b.weight"], np.full((2, 4), np.float32(64) * np.float32(0.01)).astype(numpy_dtype(dtype))
    )
    verify(out)
