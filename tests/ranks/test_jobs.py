"""Jobs on real ranks, each of which checks several things: some 15 seconds each."""

from __future__ import annotations

from pathlib import Path

from .launch import run_ranks


def test_cells_and_gradients() -> None:
    """What joins ranks gives values and gradients as numpy does, in PyNative, in graphs, in half precision."""
    run_ranks(2, "cells")


def test_agreement(tmp_path: Path) -> None:
    """Ranks that differ, fail or are late are told of each other, over the store and over a collective."""
    run_ranks(2, "agreement", tmp_path)


def test_a_peer_that_dies() -> None:
    """Who waits for a rank that is no more says so, in time."""
    outputs = run_ranks(2, "agreement", "dies", fails=True)
    assert ["passed dies" in each for each in outputs] == [True, False]
