"""Stored tensors that a rule makes of several names, or in another form: whose parts they are, and what they say."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._frozen import frozen
from ..declaration import (
    Direction,
    Each,
    Expanded,
    Expression,
    Fused,
    Half,
    Padded,
    Reshaped,
    Squeezed,
    StoredRule,
    Transposed,
    counter_of,
    evaluate,
    fill,
    form_text,
    leaves,
    operate,
    other_spelling,
    replace_leaves,
    replace_nodes,
)
from ._fact import Because, Fact, Guard, place_of
from ._names import NOTHING_STORED, Names, Shape, leaves_below, tree_of


@frozen(eq=False)
class _Formed:
    """A stored tensor that a rule of `rename({…})` makes of several names, or in another form."""

    name: str
    shape: Shape
    form: Any
    rule: StoredRule


@frozen(eq=False)
class Share:
    """One name's part in a stored tensor: a leaf of its form, perhaps one section of what has the name."""

    tensor: _Formed
    leaf: str
    pattern: str
    section: str | None

    @property
    def is_position(self) -> bool:
        """Whether it is one position of the first axis."""
        return counter_of(self.section) is not None

    @property
    def kind(self) -> Any:
        """Equal for the same part in tensors of one rule and shape."""
        return self.tensor.shape, id(self.tensor.rule), self.pattern


@frozen(eq=False)
class Block:
    """The declared size of one of the parts that a stored tensor is made of, and how many there are of it."""

    share: Share
    dimensions: tuple[Any, ...]
    guards: tuple[Guard, ...] = ()
    count: Any = 1


def as_declared(rules: Iterable[StoredRule], names: Names) -> tuple[Names, set[int]]:
    """Give the names as the class has them, where its rules say that a checkpoint has others.

    Returns:
        The names, and the identities of the tensors that are stored in another form because of these rules.
    """
    rules = [rule for rule in rules if rule.form is not None]
    if not rules:
        return names, set()
    made: dict[str, Names] = {}
    stacks: list[str] = []
    formed: list[_Formed] = []
    for stored, here in leaves_below(names):
        found = ((rule, _match(rule, stored)) for rule in rules)
        rule, captures = next(((rule, each) for rule, each in found if each is not None), (None, {}))
        if rule is None:
            made.setdefault(stored, here)
        elif isinstance(rule.form, str) and rule.leaves[0].section is None:
            made[fill(rule.form, captures)] = here
        elif here.shape is not None:
            for leaf in rule.leaves:  # of as many as there are, the first stands for all
                if leaf.text in rule.counted:
                    ours = rule.pattern.captures
                    counts = next(written for each, written in leaf.pattern.captures.items() if each not in ours)
                    stacks.append(fill(leaf.pattern.text.partition(counts)[0].rstrip("."), captures))
                    captures = {**dict.fromkeys(leaf.pattern.captures, "0"), **captures}
            form = replace_leaves(rule.form, functools.partial(_fill, captures))
            tensor = _Formed(stored, here.shape, form, rule)
            formed.append(tensor)
            for leaf, text in zip(rule.leaves, leaves(form), strict=True):
                share = Share(tensor, text, leaf.text, leaf.section)
                name = fill(leaf.pattern.text, captures)
                made[name] = Names(parts=(*made.get(name, NOTHING_STORED).parts, share))
    tree = tree_of(made)
    for path in stacks:
        tree.at(path).stacked = True
    return tree, {id(each) for each in formed}


def _match(rule: StoredRule, name: str) -> dict[str, str] | None:
    """Give what a rule's captures stand for in the name of a stored tensor; PyTorch has two names for a half."""
    captures = rule.pattern.match(name)
    if captures is None and isinstance(rule.form, Half) and (other := other_spelling(name)) is not None:
        return rule.pattern.match(other)
    return captures


def _fill(captures: Mapping[str, str], text: str) -> str:
    return fill(text, captures)


def facts_of_blocks(blocks: Iterable[Block], values: Mapping[str, Any], prefix: str) -> list[Fact]:
    """Give what the shape of each stored tensor says about the sizes of the names that it is made of."""
    by_tensor: dict[int, list[Block]] = {}
    for block in blocks:
        by_tensor.setdefault(id(block.share.tensor), []).append(block)
    facts: list[Fact] = []
    for parts in by_tensor.values():
        tensor = parts[0].share.tensor
        sizes = {block.share.leaf: block.dimensions for block in parts}
        if len(parts) != len(sizes) or sizes.keys() != set(leaves(tensor.form)):
            continue  # alternatives, of which shapes alone do not tell
        guards = tuple(dict.fromkeys(guard for block in parts for guard in block.guards))
        name = f"{prefix}{tensor.name}"
        text = f"`{name}` is {tensor.shape}, stored as `{form_text(tensor.form)}`{place_of(tensor.rule)}"
        try:
            counts = {block.share.leaf: block.count for block in parts}
            form = replace_nodes(tensor.form, lambda node: _with_values(node, values))
            equations = list(_form_equations(form, tensor.shape, sizes, values, counts))
        except (ValueError, IndexError):  # the form does not fit what is declared: the plan will say
            continue
        because = Because(name, text)
        facts += [
            Fact(each, size, True, guards, because, axis=axis)
            for axis, (each, size) in enumerate(equations)  # after the axes, the number of all elements
            if isinstance(each, Expression)
        ]
    return facts


def _with_values(node: Any, values: Mapping[str, Any]) -> Any:
    return Padded(node.inner, node.axis, *evaluate(node.sizes, values)) if isinstance(node, Padded) else node


def _form_equations(
    form: Any,
    shape: Shape,
    sizes: Mapping[str, tuple[Any, ...]],
    values: Mapping[str, Any],
    counts: Mapping[str, Any],
) -> Iterator[tuple[Any, int]]:
    if isinstance(form, Reshaped):
        yield from _pairs(evaluate(form.shape, values), shape)
        yield (
            functools.reduce(functools.partial(operate, "*"), _form_shape(form.inner, sizes, counts)),
            math.prod(shape),
        )
    else:
        yield from _pairs(_form_shape(form, sizes, counts), shape)


def _pairs(dimensions: Iterable[Any], shape: Shape) -> Iterator[tuple[Any, int]]:
    yield from zip(dimensions, shape, strict=True)


def _form_shape(form: Any, sizes: Mapping[str, tuple[Any, ...]], counts: Mapping[str, Any]) -> tuple[Any, ...]:
    match form:
        case Fused(axis, sections):
            shapes = [_joined_shape(part, axis, sizes, counts) for _, part in sections]
            first, *others = shapes
            total = first[axis]
            for other in others:
                total = operate("+", total, other[axis])
            return (*first[:axis], total, *first[axis + 1 :])
        case Transposed(inner, axes):
            before = _form_shape(inner, sizes, counts)
            order = axes if axes is not None else range(len(before) - 1, -1, -1)
            return tuple(before[axis] for axis in order)
        case Squeezed(inner, axes):
            return tuple(size for axis, size in enumerate(_form_shape(inner, sizes, counts)) if axis not in axes)
        case Expanded(inner, axes):
            rest = iter(_form_shape(inner, sizes, counts))
            rank = len(axes) + sum(1 for _ in _form_shape(inner, sizes, counts))
            return tuple(1 if axis in axes else next(rest) for axis in range(rank))
        case Padded(inner, axis, first, last):
            before = _form_shape(inner, sizes, counts)
            total = before[axis]
            for size in (first, last):
                total = total if isinstance(size, int) and size == 0 else operate("+", total, size)
            return (*before[:axis], total, *before[axis + 1 :])
        case Direction(inner):
            return _form_shape(inner, sizes, counts)
        case Reshaped() | Half():  # norms: the direction says as much, and more
            raise ValueError(form)
    return sizes[form]


def _joined_shape(
    part: Any, axis: int, sizes: Mapping[str, tuple[Any, ...]], counts: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Give the shape of one part of what is joined along an axis, or of as many as there are of it."""
    if not isinstance(part, Each):
        return _form_shape(part, sizes, counts)
    shape = _form_shape(part.inner, sizes, counts)
    count, size = counts[next(leaves(part.inner))], shape[axis]
    return (*shape[:axis], count if size == 1 else operate("*", count, size), *shape[axis + 1 :])
