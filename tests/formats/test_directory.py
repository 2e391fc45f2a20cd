"""Tests of `lazycell.formats._directory`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats._directory import find_checkpoint

from .files import write_tensors
from .test_sharded import INDEX, sharded, write_index


def found(directory: Path) -> list[str]:
    """Give the names of the files that are chosen."""
    return [path.name for path in find_checkpoint(directory)]


def refusal(directory: Path) -> str:
    """Give why none is, without the directory."""
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(directory)
    return str(caught.value).removeprefix(f"{directory}: ")


def touched(directory: Path, *names: str) -> Path:
    """Make empty files."""
    directory.mkdir(exist_ok=True)
    for name in names:
        (directory / name).touch()
    return directory


def test_directory_with_one_file(tmp_path: Path) -> None:
    """`model.safetensors` is taken, also with other tensors beside it."""
    (tmp_path / "config.json").write_text("{}")
    write_tensors(tmp_path / "model.safetensors", {"a": (1,)})
    write_tensors(tmp_path / "adapter.safetensors", {"a": (1,)})
    assert found(tmp_path) == ["model.safetensors"]


def test_directory_with_index_or_lone_file(tmp_path: Path) -> None:
    """The index is taken before its shards, and any single candidate without an index."""
    sharded(tmp_path)
    assert found(tmp_path) == [INDEX]
    lone = tmp_path / "lone"
    lone.mkdir()
    (lone / "net.ckpt").touch()
    assert found(lone) == ["net.ckpt"]


def test_index_whose_shard_is_called_model(tmp_path: Path) -> None:
    """An index over one shard named `model.safetensors` is no second checkpoint."""
    write_tensors(tmp_path / "model.safetensors", {"a": (1,)})
    write_index(tmp_path, {"a": "model.safetensors"})
    assert found(tmp_path) == [INDEX]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "the directory is empty"),
        (
            ["net.h5"],
            "holds no .safetensors, no .safetensors.index.json, no .ckpt, no .bin of PyTorch and no .gguf, only net.h5",
        ),
        (
            ["config.json"],
            "a config.json and no weights; was the download complete? `hf download ORG/NAME` gets all of a repository",
        ),
        (
            ["a.safetensors", "b.ckpt"],
            "holds a.safetensors, b.ckpt; give the path of the one to load, such as DIRECTORY/a.safetensors",
        ),
        (
            [f"model-{i}.safetensors" for i in range(7)],
            "holds model-0.safetensors, model-1.safetensors, model-2.safetensors, model-3.safetensors, "
            "model-4.safetensors and 2 more; give the path of the one to load, such as DIRECTORY/model-0.safetensors",
        ),
    ],
)
def test_directories_that_tell_no_checkpoint(tmp_path: Path, names: list[str], message: str) -> None:
    """Nothing, or too much, is an error that says what is there."""
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(tmp_path)
    assert str(caught.value) == f"{tmp_path}: {message.replace('DIRECTORY', str(tmp_path))}"


def test_whole_copy_beside_an_index(tmp_path: Path) -> None:
    """transformers takes the whole one."""
    sharded(tmp_path)
    write_tensors(tmp_path / "model.safetensors", {"a": (1,)})
    assert found(tmp_path) == ["model.safetensors"]


def test_the_order_of_transformers(tmp_path: Path) -> None:
    """safetensors before PyTorch's files, whole ones before sharded ones; what trainers write beside is none."""
    beside = (
        "training_args.bin",
        "optimizer.pt",
        "scheduler.pt",
        "rng_state_0.pth",
        "adapter_model.safetensors",
        "openvino_model_int8.bin",
    )
    touched(tmp_path, "pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json", *beside)
    assert found(tmp_path) == ["pytorch_model.bin.index.json"]
    touched(tmp_path, "pytorch_model.bin")
    assert found(tmp_path) == ["pytorch_model.bin"]
    sharded(tmp_path)
    (tmp_path / "model.fp16.safetensors.index.json").write_text('{"weight_map": {"a": "other.safetensors"}}')
    assert found(tmp_path) == [INDEX]
    touched(tmp_path, "model.safetensors")
    assert found(tmp_path) == ["model.safetensors"]


def test_only_what_lies_beside_models(tmp_path: Path) -> None:
    """An optimizer's state is no model."""
    touched(tmp_path, "optimizer.pt", "rng_state.pth")
    assert "only optimizer.pt, rng_state.pth" in refusal(tmp_path)


@pytest.mark.parametrize("form", ["model-{:05}-of-00003.safetensors", "pytorch_model-{:05}-of-00003.bin"])
def test_a_set_without_an_index(tmp_path: Path, form: str) -> None:
    """All of its files; one that is missing is named."""
    names = [form.format(number) for number in (1, 2, 3)]
    touched(tmp_path, *reversed(names), "config.json", "training_args.bin")
    assert found(tmp_path) == names
    (tmp_path / names[1]).unlink()
    assert refusal(tmp_path) == (
        f"holds 2 of the 3 files of one checkpoint, {names[0]}, {names[2]}; {names[1]} is missing: was the download "
        "complete?"
    )


def test_a_set_beside_others(tmp_path: Path) -> None:
    """No path of one of its files would load it: the advice is another."""
    touched(tmp_path, "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "net.ckpt")
    assert refusal(tmp_path).endswith("keep each in a directory of its own, and give that of the one to load")


def test_a_set_of_more_files_than_there_can_be(tmp_path: Path) -> None:
    """What a name promises costs nothing."""
    touched(tmp_path, "m-00001-of-99999.safetensors")
    assert "holds 1 of the 99999 files" in refusal(tmp_path)
    (tmp_path / "m-00001-of-99999.safetensors").unlink()
    touched(tmp_path, "m-00001-of-00000.safetensors")
    assert "another is missing" in refusal(tmp_path)


def test_both_indices(tmp_path: Path) -> None:
    """Hugging Face's and MindSpore's over the same shards are one checkpoint; over others, two."""
    path = sharded(tmp_path)
    weight_map = json.loads(path.read_text())["weight_map"]
    (tmp_path / "param_name_map.json").write_text(json.dumps(weight_map))
    assert found(tmp_path) == [INDEX]
    (tmp_path / "param_name_map.json").write_text(json.dumps({"weight_map": {"a": "s1.safetensors"}}))
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds {INDEX}, param_name_map.json; give the path of the one to load, such as {tmp_path}/{INDEX}"
    )


def test_folders_and_hidden_files_are_no_candidates(tmp_path: Path) -> None:
    """macOS leaves hidden files beside those it copies; a folder holds another checkpoint."""
    write_tensors(tmp_path / "net.safetensors", {"a": (1,)})
    (tmp_path / "._net.safetensors").write_bytes(b"Mac OS X")
    (tmp_path / "old.ckpt").mkdir()
    assert found(tmp_path) == ["net.safetensors"]
    (tmp_path / "net.safetensors").unlink()
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds no .safetensors, no .safetensors.index.json, no .ckpt, no .bin of PyTorch and no .gguf, only "
        "._net.safetensors, old.ckpt"
    )


def test_gguf_is_taken_where_nothing_else_is(tmp_path: Path) -> None:
    """Floats are exact; what looks or listens beside a text model is passed over."""
    assert found(touched(tmp_path / "one", "config.json", "m-Q4_K_M.gguf", "README.md")) == ["m-Q4_K_M.gguf"]
    assert found(touched(tmp_path / "vision", "m-Q8_0.gguf", "mmproj-m-f16.gguf")) == ["m-Q8_0.gguf"]
    assert found(touched(tmp_path / "eyes", "m.gguf", "m.mmproj-Q8_0.gguf")) == ["m.gguf"]
    assert found(touched(tmp_path / "alone", "mmproj-m-f16.gguf")) == ["mmproj-m-f16.gguf"]
    for other in ("model.safetensors", "net.safetensors", "pytorch_model.bin", "net.ckpt"):
        assert found(touched(tmp_path / other, "m.gguf", "m-Q8_0.gguf", other)) == [other]


def test_several_of_gguf_are_named(tmp_path: Path) -> None:
    """One model, quantized in several ways: nothing tells which to load."""
    said = refusal(touched(tmp_path, "m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj.gguf"))
    assert said == (
        f"holds m-Q4_K_M.gguf, m-Q8_0.gguf; give the path of the one to load, such as {tmp_path}/m-Q4_K_M.gguf"
    )


def test_a_model_of_gguf_in_parts(tmp_path: Path) -> None:
    """The first part is chosen, and says when it is read how they are joined; of two such models both are named."""
    touched(tmp_path, *(f"m-Q8_0-0000{number}-of-00003.gguf" for number in (1, 2, 3)))
    assert found(tmp_path) == ["m-Q8_0-00001-of-00003.gguf"]
    assert "m-Q4_0-00001-of-00002.gguf" in refusal(touched(tmp_path, "m-Q4_0-00001-of-00002.gguf"))
