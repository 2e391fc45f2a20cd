"""Classes that speak the language of class bodies without MindSpore: what the pure half is tested with."""

from __future__ import annotations
import __future__

import abc
import linecache
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, ClassVar

from lazycell.declaration._class_body import ClassBody, require
from lazycell.declaration._declaration import Declaration, assemble, declaration_of, names_of, same, symbols_of
from lazycell.declaration._declare import Buffer, Param, buffer, child, children, hyper, param, tie, when
from lazycell.declaration._generate import make_init
from lazycell.declaration._halves import direction, magnitude
from lazycell.declaration._key_values import key_value_cache
from lazycell.declaration._read_body import read_body
from lazycell.declaration._squeezed import expanded, squeezed
from lazycell.declaration._stored import fused, rename, reshaped, transposed
from lazycell.declaration._symbols import INDEX, SELF, max_, min_
from lazycell.layout._check_rules import check_rules
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._outline import Outline, manifest_of_class
from lazycell.manifest._resolve import ResolvedChild, resolve

LANGUAGE: dict[str, Any] = {
    each.__name__: each
    for each in (
        *(
            Buffer,
            Param,
            buffer,
            child,
            children,
            fused,
            hyper,
            max_,
            min_,
            param,
            rename,
            require,
            reshaped,
            same,
            tie,
        ),
        *(direction, expanded, key_value_cache, magnitude, squeezed, transposed, when),
    )
} | {"INDEX": INDEX, "SELF": SELF}
RESERVED = frozenset({"phase", "construct"})


def _build(cell: Any, declaration: Declaration, values: dict[str, Any], dtype: Any) -> None:
    cell.resolved = resolve(declaration, values, dtype)
    for name, value in cell.resolved.values.items():
        setattr(cell, name, value)


class PureMeta(abc.ABCMeta):
    """Does what `LazyCellMeta` does, up to where a net would be built."""

    @classmethod
    def __prepare__(mcls, name: str, bases: tuple[type, ...], /, **kwargs: Any) -> ClassBody:  # type: ignore[override]
        """Give the namespace in which the body runs."""
        return ClassBody(name, symbols_of(bases), sys._getframe(1))

    def __new__(mcls, name: str, bases: tuple[type, ...], body: ClassBody, /, **kwargs: Any) -> PureMeta:
        """Make the class, its declaration and its constructor."""
        own, namespace = read_body(body, names_of(bases), RESERVED)
        cls = super().__new__(mcls, name, bases, namespace, **kwargs)
        declaration = assemble(cls, own, "__init__" in namespace)
        check_rules(cls, declaration)
        generated = make_init(declaration, "__init__", _build)
        type.__setattr__(cls, "__lazy_init__", generated)
        if "__init__" not in namespace:
            type.__setattr__(cls, "__init__", generated)
        return cls


class PureCell(metaclass=PureMeta):
    """Base class: an instance has its hyperparameters as attributes, and `resolved`."""

    resolved: ClassVar[Any]


def declaration(cls: type) -> Declaration:
    """Give the declaration of a class that has one."""
    found = declaration_of(cls)
    assert found is not None
    return found


def manifest(cls: type, /, *args: Any, **kwargs: Any) -> Manifest:
    """Make the manifest of `cls(*args, **kwargs)`, all of whose cells declare what they hold."""
    return manifest_of_class(cls, args, kwargs, _refuse)


def _refuse(child: ResolvedChild, dtype: str) -> Outline:
    raise AssertionError(f"{child.factory!r} declares nothing")


def names(items: Iterable[Any]) -> list[str]:
    """Give the names of declarations, or of a manifest's entries."""
    return [item.name for item in items]


def run(source: str, *, strings: bool, **known: Any) -> dict[str, Any]:
    """Run source code as a module, and give its names; `PureCell` and the language are there.

    Args:
        source: the module's text, indented at will.
        strings: whether it starts with `from __future__ import annotations`.
        known: further names that it can use.
    """
    flags = __future__.annotations.compiler_flag if strings else 0
    text = textwrap.dedent(source)
    filename = f"<test {abs(hash((text, strings)))}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = {"__name__": "written", "PureCell": PureCell, **LANGUAGE, **known}
    exec(compile(text, filename, "exec", flags=flags, dont_inherit=True), module)
    return module
