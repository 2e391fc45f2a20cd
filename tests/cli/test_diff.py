"""`lazycell diff`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lazycell import Manifest
from lazycell.cli import main

from ..mismatch.transformer import model
from ..saving.saved import save_arrays
from .command import ROOT, lazycell, without
from .test_inspect import heavy


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Write manifests of two sizes, and a checkpoint of the first."""
    for name, sizes in (("two", {"n_layers": 2}), ("three", {"n_layers": 3})):
        (tmp_path / f"{name}.json").write_text(model(**sizes).to_json())
    save_arrays(
        tmp_path / "two.safetensors", {entry.name: np.zeros(entry.shape, entry.dtype) for entry in model(n_layers=2)}
    )
    return tmp_path


def test_nothing_differs(files: Path) -> None:
    """A manifest and a checkpoint of it: status 0, and nothing that takes long is imported."""
    two, checkpoint = str(files / "two.json"), str(files / "two.safetensors")
    done = lazycell("diff", two, checkpoint, first=without("mindspore", "numpy", "rich"))
    assert (done.status, done.stderr) == (0, "")
    assert "no difference" in done.stdout
    assert lazycell("diff", two, two).status == 0
    assert heavy("diff", two, checkpoint) == []


def test_something_differs(files: Path) -> None:
    """What B adds, status 1."""
    done = lazycell("diff", str(files / "two.json"), str(files / "three.json"))
    assert (done.status, done.stderr) == (1, "")
    assert "added" in done.stdout
    assert "  layers.2.attn.q.weight" in done.stdout
    assert "removed" not in done.stdout


def test_json(files: Path) -> None:
    """One document, in UTF-8 whatever the terminal can show."""
    text = (files / "two.json").read_text().replace("lm_head", "köpf")
    (files / "odd.json").write_text(text)
    document = json.loads(text)
    error = lazycell("diff", str(files / "two.json"), str(files / "odd.json"))
    assert error.status == 2  # its digest is another's
    document["digest"] = error.stderr.partition("that of the content is ")[2].partition(":")[0]
    (files / "odd.json").write_text(json.dumps(document, ensure_ascii=False))
    done = lazycell("diff", "--json", str(files / "two.json"), str(files / "odd.json"), PYTHONIOENCODING="ascii")
    found = json.loads(done.stdout)
    assert (done.status, done.stderr, found["differs"]) == (1, "", True)
    assert "köpf.weight" in json.dumps(found, ensure_ascii=False)


def test_markdown(files: Path) -> None:
    """A table for a review."""
    done = lazycell("diff", "--markdown", str(files / "two.json"), str(files / "three.json"))
    assert done.status == 1
    assert "| --- |" in done.stdout
    assert "`layers.2.attn.q.weight`" in done.stdout


def test_a_page(files: Path) -> None:
    """Beside the text, whole or not at all: what was there stays where it cannot be written."""
    page = files / "page.html"
    done = lazycell("diff", str(files / "two.json"), str(files / "three.json"), "--html", str(page))
    assert done.status == 1
    assert "added" in done.stdout
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert sorted(each.name for each in files.iterdir()) == [
        *("page.html", "three.json", "two.json", "two.safetensors"),
    ]
    gone = files / "no such directory" / "page.html"
    done = lazycell("diff", str(files / "two.json"), str(files / "three.json"), "--html", str(gone))
    assert (done.status, done.stdout) == (2, "")
    assert str(gone) in done.stderr
    assert "Traceback" not in done.stderr


def test_classes() -> None:
    """Hyperparameters go to the class, not to the manifest beside it."""
    done = lazycell("diff", "models/manifests/bert-tiny.json", "bert-tiny", "--set", "num_hidden_layers=3")
    assert done.status == 1
    assert "encoder.layer.2.attention.self.query.weight" in done.stdout
    assert "encoder.layer.{2..3}" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--json", "--markdown"), "--json and --markdown: choose one"),
        (("--set", "n_layers=2"), "--set goes with a class, and neither "),
    ],
)
def test_wrong_usage(files: Path, arguments: tuple[str, ...], told: str) -> None:
    """What cannot be meant is status 2."""
    done = lazycell("diff", str(files / "two.json"), str(files / "two.safetensors"), *arguments)
    assert (done.status, done.stdout == "") == (2, "--json" not in arguments)
    assert told in done.stderr


def test_what_is_not_there(files: Path) -> None:
    """Trouble, not a difference."""
    done = lazycell("diff", str(files / "two.json"), str(files / "gone.json"))
    assert (done.status, done.stdout) == (2, "")
    assert "there is no file" in done.stderr


@pytest.mark.parametrize("form", [(), ("--markdown",)])
def test_names_of_strangers(files: Path, form: tuple[str, ...]) -> None:
    """A name with the end of a line, or with what clears a screen, is in one line, as escapes."""
    arrays = {entry.name: np.zeros(entry.shape, entry.dtype) for entry in model(n_layers=2)}
    save_arrays(files / "odd.safetensors", {**arrays, "evil\nline\x1b[2J": np.zeros(1, np.int8)})
    done = lazycell("diff", *form, str(files / "two.json"), str(files / "odd.safetensors"))
    assert (done.status, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if "evil" in line)
    assert "nline" in line
    assert "int8" in line


def test_help() -> None:
    """With examples that begin as they are typed."""
    done = lazycell("diff", "--help")
    assert done.status == 0
    assert "    lazycell diff old.json new.json" in done.stdout


def test_a_file_that_a_preset_loads_is_no_different(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is published: below a prefix, with a head and a buffer that the model computes; more is told."""
    net = Manifest.from_json((ROOT / "models" / "manifests" / "bert-tiny.json").read_bytes())
    arrays = {f"bert.{each.name}": np.zeros(each.shape, np.float32) for each in net}
    arrays["bert.embeddings.position_ids"] = np.zeros((1, 512), np.int64)
    arrays["cls.predictions.bias"] = np.zeros(30522, np.float32)
    path = str(tmp_path / "published.safetensors")
    save_arrays(Path(path), arrays)
    assert [main(["check", "bert-tiny", path]), main(["diff", "bert-tiny", path])] == [0, 0]
    assert capsys.readouterr().out.endswith("no difference; the checkpoint fits the model\n")
    save_arrays(Path(path), {**arrays, "bert.strange": np.zeros(2, np.float32)})
    assert main(["diff", "bert-tiny", path]) == 1
