"""Gives griffe, which reads sources for mkdocstrings, the constructors that no source has."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import griffe

sys.path.insert(0, str(Path(__file__).parent))

from signatures import BUILT, arguments_of, declared


class WrittenConstructors(griffe.Extension):
    """Adds an `__init__` to declared cells and to records, and what a cell declares to its docstring."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Look at one class, in whatever module."""
        module, _, name = cls.path.rpartition(".")
        if cls.parent is not cls.module or not (module.startswith("models.") or name in BUILT):
            return
        found = getattr(import_module(module), name)
        arguments = arguments_of(found)
        if arguments is None:
            return
        parameters = [griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)]
        for argument, annotation, default, kind in arguments:
            parameters.append(
                griffe.Parameter(argument, annotation=annotation, default=default, kind=griffe.ParameterKind(kind))
            )
        cls.set_member("__init__", griffe.Function("__init__", parameters=griffe.Parameters(*parameters)))
        said = declared(found)
        if said:
            written = cls.docstring.value if cls.docstring else ""
            cls.docstring = griffe.Docstring(f"{written}{said}".strip(), parent=cls)
