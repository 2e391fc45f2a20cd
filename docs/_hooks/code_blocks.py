"""Code blocks of the site, so that each can be read on a phone, and copied without what nobody types.

Every block has its language as a class. Its lines stand in an element of their own, whose width the stylesheet bounds:
lines of words wrap at the window, below their own beginning; those of tables and of Python do not. What is `long` is
folded. `data-copy` is what the button copies: what is typed, without prompts and without what is printed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

# More lines than this are folded, of so many columns each.
LONG = 40
_COLUMNS = 104
# Where output is laid out in columns, wrapped lines cannot be read.
_GAP = re.compile(r"\S {2,}\S|[│┃]")
_BLOCK = re.compile(
    r'<div class="language-(?P<language>\w+) highlight">(?P<head>.*?<pre>(?:<span></span>)?<code[^>]*>)'
    r"(?P<code>.*?)</code></pre></div>",
    re.DOTALL,
)
# A name that is wider than a phone breaks after a dot, a slash or an underscore, and not after its indentation.
_LONG_WORD = re.compile(r"[^\s&]{24,}")
_OF_WORDS = ("console", "pycon", "text")
_PROMPTS = {"pycon": (">>> ", "... "), "console": ("$ ", "> ")}


def on_page_content(content: str, **_: Any) -> str:
    """Mark the blocks in the HTML of a page; mkdocs calls this."""
    numbers = count(1)
    return _BLOCK.sub(lambda block: _marked(block, numbers), content)


def typed(language: str, text: str) -> str | None:
    """Give the lines that a reader types, without prompts; None: there are no prompts, all is typed.

    Python's prompt ends a compound statement at an empty line, so one is put between it and the next.
    """
    if language not in _PROMPTS:
        return None
    first, more = _PROMPTS[language]
    lines: list[str] = []
    follows = False
    for line in text.splitlines():
        begins, goes_on = line.startswith(first.rstrip()), follows and line.startswith(more.rstrip())
        if begins and lines and language == "pycon" and lines[-1].startswith(" "):
            lines.append("")
        if begins or goes_on:
            lines.append(line[len(first if begins else more) :])
        # A shell goes on after a backslash alone; below a `>` that is printed nothing was typed.
        follows = (begins or goes_on) and (language == "pycon" or line.endswith("\\"))
    return "\n".join(lines) if lines else None


def in_columns(lines: list[str]) -> list[bool]:
    """Whether each line stands in columns, as one beside it does; else it is words, which may wrap at any width."""
    gaps = [False, *(bool(_GAP.search(line.strip())) for line in lines), False]
    return [gap and (before or after) for before, gap, after in zip(gaps, gaps[1:], gaps[2:], strict=False)]


def is_long(lines: list[str]) -> bool:
    """Whether a block is folded."""
    return sum(max(1, -(-len(line) // _COLUMNS)) for line in lines) > LONG


def _breakable(word: re.Match[str]) -> str:
    return re.sub(r"(?<=[./_])(?=\w)", "<wbr>", word[0])


def _in_lines(code: str, lines: list[str]) -> str:
    """Put each line into an element that says how far it is indented. Pygments closes what it opens on every line."""
    marked = re.sub(r"(?<=>)[^<]+|^[^<]+", lambda words: _LONG_WORD.sub(_breakable, words[0]), code).splitlines(
        keepends=True
    )
    assert len(marked) == len(lines)
    indents = [len(line) - len(line.lstrip(" ")) for line in lines]
    return "".join(
        f'<span class="line{" columns" * columns}" style="--indent: {indent}ch">{line}</span>'
        for line, indent, columns in zip(marked, indents, in_columns(lines), strict=True)
    )


def _marked(block: re.Match[str], numbers: Iterator[int]) -> str:
    language, code = block["language"], block["code"]
    text = html.unescape(re.sub(r"<[^>]+>", "", code))
    lines, copied = text.splitlines(), typed(language, text)
    if language in _OF_WORDS:
        code = _in_lines(code, lines)
        # As the lines are blocks of their own, the button would copy an empty line after each.
        copied = text if copied is None else copied
    classes = f"language-{language} highlight{' long' * is_long(lines)}"
    copy = "" if copied is None else f' data-copy="{html.escape(copied)}"'
    fold = unfold = ""
    if is_long(lines):
        name, told = f"__fold_{next(numbers)}", f"Show all {len(lines)} lines"
        fold = f'<input class="fold" type="checkbox" id="{name}" aria-label="{told}">'
        unfold = f'<label for="{name}"><span>{told}</span><span>Show fewer lines</span></label>'
    head = f'<div class="{classes}"{copy}>{fold}{block["head"]}'
    return f'{head}<span class="lines">{code}</span></code></pre>{unfold}</div>'
