"""What the names and shapes in a checkpoint say about the hyperparameters of a class, as facts for the solver.

A class is walked without values: each hyperparameter stands for itself, and a child's for the expressions that its
parent gives it, so that all facts are about the hyperparameters of the class that was asked for. Which part of a
`when(…)` is there, the names say: a file that fits has every name of the part that holds, and no other.
"""

from __future__ import annotations

import functools
import itertools
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from .._errors import DeclarationError
from ..declaration import (
    CellsSpec,
    ChildrenSpec,
    ChildSpec,
    Choice,
    Conditional,
    Declaration,
    Declared,
    Expression,
    ParameterSpec,
    Tie,
    choose,
    declaration_of,
    evaluate,
    evaluated,
    expressions_of,
    fill,
    is_cell,
    is_position,
    is_symbolic,
    names_in,
    operate,
    parse_pattern,
    position_name,
    render,
    sections_of,
    symbol,
)
from ..manifest import bind
from ..show import is_index
from ._fact import Because, Fact, place_of
from ._formed import Block, Share, as_declared, facts_of_blocks
from ._found import EXAMPLES, Found, either_way
from ._names import NOTHING_STORED, Names, Shape, leaves_below

_MOST_POSITIONS = 250
"""Cells of one list that are looked into, from either end, where no two are alike."""

_MOST_ALIKE = 16
"""Cells of one list that are looked into, from either end, where they are alike but know their position."""

Values = Mapping[str, Any]


def facts_of(cls: type, names: Names, known: Values, fallback: Values) -> tuple[Found, list[Any]]:
    """Walk a class.

    Args:
        cls: a class with a declaration.
        names: what the checkpoint has.
        known: what the hyperparameters of the class stand for: symbols of their own, or plain values.
        fallback: plain values of some hyperparameters, for what cannot stay a symbol: the class of a child.

    Returns:
        What was found, and every expression that is the length of a list of cells.

    Raises:
        DeclarationError: an argument cannot be computed.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    walk = _Walk(fallback)
    found = walk.cell(cls, declaration, _with_derived(declaration, known), names, "")
    return found, walk.lengths


def _with_derived(declaration: Declaration, known: Values) -> dict[str, Any]:
    values = dict(known)
    for name in declaration.evaluation_order:
        for item in declaration.derived:
            if item.name == name:
                values[name] = evaluated(item, item.value, values)
    return values


class _Walk:
    def __init__(self, fallback: Values) -> None:
        self._fallback = fallback
        self._numbers = itertools.count(1)
        self._absent: set[type] = set()
        self.lengths: list[Any] = []

    def unknown(self) -> Expression:
        """Give a symbol for a value that cannot be followed, such as what a converter makes."""
        return symbol(f"?{next(self._numbers)}")

    # ---------------------------------------------------------------------------------------------------------- cells

    def cell(self, cls: type, declaration: Declaration, values: Values, names: Names, prefix: str) -> Found:
        """Walk one cell. Names in the class body mean `values`."""
        if names.below:
            return self._cell(declaration, values, names, prefix)
        if cls in self._absent:  # a cell that is not there may hold one of its own kind, without end
            return Found(missing=1, examples=[f"{prefix}…"])
        self._absent.add(cls)
        try:
            return self._cell(declaration, values, names, prefix)
        finally:
            self._absent.discard(cls)

    def _cell(self, declaration: Declaration, values: Values, names: Names, prefix: str) -> Found:
        translated, formed = as_declared(declaration.stored, names)
        inner = _with_ties(declaration, values, translated)
        found = Found()
        for requirement in declaration.requirements:
            condition = evaluated(requirement, requirement.condition, values)
            if isinstance(condition, Expression):
                text = f"{requirement.owner} requires `{render(requirement.condition)}`"
                because = Because(None, f"{text} ({requirement.text}{place_of(requirement)})")
                found.facts.append(Fact(condition, True, False, (), because))
        for member in declaration.members:
            found.add(self.part(member, member.name, declaration, values, inner, prefix))
        for name, value in values.items():
            if is_cell(value):  # handed in as it is
                found.used += inner.at(name).size
        if translated is not names:
            ours = [block for block in found.blocks if id(block.share.tensor) in formed]
            found.blocks = [block for block in found.blocks if id(block.share.tensor) not in formed]
            found.facts += facts_of_blocks(ours, values, prefix)
            found.used = max(0, names.size - (translated.size - found.used))
        return found

    def part(self, item: Any, name: str, owner: Declaration, values: Values, names: Names, prefix: str) -> Found:
        """Walk what one name of a class body declares."""
        match item:
            case Conditional():
                condition = evaluated(item, item.condition, values)
                return self.either(
                    item,
                    condition,
                    [self._lazily(part, name, owner, values, names, prefix) for part in (item.present, item.otherwise)],
                    names.below.get(name, NOTHING_STORED).size,
                )
            case ParameterSpec():
                return _parameter(item, owner, values, names.below.get(name, NOTHING_STORED), f"{prefix}{name}")
            case ChildSpec():
                return self.child(item, values, names.below.get(name, NOTHING_STORED), f"{prefix}{name}.")
            case ChildrenSpec():
                return self.children(item, owner, values, names.below.get(name, NOTHING_STORED), f"{prefix}{name}.")
            case CellsSpec():
                inside = names.below.get(name, NOTHING_STORED)
                return self.unlike(item.parts, 0, owner, values, inside, f"{prefix}{name}.")
        return Found()

    def _lazily(self, *arguments: Any) -> Callable[[], Found]:
        return lambda: self.part(*arguments)

    def either(self, item: Declared, condition: Any, parts: list[Callable[[], Found]], stored: int) -> Found:
        """Walk the part of a condition that the names fit, and note that the condition holds, or does not."""
        if not isinstance(condition, Expression):
            return parts[0 if condition else 1]()
        present, otherwise = (part() for part in parts)
        near, far = present.distance(stored), otherwise.distance(stored)
        if near == far:  # the names fit both: where the condition is known, shapes will be
            both = either_way(present, otherwise, condition)
            both.missing = min(present.missing, otherwise.missing)
            both.misfits = min(present.misfits, otherwise.misfits)
            both.used = max(present.used, otherwise.used)
            both.examples = present.examples if present.missing <= otherwise.missing else otherwise.examples
            return both
        holds = near < far
        found = present if holds else otherwise
        written = render(item.condition) if isinstance(item, Conditional) else render(condition)
        what = (
            f"{'is' if stored else 'is not'} stored, as declared where `{written}` {'holds' if holds else 'does not'}"
        )
        text = f"`{item.owner}.{item.name}` {what}{place_of(item)}"
        found.facts.append(Fact(condition, holds, False, (), Because(None, text)))
        return found

    def child(self, spec: ChildSpec, values: Values, names: Names, prefix: str, owner: Declared | None = None) -> Found:
        """Walk a child: with the expressions that its parent gives it."""
        item = owner or spec
        if "SELF" in names_in((spec.factory, spec.args, spec.kwargs)):
            own = {name: value for name, value in values.items() if not is_position(name)}
            values = {**values, "SELF": types.SimpleNamespace(**own)}
        factory = evaluated(item, spec.factory, values)
        args, kwargs = evaluated(item, spec.args, values), evaluated(item, spec.kwargs, values)
        return self._called(item, factory, args, kwargs, names, prefix)

    def _called(self, item: Declared, factory: Any, args: Any, kwargs: Any, names: Names, prefix: str) -> Found:
        if isinstance(factory, Expression):
            if isinstance(factory._node, Choice):
                node = factory._node
                parts = [
                    self._calling(item, each, args, kwargs, names, prefix) for each in (node.present, node.otherwise)
                ]
                return self.either(item, node.condition, parts, names.size)
            try:
                factory = evaluate(factory, self._fallback)
            except Exception:  # no default, or not of this kind
                factory = None
        declaration = declaration_of(factory) if isinstance(factory, type) else None
        if declaration is None or declaration.own_init:
            return Found(used=names.size)  # what it holds, it alone knows
        return self.cell(factory, declaration, self._given(item, factory, declaration, args, kwargs), names, prefix)

    def _calling(self, *arguments: Any) -> Callable[[], Found]:
        return lambda: self._called(*arguments)

    def _given(self, item: Declared, cls: type, declaration: Declaration, args: Any, kwargs: Any) -> dict[str, Any]:
        """Give what the names in a child's class body mean."""
        try:
            given, _ = bind(cls, args, kwargs)
        except TypeError as error:
            item.complain(str(error))
        items = {item.name: item for item in declaration.hyperparameters}
        derived = {item.name: item for item in declaration.derived}
        values: dict[str, Any] = {}
        for name in declaration.evaluation_order:
            if name in derived:
                values[name] = evaluated(derived[name], derived[name].value, values)
                continue
            own, value = items[name], given[name]
            if value is own.default:
                if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
                    value = self.unknown() if value.takes_self else value.factory()
                else:
                    value = evaluated(own, value, values)
            if own.converter is not None:
                value = self._converted(own.converter, value)
            values[name] = value
        return values

    def _converted(self, converter: Any, value: Any) -> Any:
        if is_symbolic(value) or not callable(converter) or isinstance(converter, attrs.Converter):
            return value if converter is int else self.unknown()
        try:
            return converter(value)
        except Exception:  # whether it is refused, building will tell
            return self.unknown()

    # ---------------------------------------------------------------------------------------------------------- lists

    def children(self, spec: ChildrenSpec, owner: Declaration, values: Values, names: Names, prefix: str) -> Found:
        """Walk a list of cells: its length is that of the file's, and those that are alike are walked once."""
        there, length = names.positions()
        count = evaluated(spec, spec.count, values)
        self.lengths.append(count)
        number = position_name(sum(map(is_position, values)))
        numbered = isinstance(spec.each, Conditional) or any(
            number in names_in(value) for value, _ in expressions_of(spec.each)
        )

        def at(position: int, node: Names) -> Found:
            bound = {**values, number: position}
            try:
                return element(position, node, bound)
            except DeclarationError:  # `widths[INDEX]` beyond the end, say
                return Found(misfits=node.size)

        def element(position: int, node: Names, bound: Values) -> Found:
            if isinstance(spec.each, ChildSpec):
                return self.child(spec.each, bound, node, f"{prefix}{position}.", spec)
            inside = Names(below={str(position): node})
            return self.part(spec.each, str(position), owner, bound, inside, prefix)

        if names.stacked:
            found = Found(used=names.size) if numbered else at(0, names.below.get("0", NOTHING_STORED))
            found.blocks = [
                attrs.evolve(block, count=count) if block.share.tensor.rule.counted else block for block in found.blocks
            ]
            return found
        found = Found()
        alike: dict[Any, list[tuple[int, Names]]] = {}
        for position, node in there.items():
            alike.setdefault(node.alike, []).append((position, node))
        most = _MOST_ALIKE if numbered else 1
        groups: list[tuple[int, Names, int]] = []
        for members in alike.values():
            walked = members if len(members) <= 2 * most else members[:most] + members[len(members) - most + 1 :]
            groups += [(position, node, 1) for position, node in walked[:-1]]
            groups.append((*walked[-1], 1 + len(members) - len(walked)))  # the one stands for those left out
        if len(groups) > 2 * _MOST_POSITIONS:  # enough to tell; the rest is only counted
            found.used += sum(node.size * times for _, node, times in groups[_MOST_POSITIONS:-_MOST_POSITIONS])
            groups = groups[:_MOST_POSITIONS] + groups[-_MOST_POSITIONS:]
        for position, node, times in groups:
            found.add(at(position, node), times)
        after = at(length, NOTHING_STORED)
        for position in range(length) if len(there) < length else ():
            if position not in there:
                found.missing += after.missing
                found.examples += after.examples[: max(0, EXAMPLES - len(found.examples))]
        if isinstance(count, Expression):
            title = f"{prefix.rstrip('.')}"
            if after.missing:
                text = f"`{title}` has length {length} in the checkpoint, declared `{render(spec.count)}`"
                found.facts.append(Fact(count, length, True, (), Because(title, text + place_of(spec))))
            elif length:
                text = f"`{title}` has at least length {length} in the checkpoint, declared `{render(spec.count)}`"
                because = Because(title, text + place_of(spec))
                found.facts.append(Fact(operate(">=", count, length), True, False, (), because))
        elif not after.missing or count == length:
            pass
        elif isinstance(count, int) and count > length:
            found.missing += (count - length) * after.missing
        return found

    def unlike(
        self,
        parts: tuple[tuple[str, Any], ...],
        number: int,
        owner: Declaration,
        values: Values,
        names: Names,
        prefix: str,
    ) -> Found:
        """Walk what is left of a row of unlike cells, or of those under names, `number` of which came before."""
        if not parts:
            return Found()
        (name, part), *rest = parts

        def on(chosen: Any, there: int) -> Found:
            found = Found()
            if chosen is not None:
                found.add(self.part(chosen, name or str(number), owner, values, names, prefix))
            found.add(self.unlike(tuple(rest), number + there, owner, values, names, prefix))
            return found

        def chosen_of(item: Any) -> Found:
            if not isinstance(item, Conditional):
                return on(item, item is not None)
            condition = evaluated(item, item.condition, values)
            ways: list[Callable[[], Found]] = [
                functools.partial(chosen_of, each) for each in (item.present, item.otherwise)
            ]
            left = {key for key, _ in parts} if name else {key for key in names.below if not _is_before(key, number)}
            size = sum(node.size for key, node in names.below.items() if key in left)
            return self.either(item, condition, ways, size)

        return chosen_of(part)


def _is_before(key: str, number: int) -> bool:
    return is_index(key) and int(key) < number


# --------------------------------------------------------------------------------------------------------- parameters


def _parameter(spec: ParameterSpec, owner: Declaration, values: Values, names: Names, name: str) -> Found:
    if not spec.persistent:
        return Found(used=names.size)  # computed, and a stored copy is ignored
    if names.shape is None and not names.parts:
        return Found(missing=1, examples=[name])
    found = Found(used=0 if names.tied is not None else 1)
    dimensions = evaluated(spec, spec.shape, values)
    if names.tied is not None and isinstance(names.tied, Expression):
        text = f"`{name}` is not stored, and declared under the condition that it is tied, `{render(names.tied)}`"
        found.facts.append(Fact(names.tied, True, False, (), Because(None, text)))
    apart = sum(1 for share in names.parts if isinstance(share, Share) and share.is_position)
    if apart and dimensions:
        place = f"({spec.owner}.{spec.name}{place_of(spec)})"
        text = f"`{name}` is stored as {apart} tensors, declared `{render(spec.shape)}` {place}"
        _sizes(found, dimensions[:1], (apart,), Because(name, text))
    for share in names.parts:
        assert isinstance(share, Share)
        if share.is_position:
            found.blocks.append(Block(share, dimensions[1:]))
            continue
        block = dimensions if share.section is None else _section(spec, owner, share.section, dimensions, values)
        if block is not None:
            found.blocks.append(Block(share, block))
    if names.shape is not None:
        text = f"`{name}` is {names.shape}, declared `{render(spec.shape)}` ({spec.owner}.{spec.name}{place_of(spec)})"
        _sizes(found, dimensions, names.shape, Because(name, text))
    return found


def _sizes(found: Found, dimensions: tuple[Any, ...], shape: Shape, because: Because) -> None:
    if len(dimensions) != len(shape):
        found.misfits += 1
        return
    for axis, (dimension, size) in enumerate(zip(dimensions, shape, strict=True)):
        if isinstance(dimension, Expression):
            found.facts.append(Fact(dimension, size, True, (), because, axis=axis))
        elif dimension != size:
            found.misfits += 1
            return


def _section(
    spec: ParameterSpec, owner: Declaration, section: str, dimensions: tuple[Any, ...], values: Values
) -> tuple[Any, ...] | None:
    """Give the dimensions of one named section of a parameter, or None where a condition has to be known first."""
    meaning = {item.name: item.value for item in owner.derived}
    for axis, dimension in enumerate(spec.shape):
        for conditions, sections in sections_of(dimension, meaning):
            if section in dict(sections) and not conditions:
                size = evaluated(spec, dict(sections)[section], values)
                return (*dimensions[:axis], size, *dimensions[axis + 1 :])
    return None


# --------------------------------------------------------------------------------------------------------------- ties


def _with_ties(declaration: Declaration, values: Values, names: Names) -> Names:
    """Give the names with those that a tie lets a checkpoint leave out: one name is stored for two."""
    for item in declaration.ties:
        for tie, condition in _ties_in(item, values):
            for target, source in list(_ends(tie, names)):
                inside = {path for end in (target, source) for path, _ in leaves_below(names.at(end))}
                for path in inside:
                    mine, other = (f"{end}.{path}" if path else end for end in (target, source))
                    names = _with_tie(names, mine, other, condition)
    return names


def _with_tie(names: Names, target: str, source: str, condition: Any) -> Names:
    mine, other = names.at(target).shape, names.at(source).shape
    for path, here, there in ((target, mine, other), (source, other, mine)):
        if here is None and there is not None:
            names = names.grafted(path, Names(there, tied=True if condition is None else condition))
    return names


def _ends(tie: Tie, names: Names) -> Iterator[tuple[str, str]]:
    """Give both ends of a tie, for each place that a pattern names: the file need not have what is tied there."""
    captured = max((number for number, part in enumerate(tie.target.split("."), 1) if "{" in part), default=0)
    if not captured:
        yield tie.target, tie.source
        return
    segments = tie.target.split(".")
    head, rest = parse_pattern(".".join(segments[:captured])), segments[captured:]
    waiting = [(key, node) for key, node in names.below.items()]
    while waiting:
        path, node = waiting.pop()
        values = head.match(path)
        if values is not None:
            ends = ".".join((path, *rest)), fill(tie.source, values)
            if ends[0] != ends[1]:
                yield ends
        waiting += [(f"{path}.{key}", each) for key, each in node.below.items()]


def _ties_in(item: Any, values: Values) -> Iterator[tuple[Tie, Any]]:
    """Give the ties that may hold, each with its condition, or None where it holds for certain."""
    if isinstance(item, Tie):
        yield item, None
    elif isinstance(item, Conditional):
        condition = evaluated(item, item.condition, values)
        for part, holds in ((item.present, True), (item.otherwise, False)):
            if isinstance(condition, Expression):
                own = condition if holds else operate("==", choose(condition, 1, 0), 0)
                for tie, inner in _ties_in(part, values):
                    yield tie, own if inner is None else operate("&", own, inner)
            elif bool(condition) is holds:
                yield from _ties_in(part, values)
