"""Migrations inside a manifest's JSON: whatever is wrong with one is refused with its place, before it is applied."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from lazycell._errors import CheckpointMismatchError, ManifestError
from lazycell.formats import open_checkpoint
from lazycell.history._migration import Migration
from lazycell.layout._entry import ManifestEntry
from lazycell.loading._fit import make_plan
from lazycell.manifest._manifest import Manifest

_WHOLE = Manifest(
    "Net",
    (ManifestEntry("a.b", (2,), "float32", "zeros"),),
    migrations=(
        Migration("Net", {"old.{n}": "new.{n}", "x": "a.b"}, "why", "2026-11-24T10:00:00Z", prefixes=("", "a.")),
    ),
)

_WRONG: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", "\x1b", "a.{n", "{n}{n}", "{*a}{*b}", "{n}{m}{o}{p}{q}!", "z" * 10_000),
    *([], [1], ["a", "a"], [[]], {}, {"a": 1}, {"a": "b"}, {"": ""}, {"a": "a"}, {"{x}": "{y}"}),
    *({"a": "b", "b": "a"}, {"a": "c", "b": "c"}, {"{*a}": "{*a}.{*a}"}, "2026-13-41T99:99:99Z"),
]


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in members:
        yield from _places(each, (*place, key))


def _documents() -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Put everything wrong in every place, and leave everything out once."""
    whole = json.loads(_WHOLE.to_json())
    for place in _places(whole["migrations"], ("migrations",)):
        for wrong in (*_WRONG, _WRONG):  # the list itself stands for nothing at all
            document = copy.deepcopy(whole)
            *above, last = place
            holder = document
            for key in above:
                holder = holder[key]
            if wrong is _WRONG:
                del holder[last]
            else:
                holder[last] = wrong
            yield place, document


def _read(document: dict[str, Any]) -> tuple[Manifest | None, str]:
    try:
        return Manifest.from_json(json.dumps(document)), ""
    except ManifestError as error:
        return None, str(error)


def test_a_migration_is_read_and_can_be_applied_or_its_place_is_told() -> None:
    """Never another exception: neither when it is read, nor when a checkpoint is fitted, nor when it is printed."""
    header, read, refused = open_checkpoint({"old.1": np.zeros(2, np.float32), "x": np.zeros(2, np.float32)}), 0, 0
    for _, document in _documents():
        manifest, fault = _read(document)
        if manifest is None:
            refused += 1
            assert fault.startswith("migrations")
            assert len(fault) < 600
            continue
        read += 1
        str(manifest), manifest.to_markdown(), manifest.diff(_WHOLE)
        assert Manifest.from_json(manifest.to_json()) == manifest
        with suppress(CheckpointMismatchError):
            make_plan(manifest, header)
    assert read > 20
    assert refused > 200


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"rename": {"a.{n": "b"}}, "migrations[0]: \"rename\": 'a.{n'"),
        ({"rename": {"a": "c", "b": "c"}}, "migrations[0]: \"rename\": 'a' and 'b' both become 'c'"),
        ({"rename": {}}, 'migrations[0]: "rename" is empty'),
        ({"rename": {"a": 1}}, 'migrations[0].rename."a": has to be text, and is a whole number'),
        ({"created": "tomorrow"}, "migrations[0]: \"created\" is 'tomorrow': it has to be a moment in UTC"),
        ({"cell": ""}, 'migrations[0]: "cell" has to be the qualified name of a class'),
        ({"prefixes": ["", 1]}, "migrations[0].prefixes[1]: has to be text, and is a whole number"),
        ({"file": "x"}, 'migrations[0]: unknown key "file"'),
    ],
)
def test_what_is_wrong_is_told(changed: dict[str, Any], told: str) -> None:
    document = json.loads(_WHOLE.to_json())
    document["migrations"][0] |= changed
    with pytest.raises(ManifestError) as caught:
        Manifest.from_json(json.dumps(document))
    assert str(caught.value).startswith(told)
