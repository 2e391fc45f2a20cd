"""Tests of `lazycell.layout._stored_names`. What single rules do is told in `test_apply_rules.py`."""

from __future__ import annotations

from typing import Any

from lazycell.declaration._declare import Buffer, Param, buffer, child, children, tie, when
from lazycell.declaration._forms import Fused, Transposed
from lazycell.declaration._stored import fused, rename, transposed
from lazycell.layout._layout import Block
from lazycell.manifest._manifest import Manifest

from ..pure import PureCell, manifest


class Linear(PureCell):
    """A weight, and perhaps a bias."""

    n_in: int
    n_out: int
    use_bias: bool = True
    weight: Param["normal", (n_out, n_in)]
    bias: Param["zeros", (n_out,)] = when(use_bias)


class Split(PureCell):
    """Three layers, stored as one, turned round."""

    n: int
    use_bias: bool = True
    q: Linear = child(Linear, n, n, use_bias)
    k: Linear = child(Linear, n, n, use_bias)
    out: Linear = child(Linear, n, n, use_bias)
    rename(
        {
            "c_attn.weight": transposed(fused(q="q.weight", k="k.weight")),
            "c_attn.bias": fused(q="q.bias", k="k.bias"),
            "c_proj.{*rest}": "out.{*rest}",
        }
    )


class Joined(PureCell):
    """One parameter, stored as two."""

    n: int
    qk: Param["normal", (fused(q=2 * n, k=n), n)]
    rename({"q.weight": "qk[q]", "k.weight": "qk[k]"})


def stored(model: Manifest) -> dict[str, Any]:
    """Give the forms by name."""
    return {each.name: each.form for each in model.stored}


def test_forms_have_numbers() -> None:
    """Full names, shapes, axes; what is absent under its condition is not stored."""
    q, k, out = (Block(f"{name}.weight", (2, 2), "float32") for name in ("q", "k", "out"))
    assert stored(manifest(Split, 2, False)) == {
        "c_attn.weight": Transposed(Fused(0, (("q", q), ("k", k))), (1, 0)),
        "c_proj.weight": out,
    }
    assert list(stored(manifest(Split, 2))) == ["c_attn.weight", "c_attn.bias", "c_proj.weight", "c_proj.bias"]


def test_sections_are_blocks_of_the_parameter() -> None:
    """In numbers, and visible in the entry."""
    model = manifest(Joined, 2)
    assert model["qk"].sections == ((0, (("q", 4), ("k", 2))),)
    assert model["qk"].expression == "(2 * n + n, n)"
    assert stored(model) == {
        "q.weight": Block("qk", (4, 2), "float32", ((0, 4), (0, 2)), "q"),
        "k.weight": Block("qk", (2, 2), "float32", ((4, 6), (0, 2)), "k"),
    }


def test_each_instance_has_its_own() -> None:
    """Rules hold below each instance, in lists too."""

    class Net(PureCell):
        n: int
        layers: list[Split] = children(2, Split, n, use_bias=False)
        other: Joined = child(Joined, n)

    names = ["layers.0.c_attn.weight", "layers.0.c_proj.weight", "layers.1.c_attn.weight", "layers.1.c_proj.weight"]
    assert list(stored(manifest(Net, 2))) == [*names, "other.q.weight", "other.k.weight"]


def test_outer_rules_see_the_names_that_inner_ones_give() -> None:
    """And the forms stay what they were; three levels compose."""

    class Block_(PureCell):
        n: int
        attention: Split = child(Split, n, use_bias=False)
        rename({"attn.{*rest}": "attention.{*rest}"})

    class Net(PureCell):
        n: int
        blocks: list[Block_] = children(2, Block_, n)
        joined: Joined = child(Joined, n)
        rename({"h.{i}.{*rest}": "blocks.{i}.{*rest}", "turned": transposed("joined.q.weight")})

    model = manifest(Net, 2)
    assert list(stored(model)) == [
        *("h.0.attn.c_attn.weight", "h.0.attn.c_proj.weight", "h.1.attn.c_attn.weight", "h.1.attn.c_proj.weight"),
        *("turned", "joined.k.weight"),
    ]
    assert model.stored[0].parameters == ("blocks.0.attention.q.weight", "blocks.0.attention.k.weight")
    assert isinstance(model.stored[0].form, Transposed)
    assert model.stored[0].rule.startswith(
        '`"c_attn.weight": transposed(fused(q="q.weight", k="k.weight"))` of Split at'
    )
    assert stored(model)["turned"] == Transposed(Block("joined.qk", (4, 2), "float32", ((0, 4), (0, 2)), "q"), (1, 0))


def test_names_may_be_exchanged() -> None:
    """Each is taken once and made once."""

    class Swapped(PureCell):
        a: Param["normal", (2,)]
        b: Param["normal", (3,)]
        rename({"a": "b", "b": "a"})

    assert {name: form.parameter for name, form in stored(manifest(Swapped)).items()} == {"b": "a", "a": "b"}


def test_a_rule_that_changes_nothing_is_no_stored_tensor() -> None:
    """A parameter under its own name is not listed."""

    class Same(PureCell):
        w: Param["normal", (2,)]
        rename({"{*path}": "{*path}"})

    assert manifest(Same).stored == ()


def test_the_owner_of_a_tie_is_what_is_stored() -> None:
    """The other name is a copy that a file may have; both go by what the rules call them."""

    class Tied(PureCell):
        tied: bool
        embed: Linear = child(Linear, 2, 3, use_bias=False)
        head: Linear = child(Linear, 2, 3, use_bias=False)
        same = when(tied, tie("head.weight", "embed.weight"))
        rename({"wte.{*rest}": "embed.{*rest}", "lm_head.{*rest}": "head.{*rest}"})

    model = manifest(Tied, True)
    assert {each.name: each.parameters for each in model.stored} == {"wte.weight": ("embed.weight",)}
    assert {each.name: each.parameters for each in model.copies} == {"lm_head.weight": ("embed.weight",)}
    model = manifest(Tied, False)
    assert list(stored(model)) == ["wte.weight", "lm_head.weight"]
    assert model.copies == ()


def test_a_computed_buffer_goes_by_its_stored_name_too() -> None:
    """A file's copy of it is left out under either name."""

    class Rotary(PureCell):
        w: Param["normal", (2,)]
        table: Any = buffer("zeros", (4,), persistent=False)
        kept: Buffer["zeros", (4,)]
        rename({"inv_freq": "table", "kept_table": "kept"})

    model = manifest(Rotary)
    assert model.computed == {"table", "inv_freq"}
    assert list(stored(model)) == ["kept_table"]
