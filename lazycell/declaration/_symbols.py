"""Symbolic expressions: what the name of a hyperparameter stands for while a class body runs.

An `Expression` wraps one node of a small tree of plain data. Operators build bigger trees; `evaluate`, `render` and
`names_in` walk them. Whatever needs a real value (`if`, `range`, `int`) raises at once and says what to write instead.
"""

from __future__ import annotations

import copy
import enum
import functools
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NoReturn

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import is_own, message, user_location
from ..mesh import On
from ._divided import Divided, fused_sum
from ._unasked import is_looked_up

# ------------------------------------------------------------------------------------------------------------- nodes


@frozen(eq=False)
class Name:
    """The value bound to a hyperparameter, a derived value, `INDEX` or `SELF`."""

    name: str


@frozen(eq=False)
class Operation:
    """An operator applied to one or two operands, each a plain value or an `Expression`."""

    symbol: str
    operands: tuple[Any, ...]


@frozen(eq=False)
class Sections(Operation):
    """The sum of sizes that have names, `fused(q=…, k=…)`: to whoever does not ask for the names, a sum."""

    sections: tuple[tuple[str, Any], ...] = ()


@frozen(eq=False)
class Attribute:
    """`target.name`, for a hyperparameter that is an object."""

    target: Any
    name: str


@frozen(eq=False)
class Item:
    """`target[key]`."""

    target: Any
    key: Any


@frozen(eq=False)
class Call:
    """One of the functions in `FUNCTIONS` applied to its arguments."""

    function: str
    arguments: tuple[Any, ...]


@frozen(eq=False)
class Choice:
    """`when(condition, present, otherwise=…)` between two values."""

    condition: Any
    present: Any
    otherwise: Any


@frozen(eq=False)
class Applied:
    """`derived(function, …)`: any function applied to arguments, once they are known."""

    function: Any
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]


Node = Name | Operation | Attribute | Item | Call | Choice | Applied


def _invert(value: Any) -> Any:
    # `~True` is -2, which is true: for conditions `~` has to mean `not`.
    return (not value) if isinstance(value, bool) else ~value


@frozen
class _Operator:
    function: Callable[..., Any]
    precedence: int


_BINARY = {
    "**": _Operator(operator.pow, 8),
    "*": _Operator(operator.mul, 6),
    "/": _Operator(operator.truediv, 6),
    "//": _Operator(operator.floordiv, 6),
    "%": _Operator(operator.mod, 6),
    "+": _Operator(operator.add, 5),
    "-": _Operator(operator.sub, 5),
    "&": _Operator(operator.and_, 4),
    "|": _Operator(operator.or_, 3),
    "==": _Operator(operator.eq, 2),
    "!=": _Operator(operator.ne, 2),
    "<": _Operator(operator.lt, 2),
    "<=": _Operator(operator.le, 2),
    ">": _Operator(operator.gt, 2),
    ">=": _Operator(operator.ge, 2),
}
_UNARY = {"-": _Operator(operator.neg, 7), "+": _Operator(operator.pos, 7), "~": _Operator(_invert, 7)}


def _is_in(value: Any, container: Any) -> bool:
    return value in container


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Divided) else value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{"min_": min, "max_": max, "in_": _is_in, "len_": len},
    **{"whole": _whole, "on": On},
}

# -------------------------------------------------------------------------------------------------------- expressions


def _binary(symbol: str) -> Callable[[Any, Any], Expression]:
    def build(self: Any, other: Any) -> Expression:
        return Expression(Operation(symbol, (self, other)))

    return build


def _reflected(symbol: str) -> Callable[[Any, Any], Expression]:
    def build(self: Any, other: Any) -> Expression:
        return Expression(Operation(symbol, (other, self)))

    return build


def _unary(symbol: str) -> Callable[[Any], Expression]:
    def build(self: Any) -> Expression:
        return Expression(Operation(symbol, (self,)))

    return build


def _refusal(use: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(self: Any, *_: Any) -> NoReturn:
        text = f"`{render(self)}` has no value while the class body runs, so {use}. {instead}"
        raise DeclarationError(message("", text, user_location()))

    return refuse


class Expression:
    """A value that is known once the hyperparameters are.

    All public attribute names belong to the user (`config.name`), so the node hides behind a private one.
    """

    __slots__ = ("_names", "_node")
    _node: Node
    _names: frozenset[str] | None
    __array_ufunc__ = None  # numpy leaves `array * symbol` to the symbol

    def __init__(self, node: Node) -> None:
        object.__setattr__(self, "_node", node)
        object.__setattr__(self, "_names", None)

    def __repr__(self) -> str:
        return render(self)

    # Symbols are shared and never change: a copy is the symbol itself.
    def __copy__(self) -> Expression:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Expression:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._node,))

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("__") and name.endswith("__"):  # protocol probes (numpy, copy, inspect) must see nothing
            raise AttributeError(name)
        return Expression(Attribute(self, name))

    def __getitem__(self, key: Any) -> Expression:
        return Expression(Item(self, key))

    __add__, __radd__ = _binary("+"), _reflected("+")
    __sub__, __rsub__ = _binary("-"), _reflected("-")
    __mul__, __rmul__ = _binary("*"), _reflected("*")
    __truediv__, __rtruediv__ = _binary("/"), _reflected("/")
    __floordiv__, __rfloordiv__ = _binary("//"), _reflected("//")
    __mod__, __rmod__ = _binary("%"), _reflected("%")
    __pow__, __rpow__ = _binary("**"), _reflected("**")
    __and__, __rand__ = _binary("&"), _reflected("&")
    __or__, __ror__ = _binary("|"), _reflected("|")
    __lt__, __le__, __gt__, __ge__ = _binary("<"), _binary("<="), _binary(">"), _binary(">=")
    __eq__ = _binary("==")  # type: ignore[assignment]
    __ne__ = _binary("!=")  # type: ignore[assignment]

    def __hash__(self) -> int:
        frame = sys._getframe(1)
        if not is_own(frame) and is_looked_up(frame):
            _refuse_lookup(self)
        return object.__hash__(self)

    __neg__, __pos__, __invert__ = _unary("-"), _unary("+"), _unary("~")

    __bool__ = _refusal(
        "Python cannot decide `if`, `and`, `or`, `not`, `in`, `min`, `max` or a chained comparison with it",
        'Write `when(condition, …)` for a part that may be absent, `require(condition, "…")` for a check, '
        "`&`, `|`, `~` for logic, `in_(x, (a, b))`, `min_(a, b)` and `max_(a, b)`.",
    )
    __index__ = _refusal(
        "it cannot count or index (`range`, an index into a list)",
        "Write `children(count, Cell, …)` for repeated cells.",
    )
    __int__ = _refusal("`int()` cannot convert it", "Write `//` for a whole number, or `derived(int, x)`.")
    __float__ = _refusal(
        "`float()` and `math` cannot convert it", "Write `x ** 0.5` for a square root, or `derived(math.log, x)`."
    )
    __format__ = _refusal(
        "an f-string would hold its name", "Make the text in `__post_init__`; `require` shows the values by itself."
    )
    __round__ = __trunc__ = __floor__ = __ceil__ = _refusal(
        "it cannot be rounded", "Write `//` for a whole number, or `derived(round, x)`."
    )
    __abs__ = _refusal("`abs()` cannot be taken", "Write `max_(x, -x)`.")
    __len__ = _refusal("`len()` is not known", "Write `len_(x)`.")
    __iter__ = _refusal("it cannot be iterated", "Write `children(count, Cell, …)` for repeated cells.")
    __contains__ = _refusal("`in` cannot look into it", "Write `in_(x, sizes)`.")
    __setitem__ = __delitem__ = _refusal("nothing can be stored in it", "Change the value in `__post_init__`.")

    def __setattr__(self, name: str, value: object) -> None:
        self.__setitem__(name, value)

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        (_refuse_hiding if isinstance(self._node, Name) else _refuse_method)(self)


_refuse_hiding = _refusal(
    "it cannot be called",
    "In this class body the name stands for a hyperparameter or a derived value, and hides a function that "
    "goes by the same name: rename one of them.",
)
_refuse_method = _refusal(
    "it cannot be called",
    "Write `derived(function, …)` for what a function makes of values, or call it in `__post_init__`, or in a "
    "function that builds the cell: `child(make_block, config)`.",
)

_refuse_lookup = _refusal(
    "no dict and no set can look it up",
    'Write `in_(kind, ("a", "b"))` for `in`, `when(kind == "a", 1, otherwise=2)` for one of few values, '
    "`derived(table.get, kind)` for a look into a table, or hand it to a function that builds the cell: "
    "`child(make_block, kind)`.",
)

refuse_identity = _refusal(
    "`is` has one answer for every net", "Write `k != None` for `k is not None`, and `k == None` for `k is None`."
)
refuse_isinstance = _refusal(
    "`isinstance` has one answer for every net",
    "Write `in_(k, (a, b))` for one of several values, or give the answer a hyperparameter of its own.",
)


class _Position(Expression):
    """The symbol of a position in a list: `INDEX`, and `INDEX.inner` in a list inside of it."""

    __slots__ = ()

    @property
    def inner(self) -> Expression:
        """The position in the list that the one here holds."""
        return _Position(Name(f"{render(self)}.inner"))


INDEX: Any = _Position(Name("INDEX"))
"""Inside `children(…)`: the position of the child, counted from 0; `INDEX.inner` is that in a list inside of it."""


def position_name(depth: int) -> str:
    """Give the name of the position in a list that is inside of `depth` others: `INDEX`, `INDEX.inner`."""
    return ".".join(("INDEX", *["inner"] * depth))


def is_position(name: str) -> bool:
    """Tell whether a name is that of a position in a list."""
    return name.partition(".")[0] == "INDEX"


SELF: Any = Expression(Name("SELF"))
"""In a child's arguments: all hyperparameters and derived values of this instance, as one object with attributes."""


def symbol(name: str) -> Expression:
    """Give the symbol that stands for `name`."""
    return _Position(Name(name)) if is_position(name) else Expression(Name(name))


def call(function: str, arguments: tuple[Any, ...]) -> Any:
    """Call one of `FUNCTIONS`: at once on plain values, else symbolically."""
    if function in ("whole", "on"):
        if function == "on":
            return Expression(Call(function, arguments))
    elif function == "len_":
        if len(arguments) != 1:
            text = f"len_() takes one value, not {len(arguments)}: write `len_(sizes)`"
            raise DeclarationError(message("", text, user_location()))
    elif len(arguments) < 2:
        text = f"{function}() takes two or more values, not {len(arguments)}: write `{function}(a, b)`"
        raise DeclarationError(message("", text, user_location()))
    return Expression(Call(function, arguments)) if is_symbolic(arguments) else FUNCTIONS[function](*arguments)


def min_(*values: Any) -> Any:
    """Give the smallest of two or more values, which may be symbolic: `min` in a class body.

    Args:
        values: hyperparameters, expressions or numbers.

    Returns:
        A symbol for the smallest; the smallest itself where nothing is symbolic.

    Raises:
        TypeError: nothing is symbolic, and they cannot be compared. Of symbols that is told when an instance is built,
            by a `DeclarationError`.
    """
    return call("min_", values)


def max_(*values: Any) -> Any:
    """Give the largest of two or more values, which may be symbolic: `max` in a class body.

    Args:
        values: hyperparameters, expressions or numbers.

    Returns:
        A symbol for the largest; the largest itself where nothing is symbolic.

    Raises:
        TypeError: nothing is symbolic, and they cannot be compared. Of symbols that is told when an instance is built,
            by a `DeclarationError`.
    """
    return call("max_", values)


def len_(value: Any) -> Any:
    """Give the length of a value, which may be symbolic: `len` in a class body, as in `children(len_(depths), …)`.

    Args:
        value: a hyperparameter or an expression, or anything that has a length.

    Returns:
        A symbol for the length; the length itself where nothing is symbolic.

    Raises:
        TypeError: nothing is symbolic, and `value` has no length. Of symbols that is told when an instance is built, by
            a `DeclarationError`.
    """
    return call("len_", (value,))


def apply(function: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """Call any function: at once on plain values, else symbolically."""
    if is_symbolic(function) or is_symbolic(arguments) or is_symbolic(dict(keywords)):
        return Expression(Applied(function, arguments, keywords))
    return function(*arguments, **keywords)


def in_(value: Any, container: Any) -> Any:
    """Tell whether a value is in a container, where either may be symbolic: `value in container` in a class body.

    Args:
        value: what is looked for; None, say, or a hyperparameter.
        container: a tuple or a list, or a hyperparameter that is one; of a dict its keys are meant.

    Returns:
        A symbol for the answer; the answer itself where nothing is symbolic.

    Raises:
        DeclarationError: nothing can be in `container`.
    """
    if isinstance(container, (set, frozenset, dict)):  # a set is written otherwise in each process
        container = tuple(container if isinstance(container, dict) else sorted(container, key=render))
    elif not (isinstance(container, Expression) or hasattr(container, "__contains__")):
        text = f"in_(value, container) cannot look into {render(container)}: write `in_({render(value)}, (a, b))`"
        raise DeclarationError(message("", text, user_location()))
    return call("in_", (value, container))


def operate(mark: str, *operands: Any) -> Any:
    """Apply an operator: at once to plain values, as the class body would, else symbolically."""
    if not is_symbolic(operands):
        table = _UNARY if len(operands) == 1 else _BINARY
        return table[mark].function(*operands)
    return Expression(Operation(mark, operands))


def choose(condition: Any, present: Any, otherwise: Any) -> Any:
    """Give `present` where `condition` holds, else `otherwise`: `when` between two values."""
    if not is_symbolic((condition, present, otherwise)):
        return present if condition else otherwise
    return Expression(Choice(condition, present, otherwise))


def add_sections(sections: tuple[tuple[str, Any], ...]) -> Any:
    """Give the sum of two or more sizes as one symbolic dimension that remembers their names, as `fused(…)` does."""
    *firsts, last = (size for _, size in sections)
    total = firsts[0]
    for size in firsts[1:]:
        total = operate("+", total, size)
    return Expression(Sections("+", (total, last), sections))


def sections_of(dimension: Any, meaning: Mapping[str, Any]) -> Iterator[tuple[Any, tuple[tuple[str, Any], ...]]]:
    """Give the named sections that a dimension may have: for each case its conditions, and name and size of each.

    Args:
        dimension: a size; of an expression only `fused(…)` itself, or a choice between such, has sections.
        meaning: the formula of each derived value.
    """
    if not isinstance(dimension, Expression):
        return
    match dimension._node:
        case Sections(sections=sections):
            yield (), sections
        case Name(name) if name in meaning:
            yield from sections_of(meaning[name], meaning)
        case Choice(condition, present, otherwise):
            for part, holds in ((present, True), (otherwise, False)):
                for conditions, sections in sections_of(part, meaning):
                    yield ((condition, holds), *conditions), sections


# ------------------------------------------------------------------------------------------------------------ walking


def operands_of(node: Node) -> tuple[Any, ...]:
    """Give what a node is made of, plain values included."""
    match node:
        case Name():
            return ()
        case Operation():
            return node.operands
        case Attribute():
            return (node.target,)
        case Item():
            return (node.target, node.key)
        case Call():
            return node.arguments
        case Choice():
            return (node.condition, node.present, node.otherwise)
        case Applied():
            return (node.function, *node.arguments, *node.keywords.values())


_TRANSPARENT: list[type] = []


def look_inside(cls: type) -> None:
    """Make instances of `cls` count as containers of their attributes, so that they may be built from symbols."""
    _TRANSPARENT.append(cls)


def _inside(value: Any) -> tuple[Any, ...]:
    """Give what a container holds; other objects are not looked into."""
    if isinstance(value, (tuple, list, set, frozenset)):
        return tuple(value)
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    if isinstance(value, slice):
        return (value.start, value.stop, value.step)
    if type(value) is functools.partial:
        return (value.func, *value.args, *value.keywords.values())
    if isinstance(value, tuple(_TRANSPARENT)):
        return tuple(vars(value).values())
    return ()


def expressions_in(value: Any) -> Iterator[Expression]:
    """Give the expressions in a container, or the value itself if it is one."""
    if isinstance(value, Expression):
        yield value
    else:
        for part in _inside(value):
            yield from expressions_in(part)


def is_symbolic(value: Any) -> bool:
    """Tell whether `value` is an expression, or a container that holds one."""
    return isinstance(value, Expression) or any(map(is_symbolic, _inside(value)))


def names_in(value: Any) -> frozenset[str]:
    """Give the names that an expression, or a container of expressions, depends on."""
    if not isinstance(value, Expression):
        return frozenset().union(*map(names_in, _inside(value)))
    found = value._names
    if found is None:  # an expression never changes, and every instance of its class asks
        node = value._node
        found = (
            frozenset({node.name}) if isinstance(node, Name) else frozenset().union(*map(names_in, operands_of(node)))
        )
        object.__setattr__(value, "_names", found)
    return found


def evaluate(value: Any, bound: Mapping[str, Any]) -> Any:
    """Give the value of an expression, or of a container of expressions, for the names in `bound`.

    Where the values are expressions themselves, so is the result: the one with the names replaced.

    Raises whatever Python raises for the same arithmetic on the same values, and KeyError for a name not bound.
    """
    if isinstance(value, Expression):
        match value._node:
            case Name(name):
                return bound[name]
            case Sections(sections=sections):
                named = tuple((name, evaluate(size, bound)) for name, size in sections)
                sizes = [size for _, size in named]
                return add_sections(named) if is_symbolic(sizes) else fused_sum(sizes)
            case Operation(mark, operands):
                table = _UNARY if len(operands) == 1 else _BINARY
                found = table[mark].function(*(evaluate(operand, bound) for operand in operands))
                if type(found) is Divided and mark == "*" and type(operands[0]) is int:
                    return found.stacked(render(value))
                return found
            case Attribute(target, name):
                return getattr(evaluate(target, bound), name)
            case Item(target, key):
                return evaluate(target, bound)[evaluate(key, bound)]
            case Call(function, arguments):
                if function == "on":
                    return On(*arguments)
                if function == "whole":  # on paper, where the values are symbols, all of a number is meant
                    return _whole(evaluate(arguments[0], bound))
                return call(function, tuple(evaluate(argument, bound) for argument in arguments))
            case Choice(condition, present, otherwise):
                decided = evaluate(condition, bound)
                if type(decided) is On:
                    raise TypeError("on(…) says where a cell is, and a value is the same everywhere")
                if isinstance(decided, Expression):
                    return choose(decided, evaluate(present, bound), evaluate(otherwise, bound))
                return evaluate(present if decided else otherwise, bound)
            case Applied(function, arguments, keywords):
                called = (evaluate(function, bound), evaluate(arguments, bound), evaluate(keywords, bound))
                return apply(*called)
    if type(value) in _PLAIN:
        return value
    return replace_inside(value, lambda part: evaluate(part, bound))


_PLAIN = frozenset({int, float, str, bool, type(None)})  # what most parts of a container are


def replace_inside(value: Any, replace: Callable[[Any], Any]) -> Any:
    """Give a container with `replace(part)` in the place of each part; the value itself where that changes nothing."""
    kind = type(value)
    if isinstance(value, (tuple, list, set, frozenset)):
        items = _replaced(value, replace)
        if items is None:
            return value
        return kind(*items) if hasattr(value, "_fields") else kind(items)  # a named tuple stays one
    if isinstance(value, slice):
        parts = _replaced(_inside(value), replace)
        return value if parts is None else slice(*parts)
    if isinstance(value, dict):
        items = _replaced(_inside(value), replace)
        return value if items is None else dict(zip(items[: len(value)], items[len(value) :], strict=True))
    if kind is functools.partial:
        items = _replaced(_inside(value), replace)
        if items is None:
            return value
        function, *rest = items
        split = len(value.args)
        return functools.partial(function, *rest[:split], **dict(zip(value.keywords, rest[split:], strict=True)))
    if isinstance(value, tuple(_TRANSPARENT)):
        held = vars(value)
        items = _replaced(held.values(), replace)
        if items is None:
            return value
        bound_copy = copy.copy(value)
        bound_copy.__dict__.update(zip(held, items, strict=True))
        return bound_copy
    return value


def _replaced(parts: Iterable[Any], replace: Callable[[Any], Any]) -> list[Any] | None:
    """Replace the parts of a container, or give None if they are what they were: then it holds no expression."""
    parts = list(parts)
    found = [replace(part) for part in parts]
    return None if all(map(operator.is_, parts, found)) else found


def render(value: Any, binding: int = 0) -> str:
    """Give the Python text of a value or an expression, in as few parentheses as `binding` (the context) allows."""
    if not isinstance(value, Expression):
        text = _render_plain(value)
        # `-2 ** n` would be `-(2 ** n)`.
        return f"({text})" if binding > _UNARY["-"].precedence and text.startswith("-") else text
    match value._node:
        case Name(name):
            return name
        case Attribute(target, name):
            return f"{render(target, 9)}.{name}"
        case Item(target, key):
            return f"{render(target, 9)}[{_render_key(key)}]"
        case Call(function, arguments):
            if function == "on":
                axis, at = arguments
                return f"on({axis}={render(at[0] if len(at) == 1 else at)})"
            return f"{function}({', '.join(map(render, arguments))})"
        case Applied(function, arguments, keywords):
            return f"derived({_render_arguments((function, *arguments), keywords)})"
        case Choice(condition, present, otherwise):
            return f"when({render(condition)}, {render(present)}, otherwise={render(otherwise)})"
        case Operation(mark, (operand,)):
            precedence = _UNARY[mark].precedence
            text = f"{mark}{render(operand, precedence)}"
        case Operation(mark, (left, right)):
            precedence = _BINARY[mark].precedence
            # `-` and `//` group to the left, `**` to the right; comparisons would chain, so both sides bind tighter.
            tighter_left = precedence + (mark == "**" or precedence == 2)
            tighter_right = precedence + (mark != "**")
            text = f"{render(left, tighter_left)} {mark} {render(right, tighter_right)}"
    return f"({text})" if precedence < binding else text


def _render_plain(value: Any) -> str:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return f"({', '.join(map(render, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(render, value))}]"
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        return value.__name__
    if isinstance(value, MethodType):
        return value.__qualname__
    if type(value) is functools.partial:
        return f"partial({_render_arguments((value.func, *value.args), value.keywords)})"
    if isinstance(value, tuple(_TRANSPARENT)):
        public = {name: item for name, item in vars(value).items() if not name.startswith("_")}
        return f"{type(value).__name__}({', '.join(f'{name}={render(item)}' for name, item in public.items())})"
    return repr(value)


def _render_arguments(arguments: Iterable[Any], keywords: Mapping[str, Any]) -> str:
    return ", ".join([*map(render, arguments), *(f"{name}={render(value)}" for name, value in keywords.items())])


def _render_key(key: Any) -> str:
    if isinstance(key, slice):
        start, stop, step = ("" if part is None else render(part) for part in _inside(key))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return render(key)
