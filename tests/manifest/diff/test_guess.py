"""Tests of `lazycell.manifest.diff._guess`."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest.diff._guess import guess_renames

from .differing import entry, layers, names


def guessed(old: list[ManifestEntry], new: list[ManifestEntry]) -> dict[str, str]:
    """Give the guesses between two models that have no name in common but for those of both."""
    both = {each.name for each in old} & {each.name for each in new}
    removed, added = ([each for each in side if each.name not in both] for side in (old, new))
    return {one.name: other.name for one, other in guess_renames(removed, added, old, new)}


def renamed(old: list[ManifestEntry], rename: Callable[[str], str]) -> list[ManifestEntry]:
    """Give the parameters under other names."""
    return [attrs.evolve(each, name=rename(each.name)) for each in old]


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("layers.", "model.layers."),
        ("layers.", "a.b.c.layers."),
        ("layers.", "encoder.blocks."),
        (".weight", ".w"),
        (".q.", ".query."),
        (".q.", ".attention.q."),
        ("layers.", "layer_"),
        ("layers.", "h"),
    ],
)
def test_a_change_of_words_is_found(change: str, to: str) -> None:
    """A prefix, a word in the middle or at the end; an index becomes a part of a word. Always index by index."""
    old = [*layers(12, "q", "k", "v", "o"), *layers(12, "up", shape=(5, 3))]

    def rename(name: str) -> str:
        return name.replace(change, to)

    expected = {each.name: rename(each.name) for each in old if rename(each.name) != each.name}
    assert guessed(old, renamed(old, rename)) == expected


def test_all_words_of_a_layer_at_once() -> None:
    """All have one shape, so that names decide."""
    words = {"q": "query", "k": "key", "v": "value", "o": "out"}
    old = layers(3, *words)
    new = layers(3, *words.values())
    expected = {
        f"layers.{k}.{one}.weight": f"layers.{k}.{other}.weight" for k in range(3) for one, other in words.items()
    }
    assert guessed(old, new) == expected


def test_families_are_paired_whole() -> None:
    """Layers that were counted from 0 are counted from 1: the first is the first still, though 1 is in both."""
    old = [entry(f"layers.{k}.q") for k in range(11)]
    new = [entry(f"blocks.{k + 1}.q") for k in range(11)]
    assert guessed(old, new) == {f"layers.{k}.q": f"blocks.{k + 1}.q" for k in range(11)}


def test_where_counts_differ_an_index_keeps_its_number() -> None:
    """What there are more of on one side has no former name."""
    assert guessed(layers(12, "q"), layers(14, "query")) == {
        f"layers.{k}.q.weight": f"layers.{k}.query.weight" for k in range(12)
    }
    assert guessed(layers(12, "q"), layers(3, "query")) == {
        f"layers.{k}.q.weight": f"layers.{k}.query.weight" for k in range(3)
    }


def test_equally_good_candidates_are_not_guessed() -> None:
    """Nothing tells which of `left` and `down` is which of `1` and `2`; both sides stay as they are."""
    assert guessed(layers(4, "ab", "cd"), layers(4, "xy", "zz")) == {}
    assert guessed([entry("a.q")], [entry("b.q"), entry("c.q")]) == {}
    assert guessed([entry("b.q"), entry("c.q")], [entry("a.q")]) == {}


def test_declarations_tell_what_names_do_not() -> None:
    """One of the two candidates is declared in the same way."""
    norm = {"declared_by": "Norm.scale", "expression": "(n, m)"}
    old = [entry("a.q.weight"), entry("a.r.weight", **norm)]
    new = [entry("a.x.weight", **norm), entry("a.y.weight")]
    assert guessed(old, new) == {"a.q.weight": "a.y.weight", "a.r.weight": "a.x.weight"}


def test_another_shape_is_another_parameter() -> None:
    """However alike the names are; the same holds for every layer of a family."""
    assert guessed([entry("a.q.weight", (2, 3))], [entry("a.query.weight", (3, 2))]) == {}
    new = layers(3, "query")
    new[1] = attrs.evolve(new[1], shape=(3, 2))
    assert guessed(layers(3, "q"), new) == {
        "layers.0.q.weight": "layers.0.query.weight",
        "layers.2.q.weight": "layers.2.query.weight",
    }


def test_names_with_nothing_in_common() -> None:
    """A shape that nothing else has is enough, unless what is declared speaks against it."""
    assert guessed([entry("table", (99, 7))], [entry("words", (99, 7))]) == {"table": "words"}
    other = {"expression": "(n,)", "declared_by": "Norm.scale", "initializer": "ones"}
    assert guessed([entry("table", (99, 7))], [entry("words", (99, 7), **other)]) == {}
    more = entry("same", (99, 7))
    assert guessed([entry("table", (99, 7)), more], [entry("words", (99, 7)), more]) == {}


def test_a_dtype_may_change_with_the_name() -> None:
    """As when a checkpoint of another library was saved in half precision."""
    new = [attrs.evolve(each, name=f"model.{each.name}", dtype="float16") for each in layers(3, "q", "k")]
    assert len(guessed(layers(3, "q", "k"), new)) == 6


def test_numbers_of_any_length() -> None:
    """Python refuses to convert a number of thousands of digits."""
    digits = "9" * 5000
    assert guessed([entry(f"a.x{digits}.weight")], [entry(f"b.a.x{digits}.weight")]) == {
        f"a.x{digits}.weight": f"b.a.x{digits}.weight"
    }


@given(st.data())
def test_any_renames_are_found_where_shapes_are_unique(data: st.DataObject) -> None:
    """Whatever the names are, before and after."""
    every = data.draw(st.lists(names, unique=True, min_size=2, max_size=24))
    half = len(every) // 2
    old = [entry(name, (place + 1,)) for place, name in enumerate(every[:half])]
    changed = data.draw(st.sets(st.sampled_from(every[:half])))
    to = {name: fresh for name, fresh in zip(every[:half], every[half:], strict=False) if name in changed}
    new = data.draw(st.permutations(renamed(old, lambda name: to.get(name, name))))
    assert guessed(old, new) == to


@pytest.mark.parametrize("name", ["layers.{0}.m{1}.weight", "layer_{0}.m{1}.weight", "{2}.weight"])
def test_time_is_linear(name: str) -> None:
    """100,000 parameters of one shape under a new prefix; also where no two names differ in numbers alone."""
    words = ["".join(chr(97 + k // 26**place % 26) for place in range(4)) for k in range(100_000)]
    old = [entry(name.format(k // 10, k % 10, word)) for k, word in enumerate(words)]
    new = renamed(old, lambda each: f"model.{each}")
    start = time.process_time()
    found = guess_renames(old, new, old, new)
    seconds = time.process_time() - start
    assert [(one.name, other.name) for one, other in found] == [(each.name, f"model.{each.name}") for each in old]
    assert seconds < 15  # 0.6 to 1.7 on two cores with nothing beside it; quadratic time would be far more
