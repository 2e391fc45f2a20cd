"""Small pieces of Markdown, in which no text of strangers means anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ._plain import printable, printable_lines
from ._report import Report, Table

# What Markdown, its tables, or HTML would take for something else, even in a code span.
_SPECIAL = re.compile(r"[`|<&\\]")
_SPAN = re.compile(r"`([^`]+)`")
_MARKED = re.compile(r"[][\\`*{}<>|&#~^$=!]|(?<![^\W_])_|_(?![^\W_])|:(?=/)|@|(?i:www)(?=\.)")
_FIRST = re.compile(r"^[-+:]|^(?<![0-9])[0-9]+(?=[.)])")
_MARKS = re.compile(r"[!-/:-@\[-`{-~]")


def code(text: str) -> str:
    """Give text as code, in a table too: nothing in it is taken for a mark, a cell's end or a tag."""
    text = printable(text)
    if not text:
        return ""
    if _SPECIAL.search(text) or text != text.strip():
        return f"<code>{escaped(text)}</code>"
    return f"`{text}`"


def escaped(text: str) -> str:
    """Write every sign of ASCII that may mean something as the number of the character."""
    return _MARKS.sub(_numbered, printable(text))


def prose(text: str) -> str:
    """Write words as a paragraph or a cell: what stands between single backticks is code, and nothing else is a mark.

    It reads better than `escaped` where a person opens the file, as points and commas stay what they are.
    """
    parts = _SPAN.split(" ".join(printable(text).split()))
    words = [code(part) if position % 2 else _MARKED.sub(_numbered, part) for position, part in enumerate(parts)]
    return _FIRST.sub(_numbered, "".join(words), count=1)


def _numbered(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(each)};" for each in found[0])


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table of Markdown; every row has as many cells as there are columns."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """Give a list, each line of it Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def of_report(report: Report) -> str:
    """Give a report as Markdown: a heading, what is said in words, and the tables."""
    blocks = [f"### {code(report.title)}"] if report.title else []
    blocks += [
        each if each.endswith(".") else f"{each}."
        for each in map(printable_lines, (report.summary, *report.notes))
        if each
    ]
    for each in report.tables:
        blocks += [f"**{printable(each.headed)}**"] if each.title else []
        blocks += [_rows(each)] if each.rows else []
    return "\n\n".join(blocks) + "\n"


def _rows(each: Table) -> str:
    shown, rest = each.shown
    width = len(each.columns) or len(each.rows[0])
    rows = [tuple(map(code, row)) for row in shown] + ([(rest, *[""] * (width - 1))] if rest else [])
    return table(each.columns or [""] * width, rows)
