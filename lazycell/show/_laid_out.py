"""Rows laid out for a terminal that may be too narrow for them: every cell stays whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ._fold import fold

_NAME, _LAST = 20, 24
"""Columns that names have at least: a row with a longer one begins with it. And those that the last of a tree has."""

_GAP, _INDENT = 2, 4

BRANCHES = "├└─│|`- "
"""What the lines of a tree are drawn with."""


def laid_out(rows: Sequence[Sequence[str]], right: Collection[int], width: int) -> list[tuple[str, ...]]:
    """Lay rows out in lines of at most `width`: for each row its lines.

    A name that is too long for the first column has a line to itself, and the other cells follow in theirs. Columns
    that do not fit beside the others stand below them, indented.

    Args:
        rows: the cells, the titles among them; equally many in each.
        right: columns that are flush right.
        width: of the terminal.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = _lines(widths, width)
    beside = sum(widths[column] + _GAP for column in lines[0][1:])
    widths[0] = min(widths[0], max(width - beside, min(_NAME, width)))
    return [tuple(_row(row, lines, widths, right, width)) for row in rows]


def tree_lines(rows: Sequence[Sequence[str]], right: Collection[int], width: int) -> list[tuple[str, ...]]:
    """Lay the rows of a tree out: for each its lines.

    Names that leave the other cells no room have a line to themselves. Of the cells, only the last is folded.

    Args:
        rows: the cells, at least two in each, the titles among them; the first is of the tree.
        right: columns that are flush right.
        width: of the terminal.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    beside = sum(each + _GAP for each in widths[1:-1]) + _GAP
    last = min(widths[-1], max(width - widths[0] - beside, _LAST))
    widths[0] = min(widths[0], max(width - beside - last, 1))
    start = widths[0] + beside
    laid = []
    for name, *cells in rows:
        alone = len(name) > widths[0]
        *shown, told = _padded(["", *cells], range(1, len(widths)), widths, right)
        tree = _passing(name)[: widths[0]] if alone else name
        first, *rest = fold(told.rstrip(), last)
        lines = [_joined([tree.ljust(widths[0]), *shown, first]), *(" " * start + each.strip() for each in rest)]
        laid.append((name, *(lines if any(cells) else ())) if alone else tuple(lines))
    return laid


def _passing(title: str) -> str:
    """Give the lines of a tree that go on past a name."""
    lead = title[: len(title) - len(title.lstrip(BRANCHES))]
    return lead[:-4] + (lead[-4].replace("├", "│") if lead[-4:-3] in "├|" else " ") + "   " if lead else ""


def _lines(widths: Sequence[int], width: int) -> list[list[int]]:
    """Say which columns stand in which line."""
    lines, taken = [[0]], min(widths[0], _NAME)
    for column, needed in enumerate(widths[1:], 1):
        if taken + _GAP + needed <= width:
            lines[-1].append(column)
            taken += _GAP + needed
        else:
            lines.append([column])
            taken = _INDENT + needed
    return lines


def _row(
    row: Sequence[str], lines: Sequence[Sequence[int]], widths: Sequence[int], right: Collection[int], width: int
) -> list[str]:
    (_, *beside), *below = lines
    name = [*fold(row[0], width)] if len(row[0]) > widths[0] else []
    first = _joined([("" if name else row[0]).ljust(widths[0]), *_padded(row, beside, widths, right)])
    told = name + ([first] if first or not name else [])
    for columns in below:
        for line in fold(_joined(_padded(row, columns, widths, right)), width - _INDENT):
            told += [" " * _INDENT + line] if line else []
    return told


def _padded(row: Sequence[str], columns: Sequence[int], widths: Sequence[int], right: Collection[int]) -> list[str]:
    return [
        row[column].rjust(widths[column]) if column in right else row[column].ljust(widths[column])
        for column in columns
    ]


def _joined(cells: Sequence[str]) -> str:
    return (" " * _GAP).join(cells).rstrip()
