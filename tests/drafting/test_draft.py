"""Drafts of reference checkpoints: what they declare is what the files hold."""

from __future__ import annotations

import pytest

import lazycell
from lazycell.drafting import draft, imported_draft
from tests.golden_cases import GOLDEN


@pytest.mark.parametrize("case", ["llama-a", "bert-a", "gpt2-a", "t5-a", "gpt-neox", "resnet"])
def test_a_draft_declares_what_the_file_holds(case: str) -> None:
    """Name by name, as a load finds it; the draft itself is held to it before it is given."""
    made = draft(GOLDEN / case)
    cls = imported_draft(made)
    net = cls()
    net.load_checkpoint(GOLDEN / case / "model.safetensors")
    assert lazycell.uninitialized(net) == []
