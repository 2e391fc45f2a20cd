"""Which parameters a tie is about, where it names cells, or many places by a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from .._location import did_you_mean
from ._declare import Tie
from ._patterns import fill, parse_pattern


def ties_of_parameters(tie: Tie, names: Iterable[str], ties: Mapping[str, str]) -> list[Tie]:
    """Give the ties, parameter by parameter, that one declaration stands for.

    Args:
        tie: the declaration.
        names: of the parameters below the cell.
        ties: those that are made already: the name that was given up, and the name that is stored.

    Raises:
        DeclarationError: nothing goes by a pattern, or two cells do not hold the same names.
    """
    known = [*names, *ties]
    found: list[Tie] = []
    ends = list(_ends(tie, known))
    if not ends:
        near = did_you_mean(tie.target, known)
        tie.complain(f"nothing below this cell is called `{tie.target}`, which {tie.text} ties{near}")
    for target, source in ends:
        if target == source:
            continue  # the one of all those of a pattern that the others are tied to
        inside, others = _below(target, known), _below(source, known)
        if target in known or not inside:
            found.append(attrs.evolve(tie, target=target, source=source))
            continue
        if inside != others:
            _refuse_unlike(tie, target, inside, source, others)
        for name in inside:
            stored = ties.get(f"{target}.{name}", "")
            if not stored.startswith(f"{target}."):  # else it goes where its other end goes
                found.append(attrs.evolve(tie, target=f"{target}.{name}", source=f"{source}.{name}"))
    return found


def _ends(tie: Tie, known: list[str]) -> Iterator[tuple[str, str]]:
    """Give the places that a tie names: of parameters or cells."""
    pattern = parse_pattern(tie.target)
    if pattern.is_plain:
        yield tie.target, tie.source
        return
    seen: set[str] = set()
    for name in known:
        segments = name.split(".")
        for length in range(1, len(segments) + 1):
            place = ".".join(segments[:length])
            values = pattern.match(place)
            if values is not None:
                if place not in seen:
                    seen.add(place)
                    yield place, fill(tie.source, values)
                break


def _below(place: str, known: list[str]) -> dict[str, None]:
    prefix = f"{place}."
    return dict.fromkeys(sorted(name[len(prefix) :] for name in known if name.startswith(prefix)))


def _refuse_unlike(tie: Tie, target: str, inside: Iterable[str], source: str, others: Iterable[str]) -> None:
    lacking = [(target, name) for name in others if name not in inside]
    lacking += [(source, name) for name in inside if name not in others]
    place, name = lacking[0]
    tie.complain(
        f"{tie.text} ties `{target}` to `{source}`, and `{place}` has no `{name}`: two cells that are tied have the "
        "same parameters"
    )
