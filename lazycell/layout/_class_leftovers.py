"""What the classes of a model say that files may hold besides its tensors, with full names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..declaration import Former, captures_in, fill
from ..show import is_index
from ._cell_rules import CellRules
from ._leftover_names import Leftover
from ._match import Matcher


def leftovers_of(rules: Mapping[str, CellRules]) -> tuple[Leftover, ...]:
    """Give what the classes of a model say about leftovers, with full names.

    The cells above a cell may move its names, so what they say about names is said about leftovers as well. What
    layers that are numbered have in common is said once, with a capture for the number.

    Args:
        rules: of each cell, by its path; the model's own have the path "".
    """
    found: dict[Leftover, None] = {}
    matchers: dict[int, Matcher] = {}
    for path, cell in rules.items():
        for rule in cell.declaration.leftovers:
            names = [rule.name, *([rule.form.name] if isinstance(rule.form, Former) else [])]
            names = [f"{path}.{name}" if path else name for name in names]
            for above in _above(path):
                if above in rules and (stored := rules[above].declaration.stored):
                    if id(stored) not in matchers:
                        matchers[id(stored)] = Matcher(stored)
                    matcher = matchers[id(stored)]
                    names = [_moved(name, f"{above}." if above else "", matcher) for name in names]
            found[_of_all_layers(*names)] = None
    return tuple(found)


def _above(path: str) -> Iterator[str]:
    """Give the paths of the cells above one, the innermost first."""
    while path:
        path = path.rpartition(".")[0]
        yield path


def _moved(name: str, prefix: str, matcher: Matcher) -> str:
    """Give the name that the rules of a cell make of one below it; captures of the name are taken as they stand."""
    for rule, position, values in matcher(name[len(prefix) :]):
        if isinstance(rule.form, str) and rule.leaves[position].section is None:
            return prefix + fill(rule.name, values)
    return name


def _of_all_layers(name: str, now: str | None = None) -> Leftover:
    """Put captures in the place of numbers, where the present name has the same ones."""
    numbers = [segment for segment in name.split(".") if is_index(segment)]
    if now is not None and [segment for segment in now.split(".") if is_index(segment)] != numbers:
        return Leftover(name, now)
    taken = captures_in(name)
    free = [f"{{{each}}}" for each in _letters(len(numbers) + len(taken)) if each not in taken]
    return Leftover(_captured(name, free), None if now is None else _captured(now, free))


def _letters(count: int) -> list[str]:
    return ["ijklmn"[position] if position < 6 else f"i{position}" for position in range(count)]


def _captured(name: str, captures: list[str]) -> str:
    left = iter(captures)
    return ".".join(next(left) if is_index(segment) else segment for segment in name.split("."))
