"""Small pieces of Markdown: fences, links, tables of numbers, values of hyperparameters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from .. import hub, show
from ..manifest import file
from ..show import markdown

_LONGEST_VALUE = 200


def fenced(language: str, text: str) -> str:
    """Give a block of code: whatever is in it, it ends at its end."""
    longest = max((len(each) for each in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{show.printable_lines(text)}\n{fence}"


def source_link(source: str | None) -> str:
    """Give where weights are published: a link if it is a repository of Hugging Face's hub."""
    if not source:
        return ""
    if "/" in source and hub.is_repository(source):
        return f"[{markdown.prose(source)}](https://huggingface.co/{quote(source)})"
    return markdown.code(source)


def paper_link(paper: str | None) -> str:
    """Give a paper: a link if it is on arXiv."""
    found = re.fullmatch(r"arXiv:([0-9]{4}\.[0-9]{4,5})", paper or "")
    text = markdown.prose(paper or "")
    return f"[{text}](https://arxiv.org/abs/{found[1]})" if found else text


def value_text(value: Any) -> str:
    """Write the value of a hyperparameter in one line: plain values as Python has them, others without addresses."""
    known = file.plain(value)
    if isinstance(known, dict) and known.keys() == {"repr"}:
        text = known["repr"]
    else:
        text = repr(value) if isinstance(known, (str, int, float, type(None))) else json.dumps(known)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def in_bytes(nbytes: int) -> str:
    """Write bytes, rounded and exact."""
    return show.format_bytes(nbytes) + (f" ({nbytes:,})" if nbytes >= 1000 else "")


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], text: int | None = None) -> str:
    """Give a table without the columns in which nothing stands; nothing without rows.

    Args:
        titles: of the columns, Markdown as the cells are.
        rows: the cells.
        text: how many columns are text: the others are numbers, flush right; None: all are text.
    """
    kept = [column for column in range(len(titles)) if any(row[column] for row in rows)]
    marks = ["---" if text is None or column < text else "--:" for column in range(len(titles))]
    lines = [[line[column] for column in kept] for line in (titles, marks, *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if kept else ""


def sections(blocks: Iterable[tuple[str, str]]) -> list[str]:
    """Put a heading, Markdown, before each block that is not empty."""
    return [part for heading, block in blocks if block for part in (heading, block) if part]
