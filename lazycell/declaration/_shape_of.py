"""`shape_of("embed.weight")`: the shape of another parameter, in the expressions that it is declared with.

It is put in when the class is defined: what is known of a shape then is all that can be said of it without building.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

import attrs

from .._errors import DeclarationError
from .._location import did_you_mean, message, user_location
from ._declare import (
    CacheSpec,
    CellsSpec,
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Declared,
    Derived,
    Hyperparameter,
    ParameterSpec,
    Requirement,
)
from ._symbols import Expression, Name, apply, choose, evaluate, names_in, render, symbol

_Item = TypeVar("_Item", bound=Declared)
DeclarationOf = Callable[[Any], Any]  # a Declaration, or None

_START, _END = "shape_of(", ")"


def shape_of(name: str) -> tuple[int, ...]:
    """Give the shape of another parameter of this cell or below it: `mask: Buffer["ones", shape_of("embed.weight")]`.

    It is a tuple of symbols: `shape_of("embed.weight")[0]` is a size, to be used wherever one can be.

    Args:
        name: dotted, below this cell, of a parameter of a class that declares it: `layers.0.up.weight`. What a plain
            cell holds, only building it tells.

    Returns:
        A tuple of symbols, which may be indexed and used as a shape.

    Raises:
        DeclarationError: `name` is no name; that nothing declares it is told when an instance is built, by the same.
    """
    if not isinstance(name, str) or not name:
        text = f'shape_of() takes the name of a parameter, not {render(name)}: write `shape_of("embed.weight")`'
        raise DeclarationError(message("", text, user_location()))
    return Expression(Name(f"{_START}{name!r}{_END}"))  # type: ignore[return-value]


class _Unknown(Exception):
    """A shape cannot be told."""


def with_shapes(items: Mapping[str, Declared], others: Iterable[_Item], look: DeclarationOf) -> tuple[Any, Any]:
    """Give declarations with shapes of others in the place of `shape_of(…)`.

    Args:
        items: all that a class declares, by name.
        others: what it says besides.
        look: gives the declaration of what a child calls.

    Raises:
        DeclarationError: a shape cannot be told, or is made of itself.
    """
    own = [*items.values(), *others]
    if not any(_asked(value) for item in own for value in _values(item)):
        return items, others
    lookup = _Lookup(items, look)
    return {name: lookup.replaced(item) for name, item in items.items()}, [lookup.replaced(item) for item in others]


_WRITTEN: dict[type, tuple[str, ...]] = {
    Hyperparameter: ("default",),
    Derived: ("value",),
    Requirement: ("condition",),
    ParameterSpec: ("initializer", "shape", "dtype"),
    ChildSpec: ("factory", "args", "kwargs"),
    ChildrenSpec: ("count",),
    CacheSpec: ("heads", "size", "value_size", "window"),
    Conditional: ("condition",),
}
_HELD: dict[type, tuple[str, ...]] = {ChildrenSpec: ("each",), Conditional: ("present", "otherwise")}


def _values(item: Any) -> Iterable[Any]:
    for name in _WRITTEN.get(type(item), ()):
        yield getattr(item, name)
    for name in _HELD.get(type(item), ()):
        yield from _values(getattr(item, name))
    if isinstance(item, CellsSpec):
        for _, part in item.parts:
            yield from _values(part)


def _asked(value: Any) -> list[str]:
    return [name for name in names_in(value) if name.startswith(_START)]


class _Lookup(dict[str, Any]):
    """What names of a class body stand for: a shape, or else themselves."""

    def __init__(self, items: Mapping[str, Declared], look: DeclarationOf) -> None:
        super().__init__()
        self._items, self._look = items, look
        self._path: list[str] = []

    def __missing__(self, name: str) -> Any:
        if not name.startswith(_START):
            return symbol(name)
        if name in self._path:
            circle = " → ".join((*self._path[self._path.index(name) :], name))
            raise _Unknown(f"it is made of itself: {circle}")
        self._path.append(name)
        path = name[len(_START) + 1 : -len(_END) - 1]
        found = self[name] = self._shape(path)
        self._path.pop()
        return found

    def replaced(self, item: Any) -> Any:
        """Give a declaration with the shapes that it asks for."""
        changes: dict[str, Any] = {}
        for name in _WRITTEN.get(type(item), ()):
            value = getattr(item, name)
            if _asked(value):
                changes[name] = self._evaluated(item, value)
        for name in _HELD.get(type(item), ()):
            changes[name] = self.replaced(getattr(item, name))
        if isinstance(item, CellsSpec):
            changes["parts"] = tuple((name, self.replaced(part)) for name, part in item.parts)
        return attrs.evolve(item, **changes) if changes else item

    def _evaluated(self, item: Declared, value: Any) -> Any:
        asked = _asked(value)[0]
        try:
            return evaluate(value, self)
        except _Unknown as error:
            self._path.clear()
            item.complain(f"`{asked}` cannot be told: {error}")
        except (IndexError, TypeError) as error:
            item.complain(f"`{render(value)}` cannot be told: {error}")

    # ------------------------------------------------------------------------------------------------ what is there

    def _shape(self, path: str) -> tuple[Any, ...]:
        self_ = types.SimpleNamespace(**{name: symbol(name) for name in self._items})
        values = _Own(self, {"SELF": self_})
        return self._in(self._items, path.split("."), values)

    def _in(self, items: Mapping[str, Declared], path: list[str], values: Mapping[str, Any]) -> tuple[Any, ...]:
        first, *rest = path
        if first not in items:
            raise _Unknown(f"nothing is called `{first}`{did_you_mean(first, items)}")
        return self._of(items[first], first, rest, values)

    def _of(self, item: Any, name: str, rest: list[str], values: Mapping[str, Any]) -> tuple[Any, ...]:
        match item:
            case ParameterSpec() if not rest:
                return tuple(evaluate(item.shape, values))
            case ChildSpec() if rest:
                return self._below(item, name, rest, values)
            case ChildrenSpec() if rest and rest[0].isdecimal():
                position = "INDEX" if "INDEX" not in values else "INDEX.inner"
                bound = _Own(values, {position: int(rest[0])})
                return self._of(item.each, f"{name}.{rest[0]}", rest[1:], bound)
            case CellsSpec() if rest:
                for number, (key, part) in enumerate(item.parts):
                    if rest[0] == (key or str(number)):
                        return self._of(part, f"{name}.{rest[0]}", rest[1:], values)
                    if not key and isinstance(part, Conditional):
                        raise _Unknown(f"what is `{name}.{rest[0]}` depends on what is before it")
            case Conditional():
                parts = [part for part in (item.present, item.otherwise) if isinstance(part, Declared)]
                shapes = [self._of(part, name, rest, values) for part in parts]
                if len({len(shape) for shape in shapes}) > 1:
                    raise _Unknown(f"`{name}` has another number of dimensions under `{render(item.condition)}`")
                if len(shapes) < 2:
                    return shapes[0]
                condition = evaluate(item.condition, values)
                return tuple(choose(condition, one, other) for one, other in zip(*shapes, strict=True))
        kind = "a cell" if isinstance(item, (ChildSpec, ChildrenSpec, CellsSpec)) else "no parameter"
        raise _Unknown(f"`{name}` is {kind}: write the name of a parameter, `embed.weight`")

    def _below(self, spec: ChildSpec, name: str, path: list[str], values: Mapping[str, Any]) -> tuple[Any, ...]:
        declaration = self._look(spec.factory)
        if declaration is None or declaration.own_init:
            what = render(spec.factory)
            raise _Unknown(f"what `{name}` holds, only building it tells ({what} declares nothing): write the sizes")
        items = {item.name: item for item in declaration.members}
        return self._in(items, path, self._given(spec, declaration, values))

    def _given(self, spec: ChildSpec, declaration: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give what the names in the body of a child's class stand for, in the symbols of this class."""
        signature = inspect.signature(spec.factory.__lazy_init__)
        try:
            bound = signature.bind(None, *evaluate(spec.args, values), **evaluate(spec.kwargs, values))
        except TypeError as error:
            raise _Unknown(f"`{spec.name}` cannot be called so: {error}") from None
        bound.apply_defaults()
        items: dict[str, Any] = {item.name: item for item in (*declaration.hyperparameters, *declaration.derived)}
        found: dict[str, Any] = {}
        for name in declaration.evaluation_order:
            item = items[name]
            if isinstance(item, Derived):
                found[name] = evaluate(item.value, found)
                continue
            value = bound.arguments[name]
            if value is item.default:
                value = item.default.factory() if _is_factory(item.default) else evaluate(item.default, found)
            if item.converter is not None:
                value = apply(item.converter, (value,), {})
            found[name] = value
        return found


class _Own(dict[str, Any]):
    """Values, and behind them those around."""

    def __init__(self, around: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._around = around

    def __missing__(self, name: str) -> Any:
        return self._around[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(self._around, _Own) and name in self._around)


def _is_factory(default: Any) -> bool:
    if not isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return False
    if default.takes_self:
        _refuse_factory()
    return True


def _refuse_factory() -> NoReturn:
    raise _Unknown("a default on the way is made of the instance")
