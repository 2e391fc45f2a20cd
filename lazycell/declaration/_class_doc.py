"""The docstring of a class, with what it declares: what `help(Net)` begins with."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from .._dtypes import dtype_name
from ._declaration import declaration_of
from ._declare import (
    NOTHING,
    CellsSpec,
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Hyperparameter,
    ParameterSpec,
    initializer_text,
)
from ._generate import type_text
from ._symbols import is_symbolic, render


def class_doc(cls: type, written: str | None) -> str | None:
    """Give the docstring of a class: what is written, and what is declared.

    Args:
        cls: the class.
        written: the docstring of its body, or None.
    """
    declared = "\n\n".join(_sections(cls))
    return "\n\n".join(part for part in (written and inspect.cleandoc(written), declared) if part) or None


def _sections(cls: type) -> Iterator[str]:
    declaration = declaration_of(cls)
    if declaration is None:
        return
    members = [(item, _kind(item)) for item in declaration.members]
    yield from _section("Hyperparameters", ((_hyperparameter(item), item.doc) for item in declaration.hyperparameters))
    yield from _section(
        "Derived values", ((f"{item.name} = {render(item.value)}", None) for item in declaration.derived)
    )
    for title in ("Parameters", "Buffers", "Children"):
        lines = ((f"{item.name}: {_text(item)}", _doc(item)) for item, kind in members if kind == title)
        yield from _section(title, lines)


def _section(title: str, lines: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    rows = [(text, " ".join(doc.split()) if doc else "") for text, doc in lines]
    width = max((len(text) for text, doc in rows if doc and len(text) <= _MOST), default=0)
    if rows:
        yield "\n".join([f"{title}:", *(f"    {f'{text:{width}}  {doc}'.rstrip()}" for text, doc in rows)])


_MOST = 60  # characters before what is said of a name, where lines are as long as that


def _hyperparameter(item: Hyperparameter) -> str:
    default = "" if item.default is NOTHING else f" = {render(item.default)}"
    return f"{item.name}: {type_text(item)}{default}"


def _kind(item: Any) -> str:
    spec = _first(item)
    if isinstance(spec, ParameterSpec):
        return "Parameters" if spec.trainable else "Buffers"
    return "Children"


def _first(item: Any) -> Any:
    """Give what decides the kind of a member: what is there under a condition, or in a row of parameters."""
    if isinstance(item, Conditional):
        return _first(item.otherwise if item.present is None else item.present)
    return _first(item.each) if isinstance(item, ChildrenSpec) and item.repeats_parameters else item


def _doc(item: Any) -> str | None:
    return item.doc or getattr(_first(item), "doc", None)


def _dtype(dtype: Any) -> str:
    return render(dtype) if is_symbolic(dtype) else dtype_name(dtype)


def _text(item: Any) -> str:
    """Give what is declared, in few words."""
    match item:
        case ParameterSpec():
            dtype = "" if item.dtype is None else f" {_dtype(item.dtype)}"
            computed = "" if item.persistent else ", not saved"
            return f"{render(item.shape)}{dtype}, {initializer_text(item.initializer)}{computed}"
        case ChildSpec():
            arguments = [*map(render, item.args), *(f"{key}={render(value)}" for key, value in item.kwargs.items())]
            name = getattr(item.factory, "__name__", None) or render(item.factory)
            return f"{name}({', '.join(arguments)})"
        case ChildrenSpec():
            each = f"({_text(item.each)})" if isinstance(_first(item.each), CellsSpec) else _text(item.each)
            return f"{render(item.count, 7)} × {each}"
        case CellsSpec():
            return ", ".join(f"{name}: {_text(part)}" if name else _text(part) for name, part in item.parts)
        case Conditional():
            present, otherwise = (each if each is None else _text(each) for each in (item.present, item.otherwise))
            if present is None:
                return f"{otherwise} unless {render(item.condition)}"
            return f"{present} if {render(item.condition)}" + ("" if otherwise is None else f", else {otherwise}")
    return type(item).__name__.removesuffix("Spec").lower()
