"""A model's manifest: every parameter it has, as data, known before any memory is touched."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from .._collapse import collapse
from .._dtypes import itemsize
from .._stream_version import STREAM_VERSION
from .._table import align
from ..declaration._forms import form_text
from ._layout import Block, Stored
from ._layout_text import layout_lines


@attrs.frozen
class ManifestEntry:
    """One parameter, or one buffer that is saved.

    Attributes:
        name: its full name, as checkpoints have it.
        shape: its dimensions.
        dtype: canonical name of its dtype.
        initializer: the initializer as written: `normal`, `Normal(sigma=0.02, mean=0.0)`, `1.0`, a function's name.
        trainable: whether gradients are taken for it.
        expression: the declared shape, `(n_heads * head_dim, hidden)`; None for a parameter of a plain cell.
        declared_by: class and attribute, `Linear.weight`; None for a parameter of a plain cell.
        declared_at: `models/layers.py:31`; None for a parameter of a plain cell.
        shard: for each dimension a mesh axis, a tuple of axes, or None.
        tags: the declaration's labels.
        sections: for each axis that was declared as `fused(…)`: the axis, and name and size of each of its sections.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    initializer: str
    trainable: bool = True
    expression: str | None = None
    declared_by: str | None = None
    declared_at: str | None = None
    shard: tuple[Any, ...] | None = None
    tags: tuple[str, ...] = ()
    sections: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = ()

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes of its values."""
        return self.size * itemsize(self.dtype)

    @property
    def block(self) -> Block:
        """All of it, as a part of a stored tensor."""
        return Block(self.name, self.shape, self.dtype)

    @property
    def section_blocks(self) -> dict[str, tuple[int, Block]]:
        """Each section by its name: the axis that it is a part of, and the section as a part of a stored tensor."""
        blocks: dict[str, tuple[int, Block]] = {}
        for axis, named in self.sections:
            start = 0
            for name, size in named:
                shape = (*self.shape[:axis], size, *self.shape[axis + 1 :])
                place = tuple(
                    (start, start + size) if each == axis else (0, whole) for each, whole in enumerate(self.shape)
                )
                blocks[name] = (axis, Block(self.name, shape, self.dtype, place, name))
                start += size
        return blocks


@attrs.frozen
class Manifest:
    """Every parameter of a model, in order of declaration.

    Attributes:
        model: name of the class.
        entries: the parameters; one that is tied to another is not among them.
        ties: for each name that is tied, the name of the parameter that it stands for.
        computed: names of the buffers that are computed, not saved; a stored copy of one is ignored.
        hyperparameters: the values that the shapes were computed from.
        stored: the tensors of a checkpoint that are not simply a parameter under its own name, as `rename({…})` in
            the class bodies says.
        copies: what a checkpoint may store a second time under the name of a tie; read, never written.
        stream_version: which streams `init_parameters_data(seed)` draws from: with another one, a seed gives other
            values.
    """

    model: str
    entries: tuple[ManifestEntry, ...]
    ties: Mapping[str, str] = attrs.field(factory=dict)
    computed: frozenset[str] = frozenset()
    hyperparameters: Mapping[str, Any] = attrs.field(factory=dict)
    stored: tuple[Stored, ...] = ()
    copies: tuple[Stored, ...] = ()
    stream_version: int = STREAM_VERSION
    _by_name: dict[str, ManifestEntry] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {entry.name: entry for entry in self.entries})

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[ManifestEntry]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name or name in self.ties

    def __getitem__(self, name: str) -> ManifestEntry:
        return self._by_name[self.ties.get(name, name)]

    @property
    def size(self) -> int:
        """The number of elements of all parameters, each tied one counted once."""
        return sum(entry.size for entry in self.entries)

    @property
    def nbytes(self) -> int:
        """The bytes of all parameters, each tied one counted once."""
        return sum(entry.nbytes for entry in self.entries)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of names, shapes, dtypes, ties and layout: equal when checkpoints can be exchanged."""
        lines = [f"{entry.name} {entry.dtype} {list(entry.shape)}" for entry in self.entries]
        lines += [f"{target} = {source}" for target, source in self.ties.items()]
        lines += [f"{each.name} {list(each.shape)} {form_text(each.form)}" for each in self.stored]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()

    def __str__(self) -> str:
        return "\n".join(_table(self))


def _table(manifest: Manifest) -> Iterable[str]:
    """Lay out a manifest as aligned plain text, repeated layers in one row."""
    rows = [("parameter", "shape", "dtype", "initializer", "declared as")]
    groups = collapse(entry.name for entry in manifest.entries)
    for pattern, members in groups:
        # One row can stand for several parameters only where they are alike.
        alike: dict[tuple[Any, ...], list[str]] = {}
        for name in members:
            entry = manifest[name]
            alike.setdefault((entry.shape, entry.dtype, entry.initializer, entry.expression), []).append(name)
        for (shape, dtype, initializer, expression), names in alike.items():
            titles = [pattern] if len(alike) == 1 else [title for title, _ in collapse(names)]
            rows += [(title, str(shape), dtype, initializer, expression or "") for title in titles]
    yield f"{manifest.model}({', '.join(f'{key}={value!r}' for key, value in manifest.hyperparameters.items())})"
    yield from align(rows, indent="")
    for target, source in manifest.ties.items():
        yield f"{target} is tied to {source}"
    yield from layout_lines(manifest.stored)
    trainable = sum(entry.size for entry in manifest.entries if entry.trainable)
    many = "" if len(manifest) == 1 else "s"
    yield (
        f"{len(manifest):,} parameter{many}, {manifest.size:,} elements ({trainable:,} trainable), "
        f"{manifest.nbytes:,} bytes, digest {manifest.digest[:12]}"
    )
