"""Tests of `lazycell.loading._rank_plan`."""

from __future__ import annotations

import math
import os
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lazycell import reading
from lazycell._dtypes import numpy_dtype
from lazycell._errors import CheckpointFormatError, CheckpointMismatchError
from lazycell.declaration._declare import Param
from lazycell.declaration._stored import rename, transposed
from lazycell.formats import CheckpointHeader, Computed, open_checkpoint
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Stored
from lazycell.loading._load_report import LoadReport
from lazycell.loading._rank_plan import cut_plan
from lazycell.loading._stage import stage
from lazycell.loading._tie_copies import check_ties
from lazycell.manifest._manifest import Manifest
from lazycell.mesh import Division, Mesh, Place, Share
from lazycell.reading import _read, _runs
from lazycell.reading._read import Reader
from lazycell.sources._scaled import Scaled
from lazycell.system._allocate import Array

from ..formats.torchfiles import zipped
from ..layout import forms
from ..pure import PureCell
from ..pure import manifest as manifest_of
from ..saving.ranks import save_halves
from ..saving.saved import save_arrays
from .models import declared, make_plan, manifest
from .ranks import check_ranks, divisions, meshes, part_of
from .test_composing import NET as NORMED
from .test_fit_layouts import NET, file_of, values
from .test_fit_layouts import Net as LayeredNet

FORMATS = ["dict", "big-endian dict", "safetensors", "sharded", "ranks", "ckpt", "bin", "bin turned"]
FLOATS = ["float32", "bfloat16", "float16", "float64"]


def written(arrays: Mapping[str, Array], form: str, folder: Path) -> CheckpointHeader:
    """Write a checkpoint, and open it."""
    match form:
        case "dict":
            return open_checkpoint(arrays)
        case "big-endian dict":
            turned = {name: array.astype(array.dtype.newbyteorder(">")) for name, array in arrays.items()}
            return open_checkpoint(turned)
        case "safetensors" | "ckpt":
            save_arrays(folder / f"m.{form}", arrays)
            return open_checkpoint(folder / f"m.{form}")
        case "sharded":
            largest = max(array.nbytes for array in arrays.values())
            save_arrays(folder / "m.safetensors", arrays, max(largest, 64))
            (path,) = {*folder.glob("*.index.json")} or {folder / "m.safetensors"}
            return open_checkpoint(path)
        case "ranks":
            save_halves(folder, arrays)
            return open_checkpoint(folder)
    if form == "bin turned":  # tensors that were transposed, saved as they lie
        arrays = {name: array.T.copy().T for name, array in arrays.items()}
    (folder / "m.bin").write_bytes(zipped(dict(arrays)))
    return open_checkpoint(folder / "m.bin")


def divided(data: st.DataObject, model: Manifest, sizes: Mapping[str, int]) -> dict[str, Division]:
    """Divide each parameter of a model."""
    return {entry.name: data.draw(divisions(entry.shape, sizes), label=entry.name) for entry in model.entries}


@given(st.data(), forms.stored_tensors(), meshes)
@settings(max_examples=60, deadline=None)
def test_all_ranks_together_have_what_one_has(
    data: st.DataObject, made: tuple[Stored, dict[str, tuple[int, ...]]], sizes: dict[str, int]
) -> None:
    """Fused, turned and reshaped in any way, in any file, on any mesh, in any dtype, mapped or not."""
    stored, shapes = made
    assume(not any(block.place is not None and block.shape != shapes[block.parameter] for block, _ in stored.blocks))
    form = data.draw(st.sampled_from(FORMATS))
    source = data.draw(st.sampled_from(["float32", "float64"] if "big" in form else FLOATS))
    target = data.draw(st.sampled_from(FLOATS))
    entries = [ManifestEntry(name, shape, target, "zeros") for name, shape in shapes.items()]
    more = {"scalar": (), "empty": (0, 2), "plain": (6, 4)}
    entries += [ManifestEntry(name, shape, target, "zeros") for name, shape in more.items()]
    model = Manifest("Net", tuple(entries), stored=(stored,))
    parameters = forms.numbered({**shapes, **more})
    file = {"stored": stored.assemble(parameters.__getitem__), **{name: parameters[name] for name in more}}
    file = {name: array.astype(numpy_dtype(source), order="C") for name, array in file.items()}
    with TemporaryDirectory() as folder:
        plan = make_plan(model, written(file, form, Path(folder)))
        mmap = data.draw(st.booleans())
        with Reader(mmap=mmap, threads=1) as reader:
            whole = stage(plan, reader)
        for name, array in whole.items():
            expected = parameters[name].astype(numpy_dtype(source)).astype(numpy_dtype(target))
            np.testing.assert_array_equal(array, expected)
        with pytest.MonkeyPatch.context() as patch:  # tensors as small as these are read as larger ones are
            for name in ("SHORTEST", "ITEM", "CHUNK", "TURNED"):
                drawn = data.draw(st.sampled_from([getattr(_runs, name), 16]), label=name)
                if name == "SHORTEST":  # the face keeps what it has given once
                    patch.setattr(reading, name, drawn)
                patch.setattr(_runs, name, drawn)
            check_ranks(plan, whole, divided(data, model, sizes), sizes, mmap=mmap)


@pytest.mark.parametrize("mmap", [True, False])
@given(data=st.data(), sizes=meshes)
@settings(max_examples=10, deadline=None)
def test_layers_of_a_model(data: st.DataObject, sizes: dict[str, int], mmap: bool) -> None:
    """Several parameters of one turned tensor, and one that three tensors make."""
    with TemporaryDirectory() as folder:
        plan = make_plan(NET, written(file_of(NET), "safetensors", Path(folder)))
        check_ranks(plan, values(NET), divided(data, NET, sizes), sizes, mmap=mmap)


# ------------------------------------------------------------------------------------------------------------ by hand


def place(shape: tuple[int, ...], *ranges: tuple[tuple[int, int], ...]) -> Place:
    """Place a part."""
    return Place(shape, ranges, (None,) * len(shape))


def tp(size: int, rank: int = 0) -> Mesh:
    """One axis."""
    return Mesh(tp=size, rank=rank)


def test_rows_stay_one_range_of_bytes_and_a_view(tmp_path: Path) -> None:
    """Two of eight rows are memory of the file's; so is a single one."""
    file = {"w": np.arange(32, dtype=np.float32).reshape(8, 4)}
    plan = make_plan(manifest(declared("w", (8, 4))), written(file, "safetensors", tmp_path))
    (whole,) = plan.steps[0].tensor.ranges
    for first, last in ((2, 4), (7, 8)):
        (step,) = cut_plan(plan, {"w": place((8, 4), ((first, last),), ((0, 4),))}).steps
        (part,) = step.tensor.ranges
        assert (step.pieces, step.tensor.shape, step.key) == ((), (last - first, 4), "w")
        assert (part.start - whole.start, part.stop - whole.start) == (16 * first, 16 * last)
        with Reader(mmap=True) as reader:
            (array,) = stage(cut_plan(plan, {"w": place((8, 4), ((first, last),), ((0, 4),))}), reader).values()
            assert np.shares_memory(array, reader.view(plan.steps[0].tensor))
        np.testing.assert_array_equal(array, file["w"][first:last])


def test_what_a_rank_lacks_is_neither_read_nor_initialized() -> None:
    """Layers of other stages are absent; a parameter that is there whole has its own step."""
    model = manifest(declared("a"), declared("b"), declared("c"), declared("d"))
    file = {name: np.ones((2, 3), np.float32) for name in "ab"}
    plan = make_plan(model, open_checkpoint(file), missing=["c", "d"])
    cut = cut_plan(plan, {"b": None, "d": None})
    assert ([step.parameter for step in cut.steps], cut.initialize) == (["b"], ("d",))
    assert cut.steps[0] is plan.steps[1]
    assert cut.nbytes == 24


def test_a_part_that_is_all_of_it_is_the_whole_step() -> None:
    """A mesh of one rank costs nothing."""
    file = {"w": np.ones((2, 3), np.float32), "s": np.float32(3)}
    plan = make_plan(manifest(declared("w"), declared("s", ())), open_checkpoint(file))
    cut = cut_plan(plan, {"w": place((2, 3), ((0, 2),), ((0, 3),)), "s": place(())})
    assert cut == plan


def test_a_place_of_another_shape_is_refused() -> None:
    """Whoever divides another model hears of it before anything is read."""
    plan = make_plan(manifest(declared("w")), open_checkpoint({"w": np.ones((2, 3), np.float32)}))
    with pytest.raises(ValueError, match=r"'w' has the shape \(2, 3\), its place is one in \(3, 2\)"):
        cut_plan(plan, {"w": place((3, 2), ((0, 1),), ((0, 2),))})


def test_the_report_is_of_the_files_tensors_and_the_ranks_bytes(tmp_path: Path) -> None:
    """What was renamed, turned and converted is told as on one rank, whatever pieces that takes here."""
    header = written(file_of(NET), "safetensors", tmp_path)
    plan = make_plan(NET, header)
    half = {
        entry.name: Division(entry.shape, tuple((Share(size, ("tp",)),) for size in entry.shape)).place(tp(2, 1))
        for entry in NET.entries
    }
    cut, whole = LoadReport.of(cut_plan(plan, half), 1.0), LoadReport.of(plan, 1.0)
    assert (cut.rearranged, cut.renamed, cut.loaded) == (whole.rearranged, whole.renamed, whole.loaded)
    assert cut.nbytes == sum(4 * math.prod(each // 2 for each in entry.shape) for entry in NET.entries)


def test_what_is_turned_is_told_though_the_part_lies_in_one_piece() -> None:
    """One column of a parameter that is stored turned is a row of the file."""

    class Turned(PureCell):
        w: Param["normal", (8, 4)]
        rename({"w": transposed("w")})

    model = manifest_of(Turned)
    plan = make_plan(model, open_checkpoint(file_of(model)))
    cut = cut_plan(plan, {"w": place((8, 4), ((0, 8),), ((1, 2),))})
    assert plan.steps[0].pieces
    assert cut.steps[0].pieces == ()
    assert LoadReport.of(cut, 1.0).rearranged == LoadReport.of(plan, 1.0).rearranged != ()
    assert "(transposed)" in str(cut)


def test_a_plan_shows_both_shapes() -> None:
    """The part's, of the whole's."""
    plan = make_plan(manifest(declared("w", (8, 4))), open_checkpoint({"w": np.ones((8, 4), np.float32)}))
    text = str(cut_plan(plan, {"w": place((8, 4), ((0, 8),), ((1, 2),))}))
    assert "(8, 1) of (8, 4)" in text
    assert "32 B" in text


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("form", ["safetensors", "bin turned", "dict"])
def test_tied_copies_are_compared_where_the_rank_has_them(tmp_path: Path, form: str, mmap: bool) -> None:
    """Rows and columns; a difference in what other ranks have is for them to find."""
    values = np.arange(48, dtype=np.float32).reshape(8, 6)
    other = values.copy()
    other[5, 4] = -1
    model = manifest(declared("embed", (8, 6)), ties={"first": "embed", "head": "embed"})
    plan = make_plan(model, written({"embed": values, "first": values.copy(), "head": other}, form, tmp_path))
    assert plan.has_copies
    for rows, columns, differ in [
        (((0, 4),), ((0, 6),), False),
        (((4, 8),), ((0, 6),), True),
        (((0, 8),), ((0, 3),), False),
        (((0, 8),), ((0, 1), (4, 5)), True),
    ]:
        cut = cut_plan(plan, {"embed": place((8, 6), rows, columns)})
        assert cut.has_copies
        with Reader(mmap=mmap) as reader:
            if differ:
                with pytest.raises(CheckpointMismatchError, match="`embed` and `head` differ"):
                    check_ties(cut, reader)
            else:
                check_ties(cut, reader)


def test_two_parameters_of_one_tensor_share_nothing(tmp_path: Path) -> None:
    """Parts that overlap are no views of one map."""
    header = written({"w": np.arange(32, dtype=np.float32).reshape(8, 4)}, "safetensors", tmp_path)
    (step,) = make_plan(manifest(declared("w", (8, 4))), header).steps
    plan = attrs.evolve(
        make_plan(manifest(declared("w", (8, 4))), header), steps=(step, attrs.evolve(step, parameter="v"))
    )
    places = {"w": place((8, 4), ((0, 4),), ((0, 4),)), "v": place((8, 4), ((2, 8),), ((0, 4),))}
    for chosen in (places, {**places, "v": None}):
        with Reader(mmap=True) as reader:
            found = stage(cut_plan(plan, chosen), reader)
        assert not np.shares_memory(found["w"], found["v"])


# ------------------------------------------------------------------------------------------------ how much is read


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize(("axis", "ranks"), [(0, 4), (1, 4), (1, 2)])
def test_all_ranks_ask_for_no_more_than_their_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, axis: int, ranks: int, mmap: bool
) -> None:
    """Rows or columns of layers that are stored turned, three in one, or one in three: 512 bytes in a run, and more."""
    model = manifest_of(LayeredNet, 512)
    header = written(file_of(model), "safetensors", tmp_path)
    plan, asked, read = make_plan(model, header), [0], _read.read_into_at

    def counting(descriptor: int, target: memoryview, start: int) -> int:
        asked[0] += len(target)
        return read(descriptor, target, start)

    monkeypatch.setattr(_read, "read_into_at", counting)
    slices = 0
    for rank in range(ranks):
        places = {}
        for entry in model.entries:
            shares = [(Share(size, ("tp",) if position == axis else ()),) for position, size in enumerate(entry.shape)]
            if entry.name == "joined.qkv" and axis == 0:
                shares[0] = tuple(Share(size, ("tp",)) for size in (1024, 512, 512))
            places[entry.name] = Division(entry.shape, tuple(shares)).place(tp(ranks, rank))
        cut = cut_plan(plan, places)
        slices += cut.nbytes
        with Reader(mmap=mmap) as reader:
            found = stage(cut, reader)
        for name, array in found.items():
            np.testing.assert_array_equal(array, part_of(values(model)[name], places[name]))
    assert asked[0] <= 1.05 * slices
    assert mmap or asked[0] == slices


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("columns", [((0, 4),), ((1, 3),)])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path, columns: Any, mmap: bool) -> None:
    """Viewed, copied out of a map, or read by runs: what comes of it is not used."""
    file = {"w": np.ones((400, 4), np.float32)}
    plan = make_plan(manifest(declared("w", (400, 4))), written(file, "safetensors", tmp_path))
    cut = cut_plan(plan, {"w": place((400, 4), ((100, 300),), columns)})
    os.utime(tmp_path / "m.safetensors", ns=(10**18, 10**18))
    with Reader(mmap=mmap) as reader, pytest.raises(CheckpointFormatError, match="the file has changed since"):
        stage(cut, reader)
    plan = make_plan(manifest(declared("w", (400, 4))), open_checkpoint(tmp_path / "m.safetensors"))
    cut = cut_plan(plan, {"w": place((400, 4), ((100, 300),), columns)})
    with Reader(mmap=mmap) as reader:
        reader.read(plan.steps[0].tensor)  # it is open, and as it was
        (tmp_path / "m.safetensors").write_bytes((tmp_path / "m.safetensors").read_bytes())
        with pytest.raises(CheckpointFormatError, match="the file has changed since"):
            stage(cut, reader)


@pytest.mark.parametrize("mmap", [True, False])
def test_memory_beyond_the_parts_is_bounded(tmp_path: Path, mmap: bool) -> None:
    """Half of the columns, turned and in another dtype, of 48 MB: a few megabytes on top, for each thread."""

    class Turned(PureCell):
        w: Param["normal", (4096, 3072)]
        rename({"w": transposed("w")})

    model = manifest_of(Turned)
    file = {"w": np.ones((3072, 4096), np.float32)}
    plan = make_plan(model, written(file, "safetensors", tmp_path), dtype="cast")
    entry = attrs.evolve(plan.steps[0], dtype="bfloat16")
    cut = cut_plan(attrs.evolve(plan, steps=(entry,)), {"w": place((4096, 3072), ((0, 2048),), ((0, 3072),))})
    with Reader(mmap=mmap, threads=2) as reader:
        tracemalloc.start()  # of numpy's own memory: the part itself has pages of the system's
        found = stage(cut, reader)["w"]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found.shape == (2048, 3072)
    assert peak < 16_000_000


# ------------------------------------------------------------------------------------- what is computed as it is read


@pytest.mark.parametrize("mmap", [True, False])
@given(data=st.data(), sizes=meshes)
@settings(max_examples=10, deadline=None)
def test_codes_with_scales(data: st.DataObject, sizes: dict[str, int], mmap: bool) -> None:
    """A scale for each row or for all: the same floats, whichever rank computes them."""
    random = np.random.default_rng(0)
    codes = random.integers(-127, 128, (8, 12)).astype(np.int8)
    scales = random.normal(size=data.draw(st.sampled_from([(8, 1), (1,)]))).astype(np.float32)
    model = manifest(declared("w.weight", (8, 12), "bfloat16"))
    with TemporaryDirectory() as folder:
        header = written({"w.weight": codes, "w.weight_scale": scales}, "safetensors", Path(folder))
        plan = make_plan(model, header)
        with Reader(mmap=mmap) as reader:
            whole = stage(plan, reader)
        np.testing.assert_array_equal(whole["w.weight"], (codes * scales).astype(numpy_dtype("bfloat16")))
        check_ranks(plan, whole, divided(data, model, sizes), sizes, mmap=mmap)


@given(data=st.data(), sizes=meshes)
@settings(max_examples=10, deadline=None)
def test_packed_words(data: st.DataObject, sizes: dict[str, int]) -> None:
    """Rows of the weight that are columns of what is stored, whichever rank computes them."""
    random = np.random.default_rng(0)
    tensors = {
        "w.qweight": random.integers(0, 256, (12, 4), dtype=np.uint8).view(np.int32),
        "w.qzeros": random.integers(0, 256, (2, 4), dtype=np.uint8).view(np.int32),
        "w.scales": random.normal(size=(2, 8)).astype(np.float16),
    }
    model = manifest(declared("w.weight", (8, 12), "bfloat16"))
    quantization = {"quant_method": "awq", "bits": 4, "group_size": 6}
    with TemporaryDirectory() as folder:
        plan = make_plan(model, written(tensors, "safetensors", Path(folder)), quantization=quantization)
        with Reader() as reader:
            whole = stage(plan, reader)
        check_ranks(plan, whole, divided(data, model, sizes), sizes, mmap=True)


@pytest.mark.parametrize("form", ["safetensors", "ranks", "bin"])
@pytest.mark.parametrize("ranges", [(((4, 8),), ((0, 12),)), (((0, 8),), ((3, 9),))])
def test_of_codes_a_rank_computes_its_part(tmp_path: Path, ranges: Any, form: str) -> None:
    """A half of the rows or columns costs a half of the codes, and all scales."""
    codes, scales = np.ones((8, 12), np.int8), np.ones((8, 1), np.float32)
    header = written({"w.weight": codes, "w.weight_scale": scales}, form, tmp_path)
    plan = make_plan(manifest(declared("w.weight", (8, 12))), header)
    (step,) = cut_plan(plan, {"w.weight": place((8, 12), *ranges)}).steps
    (part,) = step.tensor.ranges
    assert isinstance(part, Computed)
    assert isinstance(part.values, Scaled)
    assert (step.pieces, step.nbytes, part.values.codes.nbytes) == ((), 192, 48)
    assert step.source == "int8 with scales"


@pytest.mark.parametrize("mmap", [True, False])
@given(data=st.data(), sizes=meshes)
@settings(max_examples=10, deadline=None)
def test_weight_norm(data: st.DataObject, sizes: dict[str, int], mmap: bool) -> None:
    """The norms are those of all of the weight, of which a rank then has a part."""
    with TemporaryDirectory() as folder:
        plan = make_plan(NORMED, written(file_of(NORMED), "safetensors", Path(folder)))
        with Reader(mmap=mmap) as reader:
            whole = stage(plan, reader)
        check_ranks(plan, whole, divided(data, NORMED, sizes), sizes, mmap=mmap)
