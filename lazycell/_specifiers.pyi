"""The declaring functions, as type checkers see them through `lazycell.typed`: field specifiers of a dataclass.

A checker takes what is declared for an argument of the constructor unless the function that declares it has a
parameter `init` that is False. `child` and `children` hand every keyword to a factory and have no room for one, so the
checkers are told by detours. For mypy it is enough that the function has it before a decorator changes the signature.
For pyright it is enough that some parameter is named `init` and has the default False.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

from mindspore import Parameter
from typing_extensions import ParamSpec

from .cell._cell import LazyCell
from .declaration import _declare
from .declaration._declare import Initial, Shape

_Value = TypeVar("_Value")
_Other = TypeVar("_Other")
_Cell = TypeVar("_Cell", bound=LazyCell)
_Arguments = ParamSpec("_Arguments")
_Function = TypeVar("_Function", bound=Callable[..., Any])

# A default counts for a checker only if it has its keyword, so there is no positional one here.
@overload
def hyper(*, validator: Any = None, converter: Any = None, kw_only: bool = False, doc: str | None = None) -> Any: ...
@overload
def hyper(
    *, default: _Value, validator: Any = None, converter: Any = None, kw_only: bool = False, doc: str | None = None
) -> _Value: ...
def keyword_only(*, default: Any, kw_only: Literal[True]) -> Any: ...
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
    init: Literal[False] = False,
) -> Parameter: ...
def buffer(
    initializer: Initial,
    shape: Shape,
    dtype: Any = None,
    *,
    persistent: bool = True,
    tags: tuple[str, ...] = (),
    doc: str | None = None,
    init: Literal[False] = False,
    **arguments: Any,
) -> Parameter: ...
def cells(*parts: Any, init: Literal[False] = False, **named: Any) -> Any: ...
@overload
def when(condition: object, present: _Value, *, init: Literal[False] = False) -> _Value | None: ...
@overload
def when(condition: object, present: _Value, *, otherwise: _Other, init: Literal[False] = False) -> _Value | _Other: ...

MYPY: bool  # mypy takes a variable of this name for true; pyright takes the last definition of a function

if MYPY:
    def _seen_as(face: _Function) -> Callable[[Callable[..., Any]], _Function]: ...
    @_seen_as(_declare.child)
    def child(*args: Any, init: Literal[False] = False, **kwargs: Any) -> Any: ...
    @_seen_as(_declare.children)
    def children(*args: Any, init: Literal[False] = False, **kwargs: Any) -> Any: ...

else:
    def child(
        init: Callable[_Arguments, _Value] = False, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Value: ...
    @overload
    def children(count: int, init: _Cell = False, /) -> list[_Cell]: ...
    @overload
    def children(count: int, init: list[_Value] = False, /) -> list[list[_Value]]: ...
    @overload
    def children(
        count: int,
        init: Callable[_Arguments, _Value] = False,
        /,
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> list[_Value]: ...
