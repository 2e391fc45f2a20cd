"""Tests of `lazycell/manifest/manifest.schema.json`: it describes what is written, and refuses what it can tell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import tests
from lazycell._dtypes import NAMES
from lazycell._errors import ManifestError
from lazycell.manifest._manifest import Manifest
from lazycell.manifest.file import _canonical, _canonical_entries, _canonical_forms
from lazycell.manifest.file._check_json import MAX_NUMBER, MAX_RANK

from ..formats.files import entry, safetensors_bytes
from .documents import document, everything, manifests

TEXT = resources.files("lazycell.manifest").joinpath("manifest.schema.json").read_text(encoding="utf-8")
SCHEMA = json.loads(TEXT)
VALIDATOR = Draft202012Validator(SCHEMA)
KINDS = SCHEMA["$defs"]


def test_it_is_a_schema() -> None:
    """Of 2020-12."""
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(SCHEMA)


@given(manifests(), st.booleans())
def test_what_is_written_is_described(manifest: Manifest, collapsed: bool) -> None:
    """Whatever is in it."""
    VALIDATOR.validate(document(manifest, collapsed=collapsed))


@pytest.mark.parametrize("collapsed", [False, True])
def test_a_manifest_with_everything(collapsed: bool) -> None:
    """And the words of the schema are those of the reader."""
    written = document(everything(), collapsed=collapsed)
    VALIDATOR.validate(written)
    assert list(SCHEMA["properties"]) == list(written)


def test_a_manifest_of_a_checkpoint(tmp_path: Path) -> None:
    """With a dtype that only files have."""
    header = {"a": entry("F32", (1,), (0, 4)), "b": entry("F4", (4,), (4, 6))}
    (tmp_path / "m.safetensors").write_bytes(safetensors_bytes(header, bytes(6)))
    for source in (tmp_path, {"a": np.zeros((2, 3))}):
        VALIDATOR.validate(document(Manifest.of_checkpoint(source)))


def test_the_words_are_those_of_the_reader() -> None:
    """Keys, dtypes and bounds."""
    assert SCHEMA["properties"].keys() == _canonical._KNOWN
    assert set(SCHEMA["required"]) == _canonical._NEEDED
    assert KINDS["parameter"]["properties"].keys() == _canonical_entries._KNOWN
    assert set(KINDS["parameter"]["required"]) == _canonical_entries._NEEDED
    assert KINDS["form"]["oneOf"][0]["properties"].keys() == _canonical_forms._BLOCK
    assert KINDS["stored"]["properties"].keys() == _canonical_forms._STORED
    assert KINDS["migration"]["properties"].keys() == _canonical._MIGRATION
    assert KINDS["dtype"]["enum"] == list(NAMES)
    assert KINDS["count"]["exclusiveMaximum"] == MAX_NUMBER
    assert KINDS["shape"]["maxItems"] == MAX_RANK
    assert KINDS["parameter"]["properties"]["count"]["maximum"] == _canonical.MAX_PARAMETERS
    assert SCHEMA["properties"]["version"]["const"] == _canonical.VERSION


def test_everything_is_described() -> None:
    """In words: each member that has a name."""
    pending: list[tuple[str, Any]] = [("schema", SCHEMA)]
    while pending:
        place, value = pending.pop()
        if isinstance(value, dict):
            for name, each in value.get("properties", {}).items() if isinstance(value.get("properties"), dict) else ():
                is_named = place not in ("then", "items", "if") and each not in ({"const": True}, {"type": "string"})
                assert not is_named or "description" in each or "$ref" in each or "items" in each, (place, name)
            pending += value.items()
        elif isinstance(value, list):
            pending += [(place, each) for each in value]


def wrong() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give documents that are wrong in one place, each with the place."""
    good = document(everything(), collapsed=True)
    for key in good:
        for value in (None, 3.5, {"x": [None]}, [None]):
            if key != "hyperparameters" or not isinstance(value, dict):
                yield f"{key} {value}", good | {key: value}
        if key in _canonical._NEEDED:
            yield f"no {key}", {other: value for other, value in good.items() if other != key}
    yield "unknown", good | {"modle": 1}
    yield "later", good | {"version": 2}
    yield "no digest", good | {"digest": "0" * 63 + "x"}
    first, *others = good["parameters"]
    bad_first = [{"shape": [-1]}, {"shape": [2**63]}, {"shape": [1] * 65}, {"shape": 3}, {"bytes": -1}, {"dtype": "F4"}]
    bad_first += [{"count": 1}, {"count": 2_000_000}, {"trainable": 1}, {"shard": [1]}, {"tags": "a"}, {"name": None}]
    bad_first += [{"sections": [{"axis": 0}]}, {"sections": [{"axis": -1, "parts": []}]}, {"nmae": "x"}]
    for change in bad_first:
        yield f"parameter {change}", good | {"parameters": [first | change, *others]}
    for key in ("name", "shape", "dtype", "bytes", "initializer"):
        lacking = {other: value for other, value in first.items() if other != key}
        yield f"parameter without {key}", good | {"parameters": [lacking, *others]}
    leaf = {"parameter": "embed"}
    forms: list[Any] = [None, {}, {"fused": [], "axis": 0}, {"fused": [leaf], "axis": 0}, {"transposed": "embed"}]
    forms += [{"transposed": leaf, "reshaped": leaf}, {"reshaped": leaf}, {"parameter": "embed", "place": [[1]]}]
    forms += [{"transposed": leaf, "axes": [0, 0]}, {"parameter": "embed", "dtype": "x"}]
    for form in forms:
        yield f"form {form}", good | {"stored": [{"name": "x", "shape": [1], "form": form}]}
    yield "migration", good | {"migrations": [good["migrations"][0] | {"prefixes": [0]}]}


@pytest.mark.parametrize("bad", [pytest.param(bad, id=place[:40]) for place, bad in wrong()])
def test_what_it_refuses_the_reader_refuses(bad: dict[str, Any]) -> None:
    """And the other way round, as far as a schema can tell."""
    assert not VALIDATOR.is_valid(bad)
    with pytest.raises(ManifestError):
        Manifest.from_json(json.dumps(bad))


def test_a_checkpoint_has_no_initializers() -> None:
    """A model's parameters have."""
    written = document(attrs.evolve(everything(), declared=False))
    for parameter in written["parameters"]:
        del parameter["initializer"]
    VALIDATOR.validate(written)
    assert not VALIDATOR.is_valid(written | {"declared": True})


def test_it_is_shipped(tmp_path: Path) -> None:
    """The wheel has it: what hatch takes is what is in the folder and is not ignored."""
    root = Path(tests.__file__).parents[1]
    path = "lazycell/manifest/manifest.schema.json"
    run = subprocess.run(["git", "check-ignore", "-q", path], cwd=root, check=False)
    assert run.returncode == 1
    assert (root / path).is_file()
