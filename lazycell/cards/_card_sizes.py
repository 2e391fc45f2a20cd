"""How much a model takes, for a card: by dtype, part and role, its largest tensors, its cache of keys and values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .. import show, viewer
from ..manifest import alike
from ..show import markdown
from ._card_text import in_bytes, table
from ._subject import Subject

_DTYPES = ("float32", "float16", "bfloat16")
"""In which bytes are told beside those of the model's own; a class may keep something in float32 in one of them."""

_LARGEST, _MOST = 5, 40

_PARTS = 3
"""A model is taken apart, the largest part first, until there are as many."""


def bytes_by_dtype(subject: Subject) -> str:
    """Give how many bytes the model takes as it is, and in other dtypes."""
    rows = [(f"as it is, {', '.join(map(markdown.code, subject.dtypes))}", in_bytes(subject.manifest.nbytes))]
    for dtype in _DTYPES:
        nbytes = None if subject.dtypes == [dtype] else subject.bytes_in(dtype)
        if nbytes is not None:
            rows.append((f"with `dtype={json.dumps(dtype)}`", in_bytes(nbytes)))
    return table(("Dtype", "Bytes"), rows, 1)


def parts(subject: Subject) -> str:
    """Give how large the parts of the model are."""
    tree = viewer.tree_of(subject.manifest.model, subject.manifest.entries)
    found = [(each.title, each) for each in tree.branches]
    while 0 < len(found) < _PARTS:
        cells = [position for position, (_, each) in enumerate(found) if each.branches]
        if not cells:
            break
        largest = max(cells, key=lambda position: found[position][1].nbytes)
        path, cell = found[largest]
        found[largest : largest + 1] = [(f"{path}.{each.title}", each) for each in cell.branches]
    rows = [(markdown.code(path), each.parameters, each.elements, each.nbytes) for path, each in found]
    return _sizes("Part", rows, subject)


def roles(subject: Subject) -> str:
    """Give what the parameters are for, as far as names and classes tell; nothing where nothing tells."""
    view = viewer.view_of(subject.manifest)
    sums: dict[str, list[int]] = {}
    for number in view.rows.spec:
        spec = view.specs[number]
        if spec.kind == "parameter":
            of_role = sums.setdefault(spec.role, [0, 0, 0])
            of_role[:] = of_role[0] + 1, of_role[1] + spec.size, of_role[2] + spec.nbytes
    if not set(sums) - {""}:
        return ""
    return _sizes("Role", [(role or "other", *of_role) for role, of_role in sums.items()], subject)


def _sizes(title: str, rows: Iterable[tuple[Any, ...]], subject: Subject) -> str:
    whole = subject.manifest.nbytes
    cells = [
        (name, f"{count:,}", f"{elements:,}", show.format_bytes(nbytes), f"{nbytes / whole:.1%}" if whole else "")
        for name, count, elements, nbytes in rows
    ]
    return table((title, "Parameters", "Elements", "Bytes", "Share"), show.cut(cells, _MOST), 1)


def largest(subject: Subject) -> str:
    """Give the largest tensors; those that are alike are one row."""
    groups = sorted(alike(subject.manifest), key=lambda group: -group[1][0].nbytes)[:_LARGEST]
    rows = [
        (markdown.code(name), markdown.code(str(of[0].shape)), f"{len(of):,}", show.format_bytes(of[0].nbytes))
        for name, of in groups
    ]
    return table(("Largest tensors", "Shape", "How many", "Bytes each"), rows, 2)


def caches(subject: Subject) -> str:
    """Give what the cache of keys and values takes for a position of a text; nothing where the model declares none."""
    kinds: dict[tuple[Any, ...], list[Any]] = {}
    for each in subject.manifest.caches:
        kind = each.heads, each.size, each.value_size, each.window, each.source, each.dtype
        kinds.setdefault(kind, []).append(each)
    rows = []
    for of in kinds.values():
        first, names = of[0], [name for name, _ in show.collapse(each.name for each in of)]
        size = f"{first.size}" if first.size == first.value_size else f"{first.size}, {first.value_size}"
        kept = "all that are written" if first.window is None else f"the last {first.window:,}"
        rows.append(
            (
                *(markdown.code(show.few(names, 2)), "all that the encoder reads" if first.source else kept),
                *(markdown.code(first.dtype), f"{first.heads:,}", size),
                f"{sum(each.position_nbytes for each in of):,}",
            )
        )
    titles = ("Cells", "Positions kept", "Dtype", "Heads", "Size", "Bytes a position")
    text = table(titles, rows, 3)
    if not rows or subject.positions is None:
        return text
    name, length = subject.positions
    summed = subject.manifest.sizes(length=length).cache
    assert summed is not None
    return f"{text}\n\nOf one text of {length:,} positions, {markdown.code(name)}: {in_bytes(summed.nbytes)}."


def position_bytes(subject: Subject) -> int:
    """Give the bytes that one more position of a text takes in the cache, where no window ends."""
    return sum(each.position_nbytes for each in subject.manifest.caches if not each.source)
