"""The benchmark of adapters runs, and says what it is to say; no test looks at a time."""

from __future__ import annotations

from pathlib import Path

import lazycell
from benchmarks._adapter_merging import MOST_MEMORY, MOST_SECONDS, QUICK, SIZES, Cost, met, report, run, write


def test_it_runs() -> None:
    """Each way to load has its row."""
    lines: list[str] = []
    assert run(1, quick=True, tell=lines.append)
    (text,) = lines
    assert text.startswith("An adapter of rank 16 on 14 modules; ")
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    assert rows[2:] == [
        *("without an adapter", "with one", "`set_adapter(None)`", "`set_adapter` to it", "the same, `discard=True`"),
    ]
    assert text.endswith("not judged")


def test_the_adapter_is_what_is_said(tmp_path: Path) -> None:
    """A pair of each linear layer of the blocks: 210 of the model of 30 blocks."""
    base, adapter, count = write(tmp_path, QUICK)
    stored = lazycell.open_checkpoint(adapter / "adapter_model.safetensors").tensors
    assert (count, len(stored)) == (7 * QUICK["num_hidden_layers"], 2 * count)
    assert 7 * SIZES["num_hidden_layers"] == 210
    assert {each.dtype for each in lazycell.open_checkpoint(base).tensors.values()} == {"bfloat16"}


def test_what_misses_its_target() -> None:
    """Too slow, or too much memory."""
    plain = Cost(1.0, 0.0)
    for cost, is_met in (
        (Cost(1.0 + MOST_SECONDS, MOST_MEMORY), True),
        (Cost(1.1 + MOST_SECONDS, 0.0), False),
        (Cost(1.0, MOST_MEMORY + 1.0), False),
    ):
        costs = {"without an adapter": plain, "with one": cost}
        assert met(costs) is is_met
        assert report(costs, 1, "", judged=True).endswith("NOT met") is not is_met
