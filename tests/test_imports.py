"""What declares, describes and plans needs no MindSpore: `lazycell inspect` starts in a blink on any machine."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lazycell
import tests

FLOORS = [
    *["system", "show", "mesh", "declaration", "streams", "formats", "sources", "layout", "reading", "history"],
    *["viewer", "manifest", "mismatch", "loading", "inference", "saving", "gate", "hub"],
    *["parameters", "distributed", "pretrained", "cards", "drafting", "cell", "demo", "cli"],
]
"""The packages, from the ground up: each imports from those before it, and from the modules that all share.

This is the one list: the pages that show it are held to it.
"""

COMMANDS = {"_convert", "_diff", "_draft", "_infer", "_manifest", "_plan", "_verify"}
"""Names that two files may have: a command in `cli/` is called as the module is that does its work."""

BY_NAME = {"__init__.py", "_face.py", "cli/_main.py", "cli/_imported.py", "zoo.py"}
"""What calls `import_module`: the faces, and the command for its own commands and for the classes that users name."""

MOST_LATE = 28
"""How many imports may stand inside functions: the number may get smaller."""

WITH_MINDSPORE = {"parameters", "distributed", "cell", "demo", "cli"}

PACKAGE = Path(lazycell.__file__).parent

PURE = [
    "lazycell",
    *(f"lazycell.{path.stem}" for path in PACKAGE.glob("_[a-z]*.py")),
    *(
        ".".join(("lazycell", *path.relative_to(PACKAGE).with_suffix("").parts))
        for folder in FLOORS
        if folder not in WITH_MINDSPORE
        for path in (PACKAGE / folder).rglob("*.py")
        if path.stem != "__init__"
    ),
]

NEED_MINDSPORE = {
    *["LazyCell", "Origin", "ParameterStatus", "Status", "init_parameters_data", "initial_values", "launch_blocking"],
    *["lazy", "no_init_parameters", "register_initializer", "status", "uninitialized"],
    *["load_checkpoint", "load_param_into_net", "save_checkpoint", "freeze", "unfreeze", "swap"],
    *["load_adapter", "save_adapter", "set_adapter"],
    *["Hyperparameters", "replace"],
    *["Enter", "Gather", "HandOn", "Leave", "reduce_gradients"],
}
"""The public names that are about cells and their parameters; with all others a checkpoint is described and planned."""

GUARD = """
import sys

class NoMindSpore:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "mindspore":
            raise ImportError("this process has no MindSpore")

sys.meta_path.insert(0, NoMindSpore())
"""


def without_mindspore(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, in which `import mindspore` fails."""
    command, root = [sys.executable, "-c", GUARD + code], Path(tests.__file__).parents[1]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)


def test_the_guard_can_fail() -> None:
    """A module that imports MindSpore does not pass."""
    for code in (
        "import mindspore",
        "import mindspore.nn",
        "import lazycell.cell._meta",
        "from lazycell import LazyCell",
    ):
        run = without_mindspore(code)
        assert run.returncode != 0
        assert "this process has no MindSpore" in run.stderr


def test_the_pure_half_imports_without_mindspore() -> None:
    """Every module below the line, each on its own, as long as nothing else of lazycell has been imported."""
    # A process each, forked where the others' packages are imported already: hundreds that begin anew take a minute.
    run = without_mindspore(
        "import os, traceback\n"
        "import attrs, click, numpy, typing_extensions\n"
        "assert 'lazycell' not in sys.modules\n"
        f"for module in {PURE}:\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        try:\n"
        "            __import__(module)\n"
        "        except BaseException:\n"
        "            print(module, traceback.format_exc(), flush=True)\n"
        "        os._exit(0)\n"
        "    assert os.waitpid(child, 0)[1] == 0, module\n"
    )
    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr


def test_public_names_import_without_mindspore() -> None:
    """The whole language, and all that a checkpoint is inspected and planned with: all but a few."""
    run = without_mindspore(
        "import lazycell\n"
        "for name in lazycell.__all__:\n"
        "    try:\n        getattr(lazycell, name)\n"
        "    except ImportError:\n        print(name)\n"
    )
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) == NEED_MINDSPORE


def test_importing_lazycell_imports_next_to_nothing() -> None:
    """Neither MindSpore nor numpy: each name is imported when it is used."""
    run = without_mindspore("import lazycell\nprint(sorted({'mindspore', 'numpy', 'attrs'} & set(sys.modules)))")
    assert run.stdout == "[]\n", run.stderr


def test_a_class_is_declared_and_described_without_mindspore() -> None:
    """From the class body to the manifest, in a process that has none."""
    run = without_mindspore(
        "from tests.pure import PureCell, manifest\n"
        "from lazycell import Param\n"
        "class A(PureCell):\n    n: int\n    w: Param['normal', (n, 2 * n)]\n"
        "print(manifest(A, 3)['w'].shape)"
    )
    assert run.stdout == "(3, 6)\n", run.stderr


def test_every_public_name_is_there() -> None:
    """What `__all__` promises can be imported, alone or by a star, and `dir` lists it."""
    pytest.importorskip("mindspore")
    import lazycell

    for name in lazycell.__all__:
        assert getattr(lazycell, name) is not None
        assert name in dir(lazycell)
    everything: dict[str, object] = {}
    exec("from lazycell import *", everything)
    assert everything.keys() >= set(lazycell.__all__)
    with pytest.raises(AttributeError, match="module 'lazycell' has no attribute 'Parm'"):
        lazycell.Parm  # type: ignore[attr-defined]


def test_names_are_found_by_all_threads_that_are_first() -> None:
    """The list is read when the first name is used, by however many at once; none sees a half of it."""
    run = without_mindspore(
        "import threading\nimport lazycell\n"
        "sys.setswitchinterval(1e-6)\nfound = []\nstart = threading.Barrier(8)\n"
        "def use():\n    start.wait()\n    found.append(lazycell.zeros)\n"
        "threads = [threading.Thread(target=use) for _ in range(8)]\n"
        "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\nprint(len(found))"
    )
    assert run.stdout == "8\n", run.stderr


def imports_of(path: Path, package: Path = PACKAGE) -> Iterator[str]:
    """Give the full name of each module of the package that a file imports: wherever in the file, and for whomever.

    Imports for type checkers count, and those in functions: to understand a file, a reader has to know what it names.
    """
    inside = path.is_relative_to(package)
    here = (package.name, *path.relative_to(package).parts[:-1]) if inside else ()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in (package.name, "models"))
        elif isinstance(node, ast.ImportFrom):
            if node.level and not inside:
                continue
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            if module.split(".")[0] in (package.name, "models"):
                for alias in node.names:
                    inner = package.parent / Path(*module.split("."), alias.name)
                    is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                    yield f"{module}.{alias.name}" if is_module else module


def circle_in(package: Path) -> list[str]:
    """Give files of a package that import each other in a circle, the first again at the end; none if there is none."""

    def name_of(path: Path) -> str:
        parts = path.relative_to(package.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    graph = {name_of(path): {*imports_of(path, package)} for path in package.rglob("*.py")}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Each file can be read after those that it names."""
    assert circle_in(PACKAGE) == []


@pytest.mark.parametrize(
    "back",
    [
        "from .first import A",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import first",
        "def late():\n    from net.first import A\n    return A",
        "import net.first",
    ],
)
def test_a_circle_is_found(tmp_path: Path, back: str) -> None:
    """Over three files and two folders, however the last of them names the first."""
    package = tmp_path / "net"
    (package / "inner").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "first.py": "from .inner import B",
        "inner/__init__.py": "from ..third import C",
        "third.py": back,
    }.items():
        (package / name).write_text(text)
    assert set(circle_in(package)) == {"net.first", "net.inner", "net.third"}
    (package / "third.py").write_text("C = 1")
    assert circle_in(package) == []


@pytest.mark.parametrize("floor", FLOORS)
def test_a_package_imports_from_the_floors_below_it_alone(floor: str) -> None:
    """Data flows one way: no module reaches up, and the zoo is not used at all."""
    allowed = {floor, *FLOORS[: FLOORS.index(floor)]}
    for path in (PACKAGE / floor).rglob("*.py"):
        for module in imports_of(path):
            root, *rest = module.split(".")
            assert root == "lazycell", path
            assert not rest or rest[0] in allowed or rest[0].startswith("_"), (path, module)
            assert rest or floor in ("demo", "cli"), path  # the public names, through the package's own face


def test_every_package_has_a_floor() -> None:
    """The list is whole, and the pages for contributors and for the curious show it as it is."""
    assert sorted(FLOORS) == sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    root = PACKAGE.parent
    assert re.findall(r"^\| `lazycell/(\w+)/` \|", (root / "CONTRIBUTING.md").read_text(), re.M) == FLOORS
    page = (root / "docs" / "how-it-works.md").read_text().partition("| package |")[2]
    assert re.findall(r"^\| (\w+) \|", page, re.M) == FLOORS


def past_faces(path: Path) -> list[str]:
    """Give the imports of a file that name a private module of another package, or of any when it is in none."""
    mine = path.relative_to(PACKAGE).parts[0] if path.is_relative_to(PACKAGE) else ""
    past = []
    for module in imports_of(path):
        _, package, *inner = [*module.split("."), ""]
        if package in FLOORS and package != mine and any(each.startswith("_") for each in inner):
            past.append(module)
    return past


def test_no_import_goes_past_a_face() -> None:
    """What a package has for others is in its `__init__`, or in a module without an underscore."""
    root = PACKAGE.parent
    paths = [path for folder in ("lazycell", "models", "benchmarks") for path in (root / folder).rglob("*.py")]
    assert len(paths) > len(FLOORS)
    assert {str(path): past for path in paths if (past := past_faces(path))} == {}


def test_an_import_past_a_face_is_seen(tmp_path: Path) -> None:
    """Written in whichever way, and wherever."""
    path = tmp_path / "module.py"
    for line, past in (
        ("from lazycell.show._plain import align", "lazycell.show._plain"),
        ("from lazycell.show import _plain", "lazycell.show._plain"),
        ("import lazycell.show._plain", "lazycell.show._plain"),
        ("def f():\n    from lazycell.manifest.diff._diff import diff", "lazycell.manifest.diff._diff"),
    ):
        path.write_text(line)
        assert past_faces(path) == [past]
    path.write_text(
        "from lazycell.show import align\nfrom lazycell import show\nfrom lazycell._errors import CheckpointError"
    )
    assert past_faces(path) == []


def test_names_are_imported_as_strings_where_that_is_needed() -> None:
    """No package reaches another through `import_module`."""
    calls = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if "import_module" in path.read_text()}
    assert calls == BY_NAME


def test_late_imports_say_why() -> None:
    """Inside a function is imported what keeps a start quick or MindSpore away, with a word on the line."""
    late, silent = 0, []
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        found = {n.lineno for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)}
        late += len(found)
        silent += [f"{path}:{number}" for number in found if "#" not in lines[number - 1]]
    assert silent == []
    assert late <= MOST_LATE


def test_a_file_name_means_one_thing() -> None:
    """Whoever reads a name in a message, a commit or a test knows which file it is."""
    places: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        if path.stem != "__init__":
            places.setdefault(path.stem, []).append(path.relative_to(PACKAGE).parts[0])
    twice = {stem: sorted(found) for stem, found in places.items() if len(found) > 1}
    assert set(twice) == COMMANDS
    assert all(len(found) == 2 and "cli" in found for found in twice.values())
