"""What `from_pretrained` is given: a path, or a repository in the hub's cache. The network is not asked here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

import lazycell
from lazycell import HubError, LazyCell, Param, register

from ..hub.cached import write_snapshot


@register("test_place")
class Net(LazyCell):
    width: int
    weight: Param["normal", (width,)]


def repository(width: int = 2) -> dict[str, bytes]:
    """Give the files of a model."""
    config = {"model_type": "test_place", "architectures": ["Net"], "width": width}
    return {
        "config.json": json.dumps(config).encode(),
        "model.safetensors": save({"weight": np.ones(width, np.float32)}),
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache's home, and a working directory, that are this test's own; the network is forbidden."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(params=["offline", "not installed"])
def without(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give why nothing is downloaded."""
    if request.param == "not installed":
        monkeypatch.delenv("HF_HUB_OFFLINE")
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # as if there were no such module
    return request.param


@pytest.mark.parametrize("load", [lazycell.from_pretrained, Net.from_pretrained])
def test_the_cache_is_read_without_the_client(home: Path, without: str, load) -> None:
    """The branch main, or the revision that is asked for."""
    write_snapshot(home, "org/net", repository(2), commit="aaaa")
    write_snapshot(home, "org/net", repository(3), "v1", commit="bbbb")
    assert load("org/net").width == 2
    net = load("org/net", revision="v1")
    assert net.width == 3
    assert net.load_report.path == home / "hub" / "models--org--net" / "snapshots" / "bbbb" / "model.safetensors"


def test_what_is_not_there_says_what_downloads_it(home: Path, without: str) -> None:
    """As a `FileNotFoundError`, since a path may have been meant."""
    why = {
        "offline": "HF_HUB_OFFLINE is set: `hf download org/net --revision v1` gets it where there is a network",
        "not installed": 'huggingface_hub is not installed: `pip install "lazycell[hub]"` lets it be, and '
        "`hf download org/net --revision v1` gets it where there is a network",
    }
    with pytest.raises(HubError) as caught:
        lazycell.from_pretrained("org/net", revision="v1")
    assert isinstance(caught.value, FileNotFoundError)
    assert str(caught.value) == (
        "there is nothing at org/net, and the hub's cache cannot give the repository of that name: "
        f"{home}/hub has nothing of it; nothing is downloaded, since {why[without]}"
    )


def test_a_file_of_gguf_in_a_repository_says_what_downloads_it(home: Path) -> None:
    """Of many quantizations one is meant; where a directory has the first name, it is a path that was mistyped."""
    with pytest.raises(HubError) as caught:
        lazycell.from_pretrained("org/net-GGUF/net Q8_0.gguf", revision="v1")
    assert str(caught.value) == (
        "there is nothing at org/net-GGUF/net Q8_0.gguf; if it is a file of a repository on the hub, `hf download "
        "org/net-GGUF --revision v1 'net Q8_0.gguf'` gets it, and prints where it is: give that path"
    )
    Path("org").mkdir()
    with pytest.raises(FileNotFoundError, match=r"there is nothing at org/net-GGUF/net Q8_0\.gguf$"):
        lazycell.from_pretrained("org/net-GGUF/net Q8_0.gguf")


def test_a_directory_of_that_name_takes_precedence(home: Path) -> None:
    """And it has no revisions."""
    write_snapshot(home, "org/net", repository(2))
    Path("org/net").mkdir(parents=True)
    for name, content in repository(5).items():
        (Path("org/net") / name).write_bytes(content)
    assert lazycell.from_pretrained("org/net").width == 5
    with pytest.raises(ValueError, match="only repositories of the hub have revisions, and org/net is a path on this"):
        lazycell.from_pretrained("org/net", revision="main")


def test_a_link_that_leads_nowhere_is_no_repository(home: Path) -> None:
    """Something is at the path: what is wrong with it is to be told."""
    write_snapshot(home, "net", repository(2))
    Path("net").symlink_to("gone")
    with pytest.raises(FileNotFoundError, match="there is nothing at net$"):
        lazycell.from_pretrained("net")


def test_an_object_for_a_path_is_no_repository(home: Path) -> None:
    """Only text can be an id."""
    write_snapshot(home, "org/net", repository(2))
    with pytest.raises(FileNotFoundError, match="there is nothing at org/net$"):
        lazycell.from_pretrained(Path("org/net"))
    with pytest.raises(ValueError, match="and org/net can only be a path"):
        lazycell.from_pretrained(Path("org/net"), revision="main")


def test_an_address_is_no_id(home: Path) -> None:
    """The message has what to write."""
    with pytest.raises(HubError, match="is an address: give the repository's id, 'org/net'$"):
        lazycell.from_pretrained("https://huggingface.co/org/net/tree/main")


def test_a_path_needs_nothing_of_the_hub(home: Path) -> None:
    """A load of a directory waits for none of its modules."""
    program = "import sys; from lazycell.pretrained import find_place; print(find_place('.'), 'lazycell.hub._repository' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment()
    )
    assert done.stdout == ". False\n"


def environment() -> dict[str, str]:
    """Give the environment of a process that finds this lazycell from any directory."""
    return {**os.environ, "PYTHONPATH": str(Path(lazycell.__file__).parents[1])}


@pytest.mark.parametrize(("revision", "error"), [(1, TypeError), ("", ValueError), ("../main", ValueError)])
def test_a_revision_that_cannot_be_is_refused(home: Path, revision: object, error: type[Exception]) -> None:
    """Before anything is looked for."""
    with pytest.raises(error, match="revision"):
        lazycell.from_pretrained("org/net", revision=revision)
