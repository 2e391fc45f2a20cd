"""A whole number of which each rank has a part, and what arithmetic makes of it.

As an int it is the whole: conditions, requirements and whatever does not ask see the model, not the rank. How it is
divided goes along where that is sure: with a product of heads and their width, with a quotient that cuts no head. Where
it is not (`heads + 1`, two divided numbers multiplied) the result knows why, and nothing can be as long as it.
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from .._frozen import frozen
from ..mesh import Mesh, Share, parts_of, positions_of


@frozen
class Source:
    """The hyperparameter that a number comes from: class, name and value; `alone` if no other one depends on it."""

    owner: str
    name: str
    value: int
    alone: bool

    def cannot(self, ranks: int, axis: str) -> str:
        """Say that there are no equal parts."""
        instead = f', or leave it whole: from_pretrained(…, whole=["{self.name}"])' if self.alone else ""
        return (
            f"{self.name}={self.value} cannot be divided into {ranks} equal parts, one for each rank along "
            f"{axis!r}: choose another mesh{instead}"
        )


class Divided(int):
    """A whole number, the axis of the mesh along which ranks have parts of it, and what of it cannot be cut.

    Attributes:
        axis: the axis; of a fused dimension nothing: its sections know.
        units: how many things it counts that cannot be cut: heads.
        shared: where there are fewer of these than ranks, several ranks have the same one.
        source: the hyperparameter that was divided.
        problem: why nothing can be as long as this, or empty.
        order: why no dimension can be as long as this, since the order of what it holds is not known, or empty.
        sections: of a fused dimension its sections, in order.
    """

    axis: str
    units: int
    shared: bool
    source: Source
    problem: str
    order: str
    sections: tuple[int, ...]

    @classmethod
    def of(
        cls,
        size: int,
        axis: str,
        units: int,
        shared: bool,
        source: Source,
        problem: str = "",
        order: str = "",
        sections: tuple[int, ...] = (),
    ) -> Divided:
        """Make one; the attributes are those of the class."""
        made = int.__new__(cls, size)
        made.axis, made.units, made.shared, made.source = axis, units, shared, source
        made.problem, made.order, made.sections = problem, order, sections
        return made

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that two must have in common, beside the number, to stand for one another."""
        return self.axis, self.units, self.shared, self.source, self.problem, self.order, self.sections

    def __reduce__(self) -> tuple[Any, ...]:
        return Divided.of, (int(self), *self.facts)

    def __copy__(self) -> Divided:
        return self

    def __deepcopy__(self, memo: Any) -> Divided:
        return self

    # ----------------------------------------------------------------------------------------------------- arithmetic

    def _like(self, size: int, units: int = 0, problem: str = "", order: str = "") -> Divided:
        units = units or self.units
        return Divided.of(
            size, self.axis, units, self.shared, self.source, problem or self.problem, order or self.order
        )

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Divided):
            both = f"both {self.source.name} and {other.source.name} are divided"
            return self._like(int(self) * int(other), problem=f"{both}, so the product has no equal parts")
        if type(other) is not int:
            return int(self) * other
        if self.sections:
            return self._like(int(self) * other, order="the sections of a fused dimension are what is divided")
        return self._like(int(self) * other)

    __rmul__ = __mul__

    def _sum(self, size: int, other: Any) -> Any:
        if isinstance(other, Divided) and other.axis == self.axis and not (self.sections or other.sections):
            units, problem = math.gcd(self.units, other.units), self.problem or other.problem
            return self._like(size, units, problem, order="what is added lies one behind the other")
        return self._like(size, problem="only one of the two is divided, so the sum has no equal parts")

    def __add__(self, other: Any) -> Any:
        if type(other) is int and other == 0:
            return self
        return self._sum(int(self) + other, other) if isinstance(other, int) else int(self) + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if type(other) is int and other == 0:
            return self
        return self._sum(int(self) - other, other) if isinstance(other, int) else int(self) - other

    def __rsub__(self, other: Any) -> Any:
        return self._sum(other - int(self), other) if isinstance(other, int) else other - int(self)

    def __floordiv__(self, other: Any) -> Any:
        if isinstance(other, Divided):
            found = int(self) // int(other)
            return Ratio.of(found, self, other) if other.shared or self.shared else found
        if type(other) is not int:
            return int(self) // other
        found, rest = divmod(int(self), other)
        if rest or self.sections:
            return self._like(found, problem=f"{int(self)} // {other} cuts what is divided")
        return self._like(found, math.gcd(self.units, found) or 1)

    def stacked(self, text: str) -> Divided:
        """Give the same number, the product of a literal and a divided one, `text`."""
        return self._like(int(self), order=f"`{text}` may be that many parts one behind the other")


class Ratio(int):
    """How many of one divided number there are to each of another, where a rank may have fewer: queries to a key."""

    numerator_: Divided
    denominator_: Divided

    @classmethod
    def of(cls, size: int, numerator: Divided, denominator: Divided) -> Ratio:
        """Make one."""
        made = int.__new__(cls, size)
        made.numerator_, made.denominator_ = numerator, denominator
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Ratio.of, (int(self), self.numerator_, self.denominator_)


def fused_sum(sizes: Iterable[int]) -> int:
    """Give the sum of the sections of a fused dimension; divided if one of them is."""
    sizes = tuple(sizes)
    first = next((each for each in sizes if type(each) is Divided), None)
    if first is None:
        return sum(sizes)
    problem = next((each.problem for each in sizes if type(each) is Divided and each.problem), "")
    order = next((each.order for each in sizes if type(each) is Divided and each.order), "")
    total = sum(map(int, sizes))
    return Divided.of(total, "", total, False, first.source, problem, order, sizes)


# ------------------------------------------------------------------------------------------------------- what follows


def shares_of(size: int) -> tuple[Share, ...]:
    """Give how a dimension of this size is divided: its sections, of which most have one."""
    if type(size) is not Divided:
        return (Share(int(size)),)
    if size.sections:
        return tuple(share for each in size.sections for share in shares_of(each))
    return (Share(int(size), (size.axis,), size.units, size.shared, size.source.name),)


def part(size: int, mesh: Mesh | None) -> int:
    """Give how many of a number this rank has; of a number that is not divided, all."""
    if mesh is None:
        return int(size)
    if type(size) is Ratio:
        return part(size.numerator_, mesh) // max(1, part(size.denominator_, mesh))
    if type(size) is not Divided or size.problem:
        return int(size)
    if size.sections:
        return sum(part(each, mesh) for each in size.sections)
    ranks = ranks_along(size, mesh)
    try:
        return int(size) // parts_of(size.units, size.shared, ranks)
    except ValueError:
        start, stop = positions_of(int(size), ranks, mesh.index(size.axis))
        return stop - start


def ranks_along(size: Divided, mesh: Mesh) -> int:
    """Give how many ranks of a mesh divide a number."""
    return 1 if size.source.name in mesh.whole else mesh.size(size.axis)


class DividedNamespace(types.SimpleNamespace):
    """The values of a cell, as `SELF`, of which some are divided."""

    __slots__ = ("_here",)  # what `here` made of it for the last mesh: the cell's children all ask


def namespace_of(values: Mapping[str, Any]) -> types.SimpleNamespace:
    """Give values as attributes of one object: what `SELF` is."""
    some = Divided in map(type, values.values()) or Ratio in map(type, values.values())
    return (DividedNamespace if some else types.SimpleNamespace)(**values)


WHOLE = frozenset({int, float, str, bool, type(None), types.SimpleNamespace, types.FunctionType, type})
"""Types of which no value is divided, nor holds one that is."""


def is_divided(value: Any) -> bool:
    """Tell whether a value, or anything in a container or in what `SELF` is, is divided."""
    kind = type(value)
    if kind in WHOLE:
        return False
    if kind is Divided or kind is Ratio or kind is DividedNamespace:
        return True
    if kind is tuple or kind is list:
        return any(map(is_divided, value))
    return kind is dict and any(map(is_divided, value.values()))


def here(value: Any, mesh: Mesh | None) -> Any:
    """Give a value as this rank's instance has it: plain numbers, of what is divided the part."""
    kind = type(value)
    if kind is Divided:
        return int(value) if mesh is None else part(value, mesh)
    if not is_divided(value):
        return value
    if kind is DividedNamespace:
        if (known := getattr(value, "_here", None)) is not None and known[0] is mesh:
            return known[1]
        found = types.SimpleNamespace(**{name: here(each, mesh) for name, each in value.__dict__.items()})
        value._here = mesh, found
        return found
    if kind is dict:
        return {name: here(each, mesh) for name, each in value.items()}
    return kind(here(each, mesh) for each in value) if kind is tuple or kind is list else part(value, mesh)


def all_here(values: Mapping[str, Any], mesh: Mesh | None) -> Mapping[str, Any]:
    """Give values as this rank's instance has them; those that are given, if nothing is divided."""
    for value in values.values():
        if type(value) not in WHOLE and is_divided(value):
            return {name: each if type(each) in WHOLE else here(each, mesh) for name, each in values.items()}
    return values


def undivided(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values in which all numbers are whole and plain."""
    return dict(all_here(values, None))


def divided(value: Any, axis: str, shared: bool, source: Source) -> Any:
    """Divide the value of a hyperparameter; what is divided already stays as it is.

    Raises:
        TypeError: it is no whole number.
    """
    if value is None or type(value) is Divided:
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{source.name}={value!r} cannot be divided over ranks: only whole numbers can")
    if value < 1:  # there is nothing to divide, and whether it may be so is said elsewhere
        return value
    return Divided.of(int(value), axis, int(value), shared, attrs.evolve(source, value=int(value)))
