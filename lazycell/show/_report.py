"""What a class tells people, once for all places where it may be read: a terminal, a Markdown page, a notebook.

It knows no class: each gives its own report, in words and rows. As text it prints itself; `markdown.of_report` and
`html.of_report` write it for the other two. All three see to it that names of strangers do no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .._frozen import frozen
from .._harmless import printable, printable_lines
from ._plain import align, more

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

    @property
    def headed(self) -> str:
        """The title, and the count if there is one: `added: 3`."""
        return self.title if self.count is None else f"{self.title}: {self.count:,}"

    @property
    def shown(self) -> tuple[Rows, str]:
        """The rows that text and Markdown show, and how many more there are; empty where all of them are."""
        if self.most is None or len(self.rows) <= self.most:
            return self.rows, ""
        return self.rows[: self.most], f"... {more(len(self.rows) - self.most)}"


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
        lines = [printable(self.title)] if self.title else []
        for table in self.tables:
            lines += [] if not table.title else [printable(f"{table.title}:" if table.count is None else table.headed)]
            rows, rest = table.shown
            shown = [tuple(map(printable, row)) for row in rows]
            # Columns are as wide as what is shown asks for; how many more there are is no cell of them.
            indent = "  " if lines else ""
            lines += align([table.columns, *shown] if table.named else shown, indent=indent, right=table.right)
            lines += [f"{indent}{rest}"] if rest else []
        lines += map(printable_lines, self.notes)
        return "\n".join([*lines, *([printable(self.summary)] if self.summary else [])])
