"""Repositories in the hub's cache, named to the commands; they read headers there, and download nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from lazycell import HubError
from lazycell.cli import main
from lazycell.cli._model import Options, find
from lazycell.cli._side import find_side

from ..hub.cached import write_snapshot

SIZES = {"num_hidden_layers": 0, "hidden_size": 4, "vocab_size": 8, "num_attention_heads": 2, "intermediate_size": 8}
SIZES |= {"max_position_embeddings": 4}
CONFIG = {"model_type": "bert", "architectures": ["BertModel"], **SIZES}


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cache a repository with a config and weights, saved by the command; gives its snapshot."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    shapes = {entry.name: entry.shape for entry in find("BertModel", Options(SIZES)).manifest}
    weights = save({name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    files = {"config.json": json.dumps(CONFIG).encode(), "model.safetensors": weights}
    write_snapshot(
        tmp_path, "org/net", {**files, "model.safetensors": save({"a": np.ones(2, np.float32)})}, "v1", commit="aaaa"
    )
    return write_snapshot(tmp_path, "org/net", files, commit="bbbb")


def test_commands_take_a_repository(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For a checkpoint, and for a model, whose config it has."""
    for arguments, status, told in (
        (("check", "org/net", "org/net"), 0, f"BertModel fits {snapshot}/model.safetensors"),
        (
            ("check", "org/net", "org/net", "--revision", "v1"),
            1,
            "snapshots/aaaa/model.safetensors does not fit BertModel",
        ),
        (("inspect", "org/net"), 0, f"{snapshot}/model.safetensors: safetensors, 7 tensors"),
        (("inspect", "org/net", "--revision", "v1"), 0, "1 tensor, 2 elements"),
        (("infer", "BertModel", "org/net", "--set", "num_attention_heads=2"), 0, "hidden_size"),
        (("convert", "org/net", "out.ckpt"), 0, "7 tensors"),
        (("convert", "org/net", "old.ckpt", "--revision", "v1"), 0, "1 tensor"),
        (("diff", "org/net", "out.ckpt"), 0, ""),
        (("diff", "org/net", "out.ckpt", "--revision", "v1"), 1, "pooler"),
        (("show", "org/net"), 0, "BertModel"),
        (("verify", "org/net"), 2, "holds no checksums"),
    ):
        assert main(arguments) == status, arguments
        done = capsys.readouterr()
        assert told in done.out + done.err


def test_what_is_not_in_the_cache_is_not_downloaded(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the line that does it; for a revision, with that."""
    for arguments, line in (
        (("inspect", "org/other"), "hf download org/other"),
        (("check", "BertModel", "other", "--revision", "v2"), "hf download other --revision v2"),
        (("verify", "org/other"), "hf download org/other"),
        (("show", "org/other"), "hf download org/other"),
    ):
        assert main(arguments) == 2
        assert f"; commands download nothing, `{line}` does" in capsys.readouterr().err


def test_a_model_needs_no_weights(snapshot: Path) -> None:
    """Its config is enough; a checkpoint is not there without."""
    (snapshot / "model.safetensors").unlink()
    assert find("org/net").manifest.model == "BertModel"
    with pytest.raises(HubError, match="has no weights, only config.json"):
        find_side("org/net")


def test_a_name_of_one_part_is_a_model(snapshot: Path) -> None:
    """Where a word can be either: a preset, a class or a family, and no repository."""
    write_snapshot(snapshot.parents[3], "bert-tiny", {"config.json": b"{}"})
    assert find_side("bert-tiny").model == "BertModel"


def test_a_revision_is_of_a_repository(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not of a path, nor of a preset; and it has to be one."""
    Path("net.safetensors").write_bytes(b"")
    for arguments, told in (
        (("inspect", "net.safetensors", "--revision", "v1"), "no repository is named, only what is on this disk"),
        (("inspect", "org/net", "--revision", "../v1"), "--revision='../v1' is no branch, tag or commit"),
    ):
        assert main(arguments) == 2
        assert told in capsys.readouterr().err
