"""Tests of `lazycell.manifest.file._canonical_leftovers`: what a stranger's file may say, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lazycell import Manifest, ManifestError
from tests.manifest.documents import document, everything


def read(**changed: Any) -> Manifest:
    """Read a manifest with some members changed."""
    return Manifest.from_json(json.dumps({**document(everything()), **changed}))


def test_there_and_back() -> None:
    """In their order, since the first that matches decides."""
    assert read().leftovers == everything().leftovers
    assert read().base == everything().base
    names = {"b": None, "a": "c"}
    assert [each.name for each in read(leftovers=names).leftovers] == ["b", "a"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"leftovers": ["a"]}, "leftovers: has to be an object, and is a list"),
        ({"leftovers": {"a": 1}}, r'leftovers\."a": has to be text, and is a whole number'),
        ({"leftovers": {"a.{i}": "b.{j}"}}, r'leftovers\."a.{i}": "b.{j}" has the capture {j}, and the name does not'),
        ({"leftovers": {"a.{i": None}}, "a capture is written"),
        ({"leftovers": {"{*a}.{*b}": None}}, "more than one"),
        ({"base": {"prefix": "a"}}, 'base: lacks "heads"'),
        ({"base": {"prefix": 1, "heads": []}}, "base.prefix: has to be text"),
        ({"base": {"prefix": "a", "heads": "b"}}, "base.heads: has to be a list"),
    ],
)
def test_refused(changed: dict[str, Any], message: str) -> None:
    """The message says where."""
    with pytest.raises(ManifestError, match=message):
        read(**changed)
