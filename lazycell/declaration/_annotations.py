"""Annotations that are strings: quoted, or under `from __future__ import annotations`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from .._errors import DeclarationError, UnknownNameError
from .._harmless import told
from .._location import Location, did_you_mean, message
from ._class_body import ClassBody
from ._declare import Buffer, Declared, Param


def _scope(body: ClassBody, symbols: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a name in a string annotation means: a symbol, else what the class body or the code around it has.

    One dictionary, since the inner scope of a comprehension sees no other.
    """
    plain = {name: value for name, value in body.items() if not (name.startswith("__") or isinstance(value, Declared))}
    return {**body.globals, **body.outer_names, **plain, **symbols}


def resolve_annotation(
    name: str, annotation: Any, body: ClassBody, symbols: Mapping[str, Any], location: Location | None
) -> Any:
    """Give what an annotation means; a type that cannot be found stays a string, as in attrs and dataclasses.

    Args:
        name: what is annotated.
        annotation: as the body holds it, perhaps a string, perhaps a string in a string.
        body: the class body.
        symbols: the symbol of each hyperparameter and derived value.
        location: the line of the annotation.

    Raises:
        UnknownNameError: a `Param[…]` or `Buffer[…]` uses a name that nothing declares.
        DeclarationError: it cannot be evaluated for another reason.
    """
    if not isinstance(annotation, str):
        return annotation
    scope = _scope(body, symbols)
    subject = f"{body.class_name}.{name}"
    while isinstance(annotation, str):
        try:
            annotation = _evaluate(annotation, scope, location)
        except DeclarationError:
            raise
        except Exception as error:  # whatever evaluating the user's text raises
            if not _declares_parameter(annotation, scope):
                return annotation
            if isinstance(error, NameError) and error.name:
                text = f"`{error.name}` is not a name that the annotation `{annotation}` can use"
                text += did_you_mean(error.name, [*symbols, *scope])
                raise UnknownNameError(message(subject, text, location)) from None
            reason = f"{type(error).__name__}: {error.msg}" if isinstance(error, SyntaxError) else told(error)
            text = f"the annotation `{annotation}` cannot be evaluated: {reason}"
            raise DeclarationError(message(subject, text, location)) from error
    return annotation


def _evaluate(text: str, scope: dict[str, Any], location: Location | None) -> Any:
    """Evaluate the text of an annotation as if it stood where it was written, for whoever asks for the line."""
    tree = ast.parse(text.strip(), mode="eval")
    filename = "<annotation>"
    if location is not None:
        ast.increment_lineno(tree, location.line - 1)
        filename = location.filename
    return eval(compile(tree, filename, "eval"), scope)


def _declares_parameter(text: str, scope: dict[str, Any]) -> bool:
    """Tell whether a `Param[…]` or `Buffer[…]` is anywhere in an annotation that cannot be evaluated."""
    return any(
        scope.get(name) is Param or scope.get(name) is Buffer or name.split(".")[-1] in ("Param", "Buffer")
        for name in re.findall(r"([\w.]+)\s*\[", text)
    )
