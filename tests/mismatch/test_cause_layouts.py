"""Tests of `lazycell.mismatch._cause_layouts`."""

from __future__ import annotations

from lazycell.declaration._forms import Fused, Transposed, form_text
from lazycell.declaration._stored import fused, rename
from lazycell.formats import CheckpointHeader
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch._cause_layouts import is_transposed

from ..loading.models import declared, make_plan, manifest, stored
from ..pure import PureCell, child, children
from ..pure import manifest as pure_manifest
from .transformer import Linear, Tensors, causes, kinds, mended, model, refusal, tensors


def joined(turned: bool = False, called: str = "c_attn") -> CheckpointHeader:
    """Give a checkpoint that has queries, keys and values in one tensor, perhaps transposed."""
    held: Tensors = {}
    for name, (shape, dtype) in tensors(model()).items():
        place, _, leaf = name.rpartition(".")
        if place.rpartition(".")[2] in ("q", "k", "v"):
            whole = (3 * shape[0], *shape[1:])
            held[f"{place.rpartition('.')[0]}.{called}.{leaf}"] = (whole[::-1] if turned else whole, dtype)
        else:
            held[name] = (shape, dtype)
    return stored(held)


def test_transposed() -> None:
    """Only a matrix turned round counts."""
    assert is_transposed((2, 3), (3, 2))
    assert not is_transposed((2, 2), (2, 2))
    assert not is_transposed((2, 3, 4), (4, 3, 2))
    assert not is_transposed((2,), (3,))


def turned(*parts: str) -> CheckpointHeader:
    """Give a checkpoint whose matrices of these parts are transposed."""
    return stored(
        {
            name: (shape[::-1] if any(part in name for part in parts) else shape, dtype)
            for name, (shape, dtype) in tensors(model()).items()
        }
    )


def test_transposed_matrices_are_one_cause() -> None:
    """However many, with their count, and what turns them round; a square one may be meant too, and is mentioned."""
    (cause,) = causes(model(), turned(".up.", ".down."))
    assert cause.text == (
        "8 matrices are stored transposed: (in, out) where the model has (out, in), or the reverse; square ones "
        "(`layers.{0..3}.attn.q.weight`, `layers.{0..3}.attn.k.weight`, …) may be too: their shape cannot tell"
    )
    assert cause.rename == {
        f"layers.{{i}}.{part}.weight": Transposed(f"layers.{{i}}.{part}.weight") for part in ("up", "down")
    }
    assert cause.advice == 'or declare it in the class that holds them: rename({"up.weight": transposed("up.weight")})'
    assert len(mended(turned(".up.", ".down.")).steps) == len(model())


def test_sizes_that_only_look_transposed() -> None:
    """(16, 8) for (8, 16) because two hyperparameters are exchanged: then vectors differ as well."""
    of = manifest(
        declared("up.weight", (8, 16)),
        declared("up.bias", (8,)),
        declared("down.bias", (16,)),
        hyperparameters={"inner": 8, "hidden": 16},
    )
    header = stored({"up.weight": ((16, 8), "float32"), "up.bias": ((16,), "float32"), "down.bias": ((8,), "float32")})
    assert "transposed" not in kinds(of, header)


def test_joined() -> None:
    """Queries, keys and values in one tensor: by name and size, with a warning about the order of rows."""
    for of_file in (joined(), joined(called="qkv_proj")):
        (cause,) = causes(model(), of_file)
        assert cause.kind == "joined"
        assert "in which order the rows are, or whether heads alternate, shapes cannot tell" in cause.text
        assert {name.rpartition(".")[2] for name in cause.rename} == {"weight", "bias"}
        assert set(cause.rename.values()) == {
            Fused(0, tuple((part, f"layers.{{i}}.attn.{part}.{leaf}") for part in "qkv")) for leaf in ("weight", "bias")
        }
        assert len(mended(of_file).steps) == len(model())


def test_joined_and_transposed() -> None:
    """As GPT-2 has them."""
    (cause,) = causes(model(), joined(turned=True))
    form = cause.rename["layers.{i}.attn.c_attn.weight"]
    assert form_text(form) == (
        'transposed(fused(q="layers.{i}.attn.q.weight", k="layers.{i}.attn.k.weight", v="layers.{i}.attn.v.weight"))'
    )
    assert len(mended(joined(turned=True)).steps) == len(model())


def test_joined_in_the_cell_itself() -> None:
    """`in_proj_weight` beside the cells of the parts, as PyTorch's attention has it."""
    of = manifest(*(declared(f"attn.{part}_proj.weight", (4, 4)) for part in "qkv"))
    header = stored({"attn.in_proj_weight": ((12, 4), "float32")})
    (cause,) = causes(of, header)
    parts = tuple((f"{part}_proj", f"attn.{part}_proj.weight") for part in "qkv")
    assert cause.rename == {"attn.in_proj_weight": Fused(0, parts)}
    assert len(make_plan(of, header, rename=cause.rename).steps) == 3


def test_gate_and_up() -> None:
    """In the order of the tensor's name, whatever the model's."""
    of = manifest(declared("mlp.up_proj.weight", (6, 4)), declared("mlp.gate_proj.weight", (6, 4)), declared("x"))
    (cause,) = causes(of, stored({"mlp.gate_up_proj.weight": ((12, 4), "float32"), "x": ((2, 3), "float32")}))
    assert [form_text(form) for form in cause.rename.values()] == [
        'fused(gate_proj="mlp.gate_proj.weight", up_proj="mlp.up_proj.weight")'
    ]


def test_parts_that_cannot_be_told() -> None:
    """Without a usual name, a size that several neighbours add up to in more than one way proposes nothing."""
    of = manifest(*(declared(f"a.{part}.weight", (4, 4)) for part in ("r", "s", "t")), declared("x"))
    (cause,) = causes(of, stored({"a.w.weight": ((8, 4), "float32"), "x": ((2, 3), "float32")}))
    assert cause.rename == {}
    assert "may be several of the missing parameters in one; which, shapes cannot tell" in cause.text


def test_sizes_that_do_not_add_up() -> None:
    """A tensor of another size, or with another last word, is not the parts joined."""
    of = manifest(*(declared(f"a.{part}.weight", (4, 4)) for part in "qkv"), declared("x"))
    for name, shape in (
        ("a.qkv.weight", (13, 4)),
        ("a.qkv.weight", (12, 5)),
        ("a.qkv.bias", (12, 4)),
        ("b.qkv.weight", (12, 4)),
    ):
        assert "joined" not in kinds(of, stored({name: (shape, "float32"), "x": ((2, 3), "float32")}))


def test_split() -> None:
    """The model joins what the file has apart: the sections to declare are told."""
    of = manifest(*(declared(f"layers.{i}.attn.qkv.weight", (12, 4)) for i in range(2)), declared("x"))
    held: Tensors = {f"layers.{i}.attn.{part}_proj.weight": ((4, 4), "float32") for i in range(2) for part in "vkq"}
    (cause,) = causes(of, stored({**held, "x": ((2, 3), "float32")}))
    assert cause.kind == "split"
    assert cause.advice == (
        "declare the sections of `qkv.weight`: the dimension fused(q_proj=4, k_proj=4, v_proj=4), in the order of the "
        'model\'s rows, and rename({"q_proj.weight": "qkv.weight[q_proj]", "k_proj.weight": "qkv.weight[k_proj]", '
        '"v_proj.weight": "qkv.weight[v_proj]"})'
    )
    assert len(cause.explains) == 8


def test_behind_a_prefix_forms_are_for_the_class_body() -> None:
    """As an argument they would match what the prefix's rule matches."""
    header = stored(
        {f"transformer.{name}": (tensor.shape, "float32") for name, tensor in joined(turned=True).tensors.items()}
    )
    text = str(refusal(model(), header))
    assert 'pass rename={"transformer.{*rest}": "{*rest}"}\n' in text
    assert 'declare it in the class body, with names relative to it: rename({"layers.{i}.attn.c_attn.weight": ' in text


def ruled() -> Manifest:
    """Declare two matrices apart that rules store otherwise."""

    class Pair(PureCell):
        q: Linear = child(Linear, 4, 3)
        k: Linear = child(Linear, 4, 3)
        rename({"qk.weight": fused(q="q.weight", k="k.weight"), "qk.bias": fused(q="q.bias", k="k.bias")})

    class Outer(PureCell):
        layers: list[Pair] = children(2, Pair)

    return pure_manifest(Outer)


def test_what_is_stored_as_one_and_apart_in_the_checkpoint() -> None:
    """No sections: what the model joins is but its declared layout. The model's own names take the tensors."""
    held: Tensors = {}
    for i in range(2):
        for part in "qk":
            held |= {f"layers.{i}.{part}_proj.weight": ((3, 4), "float32")}
            held |= {f"layers.{i}.{part}_proj.bias": ((3,), "float32")}
    (cause,) = causes(ruled(), stored(held))
    assert cause.advice == (
        "the model has them apart as well: pass `rename`, from the checkpoint's names to the model's: "
        "`layers.{i}.q.weight`, `layers.{i}.k.weight`"
    )
    rules = {f"layers.{{i}}.{part}_proj.{{x}}": f"layers.{{i}}.{part}.{{x}}" for part in "qk"}
    assert len(make_plan(ruled(), stored(held), rename=rules).steps) == 8


def test_transposed_though_a_rule_says_how_it_is_stored() -> None:
    """The class cannot have another rule for the same name: the one that it has is to be changed."""
    held: Tensors = {}
    for i in range(2):
        held |= {f"layers.{i}.qk.weight": ((4, 6), "float32"), f"layers.{i}.qk.bias": ((6,), "float32")}
    (cause,) = causes(ruled(), stored(held))
    assert cause.advice == (
        'or change the rule for "qk.weight" in the class body: the checkpoint has the axes in the other order'
    )
    assert len(make_plan(ruled(), stored(held), rename=cause.rename).steps) == 8
