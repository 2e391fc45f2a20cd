"""Annotations that are strings: quoted, or under `from __future__ import annotations`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from ._class_body import ClassBody
from ._declare import Buffer, Declared, Param, ParameterSpec
from ._errors import UnknownNameError
from ._location import Location, did_you_mean, message


class _Scope(dict[str, Any]):
    """What a name in a string annotation means: a symbol, else what the frame around the class holds."""

    def __init__(self, body: ClassBody, symbols: Mapping[str, Any]) -> None:
        plain = {
            name: value
            for name, value in body.items()
            if not (name.startswith("__") or isinstance(value, Declared))
        }
        super().__init__({**body.outer_names, **plain, **symbols})


def resolve_annotation(annotation: Any, body: ClassBody, symbols: Mapping[str, Any], location: Location | None) -> Any:
    """Give what an annotation means; a type that cannot be found stays a string, as in attrs and dataclasses.

    Args:
        annotation: as the body holds it, perhaps a string, perhaps a string in a string.
        body: the class body.
        symbols: the symbol of each hyperparameter and derived value.
        location: the line of the annotation.

    Raises:
        UnknownNameError: a `Param[…]` or `Buffer[…]` uses a name that nothing declares.
    """
    scope = _Scope(body, symbols)
    while isinstance(annotation, str):
        try:
            annotation = eval(annotation, dict(body.globals), scope)
        except NameError as error:
            if not _declares_parameter(annotation, body, scope):
                return annotation
            name = error.name or ""
            raise UnknownNameError(
                message(
                    body.class_name,
                    f"`{name}` is not a name that the annotation `{annotation}` can use"
                    + did_you_mean(name, [*symbols, *scope]),
                    location,
                )
            ) from None
        except (SyntaxError, TypeError, AttributeError) as error:
            if _declares_parameter(annotation, body, scope):
                raise
            del error
            return annotation
    _place(annotation, location)
    return annotation


def _declares_parameter(text: str, body: ClassBody, scope: Mapping[str, Any]) -> bool:
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    if not isinstance(tree, ast.Subscript):
        return False
    try:
        return eval(ast.unparse(tree.value), dict(body.globals), dict(scope)) in (Param, Buffer)
    except Exception:  # noqa: BLE001 - any failure means: not ours
        return False


def _place(annotation: Any, location: Location | None) -> None:
    """Give a spec that was built from a string the line of its annotation: `eval` has no lines of its own."""
    if isinstance(annotation, ParameterSpec) and location is not None:
        object.__setattr__(annotation, "location", location)
