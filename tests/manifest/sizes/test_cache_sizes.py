"""Tests of `lazycell.manifest.sizes._cache_sizes`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lazycell.manifest._manifest import Manifest
from lazycell.manifest.sizes._sizes import Sizes

from ...pure import manifest
from ..test_caches import Attention, Net


def sizes(batch: int = 8, length: int = 4096, **options: Any) -> Sizes:
    """Give the sizes of a model with two layers that see 512 positions, two that see all, and one that reads."""
    return manifest(Net, 4, dtype="float16").sizes(batch=batch, length=length, **options)


def test_windows_are_counted() -> None:
    """By hand: bytes of a position, positions, texts."""
    found = sizes(source_length=100).cache
    assert found is not None
    position = 2 * 2 * 64 * 2
    read = 8 * 100 * 2 * (8 + 16) * 2
    assert found.nbytes == 8 * position * (2 * 512 + 2 * 4096) + read
    assert found.nbytes_without_windows == 8 * position * 4 * 4096 + read
    short = sizes(1, 300).cache
    assert short is not None
    assert short.nbytes == short.nbytes_without_windows == position * 4 * 300 + 300 * 2 * 24 * 2


def test_it_prints_as_a_table() -> None:
    """Layers that are alike in one row, and what it is without windows."""
    text = str(sizes())
    assert "cache of keys and values, 8 texts of 4,096 positions for 4,096 that are read:" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["layers.{0,2}", "2", "64", "512", "float16", "4.19", "MB"] in rows
    assert ["layers.{1,3}", "2", "64", "4,096", "float16", "33.6", "MB"] in rows
    assert ["cross", "2", "8,", "16", "4,096", "float16", "3.15", "MB"] in rows
    assert "without giving up what no window reaches any more, the cache takes 70.3 MB" in text
    assert "the weights and the cache: 40.9 MB" in text


def test_json_has_the_numbers() -> None:
    """Of each cache, and nothing where no length was asked for."""
    found = json.loads(sizes().to_json())["cache"]
    assert (found["batch"], found["length"], found["source_length"]) == (8, 4096, 4096)
    assert sum(each["bytes"] for each in found["caches"]) == found["bytes"]
    assert [each["positions"] for each in found["caches"]] == [512, 4096, 512, 4096, 4096]
    assert json.loads(manifest(Net, 4).sizes().to_json())["cache"] is None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"batch": 2}, "give its length as well"),
        ({"length": 0}, "length=0: write 1 or more"),
        ({"length": 1, "batch": -1}, "batch=-1"),
        ({"length": 1, "source_length": 0}, "source_length=0"),
    ],
)
def test_numbers_that_mean_nothing(options: dict[str, Any], text: str) -> None:
    """Each by its name."""
    with pytest.raises(ValueError, match=text):
        manifest(Net, 4).sizes(**options)
    with pytest.raises(TypeError, match="length=1.5 is no whole number"):
        manifest(Net, 4).sizes(length=1.5)


def test_a_model_that_keeps_nothing() -> None:
    """It may be that its classes only do not say so: the message has how they would."""
    made = Manifest("Net", ())
    with pytest.raises(ValueError, match=r"Net declares no cache.*key_values = key_value_cache\(heads, size\)"):
        made.sizes(length=1)


def test_a_rank_of_a_mesh_has_no_part_of_it() -> None:
    """Nothing says how it would be divided, and that is said."""
    text = str(manifest(Attention, 2).sizes(length=4, mesh={"dp": 2}))
    assert "the cache is that of all ranks" in text
