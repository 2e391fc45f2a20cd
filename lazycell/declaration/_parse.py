"""From the text of an expression, as in the shape `"out_features 4*in_features"`, to the expression."""

from __future__ import annotations

import ast
import keyword
import re
from typing import Any

from .._errors import DeclarationError
from ._symbols import FUNCTIONS, Attribute, Expression, Item, add_sections, call, choose, operate, symbol

_AST_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_KEYWORD_OPERATORS = {"and": "&", "or": "|", "not": "~", "if": "when(condition, …)"}
_AST_UNARY: dict[type[ast.AST], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}


def parse(text: str) -> Any:
    """Give the expression, or the plain value, that `text` spells: names, numbers, operators, attributes, `min_`.

    Raises:
        DeclarationError: `text` is not such an expression.
    """
    try:
        return _from_ast(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError):
        raise DeclarationError(_why_not(text)) from None


def parse_shape(text: str) -> tuple[Any, ...]:
    """Give the dimensions in a string of space-separated expressions, such as `"out_features 4*in_features"`.

    Raises:
        DeclarationError: one of them is not an expression.
    """
    try:
        return tuple(map(parse, text.split()))
    except DeclarationError as error:
        hint = "; spaces separate dimensions, so write none inside one" if _is_expression(text) else ""
        raise DeclarationError(f"{error}{hint}") from None


def _is_expression(text: str) -> bool:
    try:
        parse(text)
    except DeclarationError:
        return False
    return True


def _why_not(text: str) -> str:
    for word in filter(keyword.iskeyword, re.findall(r"\w+", text)):
        if word in _KEYWORD_OPERATORS:
            return f"`{text}` uses `{word}`: write `{_KEYWORD_OPERATORS[word]}` instead"
        if word not in ("True", "False", "None"):
            instead = "`in_features` or `in_`" if word == "in" else f"`{word}_`"
            return f"`{word}` is a Python keyword, so no hyperparameter can have that name: write {instead} instead"
    return f"`{text}` is not an expression of names, numbers and `+ - * // % **`"


def _from_ast(tree: ast.expr) -> Any:
    match tree:
        case ast.Constant(value=value) if isinstance(value, (int, float, str)) or value is None:
            return value
        case ast.Name(id=name):
            return symbol(name)
        case ast.Tuple(elts=items):
            return tuple(map(_from_ast, items))
        case ast.List(elts=items):
            return list(map(_from_ast, items))
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if part is None else _from_ast(part) for part in (lower, upper, step)))
        case ast.Attribute(value=target, attr="inner") if ast.unparse(target).partition(".")[0] == "INDEX":
            return _from_ast(target).inner
        case ast.Attribute(value=target, attr=name):
            return Expression(Attribute(_from_ast(target), name))
        case ast.Subscript(value=target, slice=key):
            return Expression(Item(_from_ast(target), _from_ast(key)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _AST_BINARY:
            return operate(_AST_BINARY[type(op)], _from_ast(left), _from_ast(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _AST_BINARY:
            return operate(_AST_BINARY[type(op)], _from_ast(left), _from_ast(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _AST_UNARY:
            return operate(_AST_UNARY[type(op)], _from_ast(operand))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS:
            return call(function, tuple(map(_from_ast, arguments)))
        case ast.Call(func=ast.Name(id="fused"), args=[], keywords=[_, _, *_] as sizes) if all(
            each.arg for each in sizes
        ):
            return add_sections(tuple((str(each.arg), _from_ast(each.value)) for each in sizes))
        case ast.Call(func=ast.Name(id="when"), args=[condition, present], keywords=[ast.keyword("otherwise", other)]):
            return choose(*map(_from_ast, (condition, present, other)))
    raise ValueError(ast.dump(tree))
