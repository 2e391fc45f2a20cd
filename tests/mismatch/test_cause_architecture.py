"""Tests of `lazycell.mismatch._cause_architecture`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazycell.formats import CheckpointHeader

from ..loading.models import declared, manifest, stored
from .transformer import causes, file, kinds, model, tensors

F = "float32"
NORMS: dict[str, Any] = {f"layers.{i}.q_norm.gain": ((4,), F) for i in range(4)}


def beside(header: CheckpointHeader, directory: Path, **config: Any) -> CheckpointHeader:
    """Put a checkpoint into a directory with a config.json."""
    (directory / "config.json").write_text(json.dumps(config))
    return attrs.evolve(header, path=directory / "model.safetensors")


def test_every_layer_has_more() -> None:
    """Only the checkpoint, only the model, or each has something: what, and that another class is meant."""
    (cause,) = causes(model(), file(more=NORMS))
    assert cause.kind == "architecture"
    assert cause.text == "layers of another architecture: only the checkpoint has `layers.{0..3}.q_norm.gain`"
    assert cause.advice == (
        "load it into the class that it was saved from, with the hyperparameters of its config.json"
    )
    header = file(lambda name: None if name.endswith(".norm.bias") else name, NORMS)
    (cause,) = causes(model(), header)
    assert cause.text == (
        "layers of another architecture: only the model has `layers.{0..3}.norm.bias`, only the checkpoint has "
        "`layers.{0..3}.q_norm.gain`"
    )


def test_what_some_layers_have_is_no_architecture() -> None:
    """Nor is a name that is spelt otherwise in all of them."""
    assert "architecture" not in kinds(model(), file(more={"layers.2.q_norm.gain": ((4,), F)}))
    assert "architecture" not in kinds(model(), file(lambda name: name.replace("norm.bias", "norm.bais")))


def test_the_config_beside_it_names_the_class(tmp_path: Path) -> None:
    """As whoever saved it wrote it; what is in there may be anything."""
    header = beside(file(more=NORMS), tmp_path, architectures=["Wide\x1bNet"])
    (cause,) = causes(model(), header)
    assert cause.advice.startswith("it is Wide\\x1bNet's, by the config.json beside it: load it into the class that ")
    for config in ({"architectures": 3}, {"architectures": [4]}, {}):
        (cause,) = causes(model(), beside(file(more=NORMS), tmp_path, **config))
        assert cause.advice.startswith("load it into")


@pytest.mark.parametrize(
    ("cls", "family", "other"),
    [("RobertaModel", "bert", True), ("RobertaModel", "xlm-roberta", False), ("OwnModel", "bert", False)],
)
def test_another_family_by_its_config(cls: str, family: str, other: bool, tmp_path: Path) -> None:
    """Names alike are no reason then; a family that goes by several names is one, and a class of none may be any."""
    of = manifest(declared("a.w"), declared("b.w"))
    header = beside(stored(["x.a.w", "x.b.w"]), tmp_path, model_type=family)
    (cause,) = causes(attrs.evolve(of, model=cls), header)
    assert cause.kind == ("another model" if other else "prefix")
    if other:
        assert "of the family bert, by the config.json beside it, which RobertaModel is not of" in cause.text
        assert cause.advice == "load it into a model of the family bert, which `lazycell models` lists"


@pytest.mark.parametrize(
    ("cls", "prefix", "other"),
    [("RobertaModel", "bert", True), ("BertModel", "bert", False), ("OwnModel", "bert", False)],
)
def test_another_family_by_its_prefix(cls: str, prefix: str, other: bool) -> None:
    """The names begin with that of another family, of which there are models: no rule is proposed."""
    of = attrs.evolve(manifest(declared("a.w"), declared("b.w")), model=cls)
    (cause,) = causes(of, stored([f"{prefix}.a.w", f"{prefix}.b.w"]))
    assert (cause.kind, bool(cause.rename)) == (("another model", False) if other else ("prefix", True))


def test_what_ends_alike_is_no_other_architecture() -> None:
    """It may be the same under another name, in whatever sizes; an expert's is not the layer's own."""
    names = [name for name in tensors(model()) if ".attn." in name]
    held: dict[str, Any] = {name.replace(".attn.", ".other."): ((5, 7), F) for name in names}
    header = file(lambda name: None if ".attn." in name else name, held)
    assert "architecture" not in kinds(model(), header)
    inside: dict[str, Any] = {name.replace(".attn.", ".attn.0."): ((5, 7), F) for name in names}
    assert "architecture" in kinds(model(), file(lambda name: None if ".attn." in name else name, inside))
