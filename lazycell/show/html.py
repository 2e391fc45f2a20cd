"""Small pieces of HTML for notebooks: no script, no colours of their own (notebooks are light or dark), all escaped."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from ._plain import more, printable
from ._report import Report, Table

MOST_ROWS = 60
"""Rows of a table before the others are counted."""
_MOST_LETTERS, _MOST_LINES = 300, 200

_LINE = "border-bottom:1px solid rgba(128,128,128,.35)"
_CELL = (
    "padding:2px 10px 2px 0;vertical-align:top;overflow-wrap:anywhere;white-space:pre-wrap;background:none;border:none"
)
_NUMBER = "font-variant-numeric:tabular-nums"
_TABLE = "border-collapse:collapse;font-size:90%;margin:4px 0"
_PRE = "white-space:pre-wrap;overflow-wrap:anywhere;background:none;margin:4px 0;padding:0"

_Shown = TypeVar("_Shown")


def escaped(text: str, most: int = _MOST_LETTERS) -> str:
    """Give text as HTML shows it: markup, control characters and lone surrogates as escapes; cut if it is long."""
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return html.escape(printable(short))


def title(text: str) -> str:
    """Give a line that says what follows."""
    return f"<div><strong>{escaped(text)}</strong></div>"


def note(text: str) -> str:
    """Give a line of text."""
    return f"<div>{escaped(text, 3 * _MOST_LETTERS)}</div>"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """Give a table; of many rows the first ones, and how many more there are.

    Args:
        titles: one for each column; empty for a table without.
        rows: the cells.
        right: columns that are flush right: numbers.
    """

    def cell(tag: str, column: int, text: str) -> str:
        style = f"text-align:right;{_NUMBER}" if column in right else "text-align:left"
        return f'<{tag} style="{style};{_CELL}">{escaped(text)}</{tag}>'

    def line(tag: str, cells: Sequence[str]) -> str:
        return f'<tr style="{_LINE}">{"".join(cell(tag, *each) for each in enumerate(cells))}</tr>'

    head = f"<thead>{line('th', titles)}</thead>" if titles else ""
    body = "".join(line("td", row) for row in rows[:MOST_ROWS])
    rest = note(more(len(rows) - MOST_ROWS)) if len(rows) > MOST_ROWS else ""
    return f'<table style="{_TABLE}">{head}<tbody>{body}</tbody></table>{rest}'


def lines(text: str) -> str:
    """Give text of several lines as it stands; of many lines the first ones."""
    each = text.split("\n", _MOST_LINES)
    shown = [escaped(line) for line in each[:_MOST_LINES]] + (["…"] if len(each) > _MOST_LINES else [])
    return f'<pre style="{_PRE}">{chr(10).join(shown)}</pre>'


def folded(summary: str, body: str) -> str:
    """Give `body`, which is HTML, behind a line of text to click at."""
    return f'<details><summary style="cursor:pointer">{escaped(summary)}</summary>{body}</details>'


def block(parts: Iterable[str]) -> str:
    """Put pieces of HTML below each other."""
    return f"<div>{''.join(parts)}</div>"


def of_report(report: Report) -> str:
    """Give a report as HTML; nothing in it is taken for a tag."""
    body = [part for each in report.tables for part in _rows(each)]
    body += [lines(each) if "\n" in each else note(each) for each in report.notes]
    head = [title(report.title)] if report.title else []
    return block([*head, *([folded(report.summary, block(body))] if report.summary else body)])


def _rows(each: Table) -> list[str]:
    parts, columns = [], each.columns
    if each.title and columns:
        parts.append(note(each.headed))
    elif each.title and each.rows:
        columns = (each.headed, *[""] * (len(each.rows[0]) - 1))
    return [*parts, table(columns, each.rows, right=each.right)] if each.rows else parts


def of_text(what: object) -> str:
    """Give what prints as text alone: its first line, and the others as they stand."""
    first, _, rest = str(what).partition("\n")
    return block([title(first), lines(rest)] if rest else [title(first)])


def in_notebook(what: _Shown, make: Callable[[_Shown], str | Report]) -> str:
    """Show something as the last line of a notebook's cell, which is no place for a traceback: whatever fails is told.

    Args:
        what: it.
        make: gives its HTML, or its report.
    """
    try:
        made = make(what)
        return of_report(made) if isinstance(made, Report) else made
    except Exception as error:
        return note(f"{type(what).__name__} (it cannot be shown: {type(error).__name__})")
