"""From a class and its hyperparameters to a manifest, and to the classes of its cells, with nothing built."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .. import history, layout
from .._frozen import frozen
from ..declaration import (
    WHOLE,
    Declaration,
    Declared,
    Tie,
    below,
    check_tie,
    declaration_of,
    declaration_of_child,
    initializer_text,
    is_cell,
    render,
    ties_of_parameters,
    undivided,
)
from ..history import Migration, migrations_of
from ..layout import ManifestEntry, Stored
from ..mesh import Listed, On, axes_of_shares
from . import _methods
from ._bind import bind_values, default_dtype
from ._calls import bind as bind  # inference/ knows it by this place
from ._calls import bind_child
from ._manifest import Manifest
from ._resolve import Resolved, ResolvedChild, ResolvedParameter, resolve, resolve_bound

if TYPE_CHECKING:
    from ._caches import KeyValueCache

_Known = TypeVar("_Known")


@frozen
class Outline:
    """What one cell and all cells below it hold; names are relative to the cell.

    `rules` has, for the path of each cell whose class says how it is stored, what the class says; `migrations`, for
    the path of each cell whose class has any, those of the class; `cells` the class of each cell that is declared;
    `caches` what each cell keeps that keeps anything; `owners` what is not on all ranks, by its path.
    """

    entries: tuple[ManifestEntry, ...] = ()
    ties: Mapping[str, str] = attrs.field(factory=dict)
    computed: frozenset[str] = frozenset()
    rules: Mapping[str, layout.CellRules] = attrs.field(factory=dict)
    migrations: Mapping[str, tuple[Migration, ...]] = attrs.field(factory=dict)
    cells: Mapping[str, type] = attrs.field(factory=dict)
    caches: Mapping[str, tuple[KeyValueCache, ...]] = attrs.field(factory=dict)
    owners: Mapping[str, Listed | On] = attrs.field(factory=dict)


MigrationsOf = Callable[[type], tuple[Migration, ...]]

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
    resolved = resolve_call(cls, args, kwargs)
    own = hyperparameters_of(resolved.declaration, resolved.values)
    return manifest_of_outline(cls.__name__, outline_of(cls, resolved, plain), own)


def resolve_call(cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Resolved:
    """Give what `cls(*args, **kwargs)` declares, with these values.

    Raises:
        TypeError: the arguments do not fit the generated `__init__`.
        DeclarationError: as when an instance is built.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    return resolve(declaration, *bind(cls, args, kwargs))


def manifest_of_outline(model: str, outline: Outline, hyperparameters: Mapping[str, Any]) -> Manifest:
    """Make the manifest of a model from what it holds.

    Raises:
        DeclarationError: what the classes say about how it is stored does not go together.
    """
    stored: tuple[Stored, ...] = ()
    copies: tuple[Stored, ...] = ()
    computed = outline.computed
    if any(cell.declaration.stored for cell in outline.rules.values()):
        names = layout.stored_names(outline.entries, outline.ties, outline.computed, outline.rules)
        stored, copies, computed = names.stored, names.copies, names.computed
    cls = outline.cells.get("")
    has_base = hasattr(cls, "base_model_prefix") or hasattr(cls, "base_model_heads")
    return Manifest(
        model=model,
        entries=outline.entries,
        ties=outline.ties,
        computed=computed,
        hyperparameters=hyperparameters,
        stored=stored,
        copies=copies,
        migrations=history.migrations_in(outline.migrations, stored) if outline.migrations else (),
        leftovers=layout.leftovers_of(outline.rules) if outline.rules else (),
        base=layout.base_model_of(outline.cells) if has_base else None,
        caches=tuple(each for path, found in outline.caches.items() for each in _methods.placed(found, path)),
        owners=_methods.owners_by_pattern(outline.owners) if outline.owners else {},
    )


def hyperparameters_of(declaration: Declaration, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of the hyperparameters alone, without the derived ones: what the whole model is built with."""
    own = {item.name: values[item.name] for item in declaration.hyperparameters}
    # As nearly all are: what has no divided number is to have nothing to do with how they are divided.
    return own if WHOLE.issuperset(map(type, own.values())) else undivided(own)


def outline_of(cls: type, resolved: Resolved, plain: PlainOutline, migrations: MigrationsOf = migrations_of) -> Outline:
    """List what a cell holds: its own parameters first, then each child's, as MindSpore orders them.

    Args:
        cls: the cell's class.
        resolved: what it declares, with values.
        plain: looks into cells that declare nothing.
        migrations: gives those of a class.
    """
    return _Walk(plain, migrations).cell(cls, resolved).outline()


class Sheet:
    """What is taken down on a walk over a cell and the cells below it; names and paths are relative to the cell.

    `entries` has of each parameter the fields after the name: names change at each level, and the rest does not.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Fields] = {}
        self.ties: dict[str, str] = {}
        self.computed: set[str] = set()
        self.rules: dict[str, layout.CellRules] = {}
        self.migrations: dict[str, tuple[Migration, ...]] = {}
        self.cells: dict[str, type] = {}
        self.caches: dict[str, tuple[KeyValueCache, ...]] = {}
        self.owners: dict[str, Listed | On] = {}

    def note(
        self,
        path: str,
        cls: type,
        declaration: Declaration,
        values: Mapping[str, Any],
        dtype: str,
        migrations: MigrationsOf,
    ) -> None:
        """Take down a cell that is declared, without what it holds."""
        self.cells[path] = cls
        if declaration.caches:
            self.caches[path] = _methods.caches_of(declaration, values, dtype)
        if declaration.placing:
            found_here = _methods.owners_of(declaration, values)
            self.owners.update(_under(path, found_here) if path else found_here)
        if declaration.stored or declaration.leftovers:
            self.rules[path] = layout.CellRules(declaration, values)
        if found := migrations(cls):
            self.migrations[path] = found

    def take(self, place: str, child: Sheet) -> None:
        """Take over what was taken down of a child."""
        prefix = f"{place}."
        self.entries.update({prefix + name: fields for name, fields in child.entries.items()})
        self.ties.update({prefix + target: prefix + source for target, source in child.ties.items()})
        self.computed.update(prefix + each for each in child.computed)
        self.rules.update(_under(place, child.rules))
        self.migrations.update(_under(place, child.migrations))
        self.cells.update(_under(place, child.cells))
        self.caches.update(_under(place, child.caches))
        self.owners.update(_under(place, child.owners))

    def tie(self, ties: Iterable[Tie], absent: Collection[str] = ()) -> None:
        """Let each tie's target be another name of its source."""
        for declared in ties:
            found = {name: (shape, dtype) for name, (shape, dtype, *_) in self.entries.items()}
            for each in ties_of_parameters(declared, self.entries, self.ties):
                source = check_tie(each, found, self.ties, absent)
                del self.entries[each.target], found[each.target]
                self.ties = {target: source if end == each.target else end for target, end in self.ties.items()}
                self.ties[each.target] = source

    def outline(self) -> Outline:
        """Give it as data."""
        return Outline(
            entries=tuple(ManifestEntry(name, *fields) for name, fields in self.entries.items()),
            ties=self.ties,
            computed=frozenset(self.computed),
            rules=self.rules,
            migrations=self.migrations,
            cells=self.cells,
            caches=self.caches,
            owners=self.owners,
        )


def _under(place: str, found: Mapping[str, _Known]) -> dict[str, _Known]:
    """Give what is known of cells by their paths below a cell, with that cell's place before each."""
    return {f"{place}.{path}" if path else place: each for path, each in found.items()}


class _Walk:
    """One walk over a model on paper: into each class that declares what it holds, and no further."""

    def __init__(self, plain: PlainOutline, migrations: MigrationsOf) -> None:
        from ._alike import likeness  # not before: a load looks into a net

        self._plain = plain
        self._likeness = likeness
        # Files are asked for once for each class, however many cells there are of it.
        self._migrations = functools.cache(migrations)
        self._known: dict[tuple[Any, ...], tuple[dict[str, Any], Sheet]] = {}

    def cell(self, cls: type, resolved: Resolved) -> Sheet:
        sheet = Sheet()
        sheet.note("", cls, resolved.declaration, resolved.values, resolved.dtype, self._migrations)
        for parameter in resolved.parameters:
            if parameter.spec.persistent:
                sheet.entries[parameter.name] = fields_of(entry_of(parameter))
            else:
                sheet.computed.add(parameter.name)
        given = {name: built_already(value) for name, value in resolved.values.items() if is_cell(value)}
        for place, found in below({**given, **resolved.children}, lambda child: self._child(child, resolved.dtype)):
            sheet.take(place, found)
        sheet.tie(resolved.ties, resolved.absent)
        return sheet

    def _child(self, child: ResolvedChild, dtype: str) -> Sheet:
        declaration = declaration_of_child(child.factory)
        if declaration is not None and not declaration.own_init:
            return self._declared(child.factory, declaration, *bind_child(child, dtype))
        found, sheet = self._plain(child, dtype), Sheet()
        sheet.entries = {entry.name: fields_of(entry) for entry in found.entries}
        sheet.ties, sheet.computed = {**found.ties}, {*found.computed}
        sheet.rules, sheet.migrations, sheet.cells = {**found.rules}, {**found.migrations}, {**found.cells}
        sheet.caches, sheet.owners = {**found.caches}, {**found.owners}
        return sheet

    def _declared(self, cls: type, declaration: Declaration, given: Mapping[str, Any], asked: Any) -> Sheet:
        """Look into a cell of a class with a declaration: once into those that are alike."""
        values = bind_values(declaration, given)
        dtype = default_dtype(declaration, values, asked)
        known = self._known.get(key := self._likeness(declaration, values, dtype))
        if known is None:
            known = self._known[key] = values, self.cell(cls, resolve_bound(declaration, values, dtype))
        return known[1]


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
        shard=_shard_of(parameter),
        shares=parameter.shares if parameter.sources else None,
        tags=tuple(spec.tags),
        sections=parameter.sections,
        doc=spec.doc,
    )


def _shard_of(parameter: ResolvedParameter) -> tuple[Any, ...] | None:
    stated = parameter.spec.shard
    if parameter.shares is None:
        return None
    found = axes_of_shares(parameter.shares)
    return found if stated is None else tuple(each or axes for each, axes in zip(stated, found, strict=True))


Fields = tuple[Any, ...]

fields_of: Callable[[ManifestEntry], Fields] = operator.attrgetter(*(f.name for f in attrs.fields(ManifestEntry)[1:]))
"""The fields of an entry after its name, in their order."""


def nothing_below(child: ResolvedChild, dtype: str) -> Outline:
    """Look into nothing: for models all of whose cells are declared."""
    del child, dtype
    return Outline()


def cells_of_class(
    cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any], plain: PlainOutline = nothing_below
) -> Mapping[str, type]:
    """Give the class of every declared cell of `cls(*args, **kwargs)`, by its path; the model itself has the path "".

    Args:
        cls: a class with a declaration, whose constructor is the generated one.
        args: what the constructor would be given.
        kwargs: likewise.
        plain: looks into cells that declare nothing; `cells` of what it gives is enough.

    Raises:
        TypeError: the arguments do not fit the constructor.
        DeclarationError: as when an instance is built.
    """
    # No migrations: whoever writes a file of them asks for the cells.
    return outline_of(cls, resolve_call(cls, args, kwargs), plain, lambda cls: ()).cells
