"""Tests of `lazycell.mismatch._cause_words`."""

from __future__ import annotations

from .transformer import causes, file, mended, model


def test_a_word_inside_the_layers() -> None:
    """One rule for all layers, and the file loads with it."""
    header = file(lambda name: name.replace(".attn.", ".self_attention."))
    (cause,) = causes(model(), header)
    assert cause.kind == "spelling"
    assert cause.text == "what the model calls `layers.{i}.attn.…` the checkpoint calls `layers.{i}.self_attention.…`"
    assert cause.rename == {"layers.{i}.self_attention.{*rest}": "layers.{i}.attn.{*rest}"}
    assert len(mended(header).steps) == len(model())


def test_two_words() -> None:
    """A rule for each, and no name that two of them match."""
    header = file(lambda name: name.replace(".attn.q.", ".query.q.").replace(".attn.k.", ".key.k."))
    assert [*causes(model(), header)[1].rename] in (["layers.{i}.query.{*rest}"], ["layers.{i}.key.{*rest}"])
    assert len(mended(header).steps) == len(model())


def test_what_has_other_shapes_is_another_part() -> None:
    """The words at the end of two names are alike by chance: nothing is proposed."""
    held = {name.replace(".attn.", ".self_attention."): ((5, 7), "float32") for name in attention()}
    assert not any(
        cause.rename for cause in causes(model(), file(lambda name: None if ".attn." in name else name, more=held))
    )


def test_what_fits_keeps_its_name() -> None:
    """A rule that would take away what the model has under that name is not proposed."""
    header = file(lambda name: name.replace(".attn.", ".up."))
    assert not any(cause.rename for cause in causes(model(), header))


def attention() -> list[str]:
    """Give the names in the attention of all layers."""
    return [entry.name for entry in model() if ".attn." in entry.name and entry.name.endswith("weight")]


def test_other_layers_and_sizes_besides() -> None:
    """In layers that only one side has, the word differs too; where nearly all shapes differ, they tell nothing."""
    for other in ({"n_layers": 7}, {"n_layers": 2}, {"hidden": 24, "inner": 64}):
        header = file(lambda name: name.replace(".attn.", ".self_attention."), **other)
        found = causes(model(), header)
        assert [*found[0].rename] == ["layers.{i}.self_attention.{*rest}"]
        assert len(mended(header).steps) == len(model(**other))
