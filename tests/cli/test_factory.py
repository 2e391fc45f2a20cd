"""MODEL that is a function, a class of plain cells, or a net: what the command makes of each."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import click
import mindspore as ms
import numpy as np
import pytest
from mindspore import nn

import lazycell
from lazycell import LazyCellError
from lazycell.cli._model import Model, Options, find

from ..saving.saved import load_arrays, save_arrays
from .command import lazycell as run
from .terminal import in_terminal

_SOURCE = """
import os
import time

import mindspore as ms
from mindspore import nn

from lazycell import LazyCell, Param, child

print("imported")
os.system("echo imported by a shell")


class Block(nn.Cell):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.conv = nn.Conv2d(width, width, 3)


class Net(nn.Cell):
    def __init__(self, width: int, depth=2, dtype=ms.float32):
        super().__init__()
        print("built")
        if depth > 5:
            raise ValueError("too deep\\nfor us")
        self.stem = nn.Conv2d(3, width, 7, dtype=dtype)
        self.blocks = nn.CellList([Block(width) for _ in range(depth)])
        self.head = nn.Dense(width, 10)

    @classmethod
    def tiny(cls):
        return cls(4)

    def method(self):
        pass


class Declared(LazyCell):
    w: Param["normal", (3, 2)]


class Around(LazyCell):
    width: int
    net: nn.Cell = child(Net, width)


def anything(first, /, *rest, **others):
    return Net(first, **others)


def declared():
    return Declared()


def wrong():
    return nn.Dense("three", 3)


def leaves():
    raise SystemExit("gone")


def slow():
    print("slowly", flush=True)
    while True:
        time.sleep(0.01)


net = Net(8)
number = 3
"""

SIZE = {"stem": 3 * 7 * 7, "block": 3 * 3, "head": 10}
"""Elements of a net: those of the stem and the head by width, of a convolution by its square."""


def size(width: int, depth: int) -> int:
    """Give the elements of a `Net`: four of the norm for each channel."""
    return SIZE["stem"] * width + depth * (SIZE["block"] * width**2 + 4 * width) + SIZE["head"] * (width + 1)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the module into the working directory."""
    (tmp_path / "plain_nets.py").write_text(_SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "plain_nets", raising=False)  # that of the test before has gone, and its lines
    return tmp_path


def found(name: str, options: Options | None = None, **settings: Any) -> Model:
    """Find a model in the module."""
    return find(f"plain_nets:{name}", options or Options(settings))


@pytest.mark.parametrize(
    ("name", "settings", "elements"),
    [
        ("Net", {"width": 4}, size(4, 2)),
        ("Net", {"width": 4, "depth": 0}, size(4, 0)),
        ("Net.tiny", {}, size(4, 2)),
        ("anything", {"first": 3, "depth": 1}, size(3, 1)),
        ("net", {}, size(8, 2)),
        ("declared", {}, 6),
    ],
)
def test_what_gives_a_net(place: Path, name: str, settings: dict[str, Any], elements: int) -> None:
    """A class, a classmethod, a function, a net, and what makes a LazyCell: each without values."""
    model = found(name, **settings)
    assert model.manifest.size == elements
    net = model.build()
    assert len(lazycell.uninitialized(net)) == len(model.manifest)


def test_a_dtype(place: Path) -> None:
    """As MindSpore has it, where that is what the argument is by default."""
    for options in (Options({"width": 4}, dtype="FLOAT16"), Options({"width": 4, "dtype": "float16"})):
        assert found("Net", options).build().stem.weight.dtype == ms.float16
    with pytest.raises(click.UsageError, match="dtype is a dtype, and 'flot16' is none"):
        found("Net", Options({"width": 4}, dtype="flot16"))
    with pytest.raises(click.UsageError, match="--dtype float16: plain_nets:Net.tiny takes no dtype"):
        found("Net.tiny", Options(dtype="float16"))


def test_a_config(place: Path) -> None:
    """Its keys are arguments, but for those that are its own; `--set` has the last word."""
    config = place / "config.json"
    config.write_text(json.dumps({"_class_name": "Net", "width": 4, "depth": 3}))
    assert found("Net", Options({"depth": 1}, config=config)).manifest.size == size(4, 1)
    config.write_text(json.dumps({"width": 4, "dept": 3}))
    with pytest.raises(click.UsageError, match=r"has no argument 'dept'; did you mean `depth`\?.*--ignore-config dept"):
        found("Net", Options(config=config))
    model = found("Net", Options(config=config, ignore_config=("dept",)))
    assert (model.manifest.size, model.ignored_config) == (size(4, 2), ("dept",))
    with pytest.raises(click.UsageError, match="--ignore-config dept: there is no config; name one with --config"):
        found("Net", Options(ignore_config=("dept",)))


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("Net", {}, "plain_nets:Net needs width: write --set width=..."),
        ("Net", {"widht": 1}, "--set widht: plain_nets:Net has no such argument; did you mean `width`?"),
        ("Net", {"x": 1}, "--set x: plain_nets:Net has no such argument; it has width, depth, dtype"),
        ("anything", {}, "plain_nets:anything needs first: write --set first=..."),
        ("net", {"width": 3}, "--set does not go with plain_nets:net, a net that is built already"),
        ("number", {}, "plain_nets:number is 3, neither a class, a function nor a net"),
        ("Net.method", {}, "plain_nets:Net.method: method is a method of instances, and there is none"),
        ("LazyCell", {}, "plain_nets:LazyCell: LazyCell declares nothing"),
    ],
)
def test_wrong_usage(place: Path, name: str, settings: dict[str, Any], told: str) -> None:
    """What was written, and what to write instead."""
    with pytest.raises(click.UsageError) as caught:
        found(name, **settings).manifest
    assert caught.value.message.startswith(told)


@pytest.mark.parametrize(
    ("name", "settings", "told", "line"),
    [
        ("Net", {"width": 4, "depth": 9}, "ValueError: too deep", 'raise ValueError("too deep'),
        ("anything", {"first": 4, "of": 9}, "TypeError: Net.__init__() got an unexpected keyword argument 'of'", "ret"),
        ("wrong", {}, "TypeError: For 'Dense', the 'in_channels' must be int", 'return nn.Dense("three", 3)'),
        ("leaves", {}, "SystemExit: gone", 'raise SystemExit("gone")'),
    ],
)
def test_what_fails(place: Path, name: str, settings: dict[str, Any], told: str, line: str) -> None:
    """One sentence, and the line of the user's code, not of MindSpore's."""
    with pytest.raises(LazyCellError) as caught:
        found(name, **settings).manifest
    first, file, source = str(caught.value).split("\n")
    assert first.startswith(f"plain_nets:{name} cannot be built: {told}")
    assert re.fullmatch(r'  File ".*plain_nets.py", line \d+', file)
    assert source.strip().startswith(line)


def test_a_module_that_imports_when_it_is_asked(place: Path) -> None:
    """What it prints then is no answer either, and what fails is told in one sentence."""
    (place / "asked.py").write_text(
        "def __getattr__(name):\n"
        "    if name == 'gone':\n        raise RuntimeError('no such backend')\n"
        "    if name != 'Net':\n        raise AttributeError(name)\n"
        "    print('asked for it')\n    from plain_nets import Net\n    return Net\n"
    )
    done = in_place(place, "manifest", "asked:Net", "--set", "width=4", "--json")
    assert json.loads(done.stdout)["totals"]["elements"] == size(4, 2)
    assert "asked for it" in done.stderr
    done = in_place(place, "show", "asked:gone")
    assert (done.status, done.stderr) == (2, "lazycell: asked cannot be imported: RuntimeError: no such backend\n")


def test_the_class_is_needed_elsewhere(place: Path) -> None:
    """`infer` and `migrate` solve and keep what a class declares."""
    with pytest.raises(
        click.UsageError, match="plain_nets:Net gives a net, and declares nothing: this needs the class of a LazyCell"
    ):
        found("Net", width=3).class_


# ------------------------------------------------------------------------------------------------------ as a process

NET = ("plain_nets:Net", "--set", "width=4")


def in_place(place: Path, *arguments: str, **environment: str) -> Any:
    """Run the command there."""
    return run(*arguments, directory=place, **environment)


def test_what_it_prints_is_no_answer(place: Path) -> None:
    """Neither from Python nor from a process that it starts: stdout is one JSON document."""
    done = in_place(place, "manifest", *NET, "--json")
    assert done.status == 0
    assert json.loads(done.stdout)["totals"]["elements"] == size(4, 2)
    assert {"imported", "imported by a shell", "built"} <= {*done.stderr.splitlines()}


def test_a_checkpoint_of_initial_values(place: Path) -> None:
    """A seed gives the same bytes; MindSpore and `check` take them; another net says why not."""
    for name in ("one.ckpt", "two.ckpt"):
        assert in_place(place, "init", *NET, "-o", str(place / name), "--seed", "1").status == 0
    assert (place / "one.ckpt").read_bytes() == (place / "two.ckpt").read_bytes()
    values = ms.load_checkpoint(str(place / "one.ckpt"))
    assert sum(each.size for each in values.values()) == size(4, 2)
    assert float(values["blocks.1.norm.moving_variance"].min()) == 1
    done = in_place(place, "check", *NET, "one.ckpt")
    assert (done.status, done.stdout.splitlines()[-1]) == (0, "Net fits one.ckpt")
    done = in_place(place, "check", *NET, "--set", "depth=3", "one.ckpt", "--json")
    assert (done.status, json.loads(done.stdout)["fits"]) == (1, False)
    assert "the checkpoint has 2 blocks (`blocks.{0..1}`), the model 3" in json.loads(done.stdout)["message"]


def test_names_of_parameters(place: Path) -> None:
    """A file of MindSpore's has `Parameter.name`, which is no path here: it fits, and does not differ."""
    with lazycell.no_init_parameters():
        net = nn.SequentialCell(nn.Dense(2, 2), nn.Dense(2, 2))
    for number, parameter in enumerate(net.get_parameters()):
        parameter.name = f"p{number}"
    ms.save_checkpoint(net, str(place / "named.ckpt"))
    (place / "named.py").write_text(
        "from mindspore import nn\n"
        "net = nn.SequentialCell(nn.Dense(2, 2), nn.Dense(2, 2))\n"
        "for number, parameter in enumerate(net.get_parameters()):\n    parameter.name = f'p{number}'\n"
    )
    assert in_place(place, "check", "named:net", "named.ckpt").status == 0
    done = in_place(place, "diff", "named:net", "named.ckpt")
    assert (done.status, done.stderr) == (0, "")
    assert in_place(place, "diff", "named.ckpt", "named:net").status == 0


def test_the_tree(place: Path) -> None:
    """It has the classes; in a narrow terminal the tree, the counts and the shapes stay whole."""
    done = in_place(place, "show", *NET)
    assert [*done.stdout.splitlines()[2].split()[:3]] == ["|--", "stem:", "Conv2d"]
    assert "|-- blocks.{0..1}: Block " in done.stdout
    assert "HeUniform" in done.stdout
    screen = in_terminal(
        "show", *NET, columns=80, NO_COLOR="1", PYTHONPATH=f"{place}:{Path(__file__).parents[2]}"
    ).screen
    assert re.search(r"├── stem: Conv2d +1 +588 *\r?\n", screen)
    assert re.search(r"└── weight +1 +588 +float32 +\(4, 3, 7, 7\) *\r?\n", screen)
    assert "HeUniform" not in screen


def test_an_interrupt_ends_what_takes_long(place: Path) -> None:
    """Ctrl-C ends somebody's code, with the status of an interrupt."""
    path = f"{place}:{Path(__file__).parents[2]}"
    watched = in_terminal("show", "plain_nets:slow", interrupt_at="slowly", PYTHONPATH=path)
    assert watched.status == 130
    assert "Traceback" not in watched.screen


def test_inspect_asks_the_models_that_are_named(place: Path) -> None:
    """Each says whether the checkpoint fits, and where not, the command that says why."""
    assert in_place(place, "init", *NET, "-o", "net.safetensors", "--seed", "1").status == 0
    models = ("--model", "plain_nets:Net.tiny", "--model", "plain_nets:net")
    done = in_place(place, "inspect", "net.safetensors", *models)
    assert done.status == 0
    lines = done.stdout.splitlines()
    at = lines.index("fits plain_nets:Net.tiny (Net)")
    assert lines[at + 1].startswith("does not fit plain_nets:net (Net): ")
    assert lines[at + 1].endswith(" shapes differ")
    assert lines[at + 2] == "`lazycell check plain_nets:net net.safetensors` says why"
    found = json.loads(in_place(place, "inspect", "net.safetensors", *models, "--json").stdout)
    assert [(each["model"], each["class"], each["module"], each["fits"]) for each in found["models"]] == [
        ("plain_nets:Net.tiny", "Net", "plain_nets", True),
        ("plain_nets:net", "Net", "plain_nets", False),
    ]


def in_torch() -> dict[str, Any]:
    """Give values of a net, different ones for each parameter, under PyTorch's names."""
    names = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    arrays = {}
    for k, entry in enumerate(found("Net", width=4).manifest):
        path, _, word = entry.name.rpartition(".")
        arrays[f"{path}.{names.get(word, word)}"] = np.full(entry.shape, k + 1, np.float32)
    return arrays


@pytest.mark.parametrize(("name", "prefix"), [("Net", ""), ("Around", "net.")], ids=["plain", "in a LazyCell"])
def test_pytorchs_names(place: Path, name: str, prefix: str) -> None:
    """A file with them fits, and is no different; a wrong shape is told."""
    net = (f"plain_nets:{name}", "--set", "width=4")
    arrays = {prefix + key: array for key, array in in_torch().items()}
    save_arrays(place / "torch.safetensors", arrays)
    done = in_place(place, "check", *net, "torch.safetensors")
    assert (done.status, done.stdout.splitlines()[-1]) == (0, f"{name} fits torch.safetensors")
    assert "blocks.{0..1}.norm.running_mean" in done.stdout
    assert in_place(place, "diff", *net, "torch.safetensors").status == 0
    counted = {f"{prefix}blocks.{k}.norm.num_batches_tracked": np.zeros((), np.int64) for k in range(2)}
    save_arrays(place / "counted.safetensors", {**arrays, **counted})
    assert in_place(place, "check", *net, "counted.safetensors").status == 0
    done = in_place(place, "diff", *net, "counted.safetensors")
    assert (done.status, done.stdout.splitlines()[-1]) == (0, "no difference; the checkpoint fits the model")
    arrays[f"{prefix}blocks.1.norm.running_mean"] = np.zeros(5, np.float32)
    save_arrays(place / "torch.safetensors", arrays)
    done = in_place(place, "check", *net, "torch.safetensors")
    assert done.status == 1
    assert f"{prefix}blocks.1.norm.moving_mean: the checkpoint has (5,), the model (4,)" in done.stdout
    assert in_place(place, "diff", *net, "torch.safetensors").status == 1


def test_names_are_converted(place: Path) -> None:
    """From PyTorch's to those that MindSpore loads, and back, with the same bytes; a wrong net is refused."""
    arrays = in_torch()
    save_arrays(place / "torch.safetensors", arrays)
    with_names = ("--model", "plain_nets:Net", "--set", "width=4", "--to-names")
    done = in_place(place, "convert", "torch.safetensors", "ms.ckpt", *with_names, "mindspore", "--json")
    assert done.status == 0, done.stderr
    assert json.loads(done.stdout)["tensors"] == len(arrays)
    values = ms.load_checkpoint(str(place / "ms.ckpt"))
    assert (values["blocks.1.norm.gamma"].asnumpy() == arrays["blocks.1.norm.weight"]).all()
    done = in_place(place, "convert", "ms.ckpt", "back.safetensors", *with_names, "torch")
    assert done.status == 0, done.stderr
    back = load_arrays(place / "back.safetensors")
    assert back.keys() == arrays.keys()
    assert all((back[name] == arrays[name]).all() for name in arrays)
    done = in_place(place, "convert", "ms.ckpt", "no.ckpt", *with_names, "torch", "--set", "depth=3")
    assert (done.status, done.stdout) == (2, "")
    assert "ms.ckpt does not fit Net: 5 parameters missing" in done.stderr
    assert not (place / "no.ckpt").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--to-names", "torch"), "--to-names torch needs --model module:function"),
        (("--model", "x:y"), "--model goes with --to-names torch or --to-names mindspore"),
        (("--set", "x=1"), "--set goes with --model"),
    ],
)
def test_options_of_names(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    """What goes with what."""
    save_arrays(tmp_path / "a.safetensors", {"w": np.zeros(1, np.float32)})
    done = run("convert", str(tmp_path / "a.safetensors"), str(tmp_path / "b.ckpt"), *options)
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
