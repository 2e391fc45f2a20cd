"""The families on real ranks: one job does many, as starting one takes longer than what it does."""

from __future__ import annotations

from ..golden_cases import FAMILIES
from .launch import ROOT, run_ranks

DECODERS = "llama,mistral,qwen2,qwen3,gemma2,gemma3,mixtral,qwen3_moe,gpt2"


def test_texts_on_two_ranks() -> None:
    """Every family gives what the reference gives, states and words included."""
    run_ranks(2, "zoo", f"texts:tp=2:{DECODERS},t5,bert,roberta,distilbert", timeout=240)


def test_graphs_on_two_ranks() -> None:
    """In graph mode too, with heads divided and layers; and words are written by compiled steps."""
    run_ranks(2, "zoo", "graph:tp=2:gemma3,mixtral", "graph:pp=2:qwen3_moe", "compiled:tp=2:llama", timeout=240)


def test_the_example() -> None:
    """The command that the documentation starts with: rank 0 prints the words of the reference, and the other nothing."""
    case = FAMILIES["llama"]
    ids, expected = case.generation["input_ids"][0], case.expected["generated"][0]
    first, second = run_ranks(
        2, ROOT / "examples" / "generate.py", case.path, *ids, "--words", len(expected), msrun=True
    )
    assert f"words: {' '.join(map(str, expected))}" in first
    assert "LlamaForCausalLM on 2 ranks: this one has 237,312 of 472,832 bytes" in first
    assert "words" not in second
