"""Tests of `lazycell._face`: the names of a package, each imported when it is first used."""

from __future__ import annotations

import ast
import importlib
import pickle
from pathlib import Path

import pytest

import lazycell
from tests.test_imports import FLOORS, WITH_MINDSPORE, without_mindspore

PACKAGE = Path(lazycell.__file__).parent
FACES = sorted(path for path in PACKAGE.rglob("*.py") if "__getattr__ = face(__name__)" in path.read_text()[-50:])


def listed(path: Path) -> dict[str, str]:
    """Read a face as checkers do: each name, and the module that has it; nothing where it is a module itself."""
    (block,) = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert all(alias.asname == alias.name for node in imports for alias in node.names)  # else checkers hide it
    return {alias.name: node.module or "" for node in imports for alias in node.names}


@pytest.mark.parametrize("path", FACES, ids=lambda path: ".".join(path.relative_to(PACKAGE).with_suffix("").parts))
def test_a_face_has_what_checkers_see_in_it(path: Path) -> None:
    """The very names that the list says, from where it says."""
    name = ".".join(("lazycell", *path.relative_to(PACKAGE).parts[:-1]))
    face = importlib.import_module(name if path.stem == "__init__" else f"{name}.{path.stem}")
    names = listed(path)
    assert face.__all__ == sorted(names)
    for each, module in names.items():
        home = importlib.import_module(f"{name}.{module}" if module else f"{name}.{each}")
        assert getattr(face, each) is (getattr(home, each) if module else home)


def test_nearly_all_packages_have_such_a_face() -> None:
    """The command is called, and nobody imports from it."""
    packages = [path for path in FACES if path.stem == "__init__"]
    assert {path.relative_to(PACKAGE).parts[0] for path in packages} == {*FLOORS} - {"cli"}


def test_a_name_is_imported_when_it_is_used() -> None:
    """A package costs nothing until then, and then only what the name needs."""
    run = without_mindspore(
        "from lazycell import manifest, show\n"
        "def loaded():\n    return sorted(m for m in sys.modules if m.startswith(('lazycell.manifest.', 'lazycell.show.')))\n"
        "print(loaded())\nshow.printable\nprint(loaded())\nprint('printable' in vars(show))"
    )
    assert run.stdout == "[]\n['lazycell.show._plain']\nTrue\n", run.stderr


def test_the_faces_of_what_needs_mindspore_do_not_need_it() -> None:
    """So the command imports them at the top."""
    for package in sorted(WITH_MINDSPORE):
        run = without_mindspore(f"from lazycell import {package}")
        assert run.returncode == 0, run.stderr


def test_what_a_face_has_not() -> None:
    """The error is Python's own, from the package and from an import."""
    show = importlib.import_module("lazycell.show")
    with pytest.raises(AttributeError, match="module 'lazycell.show' has no attribute 'alignn'"):
        show.alignn
    with pytest.raises(ImportError, match="cannot import name 'alignn' from 'lazycell.show'"):
        exec("from lazycell.show import " + "alignn")


def test_what_is_missing_is_named_through_a_face() -> None:
    """An import that fails below it fails as it would have without it."""
    run = without_mindspore("from lazycell.parameters import status")
    assert run.returncode == 1
    assert run.stderr.rstrip().endswith("ImportError: this process has no MindSpore")


def test_classes_stay_where_they_are() -> None:
    """What is pickled or shown in a traceback names the module, as ever."""
    from lazycell.manifest import Manifest

    assert Manifest.__module__ == "lazycell.manifest._manifest"
    assert pickle.loads(pickle.dumps(Manifest)) is Manifest


def test_a_face_is_used_by_all_threads_that_are_first() -> None:
    """Each gets the name, and all the same."""
    run = without_mindspore(
        "import threading\nfrom lazycell import formats\n"
        "sys.setswitchinterval(1e-6)\nfound = []\nstart = threading.Barrier(8)\n"
        "def use():\n    start.wait()\n    found.append(formats.open_checkpoint)\n"
        "threads = [threading.Thread(target=use) for _ in range(8)]\n"
        "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\n"
        "print(len(found), len(set(found)))"
    )
    assert run.stdout == "8 1\n", run.stderr
