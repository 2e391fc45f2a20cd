"""Tests of `lazycell.mismatch._near`."""

from __future__ import annotations

import time

from lazycell.mismatch._near import NearNames


def test_layers_are_found_as_one() -> None:
    """The answer is the pattern of all layers, whichever of them is asked for."""
    near = NearNames([f"encoder.layer.{i}.{w}.weight" for i in range(4) for w in ("query", "value")])
    assert near.find("encoder.layer.17.qery.weight") == "encoder.layer.{0..3}.query.weight"
    assert near.find("something.else") is None


def test_among_many_names() -> None:
    """With more names than are compared, those that share segments are looked at."""
    near = NearNames([f"block_{i:04}.part.weight" for i in range(5000)])
    assert near.find("block_4321.prt.weight") == "block_4321.part.weight"


def test_long_names_are_not_near_for_what_they_share() -> None:
    """The words that differ have to be alike: a query is no value."""
    near = NearNames(["transformer.layer.0.attention.v_lin.weight"])
    assert near.find("encoder.layer.0.attention.self.query.weight") is None
    assert near.find("transformer.layer.5.attention.query.weight") is None
    assert near.find("transfomer.layer.5.atention.v_lin.weight") == "transformer.layer.0.attention.v_lin.weight"


def test_time_does_not_grow_with_the_square() -> None:
    """A hundred searches among 20,000 distinct names take a moment, not minutes."""
    near = NearNames([f"same.word_{i}.weight" for i in range(20_000)])
    start = time.perf_counter()
    for i in range(20):
        near.find(f"same.wrd_{i}.weight")
    assert time.perf_counter() - start < 5
