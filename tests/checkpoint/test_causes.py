"""Tests of `lazycell.checkpoint._causes`."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell._errors import CheckpointMismatchError
from lazycell.checkpoint import CheckpointHeader, make_plan
from lazycell.checkpoint._causes import is_transposed
from lazycell.manifest._manifest import ManifestEntry

from .models import declared, manifest, stored


def causes(entries: list[ManifestEntry], header: CheckpointHeader, **hyperparameters: Any) -> list[str]:
    """Give the causes named in the error of a load."""
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(manifest(*entries, hyperparameters=hyperparameters), header)
    start = "likely cause: "
    return [line[len(start) :] for line in str(caught.value).splitlines() if line.startswith(start)]


def test_prefix_in_the_checkpoint() -> None:
    """A prefix that all keys have is proposed as a rule, not applied."""
    entries = [declared(name) for name in ("embed.w", "layers.0.w", "layers.1.w")]
    keys = [f"bert.{entry.name}" for entry in entries]
    advice = 'pass rename={"bert.{*rest}": "{*rest}"}'
    assert causes(entries, stored(keys)) == [f"every key of the checkpoint starts with `bert.`: {advice}"]
    assert causes(entries, stored([*keys, "cls.w"])) == [
        f"the checkpoint has the missing parameters under `bert.`: {advice}"
    ]
    plan = make_plan(manifest(*entries), stored(keys), rename={"bert.{*rest}": "{*rest}"})
    assert [step.key for step in plan.steps] == keys


def test_prefix_in_the_model() -> None:
    """The reverse is proposed too."""
    entries = [declared(name) for name in ("bert.embed.w", "bert.layers.0.w", "bert.layers.1.w")]
    keys = [entry.name.removeprefix("bert.") for entry in entries]
    assert causes(entries, stored(keys)) == [
        'the model\'s names start with `bert.`, the checkpoint\'s do not: pass rename={"{*rest}": "bert.{*rest}"}'
    ]
    assert len(make_plan(manifest(*entries), stored(keys), rename={"{*rest}": "bert.{*rest}"}).steps) == 3


def test_one_name_that_ends_alike_is_no_prefix() -> None:
    """Among many, a single coincidence proposes nothing."""
    assert causes([declared("a.w"), declared("b.w")], stored(["a.w", "x.b.w", "y.c.v"])) == []


def test_fewer_layers_in_the_checkpoint() -> None:
    """The hyperparameter with the model's count is named if it is the only one."""
    entries = [declared("embed"), *(declared(f"layers.{i}.w") for i in range(36))]
    header = stored(["embed", *(f"layers.{i}.w" for i in range(24))])
    assert causes(entries, header, n_layers=36, hidden=64) == [
        "the checkpoint has 24 layers (`layers.{0..23}`), the model 36: `n_layers=24`?"
    ]
    assert causes(entries, header, n_layers=36, heads=36) == [
        "the checkpoint has 24 layers (`layers.{0..23}`), the model 36"
    ]


def test_more_experts_in_the_checkpoint() -> None:
    """A list inside a list is counted once for all outer layers."""
    entries = [declared(f"layers.{i}.experts.{j}.w") for i in range(2) for j in range(4)]
    header = stored([f"layers.{i}.experts.{j}.w" for i in range(2) for j in range(8)])
    assert causes(entries, header, num_experts=4, layers=2) == [
        "the checkpoint has 8 experts (`layers.*.experts.{0..7}`), the model 4: `num_experts=8`?"
    ]


def test_another_model() -> None:
    """Without a single name in common, that is said."""
    assert causes([declared("conv.w"), declared("fc.w")], stored(["wte.x", "h.0.y"])) == [
        "no name in the checkpoint is one of the model's: it is another model's, or `rename` is needed"
    ]


def test_vocabulary_of_another_size() -> None:
    """Rows of an embedding: the hyperparameter if it is known, the numbers if not."""
    entries = [declared("embed.w", (30522, 8))]
    header = stored({"embed.w": ((30000, 8), "float32")})
    assert causes(entries, header, vocab_size=30522, hidden=8) == [
        "a vocabulary of another size: the model has vocab_size=30522, the checkpoint 30000: `vocab_size=30000`?"
    ]
    assert causes(entries, header) == ["a vocabulary of another size: 30000 in the checkpoint, 30522 in the model"]


def test_hyperparameter_that_explains_all_shapes() -> None:
    """One other value is proposed; two contradicting ones explain nothing."""
    entries = [declared("a", (64, 10)), declared("b", (10, 64))]
    header = stored({"a": ((96, 10), "float32"), "b": ((10, 96), "float32")})
    assert causes(entries, header, hidden=64) == ["the model has hidden=64, the checkpoint 96: `hidden=96`?"]
    header = stored({"a": ((96, 10), "float32"), "b": ((10, 48), "float32")})
    assert causes(entries, header, hidden=64) == []


def test_transposed() -> None:
    """Only a matrix turned round counts."""
    assert is_transposed((2, 3), (3, 2))
    assert not is_transposed((2, 2), (2, 2))
    assert not is_transposed((2, 3, 4), (4, 3, 2))
    assert not is_transposed((2,), (3,))


def test_gamma_and_beta_of_old_checkpoints() -> None:
    """Normalizations as TensorFlow names them are recognized, and the proposed rules make the load fit."""
    entries = [declared(name) for name in ("embed.w", "norm.weight", "norm.bias", "layers.0.norm.weight")]
    header = stored(["embed.w", "norm.gamma", "norm.beta", "layers.0.norm.gamma"])
    rules = {"{*path}.gamma": "{*path}.weight", "{*path}.beta": "{*path}.bias"}
    text = str(rules).replace("'", '"')
    assert causes(entries, header) == [
        f"the checkpoint says gamma and beta where the model says weight and bias: pass rename={text}"
    ]
    assert len(make_plan(manifest(*entries), header, rename=rules).steps) == 4
