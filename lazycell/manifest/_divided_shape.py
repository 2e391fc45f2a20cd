"""How ranks divide a shape, or the length of a list; what they cannot is refused where it is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from ..declaration import ChildrenSpec, Divided, ParameterSpec, brief, render, shares_of, with_values
from ..mesh import Share, axes_of_shares


def divided_shape(
    spec: ParameterSpec, shape: Iterable[Any], values: Mapping[str, Any]
) -> tuple[tuple[tuple[Share, ...], ...], tuple[Divided, ...]]:
    """Give how each dimension is divided, and the numbers that are, for messages.

    Args:
        spec: the parameter.
        shape: the values of its dimensions, each 1 or more.
        values: that they were computed with.

    Raises:
        DeclarationError: it is not known what of a dimension a rank has.
    """
    shares: list[tuple[Share, ...]] = []
    sources: list[Divided] = []
    stated = spec.shard or (None,) * len(spec.shape)
    for position, (size, axes) in enumerate(zip(shape, stated, strict=True)):
        names = (axes,) if isinstance(axes, str) else tuple(axes) if isinstance(axes, (tuple, list)) else ()
        if names and all(isinstance(name, str) for name in names):
            shares.append((Share(int(size), names),))
            continue
        if type(size) is Divided:
            if size.problem or size.order:
                _refuse(spec, position, size, values)
            sources += [each for each in size.sections or (size,) if type(each) is Divided]
        shares.append(shares_of(size))
    seen: dict[str, int] = {}
    for position, axes in enumerate(axes_of_shares(tuple(shares))):
        for axis in (axes,) if isinstance(axes, str) else axes or ():
            if axis in seen:
                spec.complain(
                    f"dimensions {seen[axis]} and {position} of the shape `{render(spec.shape)}` are both divided "
                    f"along {axis!r}, so that all but the blocks on the diagonal would be on no rank: write `whole(…)` "
                    "in one"
                )
            seen[axis] = position
    return tuple(shares), tuple(sources)


def _refuse(spec: ParameterSpec, position: int, size: Divided, values: Mapping[str, Any]) -> NoReturn:
    written = spec.shape[position] if isinstance(spec.shape, tuple) else spec.shape
    found = f"dimension {position} of the shape `{render(spec.shape)}` is {int(size)}{with_values(written, values)}"
    if size.problem:
        spec.complain(f"{found}: {size.problem}")
    spec.complain(
        f"{found}, of which ranks divide {size.source.name}, and {size.order}: write `fused(q=…, k=…)`, a name and "
        "a size for each, and every rank has its part of each of them"
    )


def divided_count(spec: ChildrenSpec, count: Any) -> Divided | None:
    """Give the length of a list if ranks divide the list.

    Raises:
        DeclarationError: it is not known which cells a rank has.
    """
    if type(count) is not Divided:
        return None
    if count.problem or count.sections:
        why = count.problem or "the sections of a sum are what is divided"
        spec.complain(f"the count `{render(spec.count)}` is {brief(int(count))}: {why}")
    return count
