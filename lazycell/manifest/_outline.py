"""From a class and its hyperparameters to a manifest, and to the classes of its cells, with nothing built."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from .._frozen import frozen
from ..declaration._check_tie import check_tie
from ..declaration._declaration import Declaration, declaration_of
from ..declaration._declare import Declared, initializer_text, is_cell
from ..declaration._symbols import render
from ..history._collect import migrations_in
from ..history._migration import Migration
from ..history._migration_files import migrations_of
from ..layout._cell_rules import CellRules
from ..layout._entry import ManifestEntry
from ..layout._layout import Stored
from ._calls import complete
from ._manifest import Manifest
from ._resolve import Resolved, ResolvedChild, ResolvedParameter, resolve


@frozen
class Outline:
    """What one cell and all cells below it hold; names are relative to the cell.

    `rules` has, for the path of each cell whose class says how it is stored, what the class says; `migrations`, for
    the path of each cell whose class has any, those of the class.
    """

    entries: tuple[ManifestEntry, ...] = ()
    ties: Mapping[str, str] = attrs.field(factory=dict)
    computed: frozenset[str] = frozenset()
    rules: Mapping[str, CellRules] = attrs.field(factory=dict)
    migrations: Mapping[str, tuple[Migration, ...]] = attrs.field(factory=dict)


PlainOutline = Callable[[ResolvedChild, str], Outline]
"""How to look into a cell that declares nothing: it has to be built to be seen. Takes the child and a dtype."""


def manifest_of_class(cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any], plain: PlainOutline) -> Manifest:
    """Make the manifest of `cls(*args, **kwargs)`.

    Args:
        cls: a class with a declaration.
        args: what its generated `__init__` would be given.
        kwargs: likewise.
        plain: looks into cells that declare nothing.

    Raises:
        TypeError: the arguments do not fit the generated `__init__`.
        DeclarationError: as when an instance is built.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    resolved = resolve(declaration, *bind(cls, args, kwargs))
    # Files are asked for once for each class, however many cells there are of it.
    migrations = functools.cache(migrations_of)
    outline = _with_migrations(outline_of(resolved, plain, migrations), migrations(cls))
    return manifest_of_outline(cls.__name__, outline, hyperparameters_of(declaration, resolved.values))


def manifest_of_outline(model: str, outline: Outline, hyperparameters: Mapping[str, Any]) -> Manifest:
    """Make the manifest of a model from what it holds.

    Raises:
        DeclarationError: what the classes say about how it is stored does not go together.
    """
    stored: tuple[Stored, ...] = ()
    copies: tuple[Stored, ...] = ()
    computed = outline.computed
    if outline.rules:
        from ..layout._stored_names import stored_names  # not before: most nets have none

        names = stored_names(outline.entries, outline.ties, outline.computed, outline.rules)
        stored, copies, computed = names.stored, names.copies, names.computed
    return Manifest(
        model=model,
        entries=outline.entries,
        ties=outline.ties,
        computed=computed,
        hyperparameters=hyperparameters,
        stored=stored,
        copies=copies,
        migrations=migrations_in(outline.migrations, stored) if outline.migrations else (),
    )


def hyperparameters_of(declaration: Declaration, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of the hyperparameters alone, without the derived ones."""
    return {item.name: values[item.name] for item in declaration.hyperparameters}


@functools.lru_cache(maxsize=1024)
def _signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__lazy_init__)  # type: ignore[attr-defined]


def bind(cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """Match arguments to the generated `__init__` of `cls`, as Python would: the values, and the dtype asked for."""
    signature = _signature(cls)
    try:
        bound = signature.bind(None, *args, **kwargs)
    except TypeError as error:
        takes = ", ".join([*signature.parameters][1:])
        raise TypeError(f"{cls.__name__}: {error}. It takes ({takes})") from None
    bound.apply_defaults()
    values = dict(bound.arguments)
    values.pop("self")
    declaration = declaration_of(cls)
    assert declaration is not None
    return values, values.pop("dtype") if declaration.takes_dtype else None


def outline_of(
    resolved: Resolved, plain: PlainOutline, migrations: Callable[[type], tuple[Migration, ...]] = migrations_of
) -> Outline:
    """List what a cell holds: its own parameters first, then each child's, as MindSpore orders them.

    Args:
        resolved: the cell.
        plain: looks into cells that declare nothing.
        migrations: gives those of a class; for the cells below this one.
    """
    entries: list[ManifestEntry] = []
    computed: set[str] = set()
    ties: dict[str, str] = {}
    rules: dict[str, CellRules] = {}
    migrated: dict[str, tuple[Migration, ...]] = {}
    if resolved.declaration.stored:
        rules[""] = CellRules(resolved.declaration, resolved.values)
    for parameter in resolved.parameters:
        if parameter.spec.persistent:
            entries.append(entry_of(parameter))
        else:
            computed.add(parameter.name)
    given = {name: built_already(value) for name, value in resolved.values.items() if is_cell(value)}
    for name, child in {**given, **resolved.children}.items():
        seen: dict[int, Outline] = {}  # layers that are alike are looked into once
        for position, one in enumerate(child) if isinstance(child, tuple) else ((None, child),):
            if id(one) not in seen:
                seen[id(one)] = _child_outline(one, resolved.dtype, plain, migrations)
            prefix = f"{name}." if position is None else f"{name}.{position}."
            below = seen[id(one)]
            entries += [attrs.evolve(entry, name=prefix + entry.name) for entry in below.entries]
            ties.update({prefix + target: prefix + source for target, source in below.ties.items()})
            computed.update(prefix + each for each in below.computed)
            rules.update({(prefix + path).rstrip("."): each for path, each in below.rules.items()})
            migrated.update({(prefix + path).rstrip("."): each for path, each in below.migrations.items()})
    by_name = {entry.name: entry for entry in entries}
    for tie in resolved.ties:
        source = check_tie(tie, {name: (entry.shape, entry.dtype) for name, entry in by_name.items()}, ties)
        del by_name[tie.target]
        ties = {target: source if end == tie.target else end for target, end in ties.items()}
        ties[tie.target] = source
    return Outline(tuple(by_name.values()), ties, frozenset(computed), rules, migrated)


def _with_migrations(outline: Outline, own: tuple[Migration, ...]) -> Outline:
    """Add those of the cell's own class, which `outline_of` does not know."""
    return attrs.evolve(outline, migrations={"": own, **outline.migrations}) if own else outline


def built_already(cell: Any) -> ResolvedChild:
    """Give a cell that came in as a hyperparameter's value the form of a child."""
    return ResolvedChild(factory=lambda: cell, args=(), kwargs={}, spec=Declared())


def entry_of(parameter: ResolvedParameter) -> ManifestEntry:
    """Describe a declared parameter by its own name."""
    spec = parameter.spec
    return ManifestEntry(
        name=parameter.name,
        shape=parameter.shape,
        dtype=parameter.dtype,
        initializer=initializer_text(parameter.initializer),
        trainable=spec.trainable,
        expression=render(spec.shape),
        declared_by=f"{spec.owner}.{spec.name}",
        declared_at=None if spec.location is None else spec.location.short,
        shard=None if spec.shard is None else tuple(spec.shard),
        tags=tuple(spec.tags),
        sections=parameter.sections,
    )


def _child_outline(
    child: ResolvedChild, dtype: str, plain: PlainOutline, migrations: Callable[[type], tuple[Migration, ...]]
) -> Outline:
    declaration = declaration_of(child.factory) if isinstance(child.factory, type) else None
    if declaration is None or declaration.own_init:
        return plain(child, dtype)
    values, own = bind(child.factory, child.args, complete(child, dtype))
    outline = outline_of(resolve(declaration, values, own), plain, migrations)
    return _with_migrations(outline, migrations(child.factory))


PlainCells = Callable[[ResolvedChild, str], Mapping[str, type]]
"""How to look into a cell that declares nothing: the declared cells in it, by path. Takes the child and a dtype."""


def no_cells(child: ResolvedChild, dtype: str) -> Mapping[str, type]:
    """Look into nothing: for models all of whose cells are declared."""
    del child, dtype
    return {}


def cells_of_class(
    cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any], plain: PlainCells = no_cells
) -> dict[str, type]:
    """Give the class of every declared cell of `cls(*args, **kwargs)`, by its path; the model itself has the path "".

    Args:
        cls: a class with a declaration, whose constructor is the generated one.
        args: what the constructor would be given.
        kwargs: likewise.
        plain: looks into cells that declare nothing.

    Raises:
        TypeError: the arguments do not fit the constructor.
        DeclarationError: as when an instance is built.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    return _cells_of(cls, resolve(declaration, *bind(cls, args, kwargs)), plain)


def _cells_of(cls: type, resolved: Resolved, plain: PlainCells) -> dict[str, type]:
    found = {"": cls}
    given = {name: built_already(value) for name, value in resolved.values.items() if is_cell(value)}
    for name, child in {**given, **resolved.children}.items():
        seen: dict[int, Mapping[str, type]] = {}  # layers that are alike are looked into once
        for position, one in enumerate(child) if isinstance(child, tuple) else ((None, child),):
            if id(one) not in seen:
                seen[id(one)] = _cells_below(one, resolved.dtype, plain)
            own = name if position is None else f"{name}.{position}"
            found.update({f"{own}.{path}" if path else own: each for path, each in seen[id(one)].items()})
    return found


def _cells_below(child: ResolvedChild, dtype: str, plain: PlainCells) -> Mapping[str, type]:
    declaration = declaration_of(child.factory) if isinstance(child.factory, type) else None
    if declaration is None or declaration.own_init:
        return plain(child, dtype)
    values, own = bind(child.factory, child.args, complete(child, dtype))
    return _cells_of(child.factory, resolve(declaration, values, own), plain)
