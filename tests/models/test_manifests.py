"""The zoo goes through its own gate: every preset has the manifest that is committed for it."""

from __future__ import annotations

import json

from lazycell import registered_models

from ..cli.command import ROOT, lazycell


def test_every_preset_is_as_committed():
    """What fails here was changed: `lazycell manifest --check` says what, and how to accept it."""
    done = lazycell("manifest", "--check", "--json", "*")
    document = json.loads(done.stdout)
    assert [each["preset"] for each in document["differences"]] == []
    assert done.status == 0
    presets = [
        each.name
        for model in registered_models()
        if model.cls.__module__.startswith("models.")
        for each in model.presets
    ]
    assert presets
    committed = {path.stem for path in (ROOT / "models" / "manifests").glob("*.json")}
    assert committed == set(presets)
