"""The tree that says how a stored tensor is made of parameters, as JSON and back.

A block of a parameter is `{"parameter": "…"}`, with `section` and `place` if it is not the whole; an operation is
`{"fused": [{"name": …, "form": …}, …], "axis": 0}`, `{"transposed": form, "axes": […]}`,
`{"reshaped": form, "shape": […]}`, `{"padded": form, "axis": 0, "before": 0, "after": 47}`, or a half of a
weight-normed tensor, `{"magnitude": form, "dim": 0}` and `{"direction": form, "dim": 0}`, where `"dim": null` is one
norm of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._dtypes import ITEMSIZES
from ...declaration import Direction, Fused, Half, Magnitude, Padded, Reshaped, Transposed
from ...layout import Block, Form, Stored, shape_of
from ._check_json import check_keys, items, member, refuse, shape_of_json, shown, text, whole, wholes

if TYPE_CHECKING:
    from ...layout import ManifestEntry

MAX_DEPTH = 50
"""Of operations in one another."""

_STORED = frozenset({"name", "shape", "form"})
_BLOCK = frozenset({"parameter", "section", "place", "dtype"})
_PADDING = ("axis", "before", "after")
_LONGEST = 300


def stored_json(stored: Stored, entries: Mapping[str, ManifestEntry]) -> dict[str, Any]:
    """Give a stored tensor as JSON holds it.

    Args:
        stored: the tensor.
        entries: the parameters by name.
    """
    return {"name": stored.name, "shape": list(stored.shape), "form": _form_json(stored.form, entries)}


def stored_of(value: Any, where: str, entries: Mapping[str, ManifestEntry]) -> Stored:
    """Read a stored tensor.

    Raises:
        ManifestError: it is not one, or not one of these parameters.
    """
    value = check_keys(value, where, _STORED, _STORED)
    name, shape = text(value["name"], f"{where}.name"), shape_of_json(value["shape"], f"{where}.shape")
    form = _form_of(value["form"], f"{where}.form", entries, 0)
    try:
        made = shape_of(form)
    except ValueError as error:
        refuse(f"{where}.form", str(error)[:_LONGEST])
    if made != shape:
        refuse(f"{where}.shape", f"is {list(shape)}, and what the form makes is {list(made)}")
    return Stored(name, form)


def _form_json(form: Form, entries: Mapping[str, ManifestEntry]) -> dict[str, Any]:
    match form:
        case Fused(axis, sections):
            parts = [{"name": name, "form": _form_json(part, entries)} for name, part in sections]
            return {"fused": parts, "axis": axis}
        case Transposed(inner, axes):
            order = {} if axes is None else {"axes": list(axes)}
            return {"transposed": _form_json(inner, entries), **order}
        case Reshaped(inner, shape):
            return {"reshaped": _form_json(inner, entries), "shape": list(shape)}
        case Padded(inner, axis, before, after):
            return {"padded": _form_json(inner, entries), "axis": axis, "before": before, "after": after}
        case Half(inner, dim):
            kind = "magnitude" if isinstance(form, Magnitude) else "direction"
            return {kind: _form_json(inner, entries), "dim": dim}
        case Block(parameter, _, dtype, place, section):
            block: dict[str, Any] = {"parameter": parameter}
            if section is not None:
                block["section"] = section
            if place is not None:
                block["place"] = [list(ends) for ends in place]
            if parameter in entries and entries[parameter].dtype != dtype:
                block["dtype"] = dtype
            return block
    raise TypeError(form)


def _form_of(value: Any, where: str, entries: Mapping[str, ManifestEntry], depth: int) -> Form:
    if depth > MAX_DEPTH:
        refuse(where.partition("]")[0] + "].form", f"is nested deeper than {MAX_DEPTH}")
    kind = value.keys() if isinstance(value, dict) else ()
    if "fused" in kind:
        check_keys(value, where, {"fused", "axis"}, {"fused", "axis"})
        parts = items(value["fused"], f"{where}.fused")
        if not parts:
            refuse(f"{where}.fused", "is empty")
        sections = []
        for k, part in enumerate(parts):
            here = member(f"{where}.fused", k)
            check_keys(part, here, {"name", "form"}, {"name", "form"})
            name = text(part["name"], f"{here}.name")
            sections.append((name, _form_of(part["form"], f"{here}.form", entries, depth + 1)))
        return Fused(whole(value["axis"], f"{where}.axis"), tuple(sections))
    if "transposed" in kind:
        check_keys(value, where, {"transposed"}, {"transposed", "axes"})
        inner = _form_of(value["transposed"], f"{where}.transposed", entries, depth + 1)
        return Transposed(inner, wholes(value["axes"], f"{where}.axes") if "axes" in value else None)
    if "reshaped" in kind:
        check_keys(value, where, {"reshaped", "shape"}, {"reshaped", "shape"})
        inner = _form_of(value["reshaped"], f"{where}.reshaped", entries, depth + 1)
        return Reshaped(inner, shape_of_json(value["shape"], f"{where}.shape"))
    if "padded" in kind:
        check_keys(value, where, {"padded", *_PADDING}, {"padded", *_PADDING})
        inner = _form_of(value["padded"], f"{where}.padded", entries, depth + 1)
        return Padded(inner, *(whole(value[key], f"{where}.{key}") for key in _PADDING))
    for half in (Magnitude, Direction):
        name = half.__name__.lower()
        if name in kind:
            check_keys(value, where, {name, "dim"}, {name, "dim"})
            inner = _form_of(value[name], f"{where}.{name}", entries, depth + 1)
            return half(inner, None if value["dim"] is None else whole(value["dim"], f"{where}.dim"))
    return _block_of(value, where, entries)


def _block_of(value: Any, where: str, entries: Mapping[str, ManifestEntry]) -> Block:
    check_keys(value, where, {"parameter"}, _BLOCK)
    name = text(value["parameter"], f"{where}.parameter")
    entry = entries.get(name)
    if entry is None:
        refuse(f"{where}.parameter", f"there is no parameter {shown(name)}")
    section = text(value["section"], f"{where}.section") if "section" in value else None
    dtype = text(value["dtype"], f"{where}.dtype") if "dtype" in value else entry.dtype
    if dtype != entry.dtype and dtype not in ITEMSIZES:
        refuse(f"{where}.dtype", f"{shown(dtype)} is no dtype")
    if "place" not in value:
        return Block(name, entry.shape, dtype, None, section)
    place = tuple(
        wholes(ends, member(f"{where}.place", k)) for k, ends in enumerate(items(value["place"], f"{where}.place"))
    )
    if len(place) != len(entry.shape):
        refuse(f"{where}.place", f"has {len(place)} axes, and the parameter has {len(entry.shape)}")
    for k, (ends, size) in enumerate(zip(place, entry.shape, strict=True)):
        if len(ends) != 2 or not ends[0] <= ends[1] <= size:
            refuse(member(f"{where}.place", k), f"has to be start and stop, of an axis of {size}, and is {list(ends)}")
    shape = tuple(stop - start for start, stop in place)
    return Block(name, shape, dtype, tuple((start, stop) for start, stop in place), section)
