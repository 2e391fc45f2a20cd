"""Tests of `lazycell.cli._model`: what MODEL on the command line stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell import ConfigError, LazyCellError, Manifest, ManifestError, pretrained
from lazycell.cli._model import Options, find, is_manifest, model_options

from ..mismatch.transformer import model
from .command import lazycell
from .zoo import Zoo, make_zoo

_SOURCE = """
from __future__ import annotations

from lazycell import LazyCell, Param


class Net(LazyCell):
    width: int
    name: str = "net"
    w: Param["normal", (width, 2)]


class Outer:
    class Inner(LazyCell):
        w: Param["ones", (3,)]


class Plain:
    pass


def function():
    pass
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write modules into the working directory, where they are found as with `python -m`."""
    (tmp_path / "cli_nets.py").write_text(_SOURCE)
    (tmp_path / "cli_exits.py").write_text("raise SystemExit('gone')\n")
    (tmp_path / "cli_lacks.py").write_text("import no_such_package_at_all\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def options(**settings: Any) -> Options:
    """What `--set` gives."""
    return Options(settings)


def refusal(title: str, given: Options | None = None) -> str:
    """Give the message of a MODEL that is wrong usage."""
    with pytest.raises(click.UsageError) as caught:
        find(title, given).manifest
    return caught.value.message


def test_a_class(place: Path) -> None:
    """With hyperparameters and a dtype; a class in a class, too. Nothing is named as a preset."""
    found = find("cli_nets:Net", Options({"width": 4}, dtype="float16"))
    assert (found.title, found.preset, found.class_.__name__) == ("cli_nets:Net", None, "Net")
    assert [(each.shape, each.dtype) for each in found.manifest] == [((4, 2), "float16")]
    assert find("cli_nets:Outer.Inner").manifest.size == 3
    net = find("cli_nets:Net", options(width=3)).build()
    assert net.w.shape == (3, 2)


def test_a_config(place: Path) -> None:
    """A file, over which `--set` has the last word; what it asks for and the class has not is refused."""
    (place / "config.json").write_text(json.dumps({"width": 5, "name": "given"}))
    found = find("cli_nets:Net", Options({"name": "set"}, config=Path("config.json")))
    assert found.arguments == {"width": 5, "name": "set"}
    (place / "config.json").write_text(json.dumps({"width": 5, "depth": 1}))
    with pytest.raises(ConfigError, match="depth=1: Net knows no such option"):
        find("cli_nets:Net", Options(config=Path("config.json")))


def test_a_directory_with_a_config(place: Path) -> None:
    """It says which model it is; one that says nothing that is known is refused."""
    config = {"model_type": "bert", "architectures": ["BertModel"], "num_hidden_layers": 3, "hidden_size": 12}
    (place / "config.json").write_text(json.dumps(config))
    found = find(str(place), options(num_hidden_layers=1))
    assert (found.class_.__name__, found.arguments) == ("BertModel", {"num_hidden_layers": 1, "hidden_size": 12})
    (place / "config.json").write_text('{"model_type": "of nobody"}')
    with pytest.raises(LazyCellError, match="of nobody"):
        find(str(place))


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("cli_nets:Nets", "cli_nets:Nets: cli_nets has no 'Nets'; did you mean `Net`?"),
        ("cli_nets:Outer.Iner", "cli_nets:Outer.Iner: cli_nets.Outer has no 'Iner'; did you mean `Inner`?"),
        ("cli_nets:function", "cli_nets:function gives None, which is no cell: does it return the net?"),
        ("cli_nets:Plain", "cli_nets:Plain: Plain is no cell, neither a LazyCell nor another nn.Cell"),
        ("cli_nets.py:Net", "there is no module 'cli_nets.py' here or among the installed ones: write cli_nets:Net"),
        ("cli_gone:Net", "there is no module 'cli_gone' here or among the installed ones"),
        ("gone.safetensors", "there is no file gone.safetensors"),
        (".", "there is no config.json in . to say which model it is"),
        ("cli_nets.py", "cli_nets.py is a file of Python: a class in it is written cli_nets:Class: cli_nets:Net"),
        (
            "cli_nets",
            "no model is registered as 'cli_nets'; cli_nets.py is here: a class in it is written cli_nets:Class: ",
        ),
        ("bert-tinny", "no model is registered as 'bert-tinny'; did you mean `bert-tiny`?"),
    ],
)
def test_what_stands_for_nothing(place: Path, title: str, told: str) -> None:
    """What was written, and what is near to it."""
    assert refusal(title).startswith(told)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (options(), "cli_nets:Net needs width: write --set width=..."),
        (options(name="x"), "cli_nets:Net needs width: write --set width=..."),
        (options(widht=3), "--set widht: Net has no such hyperparameter; did you mean `width`?"),
        (options(zzz=3), "--set zzz: Net has no such hyperparameter; it has width, name"),
    ],
)
def test_hyperparameters_that_do_not_go(place: Path, given: Options, told: str) -> None:
    """What is lacking is said as it is typed."""
    assert refusal("cli_nets:Net", given) == told


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("cli_exits:Net", "cli_exits cannot be imported: SystemExit: gone"),
        ("cli_lacks:Net", "cli_lacks cannot be imported: No module named 'no_such_package_at_all'"),
    ],
)
def test_a_module_that_fails(place: Path, title: str, told: str) -> None:
    """Not the command's fault, nor its end: which module, and why."""
    with pytest.raises(LazyCellError) as caught:
        find(title)
    assert str(caught.value) == told


def test_a_manifest_file(tmp_path: Path) -> None:
    """It has its hyperparameters in it, and no class."""
    path = tmp_path / "net.json"
    path.write_text(model(n_layers=2).to_json(collapsed=True))
    assert is_manifest(path)
    found = find(str(path))
    assert found.manifest.digest == model(n_layers=2).digest
    with pytest.raises(click.UsageError, match="is a manifest: this needs the class, as a name or module:Class"):
        found.class_
    for other, name in ((options(n=1), "--set"), (Options(config=path), "--config"), (Options(dtype="x"), "--dtype")):
        assert refusal(str(path), other) == (
            f"{name} does not go with {path}: a manifest has its hyperparameters in it"
        )


def test_a_manifest_that_is_damaged(tmp_path: Path) -> None:
    """Which file it is."""
    path = tmp_path / "net.json"
    path.write_text(model().to_json().replace('"float32"', '"float16"', 1))
    assert Manifest.from_json(model().to_json()).digest == model().digest
    with pytest.raises(ManifestError) as caught:
        find(str(path)).manifest
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("given", "first"),
    [
        (Options(), None),
        (Options({"a": 1}, Path("x"), "y"), "--set"),
        (Options(config=Path("x"), dtype="y"), "--config"),
        (Options(dtype="y"), "--dtype"),
    ],
)
def test_which_option_was_given(given: Options, first: str | None) -> None:
    """The first, as it is spelt."""
    assert given.given == first


SETTABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z_0-9]*", fullmatch=True), SETTABLE, max_size=3))
def test_values_are_json(settings: dict[str, Any]) -> None:
    """Whatever JSON can hold is given back by the option."""
    assert parsed(*(f"{name}={json.dumps(value)}" for name, value in settings.items())).settings == settings


@pytest.mark.parametrize(
    ("text", "value"),
    [("a=gelu", "gelu"), ("a=", ""), ("a=b=c", "b=c"), ("a=[1", "[1"), ("a=0x10", "0x10"), ("a=True", "True")],
)
def test_other_values_are_text(text: str, value: str) -> None:
    """As they are written."""
    assert parsed(text).settings == {"a": value}


@pytest.mark.parametrize("text", ["a", "=1", "a b=1", "1a=2", "--x=1"])
def test_what_is_no_setting(text: str) -> None:
    """The message says how one is written."""
    with pytest.raises(click.UsageError) as caught:
        parsed(text)
    assert caught.value.message == f"--set {text}: write NAME=VALUE, as in --set hidden=64"


def parsed(*texts: str) -> Options:
    """Give what a command gets whose options `--set` say this."""
    got: list[Options] = []

    @click.command()
    @model_options
    def command(options: Options) -> None:
        got.append(options)

    command.main([word for text in texts for word in ("--set", text)], standalone_mode=False)
    return got[0]


# ------------------------------------------------------------------------------------------------------ as a process


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    """Install the small zoo."""
    return make_zoo(tmp_path)


def test_registered_names(zoo: Zoo) -> None:
    """A preset, its family, its class: each is the same model with the same hyperparameters."""
    sizes = ("--set", "width=8", "--set", "layers=2")
    one, *others = (
        json.loads(zoo.lazycell("manifest", *words, "--json").stdout)["digest"]
        for words in (
            ("toy-small",),
            ("toy", *sizes),
            ("Toy", *sizes),
            ("toy-large", *sizes),
            ("toyzoo.toy:Toy", *sizes),
        )
    )
    assert others == [one] * 4


def test_a_directory_of_that_name_does_not_stand_in_the_way(zoo: Zoo, tmp_path: Path) -> None:
    """Only one with a config.json says which model it is."""
    (tmp_path / "work" / "toy-small").mkdir(parents=True)
    code = f"import os; os.chdir({str(tmp_path / 'work')!r})"
    done = lazycell("show", "toy-small", "--depth", "1", first=code, **zoo.environment)
    assert (done.status, done.stderr) == (0, "")
    (tmp_path / "work" / "other").mkdir()
    done = lazycell("show", "other", first=code, **zoo.environment)
    assert (done.status, done.stdout) == (2, "")
    assert "and there is no config.json in the directory other to say which model it is" in done.stderr


def test_a_zoo_that_cannot_be_imported(zoo: Zoo) -> None:
    """A name that may be its is trouble that is explained, without a traceback."""
    zoo.source.write_text("import no_such_package_at_all\n")
    done = zoo.lazycell("show", "toy-small")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("lazycell: no model is registered as 'toy-small'; but ")
    assert "no_such_package_at_all" in done.stderr
    assert "Traceback" not in done.stderr


def test_keys_of_a_config_that_are_ignored(place: Path) -> None:
    """They are passed over, wherever the config is from; there has to be one, with each key in it."""
    (place / "config.json").write_text(json.dumps({"model_type": "bert", "num_hidden_layers": 3, "depth": 1}))
    with pytest.raises(ConfigError, match="--ignore-config depth"):
        find(str(place))
    found = find(str(place), Options(ignore_config=("depth", "num_hidden_layers")))
    assert (found.arguments, found.ignored_config) == ({}, ("depth", "num_hidden_layers"))
    with pytest.raises(ConfigError, match="names 'deepth', and the config has no such key"):
        find(str(place), Options(ignore_config=("deepth",)))
    with pytest.raises(click.UsageError, match="--ignore-config depth: there is no config; name one with --config"):
        find("cli_nets:Net", Options({"width": 1}, ignore_config=("depth",)))


def test_a_directory_whose_class_is_not_here(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The class that stands in for it is told on stderr."""
    (place / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["Contriever"]}))
    assert find(str(place)).class_.__name__ == "BertModel"
    told = capsys.readouterr().err
    assert told.startswith("lazycell: ")
    assert "names 'Contriever', which 'bert' does not have here: BertModel is taken" in told
    assert told.count("\n") == 1


def test_the_other_names_of_a_family() -> None:
    """Of the family and of its classes."""
    assert find("xlm-roberta").class_.__name__ == "RobertaModel"
    assert find("CamembertForMaskedLM").class_.__name__ == "RobertaForMaskedLM"


def test_a_preset_is_what_was_published() -> None:
    """With the dtype that it states, whichever command asks: the manifest, its sizes and a check have it."""
    models, _ = pretrained.available_models()
    presets = [preset for model in models for preset in model.presets]
    assert {preset.dtype for preset in presets} == {None, "float16", "bfloat16"}
    for preset in presets:
        assert find(preset.name).arguments.get("dtype") == preset.dtype
    small = find("smollm2-135m").manifest
    assert {entry.dtype for entry in small} == {"bfloat16"}
    assert sum(entry.nbytes for entry in small) == 2 * 134_515_008
