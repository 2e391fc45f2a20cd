"""The real client, against a hub on the loopback, each time in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from .server import Hub, hub

FIND = """
import json, os, sys, warnings
from lazycell import HubError
from lazycell.pretrained import find_place
for line in sys.stdin:
    asked = json.loads(line)
    os.environ.update(asked["environment"])
    told = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            told.append(str(find_place(*asked["arguments"])))
        told += [f"{each.category.__name__}: {each.message}" for each in caught]
    except HubError as error:
        told.append(f"HubError: {error}")
    print(json.dumps(told), flush=True)
"""

WEIGHTS = save({"weight": np.arange(6, dtype=np.float32).reshape(2, 3)})
CONFIG = {"config.json": b'{"model_type": "none"}', "README.md": b"of no use"}
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
INDEX = json.dumps({"weight_map": {"a": SHARDS[0], "b": SHARDS[1]}}).encode()
SHARDED = {**CONFIG, "model.safetensors.index.json": INDEX, SHARDS[0]: b"1" * 100, SHARDS[1]: b"2" * 1000}


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    """One hub for all tests, whose repositories have names of their own."""
    with hub() as served:
        yield served


@pytest.fixture(autouse=True)
def _as_new(server: Hub) -> None:
    server.requests.clear()
    server.broken, server.cut = False, None


class Finder:
    """A process that looks for repositories, one after the other; its client knows one hub alone."""

    def __init__(self, server: Hub, home: Path, **environment: str) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(**server.command(FIND, home, environment), **pipes, text=True)

    def ask(self, home: Path, *arguments: str, **environment: str) -> None:
        """Have it look in the cache of `home`."""
        every = {"HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "HF_TOKEN": "", **environment}
        self.process.stdin.write(json.dumps({"arguments": arguments, "environment": every}) + "\n")
        self.process.stdin.flush()

    def __call__(self, home: Path, *arguments: str, **environment: str) -> list[str]:
        """Give what it found: the directory, and what it warned of; or what was wrong."""
        self.ask(home, *arguments, **environment)
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture(scope="module")
def find(server: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finder]:
    """The process that most tests ask."""
    finder = Finder(server, tmp_path_factory.mktemp("home"))
    yield finder
    finder.kill()


def names_in(path: str | Path) -> set[str]:
    return {each.name for each in Path(path).iterdir()}


def snapshot_of(home: Path, name: str, commit: str) -> Path:
    return home / "hub" / f"models--{name.replace('/', '--')}" / "snapshots" / commit


def test_what_a_load_reads_is_downloaded_once(server: Hub, find: Finder, tmp_path: Path) -> None:
    """The second time the hub is asked which commit it is, and offline nothing; a new commit comes with its own files."""
    files = {**CONFIG, "generation_config.json": b"{}", "model.safetensors": WEIGHTS, "pytorch_model.bin": b"1"}
    first = server.add("once/net", {**files, "original/model.safetensors": b"2"})
    assert find(tmp_path, "once/net") == [str(snapshot_of(tmp_path, "once/net", first))]
    wanted = ["config.json", "generation_config.json", "model.safetensors"]
    assert server.downloads == wanted
    assert names_in(snapshot_of(tmp_path, "once/net", first)) == {*wanted}

    server.requests.clear()
    assert find(tmp_path, "once/net") == [str(snapshot_of(tmp_path, "once/net", first))]
    assert [each for each in server.requests if "once/net" in each] == ["GET /api/models/once/net"]

    server.requests.clear()
    assert find(tmp_path, "once/net", HF_HUB_OFFLINE="1") == [str(snapshot_of(tmp_path, "once/net", first))]
    assert server.requests == []

    second = server.add("once/net", {**files, "model.safetensors": WEIGHTS[:-1] + b"1"})
    assert find(tmp_path, "once/net") == [str(snapshot_of(tmp_path, "once/net", second))]
    assert server.downloads == ["model.safetensors"]  # the others have the same ETag: they are there already
    assert find(tmp_path, "once/net", first) == [str(snapshot_of(tmp_path, "once/net", first))]


def test_the_shards_of_the_index_are_downloaded_and_no_other_file(server: Hub, find: Finder, tmp_path: Path) -> None:
    """Not what lies beside them, as some repositories have the same weights in their authors' own layout."""
    commit = server.add("sharded/net", {**SHARDED, "consolidated.safetensors": b"3", "pytorch_model.bin": b"4"})
    assert find(tmp_path, "sharded/net") == [str(snapshot_of(tmp_path, "sharded/net", commit))]
    assert server.downloads == ["config.json", *SHARDS, "model.safetensors.index.json"]


@pytest.mark.parametrize("sharded", [False, True])
def test_pytorch_files_are_downloaded_where_there_are_no_others(
    server: Hub, find: Finder, tmp_path: Path, sharded: bool
) -> None:
    """Whole, or its index and its shards; and not what a trainer left."""
    shards = [f"pytorch_model-0000{i}-of-00002.bin" for i in (1, 2)]
    index = json.dumps({"weight_map": {"a": shards[0], "b": shards[1]}}).encode()
    weights = (
        {"pytorch_model.bin.index.json": index, shards[0]: b"1", shards[1]: b"2"}
        if sharded
        else {"pytorch_model.bin": b"1"}
    )
    name = f"torch/{sharded}"
    server.add(name, {**CONFIG, **weights, "training_args.bin": b"2", "tf_model.h5": b"3"})
    find(tmp_path, name)
    assert server.downloads == sorted(["config.json", *weights])


def test_a_branch_and_a_tag_are_downloaded_by_their_names(server: Hub, find: Finder, tmp_path: Path) -> None:
    """Each is then in the cache by its name, a part of a commit's hash too."""
    server.add("revisions/net", {**CONFIG, "model.safetensors": WEIGHTS})
    tagged = server.add("revisions/net", {**CONFIG, "model.safetensors": WEIGHTS + b"1"}, "v1", "feature/x")
    for revision in ("v1", "feature/x", tagged):
        for offline in ("0", "1"):
            found = find(tmp_path, "revisions/net", revision, HF_HUB_OFFLINE=offline)
            assert found == [str(snapshot_of(tmp_path, "revisions/net", tagged))]
    text, *_ = find(tmp_path, "revisions/net", "v2")
    assert (
        text
        == f"HubError: revisions/net has no revision 'v2': give a branch, a tag or a commit of {server.url}/revisions/net"
    )


def test_a_download_that_is_killed_leaves_nothing_that_loads(server: Hub, find: Finder, tmp_path: Path) -> None:
    """Neither half a file nor half a set; what the revision meant before is still there; and it can be done again."""
    first = server.add("killed/net", {**CONFIG, "model.safetensors": WEIGHTS})
    find(tmp_path, "killed/net")
    second = server.add("killed/net", SHARDED)
    server.cut = SHARDS[1]
    other = Finder(server, tmp_path)
    other.ask(tmp_path, "killed/net")
    assert server.half_sent.wait(30)
    other.kill()
    assert SHARDS[1] not in names_in(snapshot_of(tmp_path, "killed/net", second))
    text, *_ = find(tmp_path, "killed/net", second, HF_HUB_OFFLINE="1")
    assert f"{SHARDS[1]} of its weights; a download of it was cut off, or goes on; nothing is downloaded" in text
    assert text.endswith(f"`hf download killed/net --revision {second}` gets it where there is a network")
    assert find(tmp_path, "killed/net", HF_HUB_OFFLINE="1") == [str(snapshot_of(tmp_path, "killed/net", first))]
    server.cut = None
    assert find(tmp_path, "killed/net") == [str(snapshot_of(tmp_path, "killed/net", second))]
    assert {*SHARDS} < names_in(snapshot_of(tmp_path, "killed/net", second))


def test_a_hub_that_does_not_answer_is_told(server: Hub, find: Finder, tmp_path: Path) -> None:
    """What the cache has is loaded with a warning; else one error says both."""
    commit = server.add("silent/net", {**CONFIG, "model.safetensors": WEIGHTS})
    alone = Finder(server, tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    (text,) = alone(tmp_path, "silent/net")
    start = "HubError: there is nothing at silent/net, and the repository of that name is not to be had: http://127.0.0.1:9/silent/net: "
    assert text.startswith(start)
    assert text.endswith(f"; nor from the cache: {tmp_path}/hub has nothing of it")
    find(tmp_path, "silent/net")
    snapshot = snapshot_of(tmp_path, "silent/net", commit)
    path, warning = alone(tmp_path, "silent/net")
    alone.kill()
    assert path == str(snapshot)
    assert warning.startswith("HubWarning: http://127.0.0.1:9/silent/net: ")
    assert warning.endswith(f"; the cache's {snapshot} is loaded, which may be older")
    server.broken = True
    path, warning = find(tmp_path, "silent/net")
    assert path == str(snapshot)
    assert "500" in warning


def test_the_only_file_of_gguf_is_downloaded(server: Hub, find: Finder, tmp_path: Path) -> None:
    """Such a repository needs no config.json; what looks or listens stays there."""
    server.add("gguf/net", {"README.md": b"1", "net-Q8_0.gguf": b"GGUF", "mmproj-net.gguf": b"GGUF"})
    (path,) = find(tmp_path, "gguf/net")
    assert names_in(path) == {"net-Q8_0.gguf"}


def test_a_private_repository_is_shown_to_its_token(server: Hub, find: Finder, tmp_path: Path) -> None:
    """As the client finds it; without, it is like one that is not there."""
    server.add("private/net", {**CONFIG, "model.safetensors": WEIGHTS})
    server.repositories["private/net"].token = "hf_secret"
    for name in ("private/net", "private/nothing"):
        (text,) = find(tmp_path, name)
        assert f"{server.url} has no repository {name}, or none that it shows to you: check the name" in text
        assert "`hf auth login`, or set HF_TOKEN" in text
    (path,) = find(tmp_path, "private/net", HF_TOKEN="hf_secret")
    assert names_in(path) == {"config.json", "model.safetensors"}


def test_a_gated_repository_says_where_to_ask(server: Hub, find: Finder, tmp_path: Path) -> None:
    """Its list is shown to all, its files are not."""
    server.add("gated/net", {**CONFIG, "model.safetensors": WEIGHTS})
    server.repositories["gated/net"].gated = True
    (text,) = find(tmp_path, "gated/net")
    assert text.startswith(f"HubError: gated/net is gated: ask for access at {server.url}/gated/net, and log in")


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({**CONFIG}, "holds no weights that lazycell reads, only README.md, config.json: give another repository"),
        (
            {**CONFIG, "m-Q4_K_M.gguf": b"1", "m-Q8_0.gguf": b"1", "mmproj-f16.gguf": b"1"},
            "holds m-Q4_K_M.gguf, m-Q8_0.gguf: which of them to load is for you to say; `hf download NAME FILE` gets one",
        ),
        ({**CONFIG, "adapter_config.json": b"{}", "adapter_model.safetensors": b"1"}, "an adapter of PEFT"),
        (
            {**CONFIG, "a.safetensors": b"1", "b.safetensors": b"2"},
            "holds a.safetensors, b.safetensors: which of them to load is for you to say; `hf download NAME FILE config.json` gets one",
        ),
        ({**SHARDED, SHARDS[1]: None}, f"lacks {SHARDS[1]}, which its index names"),
    ],
    ids=["none", "gguf", "adapter", "several", "lacking"],
)
def test_a_repository_that_does_not_load_says_why(
    server: Hub,
    find: Finder,
    tmp_path: Path,
    files: Mapping[str, bytes | None],
    text: str,
    request: pytest.FixtureRequest,
) -> None:
    """Before its weights are downloaded, but for one whose index names what is not there."""
    name = f"bad/{request.node.callspec.id}"
    server.add(name, {each: content for each, content in files.items() if content is not None})
    (told,) = find(tmp_path, name)
    assert told.startswith(f"HubError: {name} on the hub")
    assert text.replace("NAME", name) in told
    if "lacks" not in text:
        assert server.downloads == ["config.json"]


def test_a_model_is_loaded_by_its_id_with_progress(server: Hub, tmp_path: Path) -> None:
    """By the class that its config names and by a class of choice; the client shows how far it is."""
    config = {"model_type": "hub_test", "architectures": ["Net"], "width": 3, "depth": 2}
    server.add("whole/net", {"config.json": json.dumps(config).encode(), "model.safetensors": WEIGHTS})
    program = """
import lazycell, pathlib
from lazycell import LazyCell, Param, register
@register("hub_test")
class Net(LazyCell):
    width: int
    depth: int
    weight: Param["normal", (depth, width)]
for load in (lazycell.from_pretrained, Net.from_pretrained):
    net = load("whole/net", revision="main")
    print(type(net).__name__, net.weight.asnumpy().tolist(), net.load_report.loaded)
pathlib.Path("whole/net").mkdir(parents=True)
try:
    Net.from_pretrained("whole/net")
except lazycell.ConfigError as error:
    print(error)
"""
    done = server.run(program, tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = "Net [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] ('weight',)"
    assert done.stdout.splitlines()[:2] == [loaded, loaded]
    assert "100%" in done.stderr
    assert done.stdout.splitlines()[2:] == [
        "there is no config.json beside the weights to say width, depth: give them yourself, Net.from_pretrained(path, width=…)"
    ]  # of the directory, which wins, as in transformers
