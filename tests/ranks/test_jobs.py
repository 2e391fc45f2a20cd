"""Jobs on real ranks, each of which checks several things: some 5 seconds each, and what they do."""

from __future__ import annotations

from pathlib import Path

from .launch import run_ranks


def test_cells_and_gradients() -> None:
    """What joins ranks gives values and gradients as numpy does, in PyNative, in graphs, in half precision."""
    run_ranks(2, "cells", msrun=True)


def test_agreement(tmp_path: Path) -> None:
    """Ranks that differ, fail or are late are told of each other, over the store and over a collective."""
    run_ranks(2, "agreement", tmp_path)


def test_a_peer_that_dies() -> None:
    """Who waits for a rank that is no more says so, in time."""
    outputs = run_ranks(2, "agreement", "dies", fails=True)
    assert ["passed dies" in each for each in outputs] == [True, False]


def test_training() -> None:
    """On 4 ranks, dp2·tp2 and tp4 with shared heads, gradients and parameters after Adam are those of one."""
    run_ranks(4, "training", timeout=180)


def test_loads_and_saves(tmp_path: Path) -> None:
    """All ranks load or none, from any file, whatever is wrong with one; and save the file that one rank would."""
    run_ranks(2, "checkpoints", tmp_path)


def test_a_peer_that_dies_in_a_load(tmp_path: Path) -> None:
    """The other says so, and its net is as it was."""
    outputs = run_ranks(2, "checkpoints", tmp_path, "dies", fails=True)
    assert ["passed dies" in each for each in outputs] == [True, False]
