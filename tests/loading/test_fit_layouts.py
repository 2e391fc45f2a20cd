"""Tests of `lazycell.loading._fit`, for parameters that are stored otherwise than as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given

from lazycell._errors import CheckpointMismatchError
from lazycell.declaration._declare import Param, child, children, tie, when
from lazycell.declaration._stored import fused, rename, reshaped, transposed
from lazycell.formats import open_checkpoint
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Stored
from lazycell.loading._plan import LoadPlan
from lazycell.loading._stage import stage
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._tensors import stored_tensors
from lazycell.reading._read import Reader
from lazycell.system._allocate import Array

from ..layout import forms
from ..pure import PureCell, manifest
from .models import make_plan


class Linear(PureCell):
    """A weight, and perhaps a bias."""

    n_in: int
    n_out: int
    use_bias: bool = True
    weight: Param["normal", (n_out, n_in)]
    bias: Param["zeros", (n_out,)] = when(use_bias)


class Split(PureCell):
    """As GPT-2 stores it: three layers as one, turned round."""

    n: int
    q: Linear = child(Linear, n, n)
    k: Linear = child(Linear, n, n)
    v: Linear = child(Linear, n, n)
    out: Linear = child(Linear, n, n)
    rename(
        {
            "c_attn.weight": transposed(fused(q="q.weight", k="k.weight", v="v.weight")),
            "c_attn.bias": fused(q="q.bias", k="k.bias", v="v.bias"),
            "c_proj.weight": transposed("out.weight"),
            "c_proj.bias": "out.bias",
        }
    )


class Joined(PureCell):
    """As vLLM holds it: one parameter, stored as three, of different sizes."""

    n: int
    qkv: Param["normal", (fused(q=2 * n, k=n, v=n), n)]
    rename({"q.weight": "qkv[q]", "k.weight": "qkv[k]", "v.weight": "qkv[v]"})


class Net(PureCell):
    """Both."""

    n: int = 4
    h: list[Split] = children(2, Split, n)
    joined: Joined = child(Joined, n)


NET = manifest(Net)


def values(model: Manifest) -> dict[str, Array]:
    """Give each parameter values of its own."""
    return forms.numbered({entry.name: entry.shape for entry in model.entries})


def file_of(model: Manifest, layout: tuple[Stored, ...] | None = None) -> dict[str, Array]:
    """Give what a file holds that was saved in a layout, default the declared one."""
    parameters = values(model)
    return {each.name: each.assemble(parameters.__getitem__) for each in stored_tensors(model, layout)}


def plan(model: Manifest, file: Mapping[str, Array], **arguments: Any) -> LoadPlan:
    """Plan to load a file."""
    return make_plan(model, open_checkpoint(file), **arguments)


def loaded(plan: LoadPlan) -> dict[str, Array]:
    """Carry out a plan."""
    with Reader() as reader:
        return stage(plan, reader)


def same(one: Mapping[str, Array], other: Mapping[str, Array]) -> None:
    """Check that both hold the same names and values."""
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def problems(model: Manifest, file: Mapping[str, Array], **arguments: Any) -> list[tuple[str, str, str]]:
    """Give the problems of a load as (kind, name, message)."""
    with pytest.raises(CheckpointMismatchError) as caught:
        plan(model, file, **arguments)
    return [(each.kind, each.name, each.message) for each in caught.value.problems]  # type: ignore[attr-defined]


def test_a_file_in_the_declared_layout_is_loaded_and_saved_again() -> None:
    """Every value at its place, and the same tensors back."""
    file = file_of(NET)
    assert {"h.1.c_attn.weight", "joined.q.weight"} <= file.keys()
    assert "h.0.q.weight" not in file
    found = plan(NET, file)
    same(loaded(found), values(NET))
    same(file_of(NET, found.layout), file)


def test_a_file_with_the_model_s_own_names_is_loaded_and_saved_again() -> None:
    """What is declared need not be: the layout says that it was not."""
    file = values(NET)
    found = plan(NET, file)
    same(loaded(found), values(NET))
    assert found.layout == ()
    same(file_of(NET, found.layout), file)


def test_rows_are_read_as_they_lie() -> None:
    """Rows of a tensor, and tensors joined by rows, are runs of bytes; what is turned is not."""
    steps = {step.parameter: step for step in plan(NET, file_of(NET)).steps}
    assert steps["h.0.k.bias"].pieces == steps["joined.qkv"].pieces == ()
    assert steps["h.0.k.bias"].tensor.name == "h.0.c_attn.bias[4:8]"
    assert steps["joined.qkv"].key == "joined.q.weight + joined.k.weight + joined.v.weight"
    assert len(steps["joined.qkv"].tensor.ranges) == 3
    assert len(steps["h.0.k.weight"].pieces) == 1


def test_each_layer_may_be_stored_its_own_way() -> None:
    """One tensor decides for the parameters that it is made of."""
    file, own = file_of(NET), values(NET)
    for name in ("weight", "bias"):
        del file[f"h.1.c_attn.{name}"]
        file |= {f"h.1.{part}.{name}": own[f"h.1.{part}.{name}"] for part in "qkv"}
    found = plan(NET, file)
    same(loaded(found), own)
    same(file_of(NET, found.layout), file)


def test_a_rename_comes_before_what_is_declared() -> None:
    """It gives the stored names, and the layout has the file's."""
    file = {f"model.{name}": array for name, array in file_of(NET).items()}
    found = plan(NET, file, rename={"model.{*rest}": "{*rest}"})
    same(loaded(found), values(NET))
    same(file_of(NET, found.layout), file)


def test_a_form_for_all_layers_is_told_of_once() -> None:
    """The rule is given as written, so that what it does to each layer is one line."""

    class Plain(PureCell):
        layers: list[Linear] = children(40, Linear, 2, 3, False)

    file = {f"h.{i}.w": np.zeros((3, 2), np.float32) for i in range(40)}
    with pytest.raises(CheckpointMismatchError) as caught:
        plan(manifest(Plain), file, rename={"h.{i}.w": transposed("layers.{i}.weight")})
    line = 'h.{0..39}.w: the checkpoint has (3, 2), the model (2, 3); stored by the rule `"h.{i}.w": transposed('
    assert line in str(caught.value)


def test_a_load_may_bring_forms_of_its_own() -> None:
    """With captures, sections and numbers."""

    class Plain(PureCell):
        layers: list[Linear] = children(2, Linear, 2, 3)
        qk: Param["normal", (fused(q=2, k=4), 3)]

    model = manifest(Plain)
    own = values(model)
    file = {
        **{f"l{i}.w": own[f"layers.{i}.weight"].T for i in range(2)},
        "bias": np.concatenate([own["layers.0.bias"], own["layers.1.bias"]]).reshape(2, 3),
        "q": own["qk"][:2],
        "k": own["qk"][2:],
    }
    rules = {
        "l{i}.w": transposed("layers.{i}.weight"),
        "bias": reshaped(fused(a="layers.0.bias", b="layers.1.bias"), (2, 3)),
        "q": "qk[q]",
        "k": "qk[k]",
    }
    found = plan(model, file, rename=rules)
    same(loaded(found), own)
    same(file_of(model, found.layout), file)


def test_a_tensor_may_be_turned_under_its_own_name() -> None:
    """By a rule of the load, or of the class."""

    class Plain(PureCell):
        w: Param["normal", (2, 3)]

    class Turned(Plain):
        rename({"w": transposed("w")})

    own = values(manifest(Plain))
    file = {"w": own["w"].T}
    for model, rules in ((manifest(Plain), {"w": transposed("w")}), (manifest(Turned), None)):
        found = plan(model, file, rename=rules)
        same(loaded(found), own)
        same(file_of(model, found.layout), file)


@given(forms.stored_tensors())
def test_any_form_loads_and_saves(made: tuple[Stored, dict[str, tuple[int, ...]]]) -> None:
    """Parameters of which only a block is stored cannot be filled; all others come back."""
    stored, shapes = made
    entries = tuple(ManifestEntry(name, shape, "float32", "zeros") for name, shape in shapes.items())
    model = Manifest("Net", entries, stored=(stored,))
    partly = any(block.place is not None and block.shape != shapes[block.parameter] for block, _ in stored.blocks)
    parameters = forms.numbered(shapes)
    file = {"stored": stored.assemble(parameters.__getitem__)}
    if partly:
        assert {kind for kind, _, _ in problems(model, file)} == {"missing"}
        return
    found = plan(model, file)
    same(loaded(found), parameters)
    same(file_of(model, found.layout), file)


# ------------------------------------------------------------------------------------------------------------ mistakes

C_ATTN = '`"c_attn.weight": transposed(fused(q="q.weight", k="k.weight", v="v.weight"))` of Split at '


def test_what_is_missing_goes_by_its_stored_name() -> None:
    """Once for all its parameters, with the rule; `missing` may name either."""
    file = file_of(NET)
    del file["h.1.c_attn.weight"]
    ((kind, name, message),) = problems(NET, file)
    assert (kind, name) == ("missing", "h.1.c_attn.weight")
    assert message.startswith(f"float32 (4, 12); stored by the rule {C_ATTN}")
    assert message.endswith(", and not there under the model's own names either")
    for patterns in (["h.1.c_attn.weight"], ["h.1.?.weight"]):
        found = plan(NET, file, missing=patterns)
        assert found.initialize == ("h.1.q.weight", "h.1.k.weight", "h.1.v.weight")
    # What the file lacks is saved as if it had been there.
    assert "h.1.c_attn.weight" in file_of(NET, found.layout)


def test_a_part_that_is_missing() -> None:
    """A parameter is filled whole or not at all, whatever may be missing."""
    file = file_of(NET)
    del file["joined.k.weight"]
    ((kind, name, message),) = problems(NET, file, missing="init")
    assert (kind, name) == ("missing", "joined.k.weight")
    assert message.endswith("and there are other parts of the parameter; it has to be there whole, or not at all")


def test_a_parameter_in_both_layouts() -> None:
    """Which of the two is right cannot be told, even where anything may be ignored."""
    file = file_of(NET) | {"h.0.q.weight": values(NET)["h.0.q.weight"]}
    text = "the parameter is there as `h.0.q.weight` and as `h.0.c_attn.weight`: which is right cannot be told"
    assert problems(NET, file, unexpected="ignore") == [("twice", "h.0.q.weight", text)]
    file = file_of(NET) | {"h.0.out.bias": values(NET)["h.0.out.bias"]}
    text = "the parameter is there as `h.0.out.bias` and as `h.0.c_proj.bias`: which is right cannot be told"
    assert problems(NET, file) == [("twice", "h.0.out.bias", text)]


def test_a_stored_tensor_of_another_shape() -> None:
    """The message has the rule, and the declaration of the first parameter."""
    file = file_of(NET) | {"h.0.c_attn.weight": np.zeros((4, 13), np.float32)}
    ((kind, name, message),) = problems(NET, file)
    assert (kind, name) == ("shape", "h.0.c_attn.weight")
    assert message.startswith(f"the checkpoint has (4, 13), the model (4, 12); stored by the rule {C_ATTN}")
    assert "; declared (n_out, n_in) by Linear.weight at " in message


def test_dtypes_of_parts() -> None:
    """Each is cast for itself; the checkpoint's own can only be kept where it is one."""
    file = file_of(NET)
    file["joined.k.weight"] = file["joined.k.weight"].astype(np.float16)
    found = plan(NET, file)
    same(loaded(found), values(NET))
    assert {step.dtype for step in found.steps} == {"float32"}
    text = 'its parts have several dtypes, float32, float16: dtype="cast" takes the declared one'
    assert problems(NET, file, dtype="checkpoint") == [("dtype", "joined.qkv", text)]
    ((kind, name, message),) = problems(NET, file, dtype="strict")
    assert (kind, name) == ("dtype", "joined.qkv")
    assert message.startswith("the checkpoint has float16, the model float32; declared ")
    header = open_checkpoint(file)
    bias = attrs.evolve(header.tensors["h.0.c_attn.bias"], dtype="F8_E8M0")
    with pytest.raises(CheckpointMismatchError, match="no MindSpore tensor can hold F8_E8M0"):
        make_plan(NET, attrs.evolve(header, tensors={**header.tensors, bias.name: bias}))
    file["h.0.c_attn.bias"] = file["h.0.c_attn.bias"].astype(np.int32)
    assert [name for _, name, _ in problems(NET, file)] == ["h.0.q.bias", "h.0.k.bias", "h.0.v.bias"]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (transposed("joined.qvk"), "`joined.qvk` is not a parameter of the model; did you mean `joined.qkv`?"),
        ("joined.qkv[o]", "`joined.qkv` has no section `o`: it has `q`, `k`, `v`"),
        ("h.0.q.weight[o]", "`h.0.q.weight` has no section `o`: it has none"),
        (
            fused(a="h.0.q.weight", b="h.0.q.bias"),
            "`fused(a=h.0.q.weight, b=h.0.q.bias)` joins `a` (4, 4) and `b` (4,) along axis 0: they may differ in that "
            "axis alone",
        ),
    ],
)
def test_forms_that_do_not_fit_the_model(form: Any, message: str) -> None:
    """They are problems like all others."""
    file = file_of(NET) | {"x": np.zeros(3, np.float32)}
    assert ("rename", "x", message) in problems(NET, file, rename={"x": form})


def test_a_star_is_no_wildcard() -> None:
    """A rule that would have matched is told how captures are written."""
    assert problems(NET, file_of(NET), rename={"model.*": "*"}) == [
        (
            "rename",
            "model.*",
            "this rule matches no name in the checkpoint; `*` is no wildcard here: write `{i}` for one segment, "
            "`{*rest}` for several",
        )
    ]


# ---------------------------------------------------------------------------------------------------------------- ties


class Tied(PureCell):
    """The head is the embedding; each has a stored name."""

    embed_is_head: bool = True
    embed: Linear = child(Linear, 2, 3, use_bias=False)
    head: Linear = child(Linear, 2, 3, use_bias=False)
    same = when(embed_is_head, tie("head.weight", "embed.weight"))
    rename({"wte": "embed.weight", "lm_head.{*rest}": "head.{*rest}"})


def test_a_tie_is_found_under_the_stored_names() -> None:
    """Of either end; both have to be equal, and the owner's is what is saved."""
    model = manifest(Tied)
    own = values(model)["embed.weight"]
    for file in ({"wte": own}, {"lm_head.weight": own}, {"head.weight": own}, {"embed.weight": own}):
        found = plan(model, file)
        same(loaded(found), {"embed.weight": own})
        assert [each.name for each in stored_tensors(model, found.layout)] == [
            "embed.weight" if "embed.weight" in file else "wte"
        ]
    (step,) = plan(model, {"wte": own, "lm_head.weight": own}).steps
    assert [copy.name for copy in step.same_as] == ["lm_head.weight"]


def test_exchanged_names_are_taken_for_stored_names() -> None:
    """A name that is declared to be another's stored name is that."""

    class Swapped(PureCell):
        a: Param["normal", (2,)]
        b: Param["normal", (3,)]
        rename({"a": "b", "b": "a"})

    model = manifest(Swapped)
    file = file_of(model)
    assert file["a"].shape == (3,)
    found = plan(model, file)
    same(loaded(found), values(model))
    same(file_of(model, found.layout), file)


def test_a_manifest_from_a_file_has_no_rules_to_quote() -> None:
    """What a tensor is made of is said instead, in each message that names a rule."""

    class Half(PureCell):
        n: int
        q: Param["normal", (n, n)]
        rename({"wq": transposed("q")})

    written = Manifest.from_json(manifest(Half, 3).to_json())
    for tensors, told in (
        ({}, "made of `transposed(q, (1, 0))`, and not there under the model's own names either"),
        (
            {"wq": np.zeros((2, 2), np.float32)},
            "the checkpoint has (2, 2), the model (3, 3); made of `transposed(q, (1, 0))`",
        ),
    ):
        with pytest.raises(CheckpointMismatchError) as caught:
            make_plan(written, open_checkpoint(tensors))
        assert told in str(caught.value)
