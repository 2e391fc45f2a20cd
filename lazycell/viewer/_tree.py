"""A model as a tree of cells: what is below each, and layers that are alike in one branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .._frozen import frozen
from ..show import braces, format_bytes, is_index, printable

if TYPE_CHECKING:
    from ..layout import ManifestEntry

_DEEPEST = 32
"""Levels of a tree. Nobody nests cells that deep; a stranger's file may have a name of nothing but dots."""

_LONGEST = 100
"""Characters of a title."""


@frozen
class Branch:
    """A cell or a parameter, or several that are alike in everything below them.

    Attributes:
        title: its name in the cell above, `layer.{0..11}`; with its class where that is known, `head: Dense`.
        parameters: how many there are in it, over all that it stands for.
        elements: of those.
        nbytes: bytes of their values.
        entry: the parameter that it is, or the first of those that it stands for; None for a cell.
        branches: what is below it.
    """

    title: str
    parameters: int
    elements: int
    nbytes: int
    entry: ManifestEntry | None = None
    branches: tuple[Branch, ...] = ()


def tree_of(model: str, entries: Iterable[ManifestEntry], classes: Mapping[str, str] | None = None) -> Branch:
    """Give the tree of a model's parameters; its root is the model. Linear in the number of parameters.

    Args:
        model: its name.
        entries: its parameters.
        classes: names of the classes of cells, by their paths; cells of two classes are not alike.
    """
    root = _Cell()
    for entry in entries:
        cell = root
        for word in entry.name.split(".", _DEEPEST - 1):
            cell = cell.below.setdefault(word, _Cell())
        cell.entry = entry
    for path, name in (classes or {}).items():
        _name(root, path, name)
    _Kinds().number(root)
    return _branch(model, root, 1)


def _name(root: _Cell, path: str, name: str) -> None:
    """Say of which class the cell at a path is, if there are parameters in it."""
    cell: _Cell | None = root
    for word in path.split(".", _DEEPEST - 1):
        cell = None if cell is None else cell.below.get(word)
    if cell is not None and cell.entry is None:
        cell.name = name


def tree_rows(
    tree: Branch, *, depth: int | None = None, lines: tuple[str, str, str] = ("|-- ", "`-- ", "|   ")
) -> list[tuple[str, ...]]:
    r"""Lay out a tree as rows: the title behind the lines that connect it, how much it is, and what a parameter is.

    Args:
        tree: the tree.
        depth: how many levels below the root to show; None: all.
        lines: what stands before a branch, before the last one of a cell, and before what is below one that is not.

    Returns:
        Cells of seven columns: title, parameters, elements, bytes, dtype, shape, initializer; the last three are empty
        for a cell.
    """
    before, last, passing = lines
    rows = []
    pending = [(tree, "", "", 0)]
    while pending:
        branch, own, inherited, level = pending.pop()
        rows.append(_row(branch, own))
        if depth is None or level < depth:
            below = branch.branches
            pending += [
                (each, inherited + before, inherited + passing, level + 1)
                if position < len(below) - 1
                else (each, inherited + last, inherited + " " * len(last), level + 1)
                for position, each in reversed([*enumerate(below)])
            ]
    return rows


TREE_TITLES = ("", "parameters", "elements", "bytes", "dtype", "shape", "initializer")
"""Of the columns of `tree_rows`."""


def _row(branch: Branch, connected: str) -> tuple[str, ...]:
    sizes = (f"{branch.parameters:,}", f"{branch.elements:,}", format_bytes(branch.nbytes))
    entry = branch.entry
    if entry is None:
        return (connected + _shown(branch.title), *sizes, "", "", "")
    untrained = "" if entry.trainable else "not trainable"
    made = ", ".join(filter(None, (_shown(entry.initializer), untrained)))
    return (connected + _shown(branch.title), *sizes, entry.dtype, str(entry.shape), made)


def _shown(text: str) -> str:
    text = printable(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


class _Cell:
    """What is below one path while the tree grows."""

    __slots__ = ("below", "entry", "kind", "name")

    def __init__(self) -> None:
        self.below: dict[str, _Cell] = {}
        self.entry: ManifestEntry | None = None
        self.kind = 0
        self.name = ""


class _Kinds:
    """Numbers cells so that two have one number when all below them is alike."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def number(self, cell: _Cell) -> int:
        """Number a cell and everything below it."""
        below = tuple((word, self.number(each)) for word, each in cell.below.items())
        cell.kind = self._numbers.setdefault((_look(cell.entry), cell.name, below), len(self._numbers))
        return cell.kind


def _look(entry: ManifestEntry | None) -> Any:
    """Give what has to be equal in parameters that are shown as one."""
    if entry is None:
        return None
    return entry.shape, entry.dtype, entry.initializer, entry.trainable, entry.expression, entry.tags, str(entry.shard)


def _branch(title: str, cell: _Cell, times: int) -> Branch:
    """Make the branch of a cell that stands for `times` of them."""
    branches = tuple(
        _branch(each_title, each, times * count) for each_title, each, count in _titled(_alike(cell.below))
    )
    entry = cell.entry
    own = (0, 0, 0) if entry is None else (times, times * entry.size, times * entry.nbytes)
    parameters, elements, nbytes = _sum([own, *((each.parameters, each.elements, each.nbytes) for each in branches)])
    return Branch(f"{title}: {cell.name}" if cell.name else title, parameters, elements, nbytes, entry, branches)


def _sum(sizes: Iterable[tuple[int, int, int]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*sizes, strict=True)))


def _alike(below: dict[str, _Cell]) -> list[tuple[str, _Cell, int]]:
    """Put the numbered cells together that are alike: title, one of them, and how many there are."""
    groups: dict[Any, list[str]] = {}
    for word, cell in below.items():
        groups.setdefault(cell.kind if is_index(word) else word, []).append(word)
    return [
        (words[0] if len(words) == 1 else braces(map(int, words)), below[words[0]], len(words))
        for words in groups.values()
    ]


def _titled(groups: list[tuple[str, _Cell, int]]) -> Iterator[tuple[str, _Cell, int]]:
    """Join a list of cells with its only member: `layer` and `{0..11}` below it are `layer.{0..11}`."""
    for title, cell, count in groups:
        members = _alike(cell.below) if cell.entry is None else []
        if len(members) == 1 and is_index(next(iter(cell.below))):
            index, member, many = members[0]
            yield f"{title}.{index}", member, count * many
        else:
            yield title, cell, count
