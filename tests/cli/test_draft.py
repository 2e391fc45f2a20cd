"""`lazycell draft`: a file that `lazycell check` then takes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lazycell.cli import main
from tests.golden_cases import GOLDEN

CASE = GOLDEN / "phi3"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, in which the command is called."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_written_is_checked_by_what_it_says(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line that it ends with is the next command."""
    config = CASE / "config.json"
    assert main(["draft", str(CASE / "model.safetensors"), "--config", str(config), "-o", "phi3draft.py"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("wrote phi3draft.py: Phi3ForCausalLM, 5 classes, ")
    start, command = said[1].split(": lazycell ", 1)
    assert start == "next"
    assert main(command.split()) == 0
    assert f"Phi3ForCausalLM fits {CASE / 'model.safetensors'}" in capsys.readouterr().out


def test_a_file_is_kept_unless_it_may_go(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was there is as it was."""
    (here / "model.py").write_text("mine")
    assert main(["draft", str(CASE), "-o", "model.py"]) == 2
    assert "model.py exists: write --force to replace it" in capsys.readouterr().err
    assert (here / "model.py").read_text() == "mine"
    assert main(["draft", str(CASE), "-o", "model.py", "--force"]) == 0
    assert "class Phi3ForCausalLM" in (here / "model.py").read_text()


def test_stdout_has_the_text_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Or one JSON object with it."""
    assert main(["draft", str(CASE)]) == 0
    text = capsys.readouterr().out
    compile(text, "draft", "exec")
    assert main(["draft", str(CASE), "--name", "Mine", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["text"] == text.replace("Phi3ForCausalLM", "Mine")
    assert document["model"] == "Mine" == document["classes"][-1]
    assert any("query, key and value in one" in each for each in document["undecided"])
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "write a CHECKPOINT, or --cell module:function"),
        (["nothing.safetensors"], "there is nothing at nothing.safetensors"),
        ([str(CASE), "--config", "nothing.json"], "there is nothing at nothing.json"),
        ([str(CASE), "--name", "a b"], "--name 'a b': a class cannot be called so"),
        ([str(CASE), "--name", "class"], "--name class: a class cannot be called so"),
        ([str(CASE), "-o", "."], "that is a directory: write -o model.py"),
        ([str(CASE), "--cell", "a:b"], "and not both"),
        (["--cell", "a:b", "--config", str(CASE / "config.json")], "--config does not go with --cell"),
        (["--cell", "no_such_module:f"], "there is no module 'no_such_module'"),
    ],
)
def test_what_is_refused(here: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to write instead, and without a file."""
    assert main(["draft", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_a_net_of_plain_cells(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a function; what is written differs from the net in nothing that a checkpoint would show."""
    (here / "plain_for_draft.py").write_text(
        "from mindspore import nn\n\ndef small():\n    return nn.SequentialCell([nn.Dense(3, 4), nn.ReLU(), nn.Dense(4, 5)])\n"
    )
    assert main(["draft", "--cell", "plain_for_draft:small", "-o", "drafted_cells.py", "--name", "Small"]) == 0
    assert "next: lazycell diff drafted_cells:Small plain_for_draft:small" in capsys.readouterr().out
    text = (here / "drafted_cells.py").read_text()
    assert "HeUniform(" in text
    assert "child(nn.Identity)" in text
