"""Tests of `lazycell.formats._formats`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError, RegistryError
from lazycell.formats import (
    CheckpointHeader,
    Format,
    MemoryRange,
    TensorHeader,
    _formats,
    open_checkpoint,
    register_format,
)
from lazycell.reading._read import read_tensor

from ..loading.models import declared, make_plan, manifest
from .files import record, write_tensors

# A format of a third party: the name of its one tensor on the first line, float32 numbers as text on the others.
MODULE = """
from pathlib import Path
import numpy as np
from lazycell import CheckpointHeader, Format, MemoryRange, TensorHeader

def read(path: Path) -> CheckpointHeader:
    first, name, *rows = path.read_text().splitlines()
    array = np.array([[float(word) for word in row.split()] for row in rows], np.float32)
    tensor = TensorHeader(name, "float32", array.shape, (MemoryRange(array.reshape(-1).view(np.uint8).data),))
    return CheckpointHeader(path, "text", {name: tensor}, {"rows": str(len(rows))})

FORMAT = Format("text", ".txtw", lambda start: start.startswith(b"#text"), read)
"""
TEXT = "#text\nw\n1 2 3\n4 5 6\n"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Leave neither formats nor modules behind."""
    before = set(sys.modules)
    yield
    _formats._registered.clear()
    for name in set(sys.modules) - before:
        if name.startswith("thirdparty"):
            del sys.modules[name]


def install(site: Path, package: str, value: str, module: str | None = None, name: str = "text") -> None:
    """Install a distribution, as pip does, that announces a format."""
    info = site / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[lazycell.formats]\n{name} = {value}\n")
    if module is not None:
        (site / f"{value.partition(':')[0]}.py").write_text(module)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where distributions are installed."""
    path = tmp_path / "site"
    path.mkdir()
    monkeypatch.syspath_prepend(path)
    return path


def make(name: str = "mine", suffixes: Any = (".mine",), read: Any = None, mark: bytes = b"MINE") -> Format:
    """Make a format."""
    return Format(name, suffixes, lambda start: start.startswith(mark), read or (lambda path: empty(path)))


def empty(path: Path, *tensors: TensorHeader) -> CheckpointHeader:
    """Describe a file."""
    return CheckpointHeader(path, "mine", {tensor.name: tensor for tensor in tensors})


def test_announced_format_is_read_by_suffix_content_and_directory(site: Path, tmp_path: Path) -> None:
    """A package that is installed needs no more than its entry point."""
    install(site, "thirdparty-text", "thirdparty_text:FORMAT", MODULE)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "net.txtw").write_text(TEXT)
    (tmp_path / "blob").write_text(TEXT)
    for source in (folder / "net.txtw", tmp_path / "blob", folder):
        header = open_checkpoint(source)
        assert header.format == "text"
        assert header.metadata == {"rows": "2"}
        np.testing.assert_array_equal(read_tensor(header.tensors["w"], mmap=False), [[1, 2, 3], [4, 5, 6]])
    plan = make_plan(manifest(declared("w")), open_checkpoint(folder))
    assert (plan.path, plan.nbytes) == (folder / "net.txtw", 24)


def test_packages_are_not_loaded_for_lazycells_own_formats(site: Path, tmp_path: Path) -> None:
    """What is known by its name costs no third party's import, and no third party's failure."""
    install(site, "thirdparty-broken", "thirdparty_broken:FORMAT", "raise OSError('gone')")
    (tmp_path / "a.ckpt").write_bytes(record("a"))
    write_tensors(tmp_path / "b.safetensors", {"a": (1,)})
    assert open_checkpoint(tmp_path / "a.ckpt").format == "ckpt"
    assert open_checkpoint(tmp_path / "b.safetensors").format == "safetensors"
    assert "thirdparty_broken" not in sys.modules
    write_tensors(tmp_path / "blob", {"a": (1,)})
    assert open_checkpoint(tmp_path / "blob").format == "safetensors"


@pytest.mark.parametrize(
    ("module", "value", "cause"),
    [
        ("raise OSError('gone')", "thirdparty_x:FORMAT", "cannot be loaded: OSError: gone"),
        (
            "",
            "thirdparty_x:FORMAT",
            "cannot be loaded: AttributeError: module 'thirdparty_x' has no attribute 'FORMAT'",
        ),
        ("raise SystemExit(0)", "thirdparty_x:FORMAT", "cannot be loaded: SystemExit: 0"),
        (None, "thirdparty_x:FORMAT", "cannot be loaded: ModuleNotFoundError: No module named 'thirdparty_x'"),
        ("FORMAT = 3", "thirdparty_x:FORMAT", "is not a lazycell.Format, but 3"),
        (
            MODULE.replace(".txtw", ".ckpt"),
            "thirdparty_x:FORMAT",
            "has the suffix .ckpt, which is that of the format 'ckpt'",
        ),
    ],
)
def test_broken_announcements_name_the_package(
    site: Path, tmp_path: Path, module: str | None, value: str, cause: str
) -> None:
    """Whatever its module does, the error says whose it is."""
    install(site, "thirdparty-x", value, module)
    (tmp_path / "net.txtw").write_text(TEXT)
    for source in (tmp_path / "net.txtw", tmp_path):
        with pytest.raises(RegistryError) as caught:
            open_checkpoint(source)
        assert str(caught.value) == f"the format 'text' of the package 'thirdparty-x' ({value}) {cause}"


def test_a_malformed_announcement_is_passed_over(site: Path, tmp_path: Path) -> None:
    """It is another package's fault, and hinders nobody; it is told."""
    install(site, "thirdparty-x", "no value!", "")
    install(site, "thirdparty-text", "thirdparty_text:FORMAT", MODULE)
    (tmp_path / "net.txtw").write_text(TEXT)
    with pytest.warns(RuntimeWarning, match=r"the entry point 'text' of the package 'thirdparty-x' .* is 'no value!'"):
        assert open_checkpoint(tmp_path / "net.txtw").tensors


def test_two_packages_with_one_suffix(site: Path, tmp_path: Path) -> None:
    """Which of them would read the file is not left to chance; files of other suffixes are read."""
    install(site, "thirdparty-a", "thirdparty_a:FORMAT", MODULE)
    install(site, "thirdparty-b", "thirdparty_b:FORMAT", MODULE, name="other")
    (tmp_path / "net.txtw").write_text(TEXT)
    with pytest.raises(RegistryError) as caught:
        open_checkpoint(tmp_path / "net.txtw")
    assert str(caught.value).startswith("net.txtw: several formats have its suffix: ")
    assert "'text' of the package 'thirdparty-a'" in str(caught.value)
    assert "'text' of the package 'thirdparty-b'" in str(caught.value)


def test_registered_format(tmp_path: Path) -> None:
    """A function makes a format known too; directories find its files."""
    assert register_format(make(suffixes=[".mine", ".my.gz"])).suffixes == (".mine", ".my.gz")
    (tmp_path / "net.my.gz").write_bytes(b"x")
    assert open_checkpoint(tmp_path / "net.my.gz").format == "mine"
    assert open_checkpoint(tmp_path).format == "mine"
    (tmp_path / "blob").write_bytes(b"MINE")
    assert open_checkpoint(tmp_path / "blob").format == "mine"
    write_tensors(tmp_path / "net.safetensors", {"a": (1,)})
    with pytest.raises(CheckpointFormatError, match=r"holds net.my.gz, net.safetensors; give the path"):
        open_checkpoint(tmp_path)


def test_clashes_of_registered_formats() -> None:
    """A suffix and a name belong to one format; the same format again is no clash."""
    register_format(make())
    register_format(make())
    with pytest.raises(RegistryError, match=r"both the formats 'mine' and 'yours' have the suffix \.mine"):
        register_format(make("yours"))
    with pytest.raises(
        RegistryError, match=r"both the formats 'safetensors' and 'yours' have the suffix \.safetensors"
    ):
        register_format(make("yours", (".yours", ".safetensors")))
    with pytest.raises(RegistryError, match=r"both the formats 'sharded' and 'yours' have the suffix \.my\.json"):
        register_format(make("yours", (".my.json",)))
    with pytest.raises(RegistryError, match="the format 'ckpt' is lazycell's own"):
        register_format(make("ckpt", ()))
    with pytest.raises(TypeError, match=r"register_format takes a lazycell.Format, not 'mine'"):
        register_format("mine")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"format 'x': a suffix has to be a string like '\.ckpt', not 'ckpt'"):
        make("x", ["ckpt"])


def test_failures_of_a_third_partys_reader_are_typed(tmp_path: Path) -> None:
    """The file and the format are named, the cause is kept; lazycell's own errors pass."""

    def fail(path: Path) -> CheckpointHeader:
        raise KeyError("w")

    def refuse(path: Path) -> CheckpointHeader:
        raise CheckpointFormatError(f"{path}: tensor 'w': too old")

    path = tmp_path / "net.mine"
    path.write_bytes(b"MINE")
    register_format(make(read=fail))
    with pytest.raises(CheckpointFormatError) as caught:
        open_checkpoint(path)
    assert str(caught.value) == f"{path}: the reader of the format 'mine' failed: KeyError: 'w'"
    assert isinstance(caught.value.__cause__, KeyError)
    register_format(make(read=refuse))
    with pytest.raises(CheckpointFormatError, match="tensor 'w': too old"):
        open_checkpoint(path)
    register_format(make(read=lambda path: {}))
    with pytest.raises(CheckpointFormatError, match="has to give a CheckpointHeader, not {}"):
        open_checkpoint(path)


def test_what_a_third_partys_reader_gives_is_checked(tmp_path: Path) -> None:
    """A tensor whose parts are not its size would be read past its end."""
    path = tmp_path / "net.mine"
    path.write_bytes(b"MINE")
    tensor = TensorHeader("w", "float32", (2, 3), (MemoryRange(memoryview(bytes(20))),))
    register_format(make(read=lambda path: empty(path, tensor)))
    with pytest.raises(CheckpointFormatError) as caught:
        open_checkpoint(path)
    assert str(caught.value) == (
        f"{path}: tensor 'w': float32 of shape (2, 3) needs 24 bytes, the reader of the format 'mine' gives 20"
    )
    marked = attrs.evolve(tensor, dtype="Q4_K")
    register_format(make(read=lambda path: empty(path, marked)))
    assert not open_checkpoint(path).tensors["w"].is_readable
