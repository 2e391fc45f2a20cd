"""The manifest of a net that is built: what is really there, with what was declared about it."""

from __future__ import annotations

from typing import Any

import attrs
from mindspore import nn

from .._dtypes import dtype_name
from ..declaration._declaration import declaration_of
from ..declaration._declare import initializer_text
from ..manifest._manifest import Manifest, ManifestEntry
from ..manifest._outline import Outline, entry_of, hyperparameters_of, manifest_of_class
from ..manifest._resolve import ResolvedChild, ResolvedParameter, resolve_bound
from ..parameters import buffers_of, building, parameters_of, unsaved_buffers_of
from ._build import make_child
from ._ties import ties_below


def manifest_of_net(net: nn.Cell) -> Manifest:
    """Make the manifest of a net, plain cells and what `__post_init__` added included.

    Args:
        net: any cell; its parameters may or may not have values.
    """
    entries: list[ManifestEntry] = []
    computed: set[str] = set()
    seen: set[int] = set()
    for path, cell in net.cells_and_names():
        declared = _declared(cell)
        prefix = f"{path}." if path else ""
        for name, parameter in parameters_of(cell).items():
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                entries.append(_entry(prefix, name, parameter, declared.get(name)))
        computed.update(prefix + name for name in buffers_of(cell).keys() & unsaved_buffers_of(cell))
    declaration = declaration_of(type(net))
    values = net.__dict__.get("_lazycell_values")
    return Manifest(
        model=type(net).__name__,
        entries=tuple(entries),
        ties=ties_below(net),
        computed=frozenset(computed),
        hyperparameters={} if declaration is None or values is None else hyperparameters_of(declaration, values),
    )


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
        cell = make_child(child, dtype)
    manifest = manifest_of_net(cell)
    return Outline(manifest.entries, manifest.ties, manifest.computed)


def _declared(cell: nn.Cell) -> dict[str, ResolvedParameter]:
    declaration = declaration_of(type(cell))
    values = cell.__dict__.get("_lazycell_values")
    if declaration is None or values is None:
        return {}
    resolved = resolve_bound(declaration, values, cell._lazycell_dtype)
    return {parameter.name: parameter for parameter in resolved.parameters}


def _entry(prefix: str, name: str, parameter: Any, declared: ResolvedParameter | None) -> ManifestEntry:
    shape, dtype = tuple(parameter.shape), dtype_name(parameter.dtype)
    if declared is not None:
        # As it is now: `net.to(dtype)`, say, may have changed it since the declaration.
        entry = attrs.evolve(entry_of(declared), name=prefix + name, shape=shape, dtype=dtype)
        return attrs.evolve(entry, trainable=bool(parameter.requires_grad))
    initializer = getattr(parameter, "_initializer", None)
    return ManifestEntry(
        name=prefix + name,
        shape=shape,
        dtype=dtype,
        initializer="" if initializer is None else initializer_text(initializer),
        trainable=bool(parameter.requires_grad),
    )
