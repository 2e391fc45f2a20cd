"""The cause of weights that a checkpoint has weight-normed: `weight_g` and `weight_v`, or PyTorch's newer names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..declaration import Direction, Magnitude, other_spelling
from ._cause_axes import form_between
from ._form_rules import FormRule, in_class, written
from ._problems import Cause
from ._sides import Sides, fits

_NONE = -1


def weight_norm(sides: Sides) -> list[Cause]:
    """Give a cause for weights of which the checkpoint has both halves, and one for halves under other names."""
    found = [_composed(sides), _respelled(sides)]
    return [cause for cause in found if cause is not None]


def _composed(sides: Sides) -> Cause | None:
    rules: list[FormRule] = []
    explained: set[str] = set()
    for weight, g, v in _pairs(sides):
        own = sides.missing[weight]
        direction, magnitude = sides.unexpected[v], sides.unexpected[g]
        dim = _dim(magnitude.shape, direction.shape)
        if weight in sides.manifest:  # a form that is given to a load is one of the parameter, whatever a rule says
            own = sides.manifest[weight]
        change = None if own is None else form_between(own.shape, direction.shape)
        if change is not None and dim != _NONE:
            rules.append(FormRule(g, weight, _half(Magnitude, change, dim)))
            rules.append(FormRule(v, weight, _half(Direction, change, dim)))
            explained |= {weight, g, v}
    if not rules:
        return None
    many = "1 weight" if len(rules) == 2 else f"{len(rules) // 2} weights"
    ends = " and ".join(f"`{_end(rule)}`" for rule in rules[:2])
    text = (
        f"{many} of the model the checkpoint has weight-normed: a norm and a direction, {ends} for `{_last(rules[0])}`"
    )
    rename = written(rules, sides)
    todo = f"declare it in the class that holds them: {in_class(rules[:2])}"
    return Cause("weight norm", text, frozenset(explained), rename=rename, todo=f"or {todo}" if rename else todo)


def _respelled(sides: Sides) -> Cause | None:
    """Halves that the model has as parameters of their own, where the checkpoint has PyTorch's other names."""
    rules = []
    for key, tensor in sides.unexpected.items():
        name = other_spelling(key)
        if name is not None and name in sides.missing and fits(sides.missing[name], tensor):
            rules.append(FormRule(key, name, str))
    if not rules:
        return None
    theirs, ours = (" and ".join(dict.fromkeys(side)) for side in zip(*map(_ends, rules), strict=True))
    text = f"halves of weight-normed tensors, which the checkpoint calls {theirs} and the model {ours}"
    explained = frozenset(name for rule in rules for name in (rule.stored, rule.name))
    return Cause("weight norm", text, explained, rename=written(rules, sides))


def _pairs(sides: Sides) -> Iterator[tuple[str, str, str]]:
    """Give what the model lacks of which the checkpoint has both halves: its name, and theirs."""
    for name in sides.missing:
        path, dot, word = name.rpartition(".")
        old = f"{name}_g", f"{name}_v"
        new = tuple(f"{path}{dot}parametrizations.{word}.original{half}" for half in "01")
        for g, v in ((old[0], old[1]), (old[0], new[1]), (new[0], new[1]), (new[0], old[1])):
            if g in sides.unexpected and v in sides.unexpected:
                yield name, g, v
                break


def _dim(magnitude: tuple[int, ...], direction: tuple[int, ...]) -> int | None:
    """Give the axis along which there is a norm for each position; None: there is one; _NONE: these are no norms."""
    if magnitude == ():
        return None
    for dim, size in enumerate(direction):
        if magnitude == tuple(size if axis == dim else 1 for axis in range(len(direction))):
            return dim
    return _NONE


def _half(kind: type, change: Callable[[Any], Any], dim: int | None) -> Callable[[str], Any]:
    return lambda name: kind(change(name), dim)


def _last(rule: FormRule) -> str:
    return rule.name.rpartition(".")[2]


def _end(rule: FormRule) -> str:
    return _ends(rule)[0]


def _ends(rule: FormRule) -> tuple[str, str]:
    """Give both names from where they differ."""
    stored, name = rule.stored.split("."), rule.name.split(".")
    while len(stored) > 1 and len(name) > 1 and stored[0] == name[0]:
        del stored[0], name[0]
    return ".".join(stored), ".".join(name)
