"""A checkpoint that was saved before a rename loads after it: modules written, changed and imported afresh."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import mindspore as ms
import numpy as np
import pytest

import lazycell
from lazycell import CheckpointMismatchError
from lazycell.cell._net_manifest import cells_of_call, cells_of_net
from lazycell.formats._open import open_checkpoint
from lazycell.gate._migration_of import migrations_of_renames
from lazycell.history._migration import Migration
from lazycell.history._migration_files import append_migration, migration_file

SOURCE = """
from lazycell import LazyCell, Param, child, children

class Attention(LazyCell):
    n: int
    {q}: Param["normal", (n, n)]
    {k}: Param["normal", (n, n)]

class Layer(LazyCell):
    n: int
    {attention}: Attention = child(Attention, n)
    gain: Param["ones", (n,)]

class Encoder(LazyCell):
    n: int
    m: int = 2
    {layers}: list[Layer] = children(m, Layer, n)
    table: Param["normal", (7, n)]

class Classifier(LazyCell):
    n: int
    m: int = 2
    encoder: Encoder = child(Encoder, n, m)
    head: Param["normal", (3, n)]
"""
FIRST = {"q": "q", "k": "k", "attention": "attn", "layers": "layer"}

Write = Callable[..., ModuleType]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Give a function that writes the module with some of its names changed, and imports it afresh."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "written_model.py"

    def write(**names: str) -> ModuleType:
        path.write_text(SOURCE.format(**{**FIRST, **names}))
        spec = importlib.util.spec_from_file_location("written_model", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["written_model"] = module
        spec.loader.exec_module(module)
        return module

    yield write
    sys.modules.pop("written_model", None)


def filled(net: Any) -> Any:
    """Give every parameter of a net values of its own."""
    net.init_parameters_data(seed=3)
    return net


def values(net: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Give the values of all parameters, by name, in order."""
    return {name: each.asnumpy() for name, each in net.parameters_and_names()}


def same_values(one: Any, other: Any) -> bool:
    """Tell whether two nets have the same values in the same order, whatever the names."""
    pairs = zip(values(one).values(), values(other).values(), strict=True)
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def migrate(old: Any, net: Any, created: str, reason: str = "clearer") -> None:
    """Write the migrations from an old manifest to a net, whose parameters are the same ones in the same order."""
    new = net.manifest()
    pairs = [(mine.name, now.name) for mine, now in zip(old, new, strict=True) if mine.name != now.name]
    for cls, rename in migrations_of_renames(pairs, cells_of_net(net), old=old, new=new).items():
        file = migration_file(cls)
        assert file is not None
        append_migration(file, Migration(cls.__qualname__, rename, reason, created))


FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "safetensors": ("net.safetensors", {}),
    "bfloat16": ("net.safetensors", {"dtype": ms.bfloat16}),
    "sharded": ("net", {"max_shard_size": 300}),
    "ckpt": ("net.ckpt", {"format": "ckpt"}),
    "encrypted": ("net.ckpt", {"format": "ckpt", "enc_key": b"0123456789abcdef"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_checkpoint_of_before_a_rename_loads_after_it(write: Write, tmp_path: Path, form: str) -> None:
    """In every format: it fails and says why, and loads when there is a migration; a save has the new names."""
    name, saving = FORMS[form]
    path = tmp_path / name
    loading = {"dec_key": saving["enc_key"]} if "enc_key" in saving else {}
    old = filled(write().Encoder(4))
    if form == "sharded":
        path.mkdir()
    old.save_checkpoint(path, **saving)
    new = write(q="query").Encoder(4)
    with pytest.raises(CheckpointMismatchError, match=r"layer\.\{0\.\.1\}\.attn\.query"):
        new.load_checkpoint(path, **loading)
    migrate(old.manifest(), new, "2026-01-01T00:00:00Z", "q means query")
    report = new.load_checkpoint(path, **loading)
    if "dtype" in saving:
        assert np.allclose(values(old)["layer.0.attn.q"], values(new)["layer.0.attn.query"], rtol=2**-7)
    else:
        assert same_values(old, new)
    assert [(each.cell, each.tensors, each.reason) for each in report.migrated] == [("Attention", 2, "q means query")]
    assert "migrated  2 names" in " ".join(str(report).split("\n")).replace("   ", "  ")
    assert "by written_model.migrations.json: q means query" in str(report)
    assert {each.key for each in report.renamed} == {"layer.0.attn.q", "layer.1.attn.q"}
    again = tmp_path / "again.safetensors"
    new.save_checkpoint(again)
    assert set(open_checkpoint(again).tensors) == {entry.name for entry in new.manifest()}
    once_more = write(q="query").Encoder(4)
    assert once_more.load_checkpoint(again).migrated == ()
    assert same_values(new, once_more)


def test_renames_on_top_of_each_other(write: Write, tmp_path: Path) -> None:
    """Inner names, then outer ones, then a name used again; checkpoints of every time load, with a digest or without."""
    stages: list[dict[str, str]] = [
        {},
        {"q": "query"},
        {"q": "query", "attention": "attention", "layers": "layers"},
        {"q": "key", "k": "query", "attention": "attention", "layers": "layers"},
    ]
    nets = []
    for time, names in enumerate(stages):
        module = write(**names)
        net = filled(module.Encoder(4))
        if nets:
            migrate(nets[-1].manifest(), module.Encoder(4), f"2026-01-0{time}T00:00:00Z")
        net.save_checkpoint(tmp_path / f"{time}.safetensors")
        net.save_checkpoint(tmp_path / f"{time}.ckpt", format="ckpt")
        nets.append(net)
    for time, old in enumerate(nets):
        for form in ("safetensors", "ckpt"):
            new = module.Encoder(4)
            report = new.load_checkpoint(tmp_path / f"{time}.{form}")
            assert same_values(old, new), (time, form, str(report))
            assert bool(report.migrated) == (time < 3)


def test_a_head_model_loads_the_older_checkpoint_of_its_base(write: Write, tmp_path: Path) -> None:
    """The digest is that of another model: the names tell."""
    old = filled(write().Encoder(4))
    old.save_checkpoint(tmp_path / "base.safetensors")
    module = write(q="query", layers="layers")
    migrate(old.manifest(), module.Encoder(4), "2026-01-01T00:00:00Z")
    net = module.Classifier(4)
    report = net.load_checkpoint(tmp_path / "base.safetensors", rename={"{*rest}": "encoder.{*rest}"}, missing=["head"])
    assert [(each.cell, each.tensors) for each in report.migrated] == [("Encoder", 6), ("Attention", 2)]
    assert same_values(old, net.encoder)
    filled(net).save_checkpoint(tmp_path / "saved.safetensors")
    saved = set(open_checkpoint(tmp_path / "saved.safetensors").tensors)
    assert saved == {"head", *(entry.name for entry in module.Encoder.manifest(4))}


def test_a_migration_of_a_base_is_one_of_its_heads(write: Write, tmp_path: Path) -> None:
    """Written for the base alone, it holds wherever there is a cell of the class."""
    old = filled(write().Classifier(4))
    old.save_checkpoint(tmp_path / "net.safetensors")
    base = write().Encoder.manifest(4)
    module = write(q="query", layers="layers")
    migrate(base, module.Encoder(4), "2026-01-01T00:00:00Z")
    net = module.Classifier(4)
    assert [each.cell for each in net.load_checkpoint(tmp_path / "net.safetensors").migrated] == [
        "Encoder",
        "Attention",
    ]
    assert same_values(old, net)


def test_plans_and_classes_and_from_pretrained(write: Write, tmp_path: Path) -> None:
    """Whatever loads or plans knows the older names."""
    old = filled(write().Encoder(4))
    path = tmp_path / "net.safetensors"
    old.save_checkpoint(path)
    module = write(k="key")
    migrate(old.manifest(), module.Encoder(4), "2026-01-01T00:00:00Z")
    plan = lazycell.plan(module.Encoder.manifest(4), path)
    assert plan.migrated == lazycell.plan(module.Encoder(4), path).migrated
    assert "migrated 2 names, by written_model.migrations.json: clearer" in str(plan)
    assert same_values(old, module.Encoder.from_pretrained(path, n=4))


def test_patterns_of_what_may_be_missing_know_the_older_names(write: Write, tmp_path: Path) -> None:
    """A script that was written before the rename still says what it means."""
    old = filled(write().Encoder(4))
    path = tmp_path / "net.safetensors"
    old.save_checkpoint(path)
    module = write(k="key")
    migrate(old.manifest(), module.Encoder(4), "2026-01-01T00:00:00Z")
    arrays = {name: value for name, value in values(old).items() if not name.endswith(".k")}
    with pytest.raises(CheckpointMismatchError):
        module.Encoder(4).load_checkpoint(arrays)
    report = module.Encoder(4).load_checkpoint(arrays, missing=["*.attn.k"])
    assert set(report.initialized) == {"layer.0.attn.key", "layer.1.attn.key"}


def test_what_a_rule_of_the_users_is_about_is_left_alone(write: Write, tmp_path: Path) -> None:
    """The user's word goes first: here the older name goes elsewhere."""
    old = filled(write().Encoder(4))
    module = write(k="key")
    migrate(old.manifest(), module.Encoder(4), "2026-01-01T00:00:00Z")
    arrays = values(old)
    net = module.Encoder(4)
    report = net.load_checkpoint(
        arrays, rename={"layer.0.attn.k": "layer.0.attn.q", "layer.0.attn.q": "layer.0.attn.key"}
    )
    assert np.array_equal(values(net)["layer.0.attn.q"], arrays["layer.0.attn.k"])
    assert np.array_equal(values(net)["layer.1.attn.key"], arrays["layer.1.attn.k"])
    assert [each.tensors for each in report.migrated] == [1]
    net.save_checkpoint(tmp_path / "saved.safetensors")
    saved = set(open_checkpoint(tmp_path / "saved.safetensors").tensors)
    assert {"layer.0.attn.k", "layer.1.attn.key"} <= saved  # the user's layout stays, the migration's is forgotten


def test_the_cells_of_a_call_are_those_of_the_net(write: Write) -> None:
    """Path and class of each, with nothing built."""
    module = write()
    assert cells_of_call(module.Classifier, (4,), {"m": 3}) == cells_of_net(module.Classifier(4, m=3))
    assert cells_of_net(module.Classifier(4))["encoder.layer.1.attn"] is module.Attention
