"""PyTorch's names of all that is in a net, by the classes of its cells, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from mindspore import nn

from .. import layout
from .._collector import collector_paused
from .._frozen import frozen
from .._location import did_you_mean
from ..declaration import Declaration, Leaf, Squeezed, StoredRule, declaration_of
from ..layout import CellRules, Leftover, Stored
from ..manifest import Manifest
from ..parameters import cells_of, parameters_of
from ._net_manifest import survey
from ._torch_table import OF_TABLE, lacking_in, rules_of


@frozen
class TorchNames:
    """What PyTorch calls what is in a net, and what it does not have of it.

    Attributes:
        stored: the tensors of a file of PyTorch's that are not simply a parameter under its own path.
        copies: those that such a file may have a second time: of a cell or a parameter that the net has at two places.
        leftovers: what such a file may have, and the net does not.
        lacking: parameters that PyTorch has not, with the constant that each starts from.
        perhaps: those of a `LayerNorm`, of which the file tells.
        others: the names that only MindSpore has, second ones among them.
    """

    stored: tuple[Stored, ...] = ()
    copies: tuple[Stored, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    lacking: Mapping[str, float] = attrs.field(factory=dict)
    perhaps: Mapping[str, float] = attrs.field(factory=dict)
    others: frozenset[str] = frozenset()


def torch_names_of(
    net: nn.Cell, manifest: Manifest | None = None, parameters: Mapping[str, Any] | None = None
) -> TorchNames:
    """Give PyTorch's names of all that is in a net, by the classes of its cells. Linear in the number of names.

    Args:
        net: any cell, with values or without. What a LazyCell declares keeps the names that it declares.
        manifest: of the net, if it is known.
        parameters: those that it lists, by full name.

    Raises:
        DeclarationError: what `torch_names` says of a class does not fit a cell of it.
    """
    with collector_paused():
        if manifest is None or parameters is None:
            manifest, parameters = survey(net)
        walk = _Walk(net, parameters)
        if not walk.rules:
            return TorchNames()
        ties = {name: owner for name, owner in {**walk.ties, **manifest.ties}.items() if name not in parameters}
        names = layout.stored_names(manifest.entries, ties, frozenset(), walk.rules)
        # What is known of MindSpore's own cells needs no rule to be told.
        stored, copies = (
            tuple(attrs.evolve(each, rule="") if each.rule.endswith(OF_TABLE) else each for each in found)
            for found in (names.stored, names.copies)
        )
        if manifest.stored:
            stored = _beside_declared(manifest, stored)
        known = {entry.name for entry in manifest.entries}
        others = {name for each in names.stored for name in each.parameters} - {each.name for each in names.stored}
        return TorchNames(
            stored,
            copies,
            layout.leftovers_of({**walk.declared, **walk.rules}),
            {name: value for name, value in walk.lacking.items() if name in known},
            {name: value for name, value in walk.perhaps.items() if name in known},
            names.tied | others,
        )


def _beside_declared(manifest: Manifest, stored: tuple[Stored, ...]) -> tuple[Stored, ...]:
    """Join PyTorch's names with those that LazyCells around the cells declare: these may move a cell, and see it whole.

    What is declared to be in another form stays what is declared.
    """
    declared: dict[str, list[Stored]] = {}
    for each in manifest.stored:
        for name in each.parameters:
            declared.setdefault(name, []).append(each)
    moved: dict[int, Stored] = {}
    more: list[Stored] = []
    for each in stored:
        name, *others = each.parameters
        there = declared.get(name)
        if there is None:
            more.append(each)
        elif not others and len(there) == 1 and there[0].form == manifest[name].block:
            own, theirs = _apart(name, each.name)
            if f".{there[0].name}".endswith(f".{own}"):
                moved[id(there[0])] = attrs.evolve(each, name=there[0].name[: -len(own)] + theirs)
    order = {entry.name: position for position, entry in enumerate(manifest.entries)}
    joined = [*(moved.get(id(each), each) for each in manifest.stored), *more]
    return tuple(sorted(joined, key=lambda each: order[each.parameters[0]]))


def _apart(one: str, other: str) -> tuple[str, str]:
    """Give two names from where they differ."""
    parts, others = one.split("."), other.split(".")
    same = 0
    while same < min(len(parts), len(others)) - 1 and parts[same] == others[same]:
        same += 1
    return ".".join(parts[same:]), ".".join(others[same:])


class _Walk:
    """One walk over a net: the rules of each cell, by its path, and every other path to something that it has.

    Attributes:
        rules: of each cell whose class says something, by its path, and by every other path to it.
        declared: those of the LazyCells around them.
        ties: other paths to parameters, and their own.
        lacking: as `TorchNames` has it; and so has `perhaps`.
    """

    def __init__(self, net: nn.Cell, parameters: Mapping[str, Any]) -> None:
        self.rules: dict[str, CellRules] = {}
        self.declared: dict[str, CellRules] = {}
        self.ties: dict[str, str] = {}
        self.lacking: dict[str, float] = {}
        self.perhaps: dict[str, float] = {}
        self._owners = {id(parameter): name for name, parameter in parameters.items()}
        self._first: dict[int, str] = {}
        self._again: list[tuple[str, str]] = []
        self._rules = _Rules()
        for path, cell in self._cells("", net):
            self._note(path, cell)
        if declaration_of(type(net)) is None:
            self._again += [("", root) for root in _roots(parameters)]
        for path, first in self._again:
            self._alias(path, first, parameters)

    def _cells(self, path: str, cell: nn.Cell) -> Iterator[tuple[str, nn.Cell]]:
        self._first[id(cell)] = path
        yield path, cell
        for name, child in cells_of(cell).items():
            where = f"{path}.{name}" if path else name
            if child is None:
                continue
            if id(child) in self._first:
                self._again.append((where, self._first[id(child)]))
            else:
                yield from self._cells(where, child)

    def _note(self, path: str, cell: nn.Cell) -> None:
        prefix = f"{path}." if path else ""
        own = parameters_of(cell)
        for name, parameter in own.items():
            owner = self._owners.get(id(parameter))
            if owner is not None and owner != prefix + name:
                self.ties[prefix + name] = owner
        declaration = declaration_of(type(cell))
        if declaration is not None:
            if declaration.stored:
                self.declared[path] = CellRules(declaration, {})
            return
        rules = self._rules.of(cell)
        if rules is not None:
            self.rules[path] = rules
        lacking = lacking_in(cell)
        self.lacking.update({prefix + name: value for name, value in lacking.surely.items()})
        self.perhaps.update({prefix + name: value for name, value in lacking.perhaps.items()})

    def _alias(self, path: str, first: str, parameters: Mapping[str, Any]) -> None:
        """Note what is below a cell under another path to it."""

        def moved(name: str) -> str | None:
            if first and name != first and not name.startswith(f"{first}."):
                return None
            rest = name[len(first) + 1 :] if first else name
            return ".".join(part for part in (path, rest) if part)

        for name in parameters:
            other = moved(name)
            if other is not None and other not in parameters:
                self.ties.setdefault(other, name)
        for name, rules in [*self.rules.items()]:
            other = moved(name)
            if other is not None:
                self.rules.setdefault(other, rules)


def _roots(parameters: Mapping[str, Any]) -> list[str]:
    """Give the cells from which `Parameter.name` counts, where that is not the net: that of a training step's net."""
    roots: dict[str, None] = {}
    for path, parameter in parameters.items():
        name = str(parameter.name)
        if name != path and path.endswith(f".{name}"):
            roots[path[: -len(name) - 1]] = None
    return [*roots]


class _Rules:
    """The rules of cells; those of cells that are alike are one object, which is matched once."""

    def __init__(self) -> None:
        self._of_class: dict[type, tuple[StoredRule, ...]] = {}
        self._made: dict[Any, CellRules] = {}

    def of(self, cell: nn.Cell) -> CellRules | None:
        """Give the rules that are about what a cell has; None: there is none.

        Raises:
            DeclarationError: one that the user wrote is about what the cell does not have.
        """
        cls = type(cell)
        rules = self._of_class.get(cls)
        if rules is None:
            rules = self._of_class[cls] = tuple(rules_of(cls))
        if not rules:
            return None
        own = {name: tuple(each.shape) for name, each in parameters_of(cell).items() if each is not None}
        kept = tuple(rule for rule in rules if _is_about(rule, own, rules))
        for rule in kept:
            if rule.location is not None:
                _check_used(rule, cell)
        key = (cls, *map(id, kept))
        if kept and key not in self._made:
            self._made[key] = _cell_rules(cls, kept)
        return self._made.get(key)


def _is_about(rule: StoredRule, own: Mapping[str, tuple[int, ...]], rules: Iterable[StoredRule]) -> bool:
    """Tell whether a rule is still about the cell: a subclass may have put other parameters in the place of some."""
    if rule.name in own and not any(leaf.text == rule.name for each in rules for leaf in _leaves(each)):
        return False
    form = rule.form
    if rule.location is None and isinstance(form, Squeezed) and (shape := own.get(form.inner)) is not None:
        return all(axis < len(shape) and shape[axis] == 1 for axis in form.axes)
    return True


def _leaves(rule: StoredRule) -> tuple[Leaf, ...]:
    return () if rule.is_leftover else rule.leaves


def _check_used(rule: StoredRule, cell: nn.Cell) -> None:
    for leaf in _leaves(rule):
        name = leaf.text.partition(".")[0]
        if "{" not in name and not hasattr(cell, name):
            near = did_you_mean(name, [*parameters_of(cell), *cells_of(cell)])
            rule.complain(f"the cell has no `{name}`: where some have none, write `self.{name} = None` in them{near}")


def _cell_rules(cls: type, rules: tuple[StoredRule, ...]) -> CellRules:
    return CellRules(
        Declaration(
            name=cls.__name__,
            module=cls.__module__,
            hyperparameters=(),
            derived=(),
            requirements=(),
            members=(),
            ties=(),
            removed=frozenset(),
            evaluation_order=(),
            own_init=False,
            stored=tuple(rule for rule in rules if not rule.is_leftover),
            leftovers=tuple(rule for rule in rules if rule.is_leftover),
        ),
        {},
    )
