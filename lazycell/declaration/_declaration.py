"""A class's declaration: everything its body and its bases' bodies say, checked as soon as the class is defined."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import attrs

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import did_you_mean, message, user_location
from ._declare import (
    NOTHING,
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
    Tie,
)
from ._divisions import Divides, divided_by, may_be_elsewhere
from ._forms import shapes_in
from ._positions import of_positions, with_formulas
from ._read_body import OwnDeclarations
from ._shape_of import with_shapes
from ._stored_rule import StoredRule
from ._symbols import is_position, names_in, position_name, render, sections_of, symbol
from ._walk import places


@frozen
class Declaration:
    """All that a class declares, inherited declarations included, in order of declaration."""

    name: str
    module: str
    hyperparameters: tuple[Hyperparameter, ...]
    derived: tuple[Derived, ...]
    requirements: tuple[Requirement, ...]
    members: tuple[Declared, ...]
    ties: tuple[Declared, ...]
    removed: frozenset[str]
    evaluation_order: tuple[str, ...]
    """Names of hyperparameters and derived values, each after those that its default or formula uses."""
    own_init: bool
    """Whether the class writes its own `__init__` (and calls `__lazy_init__`), so that its arguments are its own."""
    stored: tuple[StoredRule, ...] = ()
    """How checkpoints name and store what is below the cell, where that differs."""
    leftovers: tuple[StoredRule, ...] = ()
    """What checkpoints may hold below the cell besides: what nothing needs, and former names."""
    caches: tuple[Declared, ...] = ()
    """What the cell keeps of what it has read."""
    positional: tuple[Derived, ...] = ()
    """Derived values that use `INDEX`; in `members` their formulas stand for them."""
    divisions: Mapping[str, Divides] = attrs.field(factory=dict)
    """Hyperparameters and derived values that ranks divide."""
    placing: tuple[Declared, ...] = ()
    """Those of `members` that may not be on all ranks: lists of a length that is no number, and `when(on(…), …)`."""

    @property
    def takes_dtype(self) -> bool:
        """Whether the constructor has the keyword `dtype`: it has unless the class declares that name itself."""
        return not any(item.name == "dtype" for item in (*self.hyperparameters, *self.derived))


_NOTHING_SAID = OwnDeclarations({}, frozenset(), ())

# Facts about a class live here, not in attributes on the user's class.
_OWN: WeakKeyDictionary[type, OwnDeclarations] = WeakKeyDictionary()
_DECLARATIONS: WeakKeyDictionary[type, Declaration] = WeakKeyDictionary()


def declaration_of(cls: type) -> Declaration | None:
    """Give the declaration of a class, or None for one that has none."""
    return _DECLARATIONS.get(cls)


def declaration_of_child(factory: Any) -> Declaration | None:
    """Give the declaration of what a child calls, or None for what is no class that has one: a function, a plain cell.

    What such a child holds, only building it tells; and so it is of a class whose declaration has `own_init`.
    """
    return declaration_of(factory) if isinstance(factory, type) else None


def own_rules(cls: type) -> tuple[StoredRule, ...]:
    """Give the rules of `rename` in the body of a class, without those of its bases."""
    return _OWN[cls].stored


def declares(cls: type, name: str) -> bool:
    """Tell whether the body of a class declares a name, whatever its bases do."""
    return name in _OWN.get(cls, _NOTHING_SAID).items


def symbols_of(bases: tuple[type, ...]) -> frozenset[str]:
    """Give the names of the hyperparameters and derived values that a class with these bases inherits."""
    declarations = [_DECLARATIONS[base] for base in bases if base in _DECLARATIONS]
    return frozenset(
        item.name for each in declarations for item in (*each.hyperparameters, *each.derived, *each.positional)
    )


def names_of(bases: tuple[type, ...]) -> frozenset[str]:
    """Give every name that a class with these bases inherits a declaration for."""
    declarations = [_DECLARATIONS[base] for base in bases if base in _DECLARATIONS]
    return symbols_of(bases) | {
        item.name for each in declarations for item in (*each.members, *each.ties, *each.caches)
    }


def same(cls: type) -> dict[str, Any]:
    """Give the hyperparameters of `cls` under their own names, to hand them on: `child(Bert, **same(BertOptions))`.

    Args:
        cls: a LazyCell class whose hyperparameters the class being defined has too.

    Returns:
        The symbol of each hyperparameter of `cls`, by its name.

    Raises:
        DeclarationError: `cls` is no LazyCell class.
    """
    declaration = declaration_of(cls)
    if declaration is None:
        text = f"same() takes a LazyCell class, and {render(cls)} is none: write `**same(Options)`"
        raise DeclarationError(message("", text, user_location()))
    return {item.name: symbol(item.name) for item in declaration.hyperparameters}


# --------------------------------------------------------------------------------------------------------- assembling


def assemble(cls: type, own: OwnDeclarations, own_init: bool) -> Declaration:
    """Join a class's own declarations with those of its ancestors, check the whole, and remember it.

    Args:
        cls: the class, of which no declaration is known yet.
        own: what its body says.
        own_init: whether its `__init__` is written by hand.

    Raises:
        DeclarationError: for mistakes that only the whole shows: names nobody declares, circles, order.
    """
    _OWN[cls] = own
    items: dict[str, Declared] = {}
    requirements: list[Requirement] = []
    removed: set[str] = set()
    stored: dict[str, StoredRule] = {}
    divisions: dict[str, Any] = {}
    for ancestor in reversed(cls.__mro__):
        said = _OWN.get(ancestor, _NOTHING_SAID)
        # An ordinary attribute takes the place of what a base declares, as a method takes that of another.
        replaced = {name for name, value in vars(ancestor).items() if not isinstance(value, _Vacancy)}
        for name in said.removed | (replaced & items.keys()):
            items.pop(name, None)
        items.update(said.items)
        removed = (removed | said.removed) - said.items.keys() - replaced
        requirements.extend(said.requirements)
        _join_rules(stored, said.stored)
        divisions = {name: each for name, each in divisions.items() if each.axis not in said.undivided}
        divisions.update(said.divisions)
    _make_room(cls, items)
    items, requirements = with_shapes(items, requirements, declaration_of_child)
    hyperparameters = tuple(item for item in items.values() if isinstance(item, Hyperparameter))
    positional = of_positions(items)
    derived = tuple(item for item in items.values() if isinstance(item, Derived) and item.name not in positional)
    rest = [item for item in items.values() if not isinstance(item, (Hyperparameter, Derived))]
    order = _evaluation_order({item.name: item for item in (*hyperparameters, *derived, *positional.values())})
    if positional:
        rest = [with_formulas(item, positional, order) for item in rest]
    written = {**items, **{item.name: item for item in rest}}
    _check_names(cls, written, [*requirements, *stored.values()], removed, frozenset(positional))
    _check_order(hyperparameters, cls.__name__)
    members = tuple(item for item in rest if not _is(item, (Tie, CacheSpec)))
    declaration = Declaration(
        name=cls.__name__,
        module=cls.__module__,
        hyperparameters=hyperparameters,
        derived=derived,
        requirements=tuple(requirements),
        members=members,
        ties=tuple(item for item in rest if _is(item, Tie)),
        removed=frozenset(removed),
        evaluation_order=tuple(name for name in order if name not in positional),
        own_init=own_init,
        stored=tuple(rule for rule in stored.values() if not rule.is_leftover),
        leftovers=tuple(rule for rule in stored.values() if rule.is_leftover),
        caches=tuple(item for item in rest if _is(item, CacheSpec)),
        positional=tuple(positional.values()),
        divisions=divided_by(divisions, hyperparameters, derived, requirements, cls.__name__) if divisions else {},
        placing=tuple(filter(may_be_elsewhere, members)),
    )
    _check_sections(declaration)
    _DECLARATIONS[cls] = declaration
    return declaration


def _join_rules(stored: dict[str, StoredRule], said: tuple[StoredRule, ...]) -> None:
    """Let the rules of one class take the place of those of its bases."""
    for rule in said:
        before = stored.pop(rule.name, None)
        if rule.form is not None:
            stored[rule.name] = rule
        elif before is None:
            rule.complain(f'no base has a rule for "{rule.name}" to take back{did_you_mean(rule.name, stored)}')


class _Vacancy:
    """Stands on a class for a declared name that a base has as an ordinary attribute, perhaps an abstract one.

    To MindSpore, which asks with `hasattr` before it registers a parameter or a cell, nothing is there.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError(f"{self.name!r} is declared, and there once the instance is built")


def _make_room(cls: type, items: Mapping[str, Declared]) -> None:
    # All at once: `inspect.getattr_static` walks the bases for each name, and each of them for each base.
    visible: dict[str, Any] = {}
    for base in (*type.mro(type(cls))[::-1], *cls.__mro__[::-1]):
        visible.update(base.__dict__)
    for name in items:
        if name in visible and not isinstance(visible[name], _Vacancy):
            type.__setattr__(cls, name, _Vacancy(name))
    abc.update_abstractmethods(cls)


def _is(item: Any, kind: type | tuple[type, ...]) -> bool:
    return any(isinstance(spec, kind) for _, spec, _ in places(item, "INDEX"))


_NOWHERE: frozenset[str] = frozenset()
_IN_CHILD = frozenset({"SELF"})


def expressions_of(item: Declared, special: frozenset[str] = _NOWHERE) -> Iterator[tuple[Any, frozenset[str]]]:
    """Give each symbolic value of a declaration, and the special symbols that may be used in it."""
    match item:
        case Hyperparameter():
            yield item.default, _NOWHERE
        case Derived():
            yield item.value, _NOWHERE
        case Requirement():
            yield item.condition, _NOWHERE
        case StoredRule():
            yield from ((shape, _NOWHERE) for shape in shapes_in(item.form))
        case ParameterSpec():
            yield from ((value, special - _IN_CHILD) for value in (item.initializer, item.shape, item.dtype))
        case CacheSpec():
            yield from ((value, _NOWHERE) for value in (item.heads, item.size, item.value_size, item.window))
        case ChildSpec():
            yield from ((value, special | _IN_CHILD) for value in (item.factory, item.args, item.kwargs))
        case ChildrenSpec():
            around = special - _IN_CHILD
            yield item.count, around
            yield from expressions_of(item.each, around | {position_name(len(around))})
        case CellsSpec():
            for _, part in item.parts:
                yield from expressions_of(part, special)
        case Conditional():
            yield item.condition, special - _IN_CHILD
            for part in (item.present, item.otherwise):
                if isinstance(part, Declared):
                    yield from expressions_of(part, special)


def _check_names(
    cls: type,
    items: Mapping[str, Declared],
    statements: list[Declared],
    removed: set[str],
    positional: frozenset[str],
) -> None:
    known = {name for name, item in items.items() if isinstance(item, (Hyperparameter, Derived))}
    for item in (*items.values(), *statements):
        # What each position has a value of is itself made of what each position has.
        own = positional if item.name in positional else _NOWHERE
        for value, special in expressions_of(item):
            for name in sorted(names_in(value) - (known - positional) - special - own):
                if own and is_position(name):
                    continue
                text = render(value)
                uses = f"it uses `{name}`" if text == name else f"`{text}` uses `{name}`"
                if name == "INDEX":
                    problem = "which is only known in the arguments of children(…)"
                elif is_position(name):
                    problem = (
                        "which is only known in a list inside of a list: `children(n, children(m, Block, INDEX.inner))`"
                    )
                elif name == "SELF":
                    problem = "which is only known in the arguments of child(…) and children(…)"
                elif name in positional:
                    problem = (
                        f"which has a value for each position of a list, by `INDEX` in `{render(items[name].value)}`: "  # type: ignore[attr-defined]
                        "only the arguments of children(…) can use it"
                    )
                elif name in items:
                    problem = (
                        "which is declared as a parameter or a cell: only hyperparameters and values derived from "
                        "them are known here"
                    )
                elif name in removed:
                    problem = (
                        f"which {cls.__name__} removed: give it a value (`{name} = …`) instead, "
                        "or override this as well"
                    )
                else:
                    problem = f"which nothing declares{did_you_mean(name, known)}"
                item.complain(f"{uses}, {problem}")


def _check_order(hyperparameters: tuple[Hyperparameter, ...], class_name: str) -> None:
    defaulted: Hyperparameter | None = None
    for item in hyperparameters:
        if item.kw_only:
            continue
        if item.default is not NOTHING:
            defaulted = defaulted or item
        elif defaulted is not None:
            inherited = defaulted.owner != class_name
            where = f", inherited from {defaulted.owner}," if inherited else ""
            item.complain(
                f"`{item.name}` has no default, but stands after `{defaulted.name}`{where} which has one "
                f"({render(defaulted.default)}): give `{item.name}` a default"
                + (", or write `hyper(kw_only=True)`" if inherited else ", or declare it first")
            )


def _evaluation_order(items: Mapping[str, Declared]) -> tuple[str, ...]:
    order: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            items[name].complain(
                f"the value of `{name}` depends on itself: {circle}. Write one of them without the others, "
                "or give the new value a name of its own"
            )
        if name in order:
            return
        item = items[name]
        value = item.default if isinstance(item, Hyperparameter) else item.value  # type: ignore[attr-defined]
        for needed in sorted(names_in(value) & items.keys()):
            visit(needed, (*path, name))
        order[name] = None

    for name in items:
        visit(name, ())
    return tuple(order)


def parameter_specs(declaration: Declaration) -> Iterator[ParameterSpec]:
    """Give every parameter that a class may have, whatever the conditions."""
    for member in declaration.members:
        for _, spec, _ in places(member, "INDEX"):
            if isinstance(spec, ParameterSpec):
                yield spec


def _check_sections(declaration: Declaration) -> None:
    """Refuse a parameter that has two sections of one name: `qkv[q]` would mean either."""
    formulas = {item.name: item.value for item in declaration.derived}
    for parameter in parameter_specs(declaration):
        seen: set[str] = set()
        for dimension in parameter.shape:
            here = {name for _, named in sections_of(dimension, formulas) for name, _ in named}
            for name in sorted(here & seen):
                parameter.complain(f"two of its dimensions have a section `{name}`: give each a name of its own")
            seen |= here
