"""lazycell.streams gives the published vectors, which another implementation wrote."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import lazycell.streams
from lazycell._stream_version import STREAM_VERSION
from lazycell.streams import Sparse, TruncatedNormal, Uniform, stream_key
from lazycell.streams._words import BLOCK, Stream

from . import reference
from .laws import tensor

VECTORS = json.loads(reference.FILE.read_text(encoding="utf-8"))


def test_the_version_is_that_of_the_vectors() -> None:
    """Whoever changes a stream goes up with both."""
    assert VECTORS["stream_version"] == STREAM_VERSION


@pytest.mark.parametrize("vector", VECTORS["keys"], ids=lambda vector: repr(vector["name"]))
def test_keys(vector: dict[str, Any]) -> None:
    """Also of names and seeds that nobody chooses."""
    assert f"{stream_key(vector['seed'], vector['name']):032x}" == vector["key"]


def test_words() -> None:
    """Of the first block, and around its end."""
    assert {vector["position"] for vector in VECTORS["words"]} >= {0, BLOCK - 1, BLOCK}
    for vector in VECTORS["words"]:
        (word,) = Stream(stream_key(vector["seed"], vector["name"])).words(vector["position"], 1)
        assert f"{word:016x}" == vector["word"]


@pytest.mark.parametrize("vector", VECTORS["values"], ids=lambda vector: f"{vector['law']}-{vector['dtype']}")
def test_values(vector: dict[str, Any]) -> None:
    """Uniform values to the last bit, normal ones but for the last bits of a logarithm and a cosine."""
    law = getattr(lazycell.streams, vector["law"])(**vector["settings"])
    key = stream_key(vector["seed"], vector["name"])
    drawn = tensor(law, key, tuple(vector["shape"]), vector["dtype"]).reshape(-1)[vector["positions"]]
    if isinstance(law, Uniform):
        assert [float(each).hex() for each in drawn] == vector["values"]
        return
    expected = np.array(vector["values"], drawn.dtype)
    if isinstance(law, TruncatedNormal):
        assert np.abs(drawn - expected).max() <= 1e-6 * law.sigma
        return
    # Where a mean is added, an error of the deviation stays as large as it was.
    mean = 0.0 if isinstance(law, Sparse) else law.mean
    ulp = np.maximum(np.spacing(np.abs(expected)), np.spacing(np.abs(expected - drawn.dtype.type(mean))))
    assert (np.abs(drawn - expected) <= 4 * ulp).all()
    assert ((drawn == 0) == (expected == 0)).all()


def test_the_file_is_what_the_reference_writes() -> None:
    """`python -m tests.streams.reference` was run; logarithms and cosines may be those of another C library."""
    written, stored = json.loads(reference.text()), VECTORS
    for mine, theirs in zip(written["values"], stored["values"], strict=True):
        if mine["law"] != "Uniform":
            assert mine.pop("values") == pytest.approx(theirs["values"], rel=1e-6)
            theirs = {name: content for name, content in theirs.items() if name != "values"}
        assert mine == theirs
    del written["values"]
    assert written == {name: content for name, content in stored.items() if name != "values"}
