"""Tests of `lazycell.mismatch._cause_sizes`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch._cause_sizes import axis_expressions, padding

from ..loading.models import declared, manifest, stored
from .transformer import causes, file, kinds, mended, model


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


def test_an_inner_cell_s_expression_tells_no_more_than_its_value() -> None:
    """`out_features` may be either of two: both are named, neither is proposed."""
    of = of_shapes("(out_features,)", {"a": (64,)}, hidden=64, width=64)
    (cause,) = causes(of, stored({"a": ((96,), "float32")}))
    assert cause.text == "1 shape would be right with hidden=96 or width=96; which one cannot be told"
    assert cause.settings == {}


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


def test_a_multiple_without_a_name_of_its_own() -> None:
    """4 * hidden, computed in the class that has the child: solved by its ratio."""
    of = of_shapes("(out_features,)", {"a": (64,), "b": (256,)}, hidden=64)
    assert settings(of, {"a": (96,), "b": (384,)}) == {"hidden": 96}


def test_an_element_of_a_list() -> None:
    """One width of several is given in the whole list."""
    of = of_shapes("(out_features,)", {"a": (16,), "b": (24,)}, widths=[16, 24])
    assert settings(of, {"a": (16,), "b": (32,)}) == {"widths": [16, 32]}


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
