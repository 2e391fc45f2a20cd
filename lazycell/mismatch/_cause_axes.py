"""The cause of shapes that differ in axes of length 1 alone: 3-D weights of convolutions where the model has 4-D."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from ..declaration import Expanded, Reshaped, Squeezed
from ._cause_layouts import has_rule
from ._form_rules import FormRule, in_class, written
from ._problems import Cause, is_transposed
from ._sides import Sides

_SHAPES = 3


def axes(sides: Sides) -> Cause | None:
    """Tensors that have the model's elements in the model's order, with axes of length 1 less or more."""
    rules: list[FormRule] = []
    shapes: dict[tuple[tuple[int, ...], tuple[int, ...]], None] = {}
    for (_, ours, theirs), names in sides.alike.items():
        make = form_between(ours, theirs)
        if make is not None and ours != theirs:
            rules += [FormRule(name, name, make) for name in names]
            shapes[theirs, ours] = None
    if not rules:
        return None
    many = "1 tensor is" if len(rules) == 1 else f"{len(rules)} tensors are"
    listed = ", ".join(f"{theirs} for {ours}" for theirs, ours in list(shapes)[:_SHAPES])
    more = ", …" if len(shapes) > _SHAPES else ""
    why = " (as PyTorch has 1-D convolutions)" if any(_is_conv1d(ours, theirs) for theirs, ours in shapes) else ""
    text = f"{many} stored reshaped, differing in axes of length 1 alone{why}: {listed}{more}"
    explained = frozenset(rule.stored for rule in rules)
    todo = f"declare it in the class that holds them: {in_class(rules[:1])}"
    declared = not explained.isdisjoint(stored.name for stored in sides.manifest.stored)
    if declared:
        todo = f'change the rule for "{rules[0].stored}" in the class body: the checkpoint has other axes of length 1'
    rename = {} if has_rule(explained, sides) else written(rules, sides)
    return Cause("axes", text, explained, rename=rename, todo=f"or {todo}" if rename else todo)


def form_between(ours: tuple[int, ...], theirs: tuple[int, ...]) -> Callable[[Any], Any] | None:
    """Give what makes a stored tensor's form of the model's, where both differ in axes of length 1 alone.

    Args:
        ours: the shape of the model's.
        theirs: that of the stored tensor.

    Returns:
        A function of a form. None: they differ in more, or so that one may be the other transposed.
    """
    if ours == theirs:
        return lambda inner: inner
    if [size for size in ours if size != 1] != [size for size in theirs if size != 1] or is_transposed(ours, theirs):
        return None
    if (less := next(_dropped(ours, theirs), None)) is not None:
        return functools.partial(Squeezed, axes=less)
    if (more := next(_dropped(theirs, ours), None)) is not None:
        return functools.partial(Expanded, axes=more)
    return functools.partial(Reshaped, shape=theirs)


def _dropped(shape: tuple[int, ...], short: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Give the axes of length 1 without which a shape is another."""
    count = len(shape) - len(short)
    single = [axis for axis, size in enumerate(shape) if size == 1]
    for chosen in itertools.combinations(single, count) if 0 < count <= len(single) else ():
        if tuple(size for axis, size in enumerate(shape) if axis not in chosen) == short:
            yield chosen


def _is_conv1d(ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    return len(ours) == 4 and len(theirs) == 3 and (*theirs[:2], 1, theirs[2]) == ours
