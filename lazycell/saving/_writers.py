"""Which rank writes which part of each tensor: of those that have it, the one with the fewest bytes so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .. import _dtypes
from .._frozen import frozen
from ..mesh import Box, Division, Mesh, Place, Share
from ._output import Content


@frozen
class Written:
    """A part of a tensor that a rank writes.

    Attributes:
        content: the tensor, whole.
        place: what of it the rank has.
    """

    content: Content
    place: Place

    @property
    def nbytes(self) -> int:
        """Bytes of the part."""
        return self.place.size * _dtypes.itemsize(self.content.dtype)


def writers(contents: Sequence[Content], divisions: Mapping[str, Division | None], mesh: Mesh) -> list[list[Written]]:
    """Give what each rank writes, the same on every rank: each element once.

    Args:
        contents: the tensors.
        divisions: how each is divided, by name; one that has none is whole on every rank.
        mesh: of the ranks.
    """
    load = [0] * mesh.ranks
    found: list[list[tuple[int, Written]]] = [[] for _ in load]
    # The largest first: the small ones fill what is left uneven.
    for position, content in sorted(enumerate(contents), key=lambda each: (-each[1].nbytes, each[0])):
        division = divisions.get(content.name) or whole_division(content.shape)
        for place, holders in division.holders(mesh):
            written = Written(content, place)
            rank = min(holders, key=lambda each: (load[each], each))
            load[rank] += written.nbytes
            found[rank].append((position, written))
    return [[written for _, written in sorted(each, key=lambda pair: pair[0])] for each in found]


def whole_division(shape: tuple[int, ...]) -> Division:
    """Give how a tensor is divided that every rank has all of."""
    return Division(shape, tuple((Share(size),) for size in shape))


def cut(box: Box, most: int, itemsize: int) -> list[Box]:
    """Cut a box into some of at most `most` bytes, in row-major order; an element is never cut."""
    if math.prod(stop - start for start, stop in box) * itemsize <= most:
        return [box]
    axis = next((axis for axis, (start, stop) in enumerate(box) if stop - start > 1), None)
    if axis is None:
        return [box]
    start, stop = box[axis]
    row = math.prod(last - first for first, last in box[axis + 1 :]) * itemsize
    step = max(1, most // row)
    slabs = [(*box[:axis], (at, min(at + step, stop)), *box[axis + 1 :]) for at in range(start, stop, step)]
    return slabs if step > 1 or row <= most else [piece for slab in slabs for piece in cut(slab, most, itemsize)]
