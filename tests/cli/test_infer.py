"""`lazycell infer`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import attrs
import numpy as np
import pytest

from ..saving.saved import save_arrays
from .command import Done, lazycell
from .terminal import in_terminal

_SOURCE = """
from __future__ import annotations

from lazycell import LazyCell, Param, child, children


class Block(LazyCell):
    width: int
    heads: int
    up: Param["normal", (4 * width, width)]


class Net(LazyCell):
    width: int
    layers: int
    heads: int
    scale: float = 1.0
    blocks: list[Block] = children(layers, Block, width, heads)
    head: Param["zeros", (2, width)]
"""
_KNOWN = ("--set", "heads=2")


@attrs.frozen
class Place:
    """A directory with a class, and checkpoints of it."""

    root: Path

    def save(self, prefix: str = "", lack: str = "", **more: tuple[int, ...]) -> str:
        """Save a checkpoint of the class, of width 8 and two layers, with what is told to be other."""
        shapes: dict[str, tuple[int, ...]] = {"head": (2, 8), "blocks.0.up": (32, 8), "blocks.1.up": (32, 8)}
        shapes = {prefix + name: shape for name, shape in shapes.items() if name != lack} | more
        save_arrays(self.root / "net.safetensors", {name: np.zeros(each, np.float32) for name, each in shapes.items()})
        return str(self.root / "net.safetensors")

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find the class."""
        return {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}

    def infer(self, path: str, *arguments: str, encoding: str = "utf-8") -> Done:
        """Run the command for the class."""
        return lazycell("infer", "inferred:Net", path, *arguments, encoding=encoding, **self.environment)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Write the class."""
    (tmp_path / "inferred.py").write_text(_SOURCE)
    return Place(tmp_path)


def test_it_fits(place: Place) -> None:
    """What the shapes tell, what they cannot, the verdict; status 0."""
    path = place.save()
    done = place.infer(path, *_KNOWN)
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"Net in {path}, float32"
    told = lines[lines.index("shapes tell:") + 1 : lines.index("shapes cannot tell:")]
    assert [line.split() for line in told] == [["width", "8"], ["layers", "2"], ["heads", "2"]]
    assert [line.split()[0] for line in lines[lines.index("shapes cannot tell:") + 1 : -1]] == ["scale"]
    assert lines[-1] == "Net with these, and the defaults of the others, fits the file exactly"


def test_json(place: Place) -> None:
    """The same as data, and nothing else."""
    path = place.save()
    done = place.infer(path, *_KNOWN, "--json")
    found = json.loads(done.stdout)
    assert (done.status, done.stderr) == (0, "")
    assert (found["model"], found["path"], found["dtype"]) == ("Net", path, "float32")
    assert (found["solved"], found["fits"]) == (True, True)
    assert found["determined"] == {"width": 8, "layers": 2, "heads": 2}
    assert found["undetermined"]["scale"]["default"] == 1.0
    assert found["message"] == "Net with these, and the defaults of the others, fits the file exactly"


def test_what_is_lacking_is_an_option(place: Place) -> None:
    """What no shape tells and has no default: how it is typed, and status 1; no call of Python's."""
    path = place.save()
    done = place.infer(path)
    assert (done.status, done.stderr) == (1, "")
    message = "heads cannot be left out: say what it is, --set heads=..."
    assert done.stdout.splitlines()[-1] == message
    assert ".infer(" not in done.stdout
    found = json.loads(place.infer(path, "--json").stdout)
    assert (found["solved"], found["fits"], found["message"]) == (False, False, message)


def test_a_default_that_does_not_fit(tmp_path: Path) -> None:
    """BERT's twelve heads do not divide 128: a value that does is proposed as an option, which fits."""
    path = str(tmp_path / "tiny.safetensors")
    from lazycell import Manifest

    committed = Manifest.from_json(Path("models/manifests/bert-tiny.json").read_text())
    save_arrays(Path(path), {entry.name: np.zeros(entry.shape, np.float32) for entry in committed})
    done = lazycell("infer", "bert", path)
    assert (done.status, done.stderr) == (0, "")
    said, _, options = done.stdout.splitlines()[-1].partition(", ")
    assert said == "num_attention_heads cannot be left out: say what it is"
    name, value = shlex.split(options)
    assert name == "--set"
    assert 128 % int(value.removeprefix("num_attention_heads=")) == 0
    fitting = lazycell("infer", "bert", path, name, value)
    assert fitting.status == 0
    assert fitting.stdout.splitlines()[-1].endswith("fits the file exactly")


@pytest.mark.parametrize("prefix", ["model.", "evil\nline\x1b[2J.it's a $(name)."])
def test_a_prefix_is_renamed_by_an_option(place: Place, prefix: str) -> None:
    """The option that is proposed does it, as a shell reads it; a strange name breaks no line."""
    path = place.save(prefix)
    done = place.infer(path, *_KNOWN, encoding="ascii:backslashreplace")
    assert (done.status, done.stdout) == (1, "")
    assert "rename={" not in done.stderr
    assert "\x1b" not in done.stderr
    lines = done.stderr.splitlines()
    assert lines[0] == f"lazycell: {path} does not fit Net: no name in it is one of the model's"
    assert lines[1].startswith("  the model's names are there under `")
    added = lines[1].rpartition("`: ")[2]
    assert added.startswith("add --rename ")
    assert lines[2:] == ["No data was read."]
    renaming = f"{prefix}{{*rest}}={{*rest}}"
    if prefix.isprintable():
        assert shlex.split(added.removeprefix("add ")) == ["--rename", renaming]
    assert place.infer(path, *_KNOWN, "--rename", renaming).status == 0
    found = json.loads(place.infer(path, *_KNOWN, "--json").stdout)
    assert (found["solved"], f"lazycell: {found['message']}\n") == (False, done.stderr)


def test_no_name_is_known(place: Place) -> None:
    """Another model's file: names of both, and the option."""
    path = place.save("x", **{"odd\nname": (1,)})
    done = place.infer(path, *_KNOWN)
    assert (done.status, done.stdout) == (1, "")
    assert "or `--rename` is needed" in done.stderr
    assert "odd\nname" not in done.stderr


def test_part_of_the_names_differs(place: Place) -> None:
    """The problems, and an option in the place of the argument of Python's."""
    path = place.save(lack="blocks.0.up", **{"x.blocks.0.up": (32, 8)})
    done = place.infer(path, *_KNOWN)
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout.endswith("what to do:\n  add --rename 'x.{*rest}={*rest}'\n")
    assert "rename={" not in done.stdout
    assert place.infer(path, *_KNOWN, "--rename", "x.{*rest}={*rest}").status == 0


def test_what_the_file_lacks_and_has_too_much(place: Place) -> None:
    """`infer` asks for the exact model: what may differ is for `lazycell check`, whose options are given."""
    path = place.save(lack="head", **{"odd\nname": (1,)})
    done = place.infer(path, *_KNOWN)
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1] == (
        "  where that may be so: `lazycell check` takes --missing head --unexpected $'odd\\012name'"
    )
    found = json.loads(place.infer(path, *_KNOWN, "--json").stdout)
    assert done.stdout.endswith(f"{found['message']}\n")
    settings = ("--set", "width=8", "--set", "layers=2", *_KNOWN)
    leaving = ("--missing", "head", "--unexpected", "odd\nname")
    assert lazycell("check", "inferred:Net", path, *settings, *leaving, **place.environment).status == 0


def test_a_contradiction(place: Place) -> None:
    """Both sides of it, whatever is given; status 1."""
    path = place.save(lack="head", head=(2, 9))
    done = place.infer(path, *_KNOWN)
    assert (done.status, done.stdout) == (1, "")
    assert "these contradict each other:" in done.stderr
    assert "`head` is (2, 9)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rename", "x"), "--rename x: write OLD=NEW"),
        (("--rename", "head={i}"), "--rename: the target '{i}' uses {i}, but 'head' has no captures"),
        (("--set", "haeds=2"), "--set haeds: Net has no such hyperparameter; did you mean `heads`?"),
        (("--dtype", "float16"), "--dtype does not go with infer: write --set for what is known"),
    ],
)
def test_wrong_usage(place: Place, arguments: tuple[str, ...], told: str) -> None:
    """What cannot be meant is status 2."""
    done = place.infer(place.save(), *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("model", "checkpoint", "told"),
    [
        ("inferred:Net", "gone.ckpt", "there is nothing at gone.ckpt"),
        ("inferred:Net", "inferred.py", "neither its name nor its content is that of a checkpoint"),
        ("models/manifests/bert-tiny.json", "inferred.py", "is a manifest: this needs the class"),
        ("gone:Net", "inferred.py", "there is no module 'gone'"),
    ],
)
def test_what_is_not_there(place: Place, model: str, checkpoint: str, told: str) -> None:
    """A checkpoint or a class that is missing is trouble, no answer."""
    path = str(place.root / checkpoint) if checkpoint != "gone.ckpt" else checkpoint
    done = lazycell("infer", model, path, **place.environment)
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_in_a_terminal_of_ascii(place: Place) -> None:
    """What it cannot show is an escape; the verdict stands in one line."""
    path = place.save(**{"größe": (1,)})
    watched = in_terminal(
        "infer", "inferred:Net", path, *_KNOWN, columns=400, PYTHONIOENCODING="ascii", **place.environment
    )
    assert watched.status == 1
    assert "gr\\xf6\\xdfe: float32 (1,)" in watched.screen


def test_help() -> None:
    """With examples that begin as they are typed, and the exit statuses."""
    done = lazycell("infer", "--help")
    assert done.status == 0
    assert "    lazycell infer bert model.safetensors" in done.stdout
    assert "Exit status: 0 the file is this model; 1 it is not" in done.stdout
