"""The zoo's operators exist on Ascend too, by MindSpore's own documentation: it cannot be tried here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from mindspore import ops

import models

FILES = sorted(Path(models.__file__).parent.rglob("*.py"))
# `concat` documents itself as `cat`; `isconstant` and `constexpr` concern the compiler, and run on no device.
DOCUMENTED_AS = {"concat": "cat"}
NOWHERE = {"isconstant", "constexpr"}


def operators() -> dict[str, str]:
    """Give every name that a model takes from `mindspore.ops`, with the file where it stands."""
    found: dict[str, str] = {}
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ops":
                found[node.attr] = file.name
    return found


@pytest.mark.parametrize("name", sorted(operators().keys() - NOWHERE))
def test_operator(name: str):
    """Its documentation lists Ascend, and the CPU that the tests run on."""
    text = getattr(ops, DOCUMENTED_AS.get(name, name)).__doc__
    platforms = re.search(r"Supported Platforms:\s*\n\s*(.*)", text)
    assert platforms is not None
    assert {"Ascend", "CPU"} <= set(re.findall(r"``(\w+)``", platforms[1]))


def test_products_copy_no_weight():
    """`ops.dense` and `ops.matmul(x, w.T)` write the transposed weight anew at every call, on CPU: not in the zoo."""
    assert operators().keys() & {"dense", "matmul"} == set()


@pytest.mark.parametrize(
    "page", ["README.md", "docs/index.md", "docs/tutorial.md", "docs/porting.md", "examples/train.py"]
)
def test_pages_teach_no_such_product(page: str):
    """What is shown is copied into models."""
    text = (Path(models.__file__).parents[1] / page).read_text(encoding="utf-8")
    assert "return ops.dense(" not in text
    assert ".weight.T)\n" not in text


def test_no_mint():
    """`mindspore.mint` has operators without a kernel for the CPU."""
    for file in FILES:
        names = [
            node.names for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
        ]
        assert "mint" not in {alias.name for several in names for alias in several}, file
