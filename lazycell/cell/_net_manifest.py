"""The manifest of a net that is built: what is really there, with what was declared about it."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from mindspore import nn
from mindspore.common.initializer import Initializer

from .. import inference
from .._collector import collector_paused
from .._dtypes import dtype_name
from ..declaration import Declaration, declaration_of, initializer_text
from ..history import Migration, migrations_of
from ..layout import ManifestEntry
from ..manifest import (
    Manifest,
    Outline,
    ResolvedChild,
    Sheet,
    cells_of_class,
    entry_of,
    fields_of,
    hyperparameters_of,
    manifest_of_class,
    manifest_of_outline,
    outline_of,
    resolve_bound,
    resolve_call,
)
from ..parameters import buffers_of, building, parameters_in_groups, parameters_of, part_of, unsaved_buffers_of
from . import _ranks
from ._blueprint import key_of
from ._build import make_child
from ._ties import ALIASES, ties_of

if TYPE_CHECKING:
    from ..mismatch import DeclaredSizes

# Entries; a program that builds classes without end does not keep them all.
_MOST = 1024


def manifest_of_net(net: nn.Cell) -> Manifest:
    """Make the manifest of a net, plain cells and what `__post_init__` added included.

    Args:
        net: any cell; its parameters may or may not have values.
    """
    with collector_paused():
        manifest = survey(net)[0]
        if all(entry.declared_by is not None for entry in manifest):
            return manifest
        return attrs.evolve(manifest, cells={path: type(cell).__name__ for path, cell in net.cells_and_names()})


def survey(
    net: nn.Cell, migrations: Callable[[type], tuple[Migration, ...]] = migrations_of
) -> tuple[Manifest, dict[str, Any]]:
    """Give the manifest of a net, and the parameters that it is of, by full name.

    Args:
        net: any cell; its parameters may or may not have values.
        migrations: gives those of a class; a save, which no name of before concerns, has none looked for.
    """
    declaration = _declaration_of_cell(net)
    own = {} if declaration is None else hyperparameters_of(declaration, net.__dict__["_lazycell_values"])
    outline, parameters = _outline_of_net(net, migrations)
    return manifest_of_outline(type(net).__name__, outline, own), parameters


def built_again(net: nn.Cell) -> _BuiltAgain | None:
    """Give what makes the manifest of a net with some hyperparameters changed; None where its class cannot tell."""
    declaration = _declaration_of_cell(net)
    if declaration is None or declaration.own_init:
        return None
    given = hyperparameters_of(declaration, net.__dict__["_lazycell_values"])
    if declaration.takes_dtype:
        given["dtype"] = net._lazycell_dtype
    return _BuiltAgain(type(net), given)


class _BuiltAgain:
    """The class of a net, with what it was built with."""

    def __init__(self, cls: type, given: Mapping[str, Any]) -> None:
        self._cls, self.given = cls, given

    def __call__(self, changed: Mapping[str, Any], /) -> Manifest:
        return manifest_of_call(self._cls, (), {**self.given, **changed})

    def declared(self, manifest: Manifest, /) -> DeclaredSizes:
        return inference.declared_sizes(self._cls, manifest)


def _outline_of_net(
    net: nn.Cell, migrations: Callable[[type], tuple[Migration, ...]] = migrations_of
) -> tuple[Outline, dict[str, Any]]:
    sheet = Sheet()
    entries: list[ManifestEntry] = []
    parameters: dict[str, Any] = {}
    found: Callable[[Any], tuple[Migration, ...]] = functools.cache(migrations)
    seen: set[int] = set()
    # Cells that are alike share their values, and the net holds these as long as it is walked.
    of_values: dict[tuple[int, type, str], dict[str, _Entry]] = {}
    wholes: dict[str, nn.Cell] = {}
    cells = list(net.cells_and_names())
    tied = False
    for path, cell in cells:
        prefix = f"{path}." if path else ""
        declared = _NOTHING
        tied = tied or ALIASES in cell.__dict__
        if "_lazycell_mesh" in cell.__dict__ and not any(not each or path.startswith(f"{each}.") for each in wholes):
            wholes[path] = cell
        if (declaration := _declaration_of_cell(cell)) is not None:
            values, dtype = cell.__dict__["_lazycell_values"], cell.__dict__["_lazycell_dtype"]
            known = of_values.get(key := (id(values), type(cell), dtype))
            declared = of_values[key] = _declared(declaration, values, dtype) if known is None else known
            sheet.note(path, type(cell), declaration, values, dtype, found)
        own: Iterable[tuple[str, Any]] = parameters_of(cell).items()
        if "param_groups" in cell.__dict__:  # an optimizer
            own = [*own, *parameters_in_groups(cell)]
        for name, parameter in own:
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                full_name = prefix + name
                parameters[full_name] = parameter
                entries.append(_entry(full_name, parameter, declared.get(name)))
        buffers = buffers_of(cell)
        if buffers:
            sheet.computed.update(prefix + name for name in buffers.keys() & unsaved_buffers_of(cell))
    if tied:
        sheet.ties = ties_of(cells)
    outline = attrs.evolve(sheet.outline(), entries=tuple(entries))
    if wholes:
        _ranks.check_cells(cells)
        papers = {path: _paper_of(cell, found) for path, cell in wholes.items()}
        outline = _ranks.with_wholes(outline, papers)
        _ranks.check_parts(outline, wholes, parameters)
    return outline, parameters


def _paper_of(net: nn.Cell, migrations: Callable[[type], tuple[Migration, ...]]) -> Outline:
    """Give what the class of a cell that was built on a mesh declares, with what the cell was built with.

    Raises:
        TypeError: its class writes its own `__init__`.
    """
    again, cls = built_again(net), type(net)
    if again is None:
        raise TypeError(
            f"{cls.__name__} writes its own `__init__`, so that nobody can tell what other ranks have of it: give it "
            "hyperparameters, and what it adds to `__post_init__`"
        )
    return outline_of(cls, resolve_call(cls, (), again.given), outline_by_building, migrations)


def _declaration_of_cell(cell: nn.Cell) -> Declaration | None:
    """Give the declaration of a cell's class, if what it declares was made on the cell."""
    return declaration_of(type(cell)) if "_lazycell_values" in cell.__dict__ else None


def manifest_of_call(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Manifest:
    """Make the manifest of `cls(*args, **kwargs)`, with nothing built unless the class has an `__init__` of its own.

    Raises:
        TypeError: the arguments do not fit.
        DeclarationError: as when an instance is built.
    """
    declaration = declaration_of(cls)
    if declaration is None:
        raise TypeError(f"{cls.__name__} declares nothing: ask a class that is derived from it for its manifest")
    if not declaration.own_init:
        return manifest_of_class(cls, args, kwargs, outline_by_building)
    with building():
        return manifest_of_net(cls(*args, **kwargs))


def outline_by_building(child: ResolvedChild, dtype: str) -> Outline:
    """Look into a cell that declares nothing by building it, without values."""
    with building():
        return _outline_of_net(make_child(child, dtype))[0]


def cells_of_net(net: nn.Cell) -> dict[str, type]:
    """Give the class of every declared cell of a net, by its path; the net itself, if it is one, has the path ""."""
    cells = net.cells_and_names()
    return {path: type(cell) for path, cell in cells if _declaration_of_cell(cell) is not None}


def cells_of_call(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, type]:
    """Give the class of every declared cell of `cls(*args, **kwargs)`, by its path; what declares nothing is built.

    Raises:
        TypeError: the arguments do not fit, or the class declares nothing.
        DeclarationError: as when an instance is built.
    """
    declaration = declaration_of(cls)
    if declaration is None:
        raise TypeError(f"{cls.__name__} declares nothing: ask a class that is derived from it for its cells")
    if not declaration.own_init:
        return cells_of_class(cls, args, kwargs, _cells_by_building)
    with building():
        return cells_of_net(cls(*args, **kwargs))


def _cells_by_building(child: ResolvedChild, dtype: str) -> Outline:
    with building():
        return Outline(cells=cells_of_net(make_child(child, dtype)))


_Entry = tuple[ManifestEntry, tuple[Any, ...]]
_NOTHING: dict[str, _Entry] = {}
_declarations: dict[tuple[Any, ...], tuple[Declaration, dict[str, _Entry]]] = {}


def _declared(declaration: Declaration, values: dict[str, Any], dtype: str) -> dict[str, _Entry]:
    """Give the entries of a cell's own parameters, under their own names, and of each the fields after the name."""
    key = key_of(declaration, values.values(), dtype)
    known = None if key is None else _declarations.get(key)
    if known is not None:
        return known[1]
    declared: dict[str, _Entry] = {}
    for parameter in resolve_bound(declaration, values, dtype).parameters:
        entry = entry_of(parameter)
        declared[parameter.name] = entry, fields_of(entry)
    if key is not None:
        if len(_declarations) >= _MOST:
            _declarations.clear()
        _declarations[key] = declaration, declared
    return declared


_name_of = functools.cache(dtype_name)
_texts: dict[tuple[Any, ...], str] = {}
_arguments: dict[tuple[str, ...], Callable[[dict[str, Any]], tuple[Any, ...]]] = {}


def _text_of(initializer: Any) -> str:
    """Write an initializer; a plain net has one for each parameter, and most are alike."""
    if not isinstance(initializer, Initializer):
        return initializer_text(initializer)
    attributes = initializer.__dict__
    names = tuple(attributes)
    if (arguments := _arguments.get(names)) is None:
        if len(_arguments) >= _MOST:
            _arguments.clear()
        arguments = _arguments[names] = _getter_of([name for name in names if name[0] != "_"])
    values = arguments(attributes)
    key = (type(initializer), values, *map(type, values))  # 1 and 1.0 are written differently
    try:
        text = _texts.get(key)
    except TypeError:  # a list, say, which may be another the next time
        return initializer_text(initializer)
    if text is None:
        if len(_texts) >= _MOST:
            _texts.clear()
        text = _texts[key] = initializer_text(initializer)
    return text


def _getter_of(names: list[str]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Give what takes the values of these names from a dict."""
    if len(names) > 1:
        return operator.itemgetter(*names)
    return lambda attributes: tuple(attributes[name] for name in names)


def _entry(name: str, parameter: Any, declared: _Entry | None) -> ManifestEntry:
    # As it is now: `net.to(dtype)`, say, may have changed it since the declaration.
    shape, dtype, trainable = tuple(parameter.shape), _name_of(parameter.dtype), bool(parameter.requires_grad)
    if declared is not None:
        entry, fields = declared
        if entry.shape == shape and entry.dtype == dtype and entry.trainable == trainable:
            return ManifestEntry(name, *fields)
        if (place := part_of(parameter)) is not None:
            shape = place.whole
        return attrs.evolve(entry, name=name, shape=shape, dtype=dtype, trainable=trainable)
    initializer = getattr(parameter, "_initializer", None)
    text = "" if initializer is None else _text_of(initializer)
    place = part_of(parameter)  # the state of an optimizer is a part if its parameter is
    if place is None:
        return ManifestEntry(name, shape, dtype, text, trainable)
    shares = parameter.__dict__.get("_lazycell_shares")
    return ManifestEntry(name, place.whole, dtype, text, trainable, shard=place.shard, shares=shares)
