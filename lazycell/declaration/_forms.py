"""How a stored tensor is made of parameters: joined, turned round, in another shape. A small tree of plain data.

Its leaves are what it is made of: names (perhaps with captures) in a class body, `Block`s of parameters in a manifest.
Every operation has an inverse, so one tree says how to write the tensor and how to read the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from .._frozen import frozen


@frozen
class Fused:
    """Several joined along one axis, in this order.

    Attributes:
        axis: of what is joined; counted from 0.
        sections: name and content of each, in the order in which they are stored.
    """

    axis: int
    sections: tuple[tuple[str, Any], ...]


@frozen
class Transposed:
    """The axes in another order: axis i is axis `axes[i]` of `inner`; None reverses them."""

    inner: Any
    axes: tuple[int, ...] | None = None


def value_text(value: Any) -> str:
    """Give a shape, or what stands where one should, as it is written; expressions need not be known for numbers."""
    if isinstance(value, tuple) and all(type(size) is int for size in value):
        return repr(value)
    from ._symbols import render  # what files and manifests have is numbers

    return render(value)


@frozen
class Reshaped:
    """The same elements, row by row, in the shape `shape`, which is symbolic in a class body."""

    inner: Any
    shape: tuple[Any, ...] = attrs.field(eq=value_text, repr=value_text)


@frozen
class Unary:
    """One form, changed in a way that a subclass names: what all of them have in common."""

    inner: Any

    @property
    def options(self) -> str:
        """What is written after the form: `, axis=2`."""
        return ""

    @property
    def sizes(self) -> tuple[Any, ...]:
        """What of it may be an expression in a class body."""
        return ()


Node = Fused | Transposed | Reshaped | Unary


def leaves(form: Any) -> Iterator[Any]:
    """Give what a form is made of, in the order in which it is stored."""
    match form:
        case Fused(_, sections):
            for _, inner in sections:
                yield from leaves(inner)
        case Transposed(inner) | Reshaped(inner) | Unary(inner):
            yield from leaves(inner)
        case _:
            yield form


def replace_leaves(form: Any, replace: Callable[[Any], Any]) -> Any:
    """Give the form with `replace(leaf)` in the place of each leaf."""
    match form:
        case Fused(axis, sections):
            return Fused(axis, tuple((name, replace_leaves(inner, replace)) for name, inner in sections))
        case Transposed(inner, axes):
            return Transposed(replace_leaves(inner, replace), axes)
        case Reshaped(inner, shape):
            return Reshaped(replace_leaves(inner, replace), shape)
        case Unary(inner):
            return attrs.evolve(form, inner=replace_leaves(inner, replace))
    return replace(form)


def replace_nodes(form: Any, replace: Callable[[Any], Any]) -> Any:
    """Give the form with `replace(node)` in the place of each operation, from the inside out."""
    match form:
        case Fused(axis, sections):
            return replace(Fused(axis, tuple((name, replace_nodes(inner, replace)) for name, inner in sections)))
        case Transposed(inner, axes):
            return replace(Transposed(replace_nodes(inner, replace), axes))
        case Reshaped(inner, shape):
            return replace(Reshaped(replace_nodes(inner, replace), shape))
        case Unary(inner):
            return replace(attrs.evolve(form, inner=replace_nodes(inner, replace)))
    return form


def shapes_in(form: Any) -> Iterator[tuple[Any, ...]]:
    """Give each shape that a form asks for."""
    match form:
        case Fused(_, sections):
            for _, inner in sections:
                yield from shapes_in(inner)
        case Transposed(inner):
            yield from shapes_in(inner)
        case Unary(inner):
            yield from shapes_in(inner)
            yield form.sizes
        case Reshaped(inner, shape):
            yield from shapes_in(inner)
            yield shape


_FEW = 4
"""Numbered sections that are all written out."""


def form_text(form: Any) -> str:
    """Give a form as it is written in a class body: `transposed(fused(q="q.weight", k="k.weight"))`."""
    match form:
        case Fused(axis, sections):
            arguments = [] if axis == 0 else [f"axis={axis}"]
            parts = [f"{name}={form_text(part)}" if name else form_text(part) for name, part in sections]
            many = len(parts) > _FEW and all(name.isdecimal() for name, _ in sections)  # of what was `each(…)`
            arguments += [parts[0], "…", parts[-1]] if many else parts
            return f"fused({', '.join(arguments)})"
        case Transposed(inner, axes):
            return f"transposed({form_text(inner)}{'' if axes is None else f', {axes}'})"
        case Reshaped(inner, shape):
            return f"reshaped({form_text(inner)}, {value_text(shape)})"
        case Unary(inner):
            return f"{type(form).__name__.lower()}({form_text(inner)}{form.options})"
        case str():
            return f'"{form}"'
    return str(form)
