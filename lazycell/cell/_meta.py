"""The metaclass. It only orchestrates: a body runs among symbols, is sorted, checked, and given an `__init__`."""

from __future__ import annotations

import abc
import functools
import inspect
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Annotated, Any

from mindspore import Parameter, nn

from .. import layout
from .._errors import DeclarationError
from .._location import message, user_location
from ..declaration import (
    ClassBody,
    ParameterSpec,
    assemble,
    class_doc,
    declaration_of,
    make_init,
    names_of,
    parameter_specs,
    read_body,
    symbols_of,
)
from ._build import is_built
from ._construct import construct
from ._initializers import check_initializer


@functools.cache
def reserved_names() -> frozenset[str]:
    """Names that MindSpore, or lazycell, uses on every cell."""
    ours = {"manifest", "infer", "from_pretrained", "load_checkpoint", "load_report", "save_checkpoint"}
    return frozenset(dir(nn.Cell())) | ours | {"hyperparameters", "save_pretrained"}


class LazyCellMeta(abc.ABCMeta):
    """Metaclass of `LazyCell`."""

    @classmethod
    def __prepare__(mcls, name: str, bases: tuple[type, ...], /, **kwargs: Any) -> ClassBody:
        """Give the namespace for the class body: 1. names stand for symbols while it runs."""
        return ClassBody(name, symbols_of(bases), sys._getframe(1))

    def __new__(mcls, name: str, bases: tuple[type, ...], body: dict[str, Any], /, **kwargs: Any) -> LazyCellMeta:
        """Make the class from the body that has run."""
        if not any(isinstance(base, LazyCellMeta) for base in bases):  # LazyCell itself
            return super().__new__(mcls, name, bases, dict(body), **kwargs)
        if not isinstance(body, ClassBody):  # type(cell)(name, bases, {...}): no body has run
            body = _as_class_body(name, bases, body)
        # 2. Sort what was said into declarations and ordinary attributes.
        own, namespace = read_body(body, names_of(bases), reserved_names())
        namespace["__annotations__"] = {
            key: Annotated[Parameter, value] if isinstance(value, ParameterSpec) else value
            for key, value in namespace["__annotations__"].items()
        }
        # 3. Make the class, without any declaration left on it.
        cls = super().__new__(mcls, name, bases, namespace, **kwargs)
        # 4. Join with the bases' declarations and check the whole.
        own_init = "__init__" in namespace or _inherits_init(cls)
        declaration = assemble(cls, own, own_init)
        if declaration.stored:
            layout.check_rules(cls, declaration)
        if declaration.leftovers:
            layout.check_leftovers(cls, declaration)
        inherited = {id(spec) for base in bases for spec in _specs_of(base)}
        for spec in parameter_specs(declaration):
            if id(spec) not in inherited:
                check_initializer(spec)
        # 5. Generate the constructor; one that is written by hand has to call it.
        if "__init__" in namespace:
            type.__setattr__(cls, "__init__", _calling_lazy_init(namespace["__init__"]))
        generated = make_init(declaration, "__lazy_init__" if own_init else "__init__", construct)
        type.__setattr__(cls, "__lazy_init__", generated)
        if not own_init:
            type.__setattr__(cls, "__init__", generated)
        return cls

    @property
    def __doc__(cls) -> str | None:
        """What the class body says of it, and what it declares."""
        return class_doc(cls, _docstring.__get__(cls))

    @__doc__.setter
    def __doc__(cls, text: str | None) -> None:
        _docstring.__set__(cls, text)

    def __dir__(cls) -> list[str]:
        """As `type.__dir__`; to `help`, what every cell of MindSpore has is not the class's."""
        names = list(super().__dir__())
        if _is_helping(sys._getframe(1)):
            every = dir(nn.Cell)
            names = [name for name in names if name not in every or _is_ours(cls, name)]
        return names


_docstring = type.__dict__["__doc__"]


def _is_helping(frame: FrameType) -> bool:
    """Tell whether `inspect` asks for the attributes of a class on behalf of `pydoc`."""
    asks = frame.f_code is inspect.classify_class_attrs.__code__
    return asks and frame.f_back is not None and frame.f_back.f_globals.get("__name__") == "pydoc"


def _is_ours(cls: type, name: str) -> bool:
    return any(name in vars(base) for base in cls.__mro__[: cls.__mro__.index(nn.Cell)])


def _as_class_body(name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> ClassBody:
    """Read a plain dict as if it were a class body: what is annotated first, in order of the annotations."""
    body = ClassBody(name, symbols_of(bases), sys._getframe(2))
    annotations = namespace.get("__annotations__", {})
    for key in dict.fromkeys([*annotations, *namespace]):
        if key in namespace and key != "__annotations__":
            body[key] = namespace[key]
        if key in annotations:
            body.annotations[key] = annotations[key]
    return body


def _specs_of(cls: type) -> Iterable[ParameterSpec]:
    declaration = declaration_of(cls)
    return () if declaration is None else parameter_specs(declaration)


def _inherits_init(cls: type) -> bool:
    """Tell whether the nearest ancestor with a declaration writes its own `__init__`, or inherits one such."""
    inherited = (declaration_of(base) for base in cls.__mro__[1:])
    return next((declaration.own_init for declaration in inherited if declaration is not None), False)


def _calling_lazy_init(init: Callable[..., None]) -> Callable[..., None]:
    """Have a hand-written `__init__` checked: without `__lazy_init__` the cell would have none of its parameters."""

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        if type(self).__init__ is __init__ and not is_built(self):
            text = (
                "this class writes its own `__init__`, which did not call `self.__lazy_init__(…)`: nothing that is "
                "declared was made"
            )
            raise DeclarationError(message(type(self).__name__, text, user_location()))

    return __init__
