"""What the first load or save of a process pays once: modules, classes, collections. No test looks at a time."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import tests

PROGRAM = """
import gc, json, sys

import mindspore
from lazycell import LazyCell, Param, children

class Linear(LazyCell):
    width: int
    weight: Param["normal", (width, width)]
    bias: Param["zeros", (width,)]

class Net(LazyCell):
    n_layers: int
    width: int
    layers: list = children(n_layers, Linear, width)

net = Net(2, 4, dtype=getattr(mindspore, sys.argv[2]))
made, collected = [], []

def compiled(event, arguments):
    if event == "compile" and str(arguments[1]).startswith("<attrs generated"):
        made.append(str(arguments[1]).split()[-1].rstrip(">"))

def collects(phase, info):
    frame = sys._getframe(1)
    while frame is not None:
        if phase == "start" and "importlib" in frame.f_code.co_filename:
            return collected.append(info["generation"])
        frame = frame.f_back

sys.addaudithook(compiled)
gc.callbacks.append(collects)
before = set(sys.modules)
net.load_checkpoint(sys.argv[1])
print(json.dumps({"modules": sorted(set(sys.modules) - before), "classes": made, "collected": collected}))
"""

SAVING = """
import json, sys

from lazycell import LazyCell, Param

class Linear(LazyCell):
    weight: Param["ones", (2, 2)]

net = Linear()
net.init_parameters_data()
before = set(sys.modules)
net.save_checkpoint(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""

NEEDLESS = (
    *("lazycell.saving", "lazycell.inference", "lazycell.streams", "lazycell.pretrained", "lazycell.viewer"),
    *(f"lazycell.formats.{name}" for name in ("_ckpt", "_sharded", "_directory", "_memory", "_third_party")),
    *(f"lazycell.formats.{name}" for name in ("_pickle", "_torch_objects", "_pytorch", "_zip", "_strided")),
    *("lazycell.formats._other_contents", "lazycell.hub"),
    *("lazycell.reading._cast", "lazycell.reading._transfer", "lazycell.loading._move"),
    *("lazycell.loading._apply_migrations", "lazycell.mismatch._causes"),
    *("lazycell.layout._stored_names", "lazycell.layout._apply_rules", "lazycell.history._name_rules"),
    *("rich", "ml_dtypes", "click"),
)
"""What saves, infers, draws, converts, explains, prints, or reads something else than one file of safetensors."""


def first_load(path: Path, dtype: str) -> dict[str, Any]:
    """Load a net in a process of its own, and give what that took with it."""
    width = 4
    shapes = {
        f"layers.{i}.{name}": shape
        for i in range(2)
        for name, shape in (("weight", (width, width)), ("bias", (width,)))
    }
    safetensors.numpy.save_file({name: np.ones(shape, np.float32) for name, shape in shapes.items()}, path)
    found: dict[str, Any] = json.loads(in_a_process(PROGRAM, str(path), dtype))
    return found


def in_a_process(program: str, *arguments: str) -> str:
    """Run a program, and give the last line that it printed."""
    command, root = [sys.executable, "-c", program, *arguments], Path(tests.__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what the load of one file takes with it whose tensors are as they have to be."""
    return first_load(tmp_path_factory.mktemp("first") / "net.safetensors", "float32")


def test_a_first_load_imports_what_it_needs(straight: dict[str, Any]) -> None:
    """Nothing that other kinds of loads need, and no more modules than 15 ms are enough for, a third of one each.

    A package's face alone is a list of names, which costs next to nothing.
    """
    modules = [name for name in straight["modules"] if name.startswith("lazycell.")]
    assert "lazycell.loading._fit" in modules
    needless = [name for name in straight["modules"] if f"{name}.".startswith(tuple(f"{each}." for each in NEEDLESS))]
    needless = [name for name in needless if not name.startswith("lazycell") or name.count(".") > 1]
    assert needless == []
    assert len(modules) <= 48


def test_a_first_load_makes_few_classes(straight: dict[str, Any]) -> None:
    """Each takes a quarter of a millisecond, together no more than 9."""
    assert "lazycell.loading._plan.LoadStep" in straight["classes"]
    assert len(straight["classes"]) <= 35


def test_no_garbage_is_collected_while_modules_are_imported(straight: dict[str, Any]) -> None:
    """With MindSpore's objects about, one full collection takes longer than all the imports."""
    assert straight["collected"] == []


@pytest.mark.parametrize("name", NEEDLESS)
def test_what_is_left_out_is_there(name: str) -> None:
    """The list is of modules that exist."""
    assert importlib.util.find_spec(name) is not None


def test_a_first_save_imports_nothing_that_loads(tmp_path: Path) -> None:
    """Nor what explains, converts or verifies a checkpoint."""
    modules = {*json.loads(in_a_process(SAVING, str(tmp_path / "net.safetensors")))}
    assert {"lazycell.cell._save_checkpoint", "lazycell.saving._save"} <= modules
    packages = {".".join(name.split(".")[:2]) for name in modules if name.count(".") > 1}
    assert not packages & {"lazycell.loading", "lazycell.mismatch", "lazycell.sources", "lazycell.inference"}
    assert not modules & {"lazycell.saving._convert", "lazycell.saving._checksums", "lazycell.reading._read"}


def test_a_conversion_imports_what_converts(tmp_path: Path) -> None:
    """What a load without conversion leaves out is there for one with it."""
    modules = first_load(tmp_path / "net.safetensors", "bfloat16")["modules"]
    assert {"lazycell.reading._cast", "lazycell.reading._transfer", "lazycell.loading._move", "ml_dtypes"} <= {*modules}
