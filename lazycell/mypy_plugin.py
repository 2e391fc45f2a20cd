"""Plugin for mypy: the spelling `weight: Param["normal", (out, in)]` passes, and constructors are checked.

In the configuration of mypy:

    [tool.mypy]
    plugins = ["lazycell.mypy_plugin"]

An annotation `Param[…]` or `Buffer[…]` is a Parameter, whatever is in the brackets. And for every class with `LazyCell`
as an ancestor, its body may use the names that its bases declare, and it is given an `__init__` that takes its
hyperparameters and `dtype`, as at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import attrs
from mypy.nodes import (
    ARG_NAMED,
    ARG_NAMED_OPT,
    ARG_OPT,
    ARG_POS,
    Argument,
    AssignmentStmt,
    CallExpr,
    ClassDef,
    Decorator,
    Expression,
    FuncDef,
    NameExpr,
    OverloadedFuncDef,
    RefExpr,
    SymbolTableNode,
    TempNode,
    TypeInfo,
    Var,
)
from mypy.plugin import AnalyzeTypeContext, ClassDefContext, Plugin, SemanticAnalyzerPluginInterface
from mypy.plugins.common import add_method_to_class, deserialize_and_fixup_type
from mypy.typeanal import TypeAnalyser
from mypy.types import AnyType, NoneType, Type, TypeOfAny, UnboundType

from ._frozen import frozen

_LAZY_CELL = "lazycell.cell._cell.LazyCell"
_DATACLASS_LIKE = "lazycell.typed._Declaring"  # mypy itself understands its subclasses
_ANNOTATED = ("typing.Annotated", "typing_extensions.Annotated")  # what `__init__.pyi` says that Param and Buffer are
_MEMBERS = ("param", "buffer", "child", "children", "cells", "tie")
_PLACES = ("lazycell.declaration._declare", "lazycell.declaration._cells", "lazycell._specifiers")
_METADATA = "lazycell"


def plugin(version: str) -> type[Plugin]:
    """Give mypy the plugin."""
    return LazyCellPlugin


class LazyCellPlugin(Plugin):
    """What mypy asks."""

    def get_type_analyze_hook(self, fullname: str) -> Callable[[AnalyzeTypeContext], Type] | None:
        """Answer for an annotation."""
        return _analyze_annotated if fullname in _ANNOTATED else None

    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Answer for any class, before its body is read."""
        return _lend_names

    def get_base_class_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Answer for a class with the base `fullname`, after its body has been read."""
        symbol = self.lookup_fully_qualified(fullname)
        if symbol is None or not isinstance(symbol.node, TypeInfo):
            return None
        return _after_body if _is_lazy(symbol.node) else None


def _is_lazy(info: TypeInfo) -> bool:
    ancestors = {ancestor.fullname for ancestor in info.mro}
    return _LAZY_CELL in ancestors and _DATACLASS_LIKE not in ancestors


# -------------------------------------------------------------------------------------------------------- annotations


def _is_parameter(annotation: Type | None) -> bool:
    return isinstance(annotation, UnboundType) and annotation.name.split(".")[-1] in ("Param", "Buffer")


def _analyze_annotated(context: AnalyzeTypeContext) -> Type:
    if _is_parameter(context.type):
        return AnyType(TypeOfAny.special_form)  # as every class of MindSpore, which has no types
    assert isinstance(context.api, TypeAnalyser)
    usual = context.api.try_analyze_special_unbound_type(context.type, _ANNOTATED[0])
    assert usual is not None
    return usual


# --------------------------------------------------------------------------------------------------------- class bodies
# Python does not look for a name in the bases of the class whose body it runs; LazyCell's metaclass does.


def _lend_names(context: ClassDefContext) -> None:
    info = context.cls.info
    if _is_lazy(info):
        bound = {name for name, _ in _bindings(context.cls)}
        for name, symbol in _inherited_names(info):
            if name not in bound:
                info.names.setdefault(name, symbol)


def _take_names_back(info: TypeInfo) -> None:
    for name, symbol in _inherited_names(info):
        if info.names.get(name) is symbol:
            del info.names[name]


def _inherited_names(info: TypeInfo) -> Iterator[tuple[str, SymbolTableNode]]:
    for ancestor in info.mro[1:]:
        if ancestor.fullname == _LAZY_CELL:
            return
        if _is_lazy(ancestor):
            yield from ((name, symbol) for name, symbol in ancestor.names.items() if isinstance(symbol.node, Var))


def _after_body(context: ClassDefContext) -> None:
    _take_names_back(context.cls.info)
    _add_init(context)


# -------------------------------------------------------------------------------------------------------- constructors


@frozen
class _Hyperparameter:
    """An argument of `__init__`; `type` as mypy serializes it, since it outlives this run in mypy's cache."""

    name: str
    type: Any
    required: bool
    by_name: bool

    def argument(self, api: SemanticAnalyzerPluginInterface) -> Argument:
        typ = deserialize_and_fixup_type(self.type, api)
        kinds = (ARG_NAMED, ARG_NAMED_OPT) if self.by_name else (ARG_POS, ARG_OPT)
        return Argument(Var(self.name, typ), typ, None, kinds[0] if self.required else kinds[1])


def _add_init(context: ClassDefContext) -> None:
    info = context.cls.info
    own = dict(_said(context))
    # A list, since mypy's cache sorts the keys of dictionaries.
    info.metadata[_METADATA] = {"own": [(name, attrs.astuple(item) if item else None) for name, item in own.items()]}
    if _keeps_init(info):
        return
    hyperparameters = _hyperparameters(info)
    positional = [item for item in hyperparameters if not item.by_name]
    _check_order(positional, context)
    by_name = [item for item in hyperparameters if item.by_name]
    arguments = [item.argument(context.api) for item in (*positional, *by_name)]
    if not any(item.name == "dtype" for item in hyperparameters):
        anything = AnyType(TypeOfAny.special_form)
        arguments.append(Argument(Var("dtype", anything), anything, None, ARG_NAMED_OPT))
    add_method_to_class(context.api, context.cls, "__init__", arguments, NoneType())


def _hyperparameters(info: TypeInfo) -> list[_Hyperparameter]:
    """Join what a class and its ancestors say, in order of declaration, as the metaclass does."""
    found: dict[str, _Hyperparameter] = {}
    for ancestor in reversed(info.mro):
        for name, item in ancestor.metadata.get(_METADATA, {}).get("own", []):
            if item is None:
                found.pop(name, None)
            else:
                found[name] = _Hyperparameter(*item)
    return list(found.values())


def _check_order(hyperparameters: list[_Hyperparameter], context: ClassDefContext) -> None:
    statements = dict(_bindings(context.cls))
    for before, item in pairwise(hyperparameters):
        if item.required and not before.required:
            problem = f'"{item.name}" has no default, but stands after "{before.name}" which has one'
            context.api.fail(problem, statements.get(item.name) or context.cls)


def _keeps_init(info: TypeInfo) -> bool:
    """Tell whether the class writes its `__init__`, or inherits one that is written."""
    for ancestor in info.mro:
        symbol = ancestor.names.get("__init__")
        if ancestor.fullname == _LAZY_CELL:
            return False
        if symbol is not None:
            return not symbol.plugin_generated
    return False


def _bindings(cls: ClassDef) -> Iterator[tuple[str, AssignmentStmt | None]]:
    """Give each name that a class body binds, and the assignment that does, or None for a method."""
    for statement in cls.defs.body:
        if isinstance(statement, (FuncDef, OverloadedFuncDef, Decorator)):
            yield statement.name, None
        elif isinstance(statement, AssignmentStmt):
            for target in statement.lvalues:
                if isinstance(target, NameExpr):
                    yield target.name, statement


def _said(context: ClassDefContext) -> Iterator[tuple[str, _Hyperparameter | None]]:
    """Give each name that a class body binds: a hyperparameter, or None for anything else, which hides one."""
    for name, statement in _bindings(context.cls):
        yield name, _hyperparameter(name, statement, context) if statement is not None else None


def _hyperparameter(name: str, statement: AssignmentStmt, context: ClassDefContext) -> _Hyperparameter | None:
    symbol = context.cls.info.names.get(name)
    if statement.unanalyzed_type is None or symbol is None or not isinstance(symbol.node, Var):
        return None
    if symbol.node.is_classvar or _is_parameter(statement.unanalyzed_type) or _is_member(statement.rvalue):
        return None
    typ = symbol.node.type
    if typ is None:
        if not context.api.final_iteration:
            context.api.defer()
        typ = AnyType(TypeOfAny.unannotated)
    return _Hyperparameter(name, typ.serialize(), _is_required(statement.rvalue), _is_by_name(statement.rvalue))


def _called(expression: Expression | None) -> str | None:
    """Give the name of lazycell's function that an expression calls."""
    if isinstance(expression, CallExpr) and isinstance(expression.callee, RefExpr):
        module, _, name = expression.callee.fullname.rpartition(".")
        if module in _PLACES:
            return name
    return None


def _is_member(value: Expression) -> bool:
    """Tell whether a value declares a parameter, a child or a tie; between two values `when` is a value."""
    name = _called(value)
    if name == "when":
        assert isinstance(value, CallExpr)
        return any(_is_member(part) for part in value.args[1:])
    return name in _MEMBERS


def _is_required(value: Expression) -> bool:
    if _called(value) == "hyper":
        assert isinstance(value, CallExpr)
        return all(name not in (None, "default") for name in value.arg_names)
    return isinstance(value, TempNode)  # mypy's mark for an annotation without a value


def _is_by_name(value: Expression) -> bool:
    if _called(value) != "hyper":
        return False
    assert isinstance(value, CallExpr)
    given = dict(zip(value.arg_names, value.args, strict=True)).get("kw_only")
    return isinstance(given, NameExpr) and given.fullname == "builtins.True"
