"""`module:name` on the command line: what is imported for it, and what it prints meanwhile."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from typing import Any

import click

from .. import parameters
from .._errors import LazyCellError
from .._harmless import told, words_of
from .._location import did_you_mean
from .._zoo_name import hidden_by, importable


@contextmanager
def printing_aside() -> Iterator[None]:
    """Send what a user's code prints to stderr, be it written in Python or not: stdout is for the answer alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def imported(title: str) -> Any:
    """Import `module:name`; modules of the working directory are found, as with `python -m`.

    Raises:
        click.UsageError: there is no such module, or nothing of that name in it.
        LazyCellError: the module cannot be imported.
    """
    module_name, _, qualified_name = title.partition(":")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    where = module_name
    try:
        with printing_aside(), _without_values():
            found: Any = importlib.import_module(module_name)
            for name in qualified_name.split("."):
                found, where = _attribute(title, found, where, name), f"{where}.{name}"
    except (KeyboardInterrupt, LazyCellError, click.UsageError):
        raise
    except BaseException as error:  # a module may do anything when it is imported, `sys.exit` included
        if isinstance(error, ModuleNotFoundError) and error.name == module_name:
            other = importable(module_name)
            if other != module_name:
                raise click.UsageError(
                    f"there is no module {module_name!r}: {hidden_by()} hides lazycell's own models: "
                    f"write {other}:{qualified_name}"
                ) from None
            hint = f": write {_dotted(module_name)}:{qualified_name}" if _dotted(module_name) != module_name else ""
            text = f"there is no module {module_name!r} here or among the installed ones{hint}"
            raise click.UsageError(text) from None
        cause = words_of(error) if isinstance(error, ImportError) else told(error)
        raise LazyCellError(f"{where} cannot be imported: {cause}") from error
    return found


def _attribute(title: str, found: Any, where: str, name: str) -> Any:
    """Give what is there under a name; a module may import it only now, and fail or print as when it is imported."""
    if not hasattr(found, name):
        raise click.UsageError(f"{title}: {where} has no {name!r}{did_you_mean(name, _callables(found))}")
    if isinstance(found, type) and inspect.isfunction(inspect.getattr_static(found, name)):
        raise click.UsageError(
            f"{title}: {name} is a method of instances, and there is none: name a class, a function, or a "
            "classmethod or staticmethod"
        )
    return getattr(found, name)


def _without_values() -> AbstractContextManager[object]:
    """Leave the parameters of nets that a module builds without values; without MindSpore it will say so itself."""
    try:
        return parameters.no_init_parameters()
    except ModuleNotFoundError:
        return nullcontext()


def _callables(found: Any) -> list[str]:
    """Give the names that may have been meant."""
    of_it: dict[str, Callable[..., Any]] = getattr(found, "__dict__", {})
    return [name for name, value in of_it.items() if callable(value) and not name.startswith("_")]


def _dotted(name: str) -> str:
    """Give the name of the module that a file is: `models.bert` for `models/bert.py`."""
    return name.removesuffix(".py").replace(os.sep, ".").strip(".") if name.endswith(".py") or os.sep in name else name
