"""What a shell completes after `--dtype`, `--optimizer` and `--set`. Nothing of the user's is imported."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import _dtypes, gate
from ..manifest import sizes
from ._proposal import proposal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_DECLARES = {"Param", "Buffer", "param", "buffer", "child", "children", "cells", "when", "tie"}
"""What else may stand in the body of a class under an annotated name."""


def complete_dtypes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete the name of a dtype that weights may have."""
    return _items((name, "") for name in _dtypes.NAMES if name in _dtypes.FLOATING and name.startswith(incomplete))


def complete_optimizers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete the name of an optimizer."""
    return _items((name, "") for name in sizes.OPTIMIZERS if name.startswith(incomplete))


def complete_settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete the name of a hyperparameter of the models that are named before it; its value is shown beside it."""
    named = [ctx.params.get(name) for name in ("model", "old", "new", "names", "models")]
    words = [word for each in named for word in ([each] if isinstance(each, str) else each or ())]
    words += ctx.args  # an option without its value, which is asked for here, keeps click from naming arguments
    found = dict(pair for word in words for pair in _hyperparameters(word))
    return _items((f"{name}=", about) for name, about in found.items() if f"{name}=".startswith(incomplete))


def _hyperparameters(model: str) -> Iterator[tuple[str, str]]:
    """Give the names of a model's hyperparameters, each with what it is: of a preset, or a class in a file here."""
    path = next((path for name, path in gate.committed_manifests() if name == model), None)
    try:
        if path is not None:
            values = json.loads(path.read_bytes()).get("hyperparameters", {})
            yield from ((name, json.dumps(value)) for name, value in values.items())
        elif ":" in model:
            module, _, name = model.partition(":")
            yield from _declared(Path(*module.split(".")).with_suffix(".py"), name)
    except (OSError, ValueError, AttributeError):  # a key was pressed: this is no place to complain
        return


def _declared(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """Read the hyperparameters of a class from its text, those of its bases in the same file among them."""
    classes = {each.name: each for each in ast.parse(path.read_bytes()).body if isinstance(each, ast.ClassDef)}
    pending = [name]
    while pending:
        cls = classes.pop(pending.pop(), None)
        if cls is None:
            continue
        pending += [base.id for base in cls.bases if isinstance(base, ast.Name)]
        for line in cls.body:
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and not _declares(line):
                yield line.target.id, ast.unparse(line.annotation)


def _declares(line: ast.AnnAssign) -> bool:
    """Whether a line declares something else than a hyperparameter."""
    return any(
        isinstance(part, ast.Name) and part.id in _DECLARES
        for node in (line.annotation, line.value)
        if node is not None
        for part in ast.walk(node)
    )


def _items(found: Iterable[tuple[str, str]]) -> list[CompletionItem[str]]:
    return [proposal(name, about=about or None) for name, about in found]
