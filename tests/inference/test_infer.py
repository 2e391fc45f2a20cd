"""Tests of `lazycell.inference._infer`: the hyperparameters that names and shapes tell."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from enum import Enum
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from attrs import Factory
from attrs.validators import ge, in_
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lazycell._errors import DeclarationError
from lazycell.inference._infer import Solved, solve_shapes
from lazycell.manifest._tensors import stored_tensors
from tests.pure import (
    INDEX,
    SELF,
    Buffer,
    Param,
    PureCell,
    buffer,
    child,
    children,
    fused,
    hyper,
    manifest,
    max_,
    param,
    rename,
    require,
    reshaped,
    run,
    same,
    tie,
    transposed,
    when,
)

Shapes = dict[str, tuple[int, ...]]


def shapes_of(cls: type, **hyperparameters: Any) -> Shapes:
    """Give the names and shapes in a checkpoint of `cls(**hyperparameters)`, as it would be saved."""
    return {each.name: each.shape for each in stored_tensors(manifest(cls, **hyperparameters))}


def solved(cls: type, known: Mapping[str, Any] | None = None, /, **hyperparameters: Any) -> Solved:
    """Solve the shapes of `cls(**hyperparameters)`; what is told has to be true, and what is assumed has to fit."""
    stored = shapes_of(cls, **hyperparameters)
    result = solve_shapes(cls, stored, known or {})
    assert not result.conflicts
    assert (result.found.missing, result.found.misfits) == (0, 0)
    whole = manifest(cls, **hyperparameters).hyperparameters
    assert {name: whole[name] for name in result.determined} == result.determined
    assert result.determined.keys().isdisjoint(result.undetermined)
    assert result.determined.keys() | result.undetermined.keys() == whole.keys()
    if whole.keys() == {*result.determined, *result.assumed}:
        assert shapes_of(cls, **result.determined, **result.assumed) == stored
        if all(each.default_fits for each in result.undetermined.values()):
            assert shapes_of(cls, **result.determined) == stored
    return result


def texts(result: Solved) -> dict[str, str]:
    """Give what is said about each hyperparameter that is not told."""
    return {name: str(each) for name, each in result.undetermined.items()}


class Linear(PureCell):
    in_features: int
    out_features: int
    use_bias: bool = True
    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


class MLP(PureCell):
    hidden: int
    inner: int = 4 * hidden
    up: Linear = child(Linear, hidden, inner)
    down: Linear = child(Linear, inner, hidden)


# ------------------------------------------------------------------------------------------------- own and inner shapes


def test_own_shapes_and_those_of_children_tell() -> None:
    """Through arguments and defaults, at any depth."""

    class Net(PureCell):
        width: int
        mlp: MLP = child(MLP, 2 * width)
        head: Linear = child(Linear, 8 * width, 10, use_bias=False)

    assert solved(Net, width=3).determined == {"width": 3}


def test_the_length_of_a_list_is_counted() -> None:
    """Of cells that hold something, in the file and in the class."""

    class Net(PureCell):
        hidden: int
        depth: int
        layers: list[MLP] = children(2 * depth, MLP, hidden)

    assert solved(Net, hidden=4, depth=3).determined == {"hidden": 4, "depth": 3}
    nothing = solved(Net, hidden=4, depth=0)
    assert nothing.determined == {"depth": 0}
    assert texts(nothing) == {"hidden": "no shape depends on it; it has no default"}


def test_what_is_there_tells_a_condition() -> None:
    """A parameter, a child, a list; and which of two."""

    class Net(PureCell):
        n: int
        with_bias: bool = True
        gated: bool = False
        extra: int = 0
        bias: Param["zeros", (n,)] = when(with_bias)
        mlp: Any = when(gated, child(MLP, n, n), otherwise=child(Linear, n, n))
        more: Any = when(extra > 0, children(extra, Linear, n, n))

    assert solved(Net, n=3).determined == {"n": 3, "with_bias": True, "gated": False, "extra": 0}
    given_ = {"n": 3, "with_bias": False, "gated": True, "extra": 2}
    assert solved(Net, **given_).determined == given_


def test_conditions_that_names_do_not_tell_are_told_by_shapes() -> None:
    """Both parts have the same names: one of them cannot have these shapes."""

    class Net(PureCell):
        n: int
        wide: bool = False
        again: Param["zeros", (n,)]
        layer: Any = when(wide, child(Linear, n, 3 * n), otherwise=child(Linear, n, n))

    assert solved(Net, n=4, wide=True).determined == {"n": 4, "wide": True}
    assert solved(Net, n=4, wide=False).determined == {"n": 4, "wide": False}


def test_what_both_parts_of_a_condition_say_is_told() -> None:
    """DistilBERT's table of positions is drawn one way or computed, and has the same shape."""

    class Net(PureCell):
        n: int
        computed: bool = False
        table: Any = when(computed, child(Linear, 3, n, True), otherwise=child(Linear, 3, n))

    result = solved(Net, n=4)
    assert result.determined == {"n": 4}
    assert texts(result) == {"computed": "no shape depends on it; default False"}


def test_layers_that_are_all_of_one_kind_tell_how_often_it_comes() -> None:
    """Every first one: no other number divides 1."""

    class Net(PureCell):
        n: int
        depth: int = 2
        every: int = 1
        blocks: Any = children(
            depth, when((n > 0) & ((INDEX + 1) % every == 0), child(MLP, n, n), otherwise=child(Linear, n, n))
        )

    assert solved(Net, n=4, depth=3).determined == {"n": 4, "depth": 3, "every": 1}


def test_a_class_that_is_chosen_by_a_hyperparameter() -> None:
    """`child(when(gated, A, otherwise=B), …)` is a condition; a hyperparameter that is a class has its default."""

    class Net(PureCell):
        n: int
        deep: bool = False
        kind: Any = Linear
        body: Any = child(when(deep, MLP, otherwise=Linear), n, n)
        head: Any = child(kind, n, 7)

    result = solved(Net, n=4, deep=True)
    assert result.determined == {"n": 4, "deep": True}
    assert result.undetermined["kind"].default is Linear


def test_positions_tell_what_depends_on_them() -> None:
    """Which layers are of which kind, how wide each is."""

    class Block(PureCell):
        n: int
        every: int
        index: int
        mlp: Any = when(index % every == 0, child(MLP, n, n), otherwise=child(Linear, n, n))

    class Net(PureCell):
        n: int
        depth: int = 4
        every: int = 1
        first_dense: int = 0
        blocks: Any = children(depth, Block, n, every, INDEX)
        tail: Any = children(depth, when(first_dense > INDEX, child(Linear, n, n), otherwise=child(MLP, n, n)))
        fan: Any = children(depth, Linear, n * (INDEX + 1), n)

    given_ = {"n": 2, "depth": 6, "every": 3, "first_dense": 2}
    assert solved(Net, **given_).determined == given_


def test_options_are_handed_on() -> None:
    """By SELF, by `same`, by attributes of an object."""

    class Options(PureCell):
        hidden: int
        depth: int = 2
        bias: bool = True

    class Layer(PureCell):
        config: Any
        width = config.hidden
        one: Linear = child(Linear, width, config.inner, config.bias)

    class Body(PureCell):
        config: Any
        layer: list[Layer] = children(config.depth, Layer, config)

    class Model(Options):
        inner = 3 * hidden
        body: Body = child(Body, SELF)

    class Whole(Options):
        model: Model = child(Model, **same(Options))

    for cls in (Model, Whole):
        assert solved(cls, hidden=4, depth=3, bias=False).determined == {"hidden": 4, "depth": 3, "bias": False}


def test_an_object_is_told_by_its_attributes_alone() -> None:
    """It cannot be made; given, it is used as it is."""

    class Net(PureCell):
        config: Any
        n: int
        w: Param["normal", (config.rows, n)]
        b: Any = when(config.bias, param("zeros", (config.rows,)))

    config = SimpleNamespace(rows=3, bias=True)
    result = solved(Net, config=config, n=2)
    assert result.determined == {"n": 2}
    expected = "shapes tell config.rows=3; they do not tell config.bias"
    assert result.undetermined["config"].reason in (expected, "shapes tell config.rows=3, bool(config.bias)=True")
    assert solved(Net, {"config": config}, config=config, n=2).determined == {"config": config, "n": 2}


def test_tuples_are_told_item_by_item() -> None:
    """Where the type says how long they are; else their items are assumed."""

    class Conv(PureCell):
        channels: int
        kernel: tuple[int, int] = (3, 3)
        widths: tuple[int, ...] = (4, 8)
        weight: Param["normal", (channels, kernel[0], kernel[1])]
        tail: Any = children(2, Linear, widths[INDEX], channels)

    result = solved(Conv, channels=2, kernel=(5, 7), widths=(4, 9))
    assert result.determined == {"channels": 2, "kernel": (5, 7)}
    assert result.assumed == {"widths": (4, 9)}
    assert result.undetermined["widths"].reason == "shapes tell widths[0]=4, widths[1]=9"


def test_buffers_count_and_computed_ones_do_not() -> None:
    """A stored copy of one that is computed tells nothing, and is in nobody's way."""

    class Net(PureCell):
        n: int
        mean: Buffer["zeros", (n,)]
        table: Any = buffer("zeros", (2 * n,), persistent=False)
        flag: bool = False
        more: Any = when(flag, param("zeros", (n,)))

    assert solved(Net, n=3).determined == {"n": 3, "flag": False}
    assert solve_shapes(Net, {"mean": (3,), "table": (99,)}, {}).determined == {"n": 3, "flag": False}


# ------------------------------------------------------------------------------------------- what shapes tell together


class Attention(PureCell):
    hidden: int
    n_heads: int = 8
    n_kv_heads: int = n_heads
    head_dim: int = hidden // n_heads
    require(hidden % n_heads == 0, "hidden must be divisible by n_heads")
    q: Linear = child(Linear, hidden, n_heads * head_dim, use_bias=False)
    k: Linear = child(Linear, hidden, n_kv_heads * head_dim, use_bias=False)
    v: Linear = child(Linear, hidden, n_kv_heads * head_dim, use_bias=False)


def test_heads_are_not_told_by_their_product() -> None:
    """With what does fit, and the default where it is among that."""
    result = solved(Attention, hidden=64)
    assert result.determined == {"hidden": 64}
    assert texts(result)["n_heads"] == "any divisor of 64 fits; `n_heads * head_dim` is 64; default 8"


def test_one_more_value_tells_the_others() -> None:
    """Given by the user."""
    result = solved(Attention, {"n_heads": 4}, hidden=64, n_heads=4, n_kv_heads=2)
    assert result.determined == {"hidden": 64, "n_heads": 4, "n_kv_heads": 2, "head_dim": 16}


def test_a_default_that_cannot_be_is_not_assumed() -> None:
    """What fits with the other defaults is said instead."""
    result = solved(Attention, hidden=64, n_heads=8, n_kv_heads=2)
    assert result.assumed == {"n_heads": 8, "n_kv_heads": 2, "head_dim": 8}
    assert texts(result)["n_kv_heads"].endswith("default 8, which does not fit: with the other defaults 2 does")


def test_only_the_size_per_head_matters() -> None:
    """A divisor by a requirement, without a product."""

    class Net(PureCell):
        hidden: int
        heads: int = 12
        size = hidden // heads
        require(hidden % heads == 0, "divisible")
        w: Param["normal", (hidden, hidden)]

    assert texts(solved(Net, hidden=384)) == {"heads": "any divisor of 384 fits; default 12"}


def test_sections_of_a_fused_size_are_told_with_their_parts() -> None:
    """Sums of products are subtracted from each other."""

    class Fused(PureCell):
        hidden: int
        heads: int
        kv_heads: int
        size: int = hidden // heads
        qkv: Param["normal", (fused(q=heads * size, k=kv_heads * size, v=kv_heads * size), hidden)]
        out: Param["normal", (hidden, heads * size)]

    given_ = {"hidden": 4096, "heads": 32, "kv_heads": 8, "size": 128}
    assert solved(Fused, {"heads": 32}, **given_).determined == given_
    assert "`kv_heads * size` is 1024" in texts(solved(Fused, **given_))["kv_heads"]


def test_a_mixture_of_experts() -> None:
    """Lists in lists, and a router whose width is the number of experts."""

    class MoE(PureCell):
        hidden: int
        inner: int
        n_experts: int
        experts: Any = children(n_experts, MLP, hidden, inner)
        gate: Any = child(Linear, hidden, n_experts, use_bias=False)

    class Net(PureCell):
        vocab: int
        hidden: int
        depth: int
        n_experts: int = 0
        inner: int = 4 * hidden
        table: Param["normal", (vocab, hidden)]
        layers: Any = children(
            depth, when(n_experts > 0, child(MoE, hidden, inner, n_experts), otherwise=child(MLP, hidden, inner))
        )

    given_ = {"vocab": 50, "hidden": 8, "depth": 2, "n_experts": 4, "inner": 6}
    assert solved(Net, **given_).determined == given_
    assert solved(Net, **{**given_, "n_experts": 0}).determined == {**given_, "n_experts": 0}


# ---------------------------------------------------------------------------------------------------------------- ties


class Tied(PureCell):
    vocab: int
    hidden: int
    with_head: bool = True
    tied: bool = False
    table: Param["normal", (vocab, hidden)]
    head: Any = when(with_head, child(Linear, hidden, vocab, use_bias=False))
    one = when(tied & with_head, tie("head.weight", "table"))


def test_a_tie_is_told_by_what_is_left_out() -> None:
    """Where the other end is there for certain."""

    class Certain(PureCell):
        n: int
        tied: bool = False
        table: Param["normal", (n, 3)]
        head: Linear = child(Linear, 3, n, use_bias=False)
        one = when(tied, tie("head.weight", "table"))

    assert solved(Certain, n=5, tied=True).determined == {"n": 5, "tied": True}
    both = solved(Certain, n=5, tied=False)
    assert texts(both) == {"tied": "no shape depends on it; default False"}


def test_a_tie_leaves_open_whether_there_is_a_head() -> None:
    """The file of a tied head is that of no head."""
    result = solved(Tied, vocab=5, hidden=3, tied=True)
    assert result.determined == {"vocab": 5, "hidden": 3}
    assert result.assumed == {"with_head": True, "tied": True}
    assert texts(result)["with_head"].startswith("True or False fits")
    assert solved(Tied, vocab=5, hidden=3, tied=False).determined == {"vocab": 5, "hidden": 3, "with_head": True}


def test_a_file_may_store_either_end_of_a_tie() -> None:
    """The shape tells what is declared for both."""

    class Net(PureCell):
        n: int
        m: int
        a: Param["zeros", (n,)]
        b: Param["zeros", (m,)]
        one = tie("b", "a")

    for stored in ({"a": (3,)}, {"b": (3,)}, {"a": (3,), "b": (3,)}):
        assert solve_shapes(Net, stored, {}).determined == {"n": 3, "m": 3}


# ------------------------------------------------------------------------------------------------ other kinds of values


class Norm(Enum):
    LAYER = "layer"
    RMS = "rms"


class Kinds(PureCell):
    n: int
    act: str = hyper("gelu", validator=in_(["gelu", "swiglu"]))
    norm: Norm = Norm.LAYER
    mode: Literal["a", "b"] = "a"
    window: int | None = None
    name: str = "x"
    eps: float = 1e-6
    shift: int = -1
    gate: Any = when(act == "swiglu", param("zeros", (n,)))
    bias: Any = when(norm == Norm.LAYER, param("zeros", (n,)))
    extra: Any = when(mode != "a", param("zeros", (n,)))
    mask: Any = when(window != None, param("zeros", (max_(window, 1),)))  # noqa: E711
    past: Any = when(shift > 0, param("zeros", (n,)))
    weight: Param["normal", (n,)]


def test_choices_among_few_values_are_told() -> None:
    """By a validator, an enumeration, a Literal, None; others not, unless they have to be equal to something."""
    first = solved(Kinds, n=3, act="swiglu", norm=Norm.RMS, mode="b", window=7)
    assert first.determined == {"n": 3, "act": "swiglu", "norm": Norm.RMS, "mode": "b", "window": 7}
    second = solved(Kinds, n=3)
    assert second.determined == {"n": 3, "act": "gelu", "norm": Norm.LAYER, "mode": "a", "window": None}
    assert texts(second) == {
        "name": "no shape depends on it; default 'x'",
        "eps": "no shape depends on it; default 1e-06",
        "shift": "0 or less fits; default -1",
    }


def test_converters_and_validators_are_asked() -> None:
    """What is given is converted; what a validator refuses is not told; a converted child's argument is not followed."""

    class Inner(PureCell):
        n: int = hyper(converter=lambda value: value + 1)
        w: Param["zeros", (n,)]

    class Net(PureCell):
        n: int = hyper(converter=int)
        heads: int = hyper(2, validator=ge(2))
        size: int = 8
        inner: Inner = child(Inner, n)
        w: Param["zeros", (heads * size,)]

    assert solved(Net, {"n": "3", "size": 8}, n=3, heads=2, size=8).determined == {"n": 3, "heads": 2, "size": 8}
    result = solved(Net, n=3, heads=2, size=8)
    assert result.determined == {}
    assert texts(result)["heads"] == "any divisor of 16 from 2 on fits; `heads * size` is 16; default 2"
    assert texts(result)["n"] == "no shape depends on it; it has no default"


def test_a_default_may_come_from_a_factory() -> None:
    """With or without the other values."""

    class Net(PureCell):
        n: int
        names: Any = Factory(list)
        more: Any = Factory(lambda self: [self.n], takes_self=True)
        w: Param["zeros", (n,)]

    result = solved(Net, n=2)
    assert result.assumed == {"names": [], "more": [2]}


def test_what_is_no_hyperparameter_is_refused() -> None:
    """With the near name."""
    with pytest.raises(TypeError, match="MLP has no hyperparameter `hiden`; did you mean `hidden`?"):
        solve_shapes(MLP, {}, {"hiden": 3})


# --------------------------------------------------------------------------------------------------------- stored forms


class Gpt(PureCell):
    hidden: int
    heads: int
    patch: int
    q: Linear = child(Linear, hidden, heads)
    k: Linear = child(Linear, hidden, 2 * heads)
    proj: Param["normal", (hidden, 3 * patch * patch)]
    qkv: Param["normal", (fused(a=heads, b=hidden), 1)]
    rename(
        {
            "c_attn.weight": transposed(fused(q="q.weight", k="k.weight")),
            "c_attn.bias": fused(q="q.bias", k="k.bias"),
            "patch.weight": reshaped("proj", (hidden, 3, patch, patch)),
            "a_proj": "qkv[a]",
            "b_proj": "qkv[b]",
        }
    )


class Stack(PureCell):
    depth: int
    hidden: int
    heads: int = 4
    patch: int = 2
    layers: Any = children(depth, Gpt, hidden, heads, patch)
    rename({"h.{i}.{*rest}": "layers.{i}.{*rest}"})


def test_stored_forms_are_solved_like_shapes() -> None:
    """Joined, turned round, reshaped, by sections, under other names; and under the model's own."""
    given_ = {"depth": 3, "hidden": 16, "heads": 5, "patch": 7}
    assert "h.2.c_attn.weight" in shapes_of(Stack, **given_)
    assert solved(Stack, **given_).determined == given_
    plain = {entry.name: entry.shape for entry in manifest(Stack, **given_)}
    assert solve_shapes(Stack, plain, {}).determined == given_


# -------------------------------------------------------------------------------------------------------- contradictions


def test_tensors_that_contradict_each_other_are_named() -> None:
    """With what each is declared as."""
    stored = shapes_of(MLP, hidden=8, inner=16) | {"down.bias": (9,)}
    (conflict,) = solve_shapes(MLP, stored, {}).conflicts
    assert {fact.because.tensor for fact in conflict.facts} == {"up.weight", "down.bias"} or {
        fact.because.tensor for fact in conflict.facts
    } == {"down.weight", "down.bias"}
    text = next(fact.because.text for fact in conflict.facts if fact.because.tensor == "down.bias")
    assert text.startswith(
        "`down.bias` is (9,), declared `(out_features,)` (Linear.bias, tests/inference/test_infer.py:"
    )


def test_a_requirement_that_no_value_meets_is_named() -> None:
    """As it is written."""
    conflicts = solve_shapes(Attention, shapes_of(Attention, hidden=64), {"n_heads": 7}).conflicts
    reasons = [fact.because.text for conflict in conflicts for fact in conflict.facts]
    assert any("requires `hidden % n_heads == 0`" in reason for reason in reasons)


def test_a_value_that_a_validator_refuses_is_named() -> None:
    """Although every shape fits."""

    class Net(PureCell):
        n: int = hyper(validator=ge(10))
        w: Param["zeros", (n,)]

    (conflict,) = solve_shapes(Net, {"w": (3,)}, {}).conflicts
    assert (conflict.unknown, conflict.is_refusal) == ("n", True)


def test_what_is_missing_is_counted() -> None:
    """A shape of another rank is a misfit; a name that is not there is missing."""
    result = solve_shapes(MLP, {"up.weight": (16, 8), "up.bias": (16, 1)}, {})
    assert result.determined == {"hidden": 8, "inner": 16}
    assert (result.found.missing, result.found.misfits) == (2, 1)
    assert result.found.examples == ["down.weight", "down.bias"]


# --------------------------------------------------------------------------------------------------------------- bounds


def test_a_class_may_hold_itself() -> None:
    """As deep as the names go, and no deeper."""
    Tree = run(
        """
        class Tree(PureCell):
            n: int
            kind: Any
            deep: bool
            w: Param["zeros", (n,)]
            inner: Any = when(deep, child(kind, n, kind, deep))
        """,
        strings=False,
        Any=Any,
    )["Tree"]
    result = solve_shapes(Tree, {"w": (3,), "inner.w": (3,), "inner.inner.w": (3,)}, {"kind": Tree})
    assert result.determined["n"] == 3
    assert result.conflicts  # `deep` would be true everywhere


@pytest.mark.parametrize(
    "stored",
    [
        {"a." * 100_000 + "w": (1,)},
        {"layers.999999999.up.weight": (4, 4)},
        {f"layers.{i}.up.weight": (2**40 + i, 2**39 + i) for i in range(5000)},
        {f"layers.{2 * i}.up.weight": (i + 1, i + 2) for i in range(5000)},
        {f"layers.{'9' * 400}.up.weight": (4, 4), "layers.00.up.bias": (3,)},
    ],
)
def test_hostile_names_and_sizes_take_no_long_time(stored: Shapes) -> None:
    """Deep names, huge positions, gaps, thousands of layers of which no two agree."""

    class Net(PureCell):
        n: int
        hidden: int
        layers: Any = children(n, MLP, hidden)

    start = time.process_time()
    result = solve_shapes(Net, stored, {})
    assert result.longest < 20_000
    assert time.process_time() - start < 5


def test_a_list_of_empty_cells_has_a_length_of_its_own() -> None:
    """Which may be huge, and is not walked."""

    class Empty(PureCell):
        rate: float = 0.0

    class Net(PureCell):
        n: int
        drops: Any = children(n, Empty)
        w: Param["zeros", (n,)]

    result = solve_shapes(Net, {"w": (2**40,)}, {})
    assert result.determined == {"n": 2**40}
    assert result.longest == 2**40


# ------------------------------------------------------------------------------------------------------ random classes

SIZES = ["a", "b", "2*a", "a+b", "a*b", "a*b+b", "max_(a, 2)", "b**2", "(a+3)//2", "6//a", "a%4+1", "7"]
SIZES += ["when(flag, a, otherwise=2*a)", "min_(a, b)", "when(b > 1, b, otherwise=a)"]
CONDITIONS = ["flag", "~flag", "b > 1", "a == b", "(a > 1) & flag", "b % 2 == 0"]

sizes = st.sampled_from(SIZES)
conditions = st.sampled_from(CONDITIONS)
declared = st.one_of(
    st.builds('param("zeros", ({}, {}))'.format, sizes, sizes),
    st.builds('param("zeros", ({},))'.format, sizes),
    st.builds("child(Leaf, {}, {}, {})".format, sizes, sizes, st.sampled_from(["True", "False", "flag"])),
    st.builds("children({}, Leaf, {}, 3)".format, sizes, sizes),
    st.builds("children({}, Leaf, {} + INDEX, 3, INDEX % 2 == 0)".format, sizes, sizes),
)
members = st.one_of(
    declared,
    st.builds("when({}, {})".format, conditions, declared),
    st.builds("when({}, {}, otherwise={})".format, conditions, declared, declared),
)
DEFAULTS = {"a": ["", " = 2"], "b": ["", " = 3", " = a", " = a + 1"]}

LEAF = """
class Leaf(PureCell):
    n: int
    m: int
    bias: bool = True
    w: Param["zeros", (n, m)]
    b: Param["zeros", (n,)] = when(bias)
"""


def _same(cls: type, values: dict[str, Any], stored: Shapes) -> bool:
    try:
        return {entry.name: entry.shape for entry in manifest(cls, **values)} == stored
    except (DeclarationError, ZeroDivisionError):
        return False


@settings(max_examples=60, deadline=None)
@given(
    st.lists(members, min_size=1, max_size=3),
    st.sampled_from([("", ""), (" = 2", " = 3"), ("", " = a"), (" = 2", " = a + 1")]),
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.booleans()),
    st.sampled_from([None, "a", "flag"]),
)
def test_what_is_told_is_the_only_value_that_fits(
    declarations: list[str], defaults: tuple[str, str], chosen: tuple[int, int, bool], given_: str | None
) -> None:
    """Of random classes, against trying every value: nothing that another value explains is told; the rest is listed."""
    lines = [f"    part{number}: Any = {text}" for number, text in enumerate(declarations)]
    header = f"class Net(PureCell):\n    a: int{defaults[0]}\n    b: int{defaults[1]}\n    flag: bool = False\n"
    cls = run(LEAF + header + "\n".join(lines), strings=False, Any=Any)["Net"]
    values = dict(zip(["a", "b", "flag"], chosen, strict=True))
    try:
        stored = shapes_of(cls, **values)
    except (DeclarationError, ZeroDivisionError):
        assume(False)
    known = {} if given_ is None else {given_: values[given_]}
    told = solved(cls, known, **values).determined.keys() - known.keys()
    ranges: dict[str, Any] = {"a": range(9), "b": range(9), "flag": (False, True)}
    ranges |= {name: (value,) for name, value in known.items()}
    tried = (dict(zip(ranges, each, strict=True)) for each in itertools.product(*ranges.values()))
    fitting = [each for each in tried if _same(cls, each, stored)]
    assert [name for name in told if {each[name] for each in fitting} != {values[name]}] == []
