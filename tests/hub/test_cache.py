"""What the cache has of a repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lazycell import CheckpointFormatError
from lazycell.hub import cache_directory, look_up

from .cached import write_snapshot

CONFIG = {"config.json": b"{}"}

VARIABLES = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache's home that is this test's own."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"HF_HOME": "$HOME/a"},
        {"HF_HOME": "~/a", "XDG_CACHE_HOME": "/b"},
        {"XDG_CACHE_HOME": "/b"},
        {"HF_HUB_CACHE": "~/c", "HUGGINGFACE_HUB_CACHE": "/d", "HF_HOME": "/a"},
        {"HUGGINGFACE_HUB_CACHE": "/d", "HF_HOME": "/a"},
    ],
)
def test_the_cache_is_where_the_client_has_it(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever variables say so; the client reads them once in a process."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    program = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert str(cache_directory()) == asked.stdout.strip()


def test_a_branch_a_tag_and_a_commit_are_found(home: Path) -> None:
    """`main` where none is said."""
    files = {**CONFIG, "model.safetensors": b"1"}
    new = write_snapshot(home, "org/net", files, "main", "refs/pr/1", commit="aaaa")
    old = write_snapshot(home, "org/net", files, "v1", commit="bbbb")
    found = {revision: look_up("org/net", revision) for revision in (None, "main", "refs/pr/1", "aaaa", "v1", "bbbb")}
    assert [each.snapshot for each in found.values()] == [new, new, new, new, old, old]
    assert all(each.problem is None for each in found.values())
    assert look_up("org/net", "v2").problem == f"{home}/hub does not have its revision 'v2', but commit aaaa, bbbb"


def test_a_repository_without_an_organization_is_found(home: Path) -> None:
    """As the oldest ones are."""
    assert look_up("gpt2", None).problem == f"{home}/hub has nothing of it"
    snapshot = write_snapshot(home, "gpt2", {**CONFIG, "pytorch_model.bin": b"1"})
    assert look_up("gpt2", None).snapshot == snapshot


def test_the_only_commit_is_not_taken_for_main(home: Path) -> None:
    """Whoever downloaded a commit has not asked what `main` is."""
    write_snapshot(home, "org/net", {**CONFIG, "model.safetensors": b"1"}, "v1", commit="aaaa")
    found = look_up("org/net", None)
    assert found.snapshot is None
    assert found.problem == f"{home}/hub does not have its branch main, but commit aaaa"


def test_a_commit_that_is_not_whole_is_not_proposed(home: Path) -> None:
    """Whoever gave it would be refused once more."""
    snapshot = write_snapshot(home, "org/net", CONFIG, "v1", commit="aaaa")
    assert look_up("org/net", None).problem == f"{home}/hub has no commit of it whole"
    (snapshot.parents[1] / "blobs" / "ab.incomplete").write_bytes(b"2")
    assert str(look_up("org/net", None).problem).endswith("whole; a download of it was cut off, or goes on")


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_a_set_that_is_not_whole_is_none(home: Path, suffix: str) -> None:
    """An index and one of its two shards; the other is there when its download is done."""
    stem = "model" if suffix == ".safetensors" else "pytorch_model"
    shards = [f"{stem}-0000{i}-of-00002{suffix}" for i in (1, 2)]
    index = json.dumps({"weight_map": {"a": shards[0], "b": shards[1]}}).encode()
    snapshot = write_snapshot(home, "org/net", {**CONFIG, f"{stem}{suffix}.index.json": index, shards[0]: b"1"})
    assert look_up("org/net", None).problem == f"{snapshot} lacks {shards[1]} of its weights"
    (snapshot.parents[1] / "blobs" / "ab.incomplete").write_bytes(b"2")
    assert str(look_up("org/net", None).problem).endswith("of its weights; a download of it was cut off, or goes on")
    (snapshot / shards[1]).write_bytes(b"22")
    assert look_up("org/net", None).problem is None


def test_a_snapshot_without_weights_is_none(home: Path) -> None:
    """Such as a tokenizer's download leaves; and one whose weights were removed from the cache."""
    snapshot = write_snapshot(home, "org/net", {**CONFIG, "tokenizer.json": b"{}", "model.safetensors": b"1"})
    (snapshot / "model.safetensors").resolve().unlink()
    found = look_up("org/net", None)
    assert found.snapshot == snapshot
    assert found.problem == f"{snapshot} has no weights, only config.json, tokenizer.json"


@pytest.mark.parametrize(
    ("name", "text"), [("model.onnx", "weights of ONNX"), ("adapter_config.json", "an adapter of PEFT")]
)
def test_what_a_download_would_not_change_says_what_it_is(home: Path, name: str, text: str) -> None:
    """As of any directory; its config is there for whoever asks for no more."""
    snapshot = write_snapshot(home, "org/net", {**CONFIG, name: b"1"})
    with pytest.raises(CheckpointFormatError, match=f"^{snapshot}: {text}"):
        look_up("org/net", None)
    assert look_up("org/net", None, weights=False).snapshot == snapshot


def test_several_checkpoints_are_not_chosen_from(home: Path) -> None:
    """The message names the path to give, as for any directory."""
    snapshot = write_snapshot(home, "org/net", {**CONFIG, "a.safetensors": b"1", "b.safetensors": b"2"})
    with pytest.raises(CheckpointFormatError, match=f"such as {snapshot}/a.safetensors"):
        look_up("org/net", None)


def test_a_reference_does_not_lead_out_of_the_cache(home: Path) -> None:
    """What stands in it is the name of a commit, or nothing."""
    snapshot = write_snapshot(home, "org/net", {**CONFIG, "model.safetensors": b"1"})
    (snapshot.parents[1] / "refs" / "main").write_text("../snapshots/c0ffee")
    assert look_up("org/net", None).snapshot is None
