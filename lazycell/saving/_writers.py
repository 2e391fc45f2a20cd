"""Which rank writes which part of each tensor: of those that have it, the one with the fewest bytes so far."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Mapping, Sequence

from .. import _dtypes
from .._frozen import frozen
from ..mesh import Box, Division, Mesh, Place, Share
from ._output import Content


@frozen
class Written:
    """What of a tensor a rank writes.

    Attributes:
        content: the tensor, whole.
        place: what of it the rank has.
        boxes: which boxes of that it writes: where each is in the whole, and where in the rank's part.
    """

    content: Content
    place: Place
    boxes: tuple[tuple[Box, Box], ...]

    @property
    def nbytes(self) -> int:
        """How many bytes it writes."""
        return sum(_elements(there) for there, _ in self.boxes) * _dtypes.ITEMSIZES[self.content.dtype]


def writers(contents: Sequence[Content], divisions: Mapping[str, Division | None], mesh: Mesh) -> list[list[Written]]:
    """Give what each rank writes, the same on every rank: each element once.

    Args:
        contents: the tensors.
        divisions: how each is divided, by name; one that has none is whole on every rank.
        mesh: of the ranks.

    Raises:
        ValueError: a tensor has no equal parts for so many ranks, or a division is not that of the tensor.
    """
    load = [0] * mesh.ranks
    found: list[list[tuple[int, Written]]] = [[] for _ in load]
    # The largest first: the small ones fill what is left uneven.
    for position, content in sorted(enumerate(contents), key=lambda each: (-each[1].nbytes, each[0])):
        division = divisions.get(content.name) or whole_division(content.shape)
        itemsize = _dtypes.ITEMSIZES[content.dtype]
        written: dict[int, tuple[Place, list[tuple[Box, Box]]]] = {}
        for there, owners in _boxes(list(division.holders(mesh))).items():
            rank = min(owners, key=lambda each: (load[each], each))
            load[rank] += _elements(there) * itemsize
            place, here = owners[rank]
            written.setdefault(rank, (place, []))[1].append((there, here))
        count = sum(_elements(there) for _, boxes in written.values() for there, _ in boxes)
        if count != math.prod(content.shape):
            raise ValueError(
                f"tensor {content.name!r} has {math.prod(content.shape)} elements, and {mesh} has {count} "
                "of them: its division is that of another tensor"
            )
        for rank, (place, boxes) in written.items():
            found[rank].append((position, Written(content, place, tuple(boxes))))
    return [[written for _, written in sorted(each, key=lambda pair: pair[0])] for each in found]


def _boxes(places: Sequence[tuple[Place, list[int]]]) -> dict[Box, dict[int, tuple[Place, Box]]]:
    """Cut what ranks have into boxes that they share or do not; give who has each, and where in the rank's part it is.

    Of a dimension in sections, `fused(…)`, ranks may have parts of some, and all of others.
    """
    edges: list[set[int]] = [set() for _ in places[0][0].whole] if len(places) > 1 else []
    for place, _ in places:
        for axis, found in enumerate(edges):
            found.update(edge for each in place.ranges[axis] for edge in each)
    ordered = [sorted(each) for each in edges]
    boxes: dict[Box, dict[int, tuple[Place, Box]]] = {}
    for place, ranks in places:
        for there, here in place.boxes():
            for piece in itertools.product(*map(_parted, there, ordered)) if ordered else [there]:
                inside = tuple(
                    (start - first + second, stop - first + second)
                    for (start, stop), (first, _), (second, _) in zip(piece, there, here, strict=True)
                )
                boxes.setdefault(piece, {}).update(dict.fromkeys(ranks, (place, inside)))
    return boxes


def _parted(whole: tuple[int, int], edges: Sequence[int]) -> list[tuple[int, int]]:
    """Part a range at the edges inside of it."""
    start, stop = whole
    inner = edges[bisect.bisect_right(edges, start) : bisect.bisect_left(edges, stop)]
    return list(itertools.pairwise([start, *inner, stop]))


def _elements(box: Box) -> int:
    return math.prod(stop - start for start, stop in box)


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
