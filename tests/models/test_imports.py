"""Who may import what: the zoo uses lazycell as any user would, and lazycell does not know the zoo."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lazycell

ROOT = Path(__file__).parents[2]


def imported(path: Path) -> Iterator[tuple[str, str | None]]:
    """Give what a file imports absolutely: (module, None), or (module, name) for `from module import name`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("path", sorted((ROOT / "models").rglob("*.py")), ids=lambda path: path.name)
def test_models_import_public_names_alone(path: Path):
    """A file of the zoo takes from lazycell nothing but names in its `__all__`."""
    ours = [(module, name) for module, name in imported(path) if module.split(".")[0] == "lazycell"]
    assert [(module, name) for module, name in ours if module != "lazycell" or name not in lazycell.__all__] == []


def test_lazycell_never_imports_models():
    """No file of lazycell imports the zoo: it is found through the entry points."""
    files = sorted((ROOT / "lazycell").rglob("*.py"))
    assert len(files) > 20
    found = [(path.name, module) for path in files for module, _ in imported(path) if module.split(".")[0] == "models"]
    assert found == []


def test_the_guard_sees_an_import(tmp_path: Path):
    """The guard finds imports wherever they are, in functions too."""
    path = tmp_path / "file.py"
    path.write_text("def f():\n    import models.bert\n    from lazycell.cell._cell import LazyCell\n")
    assert list(imported(path)) == [("models.bert", None), ("lazycell.cell._cell", "LazyCell")]
