"""What a class body may say: each declaration as a frozen attrs object, and the functions that spell it."""

from __future__ import annotations

import functools
import inspect
import numbers
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar, overload

import attrs

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import Location, did_you_mean, message, user_location
from ._conditions import check_condition
from ._parse import parse_shape
from ._patterns import captures_in, parse_pattern
from ._symbols import Expression, choose, names_in, render

if TYPE_CHECKING:
    from mindspore import Parameter

    from .._nn_cell import Cell

NOTHING = attrs.NOTHING


def _symbolic_field(**options: Any) -> Any:
    """Make a field that may hold expressions: compared by text, since `==` on symbols builds another symbol."""
    return attrs.field(eq=render, repr=render, **options)


@frozen(kw_only=True)
class Declared:
    """What every declaration carries: its name, the class that made it, and where."""

    name: str = ""
    owner: str = ""
    location: Location | None = attrs.field(default=None, eq=False, repr=False)
    doc: str | None = attrs.field(default=None, eq=False, repr=False)

    def complain(self, problem: str) -> NoReturn:
        """Raise a DeclarationError about this declaration."""
        raise DeclarationError(message(f"{self.owner}.{self.name}", problem, self.location))


@frozen(kw_only=True)
class Hyperparameter(Declared):
    """An argument of the generated `__init__`, and an attribute of the instance."""

    type: Any = Any
    default: Any = _symbolic_field(default=NOTHING)
    validator: Any = None
    converter: Any = None
    kw_only: bool = False


@frozen(kw_only=True)
class Derived(Declared):
    """An attribute computed from the hyperparameters."""

    value: Any = _symbolic_field()


@frozen(kw_only=True)
class Requirement(Declared):
    """A condition that the hyperparameters must meet."""

    condition: Any = _symbolic_field()
    text: str


@frozen(kw_only=True)
class ParameterSpec(Declared):
    """A parameter or a buffer: how it starts, and what it looks like.

    `shape` is a tuple of ints and expressions; `dtype` is None where the cell's default holds.
    """

    initializer: Any = _symbolic_field()
    shape: tuple[Any, ...] = _symbolic_field()
    dtype: Any = _symbolic_field(default=None)
    trainable: bool = True
    persistent: bool = True
    shard: tuple[Any, ...] | None = None
    partial: str | tuple[str, ...] | None = None
    """Axes along which ranks use all of it for their parts of something: each has a part of its gradient."""
    tags: tuple[str, ...] = ()

    def __or__(self, other: object) -> NoReturn:
        refuse("`Param[…] | None` is no annotation", "`bias: Param[…] = when(use_bias)` for one that may be absent")

    __ror__ = __or__


@frozen(kw_only=True)
class ChildSpec(Declared):
    """A cell inside the cell: what to call, and with which arguments."""

    factory: Any = _symbolic_field()
    args: tuple[Any, ...] = _symbolic_field(default=())
    kwargs: dict[str, Any] = _symbolic_field(factory=dict)


@frozen(kw_only=True)
class ChildrenSpec(Declared):
    """A list of cells or of parameters: `each` made `count` times, with `INDEX` bound to the position.

    In a list inside of another, `INDEX.inner` is bound. `kind` is the name of MindSpore's container.
    """

    count: Any = _symbolic_field()
    each: Any  # ChildSpec | ChildrenSpec | CellsSpec | ParameterSpec | Conditional
    kind: str = "CellList"

    @property
    def repeats_parameters(self) -> bool:
        """Whether it is a row of parameters, not of cells."""
        return _repeats_parameters(self.each)


@frozen(kw_only=True)
class CellsSpec(Declared):
    """Unlike cells, each with its name, which is empty in a row. `kind` is the name of MindSpore's container."""

    parts: tuple[tuple[str, Any], ...]
    kind: str = ""


@frozen(kw_only=True)
class Tie(Declared):
    """Two dotted names for one parameter, or for the parameters of two cells; those at `source` are stored.

    With captures they are many: `layers.{i}.norm`.
    """

    target: str
    source: str

    @property
    def text(self) -> str:
        """The tie as written."""
        return f"tie({self.target!r}, {self.source!r})"


@frozen(kw_only=True)
class CacheSpec(Declared):
    """Keys and values that a cell keeps of what it has read: see `key_value_cache`."""

    heads: Any = _symbolic_field()
    size: Any = _symbolic_field()
    value_size: Any = _symbolic_field(default=None)
    window: Any = _symbolic_field(default=None)
    source: bool = False


@frozen(kw_only=True)
class Conditional(Declared):
    """A declaration that holds under a condition; `present` is NOTHING where the annotation says what is declared."""

    condition: Any = _symbolic_field()
    present: Any = NOTHING
    otherwise: Any = None


_MEMBERS = (ParameterSpec, ChildSpec, ChildrenSpec, CellsSpec, Tie, CacheSpec, Conditional)


def initializer_text(initializer: Any) -> str:
    """Give an initializer as one would write it: `normal`, `1.0`, `Normal(sigma=0.02, mean=0.0)`, `zoo.rope.table`.

    A function with further arguments is `zoo.rope.table(theta=10000.0)`.
    """
    if isinstance(initializer, str):
        return initializer
    if isinstance(initializer, functools.partial):
        given = [*map(render, initializer.args), *(f"{key}={render(it)}" for key, it in initializer.keywords.items())]
        return f"{initializer_text(initializer.func)}({', '.join(given)})"
    name = getattr(initializer, "__qualname__", None)
    return render(initializer) if name is None else f"{initializer.__module__}.{name}"


# ----------------------------------------------------------------------------------------------------------- spelling
# Each function returns a spec. Its signature promises what the attribute is in an instance, so that type checkers
# compare `mlp: MLP = child(MLP, hidden)` with MLP's constructor and with the annotation.

_Value = TypeVar("_Value")
_Other = TypeVar("_Other")
_Cell = TypeVar("_Cell", bound="Cell")
_Arguments = ParamSpec("_Arguments")

Initial = str | float | Callable[..., Any]
"""A registered name, a number, or a function; a MindSpore `Initializer` counts as a function."""
Shape = Sequence[int] | str


class _Annotation:
    """`Param[initializer, shape]` and `Param[initializer, shape, dtype]`."""

    _trainable = True

    def __class_getitem__(cls, arguments: Any) -> ParameterSpec:
        if not isinstance(arguments, tuple) or len(arguments) not in (2, 3):
            refuse(
                f"`{cls.__name__}[…]` takes an initializer and a shape, and a dtype if it needs its own",
                f'`{cls.__name__}["normal", (out_features, in_features)]`',
            )
        initializer, shape, *dtype = arguments
        return _parameter_spec(initializer, shape, dtype[0] if dtype else None, trainable=cls._trainable)

    def __init__(self, *_: Any) -> None:
        refuse(
            f"`{type(self).__name__}` is written in brackets, as an annotation",
            f'`weight: {type(self).__name__}["normal", (out_features, in_features)]`, '
            f"or `{type(self).__name__.lower()}(…)` after `=`",
        )


class Param(_Annotation):
    """Annotation of a trainable parameter: `weight: Param["normal", (out_features, in_features)]`."""


class Buffer(_Annotation):
    """Annotation of state that is saved and never trained: `mean: Buffer["zeros", (channels,)]`."""

    _trainable = False


@overload
def hyper(*, validator: Any = None, converter: Any = None, kw_only: bool = False, doc: str | None = None) -> Any: ...
@overload
def hyper(
    default: _Value, *, validator: Any = None, converter: Any = None, kw_only: bool = False, doc: str | None = None
) -> _Value: ...
def hyper(
    default: Any = NOTHING,
    *,
    validator: Any = None,
    converter: Any = None,
    kw_only: bool = False,
    doc: str | None = None,
) -> Any:
    """Declare a hyperparameter: `heads: int = hyper(8, doc="attention heads")`. Without a default it is required.

    Args:
        default: its value when none is given; may depend on other hyperparameters.
        validator: one of attrs' validators, or a list of them, called as `validator(values, field, value)`.
        converter: one of attrs' converters, applied to what is given and to the default.
        kw_only: whether it is given by name alone; then it may have no default wherever it stands.
        doc: one sentence for the generated `__init__`'s docstring.

    Returns:
        The declaration, which the class body binds; in the body the name then stands for a symbol.

    Raises:
        DeclarationError: `kw_only` is neither True nor False; what is wrong with a default is told when the class is
            defined, by the same.
    """
    if not isinstance(kw_only, bool):
        refuse(f"kw_only={render(kw_only)} is not True or False", "`hyper(kw_only=True)`")
    return Hyperparameter(
        default=default,
        validator=validator,
        converter=converter,
        kw_only=kw_only,
        doc=doc,
        location=user_location(),
    )


def param(
    initializer: Initial,
    shape: Shape,
    dtype: Any = None,
    *,
    trainable: bool = True,
    shard: tuple[Any, ...] | None = None,
    partial: str | tuple[str, ...] | None = None,
    tags: tuple[str, ...] = (),
    doc: str | None = None,
) -> Parameter:
    """Declare a parameter: `weight: Parameter = param("normal", (out_features, in_features))`.

    Args:
        initializer: a registered name, a MindSpore `Initializer`, a number, or a function `(shape, dtype) -> array`.
        shape: a tuple of ints and expressions, or a string of space-separated expressions.
        dtype: a MindSpore dtype, its name, or a hyperparameter; default: the cell's.
        trainable: whether gradients are taken for it.
        shard: for each dimension a mesh axis, a tuple of axes, or None; kept in the manifest.
        partial: an axis of the mesh, or several, whose ranks use the whole parameter for their parts of something: a
            norm of each head, where ranks have some heads each. `reduce_gradients` sums what they have of its gradient.
        tags: labels kept in the manifest.
        doc: one sentence about it.

    Returns:
        The declaration; to a type checker a `mindspore.Parameter`, which it is in an instance.

    Raises:
        DeclarationError: the initializer or the shape cannot be one; what only values can tell is told when an instance
            is built, by the same.
    """
    options = {"trainable": trainable, "shard": shard, "partial": partial, "tags": tags, "doc": doc}
    return _parameter_spec(initializer, shape, dtype, **options)


def buffer(
    initializer: Initial,
    shape: Shape,
    dtype: Any = None,
    *,
    persistent: bool = True,
    tags: tuple[str, ...] = (),
    doc: str | None = None,
    **arguments: Any,
) -> Parameter:
    """Declare state that is never trained: `mean: Tensor = buffer("zeros", (channels,))`.

    Args:
        initializer: as for `param`.
        shape: as for `param`.
        dtype: as for `param`.
        persistent: whether it is saved; one that is not is computed again, and a stored copy is ignored.
        tags: labels kept in the manifest.
        doc: one sentence about it.
        arguments: further ones of the function that is the initializer, which may be symbolic:
            `buffer(frequencies, (size // 2,), theta=theta)` calls `frequencies(shape, dtype, theta=…)`.

    Returns:
        The declaration; to a type checker a `mindspore.Parameter`, which it is in an instance.

    Raises:
        DeclarationError: as for `param`, or there are `arguments` and the initializer is no function.
    """
    if arguments:
        initializer = _with_arguments(initializer, arguments)
    return _parameter_spec(initializer, shape, dtype, trainable=False, persistent=persistent, tags=tags, doc=doc)


def child(factory: Callable[_Arguments, _Value], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Value:
    """Declare a cell inside the cell: `mlp: MLP = child(MLP, hidden, 4 * hidden)`.

    Args:
        factory: a class or function that returns a cell; called when an instance is built.
        args: its arguments, which may be symbolic.
        kwargs: its keyword arguments, which may be symbolic.

    Returns:
        The declaration; to a type checker the cell, which it is in an instance.

    Raises:
        DeclarationError: `factory` cannot be called, or an argument is another declaration.
    """
    checked = _check_factory(factory, "child")
    _check_arguments((*args, *kwargs.values()))
    return ChildSpec(factory=checked, args=args, kwargs=kwargs, location=user_location())  # type: ignore[return-value]


@overload
def children(count: int, each: _Cell, /) -> list[_Cell]: ...
@overload
def children(count: int, each: list[_Value], /) -> list[list[_Value]]: ...
@overload
def children(
    count: int,
    factory: Callable[_Arguments, _Value],
    /,
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> list[_Value]: ...
def children(count: Any, factory: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Declare a list of cells: `layers: list[Block] = children(n_layers, Block, hidden, index=INDEX)`.

    Args:
        count: how many; may be symbolic.
        factory: as for `child`; or a `child(…)` or `when(…)`, evaluated for each position; or `children(…)` or
            `cells(…)`, of which each position has one, with `INDEX.inner` for the position in it; or `param(…)`, for a
            row of parameters.
        args: its arguments, which may be symbolic and may use `INDEX`.
        kwargs: its keyword arguments, likewise.

    Returns:
        The declaration; in an instance an `nn.CellList`, or a list of parameters.

    Raises:
        DeclarationError: what is repeated is nothing that can be, or an argument is another declaration.
    """
    if isinstance(factory, Declared):
        if args or kwargs:
            refuse("children(count, child(…)) takes no further arguments", "`children(count, child(Block, hidden))`")
        _check_repeated(factory)
        each: Declared = factory
    else:
        _check_arguments((*args, *kwargs.values()))
        each = ChildSpec(factory=_check_factory(factory, "children"), args=args, kwargs=kwargs)
    return ChildrenSpec(count=count, each=each, location=user_location())


@overload
def when(condition: object) -> Any: ...
@overload
def when(condition: object, present: _Value) -> _Value | None: ...
@overload
def when(condition: object, present: _Value, *, otherwise: _Other) -> _Value | _Other: ...
def when(condition: Any, present: Any = NOTHING, *, otherwise: Any = None) -> Any:
    """Declare what is there under a condition: `bias: Param[…] = when(use_bias)`, `mlp: MLP = when(deep, child(MLP))`.

    Between two values it is an expression: `window: int = when(local, 4096, otherwise=0)`.

    Args:
        condition: a hyperparameter, or an expression such as `(n > 2) & use_bias`.
        present: what is declared when it holds; left out where the annotation says it.
        otherwise: what is declared when it does not hold; None: nothing, the attribute is None.

    Returns:
        The declaration, or between values an expression; in an instance what holds, or None.

    Raises:
        DeclarationError: the condition is text, or a plain `bool`, which Python has decided already.
    """
    if isinstance(condition, str):
        refuse("the condition of when() is an expression, not text", "`when(use_bias)` without the quotes")
    check_condition(condition, "when")
    if present is NOTHING or isinstance(present, Declared) or isinstance(otherwise, Declared):
        for part in (present, otherwise):
            _check_part(part)
        return Conditional(condition=condition, present=present, otherwise=otherwise, location=user_location())
    return choose(condition, present, otherwise)


def tie(target: str, source: str) -> Any:
    """Declare that two names are one parameter: `tied = tie("head.weight", "embed.weight")`.

    The names may be those of cells, which have the same parameters then, one by one; and with captures they stand for
    many: `shared = tie("layers.{i}.norm", "layers.0.norm")`.

    Args:
        target: the dotted name, below this cell, that gives up its own parameter. In it `{i}` stands for one segment,
            `{*rest}` for several.
        source: the dotted name of the parameter that both then mean; it is the one that is stored. Its captures are
            among those of `target`; where the two names are the same, nothing is tied.

    Returns:
        The declaration; in an instance no attribute of this name.

    Raises:
        DeclarationError: a name is no text, both are one, or `source` has a capture that `target` lacks; whether
            they exist and fit is told when an instance is built, by the same.
    """
    if not (isinstance(target, str) and isinstance(source, str)):
        refuse("tie(target, source) takes two dotted names", '`tie("head.weight", "embed.weight")`')
    if target == source:
        refuse(f"tie({target!r}, {source!r}) ties a name to itself", '`tie("head.weight", "embed.weight")`')
    try:
        parse_pattern(target)
        unknown = captures_in(source).keys() - captures_in(target)
    except ValueError as error:
        refuse(str(error), '`tie("layers.{i}.norm", "layers.0.norm")`')
    if unknown:
        refuse(
            f"{source!r} has the capture `{{{min(unknown)}}}`, and {target!r} has none of that name",
            '`tie("decoder.{i}.embed", "encoder.{i}.embed")`',
        )
    spec = Tie(target=target, source=source, location=user_location())
    note_unnamed(spec, sys._getframe(1))
    return spec


def note_unnamed(spec: Declared, frame: FrameType) -> None:
    """Have a class body note what is left without a name: easily forgotten after `require(…)`, which needs none."""
    unnamed = getattr(frame.f_locals, "unnamed", None)
    if unnamed is not None:
        unnamed.append(spec)


# ------------------------------------------------------------------------------------------------------------- checks


def refuse(problem: str, instead: str) -> NoReturn:
    """Raise a DeclarationError about the line of the user's that declares something."""
    raise DeclarationError(message("", f"{problem}: write {instead}", user_location()))


def _parameter_spec(initializer: Any, shape: Any, dtype: Any, **options: Any) -> ParameterSpec:
    if isinstance(shape, str):
        try:
            shape = parse_shape(shape)
        except DeclarationError as error:
            raise DeclarationError(message(f'the shape "{shape}"', str(error), user_location())) from None
    elif isinstance(shape, list):
        shape = tuple(shape)
    elif isinstance(shape, Expression) and any(name.startswith("shape_of(") for name in names_in(shape)):
        pass  # a tuple, once it is put in
    elif not isinstance(shape, tuple):
        refuse(f"the shape `{render(shape)}` is not a tuple", f"`({render(shape)},)`")
    shard = options.get("shard")
    if shard is not None and not isinstance(shard, (tuple, list)):
        refuse(f"shard={shard!r} is not a tuple", f"`shard=({shard!r},)`, one entry a dimension")
    if shard is not None and isinstance(shape, tuple) and len(shard) != len(shape):
        refuse(
            f"shard={shard!r} has length {len(shard)}, and the shape {render(shape)} has {len(shape)} dimensions",
            "one entry a dimension: a mesh axis, a tuple of axes, or None",
        )
    partial = options.get("partial") or ()
    if not (
        isinstance(partial, str) or (isinstance(partial, tuple) and all(isinstance(axis, str) for axis in partial))
    ):
        refuse(f"partial={partial!r} is no axis of a mesh", '`partial="tp"`, or a tuple of axes')
    if isinstance(options.get("tags"), str):
        refuse(f"tags={options['tags']!r} is not a tuple", f"`tags=({options['tags']!r},)`")
    if isinstance(initializer, type):
        refuse(f"{initializer.__name__} is a class, not an initializer", f"`{initializer.__name__}()`")
    if not (isinstance(initializer, (str, numbers.Number)) or callable(initializer)):
        refuse(
            f"{type(initializer).__name__} is not an initializer: values made beforehand take memory at once",
            'a name ("normal"), a number, an Initializer (Normal(0.02)) or a function (shape, dtype) -> array',
        )
    return ParameterSpec(initializer=initializer, shape=shape, dtype=dtype, location=user_location(), **options)


_BUFFER_OPTIONS = ("dtype", "persistent", "tags", "doc")


def _with_arguments(function: Any, arguments: Mapping[str, Any]) -> Any:
    """Give the function of a buffer with further arguments; what it does not take is refused where it is written."""
    if isinstance(function, Expression):  # what it takes is known once it is
        return functools.partial(function, **arguments)
    written = ", ".join(f"{name}={render(value)}" for name, value in arguments.items())
    if not callable(function) or isinstance(function, type) or hasattr(function, "_initialize"):
        near = did_you_mean(next(iter(arguments)), _BUFFER_OPTIONS)
        refuse(
            f"`{written}` are arguments of a function, and the initializer {render(function)} is none{near}",
            "`buffer(frequencies, (n,), theta=10000.0)`",
        )
    try:
        inspect.signature(function).bind((), None, **arguments)
    except ValueError:  # it has no signature
        pass
    except TypeError as error:
        takes = [*inspect.signature(function).parameters]
        near = "".join(did_you_mean(name, [*takes, *_BUFFER_OPTIONS]) for name in arguments if name not in takes)
        refuse(
            f"`{render(function)}(shape, dtype, {written})` does not fit: {error}{near}",
            f"what it takes, ({', '.join(takes)})",
        )
    return functools.partial(function, **arguments)


def _check_part(part: Any) -> None:
    """Refuse what cannot be declared under a condition."""
    if isinstance(part, Conditional) and part.present is NOTHING:
        refuse("a `when(condition)` inside another does not say what is declared", "`when(one & other)`")
    if part is None or part is NOTHING or isinstance(part, _MEMBERS):
        return
    if isinstance(part, Hyperparameter):
        refuse("a hyperparameter is there under every condition", "`window: int = when(local, 4096, otherwise=0)`")
    refuse(
        f"`{render(part)}` is not a declaration, but the other part of this when() is",
        "`child(…)` or `param(…)` for both, or None",
    )


def _repeats_parameters(each: Any) -> bool:
    match each:
        case Conditional():
            return any(map(_repeats_parameters, (each.present, each.otherwise)))
        case ChildrenSpec():
            return each.repeats_parameters
    return isinstance(each, ParameterSpec)


def _check_repeated(each: Declared) -> None:
    """Refuse what cannot be declared for every position of `children`."""
    parameters = _repeats_parameters(each)
    for part in _alternatives(each):
        if isinstance(part, ChildrenSpec) and part.repeats_parameters == parameters:
            continue
        if isinstance(part, CellsSpec) and part.kind:
            refuse("cells under names stand by themselves, not in a list", "a class that holds them, and its child")
        if isinstance(part, ParameterSpec) and not part.persistent:
            refuse(
                "a buffer that is not saved cannot be one of a row: MindSpore allows it no such name",
                "`buffer(…)` with a name for each, or one with one more axis",
            )
        if not isinstance(part, ParameterSpec if parameters else (ChildSpec, CellsSpec)):
            refuse(
                "children() repeats cells, or parameters, and nothing else",
                '`children(count, child(Block, hidden))` or `children(count, param("ones", (hidden,)))`',
            )


def _alternatives(item: Any) -> Iterator[Any]:
    """Give what may be declared, whatever the conditions are."""
    if isinstance(item, Conditional):
        yield from _alternatives(item.present)
        yield from _alternatives(item.otherwise)
    elif item is not None:
        yield item


def is_cell(value: Any) -> bool:
    """Tell whether `value` is a cell that is built already, by its methods: MindSpore is not needed for that."""
    kind = type(value)
    return not isinstance(value, type) and hasattr(kind, "construct") and hasattr(kind, "cells_and_names")


def _check_arguments(arguments: Iterable[Any]) -> None:
    """Refuse parameters of other cells among a child's arguments: all instances would share them."""
    for each in _within(arguments):
        if isinstance(each, Declared) or (is_cell(each) and any(True for _ in each.get_parameters())):
            name = "a declaration" if isinstance(each, Declared) else f"a {type(each).__name__} that is built already"
            refuse(
                f"{name} cannot be an argument of a child: all instances would share it",
                "a function that builds the whole child, `child(make_stack, hidden)`",
            )


def _within(values: Iterable[Any]) -> Iterator[Any]:
    """Give values, and what lists, tuples and dicts among them hold: plain cells take their parts in such."""
    for each in values:
        yield each
        if isinstance(each, (list, tuple)):
            yield from _within(each)
        elif isinstance(each, dict):
            yield from _within(each.values())


def _check_factory(factory: Any, function: str) -> Any:
    if is_cell(factory):
        name = type(factory).__name__
        count = "count, " if function == "children" else ""
        refuse(
            f"{function}() takes the class and its arguments, not a cell that is built already",
            f"`{function}({count}{name}, …)`",
        )
    if not callable(factory):
        refuse(f"{function}() takes a class or a function, not {render(factory)}", f"`{function}(Block, hidden)`")
    return factory
