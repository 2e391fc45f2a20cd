"""The benchmark of sources: its file is one that is read, it compares like with like, and it runs."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tests
from benchmarks import _gguf_file, sources
from benchmarks.sources import DisagreementError, Loads, Side
from lazycell import open_checkpoint
from lazycell.formats import gguf

ROOT = Path(tests.__file__).parents[1]


def test_the_file(tmp_path: Path) -> None:
    """It is a whole Llama in blocks, and those of its size are as many as SmolLM2 has."""
    path = tmp_path / "random.gguf"
    _gguf_file.write(path, _gguf_file.SMALL)
    config = gguf.config_of(gguf.read_file(path))
    assert config is not None
    assert (config["architectures"], config["num_hidden_layers"], config["vocab_size"]) == (["LlamaForCausalLM"], 2, 64)
    header = open_checkpoint(path)
    assert {tensor.origin for tensor in header.tensors.values()} == {"Q4_1 blocks", ""}
    assert sum(math.prod(shape) for _, shape in _gguf_file.Sizes().tensors()) == 134_515_008


def test_what_is_held_against_what() -> None:
    """Each target by the worse of two loads."""
    fast, slow = Loads(1.0, 0.5, 2e6, 100), Loads(20.0, 4.0, 9e6, 100)
    text = sources.report("a file", {"lazycell": fast, "transformers": slow})
    assert "- beside transformers: first 1 / 20.0, second 1 / 8.0" in text
    assert "- target: at most 1 / 10 of transformers: NOT met" in text
    assert "- target: a peak of at most the result + 64.0 MB: met" in text
    assert [*sources.targets({"lazycell": fast, "transformers": slow}).values()] == [True, False]
    text = sources.report("a file", {"lazycell": Loads(1.0, 0.5, 65e6, 100), "floats": Loads(0.5, 0.5, 0.0, 100)})
    assert "- beside floats: first 2.00 x, second 1.00 x" in text
    assert "transformers" not in text
    assert text.endswith("the result + 64.0 MB: NOT met")


def test_sides_that_disagree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What loads other numbers is not compared."""
    totals = iter([1.0, 1.1])

    def run(_: Any) -> dict[str, Any]:
        return {"tries": [{"seconds": 1.0, "peak": 1.0}] * 2, "nbytes": 1, "total": next(totals)}

    monkeypatch.setattr(sources, "_run", run)
    with pytest.raises(DisagreementError, match=r"did not load the same numbers"):
        sources.measure([Side(name, "lazycell", sys.executable, tmp_path) for name in "ab"], 1)


@pytest.mark.slow
def test_it_runs() -> None:
    """A row for each side, and what was measured with; no test looks at a time."""
    command = [sys.executable, "-m", "benchmarks.sources", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line]
    assert [row[0] for row in rows[2:4]] == ["lazycell", "lazycell, its floats in safetensors"]
    assert "mindspore" in done.stdout.splitlines()[-1]
