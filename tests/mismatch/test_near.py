"""Tests of `lazycell.mismatch._near`."""

from __future__ import annotations

import time

import pytest

from lazycell.mismatch._near import NearNames, alike


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


def test_what_has_another_shape_is_not_meant() -> None:
    """However alike the names are; turned round it may be."""
    near = NearNames({"layers.0.gate_proj.weight": (40, 24), "scale": None})
    assert near.find("layers.0.gat_proj.weight", (40, 24)) == "layers.0.gate_proj.weight"
    assert near.find("layers.0.gat_proj.weight", (24, 40)) == "layers.0.gate_proj.weight"
    assert near.find("layers.0.gat_proj.weight", (6, 24)) is None
    assert near.find("scael", (7,)) == "scale"


def test_the_answer_is_the_name_in_the_file() -> None:
    """Though another is compared, which a rule has made of it."""
    near = NearNames(["a.weight", "b.bias"], shown={"a.weight": "model.a.weight"})
    assert near.find("a.wieght") == "model.a.weight"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("x.attn.w", "x.attention.w", True),
        ("x.lm_head.w", "x.head.w", True),
        ("norm.weight", "norm.beta", False),
        ("mlp.gate_proj.w", "mlp.up_proj.w", False),
        ("q.w", "k.w", False),
        ("a.b.w", "b.w", True),
        ("a.b.c.w", "c.w", False),
    ],
)
def test_words_that_are_alike(one: str, other: str, expected: bool) -> None:
    """Short for each other, the end of each other, or spelt nearly so; one word more is no other word."""
    assert alike(one, other) is alike(other, one) is expected
