"""Names that patterns choose, where a pattern that chooses nothing is a mistake."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Collection, Iterable, Mapping

from mindspore import nn

from .. import show
from .._location import did_you_mean


def check_patterns(argument: str, patterns: object) -> list[str]:
    """Give patterns as a list.

    Args:
        argument: what they are called.
        patterns: strings.

    Raises:
        TypeError: they are no such.
    """
    if isinstance(patterns, str):
        raise TypeError(f"{argument}={patterns!r:.80}: write a list of name patterns, `{argument}=[{patterns!r:.80}]`")
    if isinstance(patterns, Mapping) or not isinstance(patterns, Iterable):
        raise TypeError(f'{argument}={patterns!r:.80}: write a list of name patterns, `["model.*"]`')
    found = list(patterns)
    for each in found:
        if not isinstance(each, str):
            raise TypeError(f"{argument}: a name pattern is a string, not {each!r:.80}")
    return found


def choose(
    argument: str,
    patterns: Iterable[str],
    names: Collection[str],
    others: Mapping[str, str],
    *,
    kind: str,
    instead: Callable[[str, str], str],
) -> list[str]:
    """Give the names that patterns match (`fnmatch`: `*` is any text, dots included), in the order of the names.

    Args:
        argument: whose patterns they are, for the message.
        patterns: name patterns.
        names: what there is.
        others: names that are of something else, and what: what a pattern that matches nothing else may have meant.
        kind: what the names are of: "parameter".
        instead: of a pattern that matches one of the others, and that name: gives what to write instead.

    Raises:
        ValueError: a pattern matches nothing.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        match = re.compile(fnmatch.translate(pattern)).match
        matched = [name for name in names if match(name)]
        if not matched:
            raise ValueError(_matches_nothing(argument, pattern, names, others, kind, instead))
        chosen.update(matched)
    return [name for name in names if name in chosen]


def choose_parameters(
    argument: str, patterns: Iterable[str], net: nn.Cell, names: Collection[str], ties: Mapping[str, str]
) -> set[str]:
    """Give the full names of the parameters that patterns match; a tied one goes by each of its names.

    Args:
        argument: whose patterns they are, for the message.
        patterns: name patterns.
        net: whose parameters they are.
        names: of them.
        ties: names that a tie gave up, to those that are stored.

    Raises:
        ValueError: a pattern matches nothing.
    """
    cells = {path: f"a {type(cell).__name__}" for path, cell in net.cells_and_names() if path}
    every = [*names, *ties]
    found = choose(argument, patterns, every, cells, kind="parameter", instead=lambda pattern, _: f"{pattern}.*")
    return {ties.get(name, name) for name in found}


def _matches_nothing(
    argument: str,
    pattern: str,
    names: Collection[str],
    others: Mapping[str, str],
    kind: str,
    instead: Callable[[str, str], str],
) -> str:
    shown = show.printable(f"{pattern!r:.200}")
    other = next((name for name in others if fnmatch.fnmatchcase(name, pattern)), None)
    if other is not None:
        advice = show.printable(f"{instead(pattern, other)!r:.200}")
        return f"{argument}: {shown} is the name of {others[other]}: write {advice}"
    hint = did_you_mean(pattern, names) or did_you_mean(pattern, others)
    return f"{argument}: no {kind} has a name like {shown}{show.printable(hint)}"
