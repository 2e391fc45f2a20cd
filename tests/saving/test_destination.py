"""Which file in which format a save writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell import CheckpointError
from lazycell.saving._destination import Destination, destination_of


def test_a_name_says_the_format(tmp_path: Path) -> None:
    """Without a format, and with the same one."""
    for name, format in (("a.safetensors", "safetensors"), ("a.ckpt", "ckpt")):
        for given in (None, format):
            assert destination_of(tmp_path / name, given, None) == Destination(tmp_path / name, format)
    assert destination_of(str(tmp_path / "a.b.safetensors"), None, None).stem == "a.b"


def test_in_a_directory_the_file_is_called_model(tmp_path: Path) -> None:
    """That is the name which is looked for there."""
    assert destination_of(tmp_path, None, "1KB") == Destination(tmp_path / "model.safetensors", "safetensors", 1000)
    assert destination_of(tmp_path, "ckpt", None) == Destination(tmp_path / "model.ckpt", "ckpt")
    (tmp_path / "odd.ckpt").mkdir()
    assert destination_of(tmp_path / "odd.ckpt", None, None).path == tmp_path / "odd.ckpt" / "model.safetensors"


def test_an_index(tmp_path: Path) -> None:
    """Its path means the checkpoint that it is the index of."""
    found = destination_of(tmp_path / "model.safetensors.index.json", "safetensors", None)
    assert found == Destination(tmp_path / "model.safetensors", "safetensors", None, True)
    assert found.index == tmp_path / "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("name", "format", "size", "message"),
    [
        (
            "a.ckpt",
            "safetensors",
            None,
            'the name is that of a .ckpt file, and format="safetensors": write format="ckpt"',
        ),
        ("a.safetensors", "ckpt", None, 'the name is that of a .safetensors file, and format="ckpt"'),
        ("a.safetensors.index.json", "ckpt", None, "the name is that of a .safetensors file"),
        ("a.safetensors", "pt", None, 'format=\'pt\': choose "safetensors" or "ckpt"'),
        (
            "a.ckpt",
            "ckpt",
            "5GB",
            'a .ckpt is one file, and max_shard_size="5GB": leave it out, or save as .safetensors',
        ),
        ("a.bin", None, None, "the name of a checkpoint ends in .safetensors or .ckpt: give it one of the two"),
        ("a", None, None, "give it one of the two, or make the directory first"),
        ("param_name_map.json", None, None, "the name of a checkpoint ends in .safetensors or .ckpt"),
        (".safetensors.index.json", None, None, "the name of a checkpoint ends in .safetensors or .ckpt"),
        ("a.safetensors", None, "5XB", 'max_shard_size="5XB"'),
    ],
)
def test_contradictions(tmp_path: Path, name: str, format: str | None, size: str | None, message: str) -> None:
    """Of the path and the arguments beside it; said before anything is written."""
    with pytest.raises(ValueError, match=r".") as caught:
        destination_of(tmp_path / name, format, size)
    assert message in str(caught.value)


def test_something_else_has_the_name(tmp_path: Path) -> None:
    """A directory where the index would have to be, say."""
    (tmp_path / "a.safetensors.index.json").mkdir()
    with pytest.raises(CheckpointError, match="is a directory: a checkpoint cannot be saved there"):
        destination_of(tmp_path / "a.safetensors", None, None)


def test_names_as_long_as_a_file_system_allows(tmp_path: Path) -> None:
    """Also where the index's, which is longer, could not be."""
    path = tmp_path / ("a" * 243 + ".safetensors")
    assert destination_of(path, None, None).path == path


def test_a_null_byte(tmp_path: Path) -> None:
    """The system's own message names no file."""
    with pytest.raises(ValueError, match="cannot hold a null byte"):
        destination_of("a\0.safetensors", None, None)
