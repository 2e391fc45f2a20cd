"""Which known models a checkpoint may be of, told from manifests in files: fast with hundreds of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .._collector import collector_paused
from .._errors import CheckpointMismatchError, ManifestError
from .._frozen import frozen
from ..formats import CheckpointHeader
from ..loading import make_plan
from ..manifest import Manifest
from ..manifest.file import BRACES
from ..show import index_free
from ..system import JSONProblem, read_bounded


@frozen
class Candidate:
    """A model that a checkpoint may be of.

    Attributes:
        preset: its name.
        model: the class's.
        elements: of all its parameters.
        fits: whether the checkpoint can be loaded into it; False: it has the same names, but other sizes.
        casts: how many parameters have another dtype in the checkpoint; 0 where it does not fit.
    """

    preset: str
    model: str
    elements: int
    fits: bool
    casts: int = 0


@collector_paused()
def candidates(header: CheckpointHeader, manifests: Iterable[tuple[str, Path]]) -> list[Candidate]:
    """Find the models that a checkpoint fits, or fits but for the sizes.

    A file that cannot be read, or is no manifest, is passed over: it says nothing about the checkpoint.

    Args:
        header: what the checkpoint holds.
        manifests: name of each preset, and the file of its manifest.

    Returns:
        Those that fit, the ones with the fewest casts first; then those with other sizes, the nearest first.
    """
    there = _Names.of(header)
    architectures: dict[_Architecture, list[_Known]] = {}
    for preset, path in manifests:
        known = _read(preset, path)
        if known is not None and known.architecture.may_have(there):
            architectures.setdefault(known.architecture, []).append(known)
    found = [each for alike in architectures.values() for each in _fitting(header, there, alike)]
    distance = {each.preset: abs(math.log((each.elements + 1) / (there.elements + 1))) for each in found}
    return sorted(found, key=lambda each: (not each.fits, each.casts, distance[each.preset]))


@frozen
class _Names:
    """What is compared of a checkpoint with every manifest.

    Attributes:
        patterns: its names, with `#` for each index.
        sizes: for each name the number of elements.
        elements: of all tensors.
    """

    patterns: frozenset[str]
    sizes: Mapping[str, int]
    elements: int

    @classmethod
    def of(cls, header: CheckpointHeader) -> _Names:
        sizes = {name: math.prod(tensor.shape) for name, tensor in header.tensors.items()}
        return cls(frozenset(map(index_free, sizes)), sizes, sum(sizes.values()))


@frozen
class _Architecture:
    """What manifests of one class in several sizes have in common.

    Attributes:
        model: name of the class.
        parameters: names of the parameters, with `#` for each index.
        others: what a file may also hold: ties, computed buffers, tensors of which parameters are made.
        migrates: whether older checkpoints may have other names.
    """

    model: str
    parameters: frozenset[str]
    others: frozenset[str]
    migrates: bool

    def has(self, there: _Names) -> bool:
        """Whether a file of it may have these names."""
        return there.patterns <= self.parameters | self.others

    def may_have(self, there: _Names) -> bool:
        """Whether a file of it, or of what it was before migrations, may have these names."""
        return self.migrates or self.has(there)


@frozen
class _Known:
    """What is compared of a manifest with the checkpoint.

    Attributes:
        preset: its name.
        path: its file.
        architecture: its names.
        elements: of all parameters.
        doubles: names under which a file may hold what is no parameter, or is one a second time.
    """

    preset: str
    path: Path
    architecture: _Architecture
    elements: int
    doubles: frozenset[str]

    def may_fit(self, there: _Names) -> bool:
        """Whether the number of elements allows it, whatever the shapes are."""
        beside = sum(there.sizes.get(name, 0) for name in self.doubles)
        return self.elements <= there.elements <= self.elements + beside


def _read(preset: str, path: Path) -> _Known | None:
    """Read as much of a manifest as rules most of them out; it is checked when it is not."""
    try:
        document = json.loads(read_bounded(path))
        doubles = [*document.get("ties", ()), *document.get("computed", ()), *_named(document.get("copies", ()))]
        others = frozenset(map(index_free, [*doubles, *_named(document.get("stored", ()))]))
        parameters = frozenset(index_free(BRACES.sub("#", name)) for name in _named(document["parameters"]))
        elements = int(document["totals"]["elements"])
        architecture = _Architecture(str(document["model"]), parameters, others, bool(document.get("migrations")))
        return _Known(preset, path, architecture, elements, frozenset(doubles))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _named(items: Iterable[Any]) -> Iterator[str]:
    return (item["name"] for item in items)


def _fitting(header: CheckpointHeader, there: _Names, alike: list[_Known]) -> Iterator[Candidate]:
    """Give those of one class that fit, and the others if the checkpoint has every name of the class."""
    complete: bool | None = None if alike[0].architecture.has(there) else False
    for known in alike:
        manifest = _manifest(known) if complete is None or known.may_fit(there) else None
        if manifest is not None and complete is None:
            complete = _has_all(there, manifest)
        casts = _casts(header, manifest) if manifest is not None and known.may_fit(there) else None
        if casts is not None:
            yield Candidate(known.preset, known.architecture.model, known.elements, True, casts)
        elif complete:
            yield Candidate(known.preset, known.architecture.model, known.elements, False)


def _manifest(known: _Known) -> Manifest | None:
    try:
        return Manifest.from_json(read_bounded(known.path))
    except (OSError, JSONProblem, ManifestError):
        return None


def _has_all(there: _Names, manifest: Manifest) -> bool:
    """Whether every parameter is in the checkpoint under one of its names, or made of something that is."""
    found = {entry.name for entry in manifest if index_free(entry.name) in there.patterns}
    found |= {owner for alias, owner in manifest.ties.items() if index_free(alias) in there.patterns}
    for stored in (*manifest.stored, *manifest.copies):
        if index_free(stored.name) in there.patterns:
            found.update(stored.parameters)
    return len(found) == len(manifest)


def _casts(header: CheckpointHeader, manifest: Manifest) -> int | None:
    """Count the parameters whose dtype a load would convert; None: the checkpoint does not fit."""
    try:
        plan = make_plan(manifest, header)
    except CheckpointMismatchError:
        return None
    return sum(step.dtype != step.tensor.dtype for step in plan.steps)
