"""One fact about the unknowns: an expression of them, and what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._frozen import frozen
from ..declaration import (
    Applied,
    Attribute,
    Call,
    Choice,
    Declared,
    Expression,
    Item,
    Name,
    Operation,
    apply,
    call,
    choose,
    expressions_in,
    is_symbolic,
    operate,
    render,
    replace_inside,
    symbol,
)
from ._domain import ANYTHING, Domain

Guard = tuple[Any, bool]
"""A condition, and whether it has to hold."""


@frozen(eq=False)
class Fact:
    """Something that is known about an expression.

    Attributes:
        expression: of the unknowns; a plain value where none is in it.
        value: what it is.
        is_size: whether the expression equals `value`, a number; else whether it holds is `value`.
        guards: the conditions under which alone the fact is known.
        because: where the fact is from.
        follows_from: the facts that it was derived from.
        axis: which one of the tensor it is about, where it is about one.
    """

    expression: Any
    value: Any
    is_size: bool
    guards: tuple[Guard, ...]
    because: Because
    follows_from: tuple[Fact, ...] = ()
    axis: int | None = None

    @property
    def key(self) -> str:
        """Equal for facts that say the same."""
        guards = "".join(f" if {text_of(condition)} is {truth}" for condition, truth in self.guards)
        return f"{text_of(self.expression)} = {self.value!r}{guards}"

    @property
    def unknowns(self) -> dict[str, Any]:
        """The unknowns in it and in its guards."""
        return unknowns_in((self.expression, *(condition for condition, _ in self.guards)))


@frozen(eq=False)
class Because:
    """Where a fact is from.

    Attributes:
        tensor: the name in the checkpoint; None where no single tensor says it.
        text: the tensor's shape and its declaration, or what else the fact is from.
    """

    tensor: str | None
    text: str


@frozen(eq=False)
class Conflict:
    """Facts that cannot all be true.

    Attributes:
        facts: the one that failed first, then those that narrowed its unknowns before.
        unknown: the unknown that has no value left, if it is one.
        is_refusal: whether it is a validator that refuses the unknown's value.
    """

    facts: tuple[Fact, ...]
    unknown: str | None = None
    is_refusal: bool = False


def place_of(item: Declared) -> str:
    """Say where something is declared, for the end of a parenthesis."""
    return "" if item.location is None else f", {item.location.short}"


def path_of(expression: Any) -> str | None:
    """Give the text of `a`, `a.b`, `a[0]`, `len_(a)`: what counts as one unknown; None for another expression."""
    if not isinstance(expression, Expression):
        return None
    match expression._node:
        case Name(name):
            return name
        case Attribute(target, name):
            return None if path_of(target) is None else f"{path_of(target)}.{name}"
        case Item(target, key):
            return None if path_of(target) is None or is_symbolic(key) else render(expression)
        case Call("len_", (target,)):
            return None if path_of(target) is None else render(expression)
    return None


def text_of(value: Any) -> str:
    """Give a text that is equal for what is equal: two functions may go by one name, `<lambda>`."""
    functions = list(_functions_in(value))
    return f"{render(value)} {functions}" if functions else render(value)


def _functions_in(value: Any) -> Iterator[int]:
    for each in expressions_in(value):
        match each._node:
            case Applied(function, arguments, keywords):
                yield id(function)
                yield from _functions_in((function, arguments, dict(keywords)))
            case Operation(_, parts) | Call(_, parts):
                yield from _functions_in(parts)
            case Choice(condition, present, otherwise):
                yield from _functions_in((condition, present, otherwise))
            case Item(target, key):
                yield from _functions_in((target, key))
            case Attribute(target, _):
                yield from _functions_in(target)


def unknowns_in(value: Any) -> dict[str, Any]:
    """Give the unknowns of an expression, or of several, by the names that `path_of` gives them."""
    found: dict[str, Any] = {}
    waiting = [value]
    while waiting:
        each = waiting.pop()
        name = path_of(each)
        if name is not None:
            found[name] = each
        elif isinstance(each, tuple):
            waiting += each
        elif isinstance(each, Expression):
            match each._node:
                case Operation(_, parts) | Call(_, parts):
                    waiting += parts
                case Choice(condition, present, otherwise):
                    waiting += (condition, present, otherwise)
                case Applied(function, arguments, keywords):
                    waiting += expressions_in((function, arguments, dict(keywords)))
                case Item(target, key):
                    waiting += (target, *expressions_in(key))
                case Attribute(target, _):
                    waiting.append(target)
    return found


def reduced(value: Any, domains: Mapping[str, Domain]) -> Any:
    """Put in the values that are known. What is left has symbols alone for unknowns: `config.hidden` is one, too.

    Raises whatever Python raises for the same arithmetic on the same values.
    """
    if not isinstance(value, Expression):
        return value
    name = path_of(value)
    if name is not None:
        domain = domains.get(name, ANYTHING)
        return domain.value if domain.is_value else symbol(name)
    match value._node:
        case Operation("==" | "!=" as mark, operands):
            left, right = (reduced(each, domains) for each in operands)
            for one, other in ((left, right), (right, left)):
                if isinstance(one, Expression) and not isinstance(other, Expression) and not is_number(other):
                    domain = domains.get(path_of(one) or "", ANYTHING)
                    if not domain.holds(other):  # such as None, where a number is left
                        return mark == "!="
            return operate(mark, left, right)
        case Operation(mark, operands):
            return operate(mark, *(reduced(each, domains) for each in operands))
        case Call(function, arguments):
            return call(function, tuple(reduced(each, domains) for each in arguments))
        case Choice(condition, present, otherwise):
            decided = reduced(condition, domains)
            if not isinstance(decided, Expression):
                return reduced(present if decided else otherwise, domains)
            return choose(decided, reduced(present, domains), reduced(otherwise, domains))
        case Applied(function, arguments, keywords):
            return apply(*(_reduced_inside(each, domains) for each in (function, arguments, keywords)))
    return value


def _reduced_inside(value: Any, domains: Mapping[str, Domain]) -> Any:
    if isinstance(value, Expression):
        return reduced(value, domains)
    return replace_inside(value, lambda part: _reduced_inside(part, domains))


def is_number(value: Any) -> bool:
    """Tell whether a plain value is equal to a whole number; True and 3.0 are."""
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def are_whole(value: Any, domains: Mapping[str, Domain]) -> bool:
    """Tell whether all unknowns of an expression are whole numbers."""
    return all(domains.get(name, ANYTHING).is_whole for name in unknowns_in(value))
