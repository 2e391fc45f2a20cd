"""Reads a card as its reader does: headings, and the tables below each."""

from __future__ import annotations

import html
import re

_CELL = re.compile(r"(?<!\\)\|")


def tables(card: str, heading: str = "") -> list[list[list[str]]]:
    """Give the tables below a heading, or all of them: rows of cells, the titles first, without marks of code."""
    if heading:
        _, _, card = card.partition(f"\n{heading}\n")
        level = len(heading) - len(heading.lstrip("#"))
        card = re.split(rf"^#{{1,{level}}} ", card, maxsplit=1, flags=re.MULTILINE)[0]
    found: list[list[list[str]]] = []
    inside = False
    for line in card.splitlines():
        if not line.startswith("| "):
            inside = False
            continue
        if not inside:
            found.append([])
        inside = True
        cells = [_plain(cell) for cell in line.removeprefix("| ").removesuffix(" |").split(" | ")]
        if set("".join(cells)) - {"-", ":"}:
            found[-1].append(cells)
    return found


def columns(table: list[list[str]]) -> list[dict[str, str]]:
    """Give the rows of a table by its titles."""
    titles, *rows = table
    return [dict(zip(titles, row, strict=True)) for row in rows]


def _plain(cell: str) -> str:
    cell = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", cell.strip())
    cell = re.sub(r"</?code>", "`", cell)
    return html.unescape(cell).strip("`")
