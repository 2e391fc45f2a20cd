"""The names that the reference has, each with the page that has it and what it is in one line."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "reference"
_DESCRIBED = re.compile(r"^::: (\S+)$|\{ #((?:lazycell|models)\.[\w.]+) \}", re.M)
_GROUPS = {"lazycell.typed": "`lazycell.typed`", "lazycell": "`lazycell`", "models": "`models`"}
# What of a page's prose is code, a fence or a heading or a link, and what in it is not to be looked at.
_KEPT = re.compile(r"^ *```.*?^ *```|``.*?``|^#[^\n]*|\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])", re.M | re.S)
_MODEL = re.compile(r"[a-z\d]Model$|For[A-Z]|LMHead")  # of a family, and nobody else's
_CODE = re.compile(r"(?<!`)`([\w.]+)(\([^`\n]*\))?`(?!`)")


def described(text: str) -> list[str]:
    """Give the names that a page of the reference describes, in order, as often as it does."""
    return [directive or anchor for directive, anchor in _DESCRIBED.findall(text)]


@cache
def names_of(folder: Path) -> dict[str, Path]:
    """Give every name that the pages below a folder describe, and the page."""
    return {name: page for page in sorted(folder.rglob("*.md")) for name in described(page.read_text("utf-8"))}


def table() -> str:
    """Give, as Markdown, a table for each package: a name, and what it is in one line."""
    names = sorted(names_of(FOLDER), key=lambda name: (name.rpartition(".")[2].lower(), name))
    parts = []
    for group, title in _GROUPS.items():
        found = [name for name in names if _group(name) == group and name.count(".") > group.count(".")]
        # Where links of before led: the names were on one page, which had this address.
        rows = (f'| <span id="{name}"></span>[`{_short(name)}`][{name}] | {line_of(name)} |' for name in found)
        parts.append((title, "\n".join(["| name | what it is |", "| --- | --- |", *rows])))
    order = ["`lazycell`", "`lazycell.typed`", "`models`"]
    parts.sort(key=lambda part: order.index(part[0]))
    return "\n\n".join(f"## {title}\n\n{rows}" for title, rows in parts)


def _group(name: str) -> str:
    return next(group for group in _GROUPS if name.startswith(f"{group}."))


def _short(name: str) -> str:
    return name.removeprefix("lazycell.")


def line_of(name: str) -> str:
    """Give the first sentence of what is said of a name: on its page, where that says it, else in its docstring."""
    said = _on_page(name) or _after_assignment(name)
    if said is None:
        module, _, last = name.rpartition(".")
        said = inspect.getdoc(getattr(import_module(module), last)) or ""
    first = re.match(r"(?:.*?\.(?= )|.*)", " ".join(said.partition("\n\n")[0].split()))
    assert first is not None
    return first[0].rstrip(".:").replace("|", r"\|")


def _on_page(name: str) -> str | None:
    """Give what a page says below the heading, or in the row of a table, that is the place of a name."""
    text = names_of(FOLDER)[name].read_text("utf-8")
    _, found, rest = text.partition(f"{{ #{name} }}")
    if not found:
        return None
    row, _, below = rest.partition("\n")
    return " ".join(cell.strip() for cell in row.split("|")[1:]) or below.strip()


def _after_assignment(name: str) -> str | None:
    """Give the string that stands in the source below `NAME = …`."""
    module, _, last = name.rpartition(".")
    if module == "lazycell":
        module = f"lazycell.{_places()[last]}"
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    body = _body(Path(spec.origin))
    for node, after in pairwise(body):
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and last in names:
            match after:
                case ast.Expr(ast.Constant(str(text))):
                    return text
    return None


@cache
def _body(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text("utf-8")).body


@cache
def _places() -> dict[str, str]:
    """Give the module of each public name, as the stub says it."""
    spec = find_spec("lazycell")
    assert spec is not None
    assert spec.origin is not None
    imports = [node for node in _body(Path(spec.origin).with_suffix(".pyi")) if isinstance(node, ast.ImportFrom)]
    return {each.name: node.module or "" for node in imports for each in node.names}


def linked(markdown: str, names: dict[str, Path]) -> str:
    """Make what a page's prose first says of a public name a link to the reference."""
    aliases = {alias: name for name in names for alias in _aliases(name)}
    seen: set[str] = set()

    def link(found: re.Match[str]) -> str:
        name = aliases.get(found[1])
        if name is None or name in seen:
            return found[0]
        seen.add(name)
        return f"[{found[0]}][{name}]"

    parts, start = [], 0
    for kept in _KEPT.finditer(markdown):
        parts += [_CODE.sub(link, markdown[start : kept.start()]), kept[0]]
        start = kept.end()
    return "".join([*parts, _CODE.sub(link, markdown[start:])])


def _aliases(name: str) -> Iterator[str]:
    """Give what prose calls a name: what is an English word as well is meant where its package stands before it."""
    package, _, last = name.rpartition(".")
    if package != "lazycell.typed":
        yield name
    if package in ("lazycell", "models") and ("_" in last or not last.islower()):
        yield last
    if _MODEL.search(last):
        yield last
