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

PROGRAM = (
    "import sys\nfrom lazycell.cli import main\nassert main(sys.argv[1:]) < 2\nprint(*sys.modules, file=sys.stderr)"
)

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
        "check model.json other.safetensors",
        "diff model.json other.safetensors",
        "plan model.json net.safetensors --mesh dp=2",
    ],
)
def test_a_command_between_files_imports_what_it_needs(tmp_path: Path, command: str) -> None:
    """Neither the language of class bodies, nor what packages announce, nor formats that are not there."""
    Path(tmp_path / "model.json").write_text(Manifest("Net", (ManifestEntry("w", (2,), "float32", "zeros"),)).to_json())
    safetensors.numpy.save_file({"w": np.zeros(2, np.float32)}, tmp_path / "net.safetensors")
    safetensors.numpy.save_file({"v": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")  # it does not fit
    words = [str(tmp_path / word) if "." in word else word for word in command.split()]
    root = Path(tests.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False, cwd=root
    )
    assert "Traceback" not in done.stderr
    modules = {*done.stderr.split()}
    assert "lazycell.manifest.file._canonical" in modules
    assert not modules & {"numpy", "rich", "lazycell.formats._ckpt"}
    if "other" not in command:  # why a file does not fit is told by expressions, and by the models that packages have
        assert not modules & {*LANGUAGE, "importlib.metadata"}
    assert "safetensors" in command or "lazycell.formats._formats" not in modules
