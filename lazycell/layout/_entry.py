"""One parameter of a model, on paper: what a checkpoint stores is told of entries."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import attrs

from .._dtypes import ITEMSIZES
from .._frozen import frozen
from ..declaration import Reshaped
from ..mesh import Share
from ._layout import Block, Form


@frozen
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
        declared_at: `models/layers.py:31`; None for a parameter of a plain cell. For people to read: two entries that
            differ in nothing else are equal.
        shard: for each dimension a mesh axis, a tuple of axes, or None.
        shares: for each dimension its sections, and how ranks divide each; None: as `shard` says.
        tags: the declaration's labels.
        sections: for each axis that was declared as `fused(…)`: the axis, and name and size of each of its sections.
        packed_bytes: the bytes of its values in a file, where `dtype` is the file's own name of one that no MindSpore
            tensor can hold (`F4`, `Int4`); None for all others, whose dtype tells.
        doc: what the declaration says about it, `param(…, doc="…")`; None where it says nothing. For people to read, as
            `declared_at`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    initializer: str
    trainable: bool = True
    expression: str | None = None
    declared_by: str | None = None
    declared_at: str | None = attrs.field(default=None, eq=False)
    shard: tuple[Any, ...] | None = None
    tags: tuple[str, ...] = ()
    sections: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = ()
    packed_bytes: int | None = None
    doc: str | None = attrs.field(default=None, eq=False)
    shares: tuple[tuple[Share, ...], ...] | None = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes of its values."""
        return self.size * ITEMSIZES[self.dtype] if self.packed_bytes is None else self.packed_bytes

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


def position_of(entry: ManifestEntry, index: int) -> Form:
    """Give one position of a parameter's first axis, `up[3]`, as a part of a stored tensor without that axis."""
    rest = entry.shape[1:]
    place = ((index, index + 1), *((0, size) for size in rest))
    return Reshaped(Block(entry.name, (1, *rest), entry.dtype, place, str(index)), rest)


def trainable_size(entries: Iterable[ManifestEntry]) -> int:
    """Give the number of elements for which gradients are taken."""
    return sum(entry.size for entry in entries if entry.trainable)
