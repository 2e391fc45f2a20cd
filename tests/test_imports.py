"""What declares, describes and plans needs no MindSpore: `lazycell inspect` starts in a blink on any machine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lazycell
import tests

FLOORS = [
    *["declaration", "streams", "formats", "sources", "viewer", "manifest", "reading", "mismatch", "checkpoint"],
    *["inference", "saving"],
    *["parameters", "pretrained", "cell", "cli"],
]
"""The packages, from the ground up: each imports from those before it, and from the modules that all share."""

WITH_MINDSPORE = {"parameters", "cell", "cli"}

PACKAGE = Path(lazycell.__file__).parent

PURE = [
    "lazycell",
    *(f"lazycell.{path.stem}" for path in PACKAGE.glob("_[a-z]*.py")),
    *(
        f"lazycell.{folder}.{path.stem}"
        for folder in FLOORS
        if folder not in WITH_MINDSPORE
        for path in (PACKAGE / folder).glob("*.py")
        if path.stem != "__init__"
    ),
]

PUBLIC = [
    *["Param", "Buffer", "param", "buffer", "child", "children", "hyper", "tie", "when", "require", "same"],
    *["INDEX", "SELF", "min_", "max_", "fields", "Fields", "Manifest", "ManifestEntry", "LoadPlan", "LoadReport"],
    *[
        "rename",
        "fused",
        "transposed",
        "reshaped",
        "plan",
        "convert",
        "verify",
        "open_checkpoint",
        "Format",
        "Inference",
    ],
    *["DeclarationError", "CheckpointMismatchError", "UninitializedWarning"],
]

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
    """Every module below the line, each on its own, as long as nothing else has been imported."""
    for module in PURE:
        run = without_mindspore(f"import {module}")
        assert run.returncode == 0, run.stderr


def test_public_names_of_the_pure_half_import_without_mindspore() -> None:
    """Those that a checkpoint is inspected and planned with, and the whole language."""
    run = without_mindspore("".join(f"from lazycell import {name}\n" for name in PUBLIC))
    assert run.returncode == 0, run.stderr


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
    """What `__all__` promises can be imported, and `dir` lists it."""
    pytest.importorskip("mindspore")
    import lazycell

    for name in lazycell.__all__:
        assert getattr(lazycell, name) is not None
        assert name in dir(lazycell)
    with pytest.raises(AttributeError, match="module 'lazycell' has no attribute 'Parm'"):
        lazycell.Parm  # type: ignore[attr-defined]


@pytest.mark.parametrize("floor", FLOORS)
def test_a_package_imports_from_the_floors_below_it_alone(floor: str) -> None:
    """Data flows one way: no module reaches up, and none goes through the package's own face."""
    allowed = {floor, *FLOORS[: FLOORS.index(floor)]}
    for path in (PACKAGE / floor).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                target = (node.module or "").split(".")[0]
                assert target in allowed or target.startswith("_") or floor == "cli" or node.module is None, (
                    path,
                    target,
                )
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] not in ("lazycell", "models"), path
