"""The rules of one cell, applied to the names below it: what they find, what they make of it, what they refuse."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import attrs

from .._frozen import frozen
from ..declaration import (
    Conditional,
    Each,
    Expanded,
    Fused,
    Leaf,
    Padded,
    Reshaped,
    Squeezed,
    StoredRule,
    Transposed,
    evaluated,
    fill,
    form_text,
    leaves,
    render,
    replace_leaves,
    replace_nodes,
    with_values,
)
from ..show import is_index
from ._cell_rules import CellRules
from ._entry import ManifestEntry, position_of
from ._form_shape import reversed_axes
from ._layout import Block, Form, as_reshaped, shape_of
from ._match import Matcher


@frozen
class Item:
    """What goes by one stored name.

    Attributes:
        form: of parameters; None for a computed buffer, of which only the name matters.
        tied: the name that a tie gave up, where this is only a copy that a file may have.
        rule: the rule that says how it is stored, and where.
    """

    form: Form | None
    tied: str | None = None
    rule: str = ""


Items = dict[str, Item]


def apply_rules(
    cell: CellRules, matcher: Matcher, prefix: str, entries: Mapping[str, ManifestEntry], items: Items
) -> Items:
    """Give the names that a cell shows to those above it.

    Args:
        cell: the rules, and the values that they use.
        matcher: of the rules.
        prefix: of the names below the cell.
        entries: the model's parameters by their full names.
        items: what the cells below show, by full names.

    Raises:
        DeclarationError: two things get one name, or a part of what belongs together is absent.
    """
    application = _Application(cell, prefix, entries)
    for name, item in items.items():
        hits = application.hits(name, item, matcher(name[len(prefix) :]))
        if not hits:
            application.add(name, item, None)
        for hit in hits:
            application.take(name, item, hit)
    return application.finished()


@frozen
class _Hit:
    """A leaf of a rule that takes a name, or a section of what goes by it."""

    rule: StoredRule
    position: int
    values: dict[str, str]
    taken: Item


@frozen
class _Group:
    """One stored tensor in the making: a rule with values for its captures, and what was found for its leaves."""

    rule: StoredRule
    values: dict[str, str]
    found: dict[int, dict[str, Item]] = attrs.field(factory=dict)
    """by the position of the leaf, and by what counts it in `each(…)`; else by nothing"""


class _Application:
    def __init__(self, cell: CellRules, prefix: str, entries: Mapping[str, ManifestEntry]) -> None:
        self._cell = cell
        self._prefix = prefix
        self._entries = entries
        self._groups: dict[tuple[str, tuple[tuple[str, str], ...]], _Group] = {}
        self._result: dict[str, Item | _Group] = {}
        self._made_by: dict[str, StoredRule] = {}

    # ------------------------------------------------------------------------------------------------ what is taken

    def hits(self, name: str, item: Item, matches: list[tuple[StoredRule, int, dict[str, str]]]) -> list[_Hit]:
        """Give each leaf that takes the name or a section of it; that no two take the same was checked before."""
        hits: list[_Hit] = []
        by_section: dict[str | None, StoredRule] = {}
        sections: dict[str, tuple[int, Block]] = {}
        for rule, position, values in matches:
            section, taken = rule.leaves[position].section, item
            if (counter := rule.leaves[position].counter) is not None:
                hits += self._positions(_Hit(rule, position, values, item), counter, name)
                continue
            if section is not None:
                sections = sections or self._sections(rule, name, item)
                if section not in sections:
                    continue  # declared under a condition that does not hold
                taken = attrs.evolve(item, form=sections[section][1])
            by_section[section] = rule
            hits.append(_Hit(rule, position, values, taken))
        if sections and hits:
            self._check_sections(name, by_section, {each: axis for each, (axis, _) in sections.items()})
        return hits

    def _positions(self, hit: _Hit, counter: str, name: str) -> Iterator[_Hit]:
        """Give a hit for each position of the first axis of what goes by a name."""
        entry = self._entry(hit.rule, name, hit.taken)
        if not entry.shape:
            hit.rule.complain(f"`{name}` is a scalar: it has no first axis to be stored apart")
        for index in range(entry.shape[0]):
            taken = attrs.evolve(hit.taken, form=position_of(entry, index))
            yield attrs.evolve(hit, values={**hit.values, counter: str(index)}, taken=taken)

    def _sections(self, rule: StoredRule, name: str, item: Item) -> dict[str, tuple[int, Block]]:
        """Give each section of a parameter, and the axis that it is a part of."""
        return self._entry(rule, name, item).section_blocks

    def _entry(self, rule: StoredRule, name: str, item: Item) -> ManifestEntry:
        block = item.form
        if not isinstance(block, Block) or block.place is not None:
            rule.complain(f"`{name}` is not stored as it is, so it has no sections here")
        return self._entries[block.parameter]

    def _check_sections(self, name: str, by_section: Mapping[str | None, StoredRule], axes: Mapping[str, int]) -> None:
        """All sections of one axis are stored, or none: anything else would store a part twice, or not at all."""
        used = [section for section in by_section if section is not None]
        axis = axes[used[0]]
        wrong = [each for each in axes if (axes[each] == axis) != (each in by_section)]
        if wrong:
            by_section[used[0]].complain(
                f"`{name}[{wrong[0]}]` is stored nowhere, or twice: give a rule to each section of one axis"
            )

    # ------------------------------------------------------------------------------------------------- what is made

    def take(self, name: str, item: Item, hit: _Hit) -> None:
        """Let a rule have what it takes."""
        rule = hit.rule
        new_name = self._prefix + fill(rule.name, hit.values)
        if item.form is None or item.tied is not None:  # it is not stored, and has no more than a name
            if len(rule.leaves) > 1 or rule.counted:
                rule.complain(f"`{name}` {self._why_not_stored(item)}: it cannot be a part of this")
            form = (
                None if hit.taken.form is None else self._form(rule, {(rule.leaves[0].text, ""): hit.taken}, rule.form)
            )
            self.add(new_name, attrs.evolve(item, form=form), rule)
            return
        values = {each: value for each, value in hit.values.items() if each in rule.pattern.captures}
        key = (rule.name, tuple(sorted(values.items())))
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(rule, values)
            self.add(new_name, group, rule)
        number = "".join(value for each, value in hit.values.items() if each not in values)
        group.found.setdefault(hit.position, {})[number] = hit.taken

    def _why_not_stored(self, item: Item) -> str:
        if isinstance(item.form, Block):
            return f"is tied to `{item.form.parameter}`, which is what is stored"
        return "is computed, not stored"

    def add(self, name: str, made: Item | _Group, rule: StoredRule | None) -> None:
        """Give something a name that nothing else has; `rule` is what gave it, if one did."""
        if name in self._result:
            to_blame = rule or self._made_by[name]
            to_blame.complain(f"two things would be stored as `{name}`: give one of them another name")
        self._result[name] = made
        if rule is not None:
            self._made_by[name] = rule

    def finished(self) -> Items:
        """Give the names and forms, once everything has been taken."""
        return {name: self._finish(made) if isinstance(made, _Group) else made for name, made in self._result.items()}

    def _finish(self, group: _Group) -> Item:
        rule = group.rule
        numbers: dict[str, list[str]] = {}
        for counts in (False, True):
            positions = [place for place, leaf in enumerate(rule.leaves) if (leaf.text in rule.counted) is counts]
            known = dict.fromkeys(number for place in positions for number in group.found.get(place, ()))
            if not counts and not known and positions:  # a part that is counted is there
                known = {"": None}
            for place in positions:
                numbers[rule.leaves[place].text] = sorted(known, key=_in_order)
                for number in known:
                    if number not in group.found.get(place, {}):
                        self._refuse_absence(rule, *self._lacking(group, place, number))
        form = replace_nodes(rule.form, lambda node: _spread(node, numbers))
        taken = {
            (leaf.text, number): item
            for place, leaf in enumerate(rule.leaves)
            for number, item in group.found.get(place, {}).items()
        }
        text = f"{rule.text} of {rule.owner}" + (f" at {rule.location.short}" if rule.location else "")
        if isinstance(rule.form, str):  # a new name: how it is stored was said by a cell below
            text = group.found[0][""].rule or text
        return Item(self._form(rule, taken, form), rule=text)

    def _lacking(self, group: _Group, place: int, number: str) -> tuple[str, str]:
        """Give a name that is not there, and one that is."""
        leaf = group.rule.leaves[place]
        there, found = next(iter(group.found.items()))
        other = group.rule.leaves[there]

        def name(each: Leaf, count: str) -> str:
            return fill(each.text, {**dict.fromkeys(each.pattern.captures, count), **group.values})

        return name(leaf, number), name(other, number if number in found else next(iter(found)))

    def _refuse_absence(self, rule: StoredRule, missing: str, there: str) -> NoReturn:
        reason = ""
        for member in self._cell.declaration.members:
            if isinstance(member, Conditional) and member.name == missing.split(".")[0]:
                reason = f": it is declared under `when({render(member.condition)})`"
        rule.complain(
            f"`{there}` is there and `{missing}` is not{reason}. "
            "What is stored as one has to be there under one condition"
        )

    # ------------------------------------------------------------------------------------------------------- numbers

    def _form(self, rule: StoredRule, taken: Mapping[tuple[str, str], Item], form: Any) -> Form:
        """Put what was found in the place of the names, and numbers in the place of expressions."""
        form = replace_leaves(form, lambda leaf: taken[(leaf, "") if isinstance(leaf, str) else leaf].form)
        try:
            form = replace_nodes(form, lambda node: self._with_numbers(rule, node))
            shape_of(form)
        except ValueError as error:
            rule.complain(str(error))
        return form

    def _with_numbers(self, rule: StoredRule, node: Any) -> Any:
        if isinstance(node, Transposed) and node.axes is None:
            return Transposed(node.inner, reversed_axes(len(shape_of(node.inner))))
        if isinstance(node, (Squeezed, Expanded)):
            return as_reshaped(node)
        if isinstance(node, Padded):
            sizes = evaluated(rule, node.sizes, self._cell.values)
            for size in sizes:
                if isinstance(size, bool) or not isinstance(size, numbers.Integral) or size < 0:
                    used = with_values(node.sizes, self._cell.values)
                    rule.complain(f"`{form_text(node)}` adds {size!r} positions{used}: a whole number, 0 or more")
            return Padded(node.inner, node.axis, *map(int, sizes))
        if isinstance(node, Reshaped):
            shape = evaluated(rule, node.shape, self._cell.values)
            try:
                return Reshaped(node.inner, tuple(map(operator.index, shape)))
            except TypeError:
                rule.complain(f"the shape `{render(node.shape)}` is {shape!r}: a size is a whole number")
        return node


def _spread(node: Any, numbers: Mapping[str, list[str]]) -> Any:
    """Give a form with a section for each of those that `each(…)` stands for; its leaves have their numbers then."""
    if not isinstance(node, Fused):
        return node
    sections: list[tuple[str, Any]] = []
    for name, part in node.sections:
        if isinstance(part, Each):
            for number in numbers[next(leaves(part.inner))]:
                sections.append((number, _numbered(part.inner, number)))
        else:
            sections.append((name, part))
    return Fused(node.axis, tuple(sections))


def _numbered(form: Any, number: str) -> Any:
    return replace_leaves(form, lambda text: (text, number))


def _in_order(number: str) -> tuple[int, str]:
    return (int(number), "") if is_index(number) else (0, number)
