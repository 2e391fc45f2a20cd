"""What `lazycell inspect` prints: the contents of a checkpoint, as text and as JSON."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import show, sources
from .._frozen import frozen
from ..formats import CheckpointHeader, TensorHeader
from ..gate import Candidate
from ..manifest import alike, manifest_of_header
from ..system import JSONProblem, read_bounded, read_object
from ._typed import typed

if TYPE_CHECKING:
    from ._asked import Asked

_NOBODY: Mapping[str, Asked] = {}

_VALUE = 160
"""Characters that are shown of a value of the metadata."""

_ROWS = 20
"""Shards, and lines of metadata, that are shown."""

_STORED = ("stored as",)
"""What is shown beside where tensors are computed as they are read."""

_NAMED = 5
"""Presets of other sizes that are named."""


@frozen
class _Sum:
    """How many tensors there are of one kind, and how large they are."""

    tensors: int
    elements: int
    nbytes: int

    @classmethod
    def of(cls, tensors: Iterable[TensorHeader]) -> _Sum:
        all_ = list(tensors)
        return cls(len(all_), sum(math.prod(each.shape) for each in all_), sum(each.nbytes for each in all_))

    @property
    def json(self) -> dict[str, int]:
        return {"tensors": self.tensors, "elements": self.elements, "bytes": self.nbytes}

    @property
    def words(self) -> tuple[str, str, str]:
        return _many(self.tensors, "tensor"), _many(self.elements, "element"), show.format_bytes(self.nbytes)


# ---------------------------------------------------------------------------------------------------------------- JSON


def contents_json(
    header: CheckpointHeader,
    fitting: Sequence[Candidate],
    asked: Asked | None = None,
    named: Mapping[str, Asked] = _NOBODY,
) -> dict[str, Any]:
    """Give everything that the headers tell, as JSON holds it.

    Args:
        header: of the checkpoint.
        fitting: the models that it may be of.
        asked: what the class says that its config.json asks for.
        named: what the models say that the user names.
    """
    return {
        "path": str(header.path),
        "format": header.format,
        "totals": _Sum.of(header.tensors.values()).json,
        "dtypes": {dtype: total.json for dtype, total in _by_dtype(header).items()},
        "stored": {
            origin or dtype: total.json | {"stored_bytes": stored}
            for (dtype, origin), (total, stored) in _by_origin(header).items()
        },
        "quantized": quantized_weights(header),
        "files": [{"path": str(path), **total.json} for path, total in _by_file(header).items()],
        "metadata": dict(header.metadata),
        "config": _config(header.path),
        "asked": None if asked is None else asked.json,
        "models": [{"model": model, **each.json} for model, each in named.items()],
        "fits": [
            {"preset": each.preset, "model": each.model, "elements": each.elements, "casts": each.casts}
            for each in fitting
            if each.fits
        ],
        "other_sizes": [
            {"preset": each.preset, "model": each.model, "elements": each.elements} for each in fitting if not each.fits
        ],
        "tensors": [_tensor_json(tensor) for tensor in header.tensors.values()],
    }


def _tensor_json(tensor: TensorHeader) -> dict[str, Any]:
    places = [{"file": str(part.path), "start": part.start, "stop": part.stop} for part in tensor.byte_ranges]
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "origin": tensor.origin,
        "bytes": tensor.nbytes,
        "ranges": places,
    }


def _config(path: Path) -> dict[str, Any] | None:
    """Give what the `config.json` beside a checkpoint says of the model; None: there is none that says anything."""
    try:
        config = read_object(read_bounded(path.parent / "config.json"))
    except (OSError, JSONProblem):
        return None
    names = config.get("architectures")
    return {
        "model_type": config["model_type"] if isinstance(config.get("model_type"), str) else None,
        "architectures": [each for each in names if isinstance(each, str)] if isinstance(names, list) else [],
    }


# ---------------------------------------------------------------------------------------------------------------- text


def print_contents(
    header: CheckpointHeader,
    fitting: Sequence[Candidate],
    asked: Asked | None = None,
    named: Mapping[str, Asked] = _NOBODY,
    *,
    every: bool,
) -> None:
    """Print what the headers tell.

    Args:
        header: of the checkpoint.
        fitting: the models that it may be of.
        asked: what the class says that its config.json asks for.
        named: what the models say that the user names.
        every: whether to list every tensor, with its place; else repeated layers share a row.
    """
    show.say_lines(_summary(header, fitting, asked, named))
    print_tensors(header, every=every)


def print_tensors(header: CheckpointHeader, *, every: bool) -> None:
    """Print a table of the tensors; `every` as for `print_contents`."""
    if header.tensors:
        show.say()
        if every:
            head: tuple[str, ...] = ("name", "shape", "dtype", "bytes", "file", "from", "to")
            show.print_table(head + _STORED * _is_computed(header), _places(header), right=(3, 5, 6))
        else:
            head = ("name", "tensors", "shape", "dtype", "bytes")
            show.print_table(head + (*_STORED, "bytes") * _is_computed(header), _groups(header), right=(1, 4, 6))


def quantized_weights(header: CheckpointHeader) -> dict[str, int]:
    """Count the weights that a load computes from several tensors, by what is stored."""
    if not header.may_have_codes:
        return {}
    found: dict[str, int] = {}
    for name, tensor in sources.dequantized(header).tensors.items():
        if tensor is not header.tensors.get(name):
            found[tensor.origin] = found.get(tensor.origin, 0) + 1
    return found


def summary_of(header: CheckpointHeader) -> str:
    """Say in one line what a checkpoint is."""
    words = ", ".join(_Sum.of(header.tensors.values()).words)
    stored = sum(nbytes for _, nbytes in _by_origin(header).values())
    computed = f", computed from {show.format_bytes(stored)}" if _is_computed(header) else ""
    return f"{header.path}: {header.format}, {words}{computed}"


def _summary(
    header: CheckpointHeader, fitting: Sequence[Candidate], asked: Asked | None, named: Mapping[str, Asked]
) -> Iterator[str]:
    yield summary_of(header)
    kinds = _by_origin(header)
    if len(kinds) > 1:
        rows: list[tuple[str, ...]] = [
            (_kind(*kind), *total.words, f"from {show.format_bytes(stored)}" if kind[1] else "")
            for kind, (total, stored) in kinds.items()
        ]
        yield from show.align(rows if _is_computed(header) else [row[:-1] for row in rows], right=(1, 2, 3))
    else:
        yield from (f"  all {_kind(*kind)}" for kind in kinds)
    quantized = [f"{_many(count, 'weight')} of {origin}" for origin, count in quantized_weights(header).items()]
    if quantized:
        yield f"quantized: {', '.join(quantized)}, which are floats in a load"
    files = _by_file(header)
    if len(files) > 1:
        yield f"{len(files)} files:"
        rows = [(_near(path, header), *total.words) for path, total in files.items()]
        yield from show.align(show.cut(rows, _ROWS), right=(1, 2, 3))
    if header.metadata:
        yield "metadata:"
        told = [f"{_short(key)}: {_short(value)}" for key, value in header.metadata.items()]
        yield from (f"  {line}" for line in show.few_lines(told, _ROWS))
    config = _config(header.path)
    if config is not None:
        said = [config["model_type"] or "no model_type", *config["architectures"]]
        yield f"config.json: {_short(', '.join(said))}"
    if asked is not None:
        yield asked.text
        if asked.fits is False:
            path = typed(str(header.path if header.format == "gguf" else header.path.parent)) or "…"
            yield f"`lazycell check {path} {path}` says why"
    for model, each in named.items():
        yield each.text
        if not each.fits:
            yield f"`lazycell check {typed(model) or '…'} {typed(str(header.path)) or '…'}` says why"
    if fitting or not (named or (asked is not None and asked.fits is not None)):
        yield from _verdict(header, fitting)


def _verdict(header: CheckpointHeader, fitting: Sequence[Candidate]) -> Iterator[str]:
    for each in fitting:
        if each.fits:
            cast = f"; the dtype of {_many(each.casts, 'tensor')} is converted" if each.casts else ""
            yield f"fits {each.preset} ({each.model}){cast}"
    sizes: dict[str, list[str]] = {}
    for each in fitting:
        if not each.fits:
            sizes.setdefault(each.model, []).append(each.preset)
    fits = {each.model for each in fitting if each.fits}
    path = typed(str(header.path)) or "…"
    for model, presets in sizes.items():
        shown = show.few(presets, _NAMED)
        if model in fits:
            yield f"the same architecture with other sizes: {shown}"
        else:
            yield f"the architecture of {model} with other sizes than its presets, nearest first: {shown}"
            yield f"`lazycell infer {model} {path}` solves the sizes"
    if not fitting:
        yield f"fits no registered model; `lazycell check MODEL {path}` says why it does not fit one"


def _groups(header: CheckpointHeader) -> list[tuple[str, ...]]:
    return [
        (
            title,
            f"{len(entries):,}",
            str(entries[0].shape),
            entries[0].dtype,
            show.format_bytes(sum(entry.nbytes for entry in entries)),
            *(_stored([header.tensors[entry.name] for entry in entries]) if _is_computed(header) else ()),
        )
        for title, entries in alike(manifest_of_header(header))
    ]


def _stored(tensors: Sequence[TensorHeader]) -> tuple[str, str]:
    """Say what tensors are computed from, and how much of it there is."""
    origins = ", ".join(dict.fromkeys(tensor.origin or tensor.dtype for tensor in tensors))
    return origins, show.format_bytes(sum(map(_stored_bytes, tensors)))


def _places(header: CheckpointHeader) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for tensor in header.tensors.values():
        what = (tensor.name, str(tensor.shape), tensor.dtype, f"{tensor.nbytes:,}")
        parts = list(tensor.byte_ranges)
        origin = (tensor.origin,) * _is_computed(header)
        rows += [(*what, _near(part.path, header), str(part.start), str(part.stop), *origin) for part in parts]
        if not parts:
            rows.append((*what, "", "", "", *origin))
    return rows


def _by_dtype(header: CheckpointHeader) -> dict[str, _Sum]:
    """Sum up by dtype, the one with most bytes first."""
    groups: dict[str, list[TensorHeader]] = {}
    for tensor in header.tensors.values():
        groups.setdefault(tensor.dtype, []).append(tensor)
    sums = {dtype: _Sum.of(tensors) for dtype, tensors in groups.items()}
    return dict(sorted(sums.items(), key=lambda item: -item[1].nbytes))


def _by_origin(header: CheckpointHeader) -> dict[tuple[str, str], tuple[_Sum, int]]:
    """Sum up by dtype and origin, with the bytes that are stored; the one with most bytes first."""
    groups: dict[tuple[str, str], list[TensorHeader]] = {}
    for tensor in header.tensors.values():
        groups.setdefault((tensor.dtype, tensor.origin), []).append(tensor)
    sums = {kind: (_Sum.of(tensors), sum(map(_stored_bytes, tensors))) for kind, tensors in groups.items()}
    return dict(sorted(sums.items(), key=lambda item: -item[1][0].nbytes))


def _stored_bytes(tensor: TensorHeader) -> int:
    return sum(part.nbytes for part in tensor.byte_ranges) if tensor.origin else tensor.nbytes


def _is_computed(header: CheckpointHeader) -> bool:
    """Whether something else is stored of some tensors, from which they are computed."""
    return any(tensor.origin for tensor in header.tensors.values())


def _kind(dtype: str, origin: str) -> str:
    return f"{dtype} from {origin}" if origin else dtype


def _by_file(header: CheckpointHeader) -> dict[Path, _Sum]:
    """Sum up by file, in the order of the checkpoint; a tensor is counted where it begins."""
    groups: dict[Path, list[TensorHeader]] = {}
    for tensor in header.tensors.values():
        # A part of another kind may say where it is, too.
        paths = (getattr(part, "path", None) for part in tensor.ranges)
        path = next((path for path in paths if isinstance(path, Path)), header.path)
        groups.setdefault(path, []).append(tensor)
    return {path: _Sum.of(tensors) for path, tensors in groups.items()} or {header.path: _Sum.of(())}


def _near(path: Path, header: CheckpointHeader) -> str:
    return os.path.relpath(path, header.path.parent)


def _short(text: str) -> str:
    return text if len(text) <= _VALUE else f"{text[:_VALUE]}... ({len(text):,} characters)"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
