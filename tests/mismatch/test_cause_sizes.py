"""Tests of `lazycell.mismatch._cause_sizes`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch._cause_sizes import axis_expressions, padding

from ..loading.models import declared, manifest, stored
from ..pure import INDEX, Param, PureCell, child, children, require
from ..pure import manifest as pure_manifest
from .transformer import Again, causes, file, kinds, mended, model


def test_one_number_explains_many_shapes() -> None:
    """The hyperparameter is named with both values; with the other one the checkpoint fits."""
    (cause,) = causes(model(hidden=32), file())
    assert cause.kind == "hyperparameter"
    assert cause.text.startswith("the model has hidden=32, the checkpoint 16: that explains ")
    assert len(mended(file(), hidden=32).steps) == len(model())


def test_two_numbers() -> None:
    """Each explains its own shapes."""
    found = causes(model(hidden=32, inner=64), file())
    assert {name: value for cause in found for name, value in cause.settings.items()} == {"hidden": 16, "inner": 48}


def of_shapes(expression: str, shapes: dict[str, tuple[int, ...]], **hyperparameters: Any) -> Manifest:
    """Declare parameters of one expression."""
    entries: list[ManifestEntry] = [declared(name, shape, expression=expression) for name, shape in shapes.items()]
    return manifest(*entries, hyperparameters=hyperparameters)


def settings(of: Manifest, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Give the settings that are proposed for a file with these shapes."""
    found = causes(of, stored({name: (shape, "float32") for name, shape in shapes.items()}))
    return {name: value for cause in found for name, value in cause.settings.items()}


def test_the_expression_decides() -> None:
    """Two hyperparameters have one value: the declaration says which of them the axis is."""
    assert settings(of_shapes("(width, 10)", {"a": (64, 10)}, hidden=64, width=64), {"a": (96, 10)}) == {"width": 96}
    assert settings(of_shapes("(hidden, 10)", {"a": (64, 10)}, hidden=64, width=64), {"a": (96, 10)}) == {"hidden": 96}


def test_arithmetic_is_solved() -> None:
    """Multiples, quotients and sums."""
    assert settings(of_shapes("(4 * hidden,)", {"a": (256,)}, hidden=64), {"a": (384,)}) == {"hidden": 96}
    assert settings(of_shapes("(hidden // 2,)", {"a": (32,)}, hidden=64), {"a": (48,)}) == {"hidden": 96}
    assert settings(of_shapes("(hidden + 2,)", {"a": (66,)}, hidden=64), {"a": (98,)}) == {"hidden": 96}
    assert settings(of_shapes("(4 * hidden,)", {"a": (256,)}, hidden=64), {"a": (258,)}) == {}


def test_an_expression_of_a_config() -> None:
    """`config.hidden_size` is the model's own hyperparameter, or an attribute of the one that it has."""
    of = of_shapes("(config.hidden_size, 3)", {"a": (64, 3)}, hidden_size=64, other=64)
    assert settings(of, {"a": (96, 3)}) == {"hidden_size": 96}
    of = of_shapes("(config.hidden_size, 3)", {"a": (64, 3)}, config=SimpleNamespace(hidden_size=64, other=64))
    assert settings(of, {"a": (96, 3)}) == {"config.hidden_size": 96}


def test_an_inner_cell_s_expression_names_nothing() -> None:
    """`out_features` may be anything that has the value by chance: the numbers are told, of several parts at once."""
    of = of_shapes("(out_features,)", {"a": (64,)}, hidden=64)
    assert causes(of, stored({"a": ((96,), "float32")})) == []
    of = of_shapes("(out_features,)", {"a": (64,), "b": (64,)}, hidden=64)
    (cause,) = causes(of, stored({"a": ((96,), "float32"), "b": ((96,), "float32")}))
    assert (cause.kind, cause.text) == ("size", "2 shapes have 96 where the model has 64")
    assert cause.settings == {}


def test_two_of_one_value_that_a_requirement_ties() -> None:
    """Where the expression itself names both, both are told, and neither is proposed."""
    of = of_shapes("(hidden * width,)", {"a": (16,)}, hidden=4, width=4)
    (cause,) = causes(of, stored({"a": ((24,), "float32")}))
    assert cause.text == (
        "1 shape is made of `hidden * width`: right with hidden=6 or width=6; which one differs, shapes do not tell"
    )
    assert (cause.settings, cause.advice) == (
        {},
        "shapes do not tell hidden, width: the checkpoint's config.json does",
    )


def test_what_contradicts_itself_explains_nothing() -> None:
    """One axis asks for one value, another for another; or the hyperparameter is right elsewhere."""
    of = of_shapes("(n, m)", {"a": (64, 10), "b": (10, 64)}, hidden=64)
    assert settings(of, {"a": (96, 10), "b": (10, 48)}) == {}
    of = of_shapes("(hidden,)", {"a": (64,), "b": (64,), "c": (64,)}, hidden=64)
    assert settings(of, {"a": (96,), "b": (64,), "c": (64,)}) == {}


def test_a_size_that_is_right_nearly_everywhere() -> None:
    """Attention that is wider than the model: its axes have the model's width by chance, so that is not proposed."""
    wide = {f"layers.{i}.attn.q.weight": (32, 16) for i in range(4)} | {
        f"layers.{i}.attn.q.bias": (32,) for i in range(4)
    }
    held = {name: (shape, "float32") for name, shape in wide.items()}
    assert causes(model(), file(more=held)) == []


def test_a_change_has_to_make_a_parameter_right() -> None:
    """Not one of its axes and leave the other wrong, as in a table that is turned round besides."""
    of = of_shapes("(out_features, in_features)", {"embed.weight": (100, 32)}, vocab_size=100)
    assert settings(of, {"embed.weight": (32, 120)}) == {}


class Convolution(PureCell):
    """Only its own names are in its shapes."""

    inputs: int
    outputs: int

    weight: Param["normal", (outputs, inputs, 3)]


class Pyramid(PureCell):
    """Widths in a tuple, a multiple of one, and numbers that have its value by chance."""

    widths: tuple[int, ...] = (4, 8, 16)
    n_labels: int = 4
    n_layers: int = 4
    ratio: int = 4

    stages: list[Convolution] = children(2, Convolution, widths[INDEX], widths[INDEX + 1])
    wide: Convolution = child(Convolution, widths[0], ratio * widths[0])
    fixed: Convolution = child(Convolution, 4, 4)
    head: Convolution = child(Convolution, widths[2], n_labels)


def proposed(cls: Any, own: dict[str, Any], other: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the settings that are proposed to a class built with some numbers, for a file of others."""
    of, there = pure_manifest(cls, **own), pure_manifest(cls, **other)
    header = stored({entry.name: (entry.shape, "float32") for entry in there})
    return [
        dict(cause.settings) for cause in causes(of, header, again=Again(cls, of.hyperparameters)) if cause.settings
    ]


def test_the_class_tells_what_a_child_is_given() -> None:
    """The number of labels, not that of layers, which is the same; and nothing where the class itself says the size."""
    assert proposed(Pyramid, {}, {"n_labels": 6}) == [{"n_labels": 6}]
    header = {entry.name: (entry.shape, "float32") for entry in pure_manifest(Pyramid)}
    header["fixed.weight"] = ((6, 4, 3), "float32")
    of = pure_manifest(Pyramid)
    (cause,) = causes(of, stored(header), again=Again(Pyramid, of.hyperparameters))
    assert (cause.kind, cause.settings) == ("part", {})


def test_a_tuple_is_advised_whole() -> None:
    """However many of its entries are wrong."""
    assert proposed(Pyramid, {}, {"widths": (4, 12, 16)}) == [{"widths": (4, 12, 16)}]
    assert proposed(Pyramid, {}, {"widths": (6, 12, 24)}) == [{"widths": (6, 12, 24)}]
    of = of_shapes("(widths[0], widths[1])", {"a": (16, 24)}, widths=[16, 24])
    assert settings(of, {"a": (20, 32)}) == {"widths": [20, 32]}


class Heads(PureCell):
    """A default that is made of others."""

    hidden: int = 16
    n_heads: int = 4
    head_dim: int = hidden // n_heads
    require(hidden % n_heads == 0, "heads share the width")

    query: Convolution = child(Convolution, hidden, n_heads * head_dim)
    out: Convolution = child(Convolution, hidden, hidden)


def test_what_is_left_to_a_default_follows() -> None:
    """One hyperparameter is proposed, and what no shape tells of that size is said."""
    assert proposed(Heads, {}, {"hidden": 32}) == [{"hidden": 32}]
    of = pure_manifest(Heads)
    there = pure_manifest(Heads, hidden=24, n_heads=8)
    header = stored({entry.name: (entry.shape, "float32") for entry in there})
    (cause,) = causes(of, header, again=Again(Heads, of.hyperparameters))
    assert cause.settings == {"hidden": 24}
    assert cause.advice == "shapes do not tell head_dim, n_heads: the checkpoint's config.json does"


def test_what_the_class_refuses_is_said() -> None:
    """It wants another number too: that is told before anybody follows."""
    of = pure_manifest(Heads)
    header = stored({entry.name: (entry.shape, "float32") for entry in pure_manifest(Heads, hidden=18, n_heads=3)})
    cause, product = causes(of, header, again=Again(Heads, of.hyperparameters))
    assert product.text == "1 shape is made of `n_heads * head_dim`: more than one differs"
    assert "with that alone the class says: Heads: heads share the width" in cause.advice
    assert cause.advice.endswith("shapes do not tell head_dim, n_heads: the checkpoint's config.json does")


def test_a_vocabulary_of_another_size() -> None:
    """Embedding and head together, with the hyperparameter, and padding if it may be that."""
    (cause,) = causes(model(vocab_size=128), file(vocab_size=122))
    assert cause.kind == "vocabulary"
    assert cause.text == (
        "a vocabulary of another size: the model has vocab_size=128, the checkpoint 122 "
        "(128 is 122 padded to a multiple of 128)"
    )
    assert cause.explains == {"embed.weight", "lm_head.weight"}


def test_a_vocabulary_without_a_hyperparameter() -> None:
    """The two numbers, for the table and whatever else has as many rows."""
    of = manifest(declared("embed.weight", (50, 8)), declared("out.bias", (50,)))
    (cause,) = causes(of, stored({"embed.weight": ((60, 8), "float32"), "out.bias": ((60,), "float32")}))
    assert cause.text == "a vocabulary of another size: 60 in the checkpoint, 50 in the model"
    assert cause.explains == {"embed.weight", "out.bias"}


@pytest.mark.parametrize("name", ["position_embeddings.weight", "patch_embed.weight", "fc.weight"])
def test_other_tables_are_no_vocabulary(name: str) -> None:
    """Positions and patches have rows of another kind."""
    assert "vocabulary" not in kinds(manifest(declared(name, (50, 8))), stored({name: ((60, 8), "float32")}))


def test_padding() -> None:
    """The largest power of two that it may be; nothing where the numbers are far apart or no such multiple."""
    assert padding(30522, 30528) == " (30,528 is 30,522 padded to a multiple of 64)"
    assert padding(50304, 50257) == " (50,304 is 50,257 padded to a multiple of 128)"
    assert padding(100, 128) == ""
    assert padding(30522, 30523) == ""


def test_axes_of_an_expression() -> None:
    """Split at the commas between axes alone."""
    assert axis_expressions("(n, m)", 2) == ("n", "m")
    assert axis_expressions("(n,)", 1) == ("n",)
    assert axis_expressions("(min_(a, b), sizes[0, 1])", 2) == ("min_(a, b)", "sizes[0, 1]")
    assert axis_expressions("()", 0) == ()
    assert axis_expressions("(*shape,)", 2) == (None, None)
    assert axis_expressions(None, 2) == (None, None)
