"""The reference has every public name once, and none that is not there; what it shows of each can be read in it."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lazycell
import lazycell.typed
import models

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
PARTS = ("activations", "attention", "decoder", "experts", "heads", "inputs", "layers", "lora", "named", "outputs")
PARTS += ("relative", "rotary", "stages")
"""The modules of the zoo that its families share, and ports build on."""

sys.path.insert(0, str(ROOT / "docs" / "_reference"))
names = importlib.import_module("names")
signatures = importlib.import_module("signatures")

PAGES = {page: page.read_text() for page in sorted(REFERENCE.rglob("*.md"))}
DESCRIBED = [name for text in PAGES.values() for name in names.described(text)]


def public_of(module: Any) -> set[str]:
    """Give what a module defines for others, under its full name."""
    tree = ast.parse(Path(module.__file__).read_text())
    found = [each.name for each in tree.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
    for each in tree.body:
        targets = (
            each.targets if isinstance(each, ast.Assign) else [each.target] if isinstance(each, ast.AnnAssign) else []
        )
        found += [target.id for target in targets if isinstance(target, ast.Name)]
    return {f"{module.__name__}.{name}" for name in found if not name.startswith("_")}


def is_cell(name: str) -> bool:
    """Whether a name is that of a declared cell."""
    module, _, last = name.rpartition(".")
    found = getattr(importlib.import_module(module), last)
    return isinstance(found, type) and issubclass(found, lazycell.LazyCell)


def test_every_public_name_is_in_the_reference_once() -> None:
    """Of lazycell, of what checkers read, of the zoo's parts, and of the cells of its families."""
    wanted = {f"lazycell.{name}" for name in lazycell.__all__}
    wanted |= {f"lazycell.typed.{name}" for name in lazycell.typed.__all__} | {"lazycell.mypy_plugin", "lazycell.stubs"}
    wanted |= {f"models.{name}" for name in models.__all__}
    families = {each.cls.__module__ for each in lazycell.registered_models()}
    for module in (each for each in families if each.startswith("models.")):  # not what other tests have registered
        wanted |= {name for name in public_of(importlib.import_module(module)) if is_cell(name)}
    for part in PARTS:
        wanted |= public_of(importlib.import_module(f"models.{part}"))
    wanted.remove("models.lora.LoRA")  # which is models.LoRA
    assert sorted(DESCRIBED) == sorted(wanted)


def test_the_list_of_all_names_says_what_each_is() -> None:
    """A line for each, none of them empty, and each leads to its page."""
    rows = re.findall(r"^\| <span id=.*?</span>\[`.*?`\]\[(.*?)\] \| (.*) \|$", names.table(), re.M)
    assert sorted(name for name, _ in rows) == sorted(DESCRIBED)
    assert [name for name, line in rows if not 1 <= len(line) <= 180 or "Hyperparameters" in line[:15]] == []
    assert (
        dict(rows)["lazycell.Mesh"]
        == "How ranks are arranged: `Mesh(dp=2, tp=8)` has 16, and those along the last axis are neighbours"
    )


def test_every_page_of_the_reference_is_in_the_navigation() -> None:
    """And on its first page."""
    navigation, first = (ROOT / "mkdocs.yml").read_text(), PAGES[REFERENCE / "index.md"]
    paths = [page.relative_to(REFERENCE).as_posix() for page in PAGES if page != REFERENCE / "index.md"]
    assert [path for path in paths if f" reference/{path}\n" not in navigation] == []
    assert [path for path in paths if f"]({path})" not in first] == []


def test_the_constructor_that_lazycell_writes_is_shown() -> None:
    """With hyperparameters, defaults and what is said of them, as the class has them."""
    from models.bert import BertForMaskedLM, BertModel
    from models.layers import Linear

    shown = signatures.arguments_of(BertModel)
    assert shown[:2] == [
        ("vocab_size", "int", "30522", "positional or keyword"),
        ("hidden_size", "int", "768", "positional or keyword"),
    ]
    assert shown[-1] == ("dtype", None, "None", "keyword-only")
    assert ("tie_bias", "bool", "tie_word_embeddings", "positional or keyword") in signatures.arguments_of(
        BertForMaskedLM
    )
    assert "- `weight`: `(out_features, in_features), initializer`" in signatures.declared(Linear)
    assert "- `initializer`: initializer of the weight" in signatures.declared(Linear)
    assert signatures.arguments_of(lazycell.LoadReport) is None
    assert signatures.arguments_of(lazycell.Preset)[0][0] == "name"
    assert signatures.arguments_of(lazycell.ConfigRules)[0][2] == "{}"


@pytest.mark.parametrize(
    ("prose", "linked"),
    [
        ("a `LoadReport` and `LoadReport`", "a [`LoadReport`][lazycell.LoadReport] and `LoadReport`"),
        ("`lazycell.plan(…)`, the plan", "[`lazycell.plan(…)`][lazycell.plan], the plan"),
        ("`BertForMaskedLM`", "[`BertForMaskedLM`][models.bert.BertForMaskedLM]"),
        ("the axis `on`, `normal`, `Linear`", "the axis `on`, `normal`, `Linear`"),
        ("# `Mesh`\n`Mesh`", "# `Mesh`\n[`Mesh`][lazycell.Mesh]"),
        ("```python\n`Mesh`\n```\n", "```python\n`Mesh`\n```\n"),
        ("[`Mesh`](ranks.md), ``a `Mesh` ``", "[`Mesh`](ranks.md), ``a `Mesh` ``"),
    ],
)
def test_prose_leads_to_the_reference(prose: str, linked: str) -> None:
    """Where it first names something; not in code, in a heading or in a link, and no word of English."""
    assert names.linked(prose, names.names_of(REFERENCE)) == linked


def test_the_tree_of_errors_is_as_they_are() -> None:
    """Each below its own base class, beside the builtin that it is as well."""
    text = (REFERENCE / "errors.md").read_text()
    tree = text.partition("```text\n")[2].partition("```")[0]
    shown, above = set(), []
    for line in filter(None, tree.splitlines()):
        depth, (name, *builtin) = (len(line) - len(line.lstrip("├─└│ "))) // 4, line.lstrip("├─└│ ").split()
        above[depth:] = [name]
        shown.add((name, *([above[depth - 1]] if depth else []), *builtin))
    every = [getattr(lazycell, name) for name in lazycell.__all__ if name.endswith(("Error", "Warning"))]
    said = {
        (each.__name__, *(base.__name__ for base in each.__bases__ if not base.__name__.startswith("_")))
        for each in every
    }
    assert shown - {("UserWarning",)} == said


def functions_of(name: str) -> Iterator[tuple[str, Any]]:
    """Give the function of a name, or the public ones in the body of its class."""
    module, _, last = name.rpartition(".")
    found = getattr(importlib.import_module(module), last)
    if not isinstance(found, type):
        yield name, found
        return
    for method, each in vars(found).items():
        each = getattr(each, "__func__", each)
        if inspect.isfunction(each) and not method.startswith("_"):
            yield f"{name}.{method}", each


def sections(doc: str) -> dict[str, str]:
    """Give the text of each section of a docstring by its title."""
    parts = re.split(r"^(Args|Returns|Yields|Raises|Warns):$", doc, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def faults_of(function: Any, doc: str) -> list[str]:
    """Say what the docstring of a function does not tell."""
    function, said = inspect.unwrap(function), sections(doc)
    taken = [*inspect.signature(function).parameters]
    if "." in function.__qualname__.rpartition("<locals>")[2].strip("."):  # a method
        taken = taken[1:]
    told = re.findall(r"^    (\w+): ", said.get("Args", ""), re.M)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    gives = tree.returns is not None and ast.unparse(tree.returns) not in ("None", "NoReturn")
    raises = any(isinstance(each, ast.Raise) for each in ast.walk(tree))
    return [
        *(f"takes {name}" for name in taken if name not in told),
        *(f"does not take {name}" for name in told if name not in taken),
        *(["gives something"] if gives and not {"Returns", "Yields"} & said.keys() else []),
        *(["gives nothing"] if not gives and "Returns" in said else []),
        *(["raises something"] if raises and "Raises" not in said else []),
    ]


def test_every_function_says_what_it_takes_gives_and_raises() -> None:
    """In sections that `help` and the reference show; a method may have those of the one that it overrides."""
    told = 0
    for name in DESCRIBED:
        if name in ("lazycell.Buffer", "lazycell.Param", "lazycell.mypy_plugin", "lazycell.stubs"):
            continue
        if name.startswith("lazycell.typed."):  # the same objects
            continue
        for full, function in functions_of(name):
            if inspect.isroutine(function):
                assert faults_of(function, inspect.getdoc(function) or "") == [], full
                told += 1
    assert told > 200


def test_a_function_that_does_not_say_it_is_noticed() -> None:
    """What it takes, gives or raises; and what it says of an argument that it does not have."""

    def silent(one: int, two: int) -> int:
        if one > two:
            raise ValueError
        return one

    assert faults_of(silent, "Silent.") == ["takes one", "takes two", "gives something", "raises something"]
    assert faults_of(
        silent, "Say.\n\nArgs:\n    one: it.\n    too: it.\n\nReturns:\n    It.\n\nRaises:\n    It: so."
    ) == [
        "takes two",
        "does not take too",
    ]
