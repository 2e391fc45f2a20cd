"""What commands between files do not import: what they take is what users wait for. No test looks at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import tests
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest

PROGRAM = "import sys\nfrom lazycell.cli import main\nmain(sys.argv[1:])\nprint(*sys.modules, file=sys.stderr)"

LANGUAGE = {
    f"lazycell.declaration.{name}" for name in ("_declare", "_parse", "_symbols", "_class_body", "_stored_rule")
}
"""What a class body needs; of files, names, shapes and forms are read."""


@pytest.mark.parametrize(
    "command",
    [
        "show model.json",
        "diff model.json model.json",
        "check model.json net.safetensors",
        "plan model.json net.safetensors --mesh dp=2",
    ],
)
def test_a_command_between_files_imports_what_it_needs(tmp_path: Path, command: str) -> None:
    """Neither the language of class bodies, nor what packages announce, nor formats that are not there."""
    Path(tmp_path / "model.json").write_text(Manifest("Net", (ManifestEntry("w", (2,), "float32", "zeros"),)).to_json())
    safetensors.numpy.save_file({"w": np.zeros(2, np.float32)}, tmp_path / "net.safetensors")
    words = [str(tmp_path / word) if "." in word else word for word in command.split()]
    root = Path(tests.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True, cwd=root)
    modules = {*done.stderr.split()}
    assert "lazycell.manifest.file._canonical" in modules
    assert not modules & {*LANGUAGE, "importlib.metadata", "numpy", "rich", "lazycell.formats._ckpt"}
    assert command.startswith(("check", "plan")) or "lazycell.formats._formats" not in modules
