"""Tests of `lazycell.mismatch._cause_parts`."""

from __future__ import annotations

from ..loading.models import declared, make_plan, manifest, stored
from .transformer import causes, file, kinds, mended, model, refusal, tensors

F = "float32"


def headless(name: str) -> str | None:
    """Leave the head out."""
    return None if name.startswith("classifier.") else name


def test_a_head_that_only_one_side_has() -> None:
    """What to pass for either is written out."""
    (cause,) = causes(model(), file(headless, {"cls.pred.weight": ((3, 3), F), "cls.pred.bias": ((3,), F)}))
    assert cause.text == (
        "the rest of the model fits: only the model has `classifier.*`, only the checkpoint has `cls.*`"
    )
    assert (cause.missing, cause.unexpected) == (("classifier.*",), ("cls.*",))
    plan = mended(file(headless, {"cls.pred.weight": ((3, 3), F)}))
    assert plan.initialize == ("classifier.weight", "classifier.bias")
    assert plan.ignored == ("cls.pred.weight",)


def test_a_part_of_a_part() -> None:
    """Where the cell above is on both sides, the pattern is one word longer."""
    of = manifest(*(declared(name) for name in ("cls.a.w", "body.x", "body.y", "body.z")))
    (cause,) = causes(of, stored(["cls.a.w", "cls.b.w", "body.x", "body.y", "body.z"]))
    assert cause.unexpected == ("cls.b.*",)


def test_what_is_scattered_is_no_part() -> None:
    """Single names that lack in cells which are there otherwise are not a head."""
    assert "part" not in kinds(model(), file(lambda name: None if name.endswith("norm.bias") else name))


def test_most_of_the_model_is_no_part() -> None:
    """The rest has to be most of it."""
    assert "part" not in kinds(model(), file(lambda name: name if name.startswith(("embed", "lm_head")) else None))


def test_a_head_with_other_outputs() -> None:
    """The hyperparameter, or the arguments that begin with a new head; these do what they say."""
    found = causes(model(n_outputs=5), file())
    assert [cause.kind for cause in found] == ["hyperparameter", "part"]
    assert found[0].settings == {"n_outputs": 3}
    assert (
        found[1].text
        == "the rest of the model fits: only `classifier` has 3 outputs in the checkpoint and 5 in the model"
    )
    assert found[1].advice == (
        'to begin with a new `classifier`: rename={"classifier.{*rest}": "other.classifier.{*rest}"}, '
        'missing=["classifier.*"], unexpected=["other.*"]'
    )
    arguments = {"rename": {"classifier.{*rest}": "other.classifier.{*rest}"}, "missing": ["classifier.*"]}
    plan = make_plan(model(n_outputs=5), file(), unexpected=["other.*"], **arguments)  # type: ignore[arg-type]
    assert plan.initialize == ("classifier.weight", "classifier.bias")


def test_other_sizes_are_no_other_head() -> None:
    """A table of words is no head, nor is a layer inside, nor a head with other inputs."""
    assert "part" not in kinds(model(vocab_size=64), file())
    assert "part" not in kinds(model(inner=64), file())
    of = manifest(declared("body.a"), declared("body.b"), declared("head.w", (3, 4)))
    assert "part" not in kinds(of, stored({"body.a": ((2, 3), F), "body.b": ((2, 3), F), "head.w": ((5, 6), F)}))


def test_a_tie_that_is_stored_once() -> None:
    """The output layer is missing and the embedding has its shape: the flag of the tie, or the declaration of one."""
    header = file(lambda name: None if name == "lm_head.weight" else name)
    (cause,) = causes(model(), header)
    assert cause.text == "with tie_words=True `lm_head.weight` is `embed.weight`, which the checkpoint has"
    assert cause.settings == {"tie_words": True}
    assert len(mended(header).steps) == len(model()) - 1
    (cause,) = causes(model(), header, again=None)
    assert cause.text == (
        "`lm_head.weight` has the shape of `embed.weight`, which the checkpoint has: its model probably tied the two"
    )
    of = manifest(declared("embed.weight", (9, 3)), declared("lm_head.weight", (9, 3)))
    (cause,) = causes(of, stored({"embed.weight": ((9, 3), F)}))
    assert cause.advice == 'tie("lm_head.weight", "embed.weight") in the class body makes them one'
    switches = {"tie_bias": False, "tie_words": False}
    of = manifest(declared("embed.weight", (9, 3)), declared("lm_head.weight", (9, 3)), hyperparameters=switches)
    (cause,) = causes(of, stored({"embed.weight": ((9, 3), F)}))
    assert cause.settings == {"tie_words": True}  # a table is no bias


def test_an_output_layer_that_is_not_there_for_another_reason_is_no_tie() -> None:
    """The file is a base's, another head's, or lacks more than that."""
    base = {f"base.{name}": spec for name, spec in tensors(model()).items() if not name.startswith("lm_head")}
    of = manifest(*(declared(name, shape) for name, (shape, _) in base.items()), declared("lm_head.weight", (100, 16)))
    for header in (
        file(lambda name: None if name.startswith("lm_head") else name),
        file(lambda name: None if name.startswith("lm_head") else f"base.{name}", {"score.weight": ((2, 16), F)}),
    ):
        assert "tie" not in kinds(of, header)
    assert "tie" not in kinds(model(), file(lambda name: None if name.startswith(("lm_head", "classifier")) else name))


def test_an_output_layer_of_another_shape_is_no_tie() -> None:
    """Nor is one that fits no table."""
    of = manifest(declared("embed.weight", (9, 3)), declared("lm_head.weight", (8, 3)))
    assert "tie" not in kinds(of, stored({"embed.weight": ((9, 3), F)}))


def test_either_name_of_a_tie_is_enough() -> None:
    """A checkpoint that has the alias alone fits."""
    assert len(mended_tie("lm_head.weight")) == len(mended_tie("embed.weight")) == len(model(tie_words=True))


def mended_tie(kept: str) -> tuple[object, ...]:
    """Load a checkpoint that stores the tied table once."""
    header = file(lambda name: None if name in ("lm_head.weight", "embed.weight") and name != kept else name)
    return make_plan(model(tie_words=True), header).steps


def test_another_model() -> None:
    """(Nearly) nothing in common: that comes first, and briefly, with what the names begin with."""
    header = stored(
        {f"transformer.h.{i}.mlp.{j}.w": ((2, 3), F) for i in range(9) for j in range(9)} | {"wte.w": ((2, 3), F)}
    )
    (cause,) = causes(model(), header)
    assert cause.text == (
        "another model's checkpoint: of the model's 60 parameters it has none; its names begin with `transformer.h`, "
        "`wte.w`"
    )
    assert len(str(refusal(model(), header)).splitlines()) < 20


def test_another_model_with_a_name_in_common() -> None:
    """One of sixty is chance; half of them are not."""
    many = {f"x.{i}.w": ((2, 3), F) for i in range(60)}
    header = stored({**many, "embed.weight": ((100, 16), F)})
    assert kinds(model(), header) == ["another model"]
    assert "another model" not in kinds(model(), file(lambda name: name if "attn" in name else f"x.{name}.y"))


def test_another_model_although_the_rest_is_ignored() -> None:
    """`unexpected="ignore"` hides nothing of it."""
    assert kinds(model(), stored(["wte.w"]), unexpected="ignore") == ["another model"]
