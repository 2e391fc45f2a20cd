"""How ranks divide a tensor of a checkpoint that is made of parameters which they divide, and a rank's part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from ..declaration import Fused, Padded, Reshaped, Transposed, leaves
from ..mesh import Division, Owner, Place, Share
from ._form_shape import reversed_axes
from ._layout import Block, Form, shape_of

Sections = tuple[Share, ...]


class CannotDivide(ValueError):
    """No rank has a part of the tensor by itself."""


def division_of(form: Form, divisions: Mapping[str, Division]) -> Division:
    """Give how ranks divide what a form stands for.

    Args:
        form: a tensor of a checkpoint.
        divisions: of the parameters.

    Raises:
        CannotDivide: what a rank has of the parameters is no box of the tensor.
    """
    if all(not divisions[block.parameter].axes for block in leaves(form)):
        shape = shape_of(form)
        return Division(shape, tuple((Share(size),) for size in shape))
    match form:
        case Block():
            return _of_block(form, divisions[form.parameter])
        case Transposed(inner, axes):
            found = division_of(inner, divisions)
            axes = reversed_axes(len(found.shape)) if axes is None else axes
            return Division(shape_of(form), tuple(found.shares[axis] for axis in axes), found.owners)
        case Fused(axis, sections):
            return _joined(axis, [division_of(part, divisions) for _, part in sections], shape_of(form))
        case Reshaped(inner):
            return _reshaped(division_of(inner, divisions), shape_of(form))
        case Padded(inner, axis, before, after):
            found = division_of(inner, divisions)
            ends = [(Share(size),) if size else () for size in (before, after)]
            shares = list(found.shares)
            shares[axis] = (*ends[0], *shares[axis], *ends[1])
            return Division(shape_of(form), tuple(shares), found.owners)
    raise CannotDivide("it is one of two halves of a weight that ranks divide")


def _of_block(block: Block, whole: Division) -> Division:
    if block.place is None:
        return whole
    shares, owners = [], list(whole.owners)
    for sections, (start, stop) in zip(whole.shares, block.place, strict=True):
        position, inside = 0, []
        for share in sections:
            first, last = max(start, position), min(stop, position + share.size)
            if last > first:
                if last - first == share.size:
                    inside.append(share)
                elif not share.axes:
                    inside.append(attrs.evolve(share, size=last - first, units=0))
                elif last - first == 1 and len(share.axes) == 1 and share.units in (0, share.size) and not share.shared:
                    owners.append(Owner(share.axes[0], first - position, share.size, share.name))
                    inside.append(Share(1))
                else:
                    raise CannotDivide(f"it is made of a part of a section of {block.parameter!r} that ranks divide")
            position += share.size
        shares.append(tuple(inside))
    return Division(block.shape, tuple(shares), tuple(owners))


def _joined(axis: int, parts: Sequence[Division], shape: tuple[int, ...]) -> Division:
    first = parts[0]
    if any(each.shares[k] != first.shares[k] for each in parts for k in range(len(shape)) if k != axis):
        raise CannotDivide("ranks divide what is joined in it along other axes")
    if all(each.owners == first.owners for each in parts):
        sections = tuple(share for each in parts for share in each.shares[axis])
        return Division(shape, (*first.shares[:axis], sections, *first.shares[axis + 1 :]), first.owners)
    # One after another of a list, such as experts: what was an owner each is a share of the joined axis.
    owners = [[each for each in part.owners if each not in _common(parts)] for part in parts]
    listed = [each[0] for each in owners if len(each) == 1 and isinstance(each[0], Owner)]
    alike = {(each.axis, each.count, each.name) for each in listed}
    in_order = [each.position for each in listed] == list(range(len(parts)))
    sizes = {part.shape[axis] for part in parts}
    undivided = not any(share.axes for part in parts for share in part.shares[axis])
    if len(alike) == 1 and in_order and listed[0].count == len(parts) and len(sizes) == 1 and undivided:
        share = Share(shape[axis], (listed[0].axis,), len(parts), name=listed[0].name)
        return Division(shape, (*first.shares[:axis], (share,), *first.shares[axis + 1 :]), _common(parts))
    raise CannotDivide("what is joined in it is on different ranks")


def _common(parts: Sequence[Division]) -> tuple[Any, ...]:
    return tuple(each for each in parts[0].owners if all(each in part.owners for part in parts))


def _reshaped(found: Division, shape: tuple[int, ...]) -> Division:
    """Give the division of the same elements in another shape: dimensions of length 1 come and go, one is split."""
    before = [(size, sections) for size, sections in zip(found.shape, found.shares, strict=True) if size != 1]
    shares: list[Sections] = []
    position = 0
    for size in shape:
        if size == 1:
            shares.append((Share(1),))
        elif position < len(before) and before[position][0] == size:
            shares.append(before[position][1])
            position += 1
        elif position < len(before) and len(before[position][1]) == 1:
            # A dimension that is split: what cannot be cut has to lie in the outer part.
            (share,) = before[position][1]
            rest = share.size // size
            units = share.units or share.size
            if share.size % size or (share.axes and size % units):
                raise CannotDivide("it has another shape, in which the parts of ranks are no boxes")
            shares.append((attrs.evolve(share, size=size, units=units if share.axes else 0),))
            before[position] = (rest, (Share(rest),))
        else:
            raise CannotDivide("it has another shape, in which the parts of ranks are no boxes")
    if position != len(before):
        raise CannotDivide("it has another shape, in which the parts of ranks are no boxes")
    return Division(shape, tuple(shares), found.owners)


def form_here(form: Form, divisions: Mapping[str, Division], at: Callable[[Division], Place | None]) -> Form | None:
    """Give the form by which this rank's part of a tensor is made of its parts of parameters.

    Args:
        form: a tensor of a checkpoint, which `division_of` can divide.
        divisions: of the parameters.
        at: gives what this rank has by a division.

    Returns:
        The form, whose blocks are of the parts; None: this rank has nothing of the tensor.
    """
    place = at(division_of(form, divisions))
    if place is None:
        return None
    match form:
        case Block():
            return _block_here(form, at(divisions[form.parameter]))
        case Transposed(inner) | Padded(inner):
            return attrs.evolve(form, inner=form_here(inner, divisions, at))
        case Reshaped(inner):
            return Reshaped(form_here(inner, divisions, at), place.shape)
        case Fused(axis, sections):
            here = [(name, form_here(part, divisions, at)) for name, part in sections]
            return Fused(axis, tuple((name, part) for name, part in here if part is not None))
    return form  # of what every rank has all of


def _block_here(block: Block, place: Place | None) -> Block | None:
    if place is None:
        return None
    if block.place is None:
        return attrs.evolve(block, shape=place.shape)
    chosen = []
    for ranges, (start, stop) in zip(place.ranges, block.place, strict=True):
        position, found = 0, []
        for first, last in ranges:
            low, high = max(first, start), min(last, stop)
            if high > low:
                found.append((position + low - first, position + high - first))
            position += last - first
        if not found:
            return None
        chosen.append((found[0][0], found[-1][1]))  # what is between them is of the block, too
    return attrs.evolve(block, shape=tuple(stop - start for start, stop in chosen), place=tuple(chosen))
