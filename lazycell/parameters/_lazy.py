"""Building cells without values: `no_init_parameters` for plain cells, `lazy` for their classes, and `building()`.

Whether a parameter is born without values is decided at its birth, by the contexts that its thread and task are in.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, overload

from mindspore import nn

from ._context import enter, is_lazy, is_strict, leave
from ._declared import adopt, adopt_filled, clear_row, declare_again
from ._framework import (
    BirthSwitch,
    install_birth_hook,
    install_birth_switch,
    install_padding_hook,
    install_recorder,
    install_set_data_hook,
)
from ._rewritten import NumpyDraw

_F = TypeVar("_F", bound=Callable[..., Any])
_C = TypeVar("_C", bound=type)


_switch = BirthSwitch(is_lazy)
install_birth_hook(is_lazy, adopt, adopt_filled)
install_recorder(is_lazy, NumpyDraw)
install_padding_hook(is_lazy, clear_row)
install_set_data_hook(is_lazy, declare_again)


def _enter(*, strict: bool) -> None:
    install_birth_switch(_switch)  # again: MindSpore's own context may have replaced it
    enter(strict=strict)


def is_building() -> bool:
    """Tell whether the parameters that are made here and now are born strict: `building()` would change nothing."""
    return is_strict()


class building:
    """Context in which a LazyCell builds itself: the parameters of plain children are born strict."""

    def __enter__(self) -> None:
        _enter(strict=True)

    def __exit__(self, *exception: object) -> None:
        leave()


class no_init_parameters:
    """Leave the parameters that cells create with an `initializer` without values, in this thread and task alone.

    As a context manager, ``with no_init_parameters(): net = Net()``, or as a decorator, with or without parentheses, of
    a function, an `async def`, a method, or a Cell class (see `lazy`). Contexts nest.

    Such parameters behave as those of MindSpore's own `no_init_parameters`: `has_init` is true, `init_data()` draws,
    and their values are drawn when they are read. What `load_state_dict`, an optimizer, a copy or `.to` does to them
    before a checkpoint is loaded is right after it, too.

    What a constructor writes into them (`normal_()`, `zero_()`, `w[0] = 0`, `set_data(initializer(…))`) is another
    declaration. Parameters made from a Tensor or a numpy array have their values, as MindSpore documents, unless one of
    MindSpore's own layers makes them, or all values are one number and they are not small.

    Under one `mindspore.set_seed`, their values are those of an eager build, bit for bit.

    Raises:
        TypeError: it decorates a generator function: the context would be left open between two `yield`.
    """

    @overload
    def __new__(cls) -> no_init_parameters: ...
    @overload
    def __new__(cls, target: _F) -> _F: ...  # type: ignore[misc]
    def __new__(cls, target: Any = None) -> Any:
        return super().__new__(cls) if target is None else _decorate(target)

    def __enter__(self) -> None:
        _enter(strict=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        leave()

    def __call__(self, target: _F) -> _F:
        """Decorate a function, a method or a Cell class."""
        return _decorate(target)


def lazy(cls: _C) -> _C:
    """Build every instance of a Cell class, and of its subclasses, without values: a class decorator.

    Args:
        cls: a class of cells, which is changed.

    Returns:
        The class.

    Raises:
        TypeError: what it decorates is not a Cell class.
    """
    if not (isinstance(cls, type) and issubclass(cls, nn.Cell)):
        raise TypeError(
            f"@lazy decorates a Cell class, and was given {cls!r}: use @no_init_parameters() for a function"
        )
    cls.__init__ = _decorate_function(cls.__init__)  # type: ignore[misc]
    inherited = cls.__dict__.get("__init_subclass__")

    def __init_subclass__(subclass: type, **keywords: Any) -> None:
        if inherited is not None:
            inherited.__get__(None, subclass)(**keywords)
        else:
            super(cls, subclass).__init_subclass__(**keywords)  # type: ignore[arg-type]
        if "__init__" in subclass.__dict__:
            subclass.__init__ = _decorate_function(subclass.__init__)  # type: ignore[misc]

    cls.__init_subclass__ = classmethod(__init_subclass__)  # type: ignore[assignment, arg-type]
    return cls


def _decorate(target: Any) -> Any:
    if isinstance(target, type):
        return lazy(target)
    if isinstance(target, (classmethod, staticmethod)):
        return type(target)(_decorate_function(target.__func__))
    if not callable(target):
        raise TypeError(
            f"no_init_parameters decorates a function, a method or a Cell class, and was given {target!r}: "
            f"write `with no_init_parameters():` to build a net in a context"
        )
    return _decorate_function(target)


def _decorate_function(function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        name = getattr(function, "__qualname__", repr(function))
        raise TypeError(
            f"no_init_parameters cannot decorate {name}, a generator function: its body runs between the caller's own "
            f"statements, which would build lazily too. Write `with no_init_parameters():` around the part of the "
            f"body that builds cells"
        )
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def build_later(*args: Any, **kwargs: Any) -> Any:
            with no_init_parameters():
                return await function(*args, **kwargs)

        return build_later

    @functools.wraps(function)
    def build(*args: Any, **kwargs: Any) -> Any:
        with no_init_parameters():
            return function(*args, **kwargs)

    return build
