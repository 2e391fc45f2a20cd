"""What a reader of the reference has to see of a class whose constructor no line of source has: its arguments.

The constructors of declared cells are written by lazycell, and those of records by attrs. mkdocstrings reads sources,
so they are asked for here, of the classes themselves.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import attrs

from lazycell import LazyCell, fields

Argument = tuple[str, str | None, str | None, str]
"""Name, annotation, default, and what Python calls the kind: `"positional or keyword"`, …"""

BUILT = {"ByteRange", "CheckpointHeader", "ConfigRules", "Format", "MemoryRange", "Preset", "TensorHeader"}
"""Records that users build; the others are given to them, and nobody asks for their arguments."""


def arguments_of(cls: type) -> list[Argument] | None:
    """Give the arguments of the constructor that was written for a class, `self` not among them.

    None: it is another class, whose source says what it takes.
    """
    if not is_declared(cls) and not (cls.__name__ in BUILT and attrs.has(cls)):
        return None
    return [
        (
            each.name,
            None if each.annotation is each.empty else _annotation(each.annotation),
            _default(cls, each),
            each.kind.description,
        )
        for each in inspect.signature(cls).parameters.values()
    ]


def is_declared(cls: type) -> bool:
    """Whether a class is a declared cell."""
    return issubclass(cls, LazyCell) and cls is not LazyCell


def declared(cls: type) -> str:
    """Give, as Markdown, what a class declares that its signature does not say: as `help(cls)` has it, shortened."""
    if not is_declared(cls):
        return ""
    return "".join(
        f"\n\n{title}:\n\n" + "\n".join(lines)
        for title, lines in (
            ("Hyperparameters", list(_hyperparameters(cls))),
            ("Parameters", list(_rows(cls, "Parameters"))),
            ("Buffers", list(_rows(cls, "Buffers"))),
        )
        if lines
    )


def _default(cls: type, parameter: inspect.Parameter) -> str | None:
    """Give a default as it would be written; attrs tells of one that is made anew each time only that there is one."""
    if parameter.default is parameter.empty:
        return None
    if parameter.default is not attrs.NOTHING:
        return repr(parameter.default)
    made = getattr(attrs.fields_dict(cls)[parameter.name].default, "factory", None)
    return "…" if made is None else repr(made())


def _annotation(annotation: Any) -> str:
    """Give an annotation as a class body has it."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b[a-z]\w*\.(?=\w)", "", text)


def _hyperparameters(cls: type) -> Iterator[str]:
    for each in inspect.signature(cls).parameters:
        doc = getattr(_field(cls, each), "doc", None)
        if doc:
            yield f"- `{each}`: {' '.join(doc.split())}"


def _field(cls: type, name: str) -> Any:
    return next((each for each in fields(cls) if each.name == name), None)


def _rows(cls: type, title: str) -> Iterator[str]:
    """Give the lines of a section of the docstring: `weight: (size, width), normal`."""
    _, _, rest = f"\n{cls.__doc__ or ''}".partition(f"\n{title}:\n")
    for line in rest.partition("\n\n")[0].splitlines():
        name, _, said = line.strip().partition(": ")
        yield f"- `{name}`: `{said}`"
