"""The families in training, and on four ranks: a file by itself, as one process runs the tests of a file."""

from __future__ import annotations

from .launch import run_ranks


def test_texts_on_four_ranks() -> None:
    """Heads that ranks share, and mixtures of axes."""
    asked = ["tp=4:qwen2,gemma3", "dp=2,tp=2:llama", "pp=2,tp=2:llama,mixtral", "ep=2,tp=2:mixtral,qwen3_moe"]
    run_ranks(4, "zoo", *(f"texts:{each}" for each in asked), timeout=240)


def test_training_on_two_ranks() -> None:
    """Gradients and a step of Adam are those of one rank; and Adam with its state divided over ranks."""
    run_ranks(2, "zoo_training", "tp=2:one key head,normed heads,gemma3,mixtral,t5,gpt2", "zero", timeout=240)


def test_training_on_four_ranks() -> None:
    """The same on mixtures of axes."""
    run_ranks(4, "zoo_training", "dp=2,tp=2:llama", "pp=2,tp=2:mixtral", "ep=2,tp=2:qwen3_moe", timeout=240)
