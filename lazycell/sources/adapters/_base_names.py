"""Where an adapter's modules are in a base: under their own names, or all with the same prefix more or less."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from ..._frozen import frozen


@frozen
class BaseNames:
    """How names of an adapter become those of its base.

    Attributes:
        less: what they begin with and the base's do not, with its dot.
        more: what the base's begin with before them, with its dot.
    """

    less: str = ""
    more: str = ""

    def __call__(self, name: str) -> str:
        return self.more + name.removeprefix(self.less)


def find_base_names(
    wanted: Sequence[str], base: Collection[str], is_there: Callable[[str, BaseNames], bool]
) -> tuple[BaseNames, list[str]]:
    """Find the prefix with which a base has all names, or the most of them.

    Args:
        wanted: names that a base has to have.
        base: all its names.
        is_there: whether it has one, under such names.

    Returns:
        How names become the base's, and those that it lacks then.
    """
    best: tuple[BaseNames, list[str]] | None = None
    for names in _candidates(wanted, base):
        lacking = [name for name in wanted if not is_there(name, names)]
        if best is None or len(lacking) < len(best[1]):
            best = names, lacking
        if not lacking:
            break
    assert best is not None
    return best


def _candidates(wanted: Sequence[str], base: Collection[str]) -> Iterator[BaseNames]:
    yield BaseNames()
    for first in _firsts(wanted):
        yield BaseNames(less=first)
    for first in _firsts(base):
        yield BaseNames(more=first)


def _firsts(names: Collection[str]) -> list[str]:
    """Give what names begin with, up to the first dot and with it."""
    return list(dict.fromkeys(name.partition(".")[0] + "." for name in names if "." in name))
