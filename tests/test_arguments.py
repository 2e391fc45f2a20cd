"""Tests of `lazycell._arguments`, through the public functions that take them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lazycell
from lazycell import LazyCell, Param
from lazycell._arguments import file_path


class Net(LazyCell):
    w: Param["zeros", (2,)]


def filled() -> Net:
    """Give a net that can be saved."""
    net = Net()
    net.init_parameters_data()
    return net


VALUES = {"w": np.ones(2, np.float32)}

WITH_PATH: dict[str, Callable[[Any], object]] = {
    "load": lambda path: Net().load_checkpoint(path),
    "plan": lambda path: lazycell.plan(Net.manifest(), path),
    "open": lazycell.open_checkpoint,
    "infer": lambda path: Net.infer(path),
    "from_pretrained": lambda path: Net.from_pretrained(path),
    "find the class": lazycell.from_pretrained,
    "save": lambda path: filled().save_checkpoint(path),
    "convert from": lambda path: lazycell.convert(path, "x.safetensors"),
    "convert to": lambda path: lazycell.convert(VALUES, path),
    "verify": lazycell.verify,
}


@pytest.mark.parametrize("function", WITH_PATH.values(), ids=WITH_PATH)
def test_a_path_has_to_be_one(function: Callable[[Any], object], tmp_path: Path, monkeypatch: Any) -> None:
    """Not a number, bytes or nothing, and not empty, which would mean the current directory."""
    monkeypatch.chdir(tmp_path)
    for value in (3, None, b"net.safetensors"):
        with pytest.raises(TypeError, match=r"has to be a path, as text or a pathlib\.Path, not"):
            function(value)
    with pytest.raises(ValueError, match=r'is empty: write "\." if the current directory is meant'):
        function("")
    with pytest.raises(ValueError, match="the name of a file cannot hold a null byte"):
        function("a\0.safetensors")
    assert list(tmp_path.iterdir()) == []


WITH_PROGRESS: dict[str, Callable[[Any], object]] = {
    "load": lambda progress: Net().load_checkpoint(VALUES, progress=progress),
    "save": lambda progress: filled().save_checkpoint("net.safetensors", progress=progress),
    "convert": lambda progress: lazycell.convert(VALUES, "net.safetensors", progress=progress),
    "verify": lambda progress: lazycell.verify("saved.safetensors", progress=progress),
}


@pytest.mark.parametrize("function", WITH_PROGRESS.values(), ids=WITH_PROGRESS)
def test_progress_has_to_be_a_function(function: Callable[[Any], object], tmp_path: Path, monkeypatch: Any) -> None:
    """Whatever is given instead is refused before anything is done, also what is false."""
    monkeypatch.chdir(tmp_path)
    filled().save_checkpoint("saved.safetensors")
    for value in (3, "", [], 0):
        with pytest.raises(TypeError, match="progress has to be a function of the bytes done and the bytes in all"):
            function(value)
    assert [path.name for path in tmp_path.iterdir()] == ["saved.safetensors"]


WITH_SWITCH: dict[str, Callable[[Any], object]] = {
    "verify": lambda verify: Net().load_checkpoint(VALUES, verify=verify),
    "mmap": lambda mmap: Net().load_checkpoint(VALUES, mmap=mmap),
    "mmap of one tensor": lambda mmap: lazycell.read_tensor(lazycell.open_checkpoint(VALUES).tensors["w"], mmap=mmap),
}


@pytest.mark.parametrize("name", WITH_SWITCH)
def test_a_switch_has_to_be_true_or_false(name: str) -> None:
    """Text would be true whatever it says, and so would `"no"`."""
    for value in ("no", 1, 0, None, []):
        with pytest.raises(TypeError, match=f"^{name.split()[0]} has to be True or False, not ") as caught:
            WITH_SWITCH[name](value)
        assert str(caught.value).endswith(repr(value))


def test_a_path_object_of_ones_own_is_taken() -> None:
    """Anything with `__fspath__` that gives text."""

    class Own:
        def __fspath__(self) -> str:
            return "net.safetensors"

    assert file_path(Own(), "path") == Path("net.safetensors")
