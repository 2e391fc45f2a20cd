"""The scripts in `examples/` run, and do what they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from . import forked
from .golden_cases import FAMILIES

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
BERT = Path(__file__).parent / "golden" / "bert-a"
LLAMA = FAMILIES["llama"]


def run(script: str, *arguments: str, directory: Path) -> str:
    """Run an example in a directory of its own, and give what it prints."""
    command = [*forked.python(), str(EXAMPLES / script), *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_is_tested() -> None:
    """There is no script that the tests below do not run."""
    tested = {"generate.py", "load_directory.py", "plain_cell.py", "train.py", "zero.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == tested


def test_train(tmp_path: Path) -> None:
    """The net learns, from a start without values, and every run gives the same result."""
    output = run("train.py", directory=tmp_path)
    losses = [float(line.split()[-1]) for line in output.splitlines() if line.startswith("step")]
    assert len(losses) == 5
    assert losses[-1] < losses[0] / 10
    assert "declared: 8 parameters without values" in output
    assert "right: 100%" in output


@pytest.mark.parametrize("directory", [BERT, BERT / "sharded"], ids=["one file", "shards"])
def test_load_directory(directory: Path, tmp_path: Path) -> None:
    """The class is found by the config, the weights by the directory."""
    output = run("load_directory.py", str(directory), directory=tmp_path)
    assert "bert/BertModel" in output
    assert "BertModel(vocab_size=128, hidden_size=48" in output
    assert "last hidden state: (2, 4, 48)" in output


def test_load_directory_says_what_is_wrong(tmp_path: Path) -> None:
    """A directory without a config is one line, not a traceback."""
    command = [*forked.python(), str(EXAMPLES / "load_directory.py"), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no config.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_plain_cell(tmp_path: Path) -> None:
    """What the checkpoint has is loaded, the rest initialized."""
    output = run("plain_cell.py", directory=tmp_path)
    assert "loaded, but for ['head.weight', 'head.bias']" in output
    assert "4 loaded (2,176 bytes), 2 initialized (136 bytes)" in output
    assert "output: (1, 2)" in output


def test_generate(tmp_path: Path) -> None:
    """One process writes the words of the reference; on ranks `tests/ranks` runs it."""
    ids, expected = LLAMA.generation["input_ids"][0], LLAMA.expected["generated"][0]
    output = run(
        "generate.py",
        str(LLAMA.path),
        *map(str, ids),
        "--words",
        str(len(expected)),
        "--mesh",
        "tp=1",
        directory=tmp_path,
    )
    assert "LlamaForCausalLM on 1 ranks" in output
    assert output.splitlines()[-1] == f"words: {' '.join(map(str, expected))}"


def test_generate_says_what_is_wrong(tmp_path: Path) -> None:
    """A mesh that is not what was started is one line."""
    command = [*forked.python(), str(EXAMPLES / "generate.py"), str(LLAMA.path), "--mesh", "tq=1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "rank 0: mesh has the axis 'tq'" in done.stderr
    assert "Traceback" not in done.stderr


def test_zero(tmp_path: Path) -> None:
    """The loss falls; that states are divided, `tests/ranks` sees."""
    output = run("zero.py", directory=tmp_path)
    first, last = (float(each) for each in re.findall(r"[0-9.]+(?= to|,)", output)[:2])
    assert last < first
    assert "Adam's state of 1.00 of it" in output
