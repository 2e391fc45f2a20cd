"""The source of the generated `__init__`, and the function that it makes."""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
from collections.abc import Callable
from types import FunctionType, GenericAlias
from typing import Any

from .._location import GENERATED
from ._declaration import Declaration
from ._declare import NOTHING, Hyperparameter
from ._symbols import render

Build = Callable[[Any, Declaration, dict[str, Any], Any], None]


def init_source(declaration: Declaration, name: str) -> str:
    """Give the source of the generated `__init__` (or `__lazy_init__`) of a class."""
    hyperparameters = declaration.hyperparameters
    arguments = [_argument(item) for item in hyperparameters if not item.kw_only]
    by_name = [_argument(item) for item in hyperparameters if item.kw_only]
    if declaration.takes_dtype:
        by_name.append("dtype: DType | None = None")
    if by_name:
        arguments += ["*", *by_name]
    values = [f'"{item.name}": {item.name}' for item in hyperparameters]
    dtype = "dtype" if declaration.takes_dtype else "None"
    lines = [f"def {name}({', '.join(['self', *arguments])}) -> None:"]
    if len(lines[0]) > 100:
        lines = [f"def {name}(", "    self,", *(f"    {argument}," for argument in arguments), ") -> None:"]
    lines += [f"    {line}".rstrip() for line in _docstring(declaration)]
    call = [f"    __build__(self, __declaration__, {{{', '.join(values)}}}, {dtype})"]
    if len(call[0]) > 100:
        call = [
            "    __build__(self, __declaration__, {",
            *(f"        {value}," for value in values),
            f"    }}, {dtype})",
        ]
    lines += call
    return "\n".join(lines) + "\n"


def make_init(declaration: Declaration, name: str, build: Build) -> FunctionType:
    """Compile the generated `__init__`: `inspect`, `help` and debuggers find its source, types, defaults and doc.

    Args:
        declaration: what the class declares.
        name: `__init__`, or `__lazy_init__` for a class that has an `__init__` of its own.
        build: called as `build(self, declaration, values, dtype)`.
    """
    source = init_source(declaration, name)
    filename = _remember(source, f"{GENERATED}{name} of {declaration.module}.{declaration.name}")
    tree = ast.parse(source)
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    # Types and defaults are shown as text; the objects themselves are attached below, so that nothing is evaluated.
    for argument in (*definition.args.args, *definition.args.kwonlyargs):
        argument.annotation = None
    definition.returns = None
    definition.args.defaults = [_none_at(default) for default in definition.args.defaults]
    definition.args.kw_defaults = [default and _none_at(default) for default in definition.args.kw_defaults]
    namespace: dict[str, Any] = {"__build__": build, "__declaration__": declaration, "__name__": declaration.module}
    exec(compile(tree, filename, "exec"), namespace)
    function = namespace[name]
    assert isinstance(function, FunctionType)
    optional = [item for item in declaration.hyperparameters if item.default is not NOTHING]
    function.__defaults__ = tuple(item.default for item in optional if not item.kw_only) or None
    by_name = {item.name: item.default for item in optional if item.kw_only}
    function.__kwdefaults__ = {**by_name, **({"dtype": None} if declaration.takes_dtype else {})} or None
    function.__annotations__ = {item.name: item.type for item in declaration.hyperparameters} | {"return": None}
    function.__qualname__ = f"{declaration.name}.{name}"
    function.__module__ = declaration.module
    return function


def _remember(source: str, title: str) -> str:
    """Give the source a file name under which `linecache` finds it: classes of one name must not share it."""
    for number in itertools.count(1):
        filename = f"{title}>" if number == 1 else f"{title} {number}>"
        entry = (len(source), None, source.splitlines(keepends=True), filename)
        if linecache.cache.setdefault(filename, entry) == entry:
            break
    return filename


def _none_at(place: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant(None), place)


def _argument(item: Hyperparameter) -> str:
    return f"{item.name}: {_type_text(item)}{_default_text(item)}"


def _type_text(item: Hyperparameter) -> str:
    kind = item.type
    if not isinstance(kind, str):
        is_class = isinstance(kind, type) and not isinstance(kind, GenericAlias)
        kind = kind.__name__ if is_class else inspect.formatannotation(kind)
    return kind if _is_python(kind) else "Any"


def type_text(item: Hyperparameter) -> str:
    """Give the type of a hyperparameter as one would write it."""
    return _type_text(item)


def _default_text(item: Hyperparameter) -> str:
    if item.default is NOTHING:
        return ""
    text = render(item.default)
    return f" = {text}" if _is_python(text) else " = ..."  # the repr of a function, say


def _is_python(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
        ast.parse(f"({text})", mode="eval")  # not so with a comment at its end
    except (SyntaxError, ValueError):
        return False
    return True


def _docstring(declaration: Declaration) -> list[str]:
    if not declaration.hyperparameters:
        return [f'"""Declare the parameters of a new `{declaration.name}`; none has values yet."""']
    lines = [f'"""Declare the parameters of a new `{declaration.name}`; none has values yet.', "", "Args:"]
    for item in declaration.hyperparameters:
        doc = " ".join((item.doc or _described(item)).split())
        doc = doc.replace("\\", "\\\\").replace('"""', "'''").replace("\0", "\\0")
        lines.append(f"    {item.name}: {doc}")
    if declaration.takes_dtype:
        lines.append("    dtype: dtype of the parameters that name none; default float32.")
    return [*lines, '"""']


def _described(item: Hyperparameter) -> str:
    kind = _type_text(item)
    return kind if item.default is NOTHING else f"{kind}, default{_default_text(item).removeprefix(' =')}"
