"""Tests of `lazycell.manifest.file._canonical_entries`."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import ManifestError
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest.file._canonical_entries import entry_json, entry_of

from ..documents import TEXT, entries

GOOD = {"name": "w", "shape": [2, 3], "dtype": "float16", "initializer": "normal", "bytes": 12}


@given(TEXT.flatmap(lambda name: st.booleans().flatmap(lambda d: st.tuples(entries(name, d), st.just(d)))))
def test_what_is_written_is_read(case: tuple[ManifestEntry, bool]) -> None:
    """With every attribute, but where it was declared."""
    entry, declared = case
    fields, count = entry_of({"name": entry.name, **entry_json(entry, declared)}, "x", declared)
    assert ManifestEntry(**fields) == entry
    assert count is None


def test_what_is_said_of_a_parameter_is_kept_and_makes_no_difference() -> None:
    """It is for people to read."""
    entry = ManifestEntry("w", (2, 3), "float16", "normal", doc="one row an output, \u00e9")
    fields, _ = entry_of({"name": "w", **entry_json(entry, True)}, "x", True)
    assert fields["doc"] == entry.doc
    assert attrs.evolve(entry, doc=None) == entry


def test_what_is_as_by_default_is_left_out() -> None:
    """A checkpoint's parameters have no initializer."""
    entry = ManifestEntry("w", (2, 3), "float16", "normal")
    assert entry_json(entry, True) == {key: value for key, value in GOOD.items() if key != "name"}
    assert "initializer" not in entry_json(attrs.evolve(entry, initializer=""), False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": 1}, ".name: has to be text, and is a whole number"),
        ({"nmae": 1}, ': unknown key "nmae"; did you mean `name`?'),
        ({"\x1b" * 500: 1}, f': unknown key "{chr(92)}u001b'),
        ({"shape": 6}, ".shape: has to be a list, and is a whole number"),
        ({"shape": [2, -3]}, ".shape[1]: has to be at least 0, and is -3"),
        ({"shape": [2, 3.0]}, ".shape[1]: has to be a whole number, and is a number with a fraction, 3.0"),
        ({"shape": [True, 3]}, ".shape[0]: has to be a whole number, and is true or false"),
        ({"shape": [2**63]}, ".shape[0]: is 9223372036854775808, which is 2**63 or more"),
        ({"shape": [2**62, 2]}, ".shape: is [4611686018427387904, 2], larger than any memory"),
        ({"shape": [1] * 65}, ".shape: has 65 dimensions; no array has more than 64"),
        ({"dtype": "flaot16"}, '.dtype: "flaot16" is no dtype; did you mean `float16`?'),
        ({"dtype": "F4"}, '.dtype: "F4" is no dtype'),
        ({"bytes": 13}, ".bytes: is 13, and float16 of shape [2, 3] has 12"),
        ({"bytes": "12"}, '.bytes: has to be a whole number, and is text, "12"'),
        ({"initializer": None}, ".initializer: has to be text, and is null"),
        ({"expression": None}, ".expression: has to be text, and is null"),
        ({"trainable": 1}, ".trainable: has to be true or false, and is a whole number"),
        ({"shard": "tp"}, '.shard: has to be a list, and is text, "tp"'),
        ({"shard": [None, 1]}, ".shard[1]: has to be text, and is a whole number"),
        ({"shard": [["a", 1]]}, ".shard[0][1]: has to be text, and is a whole number"),
        ({"doc": 3}, ".doc: has to be text, and is a whole number"),
        ({"tags": [{}]}, ".tags[0]: has to be text, and is an object"),
        ({"count": 1}, ".count: has to be at least 2, and is 1"),
        ({"sections": [{"axis": 2, "parts": []}]}, ".sections[0].axis: is 2, and the shape is [2, 3]"),
        ({"sections": [{"axis": 0}]}, '.sections[0]: lacks "parts"'),
        (
            {"sections": [{"axis": 1, "parts": [{"name": "q", "size": 2}]}]},
            ".sections[0].parts: add up to 2, and axis 1 has 3",
        ),
        (
            {"sections": [{"axis": 1, "parts": [{"name": "q", "sise": 2}]}]},
            '.sections[0].parts[0]: unknown key "sise"; did you mean `size`?',
        ),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    """Each with its place."""
    with pytest.raises(ManifestError) as caught:
        entry_of(GOOD | changes, "parameters[3]", True)
    assert str(caught.value).startswith(f"parameters[3]{message}")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("key", GOOD)
def test_what_is_missing(key: str) -> None:
    """It is named; a checkpoint has no initializers."""
    incomplete = {other: value for other, value in GOOD.items() if other != key}
    with pytest.raises(ManifestError, match=f'^x: lacks "{key}"$'):
        entry_of(incomplete, "x", True)
    if key == "initializer":
        assert entry_of(incomplete, "x", False)[0]["initializer"] == ""


def test_a_dtype_that_only_a_file_has() -> None:
    """Its bytes are what the file says."""
    fields, _ = entry_of(GOOD | {"dtype": "F4", "bytes": 3}, "x", False)
    assert ManifestEntry(**fields).nbytes == 3
