"""Tests of `lazycell.gate._candidates`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazycell.declaration._stored import fused, rename
from lazycell.gate import _candidates
from lazycell.gate._candidates import Candidate, candidates
from lazycell.manifest._manifest import Manifest

from ..mismatch.transformer import Net, Norm, file, model
from ..pure import PureCell, manifest

from ..pure import Param, child  # isort: skip
from ..loading.models import stored

SIZES = {"small": {"hidden": 8, "inner": 24, "n_layers": 2}, "medium": {}, "large": {"hidden": 32, "n_layers": 12}}


@pytest.fixture
def zoo(tmp_path: Path) -> list[tuple[str, Path]]:
    """Commit the transformer in three sizes, and another model."""
    models = {name: manifest(Net, **sizes) for name, sizes in SIZES.items()}
    return [write(tmp_path, name, each) for name, each in {**models, "norm": manifest(Norm, 3)}.items()]


def write(directory: Path, preset: str, model: Manifest) -> tuple[str, Path]:
    """Commit a manifest."""
    path = directory / f"{preset}.json"
    path.write_text(model.to_json(collapsed=True))
    return preset, path


def test_what_fits_comes_before_other_sizes(zoo: list[tuple[str, Path]]) -> None:
    """One preset fits, two have the same names with other sizes, the nearest of them first; the other is no answer."""
    found = candidates(file(**SIZES["small"]), zoo)
    assert [(each.preset, each.model, each.fits, each.casts) for each in found] == [
        ("small", "Net", True, 0),
        ("medium", "Net", False, 0),
        ("large", "Net", False, 0),
    ]
    assert found[0].elements == manifest(Net, **SIZES["small"]).size


def test_sizes_of_no_preset(zoo: list[tuple[str, Path]]) -> None:
    """Other numbers of layers and other widths are the same architecture."""
    found = candidates(file(n_layers=3, hidden=10, vocab_size=7), zoo)
    assert {each.preset for each in found} == {"small", "medium", "large"}
    assert not any(each.fits for each in found)


def test_casts_are_counted(tmp_path: Path) -> None:
    """A checkpoint in float16 fits a model in float32; one that needs no cast is the better answer."""
    full = manifest(Net)
    half = attrs.evolve(full, entries=tuple(attrs.evolve(entry, dtype="float16") for entry in full))
    header = stored({entry.name: (entry.shape, "float16") for entry in full})
    found = candidates(header, [write(tmp_path, "full", full), write(tmp_path, "half", half)])
    assert [(each.preset, each.casts) for each in found] == [("half", 0), ("full", len(full))]


@pytest.mark.parametrize(
    "tensors",
    [
        {"weight": ((3,), "float32")},
        {"weight": ((3,), "float32"), "bias": ((3,), "float32"), "more": ((1,), "float32")},
        {"weight": ((3,), "float32"), "biases": ((3,), "float32")},
        {},
    ],
)
def test_a_part_or_more_is_no_fit(tmp_path: Path, tensors: dict[str, Any]) -> None:
    """A tensor too few, too many, or of another name."""
    assert candidates(stored(tensors), [write(tmp_path, "norm", manifest(Norm, 3))]) == []


def test_integers_do_not_become_floats(tmp_path: Path) -> None:
    """The same names and shapes, but nothing that a load would convert: the sizes are not what differs, the names fit."""
    header = stored({"weight": ((3,), "int32"), "bias": ((3,), "int32")})
    (found,) = candidates(header, [write(tmp_path, "norm", manifest(Norm, 3))])
    assert not found.fits


def test_ties_and_their_copies(tmp_path: Path) -> None:
    """A tied name may be there a second time, alone, or not at all."""
    zoo = [write(tmp_path, "tied", model(tie_words=True))]
    once = {entry.name: (entry.shape, entry.dtype) for entry in model(tie_words=True)}
    embed = once["embed.weight"]
    other = {name: spec for name, spec in once.items() if name != "embed.weight"}
    for tensors in (once, once | {"lm_head.weight": embed}, other | {"lm_head.weight": embed}):
        assert [each.fits for each in candidates(stored(tensors), zoo)] == [True]
    assert candidates(stored(other), zoo) == []


class Joined(PureCell):
    """Stored otherwise than declared."""

    n: int = 4
    q: Param["normal", (n, n)]
    k: Param["normal", (n, n)]
    gain: Param["ones", (n,)]

    rename({"qk.weight": fused(q="q", k="k"), "scale": "gain"})


class Outer(PureCell):
    """With the cell below it."""

    n: int = 4
    inner: Joined = child(Joined, n)


def test_stored_layouts(tmp_path: Path) -> None:
    """What the class stores under other names, joined, fits as it does under the model's own names."""
    zoo = [write(tmp_path, "joined", manifest(Outer))]
    layout = {"inner.qk.weight": ((8, 4), "float32"), "inner.scale": ((4,), "float32")}
    own = {entry.name: (entry.shape, entry.dtype) for entry in manifest(Outer)}
    assert [each.fits for each in candidates(stored(layout), zoo)] == [True]
    assert [each.fits for each in candidates(stored(own), zoo)] == [True]
    other = {"inner.qk.weight": ((4, 2), "float32"), "inner.scale": ((2,), "float32")}
    assert [each.fits for each in candidates(stored(other), zoo)] == [False]
    assert candidates(stored({"inner.qk.weight": ((8, 4), "float32")}), zoo) == []


def test_what_is_computed_may_be_there(tmp_path: Path) -> None:
    """A stored copy of a computed buffer is ignored, whatever its size."""
    zoo = [write(tmp_path, "net", attrs.evolve(manifest(Norm, 3), computed=frozenset({"position_ids"})))]
    tensors = {"weight": ((3,), "float32"), "bias": ((3,), "float32"), "position_ids": ((1, 512), "int64")}
    assert [each.fits for each in candidates(stored(tensors), zoo)] == [True]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"parameters": 3, "totals": {"elements": 6}, "model": "Net"}',
        b'{"parameters": [{"name": 3}], "totals": {"elements": 6}, "model": "Net"}',
        b'{"parameters": [{"name": "weight"}, {"name": "bias"}], "totals": {"elements": 6}, "model": "Net"}',
    ],
)
def test_files_that_are_no_manifests_say_nothing(tmp_path: Path, content: bytes) -> None:
    """Neither do they keep the others from being found."""
    (tmp_path / "bad.json").write_bytes(content)
    zoo = [("bad", tmp_path / "bad.json"), ("gone", tmp_path / "gone.json")]
    header = stored({"weight": ((3,), "float32"), "bias": ((3,), "float32")})
    assert candidates(header, zoo) == []
    good = write(tmp_path, "norm", manifest(Norm, 3))
    assert candidates(header, [*zoo, good]) == [Candidate("norm", "Norm", 6, True)]


def test_few_manifests_are_looked_at_closely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sixty sizes of one class, two at most are read whole: one for the names, and the one that can fit."""
    zoo = [write(tmp_path, f"wide-{width}", manifest(Net, hidden=width)) for width in range(8, 68)]
    read: list[str] = []
    whole = _candidates._manifest
    monkeypatch.setattr(_candidates, "_manifest", lambda known: read.append(known.preset) or whole(known))
    found = candidates(file(hidden=40), zoo)
    assert found[0].preset == "wide-40"
    assert found[0].fits
    assert len(found) == 60
    assert sorted(read) == ["wide-40", "wide-8"]


def test_an_index_in_braces_is_a_word_of_its_own(tmp_path: Path) -> None:
    """A name that only looks like a range is compared as it is."""
    entries = tuple(attrs.evolve(entry, name=f"{{0..1}}.{entry.name}") for entry in manifest(Norm, 3))
    zoo = [write(tmp_path, "odd", attrs.evolve(manifest(Norm, 3), entries=entries))]
    assert "{0..1}.weight" in json.loads(zoo[0][1].read_text())["parameters"][0]["name"]
    header = stored({f"{index}.{name}": ((3,), "float32") for index in (0, 1) for name in ("weight", "bias")})
    assert not any(each.fits for each in candidates(header, zoo))
