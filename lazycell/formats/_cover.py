"""Boxes of a tensor, in one file or another: whether they are all of it, and how it is read from them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ._boxed import Box, boxed
from ._header import ByteRange, Part

_MOST_AXES = 12  # along which anybody would divide a tensor: each doubles the corners that are looked at


def covers_once(shape: tuple[int, ...], boxes: Sequence[Box]) -> bool:
    """Whether boxes, inside of a shape, cover each of its elements, and none twice.

    They do if they have as many elements as the shape, and each corner that an odd number of them has in common is one
    of the shape's: then every element is in an odd number of boxes, so in one at least, and there are none to spare.
    """
    axes = [axis for axis, size in enumerate(shape) if any(box[axis] != (0, size) for box in boxes)]
    elements = sum(math.prod(stop - start for start, stop in box) for box in boxes)
    if len(axes) > _MOST_AXES or elements != math.prod(shape):
        return False
    odd: set[tuple[int, ...]] = set()
    for box in boxes:
        if all(start < stop for start, stop in box):
            odd.symmetric_difference_update(_corners([box[axis] for axis in axes]))
    wanted = set(_corners([(0, shape[axis]) for axis in axes])) if elements else set()
    return odd == wanted


def parts_of(shape: tuple[int, ...], itemsize: int, places: Sequence[tuple[Box, ByteRange]]) -> tuple[Part, ...]:
    """Give the parts of a tensor, one after the other: plain ranges of bytes where each box is a run of its elements.

    Args:
        shape: of the tensor.
        itemsize: bytes of an element.
        places: boxes, which cover the tensor, each element once, and where the bytes of each are.
    """
    if len(places) == 1 or 0 in shape:
        return (places[0][1],)
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    places = [each for each in places if each[1].nbytes]
    places.sort(key=lambda each: sum(start * by for (start, _), by in zip(each[0], strides, strict=True)))
    if all(_is_run(shape, box) for box, _ in places):
        return tuple(place for _, place in places)
    return (boxed(shape, itemsize, places),)


def _is_run(shape: tuple[int, ...], box: Box) -> bool:
    """Whether a box's elements lie one after the other in the tensor."""
    cut = [axis for axis, (start, stop) in enumerate(box) if stop - start < shape[axis]]
    return not cut or all(stop - start == 1 for start, stop in box[: cut[-1]])


def _corners(box: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    corners: list[tuple[int, ...]] = [()]
    for start, stop in box:
        corners = [(*corner, edge) for corner in corners for edge in (start, stop)]
    return corners
