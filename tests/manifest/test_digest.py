"""The digest, of the present and of other versions."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from lazycell.declaration._forms import Fused
from lazycell.history._former_names import Version
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Stored
from lazycell.manifest._inventory import digest_of
from lazycell.manifest._manifest import Manifest


def model(q: str = "q", stored: str = "qk", dtype: str = "float32", tied: str = "t") -> Manifest:
    one, two = ManifestEntry(q, (2, 3), dtype, ""), ManifestEntry("k", (4, 3), "float32", "")
    form = Fused(0, (("q", one.block), ("k", two.block)))
    return Manifest("A", (one, two), {tied: q}, stored=(Stored(stored, form),))


def digest(manifest: Manifest, *args: Any, **more: Any) -> str:
    return digest_of(manifest.entries, manifest.ties, manifest.stored, *args, **more)


def test_it_is_the_manifests() -> None:
    """And differs with each name."""
    digests = {model().digest, *(model(**{each: "other"}).digest for each in ("q", "stored", "tied"))}
    assert len(digests) == 4
    assert digest(model()) == model().digest


@pytest.mark.parametrize(
    ("version", "then"),
    [
        (Version({"q": "wq"}), {"q": "wq"}),
        (Version({"qk": "fused"}), {"stored": "fused"}),
        (Version({"q": "wq", "t": "u"}), {"q": "wq", "tied": "u"}),
    ],
)
def test_it_is_that_of_the_model_with_other_names(version: Version, then: dict[str, str]) -> None:
    """Names are replaced wherever they are: in entries, ties, stored tensors and what these are made of."""
    assert digest(model(), version) == model(**then).digest


def test_other_dtypes_and_what_was_not_there() -> None:
    """As a file has them that was saved with another dtype, before there was all of it."""
    assert digest(model(), dtypes={"q": "bfloat16"}) == model(dtype="bfloat16").digest
    more = attrs.evolve(model(), entries=(*model().entries, ManifestEntry("new", (1,), "float32", "")))
    assert digest(more, Version({}, frozenset({"new"}))) == model().digest
