"""Manifests to be looked at."""

from __future__ import annotations

import attrs

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest

LAYERS = "layers.{0..1}"
"""How the two layers of `small` are called, which are alike."""

HOSTILE = "</script><img src=x onerror=alert(1)><!--<script>"


def entry(name: str, shape: tuple[int, ...], **more: object) -> ManifestEntry:
    """Give a parameter of a declared linear layer."""
    given = {"dtype": "float32", "initializer": "normal", "declared_by": "Linear.weight", "declared_at": "layers.py:7"}
    return ManifestEntry(name, shape, **{**given, **more})


def small() -> Manifest:
    """Give a model of two layers: dtypes, tags, shards, a tie and a computed buffer."""
    layers = [
        each
        for layer in range(2)
        for each in (
            entry(f"layers.{layer}.up.weight", (64, 16), expression="(4 * hidden, hidden)", shard=("tp", None)),
            entry(
                f"layers.{layer}.up.bias", (64,), initializer="zeros", expression="(4 * hidden,)", tags=("no_decay",)
            ),
            entry(
                f"layers.{layer}.norm",
                (16,),
                dtype="bfloat16",
                initializer="ones",
                trainable=False,
                doc="of what comes in",
            ),
        )
    ]
    return Manifest(
        "Small",
        (entry("embed.weight", (1000, 16), expression="(vocab, hidden)"), *layers),
        ties={"head.weight": "embed.weight"},
        computed=frozenset({"position_ids"}),
        hyperparameters={"hidden": 16, "vocab": 1000},
    )


def changed() -> Manifest:
    """Give `small` as it might be later: one difference of every kind."""
    entries = {each.name: each for each in small().entries}
    del entries["layers.1.norm"]
    entries["embed.weight"] = attrs.evolve(entries["embed.weight"], shape=(1200, 16))
    entries["layers.0.up.weight"] = attrs.evolve(entries["layers.0.up.weight"], dtype="float16")
    entries["layers.0.up.bias"] = attrs.evolve(entries["layers.0.up.bias"], initializer="ones")
    entries["layers.0.norm"] = attrs.evolve(entries["layers.0.norm"], trainable=True)
    renamed = attrs.evolve(entries.pop("layers.1.up.weight"), name="layers.1.grow.weight")
    added = entry("extra.scale", (3, 5, 7), initializer="ones", declared_by="Scale.scale")
    return attrs.evolve(small(), entries=(*entries.values(), renamed, added))


def large(layers: int = 500) -> Manifest:
    """Give a mixture of experts: 200 parameters a layer."""
    parts = (("gate", (64, 32)), ("up", (64, 32)), ("down", (32, 64)), ("norm", (32,)), ("scale", (64,)))
    return Manifest(
        "Large",
        tuple(
            entry(f"model.layers.{layer}.experts.{expert}.{part}.weight", shape, dtype="bfloat16")
            for layer in range(layers)
            for expert in range(40)
            for part, shape in parts
        ),
    )
