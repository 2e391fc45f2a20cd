"""Tests of `lazycell.mismatch._cause_layers`."""

from __future__ import annotations

from types import SimpleNamespace

from ..loading.models import declared, manifest, stored
from .transformer import causes, file, kinds, mended, model


def test_fewer_layers_in_the_checkpoint() -> None:
    """Both counts are told, and the hyperparameter to set."""
    (cause,) = causes(model(n_layers=6), file())
    assert cause.text == "the checkpoint has 4 layers (`layers.{0..3}`), the model 6"
    assert cause.settings == {"n_layers": 4}
    assert len(mended(file(), n_layers=6).steps) == len(model())


def test_more_layers_in_the_checkpoint() -> None:
    """The reverse: what is unexpected is explained."""
    (cause,) = causes(model(), file(n_layers=9))
    assert cause.settings == {"n_layers": 9}
    assert len(cause.explains) == 5 * (len(model(n_layers=1)) - 4)


def test_of_two_hyperparameters_the_one_that_is_called_alike() -> None:
    """Other numbers may have the same value; if nothing tells them apart only the counts are told."""
    entries = [declared("embed"), *(declared(f"layers.{i}.w") for i in range(12))]
    header = stored(["embed", *(f"layers.{i}.w" for i in range(6))])
    for hyperparameters, settings in (
        ({"num_hidden_layers": 12, "num_heads": 12}, {"num_hidden_layers": 6}),
        ({"depth": 12, "heads": 12}, {"depth": 6}),
        ({"encoder_layers": 12, "decoder_layers": 12}, {}),
        ({"width": 12, "heads": 12}, {}),
        ({"hidden": 64}, {}),
    ):
        (cause,) = causes(manifest(*entries, hyperparameters=hyperparameters), header)
        assert cause.text == "the checkpoint has 6 layers (`layers.{0..5}`), the model 12"
        assert cause.settings == settings


def test_the_list_around_decides_between_encoder_and_decoder() -> None:
    """Each has its own hyperparameter, by the same value."""
    names = [f"{part}.layers.{i}.w" for part in ("encoder", "decoder") for i in range(6)]
    header = stored([name for name in names if name not in ("decoder.layers.4.w", "decoder.layers.5.w")])
    hyperparameters = {"encoder_layers": 6, "decoder_layers": 6}
    (cause,) = causes(manifest(*map(declared, names), hyperparameters=hyperparameters), header)
    assert cause.settings == {"decoder_layers": 4}


def test_a_number_on_a_config() -> None:
    """The count may be an attribute of an object that is a hyperparameter, or an entry of a dict."""
    entries = [declared("embed"), *(declared(f"h.{i}.w") for i in range(12))]
    header = stored(["embed", *(f"h.{i}.w" for i in range(6))])
    config = SimpleNamespace(n_layer=12, act="gelu")
    (cause,) = causes(manifest(*entries, hyperparameters={"config": config}), header)
    assert cause.settings == {"config.n_layer": 6}
    (cause,) = causes(manifest(*entries, hyperparameters={"config": {"n_layer": 12}}), header)
    assert cause.settings == {'config["n_layer"]': 6}


def test_lists_inside_lists() -> None:
    """Experts of every layer are counted once."""
    of = manifest(
        *(declared(f"layers.{i}.experts.{j}.w") for i in range(3) for j in range(4)),
        hyperparameters={"num_experts": 4, "n_layers": 3},
    )
    header = stored([f"layers.{i}.experts.{j}.w" for i in range(3) for j in range(8)])
    (cause,) = causes(of, header)
    assert cause.text == "the checkpoint has 8 experts (`layers.*.experts.{0..7}`), the model 4"
    assert cause.settings == {"num_experts": 8}


def test_stages_of_different_depths() -> None:
    """A hyperparameter that lists the lengths is given as a whole."""
    of = manifest(
        *(declared(f"stages.{i}.blocks.{j}.w") for i, depth in enumerate((2, 2, 6, 2)) for j in range(depth)),
        hyperparameters={"depths": (2, 2, 6, 2)},
    )
    header = stored([f"stages.{i}.blocks.{j}.w" for i, depth in enumerate((2, 2, 18, 2)) for j in range(depth)])
    (cause,) = causes(of, header)
    assert cause.text == ("the checkpoint has [2, 2, 18, 2] blocks (`stages.*.blocks.*`), the model [2, 2, 6, 2]")
    assert cause.settings == {"depths": (2, 2, 18, 2)}


def test_a_gap_is_no_length() -> None:
    """A layer that is missing in the middle does not make the list shorter."""
    assert "layers" not in kinds(model(), file(lambda name: None if name.startswith("layers.1.") else name))


def test_layers_of_another_kind_are_no_length() -> None:
    """Lists that are called alike and hold other things are not compared."""
    of = manifest(declared("embed"), *(declared(f"layers.{i}.attn.w") for i in range(4)))
    assert "layers" not in kinds(of, stored(["embed", *(f"layers.{i}.conv.w" for i in range(2))]))


def test_one_layer() -> None:
    """In the singular."""
    (cause,) = causes(model(), file(n_layers=1))
    assert cause.text == "the checkpoint has 1 layer (`layers.0`), the model 4"
