"""`from_pretrained(ADAPTER_DIR)`: its base is what its config names, where that is on this disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lazycell import ConfigError
from lazycell.loading import LoadOptions
from lazycell.pretrained import with_base

GOLDEN = Path(__file__).parents[1] / "golden" / "sources" / "peft"
BASE, ADAPTER = GOLDEN / "base_llama", GOLDEN / "llama_lora" / "adapter"


def adapter_of(tmp_path: Path, base: Any) -> Path:
    directory = tmp_path / "adapter"
    shutil.copytree(ADAPTER, directory, dirs_exist_ok=True)
    config = json.loads((directory / "adapter_config.json").read_text())
    (directory / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": base}))
    return directory


def test_a_directory(tmp_path: Path) -> None:
    """Below its own, or absolute; the adapter is merged into it."""
    assert with_base(ADAPTER, LoadOptions()) == (BASE, LoadOptions(adapter=str(ADAPTER)))
    directory = adapter_of(tmp_path, str(BASE))
    assert with_base(directory, LoadOptions()) == (BASE, LoadOptions(adapter=str(directory)))


def test_a_repository_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `from_pretrained` finds one, without the network."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    directory = adapter_of(tmp_path, "org/base")
    with pytest.raises(ConfigError, match="nor a repository in the hub's cache"):
        with_base(directory, LoadOptions())
    root = tmp_path / "hub" / "models--org--base"
    shutil.copytree(BASE, root / "snapshots" / ("0" * 40))
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("0" * 40)
    assert with_base(directory, LoadOptions())[0] == root / "snapshots" / ("0" * 40)


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("org/base", r"it changes 'org/base' \(base_model_name_or_path\), which is no directory"),
        ("/nowhere/base", "'/nowhere/base'"),
        (None, "does not say of which model"),
        (3, "does not say of which model"),
        ("", "does not say of which model"),
        (".", "is an adapter, too"),
    ],
)
def test_what_is_refused(tmp_path: Path, base: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to write."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    directory = adapter_of(tmp_path, base)
    with pytest.raises(ConfigError, match=message) as caught:
        with_base(directory, LoadOptions())
    assert f"from_pretrained(BASE, adapter='{directory}')" in str(caught.value)


def test_what_is_a_model(tmp_path: Path) -> None:
    """A directory with weights of its own, a file, and one that only has a config."""
    directory = adapter_of(tmp_path, str(BASE))
    with pytest.raises(ConfigError, match="name the model"):
        with_base(directory, LoadOptions(adapter="other"))
    shutil.copy(BASE / "model.safetensors", directory)
    for place in (directory, directory / "model.safetensors", tmp_path):
        assert with_base(place, LoadOptions()) == (place, LoadOptions())
