"""`lazycell manifest MODEL`; the gate is in `test_gate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazycell import Manifest
from models.bert import BertModel

from .command import lazycell, without

TINY = {"num_hidden_layers": 2, "hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 512}


@pytest.fixture(scope="module")
def tiny() -> Manifest:
    """Give the manifest of `bert-tiny`."""
    return BertModel.manifest(**TINY)


def test_table(tiny: Manifest):
    """A preset's manifest as plain text, layers in one row."""
    done = lazycell("manifest", "bert-tiny")
    assert (done.status, done.stdout, done.stderr) == (0, f"{tiny}\n", "")
    assert "encoder.layer.{0..1}.attention.self.query.weight" in done.stdout


def test_json_of_a_class(tiny: Manifest):
    """`--json` is the canonical text, of a class with hyperparameters too."""
    settings = [word for name, value in TINY.items() for word in ("--set", f"{name}={value}")]
    done = lazycell("manifest", "models.bert:BertModel", *settings, "--json")
    assert (done.status, done.stdout) == (0, tiny.to_json())


def test_a_manifest_file_without_mindspore(tiny: Manifest, tmp_path: Path):
    """Of a file, everything is there without MindSpore; `-o` writes what would be printed."""
    path, output = tmp_path / "tiny.json", tmp_path / "out"
    path.write_text(tiny.to_json())
    read = Manifest.from_json(path.read_text())  # hyperparameters come in another order
    for options, text in (
        (["--json", "--collapsed"], tiny.to_json(collapsed=True)),
        (["--markdown"], read.to_markdown().rstrip("\n") + "\n"),
        ([], f"{read}\n"),
    ):
        done = lazycell("manifest", str(path), *options, "-o", str(output), first=without("mindspore"))
        assert (done.status, done.stdout, done.stderr) == (0, "", "")
        assert output.read_text() == text


@pytest.mark.parametrize(
    ("name", "options", "form"),
    [
        ("m.json", [], "json"),
        ("M.JSON", [], "json"),
        ("m.json", ["--collapsed"], "collapsed"),
        ("m.md", [], "markdown"),
        ("m.txt", [], "table"),
        ("json", [], "table"),
        ("m.md", ["--json"], "json"),
        ("m.md", ["--json", "--collapsed"], "collapsed"),
        ("m.json", ["--markdown"], "markdown"),
        ("m.txt", ["--json"], "json"),
    ],
)
def test_the_suffix_says_the_form(tiny: Manifest, tmp_path: Path, name: str, options: list[str], form: str):
    """JSON or Markdown, where no option says what is wanted; an option is heard whatever the suffix."""
    path = tmp_path / "tiny"
    path.write_text(tiny.to_json())
    read = Manifest.from_json(path.read_text())
    forms = {
        "json": read.to_json(),
        "collapsed": read.to_json(collapsed=True),
        "markdown": read.to_markdown().rstrip("\n") + "\n",
        "table": f"{read}\n",
    }
    assert len(set(forms.values())) == len(forms)
    done = lazycell("manifest", str(path), *options, "-o", str(tmp_path / name), first=without("mindspore"))
    assert (done.status, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / name).read_text() == forms[form]


def test_names_do_no_harm(tmp_path: Path):
    """A stranger's names are printed as escapes."""
    manifest = Manifest.of_checkpoint({})
    path = tmp_path / "evil.json"
    path.write_text(
        manifest.to_json().replace('"model": ""', '"model": "a\\u001b[2J"').replace("<dict>", "a\\u001b[2J")
    )
    done = lazycell("manifest", str(path), first=without("mindspore"))
    assert done.status == 0
    assert "\x1b" not in done.stdout
    assert "a\\x1b[2J" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "No MODEL is given: give one, or write --check"),
        (("a", "b"), "Several MODELs are given"),
        (("a", "--json", "--markdown"), "--markdown does not go with --json: choose one"),
        (("a", "--collapsed"), "--collapsed goes with JSON: write --json, or -o FILE.json"),
        (("a", "--collapsed", "-o", "a.md"), "--collapsed goes with JSON: write --json, or -o FILE.json"),
        (("a", "--collapsed", "--markdown", "-o", "a.json"), "--collapsed goes with JSON"),
        (("there/is/none.json",), "there is no file there/is/none.json"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], told: str):
    """Status 2, and what to write instead."""
    done = lazycell("manifest", *arguments)
    assert (done.status, done.stdout == "") == (2, "--json" not in arguments)
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_output_that_cannot_be_written(tiny: Manifest, tmp_path: Path):
    """A missing directory is told by the name that was given."""
    path = tmp_path / "tiny.json"
    path.write_text(tiny.to_json())
    done = lazycell("manifest", str(path), "-o", str(tmp_path / "nowhere" / "a"), first=without("mindspore"))
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == f"lazycell: {tmp_path / 'nowhere' / 'a'}: No such file or directory\n"
