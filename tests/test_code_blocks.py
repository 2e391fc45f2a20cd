"""What the site makes of a block of code: what its button copies, which lines may wrap, and what is folded."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """`docs/_hooks/code_blocks.py`, which mkdocs imports by its path."""
    path = Path(__file__).parents[1] / "docs" / "_hooks" / "code_blocks.py"
    spec = importlib.util.spec_from_file_location("code_blocks", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("language", "text", "copied"),
    [
        ("console", "$ lazycell models\nbert\n$ echo $?\n0\n", "lazycell models\necho $?"),
        ("console", "$ lazycell show \\\n> --table\nnet\n", "lazycell show \\\n--table"),
        ("console", "$ cat a\n> quoted\n", "cat a"),
        ("console", "python -m pip install .\n", None),
        ("pycon", ">>> net\nNet()\n>>> print(\n...     net\n... )\nNet()\n", "net\nprint(\n    net\n)"),
        (
            "pycon",
            ">>> class A:\n...     x = 1\n...\n...     y = 2\n>>> A.x\n1\n",
            "class A:\n    x = 1\n\n    y = 2\n\nA.x",
        ),
        ("pycon", ">>> f()\nTraceback (most recent call last):\n    ...\nValueError\n", "f()"),
        ("python", ">>> no prompt\n", None),
    ],
)
def test_what_is_typed_is_copied(hook: ModuleType, language: str, text: str, copied: str | None) -> None:
    """Without prompts and what is printed; None: the block as it is."""
    assert hook.typed(language, text) == copied


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Error: a long sentence about it\n  weight: and more of it", [False, False]),
        ("name    shape\nweight  (4, 4)\nError: words", [True, True, False]),
        ("name    shape\nand words from here on", [False, False]),
        ("$ tree\n│ a\n│ b", [False, True, True]),
    ],
)
def test_words_may_wrap_and_columns_may_not(hook: ModuleType, text: str, columns: list[bool]) -> None:
    """Two lines with gaps are columns, and one is chance."""
    assert hook.in_columns(text.splitlines()) == columns


def test_a_long_name_breaks_between_its_parts(hook: ModuleType) -> None:
    """What is copied has nothing of it."""
    code = '<span class="go">  model.layers.0.self_attn.k_proj.weight: short.name</span>\n'
    page = hook.on_page_content(f'<div class="language-text highlight"><pre><code>{code}</code></pre></div>')
    assert "model.<wbr>layers.<wbr>0.<wbr>self_<wbr>attn.<wbr>k_<wbr>proj.<wbr>weight: short.name" in page
    assert 'data-copy="  model.layers.0.self_attn.k_proj.weight: short.name' in page


def _page(lines: int) -> str:
    code = '<span class="gp">$ </span>echo &lt;1&gt;\n' + "1\n" * (lines - 1)
    return (
        f'<p>a</p>\n<div class="language-console highlight"><pre><span></span><code>{code}</code></pre></div>\n<p>b</p>'
    )


def test_a_block_is_marked(hook: ModuleType) -> None:
    """With what is copied; the page around it stays as it was."""
    page = hook.on_page_content(_page(2))
    assert '<div class="language-console highlight" data-copy="echo &lt;1&gt;"><pre>' in page
    assert page.startswith("<p>a</p>\n<div")
    assert page.endswith("</div>\n<p>b</p>")
    assert "Show all" not in page


def test_lines_that_wrap_do_so_below_their_beginning(hook: ModuleType) -> None:
    """Each is an element that knows its indentation, and the button copies them as they were."""
    code = '<span class="go">error</span>\n<span class="go">  weight</span>\n\n'
    block = f'<div class="language-text highlight"><pre><span></span><code>{code}</code></pre></div>'
    page = hook.on_page_content(block)
    assert re.findall(r'style="--indent: (\d)ch">(?:<span class="go">)?([^<\n]*)', page) == [
        ("0", "error"),
        ("2", "  weight"),
        ("0", ""),
    ]
    assert "<wbr>" not in page
    assert 'data-copy="error\n  weight\n\n"' in page


def test_a_long_block_is_folded(hook: ModuleType) -> None:
    """It says how long it is, and each has a switch of its own."""
    page = hook.on_page_content(_page(hook.LONG + 1) + _page(hook.LONG) + _page(2 * hook.LONG))
    assert page.count(" long") == 2
    assert f"Show all {hook.LONG + 1} lines" in page
    assert 'for="__fold_1"' in page
    assert 'for="__fold_2"' in page
    assert hook.is_long(["x" * 104 * (hook.LONG + 1)])
