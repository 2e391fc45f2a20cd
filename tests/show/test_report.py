"""Tests of `lazycell.show._report`: one report as plain text, as Markdown and as HTML."""

from __future__ import annotations

import re

from lazycell.show import html, markdown
from lazycell.show._report import Report, Table

REPORT = Report(
    "Net -> Net",
    [
        Table([("weight", "(2, 3)"), ("b", "(3,)")], "added", 2, ("parameter", "shape")),
        Table([("left", "1,000")], "left over", columns=("what", "bytes"), named=True, right=(1,)),
        Table([("plain", "row")]),
    ],
    ["it fits"],
)


def test_as_text() -> None:
    """Tables below each other: what they are, how many, and the names of columns where they are asked for."""
    assert str(REPORT) == (
        "Net -> Net\n"
        "added: 2\n"
        "  weight  (2, 3)\n"
        "  b       (3,)\n"
        "left over:\n"
        "  what  bytes\n"
        "  left  1,000\n"
        "  plain  row\n"
        "it fits"
    )


def test_as_markdown() -> None:
    """A heading, what it means, and a table for each, with the names of its columns."""
    assert markdown.of_report(REPORT) == (
        "### `Net -> Net`\n\n"
        "it fits.\n\n"
        "**added: 2**\n\n"
        "| parameter | shape |\n| --- | --- |\n| `weight` | `(2, 3)` |\n| `b` | `(3,)` |\n\n"
        "**left over**\n\n"
        "| what | bytes |\n| --- | --- |\n| `left` | `1,000` |\n\n"
        "|  |  |\n| --- | --- |\n| `plain` | `row` |\n"
    )


def test_as_html() -> None:
    """The same words in the same order, each in a cell or a line of its own."""
    words = [each for each in re.split(r"<[^>]*>", html.of_report(REPORT)) if each]
    assert words == [
        *("Net -&gt; Net", "added: 2", "parameter", "shape", "weight", "(2, 3)", "b", "(3,)"),
        *("left over", "what", "bytes", "left", "1,000", "plain", "row", "it fits"),
    ]


def test_many_rows_are_counted() -> None:
    """And how many there are makes no column wider."""
    report = Report("many", [Table([(letter, letter) for letter in "abcde"], columns=("one", "other"), most=2)])
    assert str(report) == "many\n  a  a\n  b  b\n  ... and 3 more"
    assert markdown.of_report(report).endswith("| `b` | `b` |\n| ... and 3 more |  |\n")
    assert "<td" in html.of_report(report)


def test_a_summary_stands_last_and_opens_the_tables() -> None:
    """Without a title, nothing is indented below one."""
    report = Report("", [Table([("w", "declared")], columns=("name", "state"), named=True)], summary="1 in all")
    assert str(report) == "name  state\nw     declared\n1 in all"
    assert re.search(r"<summary[^>]*>1 in all</summary>.*<td[^>]*>w</td>.*</details>", html.of_report(report))
    assert markdown.of_report(report).startswith("1 in all.\n\n| name | state |")


def test_a_title_alone() -> None:
    """One line is a report."""
    assert str(Report("saved")) == "saved"
    assert markdown.of_report(Report("saved")) == "### `saved`\n"


def test_nothing_in_it_takes_effect() -> None:
    """Neither a bar in a table, nor ticks, nor tags, nor several lines."""
    hostile = Report("a`b", [Table([("x|``y", "<b>")], columns=("one", "two"))], ["first\nsecond <i>"])
    written = markdown.of_report(hostile)
    assert written.startswith("### <code>a&#96;b</code>\n")
    assert "| <code>x&#124;&#96;&#96;y</code> | <code>&#60;b&#62;</code> |" in written
    assert not {"<b>", "<i>"} & {*re.findall(r"<\w+>", html.of_report(hostile))}
    assert "second &lt;i&gt;" in html.of_report(hostile)
