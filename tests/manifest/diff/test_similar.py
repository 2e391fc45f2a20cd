"""Tests of `lazycell.manifest.diff._similar`."""

from __future__ import annotations

import pytest
from hypothesis import given

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest.diff._similar import agreement, score, similarity

from .differing import entry, names


@given(names, names)
def test_similarity_is_the_same_from_both_sides(one: str, other: str) -> None:
    """It is between 0 and 1, and 1 for equal names alone."""
    mine, theirs = one.split("."), other.split(".")
    alike = similarity(mine, theirs)
    assert alike == similarity(theirs, mine)
    assert 0 <= alike <= 1
    assert (alike == 1) == (mine == theirs)
    assert similarity(mine, theirs, letters=False) <= alike


@pytest.mark.parametrize(
    ("name", "near", "far"),
    [
        ("layers.#.q.weight", "layers.#.query.weight", "layers.#.key.weight"),
        ("encoder.fc.weight", "model.encoder.fc.weight", "decoder.fc.weight"),
        ("head.weight", "head.kernel", "tail.kernel"),
        ("a.b.c.d", "a.x.c.d", "a.x.y.d"),
    ],
)
def test_what_is_more_alike(name: str, near: str, far: str) -> None:
    """Segments in common count first, then letters."""
    words = name.split(".")
    assert similarity(words, near.split(".")) > similarity(words, far.split("."))


def test_without_letters_words_are_equal_or_not() -> None:
    """One of two segments is in common, and `head` and `heads` are two words."""
    assert similarity(["head", "weight"], ["heads", "weight"], letters=False) == 0.5
    assert similarity(["head", "weight"], ["heads", "weight"]) > 0.5


def test_what_a_side_does_not_know_counts_for_nothing() -> None:
    """Between a model and a checkpoint, only dtypes can agree."""
    declared, header = entry("a"), ManifestEntry("b", (2, 3), "float32", "")
    agreed, known = agreement(declared, header)
    assert agreed == known > 0
    assert score(1, agreed, known) == 1
    assert agreement(declared, declared)[1] > known


def test_declarations_that_differ_count_against() -> None:
    """The more of them, the more."""
    scores = [
        score(0.8, *agreement(entry("a"), entry("b", **more)))
        for more in ({}, {"dtype": "float16"}, {"dtype": "float16", "declared_by": "Norm.weight", "expression": "(n,)"})
    ]
    assert scores == sorted(set(scores), reverse=True)
