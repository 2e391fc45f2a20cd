"""What a class tells people, once for all places where it may be read: a terminal, a Markdown page, a notebook.

It knows no class: each gives its own report, in words and rows that are ready to be shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .._frozen import frozen
from . import html as _html
from ._few import more
from ._table import align
from .markdown import code
from .markdown import table as markdown_table

Rows = Sequence[tuple[str, ...]]


@frozen
class Table:
    """Rows that belong together.

    Attributes:
        rows: the cells; equally many in each.
        title: what they are: `added`; empty: the report's title says it.
        count: of how many things they tell; None: that is not told.
        columns: what the cells of a row are; empty: that is plain.
        named: whether plain text has a row with the names of the columns, too.
        right: columns that are flush right: numbers.
        most: rows that plain text and Markdown show before the others are counted.
    """

    rows: Rows
    title: str = ""
    count: int | None = None
    columns: Sequence[str] = ()
    named: bool = False
    right: Collection[int] = ()
    most: int | None = None


@frozen
class Report:
    """A title, tables, and what they cannot say; `str()` is plain text.

    Attributes:
        title: one line: of what it tells; may be empty where there is a summary.
        tables: the rows.
        notes: sentences, a line each or several; in Markdown they come first: a reader may stop there.
        summary: one line, the last one of the text; in a notebook, the tables unfold below it. May be empty.
    """

    title: str
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    summary: str = ""

    def __str__(self) -> str:
        lines = [self.title] if self.title else []
        for table in self.tables:
            lines += [] if not table.title else [f"{table.title}:" if table.count is None else _headed(table)]
            shown, rest = _shown(table)
            # Columns are as wide as what is shown asks for; how many more there are is no cell of them.
            indent = "  " if lines else ""
            lines += align([table.columns, *shown] if table.named else shown, indent=indent, right=table.right)
            lines += [f"{indent}{rest}"] if rest else []
        return "\n".join([*lines, *self.notes, *([self.summary] if self.summary else [])])

    def to_markdown(self) -> str:
        """Give the report as Markdown: a heading, what is said in words, and the tables."""
        blocks = [f"### {code(self.title)}"] if self.title else []
        blocks += [each if each.endswith(".") else f"{each}." for each in (self.summary, *self.notes) if each]
        for table in self.tables:
            blocks += [f"**{_headed(table)}**"] if table.title else []
            blocks += [_markdown(table)] if table.rows else []
        return "\n\n".join(blocks) + "\n"

    def to_html(self) -> str:
        """Give the report as HTML for a notebook; nothing in it is taken for a tag."""
        body = [each for table in self.tables for each in _table_html(table)]
        body += [_html.lines(note) if "\n" in note else _html.note(note) for note in self.notes]
        title = [_html.title(self.title)] if self.title else []
        return _html.block([*title, *([_html.folded(self.summary, _html.block(body))] if self.summary else body)])


def _headed(table: Table) -> str:
    return table.title if table.count is None else f"{table.title}: {table.count:,}"


def _shown(table: Table) -> tuple[Rows, str]:
    """Give the rows that are shown, and how many more there are; empty where all of them are."""
    if table.most is None or len(table.rows) <= table.most:
        return table.rows, ""
    return table.rows[: table.most], f"... {more(len(table.rows) - table.most)}"


def _table_html(table: Table) -> list[str]:
    parts, columns = [], table.columns
    if table.title and columns:
        parts.append(_html.note(_headed(table)))
    elif table.title and table.rows:
        columns = (_headed(table), *[""] * (len(table.rows[0]) - 1))
    return [*parts, _html.table(columns, table.rows, right=table.right)] if table.rows else parts


def _markdown(table: Table) -> str:
    shown, rest = _shown(table)
    width = len(table.columns) or len(table.rows[0])
    rows = [tuple(map(code, row)) for row in shown] + ([(rest, *[""] * (width - 1))] if rest else [])
    return markdown_table(table.columns or [""] * width, rows)
