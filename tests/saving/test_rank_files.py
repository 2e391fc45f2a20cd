"""Checkpoints in files of each rank's own: read by anybody, on any mesh, and refused when a file is another."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lazycell
from lazycell import CheckpointFormatError
from lazycell.cli._main import main
from lazycell.formats import ByteRange, open_checkpoint
from lazycell.loading._cut_block import cut_block
from lazycell.loading._plan import LoadPlan, LoadStep
from lazycell.mesh import Mesh
from lazycell.saving._writers import whole_division

from ..loading.ranks import check_ranks
from .ranks import DIVISIONS, MESHES, arrays, save_on
from .saved import load_arrays, same_arrays

WHOLE = arrays(7)

pytestmark = pytest.mark.usefixtures("no_flush")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, no_flush: None) -> Path:
    """Give what eight ranks saved; nobody changes it."""
    directory = tmp_path_factory.mktemp("ranks")
    save_on(directory, WHOLE, {"tp": 2, "ep": 4}, layout="ranks", metadata={"format": "pt", "lazycell.model": "Net"})
    return directory


@pytest.mark.parametrize("sizes", MESHES, ids=str)
def test_saved_on_one_mesh_read_on_another(tmp_path: Path, sizes: dict[str, int]) -> None:
    """All of it by one process, and by each rank of each mesh its parts; 7 × 7 meshes."""
    save_on(tmp_path, WHOLE, sizes, layout="ranks")
    header = open_checkpoint(tmp_path)
    assert header.format == "ranks"
    assert list(header.tensors) == list(WHOLE)
    assert same_arrays(load_arrays(tmp_path), WHOLE)
    steps = [LoadStep(name, name, tensor, tensor.dtype) for name, tensor in header.tensors.items()]
    plan = LoadPlan(header.path, "Net", tuple(steps))
    divided = {name: each or whole_division(WHOLE[name].shape) for name, each in DIVISIONS.items()}
    for other in MESHES:
        check_ranks(plan, WHOLE, divided, other, mmap="dp" in other)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_the_same_mesh_reads_its_own_files(saved: Path) -> None:
    """Of columns too: a rank asks for no byte of another's."""
    header = open_checkpoint(saved)
    for rank in range(8):
        mesh = Mesh(tp=2, ep=4, rank=rank)
        division = DIVISIONS["layers.0.experts"]
        place = division.place(mesh) if division else None
        assert place is not None
        ((there, _),) = place.boxes()
        (block,) = cut_block(header.tensors["layers.0.experts"], (), place.whole, there)
        (range_,) = block.tensor.ranges
        assert type(range_) is ByteRange
        assert f"-r{rank:05}-of-00008-" in range_.path.name


def test_what_the_header_says(saved: Path) -> None:
    """Metadata as in files of one rank, and none of what describes the files."""
    header = open_checkpoint(saved / "model.ranks.index.json")
    total = sum(array.nbytes for array in WHOLE.values())
    assert header.metadata == {"format": "pt", "lazycell.model": "Net", "total_size": str(total)}
    assert header.nbytes == total


def test_commands_work(saved: Path, tmp_path: Path) -> None:
    """inspect, verify and convert, of the directory."""
    for command in (["inspect", saved], ["inspect", saved, "--json"], ["verify", saved]):
        assert main([str(each) for each in command]) == 0
    lazycell.convert(saved, tmp_path / "a.safetensors")
    assert same_arrays(load_arrays(tmp_path / "a.safetensors"), WHOLE)
    assert open_checkpoint(tmp_path / "a.safetensors").metadata.keys() == {"format", "lazycell.model", "lazycell.crc32"}


def test_damage_is_found_by_name(saved: Path, tmp_path: Path) -> None:
    """Each tensor once, though its parts are in several files."""
    shutil.copytree(saved, tmp_path / "copy")
    tensor = open_checkpoint(tmp_path / "copy").tensors["layers.0.down"]
    for range_ in tensor.byte_ranges:
        with open(range_.path, "r+b") as file:
            file.seek(range_.start)
            byte = file.read(1)[0]
            file.seek(range_.start)
            file.write(bytes([byte ^ 1]))
    with pytest.raises(lazycell.ChecksumError) as caught:
        lazycell.verify(tmp_path / "copy")
    assert caught.value.tensors == ("layers.0.down",)


def test_as_torch_reads_it(saved: Path) -> None:
    """By the files alone, each a chunk at `saved_offsets`, as torch's `HuggingFaceStorageReader` puts them together."""
    found: dict[str, Any] = {}
    for path in sorted(saved.glob("*.safetensors")):
        header = open_checkpoint(path)
        offsets = json.loads(header.metadata["DCP_SHARDING_INFO"])
        shapes = json.loads(header.metadata["lazycell.whole"])
        assert offsets.keys() == shapes.keys() == header.tensors.keys() != set()
        for name, array in load_arrays(path).items():
            whole = found.setdefault(name, np.full(shapes[name], 100, array.dtype))
            begins = offsets[name]["saved_offsets"]
            whole[tuple(slice(at, at + size) for at, size in zip(begins, array.shape, strict=True))] = array
    assert same_arrays(found, WHOLE)


def test_a_rank_without_tensors_has_no_file(tmp_path: Path) -> None:
    """DCP refuses one that says nothing."""
    save_on(tmp_path, {"scalar": WHOLE["scalar"]}, {"tp": 2}, layout="ranks")
    assert len(os.listdir(tmp_path)) == 2


# ----------------------------------------------------------------------------------------------------- what is refused


def _edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def act(directory: Path) -> None:
        path = directory / "model.ranks.index.json"
        index = json.loads(path.read_text())
        change(index)
        path.write_text(json.dumps(index))

    return act


def _first(directory: Path) -> Path:
    return min(directory.glob("*.safetensors"))


def _longer(directory: Path) -> None:
    with open(_first(directory), "ab") as file:
        file.write(b"0")


def _other_header(directory: Path) -> None:
    raw = _first(directory).read_bytes()
    _first(directory).write_bytes(raw.replace(b'"pt"', b'"tf"', 1))


def _tensor(index: dict[str, Any], name: str = "embed") -> dict[str, Any]:
    found: dict[str, Any] = index["tensors"][name]
    return found


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda directory: _first(directory).unlink(), "is missing: was the checkpoint copied"),
        (_longer, "bytes, the index says"),
        (_other_header, "is not the one that the index was written for"),
        (_edit(lambda index: index.update(version=2)), "is of version 2, lazycell reads 1"),
        (_edit(lambda index: index.update(files=[])), "its files have to be an object"),
        (_edit(lambda index: index.update(files={"../a.safetensors": {}})), "no .safetensors file in the directory"),
        (_edit(lambda index: index.update(tensors={})), "names no tensors"),
        (_edit(lambda index: index["tensors"].pop("embed")), "holds tensor 'embed', of which the index has no part"),
        (_edit(lambda index: _tensor(index)["parts"].pop()), "its 1 parts do not cover (24, 6), each element once"),
        (_edit(lambda index: _tensor(index).update(parts=[])), "tensor 'embed': has no parts"),
        (_edit(lambda index: _tensor(index).update(dtype="float16")), "the index says float16 (12, 6) of a part"),
        (_edit(lambda index: _tensor(index).update(dtype="F99")), "has no dtype that lazycell reads, but 'F99'"),
        (_edit(lambda index: _tensor(index).update(shape=[24, -6])), "its shape has to be a list of integers"),
        (
            _edit(lambda index: _tensor(index)["parts"][0][1].pop()),
            "a part has to be a file and a box inside of (24, 6)",
        ),
        (_edit(lambda index: _tensor(index)["parts"][0][1].reverse()), "a part has to be a file and a box inside of"),
        (
            _edit(lambda index: _tensor(index)["parts"][1].__setitem__(0, _tensor(index)["parts"][0][0])),
            "where the index puts a part of it",
        ),
        (_edit(lambda index: index["tensors"].update(embed=3)), "has no dtype that lazycell reads, but None"),
    ],
)
def test_what_is_no_such_checkpoint(saved: Path, tmp_path: Path, change: Callable[[Path], None], text: str) -> None:
    """The message says which file, which tensor, and why."""
    shutil.copytree(saved, tmp_path / "copy")
    change(tmp_path / "copy")
    with pytest.raises(CheckpointFormatError) as caught:
        open_checkpoint(tmp_path / "copy")
    assert text in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "copy" / "model.ranks.index.json"))


def test_beside_others(saved: Path, tmp_path: Path) -> None:
    """A whole file counts first, two indices are one too many, and PyTorch's come after."""
    copy = tmp_path / "copy"
    shutil.copytree(saved, copy)
    (copy / "pytorch_model.bin").write_bytes(b"")
    assert open_checkpoint(copy).format == "ranks"
    shutil.copy(copy / "model.ranks.index.json", copy / "other.ranks.index.json")
    with pytest.raises(CheckpointFormatError, match="give the path of the one to load"):
        open_checkpoint(copy)
    lazycell.convert(saved, copy / "model.safetensors")  # which takes the place of what has its name
    assert open_checkpoint(copy).format == "safetensors"
