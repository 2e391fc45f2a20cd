"""Tests of `lazycell.mismatch._cause_names`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ..loading.models import declared, make_plan, manifest, stored
from .transformer import causes, file, kinds, mended, model, refusal, tensors


def test_a_prefix_in_the_checkpoint() -> None:
    """All keys begin with it, or all that the model lacks; what is proposed makes the load fit."""
    header = file(lambda name: f"bert.{name}")
    (cause,) = causes(model(), header)
    assert (cause.kind, cause.text) == ("prefix", "every key of the checkpoint starts with `bert.`")
    assert cause.rename == {"bert.{*rest}": "{*rest}"}
    assert len(mended(header).steps) == len(model())
    header = file(lambda name: f"bert.{name}", {"cls.weight": ((2, 2), "float32")})
    assert [cause.text for cause in causes(model(), header)] == [
        "the checkpoint has the missing parameters under `bert.`",
        "the rest of the model fits: only the checkpoint has `cls.*`",
    ]
    assert mended(header).ignored == ("cls.weight",)


def test_a_prefix_in_the_model() -> None:
    """The reverse."""
    of = manifest(*(declared(f"bert.{name}", shape) for name, (shape, _) in tensors(model()).items()))
    (cause,) = causes(of, file())
    assert cause.text == "the model's names start with `bert.`, the checkpoint's do not"
    assert cause.rename == {"{*rest}": "bert.{*rest}"}
    assert len(make_plan(of, file(), rename=cause.rename).steps) == len(of)


def test_a_prefix_in_the_model_beside_names_that_fit() -> None:
    """The rule is written for the parts that lack the prefix: it would spoil the others."""
    of = manifest(declared("bert.a.w"), declared("bert.b.w"), declared("bert.scale"), declared("cls.w"))
    header = stored(["a.w", "b.w", "scale", "cls.w"])
    (cause,) = causes(of, header)
    assert cause.rename == {"a.{*rest}": "bert.a.{*rest}", "b.{*rest}": "bert.b.{*rest}", "scale": "bert.scale"}
    assert len(make_plan(of, header, rename=cause.rename).steps) == 4


def test_two_prefixes_that_differ() -> None:
    """`model.` here, `transformer.` there."""
    of = manifest(*(declared(f"model.{name}", shape) for name, (shape, _) in tensors(model()).items()))
    header = file(lambda name: f"transformer.{name}")
    (cause,) = causes(of, header)
    assert cause.text == "what the model calls `model.…` the checkpoint calls `transformer.…`"
    assert len(make_plan(of, header, rename=cause.rename).steps) == len(of)


def test_the_part_that_fits_is_chosen() -> None:
    """An encoder and a decoder of equal names: the shapes say which is meant."""
    of = manifest(*(declared(f"layer.{i}.w") for i in range(3)))
    header = stored(
        {f"decoder.layer.{i}.w": ((2, 5), "float32") for i in range(3)}
        | {f"encoder.layer.{i}.w": ((2, 3), "float32") for i in range(3)}
    )
    assert causes(of, header)[0].rename == {"encoder.{*rest}": "{*rest}"}


def test_the_dtype_can_choose() -> None:
    """A copy in integers of everything is not what floats are loaded from."""
    of = manifest(*(declared(f"layer.{i}.w") for i in range(3)))
    header = stored(
        {f"a.layer.{i}.w": ((2, 3), "int8") for i in range(3)}
        | {f"b.layer.{i}.w": ((2, 3), "float16") for i in range(3)}
    )
    assert causes(of, header)[0].rename == {"b.{*rest}": "{*rest}"}


def test_parts_that_fit_equally_are_all_named() -> None:
    """Which is meant cannot be told: none is proposed."""
    of = manifest(*(declared(f"layer.{i}.w") for i in range(3)))
    header = stored([f"{part}.layer.{i}.w" for part in ("encoder", "decoder") for i in range(3)])
    cause = causes(of, header)[0]
    assert cause.rename == {}
    assert "`decoder.`" in cause.text
    assert "`encoder.`" in cause.text
    assert cause.advice == 'pass the one that is meant: rename={"…{*rest}": "{*rest}"}'


def test_a_prefix_and_other_shapes() -> None:
    """Behind the prefix there is another number of layers, and another size: all is told at once."""
    header = file(lambda name: f"bert.{name}", n_layers=6, hidden=32)
    assert kinds(model(), header) == ["prefix", "layers", "hyperparameter"]
    assert len(mended(header).steps) == len(model(n_layers=6))


def test_an_optimizer_s_copies_are_no_prefix() -> None:
    """`moment1.bert.` fits as well as `bert.`, and is not the weights."""
    names = tensors(model())
    header = stored(
        {f"{before}bert.{name}": spec for before in ("", "moment1.", "moment2.") for name, spec in names.items()}
    )
    assert kinds(model(), header) == ["prefix", "optimizer"]
    assert len(mended(header).steps) == len(model())


def test_names_that_end_alike_are_no_prefix() -> None:
    """Among many, a single coincidence proposes nothing, and a common last word is none."""
    assert kinds(manifest(declared("a.w"), declared("b.w")), stored(["a.w", "x.b.w", "y.c.v"])) != ["prefix"]
    of = manifest(declared("query.weight"), declared("key.weight"), declared("value.weight"))
    assert "prefix" not in kinds(of, stored(["conv1.weight", "conv2.weight", "conv3.weight"]))


def test_gamma_and_beta() -> None:
    """Normalizations as TensorFlow and MindSpore name them; what is proposed makes the load fit."""
    header = file(lambda name: name.replace("norm.weight", "norm.gamma").replace("norm.bias", "norm.beta"))
    (cause,) = causes(model(), header)
    assert cause.text == "the checkpoint says gamma and beta where the model says weight and bias"
    assert cause.rename == {"{*path}.gamma": "{*path}.weight", "{*path}.beta": "{*path}.bias"}
    assert len(mended(header).steps) == len(model())


def test_weight_and_bias_for_gamma_and_beta() -> None:
    """The reverse names the normalizations alone: other weights are called so on both sides."""
    of = manifest(*(declared(name) for name in ("fc.weight", "fc.bias", "norm.gamma", "norm.beta", "a.norm.gamma")))
    header = stored(["fc.weight", "fc.bias", "norm.weight", "norm.bias", "a.norm.weight"])
    (cause,) = causes(of, header)
    assert cause.text == "the checkpoint says weight and bias where the model says gamma and beta"
    assert cause.rename == {
        "norm.weight": "norm.gamma",
        "norm.bias": "norm.beta",
        "{*path}.norm.weight": "{*path}.norm.gamma",
    }
    assert len(make_plan(of, header, rename=cause.rename).steps) == 5


def test_words_of_mindspore() -> None:
    """Tables and running statistics, of MindSpore's cells and of PyTorch's."""
    theirs = ["e.embedding_table", "bn.moving_mean", "bn.moving_variance", "fc.weight"]
    ours = ["e.weight", "bn.running_mean", "bn.running_var", "fc.weight"]
    for model_names, file_names in ((ours, theirs), (theirs, ours)):
        of, header = manifest(*map(declared, model_names)), stored(file_names)
        (cause,) = causes(of, header)
        assert cause.kind == "spelling"
        assert len(make_plan(of, header, rename=cause.rename).steps) == 4


def test_gamma_that_is_something_else() -> None:
    """A tensor called gamma whose sibling is not missing, or has other axes, is no normalization's weight."""
    assert "spelling" not in kinds(manifest(declared("a.w"), declared("b.weight")), stored(["a.w", "c.gamma"]))
    of = manifest(declared("a.w"), declared("b.weight"))
    assert "spelling" not in kinds(of, stored({"a.w": ((2, 3), "float32"), "b.gamma": ((), "float32")}))


def test_a_prefix_and_other_words() -> None:
    """Two rules may not match one name: one set of rules does both."""
    header = file(lambda name: f"bert.{name.replace('norm.weight', 'norm.gamma').replace('norm.bias', 'norm.beta')}")
    assert kinds(model(), header) == ["prefix", "spelling"]
    assert len(mended(header).steps) == len(model())
    assert "missing=" not in str(refusal(model(), header))


words = st.sampled_from(["a", "b", "layers.0", "layers.1", "c.d", "weight", "norm"])


@given(
    st.lists(words, min_size=1, max_size=3).map(".".join),
    st.sets(st.lists(words, min_size=2, max_size=4).map(".".join), min_size=3),
)
def test_whatever_a_prefix_is_it_is_found(prefix: str, names: set[str]) -> None:
    """Names below any prefix, and nothing else in the file: the rules that are proposed, if any, make the load fit."""
    of = manifest(*map(declared, sorted(names)))
    header = stored([f"{prefix}.{name}" for name in sorted(names)])
    if names == {f"{prefix}.{name}" for name in names}:
        return
    if names & set(header.tensors):  # some fit by chance: then it is no plain prefix
        return
    for cause in causes(of, header):
        if cause.kind == "prefix" and cause.rename:
            assert len(make_plan(of, header, rename=cause.rename).steps) == len(names)


def heads(ours: str, theirs: str, tails: tuple[str, ...] = ("dense.weight", "dense.bias")) -> list[str]:
    """Give the kinds of causes between a model and a file with a body in common and heads of one shape."""
    of = manifest(*(declared(f"body.{i}.w") for i in range(9)), *(declared(f"{ours}{tail}") for tail in tails))
    header = stored([*(f"body.{i}.w" for i in range(9)), *(f"{theirs}{tail}" for tail in tails)])
    found = causes(of, header)
    assert len(make_plan(of, header, missing=[f"{ours}*"], unexpected=[f"{theirs}*"]).steps) == 9
    return [cause.kind for cause in found if cause.rename]


def test_heads_that_are_alike_in_shape_are_not_renamed() -> None:
    """One has a `dense` and so has the other: the words before it are other words, so that they are other parts."""
    assert heads("classifier.", "lm_head.") == []
    assert heads("pooler.", "cls.predictions.transform.") == []
    assert heads("cls.transform.", "predictions.", ("dense.weight", "dense.bias", "norm.weight", "norm.bias")) == []


def test_words_that_are_alike_are_renamed() -> None:
    """A word more, a short word, or one spelt otherwise; and other words, where much is the same behind them."""
    assert heads("head.", "model.head.") == ["prefix"]
    assert heads("attention.", "attn.") == ["prefix"]
    assert heads("clasifier.", "classifier.") == ["prefix"]
    assert heads("trunk.", "tower.", tuple(f"{cell}.weight" for cell in ("up", "down", "gate"))) == ["prefix"]


def test_what_is_in_one_layer_is_no_prefix() -> None:
    """A model with experts and one without: no layer's name begins those of another."""
    of = manifest(
        *(declared(f"layers.{i}.mlp.experts.{j}.{w}.weight") for i in range(2) for j in range(3) for w in "ab")
    )
    header = stored([f"layers.{i}.mlp.{w}.weight" for i in range(2) for w in "ab"])
    assert "prefix" not in kinds(of, header)
