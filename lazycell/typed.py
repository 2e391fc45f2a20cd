"""The same names as in `lazycell`, with types that check a constructor's arguments without a plugin.

`from lazycell.typed import LazyCell, Parameter, child, hyper, param` gives, at run time, the very objects of `lazycell`
and `mindspore`. Type checkers see a dataclass-like base class: each `name: type = hyper()` is an argument of the
constructor, and what `param`, `buffer`, `child`, `children` and `when` declare is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mindspore import Parameter, Tensor

from ._class_body import require
from ._declare import tie
from ._symbols import INDEX, max_, min_

MYPY = False  # mypy takes a variable of this name for true

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeVar, overload

    from typing_extensions import ParamSpec, dataclass_transform

    from . import _declare
    from ._cell import LazyCell as _LazyCell
    from ._declare import Initial, Shape

    _Value = TypeVar("_Value")
    _Other = TypeVar("_Other")
    _Cell = TypeVar("_Cell", bound="_LazyCell | None")
    _Arguments = ParamSpec("_Arguments")
    _Function = TypeVar("_Function", bound=Callable[..., Any])

    # A declaration is an argument of the constructor unless the function that makes it has a parameter `init` that is
    # False. `child` hands every keyword to its factory, so it has no room for one, and the checkers are told by detours:
    # mypy looks at the undecorated function; pyright looks at the default of whatever parameter is named `init`.
    if MYPY:

        def _seen_as(face: _Function) -> Callable[[Callable[..., Any]], _Function]: ...

        @_seen_as(_declare.child)
        def child(*args: Any, init: Literal[False] = False, **kwargs: Any) -> Any: ...
        @_seen_as(_declare.children)
        def children(*args: Any, init: Literal[False] = False, **kwargs: Any) -> Any: ...
    else:

        def child(
            init: Callable[_Arguments, _Value] = False,
            /,
            *args: _Arguments.args,
            **kwargs: _Arguments.kwargs,
        ) -> _Value: ...
        @overload
        def children(count: int, init: _Cell = False, /) -> list[_Cell]: ...
        @overload
        def children(
            count: int,
            init: Callable[_Arguments, _Value] = False,
            /,
            *args: _Arguments.args,
            **kwargs: _Arguments.kwargs,
        ) -> list[_Value]: ...

    @overload
    def hyper(
        *, validator: Any = None, converter: Any = None, doc: str | None = None, kw_only: Literal[False] = False
    ) -> Any: ...
    @overload
    def hyper(
        *,
        default: _Value,
        validator: Any = None,
        converter: Any = None,
        doc: str | None = None,
        kw_only: bool = False,
    ) -> _Value: ...
    def hyper(**options: Any) -> Any:
        """Declare a hyperparameter. Checkers find a default by its keyword only: `hyper(default=8)`."""

    def param(
        initializer: Initial,
        shape: Shape,
        dtype: Any = None,
        *,
        trainable: bool = True,
        shard: tuple[Any, ...] | None = None,
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
    ) -> Parameter: ...

    @overload
    def when(condition: object, present: _Value, *, init: Literal[False] = False) -> _Value | None: ...
    @overload
    def when(
        condition: object, present: _Value, *, otherwise: _Other, init: Literal[False] = False
    ) -> _Value | _Other: ...
    def when(condition: object, present: Any, *, otherwise: Any = None, init: Any = False) -> Any: ...

    @dataclass_transform(eq_default=False, field_specifiers=(hyper, param, buffer, child, children, when))
    class _Declaring(_LazyCell): ...

    class LazyCell(_Declaring):
        """`lazycell.LazyCell`, as type checkers see it."""

        dtype: Any = hyper(default=None, kw_only=True)

else:
    from ._cell import LazyCell
    from ._declare import buffer, child, children, hyper, param, when

__all__ = [
    "INDEX",
    "LazyCell",
    "Parameter",
    "Tensor",
    "buffer",
    "child",
    "children",
    "hyper",
    "max_",
    "min_",
    "param",
    "require",
    "tie",
    "when",
]
