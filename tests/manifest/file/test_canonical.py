"""Tests of `lazycell.manifest.file._canonical`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import ManifestError
from lazycell.history._migration import Migration
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest
from lazycell.manifest.file import _canonical

from ..documents import document, everything, manifests

WEIGHT = ManifestEntry("w", (2, 3), "float16", "normal", expression="(m, n)", declared_by="Net.w")


def read(document: dict[str, Any]) -> Manifest:
    return Manifest.from_json(json.dumps(document))


def refusal(document: dict[str, Any]) -> str:
    with pytest.raises(ManifestError) as caught:
        read(document)
    return str(caught.value)


def test_the_text() -> None:
    """Everything on lines of its own, what is as by default left out."""
    other = ManifestEntry("é\n", (), "bool", "1.0", trainable=False, shard=("tp", ("a", "b"), None), tags=("t",))
    manifest = Manifest("Net", (WEIGHT, other), {"z": "w", "a": "w"}, hyperparameters={"n": 3, "m": 2})
    assert manifest.to_json() == (
        '{\n  "format": "lazycell.manifest",\n  "version": 1,\n  "model": "Net",\n  "declared": true,\n'
        f'  "digest": "{manifest.digest}",\n  "stream_version": {manifest.stream_version},\n'
        '  "hyperparameters": {\n    "m": 2,\n    "n": 3\n  },\n'
        '  "totals": {"parameters": 2, "elements": 7, "trainable_elements": 6, "bytes": 13},\n'
        '  "parameters": [\n'
        '    {"name": "w", "shape": [2, 3], "dtype": "float16", "initializer": "normal", "expression": "(m, n)", '
        '"declared_by": "Net.w", "bytes": 12},\n'
        '    {"name": "é\\n", "shape": [], "dtype": "bool", "initializer": "1.0", "bytes": 1, "trainable": false, '
        '"shard": ["tp", ["a", "b"], null], "tags": ["t"]}\n  ],\n'
        '  "ties": {\n    "a": "w",\n    "z": "w"\n  }\n}\n'
    )


def test_the_text_of_nothing() -> None:
    """What is empty is left out, or says so."""
    text = Manifest("m.ckpt", (), declared=False).to_json()
    assert '  "hyperparameters": {},\n' in text
    assert text.endswith('  "parameters": []\n}\n')
    assert Manifest.from_json(text) == Manifest("m.ckpt", (), declared=False)


@given(manifests(), st.booleans())
def test_what_is_written_is_read(manifest: Manifest, collapsed: bool) -> None:
    """The same manifest, in the same order, and from it the same text."""
    text = manifest.to_json(collapsed=collapsed)
    found = Manifest.from_json(text)
    assert found == manifest
    assert Manifest.from_json(text.encode()) == manifest
    for form in (False, True):
        assert found.to_json(collapsed=form) == manifest.to_json(collapsed=form)


@given(manifests(), st.booleans(), st.randoms(use_true_random=False))
def test_equal_manifests_are_the_same_text(manifest: Manifest, collapsed: bool, random: Random) -> None:
    """In whatever order their mappings are, and wherever they were declared."""

    def shuffled(mapping: Any) -> dict[Any, Any]:
        return dict(random.sample(list(mapping.items()), len(mapping)))

    other = attrs.evolve(
        manifest,
        ties=shuffled(manifest.ties),
        hyperparameters=shuffled(manifest.hyperparameters),
        migrations=tuple(attrs.evolve(each, rename=shuffled(each.rename), file="x") for each in manifest.migrations),
        entries=tuple(attrs.evolve(entry, declared_at="x.py:1") for entry in manifest.entries),
    )
    assert other == manifest
    assert other.to_json(collapsed=collapsed) == manifest.to_json(collapsed=collapsed)


@given(manifests())
def test_nothing_invisible_is_written(manifest: Manifest) -> None:
    """No control characters but line ends, no turn of direction."""
    assert not set(manifest.to_json()) & set("\x00\x07\x1b\x7f\x9b\r\t\u202e\u2028\ufeff\u200b")


def test_a_manifest_with_everything() -> None:
    """Layers, ties, layouts, sections and migrations; layers share lines."""
    manifest = everything()
    assert Manifest.from_json(manifest.to_json()) == manifest
    text = manifest.to_json(collapsed=True)
    assert Manifest.from_json(text) == manifest
    assert '{"name": "layers.{0..2}.q", "count": 3, "shape": [4, 4], ' in text
    assert (
        len(document(manifest)["parameters"]) == len(manifest) > len(document(manifest, collapsed=True)["parameters"])
    )


def test_what_json_cannot_hold() -> None:
    """Hyperparameters of any kind are written in a form that stays the same."""
    manifest = Manifest("Net", (WEIGHT,), hyperparameters={"f": len, "t": (1, 2)})
    text = manifest.to_json()
    found = Manifest.from_json(text)
    assert found.hyperparameters == {"f": {"repr": "<built-in function len>"}, "t": [1, 2]}
    assert found.to_json() == text


def test_a_name_that_is_not_unicode() -> None:
    """It can be written to a file, and is refused with its cause."""
    text = Manifest("Net", (attrs.evolve(WEIGHT, name="a\udc80"),)).to_json()
    assert '"name": "a\\udc80"' in text.encode().decode()
    with pytest.raises(ManifestError, match=r"^the manifest holds 'a\\udc80', which is not Unicode text"):
        Manifest.from_json(text)


@pytest.mark.parametrize("collapsed", [False, True])
def test_a_hundred_thousand_parameters(collapsed: bool) -> None:
    """Are no trouble: each way takes a few seconds on a slow machine at most, not minutes."""
    names = [f"layers.{k}.experts.{n}.{w}.weight" for k in range(100) for n in range(250) for w in "abcd"]
    manifest = Manifest("Net", tuple(attrs.evolve(WEIGHT, name=name) for name in names))
    started = time.thread_time()
    found = Manifest.from_json(manifest.to_json(collapsed=collapsed))
    assert time.thread_time() - started < 10
    assert found == manifest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the manifest is not JSON: Expecting value at character 0"),
        ("[]", "the manifest is not a JSON object"),
        (b'{"a\xff": 1}', "the manifest is not UTF-8: byte 3 is 0xff"),
        ('{"\ud800": 1}', "the manifest is not UTF-8: byte 2 is 0xed"),
        ('{"a": 1, "a": 2}', "the manifest gives the key 'a' twice"),
        ("{}", 'this is no manifest: it has no format; that of a manifest is "lazycell.manifest"'),
        (
            '{"format": "x"}',
            'this is no manifest: its format is "x"; that of a manifest is "lazycell.manifest"',
        ),
        ('{"format": "lazycell.manifest"}', 'lacks "version"'),
        ('{"format": "lazycell.manifest", "version": 1}', 'lacks "declared"'),
        (
            '{"format": "lazycell.manifest", "version": 2, "new": 1}',
            "written by a later lazycell: version 2; this one reads 1",
        ),
        ('{"format": "lazycell.manifest", "version": true}', "version: has to be a whole number, and is true or false"),
        ('{"format": "lazycell.manifest", "version": 0}', "version: has to be at least 1, and is 0"),
    ],
)
def test_what_is_no_manifest(text: str | bytes, message: str) -> None:
    """Another file, another version, no JSON."""
    with pytest.raises(ManifestError) as caught:
        Manifest.from_json(text)
    assert str(caught.value) == message


def test_what_is_no_text() -> None:
    """A path is not opened."""
    message = r"a manifest is read from text, not from PosixPath\('m.json'\): write `from_json\(path.read_text\(\)\)`"
    with pytest.raises(TypeError, match=message):
        Manifest.from_json(Path("m.json"))  # type: ignore[arg-type]


def test_a_text_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even parsed."""
    monkeypatch.setattr(_canonical, "MAX_BYTES", 10)
    with pytest.raises(ManifestError, match="^the manifest has 11 bytes; more than 10 are not read$"):
        Manifest.from_json("{" + " " * 10)


def _named(name: str, count: int) -> dict[str, Any]:
    return {"name": name, "count": count, "shape": [1], "dtype": "bool", "initializer": "ones", "bytes": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modle": "x"}, 'unknown key "modle"; did you mean `model`?'),
        ({"model": 3}, "model: has to be text, and is a whole number"),
        ({"declared": 1}, "declared: has to be true or false, and is a whole number"),
        ({"stream_version": 0}, "stream_version: has to be at least 1, and is 0"),
        ({"hyperparameters": []}, "hyperparameters: has to be an object, and is a list"),
        ({"hyperparameters": {"n": {"a": [1, float("1e400")]}}}, "the manifest is not JSON: Infinity is no JSON value"),
        ({"totals": {}}, 'totals: lacks "bytes"'),
        (
            {"totals": {"parameters": 1, "elements": 6, "trainable_elements": 5, "bytes": 12}},
            "totals.trainable_elements: is 5, and what the parameters add up to is 6",
        ),
        ({"parameters": {}}, "parameters: has to be a list, and is an object"),
        ({"parameters": [3]}, "parameters[0]: has to be an object, and is a whole number"),
        (
            {"parameters": [_named("a.{0..2}", 2)]},
            'parameters[0].count: is 2, and "a.{0..2}" stands for 3',
        ),
        ({"parameters": [_named("a.b", 2)]}, 'parameters[0].count: is 2, and "a.b" stands for 1'),
        (
            {"parameters": [_named("a.{2,1}", 2)]},
            "parameters[0].name: {2,1} is not in ascending order",
        ),
        (
            {"parameters": [_named("a.{0..999999}.{0..999999}", 10**12)]},
            "parameters[0].name: stands for more than 1,000,000 parameters",
        ),
        (
            {"parameters": [_named("a.{0..599999}", 600_000), _named("b.{0..599999}", 600_000)]},
            "parameters[1]: there are more than 1,000,000 parameters, or their names are too long",
        ),
        (
            {"parameters": [_named("a" * 1000 + ".{0..599999}", 600_000)]},
            "parameters[0]: there are more than 1,000,000 parameters, or their names are too long",
        ),
        (
            {"parameters": [_named("a.{0..2}", 3), _named("a.{2,4}", 2)]},
            'parameters[1].name: "a.2" is there twice',
        ),
        ({"ties": {"v": "x"}}, 'ties: "v" is tied to "x", which is no parameter'),
        ({"ties": {"w": "w"}}, 'ties: "w" is tied to "w", and a parameter itself'),
        ({"ties": {"v": 1}}, 'ties."v": has to be text, and is a whole number'),
        ({"ties": []}, "ties: has to be an object, and is a list"),
        ({"computed": ["a", "a"]}, 'computed[1]: "a" is there twice'),
        ({"computed": [None]}, "computed[0]: has to be text, and is null"),
        ({"stored": [{"name": "x"}]}, 'stored[0]: lacks "form"'),
        (
            {"copies": [{"name": "x", "shape": [2, 3], "form": {"parameter": "w"}}] * 2},
            'copies[1]: "x" is there twice',
        ),
        ({"migrations": [{}]}, 'migrations[0]: lacks "cell"'),
        (
            {"migrations": [{"cell": "A", "rename": {"a": 1}, "reason": "", "created": "", "prefixes": []}]},
            'migrations[0].rename."a": has to be text, and is a whole number',
        ),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    """Each with its place."""
    assert refusal(document(Manifest("Net", (WEIGHT,))) | changes) == message


@pytest.mark.parametrize("key", sorted(_canonical._NEEDED - {"format", "version"}))
def test_what_is_missing(key: str) -> None:
    """It is named."""
    incomplete = document(Manifest("Net", (WEIGHT,)))
    del incomplete[key]
    assert refusal(incomplete) == f'lacks "{key}"'


def test_a_number_that_is_not_finite() -> None:
    """JSON can write it, and nothing can hold it."""
    text = Manifest("Net", (), hyperparameters={"n": {"a": [0, 1.5]}}).to_json().replace("1.5", "1e400")
    with pytest.raises(ManifestError, match=r'^hyperparameters."n"."a"\[1\]: is a number that is too large$'):
        Manifest.from_json(text)


def test_a_changed_file() -> None:
    """The digest tells, whatever was changed of what checkpoints are made of."""
    manifest = Manifest("Net", (WEIGHT,), {"v": "w"})
    changed = document(manifest) | {"ties": {"u": "w"}}
    actual = attrs.evolve(manifest, ties={"u": "w"}).digest
    assert refusal(changed) == (
        f'digest: is "{manifest.digest}", and that of the content is {actual}: the file was changed since it was '
        "written; make it anew from the model"
    )


def test_migrations_keep_their_order() -> None:
    """Those of one moment are in that of the file."""
    migrations = tuple(Migration("A", {name: "z"}, "", "2026-11-24T10:00:00Z") for name in "ba")
    found = Manifest.from_json(Manifest("Net", (), migrations=migrations).to_json()).migrations
    assert found == migrations
    assert [migration.position for migration in found] == [0, 1]
