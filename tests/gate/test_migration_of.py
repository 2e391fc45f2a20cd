"""From renames to the shortest rules of the classes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pytest

from lazycell import ManifestError
from lazycell.gate._migration_of import migrations_of_renames
from lazycell.history._collect import migrations_in
from lazycell.history._former_names import former_versions
from lazycell.history._migration import Migration
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._outline import cells_of_class
from tests.pure import manifest, run

MODEL = """
class Linear(PureCell):
    n: int
    {weight}: Param["normal", (n, n)]
    bias: Param["zeros", (n,)]

class Attention(PureCell):
    n: int
    {q}: Linear = child(Linear, n)
    {k}: Linear = child(Linear, n)
    {scale}: Param["ones", (n,)]

class Layer(PureCell):
    n: int
    {attention}: Attention = child(Attention, n)
    {gain}: Param["ones", (n,)]
    {offset}: Param["ones", (n,)]

class Wide(Layer):
    more: Param["ones", (n,)]

class Net(PureCell):
    n: int
    m: int = 2
    {layers}: list = children(m, Layer, n)
    {last}: Layer = child(Wide, n)
    table: Param["normal", (7, n)]
"""
FIRST = {each: each for each in ("weight", "q", "k", "scale", "attention", "gain", "offset", "layers", "last")}

Rules = dict[str, dict[str, str]]


def written(**names: str) -> dict[str, Any]:
    """Give the module's classes, with some of its names changed."""
    return run(MODEL.format(**{**FIRST, **names}), strings=True)


def pairs_of(old: Manifest, new: Manifest) -> list[tuple[str, str]]:
    """Give old and new names of two models that have the same parameters in the same order."""
    return [(mine.name, now.name) for mine, now in zip(old, new, strict=True) if mine.name != now.name]


def checked(old: Manifest, new: Manifest, cells: Mapping[str, type], pairs: Sequence[tuple[str, str]]) -> Rules:
    """Give the rules by the class's name, held against what they are for: they lead to the old names."""
    rules = migrations_of_renames(pairs, cells, old=old, new=new)
    made = {
        cls: tuple(Migration(cls.__qualname__, rename, "", "now", cls.__qualname__) for rename in [rules[cls]])
        for cls in rules
    }
    by_path = {path: tuple(each for base in cls.__mro__ for each in made.get(base, ())) for path, cls in cells.items()}
    past = former_versions(migrations_in({path: found for path, found in by_path.items() if found}, ()), names(new))[-1]
    assert [past.names.get(name, name) for name in names(new)] == [
        {target: source for source, target in pairs}.get(name, name) for name in names(new)
    ]
    return {cls.__qualname__: rename for cls, rename in rules.items()}


def names(model: Manifest) -> list[str]:
    return [entry.name for entry in model]


def rules_of(**changed: str) -> Rules:
    """Give the rules for a module in which names have changed."""
    module = written(**changed)
    old, new = manifest(written()["Net"], 4), manifest(module["Net"], 4)
    return checked(old, new, cells_of_class(module["Net"], (4,), {}), pairs_of(old, new))


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"scale": "gamma"}, {"Attention": {"scale": "gamma"}}),
        ({"weight": "kernel"}, {"Linear": {"weight": "kernel"}}),
        ({"q": "query"}, {"Attention": {"q.{*rest}": "query.{*rest}"}}),
        ({"attention": "attn"}, {"Layer": {"attention.{*rest}": "attn.{*rest}"}}),
        ({"layers": "blocks"}, {"Net": {"layers.{*rest}": "blocks.{*rest}"}}),
        ({"gain": "offset", "offset": "gain_2"}, {"Layer": {"gain": "offset", "offset": "gain_2"}}),
        (
            {"q": "query", "scale": "gamma", "weight": "kernel"},
            {"Attention": {"scale": "gamma", "q.{*rest}": "query.{*rest}"}, "Linear": {"weight": "kernel"}},
        ),
        (
            {"layers": "blocks", "attention": "attn", "q": "query"},
            {
                "Net": {"layers.{*rest}": "blocks.{*rest}"},
                "Layer": {"attention.{*rest}": "attn.{*rest}"},
                "Attention": {"q.{*rest}": "query.{*rest}"},
            },
        ),
        ({"q": "k", "k": "q", "scale": "gamma"}, {"Attention": {"q.{*rest}": "k.{*rest}", "k.{*rest}": "q.{*rest}"}}),
    ],
)
def test_each_class_says_what_changed_in_it(changed: dict[str, str], rules: Rules) -> None:
    """Once for all its cells, and for those of classes derived from it; they lead back to the old names."""
    if "gamma" in changed.values() and "k" in changed:
        rules = {"Attention": rules["Attention"] | {"scale": "gamma"}}
    assert rules_of(**changed) == rules


def test_the_outermost_class_comes_first() -> None:
    """Rules that are written at one moment are applied from the outside in."""
    assert [*rules_of(layers="blocks", attention="attn", q="query")] == ["Net", "Layer", "Attention"]


def test_an_index_becomes_a_capture() -> None:
    """What is in a list of plain cells is the model's own affair."""
    before = [f"layers.{index}.{name}" for index in range(3) for name in ("w", "b")]
    after = [f"layers.{index}.{name}" for index in range(3) for name in ("weight", "b")]
    old, new = bare(before), bare(after)
    assert checked(old, new, {"": Linear}, pairs_of(old, new)) == {"Linear": {"layers.{i}.w": "layers.{i}.weight"}}


def test_a_family_that_has_not_followed_whole_is_written_out() -> None:
    """A pattern would be about the layer that kept its name."""
    old, new = bare(["l.0.w", "l.1.w", "l.2.v"]), bare(["l.0.v", "l.1.v", "l.2.v"])
    assert checked(old, new, {"": Linear}, pairs_of(old, new)) == {"Linear": {"l.0.w": "l.0.v", "l.1.w": "l.1.v"}}


def test_cells_of_one_class_that_differ_leave_it_to_the_cell_around() -> None:
    """One has kept the name that the other one got."""
    cells = {"": Net, "a": Linear, "b": Linear}
    old, new = bare(["a.w", "b.v"]), bare(["a.v", "b.v"])
    assert checked(old, new, cells, pairs_of(old, new)) == {"Net": {"a.w": "a.v"}}
    old, new = bare(["a.w", "b.w"]), bare(["a.v", "b.u"])
    assert checked(old, new, cells, pairs_of(old, new)) == {"Net": {"a.w": "a.v", "b.w": "b.u"}}


class Linear:
    """A class whose cells are made up."""


class Net:
    """Another one."""


def bare(of: Sequence[str]) -> Manifest:
    """Give a manifest of alike parameters."""
    base = manifest(run("class One(PureCell):\n    w: Param['normal', (3,)]\n", strings=True)["One"])
    return attrs.evolve(base, model="Net", entries=tuple(attrs.evolve(base.entries[0], name=name) for name in of))


@pytest.mark.parametrize(
    ("before", "after", "pairs", "message"),
    [
        (["a"], ["b"], [("c", "b")], "'c' cannot be migrated: Net had no parameter of that name"),
        (["a"], ["b"], [("a", "c")], "'a' cannot become 'c': Net has no such parameter"),
        (["a", "b"], ["a", "c"], [("a", "a")], "'a' has the same name as before: there is nothing to migrate"),
        (["a"], ["b", "c"], [("a", "b"), ("a", "c")], "'a' would become both 'b' and 'c'"),
        (["a", "b"], ["c"], [("a", "c"), ("b", "c")], "'a' and 'b' would both become 'c'"),
        (["a"], ["{b}"], [("a", "{b}")], "'a' -> '{b}': a name with a brace cannot be written as a rule"),
        (
            ["a", "b"],
            ["a", "b"],
            [("a", "b"), ("b", "a")],
            "'a', 'b': names of parameters that are alike are exchanged, so that nothing in a checkpoint tells whether "
            "it is from before or after. Give them names that nothing had before",
        ),
        (["a", "b", "x.c"], ["a", "b", "x.d"], [("a", "b"), ("b", "a"), ("x.c", "x.d")], "'a', 'b' in Net: names of"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    before: list[str], after: list[str], pairs: list[tuple[str, str]], message: str
) -> None:
    """With the cause."""
    with pytest.raises(ManifestError) as caught:
        migrations_of_renames(pairs, {"": Net, "x": Linear}, old=bare(before), new=bare(after))
    assert message in str(caught.value)


def test_no_declared_cell_around() -> None:
    """A plain net has nowhere to keep a migration."""
    with pytest.raises(ManifestError, match="'a' -> 'b': no declared cell has both names in it"):
        migrations_of_renames([("a", "b")], {}, old=bare(["a"]), new=bare(["b"]))


def test_many_renames() -> None:
    """Linear, even where every rename is a rule of its own."""

    def seconds(count: int) -> float:
        old, new = bare([f"x{index}" for index in range(count)]), bare([f"y{index * 7}" for index in range(count)])
        start = time.process_time()
        rules = migrations_of_renames(pairs_of(old, new), {"": Net}, old=old, new=new)
        assert len(rules[Net]) == count
        return time.process_time() - start

    assert min(seconds(8_000) for _ in range(2)) < 8 * min(seconds(2_000) for _ in range(2)) + 0.1
