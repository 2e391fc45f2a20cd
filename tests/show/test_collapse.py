"""Tests of `lazycell.show._collapse`."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from lazycell.show._collapse import Splits, braces, collapse, index_free, is_index


def expand(pattern: str) -> set[str]:
    """Give every name a pattern stands for."""
    choices = []
    for piece in re.split(r"(\{[^}]*\})", pattern):
        if not piece.startswith("{"):
            choices.append([piece])
            continue
        values: list[str] = []
        for part in piece[1:-1].split(","):
            first, _, last = part.partition("..")
            values += map(str, range(int(first), int(last or first) + 1))
        choices.append(values)
    return {"".join(pieces) for pieces in itertools.product(*choices)}


def test_layers_become_a_range() -> None:
    """Names that differ in one index are one pattern, in order of first appearance."""
    names = [f"layers.{i}.{w}" for i in range(3) for w in ("q", "k")]
    assert collapse(["embed", *names]) == [
        ("embed", ("embed",)),
        ("layers.{0..2}.q", ("layers.0.q", "layers.1.q", "layers.2.q")),
        ("layers.{0..2}.k", ("layers.0.k", "layers.1.k", "layers.2.k")),
    ]


def test_full_grid_is_one_pattern() -> None:
    """Two indices are joined when every combination occurs."""
    names = [f"layers.{i}.experts.{j}.w" for i in range(4) for j in range(8)]
    assert [pattern for pattern, _ in collapse(names)] == ["layers.{0..3}.experts.{0..7}.w"]


def test_partial_grid_keeps_the_outer_index_apart() -> None:
    """Layers with other numbers of experts are not promised experts they lack."""
    names = [f"layers.{i}.experts.{j}.w" for i, count in enumerate((2, 3, 2)) for j in range(count)]
    assert [pattern for pattern, _ in collapse(names)] == [
        "layers.{0,2}.experts.{0..1}.w",
        "layers.1.experts.{0..2}.w",
    ]


def test_layers_with_different_parameters_are_not_merged() -> None:
    """Alternating kinds of layers each list the layers they occur in."""
    names = [f"layers.{i}.{'moe' if i % 2 else 'mlp'}.w" for i in range(5)]
    assert [pattern for pattern, _ in collapse(names)] == ["layers.{0,2,4}.mlp.w", "layers.{1,3}.moe.w"]


def test_numbers_inside_words_are_words() -> None:
    """Only whole segments that print back the same are indices."""
    names = ["conv1.w", "conv2.w", "a.007.w", "a.7.w"]
    assert [pattern for pattern, _ in collapse(names)] == names


def test_braces() -> None:
    """Sets of indices print as runs."""
    assert [braces(case) for case in ([4], range(2), [0, 2, 5], [0, 1, 2, 3, 7], [5, 1, 2])] == [
        "4",
        "{0..1}",
        "{0,2,5}",
        "{0..3,7}",
        "{1,2,5}",
    ]


def test_index_free_and_split() -> None:
    """Names are told apart by their words, with the indices aside."""
    assert index_free("h.3.attn.0.w1") == "h.#.attn.#.w1"
    assert Splits()["h.3.attn.0.w1"] == (("h.", ".attn.", ".w1"), ("3", "0"))
    assert Splits()["head"] == (("head",), ())


@given(st.lists(st.lists(st.sampled_from(["a", "b1", "0", "1", "2", "3", "10", "01"]), min_size=1, max_size=4)))
def test_patterns_stand_for_exactly_their_members(segments: list[list[str]]) -> None:
    """Whatever the names: each is in one group, and a pattern expands to its members, no more."""
    names = [".".join(parts) for parts in segments]
    groups = collapse(names)
    assert sorted(name for _, members in groups for name in members) == sorted(set(names))
    for pattern, members in groups:
        assert expand(pattern) == set(members)


def test_names_are_taken_apart_once() -> None:
    """What one search took apart the next finds there."""
    splits = Splits()
    assert collapse(["a.0.w", "a.1.w"], splits) == [("a.{0..1}.w", ("a.0.w", "a.1.w"))]
    assert list(splits) == ["a.0.w", "a.1.w"]
    assert collapse(["a.0.w"], splits) == [("a.0.w", ("a.0.w",))]


def test_indices() -> None:
    """Plain decimal numbers, which a range gives back as they were."""
    assert [each for each in ("0", "12", "007", "-1", "x", "", "²", "9" * 19) if is_index(each)] == ["0", "12"]


def test_names_of_thousands_of_indices_cost_no_more_than_their_length() -> None:
    """Indices that do not vary are words; names that vary in absurdly many places stay apart."""
    stem = "0." * 5000
    assert [pattern for pattern, _ in collapse([f"{stem}{k}" for k in range(30)])] == [stem + "{0..29}"]
    names = [".".join([str(k)] * 2000) for k in range(3)]
    assert collapse(names) == [(name, (name,)) for name in names]
