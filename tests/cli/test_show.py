"""`lazycell show`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lazycell import Manifest
from lazycell.manifest._manifest import manifest_of_header

from ..loading.models import stored
from ..manifest.test_caches import Net as Keeping
from ..mismatch.transformer import model
from ..pure import PureCell, param
from ..pure import manifest as manifest_of
from .command import lazycell, without
from .terminal import in_terminal
from .test_inspect import heavy
from .zoo import make_zoo

STRANGER = "evil\nline\x1b[2J"


class Sharded(PureCell):
    """A matrix that is divided over an axis of a mesh, and a vector that is not."""

    width: int

    weight = param("normal", (width, 6), shard=("tp", None), tags=("matrix",))
    gain = param("ones", (width,), trainable=False)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Write the manifest of the transformer."""
    (tmp_path / "net.json").write_text(model().to_json(collapsed=True))
    return str(tmp_path / "net.json")


@pytest.fixture
def sharded(tmp_path: Path) -> str:
    """Write the manifest of what is divided."""
    (tmp_path / "sharded.json").write_text(manifest_of(Sharded, width=8).to_json())
    return str(tmp_path / "sharded.json")


@pytest.fixture
def keeping(tmp_path: Path) -> str:
    """Write the manifest of what keeps keys and values."""
    (tmp_path / "keeping.json").write_text(manifest_of(Keeping).to_json(collapsed=True))
    return str(tmp_path / "keeping.json")


@pytest.fixture
def strange(tmp_path: Path) -> str:
    """Write a manifest with a name that would clear the screen, and one that not every terminal can show."""
    named = stored({f"{STRANGER}.weight": ((2, 3), "float32"), "größe": ((4,), "int8")})
    (tmp_path / "strange.json").write_text(manifest_of_header(named).to_json())
    return str(tmp_path / "strange.json")


def test_a_tree_in_a_pipe(path: str) -> None:
    """Plain characters, the layers in one branch, totals; a manifest needs no MindSpore, nor what takes long."""
    done = lazycell("show", path, first=without("mindspore", "numpy", "rich"))
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    size, count = model().size, len(model())
    assert lines[0].split() == ["parameters", "elements", "bytes", "dtype", "shape", "initializer"]
    assert lines[1].split()[:3] == ["Net", f"{count}", f"{size:,}"]
    assert "|-- layers.{0..3}" in done.stdout
    assert "`-- classifier" in done.stdout
    assert lines[-1].startswith(f"{count} parameters, {size:,} elements ({size:,} trainable), ")
    assert lines[-1].endswith(f", digest {model().digest[:12]}")
    assert done.stdout.isascii()
    assert heavy("show", path) == []


def test_depth(path: str) -> None:
    """The main parts alone; what they take is that of everything in them."""
    done = lazycell("show", path, "--depth", "1")
    assert done.status == 0
    rows = [line.split() for line in done.stdout.splitlines()[1:-1]]
    assert [row[0] if row[0] == "Net" else row[1] for row in rows] == [
        *("Net", "embed", "layers.{0..3}", "lm_head", "classifier"),
    ]
    layers = sum(entry.size for entry in model() if entry.name.startswith("layers."))
    assert f"{layers:,}" in rows[2]


def test_a_table(path: str) -> None:
    """As Python prints the manifest."""
    assert lazycell("show", path, "--table").stdout == f"{Manifest.from_json(Path(path).read_bytes())}\n"


def test_markdown(path: str) -> None:
    """As for a review."""
    done = lazycell("show", path, "--markdown")
    markdown = Manifest.from_json(Path(path).read_bytes()).to_markdown()
    assert (done.status, done.stdout) == (0, markdown.rstrip("\n") + "\n")


def test_a_card(path: str, tmp_path: Path) -> None:
    """Of a manifest file, printed and written, without MindSpore; what a file may not be called is said before."""
    card = lazycell("show", path, "--card", "-", first=without("mindspore", "numpy"))
    assert (card.status, card.stderr) == (0, "")
    assert f"{len(model()):,} parameters, {model().size:,} elements" in card.stdout
    file = tmp_path / "card.md"
    wrote = lazycell("show", path, "--card", str(file))
    assert file.read_text() == card.stdout
    assert wrote.stdout.startswith(f"wrote {file}, ")
    for words in (["--card", str(tmp_path)], ["--card", "-", "--markdown"]):
        assert lazycell("show", path, *words).status == 2


def test_json(path: str) -> None:
    """The manifest, and nothing else."""
    done = lazycell("show", path, "--json")
    assert (done.status, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads(model().to_json())


def test_in_a_terminal(path: str) -> None:
    """Drawn, the titles dim; with NO_COLOR no escapes."""
    watched = in_terminal("show", path, columns=160)
    assert watched.status == 0
    assert "├── " in watched.screen
    assert "\x1b[" in watched.screen
    plain = in_terminal("show", path, columns=160, NO_COLOR="1")
    assert "\x1b" not in plain.screen
    assert "├── " in plain.screen
    shown = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", watched.screen).splitlines()]
    assert shown == [line.rstrip() for line in plain.screen.splitlines()]


@pytest.mark.parametrize("terminal", [{"PYTHONIOENCODING": "ascii"}, {"TERM": "dumb"}])
def test_a_terminal_that_draws_no_lines(strange: str, terminal: dict[str, str]) -> None:
    """Plain characters in the place of lines, and nothing of a name that the terminal would obey."""
    watched = in_terminal("show", strange, columns=160, **terminal)
    assert watched.status == 0
    assert "`-- " in watched.screen
    assert "└" not in watched.screen
    assert "\x1b[2J" not in watched.screen
    assert "evil\\nline\\x1b[2J" in watched.screen
    if "PYTHONIOENCODING" in terminal:
        assert "gr\\xf6\\xdfe" in watched.screen


@pytest.mark.parametrize("form", [(), ("--table",), ("--markdown",), ("--by", "module"), ("--depth", "1")])
def test_names_of_strangers(strange: str, form: tuple[str, ...]) -> None:
    """One line each, without control characters, in ASCII where that is all there is."""
    done = lazycell("show", strange, *form, encoding="ascii")
    assert (done.status, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if "evil" in line)
    assert "nline" in line


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("module", {"": 56}),
        ("dtype", {"float32": 56}),
        ("tag", {"matrix": 48, None: 8}),
        ("trainable", {"trainable": 48, "not trainable": 8}),
    ],
)
def test_sizes_by_one_thing(sharded: str, kind: str, names: dict[str | None, int]) -> None:
    """As text and as JSON; each is counted once."""
    done = lazycell("show", sharded, "--by", kind, "--json")
    found = json.loads(done.stdout)
    assert (done.status, done.stderr, found["by"]) == (0, "", kind)
    assert {each["name"]: each["elements"] for each in found["groups"]} == names
    assert sum(each["bytes"] for each in found["groups"]) == found["total"]["bytes"] == 56 * 4
    lines = lazycell("show", sharded, "--by", kind).stdout.splitlines()
    assert lines[0] == f"sizes of Sharded, by {kind}"
    assert lines[-1].split() == ["in", "all", "2", "56", "224", "B"]
    assert [line.split()[-3] for line in lines[2:-1]] == [str(size) for size in names.values()]


def test_depth_of_modules(path: str) -> None:
    """So many names of a path are kept."""
    groups = json.loads(lazycell("show", path, "--by", "module", "--depth", "2", "--json").stdout)["groups"]
    assert [each["name"] for each in groups] == [
        "embed",
        *(f"layers.{i}" for i in range(4)),
        *("lm_head", "classifier"),
    ]


def test_what_training_takes(sharded: str) -> None:
    """Gradients and two moments of what is trained; one rank holds its part, by the declared shard."""
    options = ("--optimizer", "adam", "--gradients", "--mesh", "tp=4")
    found = json.loads(lazycell("show", sharded, *options, "--json").stdout)
    total = found["total"]
    expected = manifest_of(Sharded, width=8).sizes(optimizer="adam", gradients=True).total
    assert (total["gradient_bytes"], total["optimizer_bytes"]) == (48 * 4, expected.optimizer)
    assert expected.optimizer >= 2 * 48 * 4
    text = lazycell("show", sharded, *options).stdout
    (row,) = (line.split() for line in text.splitlines() if line.startswith("one rank of 4"))
    assert row[4:6] == ["2", str(48 // 4 + 8)]
    assert "mesh: tp=4; 4 ranks" in text.splitlines()


def test_a_cache_of_keys_and_values(keeping: str) -> None:
    """For a batch and a length, windows counted: as a table, beside other sums, as JSON."""
    done = lazycell("show", keeping, "--length", "4096", "--batch", "8", "--by", "dtype")
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "cache of keys and values, 8 texts of 4,096 positions for 4,096 that are read:" in lines
    rows = [line.split() for line in lines]
    assert ["layers.{0,2}", "2", "64", "512", "float32", "8.39", "MB"] in rows
    asked = ("--length", "4096", "--source-length", "10", "--json")
    found = json.loads(lazycell("show", keeping, *asked).stdout)["cache"]
    expected = manifest_of(Keeping).sizes(length=4096, source_length=10).cache
    assert expected is not None
    assert (found["bytes"], found["batch"], found["source_length"]) == (expected.nbytes, 1, 10)
    assert "cache" in lazycell("show", "--help").stdout


def test_a_page(path: str, sharded: str, tmp_path: Path) -> None:
    """One file; what is written is said, with its size. Beside another model where one is given."""
    page = tmp_path / "page.html"
    done = lazycell("show", path, "--html", str(page))
    assert (done.status, done.stderr) == (0, "")
    assert re.fullmatch(rf"wrote {page}, [\d.]+ [kM]B: a page that any browser opens, without a network\n", done.stdout)
    alone = page.read_text()
    assert alone.startswith("<!DOCTYPE html>")
    assert lazycell("show", path, "--html", str(page), "--against", sharded).status == 0
    assert "Sharded" in page.read_text()
    assert "Sharded" not in alone
    assert sorted(each.name for each in tmp_path.iterdir()) == ["net.json", "page.html", "sharded.json"]


def test_a_page_that_cannot_be_written(path: str, tmp_path: Path) -> None:
    """One line, without a traceback."""
    gone = tmp_path / "gone" / "page.html"
    done = lazycell("show", path, "--html", str(gone))
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == f"lazycell: {gone}: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--table", "--markdown"), "--table and --markdown are two ways to show it: choose one"),
        (("--table", "--json"), "--table and --json are two ways to show it: choose one"),
        (("--html", "x.html", "--by", "dtype"), "--html and --by are two ways to show it: choose one"),
        (("--markdown", "--optimizer", "adam"), "--markdown and --optimizer are two ways to show it: choose one"),
        (("--table", "--depth", "2"), "--depth goes with the tree, and with --by module"),
        (("--by", "dtype", "--depth", "2"), "--depth goes with the tree, and with --by module"),
        (("--depth", "0"), "0 is not in the range x>=1"),
        (("--against", "net.json"), "--against goes with --html OUT; `lazycell diff` compares in the terminal"),
        (("--html", "."), "--html . is a directory: give the name of a file, model.html"),
        (("--mesh", "tp"), "--mesh tp: write a name and a size for each axis, --mesh tp=8,dp=2"),
        (("--mesh", "tp=0"), "--mesh tp=0: write a name and a size for each axis"),
        (("--mesh", "tp=2,tp=4"), "--mesh tp=2,tp=4: axis tp is there twice"),
        (("--optimizer", "adamant"), "'adamant' is not an optimizer that lazycell knows"),
        (("--set", "hidden=3"), "--set does not go with"),
        (("--length", "8"), "declares no cache of keys and values"),
        (("--batch", "8"), "--batch and --source-length are those of a cache of keys and values: add --length N"),
        (("--length", "0"), "0 is not in the range x>=1"),
        (("--length", "8", "--html", "x.html"), "--html and --length are two ways to show it: choose one"),
        (("--by", "size"), "'size' is not one of"),
    ],
)
def test_wrong_usage(path: str, arguments: tuple[str, ...], told: str) -> None:
    """What cannot be meant is status 2, before anything is written."""
    done = lazycell("show", path, *arguments)
    assert (done.status, done.stdout == "") == (2, "--json" not in arguments)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mesh_that_does_not_divide(sharded: str) -> None:
    """Which dimension of which parameter, and by what."""
    done = lazycell("show", sharded, "--mesh", "tp=3")
    assert (done.status, done.stdout) == (2, "")
    assert "weight" in done.stderr
    assert "tp" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gone.json", "there is no file gone.json"),
        ("broken.json", "is no manifest: MODEL is a registered name"),
        ("odd.json", "odd.json: "),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, name: str, told: str) -> None:
    """A file that is missing, another file, and a manifest that is damaged."""
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "odd.json").write_text('{"format": "lazycell.manifest", "version": 1}')
    done = lazycell("show", name if name == "gone.json" else str(tmp_path / name))
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_of_the_zoo(tmp_path: Path) -> None:
    """A preset, and the class with hyperparameters; what it needs is said as it is typed."""
    zoo = make_zoo(tmp_path)
    done = zoo.lazycell("show", "toy-small", "--by", "dtype", "--dtype", "float16", "--json")
    assert (done.status, done.stderr) == (0, "")
    # Per block query, key and up; and the head.
    elements = 2 * (2 * 8 * 8 + 4 * 8 * 8) + 2 * 8
    assert json.loads(done.stdout)["total"]["elements"] == elements
    assert [each["name"] for each in json.loads(done.stdout)["groups"]] == ["float16"]
    lacking = zoo.lazycell("show", "toyzoo.toy:Toy", "--set", "width=8")
    assert (lacking.status, lacking.stdout) == (2, "")
    assert "toyzoo.toy:Toy needs layers: write --set layers=..." in lacking.stderr


def test_help() -> None:
    """With examples that begin as they are typed, and the exit statuses."""
    done = lazycell("show", "--help")
    assert done.status == 0
    assert "    lazycell show bert-base-uncased --html bert.html" in done.stdout
    assert "Exit status: 0 done; 2 trouble." in done.stdout
