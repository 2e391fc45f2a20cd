"""What mypy and pyright say about the files in `typing_tests/`: exactly what the comments in them expect, line by line.

An expectation stands below its line: `# E mypy: error: …` or `# E pyright: error: …`, and the message's first line.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import mindspore
import pytest
from mindspore import nn

import lazycell
from lazycell.declaration import _declare
from lazycell.parameters import _supported

from . import checkers

FILES = Path(__file__).parent / "typing_tests"
PACKAGE = Path(lazycell.__file__).parent
PLAIN = ("drafted.py", "imported.py", "imported_mistakes.py", "nets.py", "twin.py", "twin_mistakes.py")
STUBS = PACKAGE / "stubs"
WITH_PLUGIN = ("card.py", "card_mistakes.py", "imported.py", "twin.py", "twin_mistakes.py")
ACCEPTED = ("card.py", "imported.py", "nets.py", "twin.py")

Diagnostic = tuple[int, str]


def expected(file: str, checker: str) -> list[Diagnostic]:
    """Read the expectations of one checker: the line each belongs to, and its text."""
    found = []
    code = 0
    for number, line in enumerate((FILES / file).read_text().splitlines(), 1):
        comment = re.fullmatch(r"\s*# E (mypy|pyright): (.*)", line)
        if comment is None:
            code = number
        elif comment[1] == checker:
            found.append((code, comment[2]))
    return sorted(found)


def run(*command: str, **environment: str) -> str:
    """Run a checker where the files are; it returns 1 when it has something to say, more when it failed itself."""
    result = subprocess.run(
        command, cwd=FILES, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return result.stdout


@functools.cache
def mypy(config: str, files: tuple[str, ...], cache: Path) -> dict[str, list[Diagnostic]]:
    """Run mypy once: its errors and revealed types, for each file."""
    output = run(
        *(sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", str(cache), "--no-error-summary"),
        *files,
        PYTHONPATH=str(PACKAGE.parent),  # where mypy finds the plugin
    )
    found: dict[str, list[Diagnostic]] = {}
    for line in output.splitlines():
        parts = re.fullmatch(r"(?:.*/)?(\w+\.pyi?):(\d+): (error|note): (.*)", line)
        assert parts is not None, output
        file, number, kind, text = parts.groups()
        if kind == "error" or text.startswith("Revealed type"):
            found.setdefault(file, []).append((int(number), f"{kind}: {text}"))
    return found


@functools.cache
def pyright() -> dict[str, list[Diagnostic]]:
    """Run pyright once, in its strict mode but for what MindSpore's missing types would cause."""
    output = run(
        *(sys.executable, "-m", "pyright", "--project", ".", "--pythonpath", sys.executable, "--outputjson"),
        PYRIGHT_PYTHON_IGNORE_WARNINGS="1",
    )
    found: dict[str, list[Diagnostic]] = {}
    for item in json.loads(output)["generalDiagnostics"]:
        rule = f" ({item['rule']})" if "rule" in item else ""
        text = f"{item['severity']}: {item['message'].splitlines()[0]}{rule}"
        found.setdefault(Path(item["file"]).name, []).append((item["range"]["start"]["line"] + 1, text))
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for mypy: the second run finds in it what the first has read of other packages."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("file", PLAIN)
def test_mypy(file: str, cache: Path) -> None:
    """Without the plugin mypy says what the file expects, and nothing else."""
    assert sorted(mypy("mypy.ini", PLAIN, cache).get(file, [])) == expected(file, "mypy")


@pytest.mark.parametrize("file", WITH_PLUGIN)
def test_mypy_with_plugin(file: str, cache: Path) -> None:
    """With the plugin mypy says what the file expects, and nothing else."""
    assert sorted(mypy("mypy_plugin.ini", WITH_PLUGIN, cache).get(file, [])) == expected(file, "mypy")


@pytest.mark.parametrize("file", PLAIN)
def test_pyright(file: str) -> None:
    """Pyright says what the file expects, and nothing else."""
    assert sorted(pyright().get(file, [])) == expected(file, "pyright")


NEWER = {
    "ty": ("ty", "check", "--python", sys.prefix, "--extra-search-path", str(STUBS), "--output-format", "concise"),
    "pyrefly": ("pyrefly", "check", "--python-interpreter-path", sys.executable, "--output-format", "min-text"),
}
"""Checkers whose words change with each version: what counts is the lines that they find fault with."""

LET_PASS = {
    'a: Parameter = param("normal", hidden)',
    "j: MLP = when(hidden > 1, child(MLP, hidden), otherwise=child(Linear, hidden, hidden))",
    "k: MLP = when(hidden > 1, child(MLP, hidden))",
    "l: list[Linear] = children(2, when(INDEX > 0, child(Linear, hidden, hidden)))",
}
"""Mistakes in which ty finds no fault: a number for a shape, and what `when` may give."""


def faults(checker: str, file: str) -> set[int]:
    """Run one of the newer checkers, and give the lines that it finds fault with."""
    command, *arguments = NEWER[checker]
    output = run(str(Path(sys.executable).with_name(command)), *arguments, file)
    found = re.findall(rf"{re.escape(file)}:(\d+):.*?\berror|ERROR {re.escape(file)}:(\d+):(?!.*reveal_type)", output)
    return {int(first or second) for first, second in found}


@pytest.mark.parametrize("checker", NEWER)
@pytest.mark.parametrize("file", ["imported.py", "nets.py", "twin.py"])
def test_newer_checkers_accept(checker: str, file: str) -> None:
    """What is right is no fault."""
    assert faults(checker, file) == set()


def test_nets_are_cells_without_the_stubs(tmp_path: Path) -> None:
    """A function of lazycell takes a net, and a plain cell, of whoever has configured nothing."""
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps({"include": [str(FILES / "nets.py")], "extraPaths": [str(PACKAGE.parent)]}))
    project = ("--project", str(config), "--pythonpath", sys.executable, "--outputjson")
    told = run(sys.executable, "-m", "pyright", *project, PYRIGHT_PYTHON_IGNORE_WARNINGS="1")
    assert [item["message"] for item in json.loads(told)["generalDiagnostics"] if item["severity"] == "error"] == []
    ty = run(str(Path(sys.executable).with_name("ty")), "check", "--python", sys.prefix, "nets.py")
    assert "All checks passed" in ty


@pytest.mark.parametrize("checker", NEWER)
@pytest.mark.parametrize("file", ["imported_mistakes.py", "twin_mistakes.py"])
def test_newer_checkers_find_the_mistakes(checker: str, file: str) -> None:
    """Those that pyright finds, and no others; ty lets a few pass."""
    planted = {line for line, _ in expected(file, "pyright") if "reveal_type" not in line_of(file, line)}
    found = faults(checker, file)
    assert found <= planted
    assert {line_of(file, line) for line in planted - found} <= (LET_PASS if checker == "ty" else set())


def line_of(file: str, number: int) -> str:
    """Give one line of a file."""
    return (FILES / file).read_text().splitlines()[number - 1].strip()


def test_plugin_with_cache(cache: Path) -> None:
    """What the plugin knows of a class survives in mypy's cache: a second run, of one file, says the same."""
    mypy("mypy_plugin.ini", WITH_PLUGIN, cache)
    again = mypy("mypy_plugin.ini", ("heirs.py",), cache)
    assert sorted(again.get("heirs.py", [])) == expected("heirs.py", "mypy")


@pytest.mark.parametrize("file", ACCEPTED)
def test_accepted_files_run(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What checkers accept also works: the classes are made, and nets are built."""
    runpy.run_path(str(FILES / file))["build"]()
    assert capsys.readouterr().out


@pytest.mark.parametrize("file", PLAIN)
def test_ruff(file: str) -> None:
    """Ruff finds no undefined name where hyperparameters have a value and initializer names are imported."""
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "--output-format", "json", file],
        cwd=FILES,
        capture_output=True,
        text=True,
        check=False,
    )
    names = {re.sub(r".*`(.*)`.*", r"\1", item["message"]) for item in json.loads(ruff.stdout)}
    assert names - {"reveal_type"} == ({"he_uniform", "out_feature"} if file == "imported_mistakes.py" else set())


def test_page_shows_these_files() -> None:
    """The Python on the page about type checkers is in the files, but for the lines in between and the imports."""
    page = (PACKAGE.parent / "docs" / "typing.md").read_text()
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 3
    for text, file in zip(shown, ("card_mistakes.py", "twin.py", "imported.py"), strict=True):
        lines = iter((FILES / file).read_text().splitlines())
        missing = [line for line in text.splitlines() if not line.startswith("from ") and line not in lines]
        assert missing == []


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/tutorial.md"])
def test_pages_show_both_spellings(page: str) -> None:
    """And what each checker that the tests run says of them."""
    text = (PACKAGE.parent / page).read_text()
    card, twin = text.index('weight: Param["he_uniform", (out_features, in_features)]'), text.index("lazycell.typed")
    assert card < twin < text.index('weight: Parameter = param("he_uniform", (out_features, in_features))')
    table = text[twin:]
    assert all(
        f"{checker}" in table for checker in ("mypy, with the plugin", "pyright", "basedpyright", "ty", "pyrefly")
    )


def test_the_table_of_checkers_is_of_these_files() -> None:
    """Each checker has a row; the twin has no false errors but zuban's, and mistakes are counted as they stand here."""
    page = (PACKAGE.parent / "docs" / "typing.md").read_text()
    rows = {name: re.search(rf"\| {name} \| (.*) \|\n", page) for name in checkers.CHECKERS}
    counts = [len(checkers.planted(f"{spelling}_mistakes.py")) for spelling in checkers.SPELLINGS]
    for name, row in rows.items():
        assert row is not None, name
        cells = row[1].split(" | ")
        assert [int(cell.split(" of ")[1]) for cell in cells[1::2]] == counts
        assert cells[2] == "0" or name == "zuban"


def test_faults_are_counted_by_line() -> None:
    """In the words of each checker; what is revealed, or only remarked, is none."""
    outputs = (
        "a.py:3: error: no\na.py:3: error: again\na.py:4: note: hm\nb.py:5: error: elsewhere\n",
        "/there/a.py:3:1 - error: no\n/there/a.py:4:1 - information: error is said\n",
        "a.py:3:1: error[missing-argument] no\nFound 1 diagnostic\n",
        "ERROR a.py:3:14-18: no [missing-argument]\nERROR a.py:9:1-5: revealed type: int [reveal-type]\n",
    )
    assert [checkers.faults(output, "a.py") for output in outputs] == [{3}] * 4


def test_typed_is_lazycell() -> None:
    """At run time `lazycell.typed` holds the objects of `lazycell` itself."""
    typed = importlib.import_module("lazycell.typed")
    assert {name for name in typed.__all__ if getattr(typed, name) is not getattr(lazycell, name, None)} == {
        "Parameter",
        "Tensor",
    }


def test_stub_of_package() -> None:
    """The stub is the one list of the public names: what runs reads it as Python does, and it exports all it imports."""
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    places = {alias.name: node.module for node in imports if node.level == 1 for alias in node.names}
    twins = {alias.asname for node in imports if node.level == 0 for alias in node.names}
    listed = next(node.value for node in tree.body if isinstance(node, ast.Assign))
    assert sorted(ast.literal_eval(listed)) == sorted({*places, *twins}) == lazycell.__all__
    assert {name: place for name, place in lazycell._places.items() if name not in twins} == places
    assert twins == {"Buffer", "Param"}


NEW_IN_2_10 = {"to", "to_empty", "register_parameter_forward_hook"}


def test_stub_of_cells_has_mindspores_public_names() -> None:
    """All that a cell has, methods with the parameters that they take, and nothing that MindSpore does not have."""
    stub = next(
        node for node in ast.parse((PACKAGE / "_nn_cell.pyi").read_text()).body if isinstance(node, ast.ClassDef)
    )
    methods = {node.name: node.args for node in stub.body if isinstance(node, ast.FunctionDef)}
    attributes = {str(getattr(node.target, "id", "")) for node in stub.body if isinstance(node, ast.AnnAssign)}
    cell = nn.Cell()
    names = {name for name in {*dir(cell), *vars(cell)} if not name.startswith("_")}
    assert names - {*methods} - attributes == set()
    more = {name for name in {*methods} | attributes if not name.startswith("_")} - names
    assert more <= (set() if _supported.numbers_of(mindspore.__version__) >= (2, 10) else NEW_IN_2_10)
    assert [name for name in attributes if callable(getattr(nn.Cell, name, None)) and name != "T_destination"] == []
    for name, args in () if more else methods.items():  # before 2.10 methods take less
        taken = {each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)} - {"self"}
        try:
            takes = inspect.signature(getattr(nn.Cell, name)).parameters
        except ValueError:  # it is written in another language
            continue
        if not any(each.kind is each.VAR_KEYWORD for each in takes.values()):
            assert taken <= {*takes}, name
        if args.vararg is None and args.kwarg is None:
            assert {*takes} - {"self", "kwargs", "args", "flags", "inputs"} <= taken, name


def test_specifiers_keep_the_parameters() -> None:
    """The functions that checkers see in `lazycell.typed` take the parameters of those that run."""
    stub = {
        node.name: {argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        for node in ast.parse((PACKAGE / "_specifiers.pyi").read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    for name in ("hyper", "param", "buffer", "when"):
        code = getattr(_declare, name).__code__
        assert stub[name] - {"init"} == set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
